//! The campaign's files and folders as a build sees them: each looked at once, hashed only when its stat cannot vouch for it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::fold::FoldMap;
use super::root::Root;
use super::stat::{Kind, Stat, look_at, now};
use super::state::{Snapshot, Table};
use super::{Bytes, DERIVED, Digest, EngineError};

/// What was last known of a path. The default: there is nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Record {
    pub stat: Stat,
    /// When its digest was taken, in nanoseconds since 1970.
    pub at: i64,
    /// Of a file's bytes, or of a folder's listing; [`Digest::ABSENT`] where there was nothing.
    pub digest: Digest,
}

impl Record {
    /// Whether the digest still holds for what is there now.
    pub fn vouches_for(&self, now: Option<Stat>) -> bool {
        match now {
            None => self.digest == Digest::ABSENT,
            Some(stat) => self.digest != Digest::ABSENT && self.stat == stat && self.stat.is_settled(self.at),
        }
    }
}

/// One path's record, and what this build did with it.
#[derive(Debug, Clone)]
struct Entry {
    record: Record,
    /// It is as the record says, as far as this build is concerned.
    looked: bool,
    /// This build asked for it: what nobody asks for any more is forgotten.
    used: bool,
    /// The plan of this build asked for it, before any action did.
    planned: bool,
    /// How often this build read it.
    reads: u8,
    /// Kept while the build goes on, where they are few or were read often: fonts and stylesheets serve many assets.
    bytes: Option<Bytes>,
}

/// Files up to this size are kept in memory once something asked for their bytes, up to [`KEPT_IN_ALL`].
const KEPT_AT_ONCE: usize = 64 << 10;
/// Up to this size once it was read [`OFTEN`]: fonts are, photos are not.
const KEPT_EACH: usize = 16 << 20;
const KEPT_IN_ALL: usize = 128 << 20;
const OFTEN: u8 = 4;
/// So many files are not worth starting threads for.
const FEW: usize = 16;
/// How often a file that changes while it is read is read again.
const TRIES: usize = 8;

/// All that a build reads, by path relative to the campaign.
#[derive(Debug)]
pub struct Files {
    folder: PathBuf,
    root: Root,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    files: FoldMap<Arc<str>, Entry>,
    folders: FoldMap<Arc<str>, Entry>,
    /// Folders that were found to lie inside the campaign, links resolved.
    inside: BTreeSet<PathBuf>,
    /// Folders at the top of the campaign that hold assets, such as `dist/`: softbox makes and removes them itself.
    made: BTreeSet<String>,
    /// The names in folders as the last build listed them, each until it is asked for.
    listings: FoldMap<Arc<str>, Vec<String>>,
    /// The names at the top of the campaign when they were listed last.
    top: Vec<String>,
    kept: usize,
    /// Set when a file turned out to be another than this build had seen before, and when one could not be read.
    unsteady: bool,
}

impl Files {
    pub fn open(folder: &Path) -> std::io::Result<Files> {
        let folder = folder.canonicalize()?;
        Ok(Files { root: Root::open(&folder)?, folder, inner: Mutex::default() })
    }

    pub(super) fn root(&self) -> &Root {
        &self.root
    }

