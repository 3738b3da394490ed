//! Networks: how long a text may be on each, counted as that network counts. Dated data: see `networks.toml`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use schemars::{Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use unicode_normalization::UnicodeNormalization;
use unicode_segmentation::UnicodeSegmentation;

use super::manifest::Confidence;

/// How long a text may be.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Network {
    pub most: usize,
    /// Bytes of UTF-8, where those are limited too.
    most_bytes: Option<usize>,
    /// What people see before they tap "more".
    pub shown: Option<usize>,
    counted: Counted,
    /// What the numbers rest on.
    pub source: String,
    /// When that was last checked.
    pub checked: String,
    pub confidence: Confidence,
}

/// What a network counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Counted {
    /// Weights of twitter-text, its configuration version 3.
    X,
    /// What a reader calls a letter.
    Graphemes,
    /// Graphemes, where a link is 23 and a name on another server counts without the server.
    Mastodon,
    /// Characters, where an emoji is as many as it has bytes.
    Threads,
    /// Units of UTF-16, as most interfaces of programs count.
    Utf16,
}

/// A link has this length on X and Mastodon, whatever it really has.
const LINK: usize = 23;

impl Network {
    /// How long a text is, in the units of [`Network::most`].
    pub fn length(&self, text: &str) -> usize {
        match self.counted {
            Counted::X => x(text),
            Counted::Graphemes => text.graphemes(true).count(),
            Counted::Mastodon => pieces(text).map(|piece| mastodon(piece, true)).sum(),
            Counted::Threads => text.graphemes(true).map(threads).sum(),
            Counted::Utf16 => text.encode_utf16().count(),
        }
    }

    /// Whether a text is too long for it.
    pub fn is_over(&self, text: &str) -> bool {
        self.length(text) > self.most || self.most_bytes.is_some_and(|most| text.len() > most)
    }
}

/// All networks, by name.
pub fn all() -> &'static BTreeMap<String, Network> {
    static NETWORKS: LazyLock<BTreeMap<String, Network>> = LazyLock::new(|| {
        // The text is part of this program, and a test reads it: it cannot be wrong for a user.
        toml::from_str(include_str!("networks.toml")).unwrap_or_default()
    });
    &NETWORKS
}

/// Names of networks, for editors.
pub(super) fn names(_: &mut SchemaGenerator) -> Schema {
    let names: Vec<&str> = all().keys().map(String::as_str).collect();
    json_schema!({
        "description": "Where it is posted: lengths are told as these count.",
        "type": "array",
        "items": { "type": "string", "enum": names },
        "default": [],
        "examples": [["instagram", "x"]]
    })
}

/// Words and the white space between them, all of it.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    text.split_inclusive(char::is_whitespace).flat_map(|piece| {
        let word = piece.trim_end_matches(char::is_whitespace);
        [word, &piece[word.len()..]]
    })
}

/// twitter-text: composed letters; links weigh 23, an emoji 2, code points of most alphabets 1, all others 2.
fn x(text: &str) -> usize {
    let composed: String = text.nfc().collect();
    pieces(&composed)
        .map(|piece| around_link(piece, has_domain).map_or_else(|| weight(piece), |rest| LINK + weight(&rest)))
        .sum()
}

fn weight(text: &str) -> usize {
    let light = |c: char| matches!(u32::from(c), 0..=4351 | 8192..=8205 | 8208..=8223 | 8242..=8247);
    let one = |cluster: &str| match is_emoji(cluster) {
        true => 2,
        false => cluster.chars().map(|c| if light(c) { 1 } else { 2 }).sum(),
    };
    text.graphemes(true).map(one).sum()
}

/// Mastodon's validator: only links with a scheme are 23.
fn mastodon(piece: &str, has_link: bool) -> usize {
    if let (true, Some(rest)) = (has_link, around_link(piece, |_| false)) {
        return LINK + mastodon(&rest, false);
    }
    let mention = piece.strip_prefix('@').and_then(|name| name.split_once('@'));
    match mention {
        Some((name, server)) if !name.is_empty() && server.contains('.') => 1 + name.graphemes(true).count(),
        _ => piece.graphemes(true).count(),
    }
}

fn threads(cluster: &str) -> usize {
    if is_emoji(cluster) { cluster.len() } else { cluster.chars().count() }
}

