//! Traces: what every action read and made, under its key, kept for good so that going back to an earlier text costs nothing.
//!
//! A log of records that refer to each other by their offsets, and beside it an index of the log, sorted, so that a build that changed
//! little reads little. Survives: SIGKILL at any moment. A damaged record is a miss, and so is what refers to it; a damaged or missing
//! index is made anew from the log.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::fold::{FoldMap, fold};
use super::found::{self, Found, FoundSet, Sets};
use super::index::{Index, first_bytes};
use super::log::{FIRST, Log, digest_at, u32_at, u64_at};
use super::store::Store;
use super::{Description, Digest, Files};

const TRACES: &[u8; 16] = b"softbox traces3\n";
const REASONS: &[u8; 16] = b"softbox reasons2";

/// What a run of an action read beyond its declared inputs, and what it made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trace {
    pub output: Digest,
    pub size: u64,
    /// Whether the output went to the store.
    pub kept: bool,
    /// How long the run took, in microseconds.
    pub micros: u32,
    /// What it found to need.
    pub found: FoundSet,
    /// When it ran, in seconds since 1970. Only for throwing away what is old.
    pub at: u64,
    reason: u64,
}

/// All traces of a campaign.
#[derive(Debug)]
pub struct Traces {
    log: Log,
    /// Descriptions, each behind the key that it explains. Read one by one.
    reasons: Log,
    index_path: PathBuf,
    index: Index,
    /// Traces that the index does not have yet.
    tail: Tail,
    sets: Sets,
    /// Which set a record of the log is, and where in the log a set is.
    set_at: FoldMap<u64, Option<FoundSet>>,
    offsets: FoldMap<FoundSet, u64>,
    /// The last two keys of every named action, by the hash of its name: the present one and the one before. Only explanations need it.
    names: Option<FoldMap<u64, (Digest, Option<Digest>)>>,
    is_loaded: bool,
}

/// Traces by the first bytes of their key: where the newest one is, and the one before it.
#[derive(Debug, Default)]
struct Tail {
    traces: Vec<(u64, Option<u32>)>,
    newest: FoldMap<u64, u32>,
}

/// What a run read and made, as far as it is kept.
pub(super) struct NewTrace<'a> {
    pub key: Digest,
    pub output: Digest,
    pub size: u64,
    pub kept: bool,
    pub micros: u32,
    pub found: &'a Found,
    /// Seconds since 1970.
    pub at: u64,
}

impl Traces {
    pub fn open(derived: &Path) -> io::Result<Traces> {
        Ok(Traces {
            log: Log::open(&derived.join("traces"), TRACES)?,
            reasons: Log::open(&derived.join("reasons"), REASONS)?,
            index_path: derived.join("index"),
            index: Index::default(),
            tail: Tail::default(),
            sets: Sets::default(),
            set_at: FoldMap::default(),
            offsets: FoldMap::default(),
            names: None,
            is_loaded: false,
        })
    }

    /// Makes ready to look traces up and to add some, once. A no-op has no need of it.
    pub(super) fn load(&mut self) -> io::Result<()> {
        if !self.is_loaded {
            self.index = Index::read(&self.index_path, self.log.end()).unwrap_or_default();
            let tail = &mut self.tail;
            let sound = self.log.look(self.index.covers(), |offset, record| match record.split_first()? {
                (b'T', rest) => {
                    tail.put(first_bytes(&digest_at(rest, 0)?), offset);
                    Some(())
                }
                (b'S' | b'N', _) => Some(()),
                _ => None,
            })?;
            self.log.cut(sound)?;
            self.is_loaded = true;
        }
        Ok(())
    }

    /// All traces of a key, the newest first. One whose set of found inputs cannot be read any more is none.
    pub fn of(&mut self, key: &Digest) -> Vec<Trace> {
        let first = first_bytes(key);
        let offsets: Vec<u64> = self.tail.of(first).chain(self.index.of(first)).collect();
        offsets.into_iter().filter_map(|offset| self.read(key, offset)).collect()
    }

    fn read(&mut self, key: &Digest, offset: u64) -> Option<Trace> {
        let record = self.log.read(offset)?;
        let bytes = record.strip_prefix(b"T")?;
        if digest_at(bytes, 0)? != *key {
            return None;
        }
        self.decode(bytes)
    }

