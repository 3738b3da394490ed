//! The fonts that text is set in: the brand's first, then the built-in ones, never the system's.
//!
//! Which fonts a document gets depends on its own characters alone: the fonts for Arabic, Hebrew, Chinese, Japanese and Korean, and
//! emoji are only taken in where a character needs them, so that a plain card does not pay for them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, OnceLock};

use skrifa::{FontRef, MetadataProvider};
use takumi::prelude::{FontOverride, FontResource, FontSource, Fonts};

use super::BrandFont;
use crate::campaign::{Place, Problem};

/// A font that comes with softbox.
struct BuiltIn {
    family: &'static str,
    bytes: &'static [u8],
}

/// What text is set in where the brand names no font; Latin, Greek and Cyrillic.
const DEFAULT: BuiltIn = BuiltIn { family: "Inter", bytes: include_bytes!("../fonts/Inter.ttf") };

/// In the order in which they are asked for a character that the fonts before them lack. The emoji come last: they have digits too.
const FALLBACKS: [BuiltIn; 4] = [
    BuiltIn { family: "Noto Sans Arabic", bytes: include_bytes!("../fonts/NotoSansArabic.ttf") },
    BuiltIn { family: "Noto Sans Hebrew", bytes: include_bytes!("../fonts/NotoSansHebrew.ttf") },
    BuiltIn { family: "Droid Sans Fallback", bytes: include_bytes!("../fonts/DroidSansFallback.ttf") },
    BuiltIn { family: "Noto Color Emoji", bytes: include_bytes!("../fonts/NotoColorEmoji.ttf") },
];
const EMOJI: usize = 3;

/// Characters that are drawn as emoji unless the text says otherwise (Unicode `Emoji_Presentation`, below the emoji planes).
const EMOJI_BY_DEFAULT: [(u32, u32); 38] = [
    (0x231A, 0x231B),
    (0x23E9, 0x23EC),
    (0x23F0, 0x23F0),
    (0x23F3, 0x23F3),
    (0x25FD, 0x25FE),
    (0x2614, 0x2615),
    (0x2648, 0x2653),
    (0x267F, 0x267F),
    (0x2693, 0x2693),
    (0x26A1, 0x26A1),
    (0x26AA, 0x26AB),
    (0x26BD, 0x26BE),
    (0x26C4, 0x26C5),
    (0x26CE, 0x26CE),
    (0x26D4, 0x26D4),
    (0x26EA, 0x26EA),
    (0x26F2, 0x26F3),
    (0x26F5, 0x26F5),
    (0x26FA, 0x26FA),
    (0x26FD, 0x26FD),
    (0x2705, 0x2705),
    (0x270A, 0x270B),
    (0x2728, 0x2728),
    (0x274C, 0x274C),
    (0x274E, 0x274E),
    (0x2753, 0x2755),
    (0x2757, 0x2757),
    (0x2795, 0x2797),
    (0x27B0, 0x27B0),
    (0x27BF, 0x27BF),
    (0x2B1B, 0x2B1C),
    (0x2B50, 0x2B50),
    (0x2B55, 0x2B55),
    // Keycaps and the request for an emoji.
    (0x20E3, 0x20E3),
    (0xFE0F, 0xFE0F),
    (0x1F1E6, 0x1F1FF),
    (0x1F300, 0x1F64F),
    (0x1F680, 0x1FAFF),
];

/// The fonts of a document, ready for takumi.
pub(super) struct Book {
    pub fonts: Fonts,
    /// The families that CSS can name, as they are written: the brand's first.
    pub families: Vec<String>,
    /// The bytes to look characters up in.
    faces: Vec<Face>,
}

/// A font's bytes, uncompressed.
#[derive(Clone)]
enum Face {
    Brand(Arc<Vec<u8>>),
    BuiltIn(&'static [u8]),
}

impl Face {
    fn has(&self, character: char) -> bool {
        let bytes = match self {
            Face::Brand(bytes) => bytes.as_slice(),
            Face::BuiltIn(bytes) => bytes,
        };
        let font = FontRef::new(bytes).or_else(|_| FontRef::from_index(bytes, 0));
        font.is_ok_and(|font| font.charmap().map(character).is_some())
    }
}

impl Book {
    /// Whether one of the fonts draws the character, or nothing is to be drawn for it.
    pub fn covers(&self, character: char) -> bool {
        is_invisible(character) || self.faces.iter().any(|face| face.has(character))
    }

