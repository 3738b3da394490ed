//! The campaign's own folder, held open: paths below it are looked up from there.

use std::fs::File;
use std::io;
use std::path::Path;

use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::{AtFlags, Mode, OFlags, open, openat};
#[cfg(target_os = "linux")]
use rustix::io::Errno;

use super::stat::{Kind, Stat, stat_at};

/// An open folder, from which paths are looked up: shorter walks than from `/`, and the same folder even if it is renamed meanwhile.
#[derive(Debug)]
pub struct Root(OwnedFd);

impl Root {
    pub fn open(path: &Path) -> io::Result<Root> {
        Ok(Root(open(path, OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?))
    }

    /// Follows links. `None` where there is nothing.
    pub fn stat(&self, path: &str) -> io::Result<Option<(Kind, Stat)>> {
        self.stat_with(path, AtFlags::empty())
    }

    /// Does not follow a link at the end of the path.
    pub fn lstat(&self, path: &str) -> io::Result<Option<(Kind, Stat)>> {
        self.stat_with(path, AtFlags::SYMLINK_NOFOLLOW)
    }

    fn stat_with(&self, path: &str, flags: AtFlags) -> io::Result<Option<(Kind, Stat)>> {
        stat_at(self.0.as_fd(), Path::new(if path.is_empty() { "." } else { path }), flags)
    }

    /// For many looks, one after the other.
    pub fn walk(&self) -> Walk<'_> {
        Walk { root: self, top: String::new(), open: None }
    }

    /// Writes a file that gets its name when it is whole, where nothing has that name yet. It needs no other name before, for which workers would
    /// wait for each other and which a kill would leave behind. Folders on the way are made.
    #[cfg(target_os = "linux")]
    pub fn write_new(&self, path: &str, bytes: &[u8]) -> io::Result<File> {
        use std::io::Write;
        use std::os::fd::AsRawFd;

        use rustix::fs::{CWD, linkat};

        let folder = Path::new(path).parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let flags = OFlags::TMPFILE | OFlags::WRONLY | OFlags::CLOEXEC;
        let begin = || openat(&self.0, folder, flags, Mode::from(0o666));
        let mut file = File::from(begin().or_else(|error| match error {
            Errno::NOENT => self.make(folder).and_then(|()| begin()),
            other => Err(other),
        })?);
        file.write_all(bytes)?;
        linkat(&file, "", &self.0, path, AtFlags::EMPTY_PATH).or_else(|error| match error {
            // Before Linux 6.10 this is a privilege.
            Errno::NOENT => {
                let open = format!("/proc/self/fd/{}", file.as_raw_fd());
                linkat(CWD, open, &self.0, path, AtFlags::SYMLINK_FOLLOW)
            }
            other => Err(other),
        })?;
        Ok(file)
    }

    #[cfg(not(target_os = "linux"))]
    pub fn write_new(&self, _: &str, _: &[u8]) -> io::Result<File> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Makes a folder, and those on the way to it.
    #[cfg(target_os = "linux")]
    fn make(&self, folder: &Path) -> rustix::io::Result<()> {
        use rustix::fs::mkdirat;
        let make = || mkdirat(&self.0, folder, Mode::from(0o777));
        let made = make().or_else(|error| match (error, folder.parent()) {
            (Errno::NOENT, Some(parent)) => self.make(parent).and_then(|()| make()),
            (other, _) => Err(other),
        });
        // Another worker may make it, too.
        made.or_else(|error| if error == Errno::EXIST { Ok(()) } else { Err(error) })
    }
}

/// Looks at one path after the other. The folder at the top of the campaign that one lies in is held open for the next, whose walk then is a step
/// shorter: a twentieth of what the system needs for it.
#[derive(Debug)]
pub struct Walk<'a> {
    root: &'a Root,
    top: String,
    open: Option<OwnedFd>,
}

impl Walk<'_> {
    /// As [`Root::stat`].
    pub fn stat(&mut self, path: &str) -> io::Result<Option<(Kind, Stat)>> {
        self.stat_with(path, AtFlags::empty())
    }

    /// As [`Root::lstat`].
    pub fn lstat(&mut self, path: &str) -> io::Result<Option<(Kind, Stat)>> {
        self.stat_with(path, AtFlags::SYMLINK_NOFOLLOW)
    }

    fn stat_with(&mut self, path: &str, flags: AtFlags) -> io::Result<Option<(Kind, Stat)>> {
        let is_plain = |(_, below): &(&str, &str)| !below.is_empty() && !below.starts_with('/');
        let Some((top, below)) = path.split_once('/').filter(is_plain) else {
            return self.root.stat_with(path, flags);
        };
        if top != self.top {
            self.top = top.to_owned();
            self.open = openat(&self.root.0, top, OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty()).ok();
        }
        match &self.open {
            Some(folder) => stat_at(folder.as_fd(), Path::new(below), flags),
            None => self.root.stat_with(path, flags),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_walk_sees_what_single_looks_see() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["a/b", "c"] {
            std::fs::create_dir_all(folder.path().join(name)).unwrap();
        }
        for name in ["file", "a/file", "a/b/file", "c/file"] {
            std::fs::write(folder.path().join(name), name).unwrap();
        }
        for (name, to) in [("link", "a"), ("a/link", "file"), ("loose", "nowhere")] {
            std::os::unix::fs::symlink(to, folder.path().join(name)).unwrap();
        }
        let root = Root::open(folder.path()).unwrap();
        let mut walk = root.walk();
        let tops = ["a", "file", "c", "link", "loose", "none", ""];
        for path in tops.iter().flat_map(|top| {
            ["", "/", "/file", "/b/file", "/link", "/none", "//file"].map(|below| [top, below].concat())
        }) {
            assert_eq!(walk.stat(&path).unwrap(), root.stat(&path).unwrap(), "{path}");
            assert_eq!(walk.lstat(&path).unwrap(), root.lstat(&path).unwrap(), "{path}");
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_new_file_is_whole_takes_nobodys_place_and_leaves_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let root = Root::open(folder.path()).unwrap();
        for path in ["a.jpg", "b/c/d.jpg"] {
            let file = root.write_new(path, b"new").unwrap();
            assert_eq!(std::fs::read(folder.path().join(path)).unwrap(), b"new");
            let there = root.lstat(path).unwrap().unwrap();
            assert_eq!(there, (Kind::File, super::super::stat::fstat(&file).unwrap()));
            assert_eq!(root.write_new(path, b"newer").unwrap_err().kind(), io::ErrorKind::AlreadyExists);
            assert_eq!(std::fs::read(folder.path().join(path)).unwrap(), b"new");
        }
        assert!(root.write_new("a.jpg/e.jpg", b"new").is_err());
        assert!(root.write_new("b", b"new").is_err());
        let all = |below: &str| std::fs::read_dir(folder.path().join(below)).unwrap().count();
        assert_eq!(["", "b", "b/c"].map(all), [2, 1, 1]);
    }
}
