//! A quick 64-bit hash for tables and checksums. Not for keys or contents: those are BLAKE3.

use std::hash::{BuildHasherDefault, Hasher};

/// Odd, with its bits well spread: 2⁶⁴ divided by the golden ratio.
const FACTOR: u64 = 0x9E37_79B9_7F4A_7C15;

/// Hashes bytes. Every step can be undone, so two texts of one length that differ in eight aligned bytes never share a hash, and others
/// do with a chance of about 2⁻⁶⁴. Stable: it is written to disk.
pub(super) fn fold(bytes: &[u8]) -> u64 {
    let (words, rest) = bytes.as_chunks::<8>();
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    let start = (bytes.len() as u64 ^ FACTOR).wrapping_mul(FACTOR);
    let all = words.iter().chain((!rest.is_empty()).then_some(&last));
    all.fold(start, |state, word| {
        let mixed = (state ^ u64::from_le_bytes(*word)).wrapping_mul(FACTOR);
        mixed ^ (mixed >> 29)
    })
}

/// A map whose keys are texts or numbers.
pub(super) type FoldMap<K, V> = std::collections::HashMap<K, V, BuildHasherDefault<FoldHasher>>;

/// [`fold`] for tables.
#[derive(Default)]
pub(super) struct FoldHasher(u64);

impl Hasher for FoldHasher {
    fn write(&mut self, bytes: &[u8]) {
        self.0 = (self.0 ^ fold(bytes)).wrapping_mul(FACTOR);
    }

    fn write_u8(&mut self, byte: u8) {
        self.write_u64(byte.into());
    }

    fn write_u32(&mut self, number: u32) {
        self.write_u64(number.into());
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = (self.0 ^ number).wrapping_mul(FACTOR);
    }

    fn write_usize(&mut self, number: usize) {
        self.write_u64(number as u64);
    }

    fn finish(&self) -> u64 {
        self.0 ^ (self.0 >> 32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_flipped_bit_and_any_other_length_is_another_hash() {
        let text = *b"softbox is make for marketing";
        let hash = fold(&text);
        for bit in 0..text.len() * 8 {
            let mut other = text;
            other[bit / 8] ^= 1 << (bit % 8);
            assert_ne!(fold(&other), hash);
        }
        for length in 0..text.len() {
            assert_ne!(fold(&text[..length]), hash);
        }
        assert_ne!(fold(b""), 0, "a record of zeroes must not be sound");
        assert_ne!(fold(b"\0"), fold(b"\0\0"));
    }

    #[test]
    fn it_stays_the_same_from_version_to_version() {
        assert_eq!(fold(b""), 16_088_033_396_387_240_377);
        assert_eq!(fold(b"develop hero/citrus-haze"), 6_183_029_055_663_722_968);
    }

    #[test]
    fn numbered_names_spread_over_a_table() {
        let mut buckets = vec![0; 1 << 12];
        for number in 0..1 << 12 {
            let mut hasher = FoldHasher::default();
            hasher.write(format!("dist/{number:06}/0.jpg").as_bytes());
            buckets[(hasher.finish() >> 52) as usize] += 1;
            buckets[(hasher.finish() & 0xfff) as usize] += 1;
        }
        assert!(buckets.iter().all(|count| *count < 16), "{:?}", buckets.iter().max());
    }
}
