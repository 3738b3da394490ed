//! Where the campaign is: found from the arguments, opened for building.

use std::path::{Path, PathBuf};

use super::Common;
use crate::campaign::Problem;
use crate::engine::{Digest, Engine};

/// The file that makes a folder a campaign.
pub const MANIFEST: &str = "campaign.toml";

impl Common {
    /// The campaign folder: the one that was named, or the nearest one upwards.
    pub fn campaign(&self) -> Result<PathBuf, Problem> {
        let missing = |folder: &Path, hint: &str| {
            Problem::error("no-campaign", format!("there is no {MANIFEST} in {}", folder.display())).hint(hint)
        };
        match &self.directory {
            Some(folder) if folder.join(MANIFEST).is_file() => Ok(folder.clone()),
            Some(folder) if !folder.is_dir() => {
                Err(Problem::error("no-folder", format!("there is no folder {}", folder.display()))
                    .hint("check the path after -C"))
            }
            Some(folder) => Err(missing(folder, "make a campaign there: softbox init FOLDER")),
            None => {
                let here = std::env::current_dir()
                    .map_err(|error| Problem::error("no-folder", format!("cannot tell the present folder: {error}")))?;
                let found = here.ancestors().find(|folder| folder.join(MANIFEST).is_file());
                let hint = "go to a campaign folder, name one with -C, or make one: softbox init";
                found.map(Path::to_path_buf).ok_or_else(|| missing(&here, hint))
            }
        }
    }
}

/// Names a folder in which the campaigns of this machine share what they made.
const CACHE: &str = "SOFTBOX_CACHE";

/// Opens a campaign for building.
pub fn open(folder: &Path, command: &str, waiting: impl FnOnce(&str)) -> Result<Engine, Problem> {
    let mut engine =
        Engine::open(folder, &format!("softbox {command}"), waiting).map_err(|error| cannot_keep(folder, &error))?;
    if let Some(shared) = std::env::var_os(CACHE).filter(|shared| !shared.is_empty()) {
        let shared = std::path::absolute(&shared).unwrap_or_else(|_| shared.into());
        if folder.canonicalize().is_ok_and(|folder| shared.starts_with(folder)) {
            return Err(Problem::error("shared-inside", format!("{CACHE} names a folder inside the campaign"))
                .hint("name one outside of all campaigns, such as ~/.cache/softbox"));
        }
        engine.share(&shared);
    }
    Ok(engine)
}

/// Why there is no building in a campaign.
pub fn cannot_keep(folder: &Path, error: &std::io::Error) -> Problem {
    Problem::error("unwritable", format!("cannot keep what is built in {}: {error}", folder.display()))
        .hint("softbox writes into dist/ and .softbox/: check that the folder may be written and the disk has room")
}

/// Digest of what decides besides files: this very program. A new softbox plans anew, and its keys tell what to make again.
pub fn fingerprint() -> Digest {
    let program = std::env::current_exe().and_then(std::fs::metadata);
    let stamp = program.map(|found| (found.len(), found.modified().ok())).ok();
    Digest::of(format!("softbox {} {stamp:?}", env!("CARGO_PKG_VERSION")).as_bytes())
}
