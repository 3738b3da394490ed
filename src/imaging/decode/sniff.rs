//! What kind of file this is, by its first bytes: phones and clouds name files wrongly.

use super::Container;
use crate::imaging::Error;

const EXPORT: &str = "open it in a photo program and export it as JPEG, PNG or HEIC";
const RAW_HINT: &str =
    "develop it in a photo program and export it as JPEG, or set the phone to save JPEG or HEIC as well";

/// The container, or what else the file is.
pub fn container(bytes: &[u8]) -> Result<Container, Error> {
    if bytes.is_empty() {
        return Err(Error::Empty);
    }
    if bytes.starts_with(b"\xff\xd8\xff") {
        return Ok(Container::Jpeg);
    }
    if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        return Ok(Container::Png);
    }
    if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
        return Ok(Container::Webp);
    }
    if bytes.get(4..8) == Some(b"ftyp") {
        return media(bytes);
    }
    if bytes.starts_with(b"II*\0")
        || bytes.starts_with(b"MM\0*")
        || bytes.starts_with(b"II+\0")
        || bytes.starts_with(b"MM\0+")
    {
        return match raw_in_tiff(bytes) {
            Some(what) => Err(Error::Foreign { what, hint: RAW_HINT }),
            None => Ok(Container::Tiff),
        };
    }
    Err(foreign(bytes).unwrap_or_else(|| Error::Unknown { start: start(bytes) }))
}

#[cfg(not(feature = "heic"))]
pub fn heic_not_built() -> Error {
    Error::Foreign {
        what: "a HEIC file, which this build of softbox does not read",
        hint: "export it as JPEG, or build softbox with the feature `heic`",
    }
}

/// Files of the ISO base media kind, by their brands (ISO/IEC 14496-12, 4.3).
fn media(bytes: &[u8]) -> Result<Container, Error> {
    let length =
        bytes.get(..4).map_or(0, |length| u32::from_be_bytes([length[0], length[1], length[2], length[3]]) as usize);
    let brands = bytes.get(8..length.clamp(8, bytes.len())).unwrap_or_default();
    let (major, compatible) = brands.split_at_checked(4).unwrap_or((brands, &[]));
    let has = |brand: &[u8]| major == brand || compatible.chunks_exact(4).skip(1).any(|other| other == brand);
    if has(b"avif") || has(b"avis") {
        return Err(Error::Foreign { what: "an AVIF picture", hint: EXPORT });
    }
    if [b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"mif2", b"msf1"]
        .iter()
        .any(|brand| has(&brand[..]))
    {
        return Ok(Container::Heic);
    }
    if major == b"crx " {
        return Err(Error::Foreign { what: "a raw photo (Canon CR3)", hint: RAW_HINT });
    }
    let what = if major == b"qt  " { "a video (MOV)" } else { "a video (MP4)" };
    Err(Error::Foreign {
        what,
        hint: "use the still photo; a Live Photo is a HEIC or JPEG file and a video of the same name",
    })
}

fn foreign(bytes: &[u8]) -> Option<Error> {
    let known: &[(&[u8], &str, &str)] = &[
        (b"GIF8", "a GIF", EXPORT),
        (b"BM", "a BMP", EXPORT),
        (b"%PDF", "a PDF", "export the page as PNG"),
        (b"FUJIFILMCCD-RAW", "a raw photo (Fujifilm RAF)", RAW_HINT),
        (b"IIRO", "a raw photo (Olympus ORF)", RAW_HINT),
        (b"IIRS", "a raw photo (Olympus ORF)", RAW_HINT),
        (b"MMOR", "a raw photo (Olympus ORF)", RAW_HINT),
        (b"IIU\0", "a raw photo (Panasonic RW2)", RAW_HINT),
        (b"8BPS", "a Photoshop file", "export it as PNG or JPEG"),
        (b"\0\0\0\x0cJXL ", "a JPEG XL picture", EXPORT),
        (b"\xff\x0a", "a JPEG XL picture", EXPORT),
        (b"\0\0\0\x0cjP  ", "a JPEG 2000 picture", EXPORT),
        (b"\0\0\x01\0", "an icon (ICO)", "export it as PNG"),
        (b"PK\x03\x04", "a ZIP archive", "unpack it and use the photo inside"),
        (b"\x1f\x8b", "a compressed archive", "unpack it and use the photo inside"),
        (
            b"version https://git-lfs.github.com/spec/",
            "a pointer of Git LFS; the photo itself was not fetched",
            "run `git lfs pull`",
        ),
    ];
    for (magic, what, hint) in known {
        if bytes.starts_with(magic) {
            return Some(Error::Foreign { what, hint });
        }
    }
    if bytes.iter().all(|&byte| byte == 0) {
        let hint = "let the cloud folder download the file (OneDrive: `Always keep on this device`; iCloud: `Download Now`), or copy it again";
        return Some(Error::Foreign { what: "a placeholder full of zeros", hint });
    }
    text(bytes)
}

