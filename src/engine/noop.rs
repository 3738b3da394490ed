//! The no-op: whether everything that the last build read, listed and wrote is as it was. Stats first, and nothing built from the state for
//! them; bytes only where a stat cannot tell.

use std::sync::Arc;

use super::files::Record;
use super::state::{Snapshot, Table};
use super::{Digest, Engine, EngineError};

impl Engine {
    /// The no-op: how many assets there are, if everything that the last build read, listed and wrote is as it was, and that build left
    /// nothing undone. Otherwise what was found unchanged is not looked at again in this build.
    pub fn unchanged(&mut self, fingerprint: Digest) -> Result<Option<usize>, EngineError> {
        let Some(snapshot) = self.snapshot.take() else { return Ok(None) };
        let is_candidate = snapshot.is_complete() && snapshot.fingerprint() == fingerprint && self.outputs.is_settled();
        let vouched = self.vouched(&snapshot);
        if is_candidate && vouched.iter().all(|vouched| *vouched) && self.rest_vouched(&snapshot) {
            let assets = snapshot.count(Table::Outputs);
            self.snapshot = Some(snapshot);
            return Ok(Some(assets));
        }
        self.take_over(&snapshot, &vouched);
        if !is_candidate || !self.is_same_when_read(&snapshot, &vouched) {
            return Ok(None);
        }
        // What only was touched is known by its new stat from now on.
        self.save(fingerprint, true, false)?;
        Ok(Some(self.outputs.records.len()))
    }

    /// For every file of a snapshot, whether its stat alone tells that it is as it was.
    fn vouched(&self, snapshot: &Snapshot) -> Vec<bool> {
        let vouches = |(path, record): (&str, Record)| {
            let there = self.files.root().stat(path);
            there.is_ok_and(|there| record.vouches_for(there.map(|(_, stat)| stat)))
        };
        snapshot.entries(Table::Files).map(vouches).collect()
    }

    /// Whether the stats of all folders and outputs tell that they are as they were.
    fn rest_vouched(&self, snapshot: &Snapshot) -> bool {
        snapshot.entries(Table::Folders).all(|(path, record)| self.files.folder_vouched(path, &record))
            && snapshot.entries(Table::Outputs).all(|(path, record)| record.vouches_for_output(&self.files, path))
    }

    /// Whether everything in a snapshot still is as it was, read where a stat cannot tell.
    fn is_same_when_read(&mut self, snapshot: &Snapshot, vouched: &[bool]) -> bool {
        let doubtful = || snapshot.entries(Table::Files).zip(vouched).filter(|(_, vouched)| !**vouched);
        let paths: Vec<Arc<str>> = doubtful().map(|((path, _), _)| path.into()).collect();
        self.files.look_at_all(&paths.iter().collect::<Vec<_>>());
        let files = &self.files;
        doubtful().all(|((path, record), _)| files.look(path, false).is_ok_and(|now| now == record.digest))
            && snapshot
                .entries(Table::Folders)
                .all(|(path, record)| files.folder_vouched(path, &record) || files.folder_holds(path, &record))
            && self.outputs.records.iter_mut().all(|(path, record)| match record.still_holds(files, path) {
                Some(fresh) => {
                    *record = fresh;
                    true
                }
                None => false,
            })
    }

    /// Takes over what the last build knew, unless that happened already.
    pub(super) fn recall(&mut self) {
        match self.snapshot.take() {
            Some(snapshot) => self.take_over(&snapshot, &self.vouched(&snapshot)),
            None if !self.is_recalled => {
                self.outputs.recall(&self.files, std::iter::empty());
                self.is_recalled = true;
            }
            None => {}
        }
    }

    fn take_over(&mut self, snapshot: &Snapshot, vouched: &[bool]) {
        let files = snapshot.entries(Table::Files).zip(vouched);
        let files = files.map(|((path, record), vouched)| (path.into(), record, *vouched)).collect();
        let folders = snapshot.entries(Table::Folders).map(|(path, record)| (path.into(), record, false)).collect();
        self.files.restore(files, folders);
        if !self.is_recalled {
            self.outputs.recall(&self.files, snapshot.entries(Table::Outputs));
            self.is_recalled = true;
        }
        self.files.assets_at(self.outputs.records.keys().map(AsRef::as_ref));
    }
}
