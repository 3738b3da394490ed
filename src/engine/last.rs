//! What every action of the last build made, in the order of its graph: a build that changed little meets almost every action here and looks
//! up no trace.
//!
//! Survives: a crash at any moment (written whole, then renamed). It is only a shortcut: damaged or missing, the traces tell the same.

use std::path::{Path, PathBuf};

use super::digest::Digest;
use super::fold::{FoldMap, fold};
use super::found::{self, FoundSet, Sets};
use super::graph::ActionId;
use super::log::{digest_at, u32_at, u64_at};
use super::store::Store;

const MAGIC: &[u8; 16] = b"softbox last 2\n\n";
const HEADER: usize = 16 + 8;
/// Where the parts of an entry are, behind its name.
const MADE_FROM: usize = 8;
const KEY: usize = MADE_FROM + 8;
const OUTPUT: usize = KEY + 32;
const SET: usize = OUTPUT + 32;
const KEPT: usize = SET + 4;
const ENTRY: usize = KEPT + 1;

/// So few are not worth writing all of them down again: the next build meets them anew, and asks the traces.
const FEW: usize = 64;

/// An action as the last build left it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry {
    /// [`fold`] of its name.
    pub name: u64,
    /// [`fold`] of all that its key was made from.
    pub made_from: u64,
    pub key: Digest,
    pub output: Digest,
    pub found: FoundSet,
    /// Whether the output went to the store.
    pub kept: bool,
}

/// The actions of the last build, which become those of this one as it goes on.
#[derive(Debug)]
pub(super) struct Last {
    path: PathBuf,
    known: Actions,
    is_read: bool,
    /// How much is not as it was written down.
    changed: usize,
}

/// Actions as they are written down, read one by one: a build that changed little makes nothing of the others.
#[derive(Debug, Default)]
struct Actions {
    /// In the order of the graph; behind them those that are not in it.
    bytes: Vec<u8>,
    /// Where the first one is.
    first: usize,
    /// What the numbers stand for that the actions have instead of their sets.
    sets: Vec<FoundSet>,
    numbers: FoldMap<FoundSet, u32>,
}

impl Entry {
    /// An action that no build has met.
    fn unknown(name: u64) -> Entry {
        let (key, output, found) = (Digest::ABSENT, Digest::ABSENT, FoundSet::default());
        Entry { name, made_from: 0, key, output, found, kept: false }
    }

    /// As it is written down, with the number of its set.
    fn to_bytes(self, set: u32) -> [u8; ENTRY] {
        let mut bytes = [0; ENTRY];
        bytes[..8].copy_from_slice(&self.name.to_le_bytes());
        bytes[MADE_FROM..KEY].copy_from_slice(&self.made_from.to_le_bytes());
        bytes[KEY..OUTPUT].copy_from_slice(&self.key.0);
        bytes[OUTPUT..SET].copy_from_slice(&self.output.0);
        bytes[SET..KEPT].copy_from_slice(&set.to_le_bytes());
        bytes[KEPT] = self.kept.into();
        bytes
    }
}

impl Actions {
    fn len(&self) -> usize {
        (self.bytes.len() - self.first) / ENTRY
    }

    fn bytes_at(&self, index: usize) -> Option<&[u8]> {
        self.bytes.get(self.first + index * ENTRY..)?.get(..ENTRY)
    }

    fn names(&self) -> impl Iterator<Item = u64> {
        self.bytes[self.first..].chunks_exact(ENTRY).map(|bytes| u64_at(bytes, 0).unwrap_or_default())
    }

    fn at(&self, index: usize) -> Option<Entry> {
        let bytes = self.bytes_at(index)?;
        let set = self.sets.get(u32_at(bytes, SET)? as usize);
        Some(Entry {
            name: u64_at(bytes, 0)?,
            made_from: u64_at(bytes, MADE_FROM)?,
            key: digest_at(bytes, KEY)?,
            output: digest_at(bytes, OUTPUT)?,
            found: set.copied().unwrap_or_default(),
            kept: bytes[KEPT] != 0,
        })
    }

    fn set(&mut self, index: usize, entry: Entry) {
        let number = *self.numbers.entry(entry.found).or_insert_with(|| {
            self.sets.push(entry.found);
            self.sets.len() as u32 - 1
        });
        self.bytes[self.first + index * ENTRY..][..ENTRY].copy_from_slice(&entry.to_bytes(number));
    }

    /// Puts them in the order of these names, the others behind.
    fn arrange(&mut self, names: &[u64]) {
        let mut places: FoldMap<u64, usize> = self.names().enumerate().map(|(at, name)| (name, at)).collect();
        let mut bytes = Vec::with_capacity(names.len() * ENTRY);
        for name in names {
            match places.remove(name).and_then(|at| self.bytes_at(at)) {
                Some(known) => bytes.extend_from_slice(known),
                None => bytes.extend_from_slice(&Entry::unknown(*name).to_bytes(0)),
            }
        }
        let mut others: Vec<(u64, usize)> = places.into_iter().collect();
        others.sort_unstable();
        others.iter().filter_map(|(_, at)| self.bytes_at(*at)).for_each(|known| bytes.extend_from_slice(known));
        (self.bytes, self.first) = (bytes, 0);
    }
}

impl Last {
    pub(super) fn open(derived: &Path) -> Last {
        Last { path: derived.join("last"), known: Actions::default(), is_read: false, changed: 0 }
    }

    /// Puts the actions in the order of a graph that names them so.
    pub(super) fn begin(&mut self, names: &[u64], sets: &mut Sets) {
        if !self.is_read {
            self.known = read(&self.path, sets).unwrap_or_default();
            self.is_read = true;
        }
        if !self.known.names().eq(names.iter().copied()) {
            self.known.arrange(names);
            self.changed = usize::MAX;
        }
    }

