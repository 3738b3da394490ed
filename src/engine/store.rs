//! The store: what actions made, by digest. Verified when read, so a damaged blob is a miss and heals itself.
//!
//! Survives: a crash at any moment (a blob is written under another name and renamed when it is whole). Does not survive a power cut:
//! blobs are not synced, since each can be made again; one that was cut short fails its check and is made again.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::{Bytes, Digest};

/// Blobs under `.softbox/store/`, and the folder where files are written before they are renamed.
#[derive(Debug)]
pub struct Store {
    blobs: PathBuf,
    scratch: PathBuf,
    next: AtomicU64,
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
        Ok(Store { blobs, scratch, next: AtomicU64::new(0), reflinks: AtomicBool::new(true) })
    }

    fn blob(&self, digest: &Digest) -> PathBuf {
        let hex = digest.hex();
        self.blobs.join(&hex[..2]).join(&hex[2..])
    }

    /// Whether a blob of that name is there; whether it is sound only reading tells.
    pub fn has(&self, digest: &Digest) -> bool {
        self.blob(digest).is_file()
    }

    /// The blob's bytes, or `None` where it is missing or damaged; a damaged one is removed.
    pub fn get(&self, digest: &Digest) -> Option<Bytes> {
        let path = self.blob(digest);
        let bytes = fs::read(&path).ok()?;
        if Digest::of(&bytes) == *digest {
            return Some(Arc::new(bytes));
        }
        let _ = fs::remove_file(&path); // a miss either way: who makes it again writes over it
        None
    }

    /// Keeps bytes under their digest. A blob that is there already is read, since it may be damaged.
    pub fn put(&self, digest: &Digest, bytes: &[u8]) -> io::Result<()> {
        let path = self.blob(digest);
        let is_there = fs::metadata(&path).is_ok_and(|there| there.len() == bytes.len() as u64);
        if is_there && self.get(digest).is_some() { Ok(()) } else { self.write(&path, bytes) }
    }

    /// Writes a file whole or not at all: beside first, then renamed. Folders on the way are made.
    pub fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let beside = self.scratch_name();
        let mut file = match fs::File::create_new(&beside) {
            // Somebody removed the derived folder while it was in use.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                make_parent(&beside)?;
                fs::File::create_new(&beside)?
            }
            other => other?,
        };
        let written = file.write_all(bytes);
        drop(file);
        written.and_then(|()| self.rename(&beside, path)).inspect_err(|_| {
            let _ = fs::remove_file(&beside); // the write failed already; that error is the one to tell
        })
    }

    /// Writes bytes to a path; where they are stored (and were checked) sharing the blob's blocks, if the file system can.
    pub fn publish(&self, digest: &Digest, bytes: &[u8], stored: bool, path: &Path) -> io::Result<()> {
        if stored && self.reflinks.load(Ordering::Relaxed) {
            let beside = self.scratch_name();
            match reflink_copy::reflink(self.blob(digest), &beside) {
                Ok(()) => return self.rename(&beside, path),
                Err(_) => self.reflinks.store(false, Ordering::Relaxed),
            }
        }
        self.write(path, bytes)
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

    fn scratch_name(&self) -> PathBuf {
        self.scratch.join(self.next.fetch_add(1, Ordering::Relaxed).to_string())
    }

    fn rename(&self, beside: &Path, path: &Path) -> io::Result<()> {
        let mut renamed = fs::rename(beside, path);
        if renamed.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::NotFound) {
            make_parent(path)?;
            renamed = fs::rename(beside, path);
        }
        match renamed {
            // dist/ may lie on another file system; then beside means in the same folder.
            Err(error) if error.kind() == io::ErrorKind::CrossesDevices => {
                let near = near(path);
                make_parent(path)?;
                let copied = fs::copy(beside, &near).and_then(|_| fs::rename(&near, path));
                let _ = fs::remove_file(beside); // if not now, then when the store is opened next
                copied.inspect_err(|_| drop(fs::remove_file(&near)))
            }
            other => other,
        }
    }
}

/// The name beside a file under which it is written where the derived folder lies on another file system.
pub(super) fn near(path: &Path) -> PathBuf {
    let name = Digest::of(path.file_name().unwrap_or_default().as_encoded_bytes()).short();
    path.with_file_name(format!(".softbox-{name}"))
}

fn make_parent(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), fs::create_dir_all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_damaged_blob_is_a_miss_and_heals() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let digest = Digest::of(b"picture");
        store.put(&digest, b"picture").unwrap();
        assert_eq!(**store.get(&digest).unwrap(), *b"picture");
        fs::write(store.blob(&digest), b"pictura").unwrap();
        assert!(store.get(&digest).is_none());
        store.put(&digest, b"picture").unwrap();
        assert_eq!(**store.get(&digest).unwrap(), *b"picture");
    }

    #[test]
    fn a_truncated_or_altered_blob_is_written_again() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let digest = Digest::of(b"picture");
        store.put(&digest, b"picture").unwrap();
        for damage in ["pic", "pictura"] {
            fs::write(store.blob(&digest), damage).unwrap();
            store.put(&digest, b"picture").unwrap();
            assert_eq!(fs::read(store.blob(&digest)).unwrap(), b"picture");
        }
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
