//! The store: what actions made, by digest. Verified when read, so a damaged blob is a miss and heals itself.
//!
//! Survives: SIGKILL and a power cut at any moment, at the price of what was cut short. A blob is written at its place, since one that is not
//! whole fails its check like any other damaged one, and no trace tells of it yet. Nothing is synced: each blob can be made again.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::shared::{Shared, files_below, spread, touch};
use super::small::{Small, is_small};
use super::{Bytes, Digest};

/// Blobs under `.softbox/store/`, or in a folder that several campaigns share; and the folder where files are written before they are renamed.
/// What is small is kept together, unless it is shared.
#[derive(Debug)]
pub struct Store {
    blobs: PathBuf,
    small: Mutex<Small>,
    shared: Option<Shared>,
    scratch: PathBuf,
    next: AtomicU64,
    /// Whether copies can share blocks here, as far as is known.
    reflinks: AtomicBool,
}

impl Store {
    /// Opens the store in the derived folder `.softbox/`. Whatever an interrupted build left half written is removed, so the caller must hold the lock.
    pub fn open(derived: &Path) -> io::Result<Store> {
        let (scratch, blobs) = (derived.join("tmp"), derived.join("store"));
        for own in [derived, &scratch, &blobs, &derived.join("replaced")] {
            // A link would let softbox write into, and empty, a folder of somebody's.
            if fs::symlink_metadata(own).is_ok_and(|there| there.is_symlink()) {
                return Err(io::Error::other(format!("{} is a link; delete it", own.display())));
            }
        }
        fs::create_dir_all(&scratch)?;
        for left in fs::read_dir(&scratch)? {
            let left = left?;
            // Files that are being written are named by numbers.
            if left.file_type()?.is_file()
                && left.file_name().to_string_lossy().bytes().all(|byte| byte.is_ascii_digit())
            {
                fs::remove_file(left.path())?;
            }
        }
        let small = Mutex::new(Small::new(&blobs));
        Ok(Store { blobs, small, shared: None, scratch, next: AtomicU64::new(0), reflinks: AtomicBool::new(true) })
    }

    fn small(&self) -> MutexGuard<'_, Small> {
        self.small.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The store after another process may have written to it, shared as before.
    pub(super) fn reopen(&mut self, derived: &Path) -> io::Result<Store> {
        let shared = self.shared.take();
        Ok(Store { shared, ..Store::open(derived)? })
    }

    /// From now on blobs go to a folder that other campaigns use, too.
    pub(super) fn share(&mut self, folder: &Path) {
        self.shared = Some(Shared::open(folder));
    }

    pub(super) fn shared(&self) -> Option<&Shared> {
        self.shared.as_ref()
    }

    fn blob(&self, digest: &Digest) -> PathBuf {
        spread(&self.blobs, digest)
    }

    fn shared_blob(&self, digest: &Digest) -> Option<PathBuf> {
        self.shared.as_ref().map(|shared| spread(&shared.blobs(), digest))
    }

    /// Whether a blob of that name is there; whether it is sound only reading tells.
    pub fn has(&self, digest: &Digest) -> bool {
        self.small().has(digest)
            || self.blob(digest).is_file()
            || self.shared_blob(digest).is_some_and(|path| path.is_file())
    }

    /// The blob's bytes, or `None` where it is missing or damaged; a damaged one is removed.
    pub fn get(&self, digest: &Digest) -> Option<Bytes> {
        let small = self.small().get(digest);
        let own = small.or_else(|| sound(&self.blob(digest), digest));
        let bytes = own.or_else(|| {
            let path = self.shared_blob(digest)?;
            let bytes = sound(&path, digest)?;
            touch(&path);
            Some(bytes)
        });
        bytes.map(Arc::new)
    }

