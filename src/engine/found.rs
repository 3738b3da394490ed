//! Sets of files that actions found to need while they ran, each kept once: thousands of assets share one.

use std::sync::Arc;

use super::Digest;
use super::fold::FoldMap;
use super::log::{digest_at, u32_at};

/// Files that an action found to need while it ran, with what they held then, sorted.
pub type Found = Vec<(Arc<str>, Digest)>;

/// Dense number of a set in [`Sets`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FoundSet(u32);

/// All sets that this process knows of.
#[derive(Debug, Default)]
pub(super) struct Sets {
    all: Vec<Arc<Found>>,
    ids: FoldMap<Arc<Found>, FoundSet>,
}

impl Sets {
    pub(super) fn id(&mut self, set: Found) -> FoundSet {
        if let Some(id) = self.ids.get(&set) {
            return *id;
        }
        let (set, id) = (Arc::new(set), FoundSet(self.all.len() as u32));
        self.all.push(set.clone());
        self.ids.insert(set, id);
        id
    }

    pub(super) fn get(&self, id: FoundSet) -> Arc<Found> {
        self.all.get(id.0 as usize).cloned().unwrap_or_default()
    }
}

/// Adds a set to bytes from which [`decode`] reads it.
pub(super) fn encode(set: &Found, bytes: &mut Vec<u8>) {
    for (path, digest) in set {
        bytes.extend_from_slice(&(path.len() as u32).to_le_bytes());
        bytes.extend_from_slice(path.as_bytes());
        bytes.extend_from_slice(&digest.0);
    }
}

/// `None` where the bytes make no sense.
pub(super) fn decode(mut bytes: &[u8]) -> Option<Found> {
    let mut set = Found::new();
    while !bytes.is_empty() {
        let (path, rest) = bytes.get(4..)?.split_at_checked(u32_at(bytes, 0)? as usize)?;
        set.push((std::str::from_utf8(path).ok()?.into(), digest_at(rest, 0)?));
        bytes = &rest[32..];
    }
    Some(set)
}
