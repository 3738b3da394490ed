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
const HEADER: usize = 16 + 8 + 8;
const ENTRY: usize = 16;

/// Records behind the index are read one by one at the next build; so many, and this part of all, are worth a new index.
const TAIL: usize = 16;
const TAIL_PART: usize = 32;

/// Where records are, by the first eight bytes of their key.
#[derive(Debug)]
pub(super) struct Index {
    /// Sorted; of equal keys the later offset comes last.
    entries: Vec<(u64, u64)>,
    covers: u64,
}

impl Default for Index {
    fn default() -> Index {
        Index { entries: Vec::new(), covers: FIRST }
    }
}

impl Index {
    /// `None` where there is none, where it is damaged, and where it tells of more than the `end` of the log.
    pub(super) fn read(path: &Path, end: u64) -> Option<Index> {
        let bytes = std::fs::read(path).ok()?;
        let (head, body) = bytes.split_at_checked(HEADER)?;
        let word = |bytes: &[u8], at: usize| bytes[at..].first_chunk().map_or(0, |eight| u64::from_le_bytes(*eight));
        let covers = word(head, 24);
        if head[..16] != *MAGIC || word(head, 16) != checksum(covers, body) || !(FIRST..=end).contains(&covers) {
            return None;
        }
        let entries = body.chunks_exact(ENTRY).map(|entry| (word(entry, 0), word(entry, 8))).collect();
        Some(Index { entries, covers })
    }

    /// Up to where in the log it knows all records.
    pub(super) fn covers(&self) -> u64 {
        self.covers
    }

    /// Whether so many records that it does not know are too many.
    pub(super) fn is_behind(&self, tail: usize) -> bool {
        tail >= TAIL.max(self.entries.len() / TAIL_PART)
    }

    /// All keys with their offsets, sorted.
    pub(super) fn entries(&self) -> &[(u64, u64)] {
        &self.entries
    }

    /// The offsets of the records of all keys that begin with these bytes, the newest first.
    pub(super) fn of(&self, key: u64) -> impl Iterator<Item = u64> {
        let first = self.first_from(key);
        let count = self.entries[first..].iter().take_while(|(other, _)| *other == key).count();
        self.entries[first..first + count].iter().rev().map(|(_, offset)| *offset)
    }

    /// The first entry whose key is no less. Keys are spread evenly, so that where one lies is nearly known: two steps by how far off the guess is
    /// leave a few entries to search.
    fn first_from(&self, key: u64) -> usize {
        const AROUND: usize = 16;
        let count = self.entries.len();
        let share = |distance: u64| ((u128::from(distance) * count as u128) >> 64) as usize;
        let mut guess = share(key);
        for _ in 0..2 {
            guess = match self.entries.get(guess).map(|(there, _)| key.checked_sub(*there).ok_or_else(|| there - key)) {
                Some(Ok(behind)) => (guess + share(behind)).min(count),
                Some(Err(before)) => guess.saturating_sub(share(before)),
                None => count,
            };
        }
        let near = guess.saturating_sub(AROUND)..(guess + AROUND).min(count);
        let is_less = |(other, _): &(u64, u64)| *other < key;
        let is_there = (near.start == 0 || is_less(&self.entries[near.start - 1]))
            && (near.end == count || !is_less(&self.entries[near.end]));
        let near = if is_there { near } else { 0..count };
        near.start + self.entries[near].partition_point(is_less)
    }

    /// Adds what the log got since, up to `covers`, and writes it all.
    pub(super) fn extend(
        &mut self,
        tail: impl Iterator<Item = (u64, u64)>,
        covers: u64,
        store: &Store,
        path: &Path,
    ) -> io::Result<()> {
        self.entries.extend(tail);
        // Two sorted runs at most: the stable sort merges them.
        self.entries.sort();
        self.covers = covers;
        let body: Vec<u8> =
            self.entries.iter().flat_map(|(key, offset)| [key.to_le_bytes(), offset.to_le_bytes()]).flatten().collect();
        let head = [&MAGIC[..], &checksum(covers, &body).to_le_bytes(), &covers.to_le_bytes()].concat();
        store.write(path, &[head, body].concat())
    }
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
        for spread in [1, u64::MAX / 5000] {
            let entries: Vec<(u64, u64)> = (0..4000).map(|number| ((number / 3) * 3 * spread, number)).collect();
            let index = Index { entries, covers: FIRST };
            for number in 0..4000 {
                let key = number * spread;
                let first = index.entries.iter().position(|(other, _)| *other >= key);
                assert_eq!(index.first_from(key), first.unwrap_or(4000), "{key}");
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
