//! Campaign folders for tests: in memory, or a fixture on disk.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use softbox::campaign::{Folder, Loaded, RelPath, load};

/// A campaign folder in memory.
#[derive(Default)]
pub struct Memory {
    files: BTreeMap<String, Arc<Vec<u8>>>,
}

impl Memory {
    /// A campaign with this manifest.
    pub fn campaign(manifest: &str) -> Memory {
        Memory::default().file("campaign.toml", manifest)
    }

    pub fn file(mut self, path: &str, text: impl AsRef<[u8]>) -> Memory {
        self.files.insert(path.to_owned(), Arc::new(text.as_ref().to_vec()));
        self
    }

    /// Pictures: only their names matter to a campaign.
    pub fn photos(self, paths: &[&str]) -> Memory {
        paths.iter().fold(self, |folder, path| folder.file(path, "a picture"))
    }

    pub fn load(&self) -> Loaded {
        load(self)
    }

    /// The problems, a line each.
    pub fn problems(&self) -> Vec<String> {
        self.load().problems.iter().map(ToString::to_string).collect()
    }

    /// The campaign, which must be without mistakes.
    pub fn good(&self) -> softbox::campaign::Campaign {
        let loaded = self.load();
        let problems: Vec<String> = loaded.problems.iter().map(ToString::to_string).collect();
        assert!(problems.is_empty(), "{}", problems.join("\n"));
        loaded.campaign
    }
}

impl Folder for Memory {
    fn read(&self, path: &RelPath) -> io::Result<Arc<Vec<u8>>> {
        self.files.get(path.as_str()).cloned().ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))
    }

    fn list(&self, folder: &RelPath) -> io::Result<Arc<Vec<String>>> {
        let prefix = if folder.as_str().is_empty() { String::new() } else { format!("{folder}/") };
        let below = self.files.keys().filter_map(|path| path.strip_prefix(&prefix));
        let names: BTreeSet<String> = below
            .map(|path| path.split_once('/').map_or_else(|| path.to_owned(), |(name, _)| format!("{name}/")))
            .collect();
        Ok(Arc::new(names.into_iter().collect()))
    }
}

/// A campaign folder on disk.
pub struct Disk(pub PathBuf);

impl Folder for Disk {
    fn read(&self, path: &RelPath) -> io::Result<Arc<Vec<u8>>> {
        std::fs::read(self.0.join(path.as_str())).map(Arc::new)
    }

    fn list(&self, folder: &RelPath) -> io::Result<Arc<Vec<String>>> {
        let entries = match std::fs::read_dir(self.0.join(folder.as_str())) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Arc::default()),
            Err(error) => return Err(error),
        };
        let mut names = Vec::new();
        for entry in entries {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            names.push(if entry.file_type()?.is_dir() { format!("{name}/") } else { name });
        }
        names.sort();
        Ok(Arc::new(names))
    }
}
