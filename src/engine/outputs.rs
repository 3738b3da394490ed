//! The assets that softbox wrote, and the care with which it writes, puts right and removes them.
//!
//! Survives: SIGKILL at any moment. A write is announced in the journal, made without a name or under another one, and then gets its name, so
//! that no torn file is ever seen and what was written is known even if the build never ends. A file that somebody else put or changed there is moved
//! to `.softbox/replaced/`, never lost. An asset that takes the place of an older one changes names with it, where the system can do that, and
//! the older one is removed once a second look shows that it still was softbox's.
//!
//! Does not survive a power cut: assets are not synced, since each can be made again. One may then be empty, cut short or as it was before. Its
//! stat is not that of its record, then, where a file system writes a size down after the bytes (ext4, XFS, Btrfs, APFS), and the next
//! build reads it and puts it right; what lay there is in `.softbox/replaced/`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use super::files::{Files, Record};
use super::log::Log;
use super::records::Records;
use super::stat::{Kind, Stat, fstat, lstat, now};
use super::state::Snapshot;
use super::store::{Store, near};
use super::{Bytes, Change, Digest, EngineError};

const MAGIC: &[u8; 16] = b"softbox journal2";

/// What softbox wrote where, with the stat that the file had then.
#[derive(Debug)]
pub struct Outputs {
    pub records: Records,
    pub(super) journal: Journal,
    /// What a build that never ended announced to write, until it is compared with what is there.
    announced: BTreeMap<Arc<str>, Vec<Digest>>,
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
    fn announce<'a>(&self, writes: impl IntoIterator<Item = (&'a Digest, &'a str)>) -> io::Result<()> {
        let mut log = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (digest, path) in writes {
            log.append(&[&digest.0, path.as_bytes()].concat());
        }
        log.flush()
    }
}

impl Outputs {
    /// Takes up what an interrupted build announced.
    pub fn open(derived: &Path) -> io::Result<Outputs> {
        let mut announced: BTreeMap<Arc<str>, Vec<Digest>> = BTreeMap::new();
        let mut log = Log::open(&derived.join("journal"), MAGIC)?;
        log.scan(|record| {
            let (digest, path) = record.split_first_chunk()?;
            announced.entry(std::str::from_utf8(path).ok()?.into()).or_default().push(Digest(*digest));
            Some(())
        })?;
        Ok(Outputs { records: Records::default(), journal: Journal(Mutex::new(log)), announced })
    }

    /// Takes up what the last whole build wrote, and decides by the files themselves how far an interrupted one came after it.
    pub(super) fn recall(&mut self, files: &Files, state: Snapshot) {
        self.records = Records::new(state);
        for (path, written) in std::mem::take(&mut self.announced) {
            let _ = std::fs::remove_file(near(&files.path(&path))); // seldom there
            let before = self.records.get(&path).map(|record| record.digest);
            match Record::of_output(files, &path) {
                Some(now) if written.iter().chain(&before).any(|ours| *ours == now.digest) => {
                    self.records.set(&path, now);
                }
                _ => {
                    // Somebody else's file, or none. The stat says nothing: it is compared when it matters.
                    let digest = written.last().copied().unwrap_or(Digest::ABSENT);
                    self.records.set(&path, Record { stat: Stat::default(), at: 0, digest });
                }
            }
        }
    }

