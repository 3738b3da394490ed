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

const MAGIC: &[u8; 16] = b"softbox last 1\n\n";
const HEADER: usize = 16 + 8;
const ENTRY: usize = 8 + 32 + 32 + 4 + 1;

/// So few are not worth writing all of them down again: the next build meets them anew, and asks the traces.
const FEW: usize = 64;

/// An action as the last build left it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry {
    /// [`fold`] of its name.
    pub name: u64,
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
    /// In the order of the graph; behind them those that are not in it.
    entries: Vec<Entry>,
    is_read: bool,
    /// How much is not as it was written down.
    changed: usize,
}

impl Entry {
    /// An action that no build has met.
    fn unknown(name: u64) -> Entry {
        Entry { name, key: Digest::ABSENT, output: Digest::ABSENT, found: FoundSet::default(), kept: false }
    }
}

impl Last {
    pub(super) fn open(derived: &Path) -> Last {
        Last { path: derived.join("last"), entries: Vec::new(), is_read: false, changed: 0 }
    }

    /// Puts the actions in the order of a graph that names them so.
    pub(super) fn begin(&mut self, names: &[u64], sets: &mut Sets) {
        if !self.is_read {
            self.entries = read(&self.path, sets).unwrap_or_default();
            self.is_read = true;
        }
        let is_in_order = self.entries.len() == names.len()
            && self.entries.iter().zip(names).all(|(entry, name)| entry.name == *name);
        if !is_in_order {
            let mut known: FoldMap<u64, Entry> = self.entries.drain(..).map(|entry| (entry.name, entry)).collect();
            self.entries.extend(names.iter().map(|name| known.remove(name).unwrap_or(Entry::unknown(*name))));
            let mut others: Vec<Entry> = known.into_values().collect();
            others.sort_unstable_by_key(|entry| entry.name);
            self.entries.extend(others);
            self.changed = usize::MAX;
        }
    }

    /// What an action made, if it had this key.
    pub(super) fn of(&self, id: ActionId, key: &Digest) -> Option<Entry> {
        self.entries.get(id.index()).filter(|entry| entry.key == *key).copied()
    }

    /// An action as it was set at last.
    pub(super) fn at(&self, id: ActionId) -> Entry {
        self.entries[id.index()]
    }

    /// What an action made at last.
    pub(super) fn output(&self, id: ActionId) -> Option<Digest> {
        self.entries.get(id.index()).filter(|entry| entry.key != Digest::ABSENT).map(|entry| entry.output)
    }

    /// What an action has made now.
    pub(super) fn set(&mut self, id: ActionId, entry: Entry) {
        if let Some(before) = self.entries.get_mut(id.index())
            && *before != entry
        {
            // One that made something else than before, of the same, must not be met as it was.
            let weight = if before.key == entry.key { usize::MAX } else { 1 };
            *before = entry;
            self.changed = self.changed.saturating_add(weight);
        }
    }

    /// Writes down what is known now. Actions that this build left out, or that failed, stay as they were; where the graph of so many `actions`
    /// was whole, those that are not in it are forgotten.
    pub(super) fn save(&mut self, store: &Store, sets: &Sets, actions: usize, is_whole: bool) -> std::io::Result<()> {
        if is_whole {
            self.entries.truncate(actions);
        }
        if self.changed > FEW {
            self.changed = 0;
            store.write(&self.path, &encode(&self.entries, sets))?;
        }
        Ok(())
    }
}

/// The sets first, each behind its length, then the entries.
fn encode(entries: &[Entry], sets: &Sets) -> Vec<u8> {
    let mut used: Vec<FoundSet> = entries.iter().map(|entry| entry.found).collect();
    used.sort_unstable();
    used.dedup();
    let mut bytes = Vec::with_capacity(HEADER + entries.len() * ENTRY);
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
    for entry in entries.iter().filter(|entry| entry.key != Digest::ABSENT) {
        let set = used.partition_point(|id| *id < entry.found) as u32;
        bytes.extend_from_slice(&entry.name.to_le_bytes());
        bytes.extend_from_slice(&entry.key.0);
        bytes.extend_from_slice(&entry.output.0);
        bytes.extend_from_slice(&set.to_le_bytes());
        bytes.push(entry.kept.into());
    }
    let checksum = fold(&bytes[HEADER..]);
    bytes[16..HEADER].copy_from_slice(&checksum.to_le_bytes());
    bytes
}

/// `None` where there is nothing, and where it is damaged or of another version.
fn read(path: &Path, sets: &mut Sets) -> Option<Vec<Entry>> {
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
    let entry = |bytes: &[u8]| {
        Some(Entry {
            name: u64_at(bytes, 0)?,
            key: digest_at(bytes, 8)?,
            output: digest_at(bytes, 40)?,
            found: *used.get(u32_at(bytes, 72)? as usize)?,
            kept: *bytes.get(76)? != 0,
        })
    };
    rest.chunks(ENTRY).map(entry).collect()
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
                key: digest(&format!("key {at}")),
                output: digest(&format!("output {at}")),
                found: found[at as usize % 2],
                kept: at > 2,
            })
            .collect();
        store.write(&path, &encode(&entries, &sets)).unwrap();
        let mut others = Sets::default();
        others.id(vec![("c".into(), digest("c"))]);
        let back = read(&path, &mut others).unwrap();
        let told = |entry: &Entry, sets: &Sets| (Entry { found: found[0], ..*entry }, sets.get(entry.found));
        assert!(back.iter().map(|entry| told(entry, &others)).eq(entries.iter().map(|entry| told(entry, &sets))));
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
