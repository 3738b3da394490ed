//! The records of assets: as the last build left them, in the very bytes of its state, and what changed since. A build that changed little makes
//! nothing of the rest.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::files::Record;
use super::state::{Snapshot, Table, first_not};

/// What softbox wrote where.
#[derive(Debug, Default)]
pub struct Records {
    /// A path without a record has one with an absent digest.
    base: Snapshot,
    /// How many of the base's paths have no record.
    without: usize,
    /// Those whose path the base does not have.
    others: BTreeMap<Arc<str>, Record>,
    /// Where in the base the last path was found: the next to be asked for is mostly the one behind it.
    hint: Cell<usize>,
}

impl Records {
    pub(super) fn new(base: Snapshot) -> Records {
        Records { base, ..Records::default() }
    }

    /// Makes room in the base for assets that are about to be made, if most of them have none there: their paths, sorted.
    pub(super) fn make_room<'a>(&mut self, assets: impl ExactSizeIterator<Item = &'a str>) {
        if assets.len() <= 2 * self.base.count(Table::Outputs) {
            return;
        }
        let mut known = self.iter().peekable();
        let mut assets = assets.peekable();
        let mut without = 0;
        let all = std::iter::from_fn(|| {
            let next = known.next_if(|(path, _)| assets.peek().is_none_or(|asset| path <= asset));
            let next = next.or_else(|| Some((*assets.peek()?, Record::default())))?;
            without += usize::from(next.1.digest.is_absent());
            while assets.next_if_eq(&next.0).is_some() {}
            Some(next)
        });
        let base = Snapshot::new(self.base.entries(Table::Files), self.base.entries(Table::Folders), all);
        drop(known);
        *self = Records { without, ..Records::new(base) };
    }

    pub fn get(&self, path: &str) -> Option<Record> {
        match self.find(path) {
            Some(index) => Some(self.base.record(Table::Outputs, index)).filter(|record| !record.digest.is_absent()),
            None => self.others.get(path).copied(),
        }
    }

    pub(super) fn set(&mut self, path: &str, record: Record) {
        match self.find(path) {
            Some(index) => self.set_in_base(index, &record),
            None => drop(self.others.insert(path.into(), record)),
        }
    }

    pub(super) fn remove(&mut self, path: &str) {
        match self.find(path) {
            Some(index) => self.set_in_base(index, &Record::default()),
            None => drop(self.others.remove(path)),
        }
    }

    fn set_in_base(&mut self, index: usize, record: &Record) {
        let before = self.base.record(Table::Outputs, index);
        self.base.set_record(Table::Outputs, index, record);
        self.without += usize::from(record.digest.is_absent());
        self.without -= usize::from(before.digest.is_absent());
    }

    /// All of them, in the order of their paths.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Record)> {
        let base = self.base.entries(Table::Outputs).filter(|(_, record)| !record.digest.is_absent());
        let (mut base, mut others) = (base.peekable(), self.others.iter().peekable());
        std::iter::from_fn(move || {
            let is_first = |(path, _): &(&str, Record)| others.peek().is_none_or(|(other, _)| *path < &***other);
            base.next_if(is_first).or_else(|| others.next().map(|(path, record)| (&**path, *record)))
        })
    }

    /// The folders at the top in which they lie, each with a `/` behind.
    pub(super) fn tops(&self) -> impl Iterator<Item = &str> {
        let base = |index| self.base.path(Table::Outputs, index).unwrap_or_default();
        let others = self.others.keys().filter_map(|path| top_of(path));
        tops(self.base.count(Table::Outputs), base).chain(others)
    }

    /// Those that are not as the last build left them, and perhaps some others.
    pub(super) fn changed(&self) -> impl Iterator<Item = (&str, Record)> {
        let base = |index| Some((self.base.path(Table::Outputs, index)?, self.base.record(Table::Outputs, index)));
        let others = self.others.iter().map(|(path, record)| (&**path, *record));
        self.base.changed(Table::Outputs).filter_map(base).chain(others)
    }

    pub(super) fn len(&self) -> usize {
        self.base.count(Table::Outputs) - self.without + self.others.len()
    }

    /// The state as it was when these records were read.
    pub(super) fn base(&self) -> &Snapshot {
        &self.base
    }

    /// The state that these records are part of, if it has a place for each of them and for no others.
    pub(super) fn state(&mut self) -> Option<&mut Snapshot> {
        (self.others.is_empty() && self.without == 0).then_some(&mut self.base)
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

/// The folders at the top in which so many sorted paths lie, each with a `/` behind.
pub(super) fn tops<'a>(count: usize, path: impl Fn(usize) -> &'a str) -> impl Iterator<Item = &'a str> {
    let mut next = 0;
    std::iter::from_fn(move || {
        while next < count {
            let top = top_of(path(next));
            next = match top {
                Some(top) => first_not(next..count, |index| path(index).starts_with(top)),
                None => next + 1,
            };
            if top.is_some() {
                return top;
            }
        }
        None
    })
}

fn top_of(path: &str) -> Option<&str> {
    Some(&path[..=path.find('/')?])
}

#[cfg(test)]
mod tests {
    use super::super::Digest;
    use super::*;

    fn record(text: &str) -> Record {
        Record { digest: Digest::of(text.as_bytes()), ..Record::default() }
    }

    #[test]
    fn folders_at_the_top_are_told_once_each() {
        let paths = ["a.txt", "dist/a", "dist/b/c", "dist-2/d", "e.txt", "print/f"];
        assert!(tops(paths.len(), |index| paths[index]).eq(["dist/", "dist-2/", "print/"]));
        assert_eq!(tops(0, |_| "").count(), 0);
    }

    #[test]
    fn they_are_what_a_map_would_be_whatever_is_set_and_removed() {
        let outputs = ["b", "d", "f", "h"].map(|path| (path, record("first")));
        let mut records = Records::new(Snapshot::new([].into_iter(), [].into_iter(), outputs.into_iter()));
        let mut map: BTreeMap<String, Record> = outputs.map(|(path, record)| (path.to_owned(), record)).into();
        let paths = ["a", "b", "c", "d", "e", "f", "g", "h", "i"];
        let mut state = 1u32;
        for round in 0..2000 {
            if round == 1000 {
                let all = ["a", "b", "b", "c", "e", "g", "g", "h", "i"];
                records.make_room(all.into_iter());
                assert!(all.iter().all(|path| records.find(path).is_some()));
            }
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
            assert_eq!(records.len(), map.len(), "round {round}");
            assert!(records.changed().any(|(changed, _)| changed == path) || !map.contains_key(path), "round {round}");
            let is_whole = records.len() == records.base.count(Table::Outputs) && records.others.is_empty();
            assert_eq!(records.state().is_some(), is_whole, "round {round}");
        }
    }
}
