//! Waits for a person's saves: events of the file system, without softbox's own writes, in batches.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use notify::event::{AccessKind, AccessMode, EventKind};
use notify::{Config, RecommendedWatcher, RecursiveMode, Watcher};

/// An editor saves in several steps; this long after the last one it is done.
const QUIET: Duration = Duration::from_millis(40);
/// Somebody copies a thousand photos: do not wait for the end.
const LONGEST: Duration = Duration::from_secs(1);

/// Watches a campaign folder.
#[derive(Debug)]
pub struct Watch {
    folder: PathBuf,
    ignored: Vec<PathBuf>,
    events: Receiver<notify::Result<notify::Event>>,
    _watcher: RecommendedWatcher,
}

impl Watch {
    /// Watches `folder` and all in it but what is `ignored` (softbox's own files) and `.git`.
    pub fn new(folder: &Path, ignored: &[PathBuf]) -> notify::Result<Watch> {
        let folder = folder.canonicalize()?;
        let (sender, events) = channel();
        // The receiver goes away with the watcher: nobody is left to miss an event.
        let send = move |event| drop(sender.send(event));
        let mut watcher = RecommendedWatcher::new(send, Config::default())?;
        watcher.watch(&folder, RecursiveMode::Recursive)?;
        // Events tell full paths without links. A file to come has none yet, but its folder does.
        let full = |path: &PathBuf| {
            let (parent, name) = (path.parent()?, path.file_name()?);
            let parent = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
            Some(parent.canonicalize().ok()?.join(name))
        };
        let ignored = ignored.iter().filter_map(full).chain([folder.join(".git")]).collect();
        Ok(Watch { folder, ignored, events, _watcher: watcher })
    }

    /// Waits for the next batch of saves: the paths that changed, relative to the campaign. An empty batch means that events were lost
    /// and anything may have changed; `None` that watching is over.
    pub fn next(&self) -> Option<BTreeSet<String>> {
        let mut batch = Batch::default();
        while !batch.has_any() {
            self.take(self.events.recv().ok()?, &mut batch);
        }
        let deadline = Instant::now() + LONGEST;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.events.recv_timeout(left.min(QUIET)) {
                Ok(event) if !left.is_zero() => self.take(event, &mut batch),
                Ok(event) => {
                    self.take(event, &mut batch);
                    return Some(batch.paths());
                }
                Err(RecvTimeoutError::Timeout) => return Some(batch.paths()),
                Err(RecvTimeoutError::Disconnected) => return None,
            }
        }
    }

    /// Adds what an event tells of, unless it is none of our business.
    fn take(&self, event: notify::Result<notify::Event>, batch: &mut Batch) {
        let Ok(event) = event else {
            batch.is_lost = true;
            return;
        };
        batch.is_lost |= event.need_rescan();
        let is_read = matches!(event.kind, EventKind::Access(kind) if kind != AccessKind::Close(AccessMode::Write));
        if is_read {
            return;
        }
        let ours = event.paths.iter().filter(|path| !self.ignored.iter().any(|ignored| path.starts_with(ignored)));
        let ours = ours.filter(|path| **path != self.folder);
        let relative = |path: &PathBuf| path.strip_prefix(&self.folder).unwrap_or(path).to_string_lossy().into_owned();
        batch.changed.extend(ours.map(relative));
    }
}

/// Events that belong together.
#[derive(Debug, Default)]
struct Batch {
    changed: BTreeSet<String>,
    /// Some events never came.
    is_lost: bool,
}

impl Batch {
    fn has_any(&self) -> bool {
        self.is_lost || !self.changed.is_empty()
    }

    /// Nothing where something was lost: the paths that did come would be taken for all.
    fn paths(self) -> BTreeSet<String> {
        if self.is_lost { BTreeSet::new() } else { self.changed }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn watched() -> (tempfile::TempDir, Watch) {
        let folder = tempfile::tempdir().unwrap();
        for name in [".softbox", "dist", "photos", ".git"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        let watch = Watch::new(folder.path(), &[".softbox", "dist"].map(|name| folder.path().join(name))).unwrap();
        (folder, watch)
    }

    #[test]
    fn saves_come_in_one_batch_and_what_softbox_writes_does_not_come() {
        let (folder, watch) = watched();
        for path in [".softbox/state", "dist/a.jpg", ".git/index", "photos/a.jpg", "campaign.toml"] {
            fs::write(folder.path().join(path), "text").unwrap();
        }
        fs::rename(folder.path().join("photos/a.jpg"), folder.path().join("photos/b.jpg")).unwrap();
        let changed: Vec<_> = watch.next().unwrap().into_iter().collect();
        assert_eq!(changed, ["campaign.toml", "photos/a.jpg", "photos/b.jpg"]);
    }

    #[test]
    fn a_new_folder_is_watched_and_reading_is_no_change() {
        let (folder, watch) = watched();
        fs::create_dir(folder.path().join("captions")).unwrap();
        assert!(watch.next().unwrap().contains("captions"));
        fs::read_dir(folder.path().join("captions")).unwrap();
        fs::write(folder.path().join("captions/a.md"), "text").unwrap();
        assert!(watch.next().unwrap().contains("captions/a.md"));
        let _ = fs::read(folder.path().join("captions/a.md")).unwrap();
        assert!(
            watch.events.recv_timeout(QUIET * 3).is_err()
                || watch.events.try_iter().all(|event| {
                    let mut batch = Batch::default();
                    watch.take(event, &mut batch);
                    !batch.has_any()
                })
        );
    }

    fn rescan() -> notify::Event {
        notify::Event::new(EventKind::Other).set_flag(notify::event::Flag::Rescan)
    }

    #[test]
    fn when_events_are_lost_anything_may_have_changed() {
        let (_folder, watch) = watched();
        for lost in [Err(notify::Error::generic("too many")), Ok(rescan())] {
            let mut batch = Batch::default();
            watch.take(lost, &mut batch);
            assert!(batch.has_any() && batch.paths().is_empty());
        }
        let mut batch = Batch::default();
        let event = notify::Event::new(EventKind::Any).add_path(watch.folder.join("photos/a.jpg"));
        watch.take(Ok(event), &mut batch);
        watch.take(Ok(rescan()), &mut batch);
        assert!(batch.has_any() && batch.paths().is_empty());
    }
}
