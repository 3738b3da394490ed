//! A key: only ever sent to its own service, and shown to nobody.

use std::fmt;

/// A key. Neither `Debug` nor `Display` nor serialisation shows it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Copied keys often bring spaces and line ends along; `None` where nothing else is there.
    pub fn new(text: &str) -> Option<Secret> {
        let text = text.trim();
        (!text.is_empty()).then(|| Secret(text.to_owned()))
    }

    /// The key itself, for the one header that carries it.
    pub(super) fn expose(&self) -> &str {
        &self.0
    }

    /// Overwrites every occurrence with asterisks: services echo keys in error messages.
    pub(super) fn hide_in(&self, bytes: &mut [u8]) {
        let key = self.0.as_bytes();
        let mut at = 0;
        while let Some(found) = bytes.get(at..).and_then(|rest| rest.windows(key.len()).position(|part| part == key)) {
            bytes[at + found..at + found + key.len()].fill(b'*');
            at += found + key.len();
        }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_trimmed_and_never_shown() {
        let key = Secret::new(" sk-planted\n").unwrap();
        assert_eq!(key.expose(), "sk-planted");
        assert_eq!(format!("{key:?}"), "(secret)");
        assert_eq!(Secret::new(" \n"), None);
    }

    #[test]
    fn echoes_are_overwritten_wherever_they_are() {
        let mut echo = b"sk-1 is wrong: sk-1sk-1".to_vec();
        Secret::new("sk-1").unwrap().hide_in(&mut echo);
        assert_eq!(echo, b"**** is wrong: ********");
    }
}