    /// What an action made, if it had this key.
    pub(super) fn of(&self, id: ActionId, key: &Digest) -> Option<Entry> {
        self.known.at(id.index()).filter(|entry| entry.key == *key)
    }

    /// The key that an action had, if it was made from what has this [`fold`].
    pub(super) fn key(&self, id: ActionId, made_from: u64) -> Option<Digest> {
        let bytes = self.known.bytes_at(id.index()).filter(|bytes| u64_at(bytes, MADE_FROM) == Some(made_from))?;
        digest_at(bytes, KEY).filter(|key| !key.is_absent())
    }

    /// What an action made at last.
    pub(super) fn made(&self, id: ActionId) -> Option<Entry> {
        self.known.at(id.index()).filter(|entry| !entry.key.is_absent())
    }

    /// What an action has made now.
    pub(super) fn set(&mut self, id: ActionId, entry: Entry) {
        if let Some(before) = self.known.at(id.index())
            && before != entry
        {
            // One that made something else than before, of the same, must not be met as it was.
            let weight = if before.key == entry.key { usize::MAX } else { 1 };
            self.known.set(id.index(), entry);
            self.changed = self.changed.saturating_add(weight);
        }
    }

    /// Writes down what is known now. Actions that this build left out, or that failed, stay as they were; where the graph of so many `actions`
    /// was whole, those that are not in it are forgotten.
    pub(super) fn save(&mut self, store: &Store, sets: &Sets, actions: usize, is_whole: bool) -> std::io::Result<()> {
        if is_whole {
            self.known.bytes.truncate(self.known.first + actions * ENTRY);
        }
        if self.changed > FEW {
            self.changed = 0;
            store.write(&self.path, &encode(&self.known, sets))?;
        }
        Ok(())
    }
}

/// The sets first, each behind its length, then the entries.
fn encode(actions: &Actions, sets: &Sets) -> Vec<u8> {
    let entries = || (0..actions.len()).filter_map(|index| actions.at(index)).filter(|entry| !entry.key.is_absent());
    let mut used: Vec<FoundSet> = entries().map(|entry| entry.found).collect();
    used.sort_unstable();
    used.dedup();
    let mut bytes = Vec::with_capacity(HEADER + actions.len() * ENTRY);
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(&[0; 8]);
    bytes.extend_from_slice(&(used.len() as u32).to_le_bytes());
    let mut set = Vec::new();
    for id in &used {
        set.clear();
        found::encode(&sets.get(*id), &mut set);
        bytes.extend_from_slice(&(set.len() as u32).to_le_bytes());
        bytes.extend_from_slice(&set);
    }
    for entry in entries() {
        bytes.extend_from_slice(&entry.to_bytes(used.partition_point(|id| *id < entry.found) as u32));
    }
    let checksum = fold(&bytes[HEADER..]);
    bytes[16..HEADER].copy_from_slice(&checksum.to_le_bytes());
    bytes
}

/// `None` where there is nothing, and where it is damaged or of another version.
fn read(path: &Path, sets: &mut Sets) -> Option<Actions> {
    let bytes = std::fs::read(path).ok()?;
    let (head, body) = bytes.split_at_checked(HEADER)?;
    if head[..16] != *MAGIC || u64_at(head, 16)? != fold(body) {
        return None;
    }
    let (count, mut rest) = (u32_at(body, 0)?, &body[4..]);
    let mut used = Vec::new();
    for _ in 0..count {
        let (set, behind) = rest.get(4..)?.split_at_checked(u32_at(rest, 0)? as usize)?;
        used.push(sets.id(found::decode(set)?));
        rest = behind;
    }
    let (first, numbers) = (bytes.len() - rest.len(), used.iter().copied().zip(0..).collect());
    Some(Actions { bytes, first, sets: used, numbers })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_come_back_with_what_they_found_and_damage_to_any_byte_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let path = folder.path().join("last");
        let digest = |text: &str| Digest::of(text.as_bytes());
        let mut sets = Sets::default();
        let found = ["a", "b"].map(|name| sets.id(vec![(name.into(), digest(name)), ("both".into(), Digest::ABSENT)]));
        let entries: Vec<Entry> = (0..5)
            .map(|at| Entry {
                name: at,
                made_from: at << 40,
                key: digest(&format!("key {at}")),
                output: digest(&format!("output {at}")),
                found: found[at as usize % 2],
                kept: at > 2,
            })
            .collect();
        let mut last = Last::open(folder.path());
        last.begin(&[0, 1, 2, 3, 4], &mut sets);
        (0..).map(ActionId).zip(&entries).for_each(|(id, entry)| last.set(id, *entry));
        last.save(&store, &sets, 5, true).unwrap();
        let mut others = Sets::default();
        others.id(vec![("c".into(), digest("c"))]);
        // As the same graph finds it, and another one.
        for names in [[0, 1, 2, 3, 4], [3, 7, 0, 1, 9]] {
            let mut back = Last::open(folder.path());
            back.begin(&names, &mut others);
            for (at, name) in names.into_iter().enumerate() {
                let told = |entry: Entry, sets: &Sets| (Entry { found: found[0], ..entry }, sets.get(entry.found));
                let entry = back.made(ActionId(at as u32)).map(|entry| told(entry, &others));
                assert_eq!(entry, entries.get(name as usize).map(|entry| told(*entry, &sets)));
            }
        }
        let whole = std::fs::read(&path).unwrap();
        for byte in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[byte] ^= 1;
            std::fs::write(&path, damaged).unwrap();
            assert!(read(&path, &mut others).is_none(), "byte {byte}");
            std::fs::write(&path, &whole[..byte]).unwrap();
            assert!(read(&path, &mut others).is_none(), "cut at {byte}");
        }
    }
}