    /// The trace that follows its key in a record.
    fn decode(&mut self, bytes: &[u8]) -> Option<Trace> {
        Some(Trace {
            output: digest_at(bytes, 32)?,
            size: u64_at(bytes, 64)?,
            micros: u32_at(bytes, 72)?,
            found: self.set_at(u64_at(bytes, 76)?)?,
            reason: u64_at(bytes, 84)?,
            at: u64_at(bytes, 92)?,
            kept: *bytes.get(100)? != 0,
        })
    }

    /// What a set of found inputs held.
    pub fn found(&self, set: FoundSet) -> Arc<Found> {
        self.sets.get(set)
    }

    /// All sets, for who keeps some elsewhere.
    pub(super) fn sets(&mut self) -> &mut Sets {
        &mut self.sets
    }

    /// The set at an offset of the log; `None` where there is none.
    fn set_at(&mut self, offset: u64) -> Option<FoundSet> {
        if let Some(known) = self.set_at.get(&offset) {
            return *known;
        }
        let set = self.log.read(offset).and_then(|record| found::decode(record.strip_prefix(b"S")?));
        let id = set.map(|set| self.sets.id(set));
        if let Some(id) = id {
            self.offsets.insert(id, offset);
        }
        self.set_at.insert(offset, id);
        id
    }

    /// Keeps what a run read and made, with the description of the action (see [`Description::from_bytes`]). A run that only made again
    /// what is known already leaves nothing: outputs that are not stored are made again in build after build.
    pub(super) fn add(&mut self, new: &NewTrace<'_>, description: impl FnOnce() -> Vec<u8>) -> FoundSet {
        let found = self.sets.id(new.found.clone());
        let same = |last: &Trace| (last.output, last.kept, last.found) == (new.output, new.kept, found);
        if self.of(&new.key).first().is_some_and(same) {
            return found;
        }
        let reason = self.reasons.append(&[&new.key.0[..], &description()].concat());
        let NewTrace { output, size, kept, micros, at, .. } = *new;
        let trace = Trace { output, size, kept, micros, found, at, reason };
        self.append(&new.key, &trace);
        found
    }

    fn append(&mut self, key: &Digest, trace: &Trace) {
        let set = self.offset_of(trace.found);
        let mut record = Vec::with_capacity(102);
        record.push(b'T');
        record.extend_from_slice(&key.0);
        record.extend_from_slice(&trace.output.0);
        record.extend_from_slice(&trace.size.to_le_bytes());
        record.extend_from_slice(&trace.micros.to_le_bytes());
        record.extend_from_slice(&set.to_le_bytes());
        record.extend_from_slice(&trace.reason.to_le_bytes());
        record.extend_from_slice(&trace.at.to_le_bytes());
        record.push(trace.kept.into());
        let offset = self.log.append(&record);
        self.tail.put(first_bytes(key), offset);
    }

    /// Every trace with its key, in the order in which they were made.
    pub(super) fn all(&mut self) -> io::Result<Vec<(Digest, Trace)>> {
        let mut records = Vec::new();
        self.log.look(FIRST, |_, record| {
            records.extend(record.strip_prefix(b"T").map(<[u8]>::to_vec));
            Some(())
        })?;
        let decode = |record: Vec<u8>| Some((digest_at(&record, 0)?, self.decode(&record)?));
        Ok(records.into_iter().filter_map(decode).collect())
    }

    /// Forgets all but some traces: writes them, with their descriptions and the last keys of all names, into new logs, which then take the place
    /// of the old ones. Killed in between, descriptions may be missing afterwards.
    pub(super) fn retain(&mut self, derived: &Path, keep: &[(Digest, Trace)]) -> io::Result<()> {
        let beside = derived.join("next");
        // Left by one that was killed.
        let _ = std::fs::remove_dir_all(&beside);
        std::fs::create_dir(&beside)?;
        let mut next = Traces::open(&beside)?;
        for (name, (latest, before)) in self.read_names() {
            before.iter().chain([&latest]).for_each(|key| next.name(name, key));
        }
        for (key, trace) in keep {
            let reason = self.reasons.read(trace.reason).map_or(0, |reason| next.reasons.append(&reason));
            let found = next.sets.id(self.sets.get(trace.found).to_vec());
            next.append(key, &Trace { reason, found, ..*trace });
        }
        next.flush()?;
        for name in ["reasons", "traces"] {
            std::fs::rename(beside.join(name), derived.join(name))?;
        }
        // The index tells of the old log; it is checked against the traces that it leads to, so being late does no harm.
        let _ = std::fs::remove_file(&self.index_path);
        let _ = std::fs::remove_dir(&beside);
        *self = Traces::open(derived)?;
        self.load()
    }

