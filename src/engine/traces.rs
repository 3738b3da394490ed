//! Traces: what every action read and made, under its key, kept for good so that going back to an earlier text costs nothing.

use std::collections::HashMap;
use std::io;
use std::path::Path;
use std::sync::Arc;

use super::digest::DigestMap;
use super::log::Log;
use super::schedule::Ran;
use super::{Description, Digest};

const TRACES: &[u8; 16] = b"softbox traces1\n";
const REASONS: &[u8; 16] = b"softbox reasons1";

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
    reasons: Log,
    index: Index,
}

#[derive(Debug, Default)]
struct Index {
    by_key: DigestMap<Digest, Vec<Trace>>,
    /// The last two keys of every named action: the present one and the one before.
    by_name: HashMap<Box<str>, (Digest, Option<Digest>)>,
    paths: Vec<Arc<str>>,
    path_ids: HashMap<Arc<str>, u32>,
    sets: Vec<Vec<(u32, Digest)>>,
    set_ids: HashMap<Vec<(u32, Digest)>, u32>,
}

impl Traces {
    pub fn open(derived: &Path) -> io::Result<Traces> {
        let mut index = Index::default();
        let log = Log::open(&derived.join("traces"), TRACES, |_, record| {
            index.take(record);
        })?;
        let reasons = Log::open(&derived.join("reasons"), REASONS, |_, _| {})?;
        Ok(Traces { log, reasons, index })
    }

    /// All traces of a key, the newest last.
    pub fn of(&self, key: &Digest) -> &[Trace] {
        self.index.by_key.get(key).map_or(&[], Vec::as_slice)
    }

    /// What a set of found inputs held.
    pub fn found(&self, set: FoundSet) -> Found {
        let set = self.index.sets.get(set.0 as usize).map_or(&[][..], Vec::as_slice);
        set.iter().filter_map(|(path, digest)| Some((self.index.paths.get(*path as usize)?.clone(), *digest))).collect()
    }

    /// Keeps what a run read and made.
    pub(super) fn add(&mut self, ran: &Ran, description: &Description) -> io::Result<()> {
        let mut set = Vec::with_capacity(ran.found.len());
        for (path, digest) in &ran.found {
            set.push((self.path_id(path)?, *digest));
        }
        let trace = Trace {
            output: ran.output,
            size: ran.bytes.len() as u64,
            kept: ran.keep,
            micros: u32::try_from(ran.took.as_micros()).unwrap_or(u32::MAX),
            found: FoundSet(self.set_id(set)?),
            reason: self.reasons.append(&description.to_bytes())?,
        };
        self.put(&encode_trace(&ran.key, &trace))
    }

    /// Remembers that `name` now has this key.
    pub fn name(&mut self, name: &str, key: &Digest) -> io::Result<()> {
        if self.index.by_name.get(name).is_some_and(|(latest, _)| latest == key) {
            return Ok(());
        }
        let mut record = vec![b'N'];
        record.extend_from_slice(&key.0);
        record.extend_from_slice(name.as_bytes());
        self.put(&record)
    }

    /// The key that `name` had at last, and the one before.
    pub fn keys_of(&self, name: &str) -> Option<(Digest, Option<Digest>)> {
        self.index.by_name.get(name).copied()
    }

    /// What an action with this key was, with its latest trace.
    pub fn description(&mut self, key: &Digest) -> Option<(Description, Trace)> {
        let trace = *self.index.by_key.get(key)?.last()?;
        Some((Description::from_bytes(&self.reasons.read(trace.reason)?)?, trace))
    }

    /// Hands everything to the system.
    pub fn flush(&mut self) -> io::Result<()> {
        self.reasons.flush()?;
        self.log.flush()
    }

    fn put(&mut self, record: &[u8]) -> io::Result<()> {
        self.log.append(record)?;
        self.index.take(record);
        Ok(())
    }

    fn path_id(&mut self, path: &Arc<str>) -> io::Result<u32> {
        if let Some(id) = self.index.path_ids.get(path) {
            return Ok(*id);
        }
        self.put(&[b"P", path.as_bytes()].concat())?;
        Ok(self.index.paths.len() as u32 - 1)
    }

    fn set_id(&mut self, set: Vec<(u32, Digest)>) -> io::Result<u32> {
        if let Some(id) = self.index.set_ids.get(&set) {
            return Ok(*id);
        }
        let mut record = vec![b'S'];
        for (path, digest) in &set {
            record.extend_from_slice(&path.to_le_bytes());
            record.extend_from_slice(&digest.0);
        }
        self.put(&record)?;
        Ok(self.index.sets.len() as u32 - 1)
    }
}

impl Index {
    /// Takes a record in; one that makes no sense is passed over, which costs a run at most.
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
                self.set_ids.insert(set.clone(), self.sets.len() as u32);
                self.sets.push(set);
            }
            b'T' => {
                let (key, trace) = decode_trace(rest)?;
                self.by_key.entry(key).or_default().push(trace);
            }
            b'N' => {
                let (key, name) = (digest_at(rest, 0)?, std::str::from_utf8(rest.get(32..)?).ok()?);
                let before = self.by_name.get(name).map(|(latest, _)| *latest);
                self.by_name.insert(name.into(), (key, before));
            }
            _ => {}
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
