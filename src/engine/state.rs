//! The state of the last build, laid out to be compared with the disk without building anything from it: the no-op comes first. What a later
//! build changed in few records is written behind it, so that one photo costs no new state of ten thousand.
//!
//! Survives: a crash at any moment (written whole, then renamed; or added to the end, where half a change is none). Damage to any byte fails
//! a checksum: of the state, then nothing is known, and the next build looks at every file again; of a change, then that change and those behind
//! it never happened, and the files that they tell of are looked at again.

use std::fs::OpenOptions;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::Path;

use super::files::Record;
use super::log::{digest_at, u32_at};
use super::stat::Stat;
use super::store::Store;
use super::{Digest, EngineError};

const MAGIC: &[u8; 16] = b"softbox state 1\n";
const HEADER: usize = 16 + 32 + 32 + 1 + 3 * 4;
/// Of the header: the fingerprint of the build that left the state, and whether that was complete.
const BUILD: Range<usize> = 48..81;
/// What [`decode`] reads; behind it is the end of the path.
const DECODED: usize = 4 * 8 + 8 + 32;
const RECORD: usize = DECODED + 4;
/// A change: its checksum, which is also that of all before it, then the fingerprint, completeness, and how many records follow.
const CHANGE_HEADER: usize = 32 + BUILT + 4;
const BUILT: usize = BUILD.end - BUILD.start;
/// Which record, and what it says now.
const CHANGED: usize = 4 + DECODED;
/// Changes may be so large a part of the state before it is written anew.
const LARGEST_PART: usize = 8;

/// What a path in the state is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Table {
    Files,
    Folders,
    Outputs,
}

/// The state as it lies on disk, checked but not taken apart, with all changes made in it.
#[derive(Debug)]
pub struct Snapshot {
    bytes: Vec<u8>,
    counts: [usize; 3],
    /// Records that are not as they were written.
    changed: Vec<u32>,
    written: Option<Written>,
}

/// What of a state lies on disk.
#[derive(Debug, Clone, Copy)]
struct Written {
    /// The checksum of the state or, behind it, of the last change.
    checksum: Digest,
    /// Where the last change ends.
    end: usize,
}

impl Default for Snapshot {
    fn default() -> Snapshot {
        Snapshot::new([].into_iter(), [].into_iter(), [].into_iter())
    }
}

impl Snapshot {
    /// `None` where there is none, and where it is damaged or of another version.
    pub fn read(path: &Path) -> Option<Snapshot> {
        let mut bytes = std::fs::read(path).ok()?;
        if bytes.len() < HEADER || &bytes[..16] != MAGIC {
            return None;
        }
        let counts = std::array::from_fn(|at| number_at(&bytes, BUILD.end + at * 4));
        let records = counts.iter().sum::<usize>();
        if records > (bytes.len() - HEADER) / RECORD {
            return None;
        }
        let length = HEADER + records * RECORD + path_end(&bytes, records);
        let checksum = Digest::of(bytes.get(48..length)?);
        if digest_at(&bytes, 16)? != checksum {
            return None;
        }
        let changes = bytes.split_off(length);
        let written = catch_up(&mut bytes, Written { checksum, end: length }, &changes);
        Some(Snapshot { bytes, counts, changed: Vec::new(), written: Some(written) })
    }

