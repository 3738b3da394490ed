//! What the file system says of a file without opening it, and when that is enough to trust a digest.

use std::fs::File;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use rayon::prelude::*;
use rustix::fd::BorrowedFd;
use rustix::fs::{AtFlags, FileType};
use rustix::io::Errno;

/// Size, times (nanoseconds since 1970) and inode of a file or folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stat {
    pub size: u64,
    pub mtime: i64,
    pub ctime: i64,
    pub inode: u64,
}

/// What kind of thing a path names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    File,
    Folder,
    Link,
    Other,
}

/// The clock of a file system moves in ticks of up to 10 ms; within two of them a second change can leave the same times.
const TICK: i64 = 20_000_000;
/// FAT keeps times in steps of two seconds, other old file systems in whole seconds.
const COARSE_TICK: i64 = 2_000_000_000;

impl Stat {
    /// Git's racy rule: a digest that was taken at `at` can be trusted for this stat only if the file was last touched
    /// clearly before, since a later change would then show in its times. An mtime that lies ahead was set by hand (a camera in another
    /// time zone); then the ctime, which nobody can set, tells alone.
    pub fn is_settled(&self, at: i64) -> bool {
        let is_ahead = self.mtime > at.saturating_add(TICK);
        let touched = if is_ahead { self.ctime } else { self.mtime.max(self.ctime) };
        let coarse = self.mtime % 1_000_000_000 == 0 && self.ctime % 1_000_000_000 == 0;
        touched.saturating_add(if coarse { COARSE_TICK } else { TICK }) < at
    }

    /// Whether this may be the stat of a file that had the stat `before` and then got another name: that changes its ctime, and nothing else.
    pub fn is_renamed(&self, before: &Stat) -> bool {
        Stat { ctime: before.ctime, ..*self } == *before
    }
}

/// Nanoseconds since 1970, by this machine's clock.
pub fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos() as i64)
}

/// Whole seconds since 1970, by this machine's clock.
pub fn seconds() -> u64 {
    (now() / 1_000_000_000).unsigned_abs()
}

/// What is at a path, without following a link at its end; `None` where there is nothing.
pub fn lstat(path: &Path) -> std::io::Result<Option<(Kind, Stat)>> {
    stat_at(rustix::fs::CWD, path, AtFlags::SYMLINK_NOFOLLOW)
}

/// Of an open file, whatever its name is by now.
pub fn fstat(file: &File) -> std::io::Result<Stat> {
    Ok(Stat::from(&rustix::fs::fstat(file)?))
}

/// What is at a path that starts from a folder.
pub fn stat_at(folder: BorrowedFd<'_>, path: &Path, flags: AtFlags) -> std::io::Result<Option<(Kind, Stat)>> {
    match rustix::fs::statat(folder, path, flags) {
        Ok(found) => {
            let kind = match FileType::from_raw_mode(found.st_mode) {
                FileType::RegularFile => Kind::File,
                FileType::Directory => Kind::Folder,
                FileType::Symlink => Kind::Link,
                _ => Kind::Other,
            };
            Ok(Some((kind, Stat::from(&found))))
        }
        Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

impl From<&rustix::fs::Stat> for Stat {
    fn from(found: &rustix::fs::Stat) -> Stat {
        let nanos = |seconds: i64, nanos: i64| seconds.wrapping_mul(1_000_000_000).wrapping_add(nanos);
        Stat {
            size: found.st_size as u64,
            mtime: nanos(found.st_mtime, found.st_mtime_nsec as i64),
            ctime: nanos(found.st_ctime, found.st_ctime_nsec as i64),
            inode: found.st_ino,
        }
    }
}

/// Looks at things on all processors if they are more than `few`: for less, waking another processor takes longer than it helps. What is seen is
/// collected in their order; into an `Option`, the first `None` is the last that is looked at.
pub(super) fn look_at<T, R, C>(all: &[T], few: usize, look: impl Fn(&T) -> R + Sync + Send) -> C
where
    T: Sync,
    R: Send,
    C: FromIterator<R> + FromParallelIterator<R>,
{
    match all.len() > few {
        true => all.par_iter().with_min_len(few).map(look).collect(),
        false => all.iter().map(look).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_taken_in_the_tick_of_the_last_change_is_not_trusted() {
        let stat = Stat { mtime: 1_000_000_001, ctime: 1_000_000_001, ..Stat::default() };
        assert!(!stat.is_settled(1_000_000_001));
        assert!(!stat.is_settled(1_000_000_001 + TICK));
        assert!(stat.is_settled(1_000_000_002 + TICK));
    }

    #[test]
    fn an_old_mtime_does_not_hide_a_fresh_change() {
        let stat = Stat { mtime: 5, ctime: 10_000_000_001, ..Stat::default() };
        assert!(!stat.is_settled(10_000_000_002));
    }

    #[test]
    fn a_camera_with_its_clock_ahead_is_trusted_by_ctime_and_a_clock_that_jumped_back_is_not() {
        let ahead = Stat { mtime: 900_000_000_001, ctime: 10_000_000_001, ..Stat::default() };
        assert!(ahead.is_settled(20_000_000_000));
        assert!(!ahead.is_settled(10_000_000_002));
        let jumped = Stat { mtime: 900_000_000_001, ctime: 900_000_000_001, ..Stat::default() };
        assert!(!jumped.is_settled(20_000_000_000));
    }

    #[test]
    fn where_a_file_system_keeps_no_ctime_the_mtime_tells() {
        let stat = Stat { mtime: 10_000_000_001, ctime: 5, ..Stat::default() };
        assert!(!stat.is_settled(10_000_000_002));
        assert!(stat.is_settled(11_000_000_000));
    }

    #[test]
    fn a_stat_is_all_that_the_system_tells_of_a_file() {
        use std::os::unix::fs::MetadataExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        std::fs::write(&path, "apple").unwrap();
        let time = UNIX_EPOCH + std::time::Duration::new(1_000_000_000, 123_456_789);
        std::fs::File::options().write(true).open(&path).unwrap().set_modified(time).unwrap();
        let there = std::fs::metadata(&path).unwrap();
        let ctime = there.ctime() * 1_000_000_000 + there.ctime_nsec();
        let stat = Stat { size: 5, mtime: 1_000_000_000_123_456_789, ctime, inode: there.ino() };
        assert_eq!(lstat(&path).unwrap(), Some((Kind::File, stat)));
    }

    #[test]
    fn whole_seconds_are_taken_for_a_coarse_clock() {
        let stat = Stat { mtime: 1_000_000_000, ctime: 1_000_000_000, ..Stat::default() };
        assert!(!stat.is_settled(2_500_000_000));
        assert!(stat.is_settled(3_000_000_001));
    }
}
