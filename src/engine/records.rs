//! The records of assets: as the last build left them, in the very bytes of its state, and what changed since. A build that changed little makes
//! nothing of the rest.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::files::Record;
use super::state::{Snapshot, Table};

/// What softbox wrote where.
#[derive(Debug, Default)]
pub struct Records {
    base: Snapshot,
    /// Paths that the base does not have, and those of the base that are gone.
    others: BTreeMap<Arc<str>, Option<Record>>,
    /// Where in the base the last path was found: the next to be asked for is mostly the one behind it.
    hint: Cell<usize>,
}

impl Records {
    pub(super) fn new(base: Snapshot) -> Records {
        Records { base, ..Records::default() }
    }

    pub fn get(&self, path: &str) -> Option<Record> {
        match self.others.get(path) {
            Some(other) => *other,
            None => self.find(path).map(|index| self.base.record(Table::Outputs, index)),
        }
    }

    pub(super) fn set(&mut self, path: &str, record: Record) {
        match self.find(path) {
            Some(index) => {
                self.base.set_record(Table::Outputs, index, &record);
                self.others.remove(path);
            }
            None => drop(self.others.insert(path.into(), Some(record))),
        }
    }

    pub(super) fn remove(&mut self, path: &str) {
        match self.find(path) {
            Some(_) => drop(self.others.insert(path.into(), None)),
            None => drop(self.others.remove(path)),
        }
    }

    /// All of them, in the order of their paths.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Record)> {
        let mut base = self.base.entries(Table::Outputs).peekable();
        let mut others = self.others.iter().map(|(path, record)| (&**path, *record)).peekable();
        std::iter::from_fn(move || {
            loop {
                let is_base = match (base.peek(), others.peek()) {
                    (Some((path, _)), Some((other, _))) if path == other => {
                        base.next();
                        false
                    }
                    (Some((path, _)), Some((other, _))) => path < other,
                    (next, _) => next.is_some(),
                };
                if is_base {
                    return base.next();
                }
                if let (path, Some(record)) = others.next()? {
                    return Some((path, record));
                }
            }
        })
    }

    pub(super) fn len(&self) -> usize {
        self.iter().count()
    }

    /// The state as it was when these records were read.
    pub(super) fn base(&self) -> &Snapshot {
        &self.base
    }

    /// The state that these records are part of, if it has a place for each of them.
    pub(super) fn state(&mut self) -> Option<&mut Snapshot> {
        self.others.is_empty().then_some(&mut self.base)
    }

    fn find(&self, path: &str) -> Option<usize> {
        let next = self.hint.get() + 1;
        let index = match self.base.is_at(Table::Outputs, next, path) {
            true => next,
            false => self.base.find(Table::Outputs, path)?,
        };
        self.hint.set(index);
        Some(index)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Digest;
    use super::super::state::Contents;
    use super::*;

    fn record(text: &str) -> Record {
        Record { digest: Digest::of(text.as_bytes()), ..Record::default() }
    }

    #[test]
    fn they_are_what_a_map_would_be_whatever_is_set_and_removed() {
        let first = record("first");
        let outputs: Vec<(&str, &Record)> = ["b", "d", "f", "h"].iter().map(|path| (*path, &first)).collect();
        let contents = Contents { outputs: &outputs, ..Contents::default() };
        let mut records = Records::new(Snapshot::new(&contents));
        let mut map: BTreeMap<String, Record> = outputs.iter().map(|(path, _)| ((*path).to_owned(), first)).collect();
        let paths = ["a", "b", "c", "d", "e", "f", "g", "h", "i"];
        let mut state = 1u32;
        for round in 0..2000 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let path = paths[(state >> 16) as usize % paths.len()];
            if state >> 30 == 0 {
                records.remove(path);
                map.remove(path);
            } else {
                let next = record(&round.to_string());
                records.set(path, next);
                map.insert(path.to_owned(), next);
            }
            assert!(records.iter().eq(map.iter().map(|(path, record)| (path.as_str(), *record))), "round {round}");
            assert!(paths.iter().all(|path| records.get(path) == map.get(*path).copied()), "round {round}");
        }
    }
}