    /// Keeps bytes under their digest. A blob that is there already is read, since it may be damaged.
    pub fn put(&self, digest: &Digest, bytes: &[u8]) -> io::Result<()> {
        let is_at = |path: &Path| {
            let is_as_long = fs::metadata(path).is_ok_and(|there| there.len() == bytes.len() as u64);
            is_as_long && fs::read(path).is_ok_and(|there| there == bytes)
        };
        if let Some((shared, path)) = self.shared.as_ref().zip(self.shared_blob(digest))
            && (is_at(&path) || shared.write(&path, bytes).is_ok())
        {
            return Ok(());
        }
        if is_small(bytes.len()) {
            return self.small().put(digest, bytes);
        }
        let path = self.blob(digest);
        match create(&path, bytes) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                // Another worker may be about to write the same, so it is never written over in place.
                if is_at(&path) { Ok(()) } else { self.write(&path, bytes) }
            }
            other => other.map(drop),
        }
    }

    /// Hands all that was put to the system.
    pub(super) fn flush(&self) -> io::Result<()> {
        self.small().flush()
    }

    /// As [`Store::flush`], at the end of a build.
    pub(super) fn save(&self) -> io::Result<()> {
        self.small().save(self)
    }

    /// Every output of this campaign alone.
    pub(super) fn all(&self) -> Vec<Stored> {
        let small = self.small().all().into_iter().flatten();
        let small = small.map(|(digest, bytes)| Stored { digest, bytes });
        let blobs = blobs_in(&self.blobs).into_iter().map(|Blob { digest, bytes, .. }| Stored { digest, bytes });
        small.chain(blobs).collect()
    }

    /// Removes the outputs of this campaign that do not stay.
    pub(super) fn retain(&self, stays: impl Fn(&Digest) -> bool) -> io::Result<()> {
        for blob in blobs_in(&self.blobs).iter().filter(|blob| !stays(&blob.digest)) {
            fs::remove_file(&blob.path)?;
        }
        self.small().retain(self, stays)
    }

    /// Reads everything, what campaigns share included, and removes what is damaged; tells how many that were, and the bytes of each other one.
    pub(super) fn verify(&self) -> io::Result<(usize, Vec<u64>)> {
        let small = self.small().all();
        if small.iter().any(Option::is_none) {
            self.small().retain(self, |_| true)?;
        }
        let shared = self.shared.iter().flat_map(|shared| blobs_in(&shared.blobs()));
        let blobs = blobs_in(&self.blobs).into_iter().chain(shared);
        let blobs = blobs.map(|blob| sound(&blob.path, &blob.digest).map(|_| blob.bytes));
        let all: Vec<Option<u64>> = small.into_iter().map(|there| there.map(|(_, bytes)| bytes)).chain(blobs).collect();
        Ok((all.iter().filter(|there| there.is_none()).count(), all.into_iter().flatten().collect()))
    }

    /// Writes a file whole or not at all: beside first, then renamed. Folders on the way are made.
    pub fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let beside = self.scratch_name();
        create(&beside, bytes)?;
        self.rename(&beside, path).map(drop)
    }

    /// Writes bytes beside a path; where they are stored (and were checked) sharing the blob's blocks, if the file system can.
    pub(super) fn prepare(&self, digest: &Digest, bytes: &[u8], stored: bool) -> io::Result<Beside> {
        let path = self.scratch_name();
        let is_shared = self.may_share(bytes, stored) && self.reflink(digest, &path);
        let file = if is_shared { File::open(&path) } else { create(&path, bytes) }?;
        Ok(Beside { path, file })
    }

    /// Gives a prepared file its place, whatever is there, and hands it back.
    pub(super) fn place(&self, beside: Beside, path: &Path) -> io::Result<File> {
        Ok(self.rename(&beside.path, path)?.unwrap_or(beside.file))
    }

    /// As [`Store::place`]; where the system can do that, what was there is kept for the caller to look at and remove. Tells where.
    pub(super) fn exchange(&self, beside: Beside, path: &Path) -> io::Result<(File, Option<PathBuf>)> {
        match exchange(&beside.path, path) {
            Ok(()) => Ok((beside.file, Some(beside.path))),
            // Other systems and file systems, and where nothing is there any more.
            Err(_) => self.place(beside, path).map(|file| (file, None)),
        }
    }

    /// Whether a copy of these bytes may share blocks with the store, as far as is known.
    pub(super) fn may_share(&self, bytes: &[u8], stored: bool) -> bool {
        stored && !is_small(bytes.len()) && self.reflinks.load(Ordering::Relaxed)
    }

    fn reflink(&self, digest: &Digest, to: &Path) -> bool {
        let blob = self.shared_blob(digest).filter(|path| path.is_file()).unwrap_or_else(|| self.blob(digest));
        let is_done = reflink_copy::reflink(blob, to).is_ok();
        self.reflinks.store(is_done, Ordering::Relaxed);
        is_done
    }

    /// Moves a file away from where softbox has to write, keeping it: `.softbox/replaced/PATH`, numbered if that is taken.
    pub fn set_aside(&self, path: &Path, name: &str) -> io::Result<PathBuf> {
        let replaced = self.scratch.with_file_name("replaced");
        let mut kept = replaced.join(name);
        let mut number = 1;
        while fs::symlink_metadata(&kept).is_ok() {
            number += 1;
            kept = replaced.join(format!("{name}.{number}"));
        }
        make_parent(&kept)?;
        fs::rename(path, &kept).or_else(|_| fs::copy(path, &kept).and_then(|_| fs::remove_file(path)))?;
        Ok(kept)
    }

    pub(super) fn scratch_name(&self) -> PathBuf {
        self.scratch.join(self.next.fetch_add(1, Ordering::Relaxed).to_string())
    }

    /// Gives a file its place, whatever is there; if that fails, it is removed. Hands back the file that has the place now, where that had to be a
    /// copy.
    pub(super) fn rename(&self, beside: &Path, path: &Path) -> io::Result<Option<File>> {
        let mut renamed = fs::rename(beside, path).map(|()| None);
        if renamed.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::NotFound) {
            renamed = make_parent(path).and_then(|()| fs::rename(beside, path)).map(|()| None);
        }
        // dist/ may lie on another file system; then beside means in the same folder.
        if renamed.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::CrossesDevices) {
            let near = near(path);
            let copied = make_parent(path).and_then(|()| fs::copy(beside, &near)).and_then(|_| {
                let file = File::open(&near)?;
                fs::rename(&near, path).map(|()| Some(file))
            });
            renamed = copied.inspect_err(|_| drop(fs::remove_file(&near)));
            let _ = fs::remove_file(beside); // if not now, then when the store is opened next
        }
        renamed.inspect_err(|_| drop(fs::remove_file(beside))) // the error is the one to tell
    }
}