    /// Whether the journal has nothing that the state has not.
    pub fn is_settled(&self) -> bool {
        self.journal.0.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    /// After the state was saved.
    pub fn settle(&self) -> io::Result<()> {
        self.journal.0.lock().unwrap_or_else(PoisonError::into_inner).clear()
    }

    /// Whether the asset is what it should be, by its stat alone.
    pub fn vouches(&self, files: &Files, path: &str, digest: &Digest) -> bool {
        self.records.get(path).is_some_and(|record| record.digest == *digest && record.vouches_for_output(files, path))
    }

    /// Whether every asset has the bytes of its record, read where a stat cannot tell.
    pub(super) fn still_hold(&mut self, files: &Files) -> bool {
        let mut touched = Vec::new();
        for (path, record) in self.records.iter() {
            match record.still_holds(files, path) {
                Some(fresh) if fresh == record => {}
                Some(fresh) => touched.push((path.to_owned(), fresh)),
                None => return false,
            }
        }
        touched.iter().for_each(|(path, fresh)| self.records.set(path, *fresh));
        true
    }

    /// Records taken in the very tick of their writing cannot be trusted then. By now most can of those that a build made since `began`: a later
    /// change of the file would show in its stat, which the next build looks at.
    pub fn mature(&mut self, began: i64) {
        let at = now();
        let changed = self.records.changed();
        let fresh = changed.filter(|(_, record)| record.at >= began && !record.stat.is_settled(record.at));
        let settled = fresh.filter(|(_, record)| record.stat.is_settled(at));
        let settled: Vec<(String, Record)> =
            settled.map(|(path, record)| (path.to_owned(), Record { at, ..record })).collect();
        settled.into_iter().for_each(|(path, record)| self.records.set(&path, record));
    }

    /// Those that are not as they were written, or not there.
    pub(super) fn altered(&self, files: &Files) -> BTreeSet<String> {
        let altered = self.records.iter().filter(|(path, record)| record.still_holds(files, path).is_none());
        altered.map(|(path, _)| path.to_owned()).collect()
    }

    /// Removes assets that are no longer wanted: those that softbox wrote and nobody changed. Hands each to `tell` with whether it was removed.
    /// Asks `is_wanted` for one path after the other, sorted. One that cannot be removed is tried again with the next build; the first such error is told once all others are gone.
    pub fn remove_stale(
        &mut self,
        files: &Files,
        mut is_wanted: impl FnMut(&str) -> bool,
        mut tell: impl FnMut(&str, bool),
    ) -> Result<(), EngineError> {
        let stale = self.records.iter().filter(|(path, _)| !is_wanted(path));
        let stale: Vec<(String, Record)> = stale.map(|(path, record)| (path.to_owned(), record)).collect();
        let mut first_error = Ok(());
        for (path, record) in stale {
            let full = files.path(&path);
            if record.still_holds(files, &path).is_some() {
                match std::fs::remove_file(&full) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => {
                        first_error = first_error.and(Err(EngineError::Write { path, error }));
                        continue;
                    }
                    _ => tell(&path, true),
                }
                remove_empty_parents(&files.path(""), &full);
            } else if files.root().lstat(&path).is_ok_and(|there| there.is_some()) {
                tell(&path, false);
            }
            self.records.remove(&path);
        }
        first_error
    }
}

/// How an asset stands, by its stat alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// It has the bytes of its record.
    Right,
    Gone,
    Unsure,
}

impl Standing {
    /// How assets with records stand. Where a folder is gone, so is what was in it.
    pub(super) fn of<'a>(files: &Files, assets: impl Iterator<Item = (&'a str, &'a Record)>) -> Vec<Standing> {
        let (mut walk, mut gone) = (files.root().walk(), "");
        let standing = |(path, record): (&'a str, &Record)| {
            let folder = folder_of(path);
            if !gone.is_empty() && folder == gone {
                return Standing::Gone;
            }
            match walk.lstat(path) {
                Ok(None) => {
                    gone = if matches!(walk.lstat(folder), Ok(None)) { folder } else { "" };
                    Standing::Gone
                }
                Ok(there) if record.vouches_for_asset(there) => Standing::Right,
                _ => Standing::Unsure,
            }
        };
        assets.map(standing).collect()
    }
}

impl Record {
    /// Whether an asset's stat alone tells that it has the bytes of the record.
    pub(super) fn vouches_for_output(&self, files: &Files, path: &str) -> bool {
        files.root().lstat(path).is_ok_and(|there| self.vouches_for_asset(there))
    }

    /// As [`Record::vouches_for`]. A link is no asset.
    pub(super) fn vouches_for_asset(&self, there: Option<(Kind, Stat)>) -> bool {
        there.is_some_and(|(kind, stat)| kind == Kind::File && self.vouches_for(Some(stat)))
    }

    /// Whether an asset still has the bytes of the record, read if its stat cannot tell. A fresh record where it has.
    pub(super) fn still_holds(&self, files: &Files, path: &str) -> Option<Record> {
        if self.vouches_for_output(files, path) {
            return Some(*self);
        }
        Record::of_output(files, path).filter(|now| now.digest == self.digest)
    }

