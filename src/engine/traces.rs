//! Traces: what every action read and made, under its key, kept for good so that going back to an earlier text costs nothing.

use std::collections::HashMap;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::digest::DigestMap;
use super::fold::{FoldMap, fold};
use super::log::Log;
use super::{Description, Digest, Files};

const TRACES: &[u8; 16] = b"softbox traces1\n";
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
    reason: u64,
}

/// Dense number of a set of found inputs; thousands of assets share one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FoundSet(u32);

/// Files that an action found to need while it ran, with what they held then.
pub type Found = Vec<(Arc<str>, Digest)>;

/// All traces of a campaign.
#[derive(Debug)]
pub struct Traces {
    log: Log,
    /// Descriptions, each behind the key that it explains. Read one by one.
    reasons: Log,
    index: Index,
    is_loaded: bool,
}

/// What a run read and made, as far as it is kept.
pub(super) struct NewTrace<'a> {
    pub key: Digest,
    pub output: Digest,
    pub size: u64,
    pub kept: bool,
    pub took: Duration,
    pub found: &'a Found,
}

/// A trace, and where the one of the same key before it is.
#[derive(Debug)]
struct Linked {
    trace: Trace,
    before: Option<u32>,
}

#[derive(Debug, Default)]
struct Index {
    traces: Vec<Linked>,
    /// Where the newest trace of a key is.
    by_key: DigestMap<Digest, u32>,
    /// The last two keys of every named action, by the hash of its name: the present one and the one before. Only explanations need it.
    by_name: FoldMap<u64, (Digest, Option<Digest>)>,
    paths: Vec<Arc<str>>,
    path_ids: FoldMap<Arc<str>, u32>,
    sets: Vec<Vec<(u32, Digest)>>,
    set_ids: FoldMap<Vec<(u32, Digest)>, u32>,
}

impl Traces {
    pub fn open(derived: &Path) -> io::Result<Traces> {
        let log = Log::open(&derived.join("traces"), TRACES)?;
        let reasons = Log::open(&derived.join("reasons"), REASONS)?;
        Ok(Traces { log, reasons, index: Index::default(), is_loaded: false })
    }

    /// Reads all traces, once. A no-op has no need of them.
    pub(super) fn load(&mut self) -> io::Result<()> {
        if !self.is_loaded {
            let index = &mut self.index;
            // About what an action leaves: a name and a trace.
            let expected = self.log.len() / 170;
            index.traces.reserve(expected);
            index.by_key.reserve(expected);
            index.by_name.reserve(expected);
            self.log.scan(|record| index.take(record))?;
            self.is_loaded = true;
        }
        Ok(())
    }

    /// All traces of a key, the newest first.
    pub fn of(&self, key: &Digest) -> impl Iterator<Item = &Trace> {
        let at = |index: u32| self.index.traces.get(index as usize);
        let newest = self.index.by_key.get(key).copied().and_then(at);
        std::iter::successors(newest, move |linked| linked.before.and_then(at)).map(|linked| &linked.trace)
    }

    /// What a set of found inputs held.
    pub fn found(&self, set: FoundSet) -> Found {
        let set = self.index.sets.get(set.0 as usize).map_or(&[][..], Vec::as_slice);
        set.iter().filter_map(|(path, digest)| Some((self.index.paths.get(*path as usize)?.clone(), *digest))).collect()
    }

    /// Keeps what a run read and made, with the description of the action (see [`Description::from_bytes`]). A run that only made again
    /// what is known already leaves nothing: outputs that are not stored are made again in build after build.
    pub(super) fn add(&mut self, new: &NewTrace<'_>, description: impl FnOnce() -> Vec<u8>) {
        let set = new.found.iter().map(|(path, digest)| (self.path_id(path), *digest)).collect();
        let found = FoundSet(self.set_id(set));
        let same = |last: &Trace| (last.output, last.kept, last.found) == (new.output, new.kept, found);
        if self.of(&new.key).next().is_some_and(same) {
            return;
        }
        let trace = Trace {
            output: new.output,
            size: new.size,
            kept: new.kept,
            micros: u32::try_from(new.took.as_micros()).unwrap_or(u32::MAX),
            found,
            reason: self.reasons.append(&[&new.key.0[..], &description()].concat()),
        };
        self.put(&encode_trace(&new.key, &trace));
    }

    /// Remembers that `name` now has this key.
    pub fn name(&mut self, name: &str, key: &Digest) {
        let name = fold(name.as_bytes());
        if self.index.by_name.get(&name).is_none_or(|(latest, _)| latest != key) {
            self.put(&[&b"N"[..], &key.0, &name.to_le_bytes()].concat());
        }
    }

    /// The key that `name` had at last, and the one before.
    pub fn keys_of(&self, name: &str) -> Option<(Digest, Option<Digest>)> {
        self.index.by_name.get(&fold(name.as_bytes())).copied()
    }