    pub(super) fn path(&self, path: &str) -> PathBuf {
        self.folder.join(path)
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        // Entries are replaced whole, so a panic elsewhere leaves none half written.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes over what an earlier build knew; `looked` where this build has found it unchanged already.
    pub(super) fn restore(&self, files: Vec<(Arc<str>, Record, bool)>, folders: Vec<(Arc<str>, Record, bool)>) {
        let entry = |(path, record, looked)| {
            (path, Entry { record, looked, used: false, planned: false, reads: 0, bytes: None })
        };
        let mut inner = self.inner();
        inner.files = files.into_iter().map(entry).collect();
        inner.folders = folders.into_iter().map(entry).collect();
    }

    /// Takes over the listings of the last build: those that are just files that it looked at, and that still are files. A stat that is no other
    /// one says so, too; a folder's own stat says nothing of what a link in it leads to.
    pub(super) fn restore_listings(&self, state: &Snapshot, vouched: &[bool]) {
        let is_file = |path: &str| matches!(self.root.lstat(path), Ok(Some((Kind::File, _))));
        let listing = |(folder, record): (&str, Record)| {
            let below = state.below(Table::Files, &format!("{folder}/"));
            let files = state.some(Table::Files, below.clone()).zip(&vouched[below]);
            let names = files.filter(|((_, record), _)| !record.digest.is_absent()).map(|((path, _), vouched)| {
                let name = &path[folder.len() + 1..];
                (!name.contains('/') && (*vouched || is_file(path))).then(|| name.to_owned())
            });
            let names = names.collect::<Option<Vec<String>>>()?;
            (digest_of_names(&names, &BTreeSet::new()) == record.digest).then(|| (folder.into(), names))
        };
        let folders = state.entries(Table::Folders).filter(|(folder, _)| !folder.is_empty());
        self.inner().listings = folders.filter_map(listing).collect();
    }

    /// Tells in which folders at the top assets lie, so that a listing of the campaign itself is no other one because of them.
    pub(super) fn assets_in<'a>(&self, tops: impl IntoIterator<Item = &'a str>) {
        let mut guard = self.inner();
        let Inner { made, top, folders, .. } = &mut *guard;
        let before = made.len();
        let as_listed = digest_of_names(top, made);
        made.extend(tops.into_iter().map(str::to_owned));
        // A campaign that lost its `.softbox/` is listed before anybody knows which of its folders hold assets.
        if made.len() > before
            && let Some(root) = folders.get_mut("").filter(|root| root.record.digest == as_listed)
        {
            root.record.digest = digest_of_names(top, made);
        }
    }

    /// Forgets what this build has looked at: the next one looks again.
    pub(super) fn forget_looks(&self) {
        let mut guard = self.inner();
        let Inner { files, folders, inside, listings, kept, unsteady, .. } = &mut *guard;
        for entry in files.values_mut().chain(folders.values_mut()) {
            (entry.looked, entry.used, entry.reads, entry.bytes) = (false, false, 0, None);
        }
        *kept = 0;
        *unsteady = false;
        inside.clear();
        listings.clear();
    }

    /// Whatever was asked for until now, the plan asked for.
    pub(super) fn plan_ends(&self) {
        let mut guard = self.inner();
        let Inner { files, folders, .. } = &mut *guard;
        files.values_mut().chain(folders.values_mut()).for_each(|entry| entry.planned = entry.used);
    }

    /// Whether everything that the plan asked for is as it was; then this build counts as having asked for it.
    pub(super) fn plan_holds(&self) -> bool {
        let planned = |map: &FoldMap<Arc<str>, Entry>| -> Vec<(Arc<str>, Record)> {
            let planned = map.iter().filter(|(_, entry)| entry.planned);
            planned.map(|(path, entry)| (path.clone(), entry.record)).collect()
        };
        let files = planned(&self.inner().files);
        let folders = planned(&self.inner().folders);
        files.iter().all(|(path, record)| self.look(path, true).is_ok_and(|now| now == record.digest))
            && folders.iter().all(|(path, record)| {
                let holds = self.folder_vouched(path, record) || self.folder_holds(path, record);
                self.inner().folders.get_mut(path).into_iter().for_each(|entry| entry.used = true);
                holds
            })
    }

    /// Whether every file kept the bytes that this build saw first.
    pub(super) fn is_steady(&self) -> bool {
        !self.inner().unsteady
    }

    /// The build mixes two states of the campaign, or does not know all of one: the next has to look at everything again.
    pub(super) fn set_unsteady(&self) {
        self.inner().unsteady = true;
    }

