//! The no-op: whether everything that the last build read, listed and wrote is as it was. Stats first, and nothing built from the state for
//! them; bytes only where a stat cannot tell.

use std::ops::Range;
use std::sync::Arc;

use super::stat::look_at;
use super::state::{Snapshot, Table};
use super::{Digest, Engine, EngineError};

impl Engine {
    /// The no-op: how many assets there are, if everything that the last build read, listed and wrote is as it was, and that build left
    /// nothing undone. Otherwise what was found unchanged is not looked at again in this build.
    pub fn unchanged(&mut self, fingerprint: Digest) -> Result<Option<usize>, EngineError> {
        if !std::mem::take(&mut self.is_new) {
            return Ok(None);
        }
        let Some(snapshot) = self.read_state() else { return Ok(None) };
        let is_candidate = snapshot.is_complete() && snapshot.fingerprint() == fingerprint && self.outputs.is_settled();
        let vouched = self.vouched(&snapshot);
        if is_candidate && vouched.iter().all(|vouched| *vouched) && self.rest_vouched(&snapshot) {
            return Ok(Some(snapshot.count(Table::Outputs)));
        }
        self.take_over(snapshot, &vouched);
        if !is_candidate || !self.is_same_when_read(&vouched) {
            return Ok(None);
        }
        // What only was touched is known by its new stat from now on.
        self.save(fingerprint, true, false)?;
        Ok(Some(self.outputs.records.len()))
    }

    /// For every file of a snapshot, whether its stat alone tells that it is as it was.
    fn vouched(&self, snapshot: &Snapshot) -> Vec<bool> {
        let root = self.files.root();
        let in_span = |span: &Range<usize>| {
            let mut walk = root.walk();
            let files = snapshot.some(Table::Files, span.clone());
            files
                .map(|(path, record)| {
                    walk.stat(path).is_ok_and(|there| record.vouches_for(there.map(|(_, stat)| stat)))
                })
                .collect()
        };
        let vouched: Vec<Vec<bool>> = look_at(&spans(snapshot, Table::Files), 1, in_span);
        vouched.concat()
    }

    /// Whether the stats of all folders and outputs tell that they are as they were.
    fn rest_vouched(&self, snapshot: &Snapshot) -> bool {
        let files = &self.files;
        let is_right = |span: &Range<usize>| {
            let mut walk = files.root().walk();
            let mut outputs = snapshot.some(Table::Outputs, span.clone());
            outputs
                .all(|(path, record)| walk.lstat(path).is_ok_and(|there| record.vouches_for_asset(there)))
                .then_some(())
        };
        snapshot.entries(Table::Folders).all(|(path, record)| files.folder_vouched(path, &record))
            && look_at::<_, _, Option<()>>(&spans(snapshot, Table::Outputs), 1, is_right).is_some()
    }

    /// Whether everything in the state still is as it was, read where a stat cannot tell.
    fn is_same_when_read(&mut self, vouched: &[bool]) -> bool {
        let Engine { files, outputs, .. } = self;
        let state = outputs.records.base();
        let doubtful = || state.entries(Table::Files).zip(vouched).filter(|(_, vouched)| !**vouched);
        let paths: Vec<Arc<str>> = doubtful().map(|((path, _), _)| path.into()).collect();
        files.look_at_all(&paths.iter().collect::<Vec<_>>());
        let is_same = doubtful()
            .all(|((path, record), _)| files.look(path, false).is_ok_and(|now| now == record.digest))
            && state
                .entries(Table::Folders)
                .all(|(path, record)| files.folder_vouched(path, &record) || files.folder_holds(path, &record));
        is_same && outputs.still_hold(files)
    }

    fn read_state(&self) -> Option<Snapshot> {
        Snapshot::read(&self.derived.join("state"))
    }

    /// Takes over what the last build knew, unless that happened already.
    pub(super) fn recall(&mut self) {
        if self.is_recalled {
            return;
        }
        match self.read_state() {
            Some(snapshot) => {
                let vouched = self.vouched(&snapshot);
                self.take_over(snapshot, &vouched);
            }
            None => {
                self.outputs.recall(&self.files, Snapshot::default());
                self.is_recalled = true;
            }
        }
    }

    fn take_over(&mut self, snapshot: Snapshot, vouched: &[bool]) {
        let files = snapshot.entries(Table::Files).zip(vouched);
        let files = files.map(|((path, record), vouched)| (path.into(), record, *vouched)).collect();
        let folders = snapshot.entries(Table::Folders).map(|(path, record)| (path.into(), record, false)).collect();
        self.files.restore(files, folders);
        if !self.is_recalled {
            self.files.restore_listings(&snapshot, vouched);
            self.outputs.recall(&self.files, snapshot);
            self.is_recalled = true;
        }
        self.files.assets_in(self.outputs.records.tops());
    }
}

/// So many stats are worth handing to another processor.
const SPAN: usize = 2048;

/// The entries of a table in spans, to be looked at on all processors.
fn spans(snapshot: &Snapshot, table: Table) -> Vec<Range<usize>> {
    let count = snapshot.count(table);
    (0..count).step_by(SPAN).map(|first| first..count.min(first + SPAN)).collect()
}
