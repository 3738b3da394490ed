//! Patterns of files, such as `products/*.toml`, against the folders of a campaign.

use globset::{GlobBuilder, GlobMatcher};

use super::{Folder, RelPath};

/// Folders this deep are a loop of links or no campaign.
const DEEPEST: usize = 32;

/// The files that fit, sorted. Only folders that can hold one are listed.
///
/// # Errors
/// The pattern cannot be understood; the text says why.
pub fn expand(folder: &dyn Folder, pattern: &RelPath) -> Result<Vec<RelPath>, String> {
    let segments: Vec<Segment> = pattern.as_str().split('/').map(Segment::parse).collect::<Result<_, _>>()?;
    let mut found = Vec::new();
    walk(folder, &RelPath::root(), &segments, 0, &mut found);
    found.sort();
    found.dedup();
    Ok(found)
}

/// One part of a pattern between slashes.
enum Segment {
    Name(String),
    Some(GlobMatcher),
    /// `**`: any folders, or none.
    Any,
}

impl Segment {
    fn parse(text: &str) -> Result<Segment, String> {
        if text == "**" {
            return Ok(Segment::Any);
        }
        if !text.contains(['*', '?', '[', '{']) {
            return Ok(Segment::Name(text.to_owned()));
        }
        let glob = GlobBuilder::new(text).literal_separator(true).build();
        glob.map(|glob| Segment::Some(glob.compile_matcher())).map_err(|error| error.kind().to_string())
    }

    fn fits(&self, name: &str) -> bool {
        match self {
            Segment::Name(own) => own == name,
            // As in a shell, `*` does not mean hidden files.
            Segment::Some(glob) => !name.starts_with('.') && glob.is_match(name),
            Segment::Any => !name.starts_with('.'),
        }
    }
}

fn walk(folder: &dyn Folder, at: &RelPath, segments: &[Segment], depth: usize, found: &mut Vec<RelPath>) {
    let Some((first, rest)) = segments.split_first() else { return };
    if depth > DEEPEST {
        return;
    }
    if let (Segment::Name(name), false) = (first, rest.is_empty()) {
        return walk(folder, &at.join(name), rest, depth + 1, found);
    }
    if matches!(first, Segment::Any) {
        walk(folder, at, rest, depth + 1, found);
    }
    for entry in folder.list(at).unwrap_or_default().iter() {
        match entry.strip_suffix('/') {
            Some(name) if matches!(first, Segment::Any) && first.fits(name) => {
                walk(folder, &at.join(name), segments, depth + 1, found);
            }
            Some(name) if !rest.is_empty() && first.fits(name) => {
                walk(folder, &at.join(name), rest, depth + 1, found);
            }
            None if rest.is_empty() && first.fits(entry) => found.push(at.join(entry)),
            _ => {}
        }
    }
}
