//! The state of the last build, laid out to be compared with the disk without building anything from it: the no-op comes first.
//!
//! Survives: a crash at any moment (written whole, then renamed). Damage to any byte fails the checksum; then nothing is known, and the
//! next build looks at every file again.

use std::cmp::Ordering;
use std::io;
use std::ops::Range;
use std::path::Path;

use super::files::Record;
use super::stat::Stat;
use super::store::Store;
use super::{Digest, EngineError};

const MAGIC: &[u8; 16] = b"softbox state 1\n";
const HEADER: usize = 16 + 32 + 32 + 1 + 3 * 4;
/// What [`decode`] reads; behind it is the end of the path.
const DECODED: usize = 4 * 8 + 8 + 32;
const RECORD: usize = DECODED + 4;

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

impl Default for Snapshot {
    fn default() -> Snapshot {
        Snapshot::new(&Contents::default())
    }
}

/// What goes into a snapshot, each table in the order of its paths.
#[derive(Default)]
pub struct Contents<'a> {
    pub files: &'a [(&'a str, &'a Record)],
    pub folders: &'a [(&'a str, &'a Record)],
    pub outputs: &'a [(&'a str, &'a Record)],
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
        if bytes.len() < HEADER + counts.iter().sum::<usize>() * RECORD {
            return None;
        }
        Some(Snapshot { counts, bytes })
    }

    pub fn new(contents: &Contents<'_>) -> Snapshot {
        let counts = [contents.files.len(), contents.folders.len(), contents.outputs.len()];
        Snapshot { bytes: encode(contents), counts }
    }

    /// Writes it down, as what a build of this fingerprint left.
    pub fn write(
        &mut self,
        fingerprint: Digest,
        complete: bool,
        store: &Store,
        path: &Path,
    ) -> Result<(), EngineError> {
        self.bytes[48..80].copy_from_slice(&fingerprint.0);
        self.bytes[80] = complete.into();
        let checksum = Digest::of(&self.bytes[48..]);
        self.bytes[16..48].copy_from_slice(&checksum.0);
        let fault = |error: io::Error| EngineError::Write { path: ".softbox/state".to_owned(), error };
        store.write(path, &self.bytes).map_err(fault)
    }

    /// Digest of everything besides files that the last build depended on.
    pub fn fingerprint(&self) -> Digest {
        self.bytes[48..].first_chunk().map_or(Digest::ABSENT, |digest| Digest(*digest))
    }

    /// Whether that build left nothing undone.
    pub fn is_complete(&self) -> bool {
        self.bytes[80] == 1
    }

    pub fn count(&self, table: Table) -> usize {
        self.counts[table as usize]
    }

    /// The entries of one table, in the order of their paths.
    pub fn entries(&self, table: Table) -> impl Iterator<Item = (&str, Record)> {
        self.some(table, 0..self.count(table))
    }

    /// Some neighbouring entries of one table.
    pub fn some(&self, table: Table, span: Range<usize>) -> impl Iterator<Item = (&str, Record)> {
        let first = self.first(table);
        let paths = self.paths();
        let mut at = self.path_end(first + span.start);
        (first + span.start..first + span.end).map(move |index| {
            let end = self.path_end(index + 1);
            let path = std::str::from_utf8(paths.get(at..end).unwrap_or_default()).unwrap_or_default();
            at = end;
            (path, decode(&self.bytes[record_at(index)]))
        })
    }

    /// The path of one entry of a table.
    pub fn path(&self, table: Table, index: usize) -> Option<&str> {
        if index >= self.count(table) {
            return None;
        }
        let index = self.first(table) + index;
        let path = self.paths().get(self.path_end(index)..self.path_end(index + 1))?;
        std::str::from_utf8(path).ok()
    }

    /// Which entry of a table has this path.
    pub fn find(&self, table: Table, path: &str) -> Option<usize> {
        let (mut low, mut high) = (0, self.count(table));
        while low < high {
            let middle = low + (high - low) / 2;
            match self.path(table, middle)?.cmp(path) {
                Ordering::Less => low = middle + 1,
                Ordering::Equal => return Some(middle),
                Ordering::Greater => high = middle,
            }
        }
        None
    }

    /// The record of one entry.
    pub fn record(&self, table: Table, index: usize) -> Record {
        decode(&self.bytes[record_at(self.first(table) + index)])
    }

    pub fn set_record(&mut self, table: Table, index: usize, record: &Record) {
        let at = record_at(self.first(table) + index);
        self.bytes[at.start..at.start + DECODED].copy_from_slice(&encode_record(record));
    }

    fn first(&self, table: Table) -> usize {
        self.counts[..table as usize].iter().sum()
    }

    fn paths(&self) -> &[u8] {
        let total: usize = self.counts.iter().sum();
        &self.bytes[(HEADER + total * RECORD).min(self.bytes.len())..]
    }

    /// Where the path of the record before `index` ends, and so that of `index` begins.
    fn path_end(&self, index: usize) -> usize {
        let Some(before) = index.checked_sub(1) else { return 0 };
        let record = &self.bytes[record_at(before)];
        record[DECODED..].first_chunk().map_or(0, |four| u32::from_le_bytes(*four) as usize)
    }
}