    /// What an action with this key was, with its latest trace.
    pub fn description(&mut self, key: &Digest) -> Option<(Description, Trace)> {
        let trace = *self.of(key).next()?;
        let reason = self.reasons.read(trace.reason)?;
        // A damaged log was begun anew: then another action's description may lie there.
        Some((Description::from_bytes(reason.strip_prefix(&key.0)?)?, trace))
    }

    /// Hands everything to the system.
    pub fn flush(&mut self) -> io::Result<()> {
        self.reasons.flush()?;
        self.log.flush()
    }

    fn put(&mut self, record: &[u8]) {
        self.log.append(record);
        self.index.take(record);
    }

    fn path_id(&mut self, path: &Arc<str>) -> u32 {
        if let Some(id) = self.index.path_ids.get(path) {
            return *id;
        }
        self.put(&[b"P", path.as_bytes()].concat());
        self.index.paths.len() as u32 - 1
    }

    fn set_id(&mut self, set: Vec<(u32, Digest)>) -> u32 {
        if let Some(id) = self.index.set_ids.get(&set) {
            return *id;
        }
        let mut record = vec![b'S'];
        for (path, digest) in &set {
            record.extend_from_slice(&path.to_le_bytes());
            record.extend_from_slice(&digest.0);
        }
        self.put(&record);
        self.index.sets.len() as u32 - 1
    }
}

/// Which sets of found inputs still hold, each looked at once in a build.
#[derive(Debug, Default)]
pub(super) struct Holds(HashMap<FoundSet, bool>);

impl Holds {
    /// The newest trace of a key whose found inputs all still hold.
    pub(super) fn trace(&mut self, traces: &Traces, files: &Files, key: &Digest) -> Option<Trace> {
        let mut holds = |set: FoundSet| {
            *self.0.entry(set).or_insert_with(|| {
                traces.found(set).iter().all(|(path, digest)| files.digest(path).is_ok_and(|now| now == *digest))
            })
        };
        traces.of(key).find(|trace| holds(trace.found)).copied()
    }
}

impl Index {
    /// Takes a record in; `None` if it makes no sense.
    fn take(&mut self, record: &[u8]) -> Option<()> {
        let (kind, rest) = record.split_first()?;
        match kind {
            b'P' => {
                let path: Arc<str> = std::str::from_utf8(rest).ok()?.into();
                self.path_ids.insert(path.clone(), self.paths.len() as u32);
                self.paths.push(path);
            }
            b'S' => {
                let pair = |pair: &[u8]| Some((u32_at(pair, 0)?, digest_at(pair, 4)?));
                let set: Vec<_> = rest.chunks(36).map(pair).collect::<Option<_>>()?;
                if set.iter().any(|(path, _)| *path as usize >= self.paths.len()) {
                    return None;
                }
                self.set_ids.insert(set.clone(), self.sets.len() as u32);
                self.sets.push(set);
            }
            b'T' => {
                let (key, trace) = decode_trace(rest)?;
                self.sets.get(trace.found.0 as usize)?;
                let before = self.by_key.insert(key, self.traces.len() as u32);
                self.traces.push(Linked { trace, before });
            }
            b'N' => {
                let (key, name) = (digest_at(rest, 0)?, u64_at(rest, 32)?);
                let latest = self.by_name.entry(name).or_insert((key, None));
                if latest.0 != key {
                    *latest = (key, Some(latest.0));
                }
            }
            _ => return None,
        }
        Some(())
    }
}

fn encode_trace(key: &Digest, trace: &Trace) -> Vec<u8> {
    let mut record = Vec::with_capacity(90);
    record.push(b'T');
    record.extend_from_slice(&key.0);
    record.extend_from_slice(&trace.output.0);
    record.extend_from_slice(&trace.size.to_le_bytes());
    record.extend_from_slice(&trace.micros.to_le_bytes());
    record.extend_from_slice(&trace.found.0.to_le_bytes());
    record.extend_from_slice(&trace.reason.to_le_bytes());
    record.push(trace.kept.into());
    record
}

fn decode_trace(bytes: &[u8]) -> Option<(Digest, Trace)> {
    let trace = Trace {
        output: digest_at(bytes, 32)?,
        size: u64_at(bytes, 64)?,
        micros: u32_at(bytes, 72)?,
        found: FoundSet(u32_at(bytes, 76)?),
        reason: u64_at(bytes, 80)?,
        kept: *bytes.get(88)? != 0,
    };
    Some((digest_at(bytes, 0)?, trace))
}

fn digest_at(bytes: &[u8], at: usize) -> Option<Digest> {
    bytes.get(at..)?.first_chunk().copied().map(Digest)
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().copied().map(u32::from_le_bytes)
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    bytes.get(at..)?.first_chunk().copied().map(u64::from_le_bytes)
}
