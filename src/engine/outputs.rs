//! The assets that softbox wrote, and the care with which it writes, puts right and removes them.
//!
//! Survives: SIGKILL at any moment. A write is announced in the journal, made under another name and renamed, so that no torn file is
//! ever seen and what was written is known even if the build never ends. A file that somebody else put or changed there is moved
//! to `.softbox/replaced/`, never lost.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use super::files::{Files, Record};
use super::log::Log;
use super::stat::{Kind, Stat, now};
use super::store::Store;
use super::{Bytes, Change, Digest, EngineError};

const MAGIC: &[u8; 16] = b"softbox journal1";

/// What softbox wrote where, with the stat that the file had then.
#[derive(Debug)]
pub struct Outputs {
    pub records: BTreeMap<Arc<str>, Record>,
    journal: Journal,
}

/// Announces writes before they happen. Shared with the workers.
#[derive(Debug)]
pub struct Journal(Mutex<Log>);

/// What publishing an asset did.
#[derive(Debug)]
pub struct Published {
    pub record: Record,
    /// `None` where the file had these bytes already.
    pub change: Option<Change>,
    /// Where the file that was in the way is kept now.
    pub set_aside: Option<String>,
}

impl Journal {
    fn announce(&self, kind: u8, digest: &Digest, path: &str) -> io::Result<()> {
        let mut log = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        log.append(&[&[kind][..], &digest.0, path.as_bytes()].concat())?;
        log.flush()
    }
}

impl Outputs {
    /// Takes up what the last whole build wrote (`records`), and what an interrupted one announced since.
    pub fn open(derived: &Path, mut records: BTreeMap<Arc<str>, Record>) -> io::Result<Outputs> {
        let log = Log::open(&derived.join("journal"), MAGIC, |_, record| {
            let Some((head, path)) = record.split_at_checked(33) else { return };
            let (Some(digest), Ok(path)) = (head[1..].first_chunk(), std::str::from_utf8(path)) else { return };
            match head[0] {
                b'W' => {
                    // The stat is not known: the file is read when it matters.
                    records.insert(path.into(), Record { stat: Stat::default(), at: 0, digest: Digest(*digest) });
                }
                _ => {
                    records.remove(path);
                }
            }
        })?;
        Ok(Outputs { records, journal: Journal(Mutex::new(log)) })
    }

    pub fn journal(&self) -> &Journal {
        &self.journal
    }

    /// Whether the journal has anything that the state has not.
    pub fn is_settled(&self) -> bool {
        self.journal.0.lock().unwrap_or_else(PoisonError::into_inner).end() <= MAGIC.len() as u64
    }

    /// After the state was saved.
    pub fn settle(&self) -> io::Result<()> {
        self.journal.0.lock().unwrap_or_else(PoisonError::into_inner).clear(MAGIC)
    }

    /// Whether the asset still is what softbox wrote, by its stat alone.
    pub fn vouches(&self, files: &Files, path: &str, digest: &Digest) -> bool {
        self.records.get(path).is_some_and(|record| {
            record.digest == *digest && record.vouches_for(files.root().stat(path).ok().flatten().map(|(_, stat)| stat))
        })
    }

    /// Whether the file still has the bytes that softbox gave it, read if its stat cannot tell. A fresh record where it has.
    pub fn still_ours(files: &Files, path: &str, record: &Record) -> Option<Record> {
        let (Kind::File, stat) = files.root().lstat(path).ok()?? else { return None };
        if record.vouches_for(Some(stat)) {
            return Some(*record);
        }
        let at = now();
        let digest = Digest::of(&std::fs::read(files.path(path)).ok()?);
        let after = files.root().lstat(path).ok()??.1;
        (digest == record.digest && after == stat).then_some(Record { stat, at, digest })
    }

    /// Records taken in the very tick of their writing cannot be trusted later; by now most can: same stat, later moment.
    pub fn mature(&mut self, files: &Files) {
        for (path, record) in &mut self.records {
            if !record.stat.is_settled(record.at) {
                let at = now();
                if files.root().lstat(path).ok().flatten().is_some_and(|(_, stat)| stat == record.stat) {
                    record.at = at;
                }
            }
        }
    }

    /// Removes assets that are no longer in the plan: those that softbox wrote and nobody changed. Hands each to `tell` with whether it was removed.
    pub fn remove_stale(
        &mut self,
        files: &Files,
        wanted: &BTreeSet<&str>,
        mut tell: impl FnMut(&str, bool),
    ) -> Result<(), EngineError> {
        let stale: Vec<Arc<str>> =
            self.records.keys().filter(|path| !wanted.contains(path.as_ref())).cloned().collect();
        for path in stale {
            let fault = |error| EngineError::Write { path: path.to_string(), error };
            let record = self.records[&path];
            let full = files.path(&path);
            if Outputs::still_ours(files, &path, &record).is_some() {
                self.journal.announce(b'R', &record.digest, &path).map_err(fault)?;
                std::fs::remove_file(&full).map_err(fault)?;
                remove_empty_parents(&files.path(""), &full);
                tell(&path, true);
            } else if full.exists() {
                tell(&path, false);
            }
            self.records.remove(&path);
        }
        Ok(())
    }
}

/// Gives a path the bytes of an asset, whatever is there now.
pub fn publish(
    files: &Files,
    store: &Store,
    journal: &Journal,
    path: &str,
    known: Option<&Record>,
    digest: Digest,
    bytes: &Bytes,
) -> Result<Published, EngineError> {
    let fault = |error| EngineError::Write { path: path.to_owned(), error };
    let full = files.path(path);
    let mut set_aside = None;
    let change = match files.root().lstat(path).map_err(fault)? {
        None if known.is_some() => Change::Restored,
        None => Change::New,
        Some((Kind::Folder, _)) => return Err(EngineError::Folder { path: path.to_owned() }),
        Some(_) => {
            let wanted = Record { stat: Stat::default(), at: 0, digest };
            if let Some(record) = Outputs::still_ours(files, path, &wanted) {
                journal.announce(b'W', &digest, path).map_err(fault)?;
                return Ok(Published { record, change: None, set_aside });
            }
            if known.is_some_and(|record| Outputs::still_ours(files, path, record).is_some()) {
                Change::Changed
            } else {
                let kept = store.set_aside(&full, path).map_err(fault)?;
                set_aside = Some(kept.strip_prefix(files.path("")).unwrap_or(&kept).to_string_lossy().into_owned());
                Change::Restored
            }
        }
    };
    journal.announce(b'W', &digest, path).map_err(fault)?;
    store.publish(&digest, bytes, &full).map_err(fault)?;
    let stat = files.root().lstat(path).map_err(fault)?.map_or(Stat::default(), |(_, stat)| stat);
    Ok(Published { record: Record { stat, at: now(), digest }, change: Some(change), set_aside })
}

fn remove_empty_parents(root: &Path, file: &Path) {
    let mut folder = file.parent();
    while let Some(path) = folder.filter(|path| *path != root && path.starts_with(root)) {
        if std::fs::remove_dir(path).is_err() {
            return; // not empty
        }
        folder = path.parent();
    }
}