    /// What is known of files and of folders, by path: all of it, or only what this build asked for.
    #[allow(clippy::type_complexity)]
    pub(super) fn known(&self, only_used: bool) -> (Vec<(Arc<str>, Record)>, Vec<(Arc<str>, Record)>) {
        let inner = self.inner();
        let list = |map: &FoldMap<Arc<str>, Entry>| {
            let mut list: Vec<_> = map
                .iter()
                .filter(|(_, entry)| entry.used || !only_used)
                .map(|(path, entry)| (path.clone(), entry.record))
                .collect();
            list.sort_unstable_by(|a, b| a.0.cmp(&b.0));
            list
        };
        (list(&inner.files), list(&inner.folders))
    }

    /// Puts what is known into a state that has the same paths; false where it has others. As [`Files::known`], all or what was asked for.
    pub(super) fn update(&self, state: &mut Snapshot, only_used: bool) -> bool {
        let inner = self.inner();
        let mut update = |map: &FoldMap<Arc<str>, Entry>, table: Table| {
            let known = map.values().filter(|entry| entry.used || !only_used).count();
            known == state.count(table)
                && (0..known).all(|index| {
                    let entry = state.path(table, index).and_then(|path| map.get(path));
                    entry.filter(|entry| entry.used || !only_used).is_some_and(|entry| {
                        state.set_record(table, index, &entry.record);
                        true
                    })
                })
        };
        update(&inner.files, Table::Files) && update(&inner.folders, Table::Folders)
    }

    /// Looks at many files at once, on all processors. Errors are told when a file is asked for.
    pub(super) fn look_at_all(&self, paths: &[&Arc<str>]) {
        let missing: Vec<&Arc<str>> = {
            let inner = self.inner();
            paths.iter().copied().filter(|path| !inner.files.get(*path).is_some_and(|entry| entry.looked)).collect()
        };
        look_at(&missing, FEW, |path| drop(self.look(path, false)))
    }

    /// The digest of a file's bytes, [`Digest::ABSENT`] where there is none.
    pub fn digest(&self, path: &str) -> Result<Digest, EngineError> {
        self.noted(self.look(path, true))
    }

    /// Nothing is known of what could not be read, so a build that asked for it has to ask again.
    fn noted<T>(&self, result: Result<T, EngineError>) -> Result<T, EngineError> {
        if result.is_err() {
            self.set_unsteady();
        }
        result
    }

    /// As [`Files::digest`]; whether that makes the file an input of this build is for the caller to say.
    pub(super) fn look(&self, path: &str, used: bool) -> Result<Digest, EngineError> {
        let known = self.inner().files.get_mut(path).map(|entry| {
            entry.used |= used;
            (entry.record, entry.looked)
        });
        match known {
            Some((record, true)) => Ok(record.digest),
            Some((record, false)) if record.vouches_for(self.file_stat(path)?.map(|(_, stat)| stat)) => {
                self.settle(path, record, None, used);
                Ok(record.digest)
            }
            _ => Ok(self.read_fresh(path, used)?.0.digest),
        }
    }

    /// A file's bytes and their digest; `None` where there is none. The bytes are always those of the digest.
    pub fn read(&self, path: &str) -> Result<Option<(Bytes, Digest)>, EngineError> {
        let known = self.inner().files.get_mut(path).filter(|entry| entry.looked).map(|entry| {
            entry.used = true;
            entry.clone()
        });
        match known {
            Some(Entry { record: Record { digest: Digest::ABSENT, .. }, .. }) => Ok(None),
            Some(Entry { record, bytes: Some(bytes), .. }) => Ok(Some((bytes, record.digest))),
            _ => {
                let (record, bytes) = self.noted(self.read_fresh(path, true))?;
                Ok(bytes.map(|bytes| (bytes, record.digest)))
            }
        }
    }

    /// A file's bytes if they still have the digest that a key was made from; what it has become otherwise.
    pub(super) fn read_as(&self, path: &str, digest: Digest) -> Result<Result<Bytes, Digest>, EngineError> {
        match self.read(path)? {
            Some((bytes, found)) if found == digest => Ok(Ok(bytes)),
            Some((_, found)) => Ok(Err(found)),
            None => Ok(Err(Digest::ABSENT)),
        }
    }

