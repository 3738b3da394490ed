//! What the campaigns of one machine share: blobs by their digest, and under each action's key what it made. Work trees and clones of a campaign
//! then build what any of them built before without running or copying it.
//!
//! Every file is written beside and renamed, so that several builds may read and write at once. A damaged file is a miss. Whatever fails here
//! fails no build: the campaign's own folder serves instead.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use super::Digest;
use super::fold::fold;
use super::found::{self, Found};
use super::log::{digest_at, u32_at, u64_at};

const MAGIC: &[u8; 16] = b"softbox result1\n";
const HEADER: usize = 16 + 8;

/// A file that is used counts as used at most this often: a build need not write when it only reads.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// A folder that several campaigns use.
#[derive(Debug)]
pub(super) struct Shared {
    folder: PathBuf,
    next: AtomicU64,
}

/// What an action made, as other campaigns may use it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Made {
    pub output: Digest,
    pub size: u64,
    pub kept: bool,
    pub micros: u32,
    pub found: Found,
}

impl Shared {
    pub(super) fn open(folder: &Path) -> Shared {
        Shared { folder: folder.to_owned(), next: AtomicU64::new(0) }
    }

    pub(super) fn blobs(&self) -> PathBuf {
        self.folder.join("store")
    }

    pub(super) fn results(&self) -> PathBuf {
        self.folder.join("results")
    }

    /// Writes a file whole or not at all, whoever else writes the same.
    pub(super) fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let scratch = self.folder.join("tmp");
        let beside = scratch.join(format!("{}-{number}", std::process::id()));
        fs::create_dir_all(&scratch)?;
        path.parent().map_or(Ok(()), fs::create_dir_all)?;
        fs::write(&beside, bytes).and_then(|()| fs::rename(&beside, path)).inspect_err(|_| {
            let _ = fs::remove_file(&beside); // the write failed already; that error is the one to tell
        })
    }

    /// What actions with this key made, with what they found to need.
    pub(super) fn of(&self, key: &Digest) -> Vec<Made> {
        let path = spread(&self.results(), key);
        let Ok(bytes) = fs::read(&path) else { return Vec::new() };
        touch(&path);
        decode(&bytes).unwrap_or_default()
    }

    /// Tells the others what an action made.
    pub(super) fn add(&self, key: &Digest, made: Made) {
        let path = spread(&self.results(), key);
        let mut all = fs::read(&path).ok().and_then(|bytes| decode(&bytes)).unwrap_or_default();
        if !all.contains(&made) {
            all.insert(0, made);
            // The others run it themselves then.
            let _ = self.write(&path, &encode(&all));
        }
    }

    /// Removes the files that nobody used for so many seconds, and tells how many bytes they were.
    pub(super) fn sweep(&self, older_than: u64, dry_run: bool) -> (usize, u64) {
        let horizon = SystemTime::now().checked_sub(Duration::from_secs(older_than));
        let (mut files, mut bytes) = (0, 0);
        for folder in [self.blobs(), self.results(), self.folder.join("tmp")] {
            for (path, about) in files_below(&folder) {
                let is_old = about.modified().ok().zip(horizon).is_some_and(|(used, horizon)| used < horizon);
                if is_old && (dry_run || fs::remove_file(&path).is_ok()) {
                    files += 1;
                    bytes += about.len();
                }
            }
        }
        (files, bytes)
    }
}

/// Where in a folder the file of a digest is: a folder of a hundred thousand files is slow.
pub(super) fn spread(folder: &Path, digest: &Digest) -> PathBuf {
    let hex = digest.hex();
    folder.join(&hex[..2]).join(&hex[2..])
}

/// All files below a folder that [`spread`] fills.
pub(super) fn files_below(folder: &Path) -> Vec<(PathBuf, fs::Metadata)> {
    let list = |folder: &Path| -> Vec<PathBuf> {
        fs::read_dir(folder).into_iter().flatten().flatten().map(|found| found.path()).collect()
    };
    let mut paths: Vec<PathBuf> =
        list(folder).into_iter().flat_map(|path| if path.is_dir() { list(&path) } else { vec![path] }).collect();
    paths.sort_unstable();
    paths
        .into_iter()
        .filter_map(|path| path.metadata().ok().map(|about| (path, about)))
        .filter(|(_, about)| about.is_file())
        .collect()
}

