//! What a person sees: problems with their places, progress, the closing line, and the same as JSON for machines.
//!
//! Nothing here decides anything. Words are chosen in one place each: [`words`] for numbers, [`problems`] for mistakes,
//! [`progress`] for the closing line.

pub mod inline;
pub mod json;
pub mod plain;
pub mod problems;
pub mod progress;
pub mod rewording;
pub mod sheet;
pub mod takes;
pub mod terminal;
pub mod trace;
pub mod words;

pub use json::Json;
pub use plain::Plain;
pub use problems::Style;
pub use progress::{Face, Tally, Told};
pub use terminal::Terminal;
pub use trace::{Trace, Traced};