fn record_at(index: usize) -> Range<usize> {
    HEADER + index * RECORD..HEADER + (index + 1) * RECORD
}

fn encode(contents: &Contents<'_>) -> Vec<u8> {
    let tables = [contents.files, contents.folders, contents.outputs];
    let count: usize = tables.iter().map(|table| table.len()).sum();
    let mut bytes = Vec::with_capacity(HEADER + count * (RECORD + 40));
    bytes.extend_from_slice(MAGIC);
    // Checksum, fingerprint and completeness are filled in when it is written.
    bytes.extend_from_slice(&[0; 32 + 32 + 1]);
    for table in tables {
        bytes.extend_from_slice(&(table.len() as u32).to_le_bytes());
    }
    let mut end = 0u32;
    for (path, record) in tables.into_iter().flatten() {
        end += path.len() as u32;
        bytes.extend_from_slice(&encode_record(record));
        bytes.extend_from_slice(&end.to_le_bytes());
    }
    for (path, _) in tables.into_iter().flatten() {
        bytes.extend_from_slice(path.as_bytes());
    }
    bytes
}

fn encode_record(Record { stat, at, digest }: &Record) -> [u8; DECODED] {
    let mut bytes = [0; DECODED];
    let words = [stat.size, stat.mtime as u64, stat.ctime as u64, stat.inode, *at as u64];
    for (index, word) in words.into_iter().enumerate() {
        bytes[index * 8..index * 8 + 8].copy_from_slice(&word.to_le_bytes());
    }
    bytes[40..].copy_from_slice(&digest.0);
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

    fn record(seed: u64) -> Record {
        let stat = Stat { size: seed, mtime: -(seed as i64), ctime: seed as i64 * 3, inode: seed << 40 };
        Record { stat, at: 77, digest: Digest::of(&seed.to_le_bytes()) }
    }

    #[test]
    fn a_snapshot_comes_back_as_it_was_and_damage_to_any_byte_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let path = folder.path().join("state");
        let records: [Record; 5] = std::array::from_fn(|seed| record(seed as u64));
        let [first, second, third, fourth, fifth] = &records;
        let files = [("campaign.toml", first), ("photos/é.jpg", second)];
        let folders = [("photos", third)];
        let outputs = [("dist/a.jpg", fourth), ("dist/b.jpg", fifth)];
        let contents = Contents { files: &files, folders: &folders, outputs: &outputs };
        Snapshot::new(&contents).write(Digest::of(b"x"), true, &store, &path).unwrap();
        let read = Snapshot::read(&path).unwrap();
        assert!(read.is_complete() && read.fingerprint() == Digest::of(b"x"));
        for (table, wanted) in [(Table::Files, &files[..]), (Table::Folders, &folders), (Table::Outputs, &outputs)] {
            assert!(read.entries(table).eq(wanted.iter().map(|(path, record)| (*path, **record))));
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