/// A file that is written, under a name that nobody else looks for. Still open, so that its stat can be asked once it has its place, whoever
/// saves something there meanwhile.
#[derive(Debug)]
pub(super) struct Beside {
    path: PathBuf,
    file: File,
}

/// An output, however it is kept.
#[derive(Debug)]
pub(super) struct Stored {
    pub digest: Digest,
    pub bytes: u64,
}

/// One that has a file of its own.
struct Blob {
    digest: Digest,
    path: PathBuf,
    bytes: u64,
}

fn blobs_in(folder: &Path) -> Vec<Blob> {
    let named = |path: &Path| {
        let name = [path.parent()?.file_name()?.to_str()?, path.file_name()?.to_str()?].concat();
        Some(Digest(blake3::Hash::from_hex(name).ok()?.into()))
    };
    let files = files_below(folder).into_iter();
    files.filter_map(|(path, about)| Some(Blob { digest: named(&path)?, path, bytes: about.len() })).collect()
}

/// The bytes of a blob that is as it should be; any other is removed.
fn sound(path: &Path, digest: &Digest) -> Option<Vec<u8>> {
    let bytes = fs::read(path).ok()?;
    if Digest::of(&bytes) == *digest {
        return Some(bytes);
    }
    let _ = fs::remove_file(path); // a miss either way: who makes it again writes over it
    None
}

/// The name beside a file under which it is written where the derived folder lies on another file system.
pub(super) fn near(path: &Path) -> PathBuf {
    let name = Digest::of(path.file_name().unwrap_or_default().as_encoded_bytes()).short();
    path.with_file_name(format!(".softbox-{name}"))
}

/// Writes a file where there is none. Folders on the way are made; what could not be written whole is removed.
fn create(path: &Path, bytes: &[u8]) -> io::Result<File> {
    let mut file = match File::create_new(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            make_parent(path)?;
            File::create_new(path)?
        }
        other => other?,
    };
    file.write_all(bytes).inspect_err(|_| {
        let _ = fs::remove_file(path); // the write failed already; that error is the one to tell
    })?;
    Ok(file)
}

/// Has two files change places, in one step. Where a file takes another one's name by a plain rename, ext4 writes it out to the disk first,
/// and whatever lay there is gone; this way it can still be looked at.
#[cfg(target_os = "linux")]
fn exchange(one: &Path, other: &Path) -> io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    Ok(renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE)?)
}

