//! One build at a time in a campaign: a lock of the operating system that dies with its process.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;

/// Held as long as it lives.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Lock {
    /// Waits for the campaign; `waiting` is told once who holds it (such as `softbox build, process 4711`).
    pub fn take(derived: &Path, who: &str, waiting: impl FnOnce(&str)) -> io::Result<Lock> {
        let mut waiting = Some(waiting);
        loop {
            std::fs::create_dir_all(derived)?;
            let path = derived.join("lock");
            let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path)?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => {
                    if let Some(waiting) = waiting.take() {
                        waiting(&holder(&mut file)?);
                    }
                    file.lock()?;
                }
                Err(TryLockError::Error(error)) => return Err(error),
            }
            // Who held it may have cleaned up meanwhile; a lock on a file that is gone keeps nobody out.
            if !is_at(&file, &path)? {
                continue;
            }
            let holder = format!("{who}, process {}\n", std::process::id());
            file.write_all_at(holder.as_bytes(), 0)?;
            file.set_len(holder.len() as u64)?;
            return Ok(Lock { _file: file });
        }
    }
}

fn holder(file: &mut File) -> io::Result<String> {
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    Ok(if text.trim().is_empty() { "another softbox".to_owned() } else { text.trim().to_owned() })
}

fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    let held = file.metadata()?;
    match std::fs::metadata(path) {
        Ok(there) => Ok((there.dev(), there.ino()) == (held.dev(), held.ino())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}