    /// Each table in the order of its paths.
    pub fn new<'a>(
        files: impl Iterator<Item = (&'a str, Record)>,
        folders: impl Iterator<Item = (&'a str, Record)>,
        outputs: impl Iterator<Item = (&'a str, Record)>,
    ) -> Snapshot {
        let mut bytes = MAGIC.to_vec();
        // Checksum, fingerprint and completeness are filled in when it is written.
        bytes.resize(HEADER, 0);
        let mut paths = Vec::new();
        let counts = [
            put_table(files, &mut bytes, &mut paths),
            put_table(folders, &mut bytes, &mut paths),
            put_table(outputs, &mut bytes, &mut paths),
        ];
        for (table, count) in counts.iter().enumerate() {
            bytes[BUILD.end + table * 4..][..4].copy_from_slice(&(*count as u32).to_le_bytes());
        }
        bytes.append(&mut paths);
        Snapshot { bytes, counts, changed: Vec::new(), written: None }
    }

    /// Writes it down, as what a build of this fingerprint left: what changed since it was written last, where that is little.
    pub fn write(
        &mut self,
        fingerprint: Digest,
        complete: bool,
        store: &Store,
        path: &Path,
    ) -> Result<(), EngineError> {
        self.bytes[48..80].copy_from_slice(&fingerprint.0);
        self.bytes[80] = complete.into();
        self.changed.sort_unstable();
        self.changed.dedup();
        let written = match self.written.and_then(|written| self.add_change(written, path)) {
            Some(written) => written,
            None => {
                let checksum = Digest::of(&self.bytes[48..]);
                self.bytes[16..48].copy_from_slice(&checksum.0);
                let fault = |error: io::Error| EngineError::Write { path: ".softbox/state".to_owned(), error };
                store.write(path, &self.bytes).map_err(fault)?;
                Written { checksum, end: self.bytes.len() }
            }
        };
        self.written = Some(written);
        self.changed.clear();
        Ok(())
    }

    /// Writes what changed behind what is written. `None` where that would be much, where the file is not what it was, and where it takes no more.
    fn add_change(&self, Written { checksum, end }: Written, path: &Path) -> Option<Written> {
        let length = CHANGE_HEADER + self.changed.len() * CHANGED;
        if end + length > self.bytes.len() + self.bytes.len() / LARGEST_PART {
            return None;
        }
        let mut change = Vec::with_capacity(length);
        change.extend_from_slice(&[0; 32]);
        change.extend_from_slice(&self.bytes[BUILD]);
        change.extend_from_slice(&(self.changed.len() as u32).to_le_bytes());
        for index in &self.changed {
            change.extend_from_slice(&index.to_le_bytes());
            change.extend_from_slice(&self.bytes[record_at(*index as usize)][..DECODED]);
        }
        let checksum = checksum_of_change(&checksum, &change[32..]);
        change[..32].copy_from_slice(&checksum.0);
        let file = OpenOptions::new().write(true).open(path).ok()?;
        let there = file.metadata().ok()?.len();
        if there < end as u64 {
            return None;
        }
        // Behind it may be half a change of a build that was killed.
        file.set_len(end as u64).and_then(|()| file.write_all_at(&change, end as u64)).ok()?;
        Some(Written { checksum, end: end + length })
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
        let mut at = path_end(&self.bytes, first + span.start);
        (first + span.start..first + span.end).map(move |index| {
            let end = path_end(&self.bytes, index + 1);
            let path = std::str::from_utf8(paths.get(at..end).unwrap_or_default()).unwrap_or_default();
            at = end;
            (path, decode(&self.bytes[record_at(index)]))
        })
    }

    /// The path of one entry of a table.
    pub fn path(&self, table: Table, index: usize) -> Option<&str> {
        std::str::from_utf8(self.path_bytes(table, index)?).ok()
    }

    /// Whether an entry of a table has this path.
    pub fn is_at(&self, table: Table, index: usize, path: &str) -> bool {
        self.path_bytes(table, index).is_some_and(|there| there == path.as_bytes())
    }

    fn path_bytes(&self, table: Table, index: usize) -> Option<&[u8]> {
        if index >= self.count(table) {
            return None;
        }
        let index = self.first(table) + index;
        self.paths().get(path_end(&self.bytes, index)..path_end(&self.bytes, index + 1))
    }

    /// Which entry of a table has this path.
    pub fn find(&self, table: Table, path: &str) -> Option<usize> {
        let is_before = |index| self.path_bytes(table, index).is_some_and(|there| there < path.as_bytes());
        let index = first_not(0..self.count(table), is_before);
        self.is_at(table, index, path).then_some(index)
    }

    /// The entries of a table that lie below a folder, which ends with `/`.
    pub fn below(&self, table: Table, folder: &str) -> Range<usize> {
        let bytes = |index| self.path_bytes(table, index).unwrap_or_default();
        let first = first_not(0..self.count(table), |index| bytes(index) < folder.as_bytes());
        first..first_not(first..self.count(table), |index| bytes(index).starts_with(folder.as_bytes()))
    }

    /// The entries of a table that are not as they were written down; some more than once.
    pub fn changed(&self, table: Table) -> impl Iterator<Item = usize> {
        let first = self.first(table);
        let all = self.changed.iter().map(|index| *index as usize);
        all.filter_map(move |index| index.checked_sub(first)).filter(move |index| *index < self.count(table))
    }

    /// The record of one entry.
    pub fn record(&self, table: Table, index: usize) -> Record {
        decode(&self.bytes[record_at(self.first(table) + index)])
    }

    pub fn set_record(&mut self, table: Table, index: usize, record: &Record) {
        let index = self.first(table) + index;
        let (before, now) = (&mut self.bytes[record_at(index)][..DECODED], encode_record(record));
        if *before != now {
            before.copy_from_slice(&now);
            self.changed.push(index as u32);
        }
    }

    fn first(&self, table: Table) -> usize {
        self.counts[..table as usize].iter().sum()
    }

    fn paths(&self) -> &[u8] {
        let total: usize = self.counts.iter().sum();
        &self.bytes[(HEADER + total * RECORD).min(self.bytes.len())..]
    }
}

/// The first of a range for which this does not hold; it must hold for none behind.
pub(super) fn first_not(range: Range<usize>, holds: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut high) = (range.start, range.end);
    while low < high {
        let middle = low + (high - low) / 2;
        if holds(middle) { low = middle + 1 } else { high = middle }
    }
    low
}

/// Makes the changes that later builds wrote behind a state, up to the first that is not sound; tells what is written with them.
fn catch_up(state: &mut [u8], mut written: Written, mut changes: &[u8]) -> Written {
    while let Some(head) = changes.get(..CHANGE_HEADER) {
        let length = CHANGE_HEADER + number_at(head, 32 + BUILT) * CHANGED;
        let Some((change, rest)) = changes.split_at_checked(length) else { break };
        let checksum = checksum_of_change(&written.checksum, &change[32..]);
        if change[..32] != checksum.0 {
            break;
        }
        state[BUILD].copy_from_slice(&head[32..32 + BUILT]);
        for changed in change[CHANGE_HEADER..].chunks_exact(CHANGED) {
            let at = record_at(number_at(changed, 0)).start;
            state[at..at + DECODED].copy_from_slice(&changed[4..]);
        }
        written = Written { checksum, end: written.end + length };
        changes = rest;
    }
    written
}

/// Where the path of the record before `index` ends, and so that of `index` begins.
fn path_end(bytes: &[u8], index: usize) -> usize {
    index.checked_sub(1).map_or(0, |before| number_at(&bytes[record_at(before)], DECODED))
}

/// A change is sound only behind what it was written behind.
fn checksum_of_change(before: &Digest, change: &[u8]) -> Digest {
    Digest(*blake3::Hasher::new().update(&before.0).update(change).finalize().as_bytes())
}

fn record_at(index: usize) -> Range<usize> {
    HEADER + index * RECORD..HEADER + (index + 1) * RECORD
}

/// Puts the records of a table behind others, and its paths behind theirs; tells how many.
fn put_table<'a>(
    entries: impl Iterator<Item = (&'a str, Record)>,
    records: &mut Vec<u8>,
    paths: &mut Vec<u8>,
) -> usize {
    let mut count = 0;
    for (path, record) in entries {
        paths.extend_from_slice(path.as_bytes());
        records.extend_from_slice(&encode_record(&record));
        records.extend_from_slice(&(paths.len() as u32).to_le_bytes());
        count += 1;
    }
    count
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

/// A count, index or length; callers have seen that it is there.
fn number_at(bytes: &[u8], at: usize) -> usize {
    u32_at(bytes, at).map_or(0, |number| number as usize)
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

    /// What a state says: whether it is complete, its fingerprint and all its entries.
    fn told(state: &Snapshot) -> (bool, Digest, Vec<(String, Record)>) {
        let tables = [Table::Files, Table::Folders, Table::Outputs];
        let entries = tables.into_iter().flat_map(|table| state.entries(table));
        let entries = entries.map(|(path, record)| (path.to_owned(), record)).collect();
        (state.is_complete(), state.fingerprint(), entries)
    }

    struct Written {
        _folder: tempfile::TempDir,
        store: Store,
        path: std::path::PathBuf,
        state: Snapshot,
    }

    impl Written {
        fn new(outputs: u64) -> Written {
            let folder = tempfile::tempdir().unwrap();
            let store = Store::open(folder.path()).unwrap();
            let path = folder.path().join("state");
            let records: Vec<Record> = (0..3 + outputs).map(record).collect();
            let paths: Vec<String> = (0..outputs).map(|at| format!("dist/{at:03}.jpg")).collect();
            let files = [("campaign.toml", records[0]), ("photos/é.jpg", records[1])];
            let folders = [("photos", records[2])];
            let outputs: Vec<_> = paths.iter().map(String::as_str).zip(records[3..].iter().copied()).collect();
            let state = Snapshot::new(files.into_iter(), folders.into_iter(), outputs.iter().copied());
            let mut written = Written { _folder: folder, store, path, state };
            written.write("first", true);
            let wanted = [&files[..], &folders, &outputs].concat();
            let wanted = wanted.into_iter().map(|(path, record)| (path.to_owned(), record));
            assert_eq!(told(&written.state), (true, Digest::of(b"first"), wanted.collect()));
            written
        }

        fn write(&mut self, fingerprint: &str, complete: bool) {
            let Written { store, path, state, .. } = self;
            state.write(Digest::of(fingerprint.as_bytes()), complete, store, path).unwrap();
            self.is_as_read();
        }

        fn is_as_read(&self) {
            assert_eq!(told(&Snapshot::read(&self.path).unwrap()), told(&self.state));
        }

        fn bytes(&self) -> Vec<u8> {
            std::fs::read(&self.path).unwrap()
        }
    }

    #[test]
    fn a_snapshot_comes_back_as_it_was_and_damage_to_any_byte_is_noticed() {
        let mut written = Written::new(20);
        let mut ends = vec![(written.bytes().len(), told(&written.state))];
        for (seed, table) in [(50, Table::Outputs), (51, Table::Files)] {
            written.state.set_record(table, 1, &record(seed));
            written.write("second", seed == 51);
            ends.push((written.bytes().len(), told(&written.state)));
        }
        let whole = written.bytes();
        for byte in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[byte] ^= 1;
            for damaged in [&damaged, &whole[..byte]] {
                std::fs::write(&written.path, damaged).unwrap();
                let sound = ends.iter().rev().find(|(end, _)| *end <= byte).map(|(_, told)| told);
                assert_eq!(Snapshot::read(&written.path).as_ref().map(told).as_ref(), sound, "byte {byte}");
            }
        }
    }

    #[test]
    fn a_small_change_is_written_behind_the_state_and_half_of_one_is_written_over() {
        let mut written = Written::new(50);
        let first = written.bytes();
        written.state.set_record(Table::Outputs, 7, &record(99));
        written.write("second", false);
        assert_eq!(written.bytes().len(), first.len() + CHANGE_HEADER + CHANGED);
        assert!(written.bytes().starts_with(&first));
        // A build that was killed while it wrote.
        let mut state = Snapshot::read(&written.path).unwrap();
        std::fs::write(&written.path, [written.bytes(), vec![7; 300]].concat()).unwrap();
        assert_eq!(told(&Snapshot::read(&written.path).unwrap()), told(&state));
        state.set_record(Table::Outputs, 8, &record(98));
        written.state = state;
        written.write("third", true);
        assert_eq!(written.bytes().len(), first.len() + 2 * (CHANGE_HEADER + CHANGED));
    }

    #[test]
    fn a_state_is_written_anew_where_much_changed_or_it_is_not_there_as_it_was() {
        let mut written = Written::new(50);
        let length = written.bytes().len();
        (0..10).for_each(|at| written.state.set_record(Table::Outputs, at, &record(99)));
        written.write("second", true);
        assert_eq!(written.bytes().len(), length);
        for again in 0..20 {
            written.state.set_record(Table::Outputs, 7, &record(100 + again));
            written.write("third", true);
        }
        assert!(written.bytes().len() < length + length / LARGEST_PART);
        for damage in [|path: &Path| std::fs::remove_file(path), |path: &Path| std::fs::write(path, "cut short")] {
            damage(&written.path).unwrap();
            written.write("fourth", true);
            assert_eq!(written.bytes().len(), length);
        }
    }
}