    /// The names in a folder, sorted, folders with a `/` behind; empty where there is no folder. Derived data is not listed.
    pub fn list(&self, path: &str) -> Result<Vec<String>, EngineError> {
        self.noted(self.list_folder(path, true))
    }

    fn list_folder(&self, path: &str, used: bool) -> Result<Vec<String>, EngineError> {
        let fault = |error| EngineError::Read { path: path.to_owned(), error };
        for _ in 0..TRIES {
            let at = now();
            let Some(before) = self.folder_stat(path)? else {
                self.settle_folder(path, Record::default(), used);
                return Ok(Vec::new());
            };
            self.refuse_folder_outside(&self.path(path), path)?;
            if let Some((names, record)) =
                self.listed_before(path).filter(|(_, record)| record.vouches_for(Some(before)))
            {
                self.settle_folder(path, record, used);
                return Ok(names);
            }
            let mut names = Vec::new();
            for found in fs::read_dir(self.path(path)).map_err(fault)? {
                let found = found.map_err(fault)?;
                // A name that is not UTF-8 cannot be written in a manifest.
                let Ok(name) = found.file_name().into_string() else { continue };
                if path.is_empty() && name == DERIVED {
                    continue;
                }
                let kind = found.file_type().map_err(fault)?;
                let is_folder = kind.is_dir() || (kind.is_symlink() && found.path().is_dir());
                names.push(if is_folder { name + "/" } else { name });
            }
            names.sort_unstable();
            if self.folder_stat(path)? == Some(before) {
                let digest = self.listing_digest(path, &names);
                self.settle_folder(path, Record { stat: before, at, digest }, used);
                return Ok(names);
            }
        }
        Err(EngineError::Unsteady { path: path.to_owned() })
    }

    /// The names in a folder as the last build listed them, told once.
    fn listed_before(&self, path: &str) -> Option<(Vec<String>, Record)> {
        let mut inner = self.inner();
        Some((inner.listings.remove(path)?, inner.folders.get(path)?.record))
    }

    fn listing_digest(&self, path: &str, names: &[String]) -> Digest {
        if !path.is_empty() {
            return digest_of_names(names, &BTreeSet::new());
        }
        let mut inner = self.inner();
        inner.top = names.to_vec();
        digest_of_names(names, &inner.made)
    }

    /// Whether a folder's stat alone tells that its listing is what the record says.
    pub(super) fn folder_vouched(&self, path: &str, record: &Record) -> bool {
        self.folder_stat(path).is_ok_and(|stat| record.vouches_for(stat))
    }

    /// Lists a folder again: true if that gives what the record says.
    pub(super) fn folder_holds(&self, path: &str, record: &Record) -> bool {
        self.list_folder(path, false).is_ok()
            && self.inner().folders.get(path).is_some_and(|entry| entry.record.digest == record.digest)
    }

    fn file_stat(&self, path: &str) -> Result<Option<(Kind, Stat)>, EngineError> {
        self.root.stat(path).map_err(|error| EngineError::Read { path: path.to_owned(), error })
    }

    fn folder_stat(&self, path: &str) -> Result<Option<Stat>, EngineError> {
        let found = self.root.stat(path).map_err(|error| EngineError::Read { path: path.to_owned(), error })?;
        Ok(found.filter(|(kind, _)| *kind == Kind::Folder).map(|(_, stat)| stat))
    }

    fn read_fresh(&self, path: &str, used: bool) -> Result<(Record, Option<Bytes>), EngineError> {
        self.read_steady(path, used, |full| fs::read(full))
    }