    /// The family of text that names none.
    pub fn default_family(&self) -> &str {
        self.families.first().map_or(DEFAULT.family, String::as_str)
    }
}

/// White space, joiners, variation selectors and directions: characters that steer others and have no shape.
fn is_invisible(character: char) -> bool {
    let code = character as u32;
    character.is_whitespace()
        || character.is_control()
        || matches!(code, 0xAD | 0x34F | 0x61C | 0x180E | 0xFEFF | 0xFFFC)
        || matches!(code, 0x200B..=0x200F | 0x202A..=0x202E | 0x2060..=0x206F | 0xFE00..=0xFE0F | 0xE0000..=0xE0FFF)
}

/// Whether a family is one that comes with softbox.
pub(super) fn is_built_in(family: &str) -> bool {
    std::iter::once(&DEFAULT).chain(&FALLBACKS).any(|font| font.family.eq_ignore_ascii_case(family))
}

/// What decides a book: the digests of the brand's fonts, and the fallbacks that are in it.
type Key = (Vec<[u8; 32]>, [bool; FALLBACKS.len()]);

/// Books made before. A book is a pure function of its key, so that sharing them changes no output, only the time it takes.
static BOOKS: OnceLock<Mutex<BTreeMap<Key, Arc<Book>>>> = OnceLock::new();

/// Books kept at most; a campaign needs one for each set of scripts that its texts use.
const MOST_BOOKS: usize = 32;

/// The fonts for a document with these characters, whose own texts may name a built-in font.
///
/// # Errors
/// A brand's file that is no font.
pub(super) fn book(
    brand: &[BrandFont],
    characters: &BTreeSet<char>,
    texts: &[&str],
) -> Result<Arc<Book>, Vec<Problem>> {
    let digests: Vec<[u8; 32]> = brand.iter().map(|font| *blake3::hash(&font.bytes).as_bytes()).collect();
    let plain = get((digests.clone(), [false; FALLBACKS.len()]), brand)?;
    let mut wanted = [false; FALLBACKS.len()];
    for character in characters {
        if !plain.covers(*character) {
            let first = FALLBACKS.iter().position(|font| Face::BuiltIn(font.bytes).has(*character));
            if let Some(first) = first {
                wanted[first] = true;
            }
        }
        if is_emoji_by_default(*character) {
            wanted[EMOJI] = true;
        }
    }
    for (font, wanted) in FALLBACKS.iter().zip(&mut wanted) {
        *wanted |= texts.iter().any(|text| text.contains(font.family));
    }
    match wanted.iter().any(|wanted| *wanted) {
        true => get((digests, wanted), brand),
        false => Ok(plain),
    }
}

fn is_emoji_by_default(character: char) -> bool {
    let code = character as u32;
    EMOJI_BY_DEFAULT.iter().any(|(from, to)| (*from..=*to).contains(&code))
}

fn get(key: Key, brand: &[BrandFont]) -> Result<Arc<Book>, Vec<Problem>> {
    let books = BOOKS.get_or_init(Mutex::default);
    let lock = || books.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    if let Some(book) = lock().get(&key) {
        return Ok(book.clone());
    }
    let book = Arc::new(bind(brand, key.1)?);
    let mut books = lock();
    if books.len() >= MOST_BOOKS {
        books.clear();
    }
    Ok(books.entry(key).or_insert(book).clone())
}

fn bind(brand: &[BrandFont], wanted: [bool; FALLBACKS.len()]) -> Result<Book, Vec<Problem>> {
    let mut book = Book { fonts: Fonts::default(), families: Vec::new(), faces: Vec::new() };
    let mut problems = Vec::new();
    for font in brand {
        if let Err(why) = add_brand(&mut book, font) {
            let problem = Problem::error("bad-font", format!("`{}` is no font that can be used: {why}", font.path));
            problems.push(problem.at(Place::file(font.path.as_str())).hint("use a TrueType, OpenType or WOFF2 file"));
        }
    }
    let fallbacks = FALLBACKS.iter().zip(wanted).filter(|(_, wanted)| *wanted).map(|(font, _)| font);
    for font in std::iter::once(&DEFAULT).chain(fallbacks) {
        // A brand that brings its own Inter means that one.
        let family = match book.families.iter().any(|family| family.eq_ignore_ascii_case(font.family)) {
            true => format!("softbox {}", font.family),
            false => font.family.to_string(),
        };
        let named = FontOverride { family_name: Some(family.as_str().into()), ..FontOverride::default() };
        let resource = FontResource::new(FontSource::from_static(font.bytes)).override_info(named);
        if let Err(error) = book.fonts.register(resource) {
            problems.push(Problem::error("bad-font", format!("the built-in font {family} cannot be used: {error}")));
        }
        book.families.push(family);
        book.faces.push(Face::BuiltIn(font.bytes));
    }
    if problems.is_empty() { Ok(book) } else { Err(problems) }
}

fn add_brand(book: &mut Book, font: &BrandFont) -> Result<(), String> {
    let bytes = match font.bytes.starts_with(b"wOF2") {
        true => Arc::new(wuff::decompress_woff2(&font.bytes).map_err(|error| format!("{error:?}"))?),
        false => font.bytes.clone(),
    };
    let source = FontSource::from_shared(bytes.clone());
    let families = book.fonts.register(FontResource::new(source)).map_err(|error| error.to_string())?;
    if families.is_empty() {
        return Err("it holds no face".into());
    }
    for family in families {
        if !book.families.contains(&family.name) {
            book.families.push(family.name);
        }
    }
    book.faces.push(Face::Brand(bytes));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn book_for(text: &str) -> Arc<Book> {
        book(&[], &text.chars().collect(), &[]).unwrap()
    }

    #[test]
    fn only_the_fonts_that_a_text_needs_are_taken_in() {
        assert_eq!(book_for("Crème brûlée — 5 €, Ελληνικά, Привет").families, ["Inter"]);
        assert_eq!(book_for("قهوة").families, ["Inter", "Noto Sans Arabic"]);
        assert_eq!(book_for("שלום").families, ["Inter", "Noto Sans Hebrew"]);
        assert_eq!(book_for("日本語 한국어").families, ["Inter", "Droid Sans Fallback"]);
        assert_eq!(book_for("🌿⭐").families, ["Inter", "Noto Color Emoji"]);
        assert_eq!(book_for("2️⃣").families, ["Inter", "Noto Color Emoji"]);
    }

    #[test]
    fn a_character_that_no_font_has_is_known() {
        let book = book_for("ᚠ 𓀀");
        assert!(!book.covers('𓀀'));
        assert!(book.covers('a') && book.covers('\u{200d}') && book.covers('\n'));
    }

    #[test]
    fn a_file_that_is_no_font_is_named() {
        let font = BrandFont { path: "brand/x.ttf".into(), bytes: Arc::new(b"no font".to_vec()) };
        let Err(problems) = book(&[font], &BTreeSet::new(), &[]) else { panic!("taken") };
        assert!(problems[0].message.contains("brand/x.ttf"), "{}", problems[0].message);
    }
}
