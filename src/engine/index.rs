//! The index of a log: where in it the records of a key are, sorted by the first bytes of the keys.
//!
//! Survives: a crash at any moment (written whole, then renamed). It is only a shortcut: whoever follows it checks what is there, and where it
//! is damaged or belongs to another log, the log is read from its beginning.

use std::io;
use std::path::Path;

use super::Digest;
use super::fold::fold;
use super::log::FIRST;
use super::store::Store;

const MAGIC: &[u8; 16] = b"softbox index 1\n";
const CHECKSUM: usize = 16;
const COVERS: usize = CHECKSUM + 8;
const HEADER: usize = COVERS + 8;
const ENTRY: usize = 16;
/// A page has about so many entries.
const PAGE: usize = 8;

/// Records behind the index are read one by one at the next build; so many, and this part of all, are worth a new index.
const TAIL: usize = 16;
const TAIL_PART: usize = 32;

/// Where records are, by the first eight bytes of their key.
#[derive(Debug)]
pub(super) struct Index {
    /// As it is written down. Its entries are sorted; of equal keys the later offset comes last.
    bytes: Vec<u8>,
    /// Where the entries of each page begin, and behind them where the last one ends. Keys are spread evenly, and so are pages over the entries.
    pages: Vec<u32>,
}

impl Default for Index {
    fn default() -> Index {
        Index::new([].into_iter(), FIRST)
    }
}

impl Index {
    fn new(entries: impl ExactSizeIterator<Item = (u64, u64)>, covers: u64) -> Index {
        let mut bytes = Vec::with_capacity(HEADER + entries.len() * ENTRY);
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&[0; 8]);
        bytes.extend_from_slice(&covers.to_le_bytes());
        for (key, offset) in entries {
            bytes.extend_from_slice(&key.to_le_bytes());
            bytes.extend_from_slice(&offset.to_le_bytes());
        }
        let checksum = checksum(covers, &bytes[HEADER..]);
        bytes[CHECKSUM..COVERS].copy_from_slice(&checksum.to_le_bytes());
        Index::of_bytes(bytes)
    }

    fn of_bytes(bytes: Vec<u8>) -> Index {
        let entries = &bytes[HEADER..];
        let count = (entries.len() / ENTRY / PAGE).next_power_of_two();
        let mut pages = vec![0; count + 1];
        for entry in entries.chunks_exact(ENTRY) {
            pages[page_of(word(entry, 0), count) + 1] += 1;
        }
        for page in 0..count {
            pages[page + 1] += pages[page];
        }
        Index { bytes, pages }
    }

    /// `None` where there is none, where it is damaged, and where it tells of more than the `end` of the log.
    pub(super) fn read(path: &Path, end: u64) -> Option<Index> {
        let bytes = std::fs::read(path).ok()?;
        let (head, body) = bytes.split_at_checked(HEADER)?;
        let covers = word(head, COVERS);
        let is_sound = head[..16] == *MAGIC && word(head, CHECKSUM) == checksum(covers, body);
        (is_sound && (FIRST..=end).contains(&covers)).then(|| Index::of_bytes(bytes))
    }

    /// Up to where in the log it knows all records.
    pub(super) fn covers(&self) -> u64 {
        word(&self.bytes, COVERS)
    }

    /// Whether so many records that it does not know are too many.
    pub(super) fn is_behind(&self, tail: usize) -> bool {
        tail >= TAIL.max(self.entries().len() / TAIL_PART)
    }

    /// All keys with their offsets, sorted.
    pub(super) fn entries(&self) -> impl ExactSizeIterator<Item = (u64, u64)> {
        self.bytes[HEADER..].chunks_exact(ENTRY).map(|entry| (word(entry, 0), word(entry, 8)))
    }

    /// The offsets of the records of all keys that begin with these bytes, the newest first.
    pub(super) fn of(&self, key: u64) -> impl Iterator<Item = u64> {
        let page = page_of(key, self.pages.len() - 1);
        let [first, end] = [page, page + 1].map(|page| HEADER + self.pages[page] as usize * ENTRY);
        let entries = self.bytes[first..end].chunks_exact(ENTRY).rev();
        entries.filter(move |entry| word(entry, 0) == key).map(|entry| word(entry, 8))
    }

    /// Adds what the log got since, up to `covers`, and writes it all.
    pub(super) fn extend(
        &mut self,
        tail: impl Iterator<Item = (u64, u64)>,
        covers: u64,
        store: &Store,
        path: &Path,
    ) -> io::Result<()> {
        let mut entries: Vec<(u64, u64)> = self.entries().chain(tail).collect();
        // Most of them are in order, which the stable sort makes use of.
        entries.sort();
        *self = Index::new(entries.into_iter(), covers);
        store.write(path, &self.bytes)
    }
}