    /// Reads and hashes: stat before, stat after, again if they differ.
    fn read_steady(
        &self,
        path: &str,
        used: bool,
        mut read: impl FnMut(&Path) -> std::io::Result<Vec<u8>>,
    ) -> Result<(Record, Option<Bytes>), EngineError> {
        let fault = |error| EngineError::Read { path: path.to_owned(), error };
        for _ in 0..TRIES {
            let at = now();
            let Some((kind, before)) = self.file_stat(path)? else {
                let record = Record::default();
                self.settle(path, record, None, used);
                return Ok((record, None));
            };
            if kind != Kind::File {
                // A pipe would be waited for without end.
                let what = if kind == Kind::Folder { "it is a folder" } else { "it is not a file" };
                return Err(fault(std::io::Error::other(what)));
            }
            let full = self.path(path);
            self.refuse_escape(path)?;
            let bytes = match read(&full) {
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
                other => other.map_err(fault)?,
            };
            if self.file_stat(path)? == Some((kind, before)) && bytes.len() as u64 == before.size {
                let record = Record { stat: before, at, digest: Digest::of(&bytes) };
                let bytes = Arc::new(bytes);
                self.settle(path, record, Some(bytes.clone()), used);
                return Ok((record, Some(bytes)));
            }
        }
        Err(EngineError::Unsteady { path: path.to_owned() })
    }

    /// A link may point about inside the campaign, never out of it.
    fn refuse_escape(&self, path: &str) -> Result<(), EngineError> {
        let full = self.path(path);
        if matches!(self.root.lstat(path), Ok(Some((Kind::Link, _)))) {
            return self.refuse_outside(&full, path);
        }
        self.refuse_folder_outside(full.parent().unwrap_or(&full), path)
    }

    /// As [`Files::refuse_escape`], for a folder, asked once in a build.
    fn refuse_folder_outside(&self, folder: &Path, path: &str) -> Result<(), EngineError> {
        if !self.inner().inside.contains(folder) {
            self.refuse_outside(folder, path)?;
            self.inner().inside.insert(folder.to_owned());
        }
        Ok(())
    }

    fn refuse_outside(&self, full: &Path, path: &str) -> Result<(), EngineError> {
        let inside = full.canonicalize().is_ok_and(|real| real.starts_with(&self.folder));
        if inside { Ok(()) } else { Err(EngineError::Escapes { path: path.to_owned() }) }
    }

    fn settle(&self, path: &str, record: Record, bytes: Option<Bytes>, used: bool) {
        let mut inner = self.inner();
        let reads = inner.files.get(path).map_or(0, |entry| entry.reads).saturating_add(bytes.is_some().into());
        let most = if reads >= OFTEN { KEPT_EACH } else { KEPT_AT_ONCE };
        let bytes = bytes.filter(|bytes| bytes.len() <= most && inner.kept + bytes.len() <= KEPT_IN_ALL);
        let seen = inner.files.get(path).filter(|entry| entry.looked).map(|entry| entry.record.digest);
        inner.unsteady |= seen.is_some_and(|seen| seen != record.digest);
        let held = bytes.as_ref().map_or(0, |bytes| bytes.len());
        let freed = match inner.files.get_mut(path) {
            Some(entry) => {
                let before = std::mem::replace(
                    entry,
                    // Bytes of before never stay beside a new digest.
                    Entry { record, looked: true, used: used || entry.used, planned: entry.planned, reads, bytes },
                );
                before.bytes.map_or(0, |bytes| bytes.len())
            }
            None => {
                inner.files.insert(path.into(), Entry { record, looked: true, used, planned: false, reads, bytes });
                0
            }
        };
        inner.kept = inner.kept + held - freed;
    }

    fn settle_folder(&self, path: &str, record: Record, used: bool) {
        let mut inner = self.inner();
        let planned = inner.folders.get(path).is_some_and(|entry| entry.planned);
        let before = inner.folders.get(path).filter(|entry| entry.used).map(|entry| entry.record.digest);
        inner.unsteady |= before.is_some_and(|before| before != record.digest);
        let used = used || before.is_some();
        inner.folders.insert(path.into(), Entry { record, looked: true, used, planned, reads: 0, bytes: None });
    }
}