/// Whether a letter, as a reader sees it, is an emoji: in a plane of its own, or made one by a selector, a skin tone or a key's frame.
fn is_emoji(cluster: &str) -> bool {
    let own = |c: char| matches!(u32::from(c), 0x1F000..=0x1FAFF);
    let makes = |c: char| matches!(u32::from(c), 0xFE0F | 0x20E3);
    cluster.starts_with(own) || cluster.contains(makes) || cluster.chars().skip(1).any(own)
}

/// What stands around the link in a word, if there is one: brackets before it, a full stop behind it.
fn around_link(piece: &str, is_bare: fn(&str) -> bool) -> Option<String> {
    let start = piece.find(char::is_alphanumeric)?;
    let inner =
        piece[start..].trim_end_matches(|c: char| !c.is_alphanumeric() && !matches!(c, '/' | '=' | '#' | '_' | '-'));
    let scheme = inner.get(..8).into_iter().chain(inner.get(..7)).any(|head| {
        let head = head.to_ascii_lowercase();
        head == "https://" || head == "http://"
    });
    let is_link = scheme || (is_bare(inner) && !piece[..start].ends_with('@') && !inner.contains('@'));
    is_link.then(|| format!("{}{}", &piece[..start], &piece[start + inner.len()..]))
}

/// Endings that make a bare domain a link on X. The full list has some 1,500; these are what shops have.
const ENDINGS: [&str; 40] = [
    "com", "net", "org", "info", "biz", "shop", "store", "app", "dev", "online", "site", "io", "co", "me", "tv", "ly",
    "be", "to", "eu", "uk", "us", "ca", "au", "nz", "ie", "de", "at", "ch", "fr", "es", "pt", "it", "nl", "se", "no",
    "dk", "fi", "pl", "jp", "in",
];

fn has_domain(word: &str) -> bool {
    let domain = word.split(['/', '?', '#', ':']).next().unwrap_or_default().to_ascii_lowercase();
    let Some((rest, ending)) = domain.rsplit_once('.') else { return false };
    let is_label = |label: &str| {
        !label.is_empty() && label.len() <= 63 && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
    };
    ENDINGS.contains(&ending) && rest.split('.').all(is_label)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn length(network: &str, text: &str) -> usize {
        all()[network].length(text)
    }

    #[test]
    fn the_built_in_networks_are_read_and_dated() {
        let networks: BTreeMap<String, Network> = toml::from_str(include_str!("networks.toml")).unwrap();
        assert!(networks.len() > 8);
        assert!(networks.values().all(|network| !network.source.is_empty() && !network.checked.is_empty()));
    }

    #[test]
    fn x_counts_weights_links_and_emoji_as_its_library_does() {
        for (text, weight) in [
            ("a family: 👨‍👩‍👧‍👦 family pack", 10 + 2 + 12),
            ("e\u{301}", 1),
            ("\u{5e9}\u{5c1}\u{5bc}", 3),
            ("1️⃣🇩🇪👍🏽❤️", 8),
            ("£—–“”’©®½°", 10),
            ("€…•→™☺", 12),
            ("日本", 4),
            ("see https://shop.example/a?b=1#c.", 4 + 23 + 1),
            ("(corner.shop/new) it", 1 + 23 + 1 + 3),
            ("me@corner.shop", 14),
            ("soap.bar $3.20", 14),
        ] {
            assert_eq!(length("x", text), weight, "{text}");
        }
    }

    #[test]
    fn each_network_counts_in_its_own_way() {
        let family = "👨‍👩‍👧‍👦 family pack";
        let counts = ["x", "bluesky", "instagram", "threads"].map(|network| length(network, family));
        assert_eq!(counts, [14, 13, 23, 37]);
        assert_eq!(
            length("mastodon", "ask @ann@corner.social at https://corner.social/a/long/way or corner.shop"),
            4 + 4 + 4 + 23 + 4 + 11
        );
        assert!(!all()["x"].is_over(&"a".repeat(280)) && all()["x"].is_over(&"a".repeat(281)));
        assert!(all()["bluesky"].is_over(&"👨‍👩‍👧‍👦".repeat(150)), "3750 bytes in 150 letters");
    }
}
