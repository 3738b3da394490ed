//! Outputs that were not stored, kept in memory between the builds of one process: `watch` need not make them again for every save.

use std::collections::BTreeMap;

use super::digest::DigestMap;
use super::{Bytes, Digest};

/// The longest unused leaves first.
#[derive(Debug, Default)]
pub(super) struct Recent {
    bytes: DigestMap<Digest, (Bytes, u64)>,
    /// By when each was used last.
    by_use: BTreeMap<u64, Digest>,
    total: usize,
    limit: usize,
    tick: u64,
}

impl Recent {
    /// Keeps up to `limit` bytes from now on.
    pub(super) fn keep(&mut self, limit: usize) {
        self.limit = limit;
        self.shrink();
    }

    pub(super) fn get(&mut self, digest: &Digest) -> Option<Bytes> {
        let (bytes, used) = self.bytes.get_mut(digest)?;
        self.tick += 1;
        self.by_use.remove(&std::mem::replace(used, self.tick));
        self.by_use.insert(self.tick, *digest);
        Some(bytes.clone())
    }

    pub(super) fn put(&mut self, digest: Digest, bytes: Bytes) {
        if bytes.len() > self.limit || self.get(&digest).is_some() {
            return;
        }
        self.tick += 1;
        self.total += bytes.len();
        self.by_use.insert(self.tick, digest);
        self.bytes.insert(digest, (bytes, self.tick));
        self.shrink();
    }

    fn shrink(&mut self) {
        while self.total > self.limit
            && let Some((_, oldest)) = self.by_use.pop_first()
        {
            self.total -= self.bytes.remove(&oldest).map_or(0, |(bytes, _)| bytes.len());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_unused_leaves_first_and_what_never_fits_is_not_taken() {
        let mut recent = Recent::default();
        recent.keep(10);
        let digest = |text: &str| Digest::of(text.as_bytes());
        let put = |recent: &mut Recent, text: &str| recent.put(digest(text), text.as_bytes().to_vec().into());
        put(&mut recent, "aaaa");
        put(&mut recent, "bbbb");
        assert!(recent.get(&digest("aaaa")).is_some());
        put(&mut recent, "cccc");
        assert!(recent.get(&digest("bbbb")).is_none());
        put(&mut recent, "eleven bytes");
        assert_eq!(**recent.get(&digest("aaaa")).unwrap(), *b"aaaa");
        recent.keep(4);
        assert!(recent.get(&digest("cccc")).is_none() && recent.get(&digest("aaaa")).is_some());
    }
}
