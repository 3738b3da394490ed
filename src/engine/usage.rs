//! What is kept, and whether it is sound.

use std::path::Path;

use super::shared::files_below;
use super::{DERIVED, Digest, Engine, EngineError};

/// Files and their bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Kept {
    pub files: usize,
    pub bytes: u64,
}

/// What a campaign keeps.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// Results: what each run of an action read and made.
    pub results: usize,
    /// Outputs in the campaign's own store.
    pub store: Kept,
    /// The logs and the state.
    pub records: Kept,
    /// Somebody's files that lay where assets belong. Never removed.
    pub replaced: Kept,
    /// The folder that campaigns share, where there is one.
    pub shared: Option<Kept>,
}

/// What was looked through.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Verified {
    pub sound: Kept,
    /// Damaged files, which are gone now: what they held is made again when it is needed.
    pub damaged: usize,
    /// Results that tell of outputs which the store should have and has not.
    pub lost: usize,
}

impl Engine {
    /// How much is kept.
    pub fn usage(&mut self) -> Result<Usage, EngineError> {
        let results =
            self.traces.all().map_err(|error| EngineError::Read { path: format!("{DERIVED}/traces"), error })?;
        let records = ["state", "last", "traces", "index", "reasons", "journal"];
        let sizes = records.iter().filter_map(|name| self.derived.join(name).metadata().ok());
        let shared = self.store.shared();
        Ok(Usage {
            results: results.len(),
            store: self.store.all().iter().map(|stored| stored.bytes).collect(),
            records: sizes.map(|about| about.len()).collect(),
            replaced: all_below(&self.derived.join("replaced")).collect(),
            shared: shared.map(|shared| {
                let both = [shared.blobs(), shared.results()];
                both.iter().flat_map(|folder| files_below(folder)).map(|(_, about)| about.len()).collect()
            }),
        })
    }

    /// Reads every stored output and compares it with its digest.
    pub fn verify(&mut self) -> Result<Verified, EngineError> {
        let unwritable = |error| EngineError::Write { path: format!("{DERIVED}/store"), error };
        let (damaged, sound) = self.store.verify().map_err(unwritable)?;
        let traces =
            self.traces.all().map_err(|error| EngineError::Read { path: format!("{DERIVED}/traces"), error })?;
        let mut stored: Vec<Digest> =
            traces.iter().filter(|(_, trace)| trace.kept).map(|(_, trace)| trace.output).collect();
        stored.sort_unstable();
        stored.dedup();
        let lost = stored.iter().filter(|output| !self.store.has(output)).count();
        Ok(Verified { sound: sound.into_iter().collect(), damaged, lost })
    }
}

impl FromIterator<u64> for Kept {
    fn from_iter<I: IntoIterator<Item = u64>>(sizes: I) -> Kept {
        sizes.into_iter().fold(Kept::default(), |sum, size| Kept { files: sum.files + 1, bytes: sum.bytes + size })
    }
}

/// The sizes of all files below a folder, however deep.
fn all_below(folder: &Path) -> Box<dyn Iterator<Item = u64>> {
    let found = std::fs::read_dir(folder).into_iter().flatten().flatten();
    Box::new(found.flat_map(|found| match found.metadata() {
        Ok(about) if about.is_dir() => all_below(&found.path()),
        Ok(about) => Box::new(std::iter::once(about.len())),
        Err(_) => Box::new(std::iter::empty()),
    }))
}
