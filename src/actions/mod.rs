//! The kinds of work: each file is one pure function from its inputs to its output.

pub mod compose;
pub mod paint;