#[cfg(not(target_os = "linux"))]
fn exchange(_: &Path, _: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

fn make_parent(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), fs::create_dir_all)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes that get a file of their own.
    fn picture() -> (Digest, Vec<u8>) {
        let bytes = b"picture".repeat(1000);
        (Digest::of(&bytes), bytes)
    }

    #[test]
    fn a_damaged_blob_is_a_miss_and_heals() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let (digest, bytes) = picture();
        store.put(&digest, &bytes).unwrap();
        assert_eq!(**store.get(&digest).unwrap(), bytes);
        fs::write(store.blob(&digest), b"pictura".repeat(1000)).unwrap();
        assert!(store.get(&digest).is_none());
        store.put(&digest, &bytes).unwrap();
        assert_eq!(**store.get(&digest).unwrap(), bytes);
    }

    #[test]
    fn a_truncated_or_altered_blob_is_written_again() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let (digest, bytes) = picture();
        store.put(&digest, &bytes).unwrap();
        for damage in ["pic".to_owned(), "pictura".repeat(1000)] {
            fs::write(store.blob(&digest), damage).unwrap();
            store.put(&digest, &bytes).unwrap();
            assert_eq!(fs::read(store.blob(&digest)).unwrap(), bytes);
        }
    }

    #[test]
    fn a_blob_that_another_worker_is_still_writing_is_whole_for_both() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let (digest, bytes) = picture();
        let path = store.blob(&digest);
        make_parent(&path).unwrap();
        let mut other = File::create_new(&path).unwrap();
        other.write_all(&bytes[..3]).unwrap();
        store.put(&digest, &bytes).unwrap();
        other.write_all(&bytes[3..]).unwrap();
        assert_eq!(fs::read(&path).unwrap(), bytes);
    }

    #[test]
    fn what_takes_no_more_than_a_block_has_no_file_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        for (length, has_file) in [(0, false), (4096, false), (4097, true)] {
            let bytes = vec![b'x'; length];
            let digest = Digest::of(&bytes);
            store.put(&digest, &bytes).unwrap();
            assert_eq!((**store.get(&digest).unwrap()).len(), length);
            assert_eq!((store.has(&digest), store.blob(&digest).exists()), (true, has_file), "{length} bytes");
        }
        assert_eq!(store.all().len(), 3);
        store.retain(|digest| *digest == Digest::of(b"")).unwrap();
        assert_eq!(store.all().len(), 1);
    }

    #[test]
    fn what_a_killed_build_left_half_written_goes_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let scratch = folder.path().join("tmp");
        fs::create_dir_all(scratch.join("8")).unwrap();
        for name in ["7", "notes.txt"] {
            fs::write(scratch.join(name), "text").unwrap();
        }
        Store::open(folder.path()).unwrap();
        assert_eq!(["7", "notes.txt", "8"].map(|name| scratch.join(name).exists()), [false, true, true]);
    }

    #[test]
    fn a_write_that_fails_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        fs::write(folder.path().join("file"), "text").unwrap();
        assert!(store.write(&folder.path().join("file/below"), b"new").is_err());
        assert_eq!(fs::read_dir(folder.path().join("tmp")).unwrap().count(), 0);
    }

    #[test]
    fn a_shared_blob_that_is_used_counts_as_young() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(folder.path()).unwrap();
        store.share(&folder.path().join("shared"));
        let days = |days: u64| std::time::Duration::from_secs(days * 24 * 60 * 60);
        let [used, unused] = [&b"used"[..], b"unused"].map(|bytes| {
            let digest = Digest::of(bytes);
            store.put(&digest, bytes).unwrap();
            let file = File::open(store.shared_blob(&digest).unwrap()).unwrap();
            file.set_modified(std::time::SystemTime::now() - days(40)).unwrap();
            digest
        });
        store.get(&used).unwrap();
        store.shared().unwrap().sweep(days(30).as_secs(), false);
        assert_eq!([store.has(&used), store.has(&unused)], [true, false]);
    }

    #[test]
    fn a_file_in_the_way_is_kept_aside_under_a_free_name() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        for text in ["one", "two"] {
            let theirs = folder.path().join("theirs");
            fs::write(&theirs, text).unwrap();
            let kept = store.set_aside(&theirs, "card/a.jpg").unwrap();
            assert_eq!(fs::read_to_string(kept).unwrap(), text);
            assert!(!theirs.exists());
        }
    }
}
