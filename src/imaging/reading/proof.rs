//! The test that both networks must pass before they are used: two lines of print.

use super::{Fault, Finder, Reader};
use crate::imaging::{Limits, decode};

static PICTURE: &[u8] = include_bytes!("proof.png");

/// What the picture says.
pub const WORDS: &str = "softbox reads 250 g";

/// # Errors
/// [`Fault::Wrong`] where the networks read something else.
pub fn prove(finder: &Finder, reader: &Reader) -> Result<(), Fault> {
    let picture = decode(PICTURE, 0, &Limits::default())?;
    let mut read = Vec::new();
    for line in finder.lines(&picture)? {
        read.push(reader.script(&picture, &line)?.text());
    }
    let read = read.join(" ");
    // Networks differ in how wide a gap they call a space.
    let letters = |text: &str| text.split_whitespace().collect::<String>();
    if letters(&read) != letters(WORDS) {
        return Err(Fault::Wrong { read });
    }
    Ok(())
}
