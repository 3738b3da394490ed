//! Paths as people write them in a campaign: relative, with `/`, never leaving the folder.

use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// A path inside the campaign folder: relative, separated by `/`, without `.` or `..`, not empty unless it is the folder itself.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RelPath(Arc<str>);

/// Why a text is not a path inside the campaign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    #[error("the path is empty")]
    Empty,
    #[error("the path is absolute")]
    Absolute,
    #[error("the path leaves the campaign folder")]
    Leaves,
    #[error("the path has a backslash; write `/`")]
    Backslash,
    #[error("the path has a control character")]
    Control,
}

impl RelPath {
    /// The campaign folder itself.
    pub fn root() -> RelPath {
        RelPath("".into())
    }

    /// Reads a path as written in a file that lies in `folder`; `.` and `..` are resolved.
    pub fn parse_in(folder: &RelPath, text: &str) -> Result<RelPath, PathError> {
        if text.is_empty() {
            return Err(PathError::Empty);
        }
        if text.starts_with('/') || text.as_bytes().get(1) == Some(&b':') {
            return Err(PathError::Absolute);
        }
        if text.contains('\\') {
            return Err(PathError::Backslash);
        }
        if text.chars().any(char::is_control) {
            return Err(PathError::Control);
        }
        let is_plain = |part: &str| !matches!(part, "" | "." | "..");
        if folder.0.is_empty() && text.split('/').all(is_plain) {
            return Ok(RelPath(text.into()));
        }
        let mut parts: Vec<&str> = folder.0.split('/').filter(|p| !p.is_empty()).collect();
        for part in text.split('/') {
            match part {
                "" | "." => {}
                ".." => {
                    parts.pop().ok_or(PathError::Leaves)?;
                }
                name => parts.push(name),
            }
        }
        Ok(RelPath(parts.join("/").into()))
    }

    /// Reads a path as written in the manifest.
    pub fn parse(text: &str) -> Result<RelPath, PathError> {
        RelPath::parse_in(&RelPath::root(), text)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The folder that holds it; the campaign folder for a file at the top.
    pub fn parent(&self) -> RelPath {
        RelPath(self.0.rsplit_once('/').map_or("", |(folder, _)| folder).into())
    }

    /// The last part.
    pub fn name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or("")
    }

    /// The part after the last dot of the name, in lower case.
    pub fn extension(&self) -> Option<String> {
        self.name().rsplit_once('.').map(|(_, ext)| ext.to_ascii_lowercase())
    }

    /// A name inside this folder, as a listing gave it.
    pub fn join(&self, name: &str) -> RelPath {
        let name = name.trim_end_matches('/');
        RelPath(if self.0.is_empty() { name.into() } else { format!("{}/{name}", self.0).into() })
    }
}

impl fmt::Debug for RelPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", &self.0)
    }
}

impl fmt::Display for RelPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Borrow<str> for RelPath {
    fn borrow(&self) -> &str {
        &self.0
    }
}
