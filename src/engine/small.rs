//! Small outputs, together in one log: a file of its own would cost the system several times what it costs to write one of them.
//!
//! Survives: SIGKILL and a power cut at any moment, at the price of the newest outputs. One that is damaged is a miss; without its index the
//! log is read from the beginning, up to the first damage. Each output can be made again.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::Digest;
use super::fold::FoldMap;
use super::index::{Index, first_bytes};
use super::log::{Log, Magic};
use super::store::Store;

const MAGIC: &Magic = b"softbox small 1\n";

/// Bytes of an output up to which it is kept here. A file system gives a file no less, in most cases.
const LONGEST: usize = 4096;

/// Whether an output of so many bytes is kept here.
pub(super) fn is_small(length: usize) -> bool {
    length <= LONGEST
}

/// The small outputs of a campaign: `small` and `small-index` in its store.
#[derive(Debug)]
pub(super) struct Small {
    folder: PathBuf,
    /// Read when it is first asked for: a no-op has no need of it.
    open: Option<Open>,
}

/// Each record of the log is an output. Where it is goes by the first bytes of its digest: of two that share them, the newer one counts.
#[derive(Debug)]
struct Open {
    log: Log,
    index: Index,
    /// What the index does not have yet.
    tail: FoldMap<u64, u64>,
    /// Behind the last sound record there was something else, which is gone.
    was_cut: bool,
}

impl Small {
    pub(super) fn new(folder: &Path) -> Small {
        Small { folder: folder.to_owned(), open: None }
    }

    fn path(&self) -> PathBuf {
        self.folder.join("small")
    }

    fn index_path(&self) -> PathBuf {
        self.folder.join("small-index")
    }

    /// What there is, without making anything.
    fn there(&mut self) -> Option<&mut Open> {
        if self.open.is_none() && self.path().is_file() {
            self.open = Open::read(&self.path(), &self.index_path()).ok();
        }
        self.open.as_mut()
    }

    /// Whether an output is there; whether it is sound only reading tells.
    pub(super) fn has(&mut self, digest: &Digest) -> bool {
        self.there().is_some_and(|open| open.offset(digest).is_some())
    }

    /// An output, or `None` where it is missing or damaged.
    pub(super) fn get(&mut self, digest: &Digest) -> Option<Vec<u8>> {
        let open = self.there()?;
        let bytes = open.log.read(open.offset(digest)?)?;
        (Digest::of(&bytes) == *digest).then_some(bytes)
    }

    /// Keeps an output. One that is there already is read, since it may be damaged.
    pub(super) fn put(&mut self, digest: &Digest, bytes: &[u8]) -> io::Result<()> {
        if self.get(digest).is_some() {
            return Ok(());
        }
        if self.open.is_none() {
            fs::create_dir_all(&self.folder)?;
            self.open = Some(Open::read(&self.path(), &self.index_path())?);
        }
        if let Some(open) = &mut self.open {
            let offset = open.log.append(bytes);
            open.tail.insert(first_bytes(digest), offset);
        }
        Ok(())
    }

    /// All outputs, in the order in which they were made; `None` for one that is damaged.
    pub(super) fn all(&mut self) -> Vec<Option<(Digest, u64)>> {
        let Some(open) = self.there() else { return Vec::new() };
        let (places, cut) = (open.places(), open.was_cut.then_some(None));
        let measured = |place| open.at(place).map(|(digest, bytes)| (digest, bytes.len() as u64));
        places.into_iter().map(measured).chain(cut).collect()
    }

    /// Forgets all but some, and what is damaged: writes what stays into a new log, which then takes the place of the old one.
    pub(super) fn retain(&mut self, store: &Store, stays: impl Fn(&Digest) -> bool) -> io::Result<()> {
        let (path, index_path) = (self.path(), self.index_path());
        let Some(open) = self.there() else { return Ok(()) };
        let beside = store.scratch_name();
        let mut next = Log::open(&beside, MAGIC)?;
        let places = open.places();
        let sound = places.into_iter().filter_map(|place| open.at(place));
        for (_, bytes) in sound.filter(|(digest, _)| stays(digest)) {
            next.append(&bytes);
        }
        next.flush()?;
        // The index tells of the old log; what it leads to is compared with its digest, so a crash in between does no harm.
        store.rename(&beside, &path)?;
        let _ = fs::remove_file(index_path);
        self.open = None;
        Ok(())
    }

    /// Hands everything to the system.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        self.open.as_mut().map_or(Ok(()), |open| open.log.flush())
    }

    /// As [`Small::flush`]; and the index learns what it does not know, if that is much.
    pub(super) fn save(&mut self, store: &Store) -> io::Result<()> {
        self.flush()?;
        let index_path = self.index_path();
        match &mut self.open {
            Some(open) if open.index.is_behind(open.tail.len()) => {
                let tail = std::mem::take(&mut open.tail);
                open.index.extend(tail.into_iter(), open.log.end(), store, &index_path)
            }
            _ => Ok(()),
        }
    }
}

impl Open {
    fn read(path: &Path, index_path: &Path) -> io::Result<Open> {
        let mut log = Log::open(path, MAGIC)?;
        let index = Index::read(index_path, log.end()).unwrap_or_default();
        let mut tail = FoldMap::default();
        let sound = log.look(index.covers(), |offset, record| {
            tail.insert(first_bytes(&Digest::of(record)), offset);
            Some(())
        })?;
        let was_cut = sound < log.end();
        log.cut(sound)?;
        Ok(Open { log, index, tail, was_cut })
    }

    fn offset(&self, digest: &Digest) -> Option<u64> {
        let key = first_bytes(digest);
        self.tail.get(&key).copied().or_else(|| self.index.of(key).next())
    }