    /// What a file under the path of an asset holds; `None` where there is none, or where it is being written.
    fn of_output(files: &Files, path: &str) -> Option<Record> {
        let at = now();
        let (Kind::File, stat) = files.root().lstat(path).ok()?? else { return None };
        let digest = Digest::of(&std::fs::read(files.path(path)).ok()?);
        let after = files.root().lstat(path).ok()??;
        (after == (Kind::File, stat)).then_some(Record { stat, at, digest })
    }
}

/// Where assets are written, and how.
#[derive(Debug, Clone, Copy)]
pub(super) struct Publisher<'a> {
    pub files: &'a Files,
    pub store: &'a Store,
    pub journal: &'a Journal,
}

/// Where an asset stood when the build began.
#[derive(Debug, Default)]
pub(super) struct Was {
    /// What softbox wrote there last.
    pub record: Option<Record>,
    /// Nothing was there, as far as anybody looked.
    pub is_gone: bool,
}

/// What is seen to once for assets that are written one after the other.
#[derive(Debug, Default)]
pub(super) struct Batch<'a> {
    /// The journal has their writes.
    announced: bool,
    /// The last one that is no link.
    folder: &'a str,
}

impl Publisher<'_> {
    /// Announces writes at once. What of it then is not written does no harm.
    pub(super) fn announce<'a>(&self, writes: impl IntoIterator<Item = (&'a Digest, &'a str)>) -> Batch<'static> {
        // Where the journal cannot be written, each asset tells that on its own.
        Batch { announced: self.journal.announce(writes).is_ok(), ..Batch::default() }
    }

    fn announce_unless(&self, batch: &Batch<'_>, digest: &Digest, path: &str) -> io::Result<()> {
        if batch.announced { Ok(()) } else { self.journal.announce([(digest, path)]) }
    }

    /// The folder of all assets may be a link, which somebody made for that. One below it could point at anything of theirs.
    fn refuse_linked_folder<'a>(&self, path: &'a str, batch: &mut Batch<'a>) -> Result<(), EngineError> {
        let folder = folder_of(path);
        if folder == batch.folder {
            return Ok(());
        }
        let folders = path.match_indices('/').skip(1).map(|(at, _)| &path[..at]);
        for folder in folders {
            if matches!(self.files.root().lstat(folder), Ok(Some((Kind::Link, _)))) {
                return Err(EngineError::Escapes { path: folder.to_owned() });
            }
        }
        batch.folder = folder;
        Ok(())
    }

    /// Gives a path the bytes of `digest`, whatever is there now. `bytes` is asked only if they have to be written, and tells whether the
    /// store has them, too; `None` if they cannot be had, then nothing was changed.
    pub(super) fn publish<'a>(
        &self,
        path: &'a str,
        was: &Was,
        digest: Digest,
        batch: &mut Batch<'a>,
        bytes: impl FnOnce() -> Option<(Bytes, bool)>,
    ) -> Result<Option<Published>, EngineError> {
        self.refuse_linked_folder(path, batch)?;
        if !was.is_gone {
            return self.replace(path, was.record, digest, batch, bytes);
        }
        let Some((bytes, stored)) = bytes() else { return Ok(None) };
        if !self.store.may_share(&bytes, stored) {
            let fault = |error| EngineError::Write { path: path.to_owned(), error };
            self.announce_unless(batch, &digest, path).map_err(fault)?;
            if let Ok(file) = self.files.root().write_new(path, &bytes) {
                return written(path, was.record, digest, &file, None).map(Some);
            }
            // Something came there since the build began, or that file system cannot do it.
        }
        self.replace(path, was.record, digest, batch, || Some((bytes, stored)))
    }

    /// As [`Publisher::publish`], where something may be.
    fn replace(
        &self,
        path: &str,
        known: Option<Record>,
        digest: Digest,
        batch: &Batch<'_>,
        bytes: impl FnOnce() -> Option<(Bytes, bool)>,
    ) -> Result<Option<Published>, EngineError> {
        let fault = |error| EngineError::Write { path: path.to_owned(), error };
        let there = self.files.root().lstat(path).map_err(fault)?;
        if matches!(there, Some((Kind::Folder, _))) {
            return Err(EngineError::Folder { path: path.to_owned() });
        }
        let record = match (there, known) {
            (None, _) => None,
            (_, Some(record)) if record.vouches_for_asset(there) => Some(record),
            _ => Record::of_output(self.files, path),
        };
        if let Some(record) = record.filter(|record| record.digest == digest) {
            if known.is_none_or(|known| known.digest != digest) {
                self.journal.announce([(&digest, path)]).map_err(fault)?;
            }
            return Ok(Some(Published { record, change: None, set_aside: None }));
        }
        let Some((bytes, stored)) = bytes() else { return Ok(None) };
        let ours = record.filter(|record| known.is_some_and(|known| known.digest == record.digest));
        let mut set_aside = match there {
            Some(_) if ours.is_none() => Some(self.set_aside(&self.files.path(path), path)?),
            _ => None,
        };
        self.announce_unless(batch, &digest, path).map_err(fault)?;
        let full = self.files.path(path);
        let beside = self.store.prepare(&digest, &bytes, stored).map_err(fault)?;
        let file = match ours {
            Some(ours) => {
                let (file, old) = self.store.exchange(beside, &full).map_err(fault)?;
                if let Some(old) = old {
                    set_aside = self.discard(&old, &ours, path)?;
                }
                file
            }
            None => self.store.place(beside, &full).map_err(fault)?,
        };
        written(path, known, digest, &file, set_aside).map(Some)
    }

    /// Removes what an asset took the place of, unless somebody saved something there since it was looked at; tells where that is kept.
    fn discard(&self, old: &Path, record: &Record, path: &str) -> Result<Option<String>, EngineError> {
        let fault = |error| EngineError::Write { path: path.to_owned(), error };
        let is_ours = matches!(lstat(old).map_err(fault)?, Some((Kind::File, stat)) if stat.is_renamed(&record.stat));
        if !is_ours {
            return self.set_aside(old, path).map(Some);
        }
        std::fs::remove_file(old).map_err(fault)?;
        Ok(None)
    }

    /// Moves somebody else's file out of the way and tells where it is now.
    fn set_aside(&self, file: &Path, path: &str) -> Result<String, EngineError> {
        let kept = self.store.set_aside(file, path);
        let kept = kept.map_err(|error| EngineError::Write { path: path.to_owned(), error })?;
        Ok(kept.strip_prefix(self.files.path("")).unwrap_or(&kept).to_string_lossy().into_owned())
    }
}

