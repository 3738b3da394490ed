//! The state of the last build, laid out to be compared with the disk without building anything from it: the no-op comes first.
//!
//! Survives: a crash at any moment (written whole, then renamed). Damage to any byte fails the checksum; then nothing is known, and the
//! next build looks at every file again.

use std::io;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use super::files::Record;
use super::stat::Stat;
use super::store::Store;
use super::{Digest, EngineError};

const MAGIC: &[u8; 16] = b"softbox state 1\n";
const HEADER: usize = 16 + 32 + 32 + 1 + 3 * 4;
const RECORD: usize = 4 * 8 + 8 + 32 + 4;

/// What a path in the state is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Table {
    Files,
    Folders,
    Outputs,
}

/// The state as it lies on disk, checked but not taken apart.
#[derive(Debug)]
pub struct Snapshot {
    bytes: Vec<u8>,
    counts: [usize; 3],
}

/// What goes into a snapshot.
pub struct Contents<'a> {
    /// Digest of everything besides files that the last build depended on.
    pub fingerprint: Digest,
    /// Whether that build left nothing undone.
    pub complete: bool,
    pub files: &'a [(Arc<str>, Record)],
    pub folders: &'a [(Arc<str>, Record)],
    pub outputs: &'a [(Arc<str>, Record)],
}

impl Snapshot {
    /// `None` where there is none, and where it is damaged or of another version.
    pub fn read(path: &Path) -> Option<Snapshot> {
        let bytes = std::fs::read(path).ok()?;
        if bytes.len() < HEADER || &bytes[..16] != MAGIC || bytes[16..48] != Digest::of(&bytes[48..]).0 {
            return None;
        }
        let count = |at: usize| bytes[81 + at * 4..].first_chunk().map_or(0, |four| u32::from_le_bytes(*four) as usize);
        let counts = [count(0), count(1), count(2)];
        Some(Snapshot { counts, bytes })
    }

    pub fn write(store: &Store, path: &Path, contents: &Contents<'_>) -> Result<(), EngineError> {
        let bytes = encode(contents);
        let fault = |error: io::Error| EngineError::Write { path: ".softbox/state".to_owned(), error };
        store.write(path, &bytes).map_err(fault)
    }

    pub fn fingerprint(&self) -> Digest {
        self.bytes[48..].first_chunk().map_or(Digest::ABSENT, |digest| Digest(*digest))
    }

    pub fn is_complete(&self) -> bool {
        self.bytes[80] == 1
    }

    pub fn count(&self, table: Table) -> usize {
        self.counts[table as usize]
    }

    /// The entries of one table, in the order of their paths.
    pub fn entries(&self, table: Table) -> impl Iterator<Item = (&str, Record)> {
        let total: usize = self.counts.iter().sum();
        let first: usize = self.counts[..table as usize].iter().sum();
        let paths = &self.bytes[(HEADER + total * RECORD).min(self.bytes.len())..];
        let mut at = self.path_end(first);
        (first..first + self.count(table)).map(move |index| {
            let record = &self.bytes[self.record(index)];
            let end = self.path_end(index + 1);
            let path = std::str::from_utf8(paths.get(at..end).unwrap_or_default()).unwrap_or_default();
            at = end;
            (path, decode(record))
        })
    }

    fn record(&self, index: usize) -> Range<usize> {
        HEADER + index * RECORD..HEADER + (index + 1) * RECORD
    }

    /// Where the path of the record before `index` ends, and so that of `index` begins.
    fn path_end(&self, index: usize) -> usize {
        let Some(before) = index.checked_sub(1) else { return 0 };
        let record = &self.bytes[self.record(before)];
        record[72..].first_chunk().map_or(0, |four| u32::from_le_bytes(*four) as usize)
    }
}

fn encode(contents: &Contents<'_>) -> Vec<u8> {
    let tables = [contents.files, contents.folders, contents.outputs];
    let count: usize = tables.iter().map(|table| table.len()).sum();
    let mut bytes = Vec::with_capacity(HEADER + count * (RECORD + 40));
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(&[0; 32]);
    bytes.extend_from_slice(&contents.fingerprint.0);
    bytes.push(contents.complete.into());
    for table in tables {
        bytes.extend_from_slice(&(table.len() as u32).to_le_bytes());
    }
    let mut end = 0u32;
    for (path, Record { stat, at, digest }) in tables.into_iter().flatten() {
        end += path.len() as u32;
        bytes.extend_from_slice(&stat.size.to_le_bytes());
        bytes.extend_from_slice(&stat.mtime.to_le_bytes());
        bytes.extend_from_slice(&stat.ctime.to_le_bytes());
        bytes.extend_from_slice(&stat.inode.to_le_bytes());
        bytes.extend_from_slice(&at.to_le_bytes());
        bytes.extend_from_slice(&digest.0);
        bytes.extend_from_slice(&end.to_le_bytes());
    }
    for (path, _) in tables.into_iter().flatten() {
        bytes.extend_from_slice(path.as_bytes());
    }
    let checksum = Digest::of(&bytes[48..]);
    bytes[16..48].copy_from_slice(&checksum.0);
    bytes
}

fn decode(record: &[u8]) -> Record {
    let stat = Stat {
        size: u64_at(record, 0),
        mtime: u64_at(record, 1) as i64,
        ctime: u64_at(record, 2) as i64,
        inode: u64_at(record, 3),
    };
    let digest = record[40..].first_chunk().map_or(Digest::ABSENT, |digest| Digest(*digest));
    Record { stat, at: u64_at(record, 4) as i64, digest }
}

/// The `index`th eight bytes.
fn u64_at(record: &[u8], index: usize) -> u64 {
    record[index * 8..].first_chunk().map_or(0, |eight| u64::from_le_bytes(*eight))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(path: &str, seed: u64) -> (Arc<str>, Record) {
        let stat = Stat { size: seed, mtime: -(seed as i64), ctime: seed as i64 * 3, inode: seed << 40 };
        (path.into(), Record { stat, at: 77, digest: Digest::of(path.as_bytes()) })
    }

    #[test]
    fn a_snapshot_comes_back_as_it_was_and_damage_to_any_byte_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let path = folder.path().join("state");
        let files = [entry("campaign.toml", 1), entry("photos/é.jpg", 2)];
        let folders = [entry("photos", 3)];
        let outputs = [entry("dist/a.jpg", 4), entry("dist/b.jpg", 5)];
        let contents = Contents {
            fingerprint: Digest::of(b"x"),
            complete: true,
            files: &files,
            folders: &folders,
            outputs: &outputs,
        };
        Snapshot::write(&store, &path, &contents).unwrap();
        let read = Snapshot::read(&path).unwrap();
        assert!(read.is_complete() && read.fingerprint() == Digest::of(b"x"));
        for (table, wanted) in [(Table::Files, &files[..]), (Table::Folders, &folders), (Table::Outputs, &outputs)] {
            let found: Vec<_> = read.entries(table).map(|(path, record)| (Arc::from(path), record)).collect();
            assert_eq!(found, wanted);
        }
        let whole = std::fs::read(&path).unwrap();
        for byte in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[byte] ^= 1;
            std::fs::write(&path, damaged).unwrap();
            assert!(Snapshot::read(&path).is_none(), "byte {byte}");
            std::fs::write(&path, &whole[..byte]).unwrap();
            assert!(Snapshot::read(&path).is_none(), "cut at {byte}");
        }
    }
}
