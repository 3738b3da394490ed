//! One build at a time in a campaign: a lock of the operating system that dies with its process.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::Path;

/// Held as long as it lives.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Lock {
    /// Waits for the campaign; `waiting` is told once who holds it (such as `softbox build, process 4711`).
    pub fn take(derived: &Path, who: &str, waiting: impl FnOnce(&str)) -> io::Result<Lock> {
        let path = derived.join("lock");
        let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                file.read_to_string(&mut holder)?;
                waiting(if holder.is_empty() { "another softbox" } else { holder.trim() });
                file.lock()?;
            }
            Err(TryLockError::Error(error)) => return Err(error),
        }
        file.set_len(0)?;
        file.rewind()?;
        file.write_all(format!("{who}, process {}", std::process::id()).as_bytes())?;
        Ok(Lock { _file: file })
    }
}