/// What came of writing a file that has its place now.
fn written(
    path: &str,
    known: Option<Record>,
    digest: Digest,
    file: &File,
    set_aside: Option<String>,
) -> Result<Published, EngineError> {
    let stat = fstat(file).map_err(|error| EngineError::Write { path: path.to_owned(), error })?;
    let change = match known {
        None => Change::New,
        Some(known) if known.digest == digest => Change::Restored,
        Some(_) => Change::Changed,
    };
    Ok(Published { record: Record { stat, at: now(), digest }, change: Some(change), set_aside })
}

/// The folder of an asset; empty for the campaign's own.
fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
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

#[cfg(test)]
mod tests {
    use super::*;

    const PATH: &str = "dist/a.jpg";

    /// Whether a build removes what lies at a path that nothing makes any more, after an earlier one, which had written `old`, announced some
    /// things and was killed when the file held `there`.
    fn removed(announced: &[&str], there: &str) -> bool {
        let folder = tempfile::tempdir().unwrap();
        let derived = folder.path().join(".softbox");
        std::fs::create_dir_all(&derived).unwrap();
        std::fs::create_dir_all(folder.path().join("dist")).unwrap();
        std::fs::write(folder.path().join(PATH), there).unwrap();
        // Left beside by a copy to another file system that was cut short.
        let beside = near(&folder.path().join(PATH));
        std::fs::write(&beside, "half").unwrap();
        let before = Outputs::open(&derived).unwrap();
        for text in announced {
            before.journal.announce([(&Digest::of(text.as_bytes()), PATH)]).unwrap();
        }
        let files = Files::open(folder.path()).unwrap();
        let old = Record { digest: Digest::of(b"old"), ..Record::default() };
        let state = Snapshot::new([].into_iter(), [].into_iter(), [(PATH, old)].into_iter());
        let mut after = Outputs::open(&derived).unwrap();
        assert_eq!(after.is_settled(), announced.is_empty());
        after.recall(&files, state);
        assert_eq!(beside.exists(), announced.is_empty());
        after.remove_stale(&files, |_| false, |_, _| {}).unwrap();
        !folder.path().join(PATH).exists()
    }