/// Eight bytes that callers have seen to be there.
fn word(bytes: &[u8], at: usize) -> u64 {
    bytes[at..].first_chunk().map_or(0, |eight| u64::from_le_bytes(*eight))
}

/// The page of a key, of so many, which are a power of two: the upper bits of the key tell.
fn page_of(key: u64, count: usize) -> usize {
    // Of one page, none of them.
    key.checked_shr(u64::BITS - count.ilog2()).unwrap_or(0) as usize
}

/// What a key goes by here.
pub(super) fn first_bytes(key: &Digest) -> u64 {
    key.0.first_chunk().map_or(0, |eight| u64::from_be_bytes(*eight))
}

fn checksum(covers: u64, body: &[u8]) -> u64 {
    fold(body) ^ covers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_tells_all_offsets_of_a_key_newest_first_and_grows() {
        let folder = tempfile::tempdir().unwrap();
        let (store, path) = (Store::open(folder.path()).unwrap(), folder.path().join("index"));
        let mut index = Index::default();
        index.extend([(7, 100), (3, 200)].into_iter(), 300, &store, &path).unwrap();
        index.extend([(7, 300), (u64::MAX, 400), (0, 500)].into_iter(), 600, &store, &path).unwrap();
        let read = Index::read(&path, 600).unwrap();
        let of = |key| read.of(key).collect::<Vec<_>>();
        assert_eq!(
            [of(7), of(3), of(0), of(u64::MAX), of(5)],
            [vec![300, 100], vec![200], vec![500], vec![400], vec![]]
        );
        assert_eq!(read.covers(), 600);
    }

    #[test]
    fn a_key_is_found_however_keys_are_spread() {
        for (count, spread) in [(0, 1), (1, u64::MAX), (3, u64::MAX / 3), (4000, 1), (4000, u64::MAX / 5000)] {
            let entries: Vec<(u64, u64)> = (0..count).map(|number| ((number / 3) * 3 * spread, number)).collect();
            let index = Index::new(entries.clone().into_iter(), FIRST);
            for number in 0..=count {
                let key = number * spread;
                let wanted = entries.iter().rev().filter(|(other, _)| *other == key).map(|(_, offset)| *offset);
                assert!(index.of(key).eq(wanted), "{key} of {count}");
            }
        }
    }

    #[test]
    fn damage_to_any_byte_and_a_shorter_log_are_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let (store, path) = (Store::open(folder.path()).unwrap(), folder.path().join("index"));
        Index::default().extend([(7, 100), (3, 200)].into_iter(), 300, &store, &path).unwrap();
        assert!(Index::read(&path, 299).is_none());
        let whole = std::fs::read(&path).unwrap();
        for byte in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[byte] ^= 1;
            std::fs::write(&path, damaged).unwrap();
            assert!(Index::read(&path, 300).is_none(), "byte {byte}");
            std::fs::write(&path, &whole[..byte]).unwrap();
            assert!(Index::read(&path, 300).is_none(), "cut at {byte}");
        }
    }
}