fn text(bytes: &[u8]) -> Option<Error> {
    let head = &bytes[..bytes.len().min(1024)];
    // A cut through the last character is no reason to call it anything else than text.
    let text = match std::str::from_utf8(head) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() && error.valid_up_to() > 0 => {
            std::str::from_utf8(&head[..error.valid_up_to()]).unwrap_or_default()
        }
        Err(_) => return None,
    };
    let trimmed = text.trim_start_matches('\u{feff}').trim_start();
    if trimmed.starts_with("<svg") || (trimmed.starts_with("<?xml") && text.contains("<svg")) {
        return Some(Error::Foreign { what: "an SVG drawing", hint: "use it in a template, or export it as PNG" });
    }
    let lower: String = trimmed.chars().take(15).flat_map(char::to_lowercase).collect();
    if lower.starts_with("<!doctype html") || lower.starts_with("<html") {
        return Some(Error::Foreign {
            what: "a web page",
            hint: "a download link was saved instead of the photo; download it again",
        });
    }
    let plain = !text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'));
    plain.then_some(Error::Foreign { what: "a text file", hint: "use a JPEG, PNG, WebP, TIFF or HEIC file" })
}

/// The first bytes, as people can compare them.
fn start(bytes: &[u8]) -> String {
    bytes.iter().take(8).map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ")
}

/// Raw photos that are TIFF files inside: by their tags, since their first bytes are TIFF's.
fn raw_in_tiff(bytes: &[u8]) -> Option<&'static str> {
    if bytes.get(8..10) == Some(b"CR") {
        return Some("a raw photo (Canon CR2)");
    }
    let little = bytes.starts_with(b"II");
    let number = |at: usize, length: usize| -> Option<usize> {
        let digits = bytes.get(at..at.checked_add(length)?)?;
        let fold = |sum: usize, &digit: &u8| (sum << 8) | usize::from(digit);
        Some(if little { digits.iter().rev().fold(0, fold) } else { digits.iter().fold(0, fold) })
    };
    let directory = number(4, 4)?;
    let (mut reduced, mut inner, mut maker) = (false, false, None);
    for entry in 0..number(directory, 2)? {
        let at = directory + 2 + entry * 12;
        match number(at, 2)? {
            50706 => return Some("a raw photo (DNG)"),
            254 => reduced = number(at + 8, 4)? & 1 == 1,
            330 => inner = true,
            271 => maker = bytes.get(number(at + 8, 4)?..).map(|name| &name[..name.len().min(5)]),
            _ => {}
        }
    }
    match maker {
        Some(name) if name.starts_with(b"NIKON") && inner => Some("a raw photo (Nikon NEF)"),
        Some(name) if name.starts_with(b"SONY") && inner => Some("a raw photo (Sony ARW)"),
        Some(_) if inner && reduced => Some("a raw photo"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn says(bytes: &[u8]) -> String {
        match container(bytes) {
            Ok(container) => container.to_string(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn files_are_told_by_their_content() {
        assert_eq!(says(b"\xff\xd8\xff\xe0"), "JPEG");
        assert_eq!(says(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"), "HEIC");
        assert_eq!(says(b"\0\0\0\x1cftypmif1\0\0\0\0mif1miafheic"), "HEIC");
        assert_eq!(says(b"II*\0\x08\0\0\0\0\0"), "TIFF");
    }

    #[test]
    fn what_is_no_photo_is_named() {
        for (bytes, what) in [
            (&b"GIF89a"[..], "a GIF"),
            (b"\0\0\0\x1cftypmif1\0\0\0\0mif1miafavif", "an AVIF"),
            (b"\0\0\0\x14ftypqt  \0\0\0\0qt  ", "a video (MOV)"),
            (b"\0\0\0\x18ftypmp42\0\0\0\0isommp42", "a video (MP4)"),
            (b"II*\0\x10\0\0\0CR\x02\0", "Canon CR2"),
            (b"MM\0*\0\0\0\x08\0\x01\xc6\x12\0\x01\0\0\0\x04\x01\x04\0\0", "DNG"),
            (b"%PDF-1.7", "a PDF"),
            (b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n", "Git LFS"),
            (b"hello, photo", "a text file"),
            (b"<!DOCTYPE html><html>", "a web page"),
            (b"\0\0\0\0\0\0\0\0\0\0\0\0", "a placeholder"),
            (b"\x01\x02\x03\xfe", "no picture: it begins with 01 02 03 fe"),
            (b"", "the file is empty"),
        ] {
            assert!(says(bytes).contains(what), "{bytes:?}: {}", says(bytes));
        }
    }
}