    /// Where in the log a set is; it is put there if it is not.
    fn offset_of(&mut self, id: FoundSet) -> u64 {
        if let Some(offset) = self.offsets.get(&id) {
            return *offset;
        }
        let mut record = vec![b'S'];
        found::encode(&self.sets.get(id), &mut record);
        let offset = self.log.append(&record);
        self.offsets.insert(id, offset);
        self.set_at.insert(offset, Some(id));
        offset
    }

    /// Remembers that `name` now has this key.
    pub(super) fn name(&mut self, name: u64, key: &Digest) {
        self.log.append(&[&b"N"[..], &key.0, &name.to_le_bytes()].concat());
        self.names = None;
    }

    /// The key that `name` had at last, and the one before.
    pub(super) fn keys_of(&mut self, name: &str) -> Option<(Digest, Option<Digest>)> {
        if self.names.is_none() {
            self.names = Some(self.read_names());
        }
        self.names.as_ref()?.get(&fold(name.as_bytes())).copied()
    }

    fn read_names(&mut self) -> FoldMap<u64, (Digest, Option<Digest>)> {
        let mut names = FoldMap::default();
        let named = |_, record: &[u8]| {
            let Some(rest) = record.strip_prefix(b"N") else { return Some(()) };
            let (key, name) = (digest_at(rest, 0)?, u64_at(rest, 32)?);
            let latest = names.entry(name).or_insert((key, None));
            if latest.0 != key {
                *latest = (key, Some(latest.0));
            }
            Some(())
        };
        // What cannot be read has no past to tell of.
        let _ = self.log.look(FIRST, named);
        names
    }

    /// What an action with this key was, with its latest trace.
    pub fn description(&mut self, key: &Digest) -> Option<(Description, Trace)> {
        let trace = *self.of(key).first()?;
        let reason = self.reasons.read(trace.reason)?;
        // A damaged log was begun anew: then another action's description may lie there.
        Some((Description::from_bytes(reason.strip_prefix(&key.0)?)?, trace))
    }

    /// Hands everything to the system.
    pub fn flush(&mut self) -> io::Result<()> {
        self.reasons.flush()?;
        self.log.flush()
    }

    /// As [`Traces::flush`]; and the index learns what it does not know, if that is much.
    pub(super) fn save(&mut self, store: &Store) -> io::Result<()> {
        self.flush()?;
        if self.index.is_behind(self.tail.traces.len()) {
            let tail = std::mem::take(&mut self.tail);
            self.index.extend(tail.entries(), self.log.end(), store, &self.index_path)?;
        }
        Ok(())
    }
}

impl Tail {
    fn put(&mut self, key: u64, offset: u64) {
        let before = self.newest.insert(key, self.traces.len() as u32);
        self.traces.push((offset, before));
    }

    fn of(&self, key: u64) -> impl Iterator<Item = u64> {
        let at = |index: u32| self.traces.get(index as usize);
        let newest = self.newest.get(&key).copied().and_then(at);
        std::iter::successors(newest, move |(_, before)| before.and_then(at)).map(|(offset, _)| *offset)
    }

    fn entries(&self) -> impl Iterator<Item = (u64, u64)> {
        self.newest.keys().flat_map(|key| self.of(*key).map(|offset| (*key, offset)))
    }
}

/// Which sets of found inputs still hold, each looked at once in a build.
#[derive(Debug, Default)]
pub(super) struct Holds(FoldMap<FoundSet, bool>);

impl Holds {
    /// The newest trace of a key whose found inputs all still hold.
    pub(super) fn trace(&mut self, traces: &mut Traces, files: &Files, key: &Digest) -> Option<Trace> {
        let all = traces.of(key);
        all.into_iter().find(|trace| self.holds(traces, files, trace.found))
    }

    /// Whether every file of a set is as it was.
    pub(super) fn holds(&mut self, traces: &Traces, files: &Files, set: FoundSet) -> bool {
        *self.0.entry(set).or_insert_with(|| {
            traces.found(set).iter().all(|(path, digest)| files.digest(path).is_ok_and(|now| now == *digest))
        })
    }
}

/// A time as traces keep it.
pub(super) fn micros(took: Duration) -> u32 {
    u32::try_from(took.as_micros()).unwrap_or(u32::MAX)
}