/// Counts a file as used now.
pub(super) fn touch(path: &Path) {
    let now = SystemTime::now();
    let used = fs::metadata(path).and_then(|about| about.modified());
    if used.is_ok_and(|used| now.duration_since(used).is_ok_and(|since| since > DAY)) {
        // If not, it goes a little sooner.
        let _ = fs::File::open(path).and_then(|file| file.set_modified(now));
    }
}

fn encode(all: &[Made]) -> Vec<u8> {
    let mut bytes = [&MAGIC[..], &[0; 8]].concat();
    for made in all {
        let mut set = Vec::new();
        found::encode(&made.found, &mut set);
        bytes.extend_from_slice(&made.output.0);
        bytes.extend_from_slice(&made.size.to_le_bytes());
        bytes.extend_from_slice(&made.micros.to_le_bytes());
        bytes.push(made.kept.into());
        bytes.extend_from_slice(&(set.len() as u32).to_le_bytes());
        bytes.extend_from_slice(&set);
    }
    let checksum = fold(&bytes[HEADER..]);
    bytes[16..HEADER].copy_from_slice(&checksum.to_le_bytes());
    bytes
}

fn decode(bytes: &[u8]) -> Option<Vec<Made>> {
    let (head, mut rest) = bytes.split_at_checked(HEADER)?;
    if head[..16] != *MAGIC || u64_at(head, 16)? != fold(rest) {
        return None;
    }
    let mut all = Vec::new();
    while !rest.is_empty() {
        let (set, behind) = rest.get(49..)?.split_at_checked(u32_at(rest, 45)? as usize)?;
        all.push(Made {
            output: digest_at(rest, 0)?,
            size: u64_at(rest, 32)?,
            micros: u32_at(rest, 40)?,
            kept: *rest.get(44)? != 0,
            found: found::decode(set)?,
        });
        rest = behind;
    }
    Some(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(text: &str) -> Made {
        let output = Digest::of(text.as_bytes());
        Made { output, size: 7, kept: true, micros: 12, found: vec![("brand/a.svg".into(), output)] }
    }

    #[test]
    fn results_come_back_newest_first_and_damage_to_any_byte_is_a_miss() {
        let folder = tempfile::tempdir().unwrap();
        let shared = Shared::open(folder.path());
        let key = Digest::of(b"key");
        for text in ["one", "two", "one"] {
            shared.add(&key, made(text));
        }
        assert_eq!(shared.of(&key), [made("two"), made("one")]);
        let path = spread(&shared.results(), &key);
        let whole = fs::read(&path).unwrap();
        for byte in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[byte] ^= 1;
            fs::write(&path, damaged).unwrap();
            assert!(shared.of(&key).is_empty(), "byte {byte}");
        }
    }

    #[test]
    fn whoever_reads_a_result_while_another_is_added_reads_the_old_ones_whole() {
        let folder = tempfile::tempdir().unwrap();
        let shared = Shared::open(folder.path());
        let key = Digest::of(b"key");
        shared.add(&key, made("one"));
        let open = fs::File::open(spread(&shared.results(), &key)).unwrap();
        shared.add(&key, made("two"));
        let mut bytes = Vec::new();
        io::Read::read_to_end(&mut &open, &mut bytes).unwrap();
        assert_eq!(decode(&bytes).unwrap(), [made("one")]);
        assert_eq!(fs::read_dir(folder.path().join("tmp")).unwrap().count(), 0);
    }

    #[test]
    fn what_nobody_used_for_long_goes() {
        let folder = tempfile::tempdir().unwrap();
        let shared = Shared::open(folder.path());
        let (old, new) = (Digest::of(b"old"), Digest::of(b"new"));
        [old, new].iter().for_each(|key| shared.add(key, made("one")));
        let age = |key: &Digest, days: u32| {
            let file = fs::File::open(spread(&shared.results(), key)).unwrap();
            file.set_modified(SystemTime::now() - DAY * days).unwrap();
        };
        [old, new].iter().for_each(|key| age(key, 40));
        assert_eq!(shared.of(&new).len(), 1, "using it makes it young");
        assert_eq!(shared.sweep(30 * DAY.as_secs(), true).0, 1);
        assert_eq!(shared.sweep(30 * DAY.as_secs(), false).0, 1);
        assert!(shared.of(&old).is_empty() && !shared.of(&new).is_empty());
    }
}