/// The digest of a listing, without the folders that softbox makes. Each name ends with a NUL, which no name can hold.
fn digest_of_names(names: &[String], made: &BTreeSet<String>) -> Digest {
    let mut hasher = blake3::Hasher::new();
    for name in names.iter().filter(|name| !made.contains(*name)) {
        hasher.update(name.as_bytes()).update(b"\0");
    }
    Digest(*hasher.finalize().as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> (tempfile::TempDir, Files) {
        let folder = tempfile::tempdir().unwrap();
        let files = Files::open(folder.path()).unwrap();
        (folder, files)
    }

    #[test]
    fn a_file_is_looked_at_once_in_a_build() {
        let (folder, files) = folder();
        fs::write(folder.path().join("a"), "one").unwrap();
        let digest = files.digest("a").unwrap();
        fs::write(folder.path().join("a"), "two").unwrap();
        assert_eq!(files.digest("a").unwrap(), digest);
        files.forget_looks();
        assert_eq!(files.digest("a").unwrap(), Digest::of(b"two"));
    }

    #[test]
    fn what_is_kept_in_memory_counts_once_however_many_builds_go_by() {
        let (folder, files) = folder();
        fs::write(folder.path().join("a"), "apple").unwrap();
        for _ in 0..3 {
            files.read("a").unwrap();
            fs::write(folder.path().join("a"), "peach").unwrap();
            files.forget_looks();
            files.read("a").unwrap();
            assert_eq!(files.inner().kept, 5);
        }
    }

    #[test]
    fn a_change_in_the_same_tick_is_seen() {
        let (folder, files) = folder();
        fs::write(folder.path().join("a"), "one").unwrap();
        for round in 0..200 {
            let text = format!("{:03}", round);
            fs::write(folder.path().join("a"), &text).unwrap();
            files.forget_looks();
            assert_eq!(files.digest("a").unwrap(), Digest::of(text.as_bytes()));
        }
    }

    #[test]
    fn an_older_mtime_is_a_change_like_any_other() {
        let (folder, files) = folder();
        let path = folder.path().join("a");
        fs::write(&path, "one").unwrap();
        files.digest("a").unwrap();
        fs::write(&path, "two").unwrap();
        let old = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000);
        fs::File::options().write(true).open(&path).unwrap().set_modified(old).unwrap();
        files.forget_looks();
        assert_eq!(files.digest("a").unwrap(), Digest::of(b"two"));
    }

    #[test]
    fn a_listing_of_the_last_build_serves_where_its_folder_is_as_it_was() {
        let (folder, files) = folder();
        let photos = folder.path().join("photos");
        fs::create_dir_all(&photos).unwrap();
        for name in ["a-b", "a", "c"] {
            fs::write(photos.join(name), name).unwrap();
        }
        // The clock has to move on before a stat can be trusted.
        std::thread::sleep(std::time::Duration::from_millis(50));
        let listed = files.list("photos").unwrap();
        assert_eq!(listed, ["a", "a-b", "c"]);
        // As the next process takes it over, with files whose stat vouches for them or does not.
        let next = |vouched: bool| {
            let (known, folders) = files.known(false);
            let of = |list: &[(Arc<str>, Record)]| {
                list.iter().map(|(path, record)| (path.clone(), *record, false)).collect()
            };
            let next = Files::open(folder.path()).unwrap();
            next.restore(of(&known), of(&folders));
            let borrowed = |list| <[_]>::iter(list).map(|(path, record): &(Arc<str>, Record)| (&**path, *record));
            let state = Snapshot::new(borrowed(&known), borrowed(&folders), [].into_iter());
            next.restore_listings(&state, &vec![vouched; known.len()]);
            next
        };
        let is_known = |next: &Files| next.inner().listings.contains_key("photos");
        files.digest("photos/a").unwrap();
        assert!(!is_known(&next(true)), "files that nobody looked at are not known");
        for path in ["photos/a-b", "photos/c", "photos/gone"] {
            files.digest(path).unwrap();
        }
        let as_it_was = next(false);
        assert!(is_known(&as_it_was));
        assert_eq!(as_it_was.list("photos").unwrap(), listed);
        assert!(!is_known(&as_it_was), "it is told once");
        let (before, linked) = (next(true), folder.path().join("elsewhere"));
        fs::rename(photos.join("c"), &linked).unwrap();
        assert_eq!(before.list("photos").unwrap(), ["a", "a-b"], "the folder is not as it was");
        std::os::unix::fs::symlink(&linked, photos.join("c")).unwrap();
        assert!(!is_known(&next(false)), "a link may lead to a folder by now");
    }

    #[test]
    fn links_inside_are_followed_and_links_that_leave_are_refused() {
        let (folder, files) = folder();
        let outside = tempfile::NamedTempFile::new().unwrap();
        fs::create_dir(folder.path().join("photos")).unwrap();
        fs::write(folder.path().join("photos/a"), "inside").unwrap();
        std::os::unix::fs::symlink("photos/a", folder.path().join("in")).unwrap();
        std::os::unix::fs::symlink(outside.path(), folder.path().join("out")).unwrap();
        std::os::unix::fs::symlink(outside.path().parent().unwrap(), folder.path().join("elsewhere")).unwrap();
        assert_eq!(files.digest("in").unwrap(), Digest::of(b"inside"));
        assert!(matches!(files.digest("out"), Err(EngineError::Escapes { .. })));
        let through = format!("elsewhere/{}", outside.path().file_name().unwrap().to_str().unwrap());
        assert!(matches!(files.digest(&through), Err(EngineError::Escapes { .. })));
        assert!(matches!(files.list("elsewhere"), Err(EngineError::Escapes { .. })));
    }

    #[test]
    fn a_file_that_changes_while_it_is_read_is_read_again_and_never_taken_for_half_of_each() {
        let (folder, files) = folder();
        let path = folder.path().join("a");
        for other in ["peach", "a longer one", ""] {
            fs::write(&path, "apple").unwrap();
            files.forget_looks();
            let mut reads = 0;
            // The first read meets a save in its middle.
            let read = files.read_steady("a", true, |full| {
                reads += 1;
                let mut bytes = fs::read(full)?;
                if reads == 1 {
                    save(full, other);
                    bytes.splice(2.., other.bytes().skip(2));
                }
                Ok(bytes)
            });
            let (record, bytes) = read.unwrap();
            assert_eq!((bytes.unwrap().as_slice(), reads), (other.as_bytes(), 2));
            assert_eq!(record.digest, Digest::of(other.as_bytes()));
            assert_eq!(files.digest("a").unwrap(), record.digest);
        }
    }

    #[test]
    fn a_file_that_goes_while_it_is_read_is_not_there_and_one_that_never_rests_is_told() {
        let (folder, files) = folder();
        let path = folder.path().join("a");
        fs::write(&path, "apple").unwrap();
        let gone = files.read_steady("a", true, |full| {
            fs::remove_file(full)?;
            fs::read(full)
        });
        assert!(gone.unwrap().0.digest.is_absent());
        let mut reads = 0;
        fs::write(&path, "apple").unwrap();
        let never_rests = files.read_steady("a", true, |full| {
            reads += 1;
            fs::read(full).inspect(|_| save(full, &format!("{reads:05}")))
        });
        assert!(matches!(never_rests, Err(EngineError::Unsteady { .. })));
        assert_eq!(reads, TRIES);
    }

    #[test]
    fn a_read_that_ends_early_is_no_read_and_a_digest_is_as_old_as_the_look_before_it() {
        let (folder, files) = folder();
        fs::write(folder.path().join("a"), "apple").unwrap();
        let (mut reads, mut read_at) = (0, 0);
        let read = files.read_steady("a", true, |full| {
            (reads, read_at) = (reads + 1, now());
            let bytes = fs::read(full)?;
            Ok(if reads == 1 { bytes[..3].to_vec() } else { bytes })
        });
        assert_eq!((read.unwrap().1.unwrap().as_slice(), reads), (&b"apple"[..], 2));
        files.list("").unwrap();
        let inner = files.inner();
        assert!(inner.files["a"].record.at <= read_at && inner.folders[""].record.at <= now());
    }

    #[test]
    fn bytes_that_are_too_many_to_keep_take_the_place_of_those_that_were_kept() {
        let (folder, files) = folder();
        let large = "b".repeat(KEPT_EACH + 1);
        for text in ["apple", &large] {
            fs::write(folder.path().join("a"), text).unwrap();
            files.read_fresh("a", true).unwrap();
            assert!(*files.read("a").unwrap().unwrap().0 == text.as_bytes());
        }
        assert_eq!(files.inner().kept, 0);
        assert!(!files.is_steady(), "whoever read it before read another one");
    }

    #[test]
    fn a_large_file_is_kept_once_it_was_read_often() {
        let (folder, files) = folder();
        let font = "f".repeat(KEPT_AT_ONCE + 1);
        fs::write(folder.path().join("font"), &font).unwrap();
        for read in 1..=2 * OFTEN {
            assert!(files.read("font").unwrap().unwrap().0.len() == font.len());
            assert_eq!(files.inner().kept, if read < OFTEN { 0 } else { font.len() }, "read {read}");
        }
        files.forget_looks();
        assert_eq!(files.inner().kept, 0);
    }

    #[test]
    fn a_listing_that_was_another_before_is_noticed_and_a_second_look_does_not_lose_that_it_was_asked_for() {
        let (folder, files) = folder();
        fs::create_dir(folder.path().join("photos")).unwrap();
        files.list("photos").unwrap();
        let record = files.inner().folders["photos"].record;
        assert!(files.folder_holds("photos", &record));
        assert_eq!(files.known(true).1.len(), 1);
        fs::write(folder.path().join("photos/a"), "apple").unwrap();
        assert!(files.is_steady());
        assert!(!files.folder_holds("photos", &record));
        assert!(!files.is_steady());
    }

    #[test]
    fn no_two_listings_share_a_digest() {
        let digest = |names: &[&str]| {
            digest_of_names(&names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>(), &BTreeSet::new())
        };
        let listings = [&["ab", "c"][..], &["a", "bc"], &["abc"], &["a", "b", "c"], &["ab", "c/"], &[]];
        let all: BTreeSet<Digest> = listings.iter().map(|names| digest(names)).collect();
        assert_eq!(all.len(), listings.len());
    }

    /// Saves in place, in a later tick of the file system's clock.
    fn save(path: &Path, text: &str) {
        std::thread::sleep(std::time::Duration::from_millis(20));
        fs::write(path, text).unwrap();
    }

    #[test]
    fn a_stat_vouches_for_a_digest_only_if_all_of_it_is_the_same_and_was_settled_then() {
        let stat = Stat { size: 5, mtime: 1_000_000_001, ctime: 2_000_000_001, inode: 7 };
        let record = Record { stat, at: 9_000_000_000, digest: Digest::of(b"apple") };
        assert!(record.vouches_for(Some(stat)));
        let others = [
            Stat { size: 6, ..stat },
            Stat { mtime: 999_999_999, ..stat },
            Stat { mtime: 1_000_000_002, ..stat },
            Stat { ctime: 2_000_000_002, ..stat },
            Stat { inode: 8, ..stat },
        ];
        for other in others {
            assert!(!record.vouches_for(Some(other)), "{other:?}");
        }
        assert!(!record.vouches_for(None), "it was there");
        assert!(!Record { at: 2_000_000_002, ..record }.vouches_for(Some(stat)), "it may have changed right after");
        let absent = Record { digest: Digest::ABSENT, ..record };
        assert!(absent.vouches_for(None) && !absent.vouches_for(Some(stat)));
    }

    #[test]
    fn a_listing_is_sorted_and_tells_folders() {
        let (folder, files) = folder();
        for name in ["c.jpg", "a.jpg"] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        for name in ["b", ".softbox"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        std::os::unix::fs::symlink("b", folder.path().join("d")).unwrap();
        assert_eq!(files.list("").unwrap(), ["a.jpg", "b/", "c.jpg", "d/"]);
        for none in ["nowhere", "a.jpg"] {
            assert_eq!(files.list(none).unwrap(), Vec::<String>::new());
        }
    }
}
