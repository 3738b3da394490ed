//! Settings that come from the environment: keys and addresses of services, and nowhere else from.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};

use super::Secret;

/// The environment, as it was handed in, and what a `.env` file adds to it.
#[derive(Clone, Default)]
pub struct Keys(BTreeMap<String, String>);

/// Why a `.env` file is not used.
#[derive(Debug, thiserror::Error)]
pub enum DotenvError {
    #[error("git does not ignore .env: keys in it would be published with the campaign")]
    NotIgnored,
    #[error("cannot read .env: {0}")]
    Damaged(String),
}

impl Keys {
    /// The variables of a process, such as [`std::env::vars`] tells them.
    pub fn new(variables: impl IntoIterator<Item = (String, String)>) -> Keys {
        Keys(variables.into_iter().collect())
    }

    /// Adds what a folder's `.env` has; what is set already wins.
    ///
    /// # Errors
    /// A file that git would take into a commit, or that is no list of variables. Its content is not shown.
    pub fn with_dotenv(mut self, folder: &Path) -> Result<Keys, DotenvError> {
        let path = folder.join(".env");
        if !path.exists() {
            return Ok(self);
        }
        if !is_ignored(folder) {
            return Err(DotenvError::NotIgnored);
        }
        let damaged = |error: dotenvy::Error| {
            DotenvError::Damaged(match error {
                dotenvy::Error::Io(error) => error.to_string(),
                _ => "a line in it is not NAME=value".to_owned(),
            })
        };
        for variable in dotenvy::from_path_iter(&path).map_err(damaged)? {
            let (name, value) = variable.map_err(damaged)?;
            self.0.entry(name).or_insert(value);
        }
        Ok(self)
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|value| value.trim()).filter(|value| !value.is_empty())
    }

    /// The first of these variables that is set.
    pub fn secret(&self, names: &[String]) -> Option<Secret> {
        names.iter().find_map(|name| Secret::new(self.get(name)?))
    }
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keys(secret)")
    }
}

/// Outside of git nothing can be published by accident.
fn is_ignored(folder: &Path) -> bool {
    let git = |arguments: &[&str]| {
        let mut git = Command::new("git");
        git.arg("-C").arg(folder).args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        git.status().is_ok_and(|status| status.success())
    };
    !git(&["rev-parse", "--git-dir"]) || git(&["check-ignore", "-q", ".env"])
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_dotenv_that_git_would_publish_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(".env"), "FAL_KEY= sk-file \nSET=file\n").unwrap();
        let keys = || Keys::new([("SET".to_owned(), "process".to_owned())]);
        let read = keys().with_dotenv(folder.path()).unwrap();
        assert_eq!((read.get("FAL_KEY"), read.get("SET")), (Some("sk-file"), Some("process")));
        let made = Command::new("git").arg("-C").arg(folder.path()).args(["init", "-q"]).status().unwrap();
        assert!(made.success());
        assert!(matches!(keys().with_dotenv(folder.path()), Err(DotenvError::NotIgnored)));
        fs::write(folder.path().join(".gitignore"), ".env\n").unwrap();
        assert!(keys().with_dotenv(folder.path()).is_ok());
    }

    #[test]
    fn a_damaged_dotenv_is_told_without_its_content() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(".env"), "FAL_KEY 'sk-planted\n").unwrap();
        let error = Keys::default().with_dotenv(folder.path()).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("planted"), "{error:?}");
    }
}
