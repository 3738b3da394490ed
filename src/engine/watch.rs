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
    /// Watches `folder` and all in it but the folders named `ignored` (what softbox writes itself) and `.git`.
    pub fn new(folder: &Path, ignored: &[&str]) -> notify::Result<Watch> {
        let folder = folder.canonicalize()?;
        let (sender, events) = channel();
        // The receiver goes away with the watcher: nobody is left to miss an event.
        let send = move |event| drop(sender.send(event));
        let mut watcher = RecommendedWatcher::new(send, Config::default())?;
        watcher.watch(&folder, RecursiveMode::Recursive)?;
        let ignored = ignored.iter().chain(&[".git"]).map(|name| folder.join(name)).collect();
        Ok(Watch { folder, ignored, events, _watcher: watcher })
    }

    /// Waits for the next batch of saves: the paths that changed, relative to the campaign. An empty batch means that events were lost
    /// and anything may have changed; `None` that watching is over.
    pub fn next(&self) -> Option<BTreeSet<String>> {
        let mut changed = BTreeSet::new();
        loop {
            if self.take(self.events.recv().ok()?, &mut changed) {
                break;
            }
        }
        let deadline = Instant::now() + LONGEST;
        loop {
            let left = deadline.saturating_duration_since(Instant::now()).min(QUIET);
            match self.events.recv_timeout(left) {
                Ok(event) => {
                    self.take(event, &mut changed);
                }
                Err(RecvTimeoutError::Timeout) => return Some(changed),
                Err(RecvTimeoutError::Disconnected) => return None,
            }
            if left.is_zero() {
                return Some(changed);
            }
        }
    }

    /// Adds what an event tells of; false if it is none of our business.
    fn take(&self, event: notify::Result<notify::Event>, changed: &mut BTreeSet<String>) -> bool {
        let Ok(event) = event else { return true };
        if event.need_rescan() {
            return true;
        }
        let is_read = matches!(event.kind, EventKind::Access(kind) if kind != AccessKind::Close(AccessMode::Write));
        if is_read {
            return false;
        }
        let before = changed.len();
        let ours = event.paths.iter().filter(|path| !self.ignored.iter().any(|ignored| path.starts_with(ignored)));
        let paths: Vec<String> = ours
            .filter(|path| **path != self.folder)
            .map(|path| path.strip_prefix(&self.folder).unwrap_or(path).to_string_lossy().into_owned())
            .collect();
        let any = !paths.is_empty();
        changed.extend(paths);
        any || changed.len() > before
    }
}