    #[test]
    fn wherever_a_build_was_killed_the_file_is_known_for_softboxs_own_and_can_be_removed() {
        for announced in [&[][..], &["new"], &["new", "newer"]] {
            let possible = announced.iter().copied().chain(["old"]);
            for there in possible {
                assert!(removed(announced, there), "{announced:?}, {there} is there");
            }
        }
    }

    #[test]
    fn somebody_elses_file_is_not_removed_however_a_build_was_killed() {
        for announced in [&[][..], &["new"], &["new", "newer"]] {
            assert!(!removed(announced, "theirs"), "{announced:?}");
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn what_somebody_saves_at_the_moment_when_an_asset_is_replaced_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let (files, store) = (Files::open(folder.path()).unwrap(), Store::open(folder.path()).unwrap());
        let outputs = Outputs::open(folder.path()).unwrap();
        let publisher = Publisher { files: &files, store: &store, journal: &outputs.journal };
        let full = folder.path().join(PATH);
        let saved_whole = || {
            std::fs::write(folder.path().join("theirs"), "what they saved").unwrap();
            std::fs::rename(folder.path().join("theirs"), &full).unwrap();
        };
        let saved_in_place = || std::fs::write(&full, "what they saved").unwrap();
        let publish = |text: &str, record: Option<Record>, meanwhile: &dyn Fn()| {
            let bytes = || {
                meanwhile();
                Some((Bytes::new(text.as_bytes().to_vec()), false))
            };
            let was = Was { record, is_gone: record.is_none() };
            publisher.publish(PATH, &was, Digest::of(text.as_bytes()), &mut Batch::default(), bytes).unwrap().unwrap()
        };
        std::fs::create_dir_all(folder.path().join("dist")).unwrap();
        let old = publish("old", None, &saved_whole);
        let new = publish("new", Some(old.record), &|| {});
        assert_eq!(new.set_aside, None);
        let newer = publish("newer", Some(new.record), &saved_whole);
        let newest = publish("newest", Some(newer.record), &saved_in_place);
        assert_eq!(std::fs::read_to_string(&full).unwrap(), "newest");
        for kept in [old, newer, newest].map(|published| published.set_aside.unwrap()) {
            assert_eq!(std::fs::read_to_string(folder.path().join(kept)).unwrap(), "what they saved");
        }
        assert_eq!(std::fs::read_dir(folder.path().join("tmp")).unwrap().count(), 0);
    }

    #[test]
    fn a_record_is_trusted_once_the_clock_of_files_has_moved_on_and_only_those_of_this_build() {
        let folder = tempfile::tempdir().unwrap();
        let mut outputs = Outputs::open(folder.path()).unwrap();
        let began = now() - 5_000_000_000;
        let [early, late] = [began + 1, now() + 60_000_000_000];
        let record = |touched: i64, at: i64| {
            let stat = Stat { mtime: touched, ctime: touched, ..Stat::default() };
            Record { stat, at, digest: Digest::of(b"text") }
        };
        let records = [("early", early, early), ("late", late, late), ("before", began - 9, began - 9)];
        for (path, touched, at) in records {
            outputs.records.set(path, record(touched, at));
        }
        outputs.mature(began);
        let is_trusted = |path: &str| {
            let record = outputs.records.get(path).unwrap();
            record.vouches_for(Some(record.stat))
        };
        assert_eq!(["early", "late", "before"].map(is_trusted), [true, false, false]);
    }

    #[test]
    fn an_asset_is_no_more_settled_than_the_moment_when_it_was_written_tells() {
        let folder = tempfile::tempdir().unwrap();
        let (files, store) = (Files::open(folder.path()).unwrap(), Store::open(folder.path()).unwrap());
        let outputs = Outputs::open(folder.path()).unwrap();
        let publisher = Publisher { files: &files, store: &store, journal: &outputs.journal };
        let bytes = || Some((Bytes::new(b"new".to_vec()), false));
        let published = publisher
            .publish(PATH, &Was::default(), Digest::of(b"new"), &mut Batch::default(), bytes)
            .unwrap()
            .unwrap();
        assert!(published.record.at <= now());
        assert!(!outputs.is_settled());
    }
}
