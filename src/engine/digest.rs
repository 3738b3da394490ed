//! Digests: 32 bytes of BLAKE3 that stand for bytes, keys and absent files.

use std::fmt;
use std::hash::{BuildHasherDefault, Hasher};

use serde::{Serialize, Serializer};

/// BLAKE3 of some bytes. The default is [`Digest::ABSENT`].
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// Stands for a file that is not there. No bytes have this digest.
    pub const ABSENT: Digest = Digest([0; 32]);

    /// Stands for a file that could not be read. Nothing agrees with it, so whoever met one looks again.
    pub(super) const UNREADABLE: Digest = Digest([0xff; 32]);

    pub fn is_absent(&self) -> bool {
        *self == Digest::ABSENT
    }

    pub fn of(bytes: &[u8]) -> Digest {
        Digest(*blake3::hash(bytes).as_bytes())
    }

    /// Lower-case hexadecimal, 64 characters.
    pub fn hex(&self) -> String {
        blake3::Hash::from_bytes(self.0).to_hex().to_string()
    }

    /// The first 12 characters, for people.
    pub fn short(&self) -> String {
        self.hex()[..12].to_owned()
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.short())
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.hex())
    }
}

/// Maps keyed by digests need no second hashing: any eight bytes of a digest are as good as random.
pub type DigestMap<K, V> = std::collections::HashMap<K, V, BuildHasherDefault<FirstBytes>>;

/// Takes the first eight bytes as they are.
#[derive(Default)]
pub struct FirstBytes(u64);

impl Hasher for FirstBytes {
    fn write(&mut self, bytes: &[u8]) {
        if let Some(first) = bytes.first_chunk::<8>() {
            self.0 = u64::from_le_bytes(*first);
        }
    }

    fn write_usize(&mut self, _length: usize) {}

    fn finish(&self) -> u64 {
        self.0
    }
}