    /// The output at one of the [`Open::places`], if it is sound.
    fn at(&mut self, (key, offset): (u64, u64)) -> Option<(Digest, Vec<u8>)> {
        let bytes = self.log.read(offset)?;
        let digest = Digest::of(&bytes);
        (first_bytes(&digest) == key).then_some((digest, bytes))
    }

    /// The first bytes of each output's digest, and where it is: by that place.
    fn places(&self) -> Vec<(u64, u64)> {
        let indexed = self.index.entries();
        let newest: BTreeMap<u64, u64> = indexed.chain(self.tail.iter().map(|(key, at)| (*key, *at))).collect();
        let mut places: Vec<(u64, u64)> = newest.into_iter().collect();
        places.sort_unstable_by_key(|(_, offset)| *offset);
        places
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A store, and its small outputs as the next process finds them.
    fn reopened(folder: &Path) -> (Store, Small) {
        (Store::open(folder).unwrap(), Small::new(&folder.join("store")))
    }

    fn numbered(number: usize) -> (Digest, Vec<u8>) {
        let bytes = format!("output {number}").into_bytes();
        (Digest::of(&bytes), bytes)
    }

    /// Puts some outputs, as one build does.
    fn put(folder: &Path, numbers: std::ops::Range<usize>) {
        let (store, mut small) = reopened(folder);
        for (digest, bytes) in numbers.map(numbered) {
            small.put(&digest, &bytes).unwrap();
        }
        small.save(&store).unwrap();
    }

    /// Which of the first thirty are there, checked.
    fn there(folder: &Path) -> Vec<usize> {
        let (_, mut small) = reopened(folder);
        let is_there = |number: &usize| {
            let (digest, bytes) = numbered(*number);
            let got = small.get(&digest);
            assert!(got.as_ref().is_none_or(|got| *got == bytes), "output {number} is another one");
            got.is_some()
        };
        (0..30).filter(is_there).collect()
    }

    #[test]
    fn they_come_back_with_and_without_an_index_and_nothing_is_kept_twice() {
        let folder = tempfile::tempdir().unwrap();
        put(folder.path(), 0..20);
        put(folder.path(), 18..25);
        assert_eq!(there(folder.path()), (0..25).collect::<Vec<_>>());
        let size = || fs::metadata(folder.path().join("store/small")).unwrap().len();
        let before = size();
        fs::remove_file(folder.path().join("store/small-index")).unwrap();
        assert_eq!(there(folder.path()), (0..25).collect::<Vec<_>>());
        put(folder.path(), 0..25);
        assert_eq!(size(), before);
        assert_eq!(reopened(folder.path()).1.all().len(), 25);
    }

    #[test]
    fn asking_makes_no_file() {
        let folder = tempfile::tempdir().unwrap();
        assert!(there(folder.path()).is_empty());
        let (store, mut small) = reopened(folder.path());
        small.save(&store).unwrap();
        small.retain(&store, |_| true).unwrap();
        assert!(!small.has(&Digest::of(b"one")) && small.all().is_empty());
        assert!(!folder.path().join("store").exists());
    }

    #[test]
    fn an_output_is_read_before_it_is_handed_to_the_system() {
        let folder = tempfile::tempdir().unwrap();
        let (_, mut small) = reopened(folder.path());
        for (digest, bytes) in (0..9).map(numbered) {
            small.put(&digest, &bytes).unwrap();
        }
        assert_eq!(small.get(&numbered(4).0), Some(numbered(4).1));
        assert_eq!(small.get(&numbered(9).0), None);
    }

    #[test]
    fn damage_to_any_byte_loses_what_it_hit_and_what_is_made_again_is_there_again() {
        let folder = tempfile::tempdir().unwrap();
        put(folder.path(), 0..20);
        let path = folder.path().join("store/small");
        let whole = fs::read(&path).unwrap();
        for is_index_there in [true, false] {
            if !is_index_there {
                fs::remove_file(folder.path().join("store/small-index")).unwrap();
            }
            for byte in (16..whole.len()).step_by(7) {
                let mut damaged = whole.clone();
                damaged[byte] ^= 1;
                fs::write(&path, damaged).unwrap();
                let left = there(folder.path()).len();
                assert!(if is_index_there { left == 19 } else { left < 20 }, "{left} are left, byte {byte}");
                put(folder.path(), 0..20);
                assert_eq!(there(folder.path()), (0..20).collect::<Vec<_>>(), "byte {byte}");
            }
        }
    }

    #[test]
    fn only_what_stays_stays_and_an_old_index_leads_nowhere_wrong() {
        let folder = tempfile::tempdir().unwrap();
        put(folder.path(), 0..20);
        let index = fs::read(folder.path().join("store/small-index")).unwrap();
        let (store, mut small) = reopened(folder.path());
        let stays: Vec<Digest> = (0..20).filter(|number| number % 3 == 1).map(|number| numbered(number).0).collect();
        small.retain(&store, |digest| stays.contains(digest)).unwrap();
        let wanted = [1, 4, 7, 10, 13, 16, 19];
        assert_eq!(small.get(&numbered(7).0), Some(numbered(7).1));
        assert_eq!(there(folder.path()), wanted);
        // As if it had been killed before the index went, and the log had grown beyond what that index covers: it leads to other outputs.
        put(folder.path(), 20..60);
        fs::write(folder.path().join("store/small-index"), index).unwrap();
        assert!(there(folder.path()).len() < 17);
        assert_eq!(fs::read_dir(folder.path().join("tmp")).unwrap().count(), 0);
    }
}
