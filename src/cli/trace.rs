//! `--trace FILE`: a timeline of what a build did when.

use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::campaign::Problem;
use crate::report::Trace;

#[derive(Debug, Clone, clap::Args)]
pub struct Timeline {
    /// Write what was done when into FILE, for ui.perfetto.dev and chrome://tracing.
    #[arg(long = "trace", value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    pub path: Option<PathBuf>,
}

impl Timeline {
    /// The timeline, if one is wanted.
    pub fn start(&self, began: Instant) -> Result<Option<Trace>, Problem> {
        let Some(path) = &self.path else { return Ok(None) };
        Trace::create(path, began).map(Some).map_err(|error| self.cannot_write(&error))
    }

    /// Makes the file whole; what kept it from being written, if anything did.
    pub fn close(&self, trace: Option<&mut Trace>) -> Result<(), Problem> {
        trace.map_or(Ok(()), |trace| trace.close().map_err(|error| self.cannot_write(&error)))
    }

    fn cannot_write(&self, error: &std::io::Error) -> Problem {
        let path = self.path.as_deref().unwrap_or(Path::new("")).display();
        Problem::error("unwritable", format!("cannot write the trace {path}: {error}"))
            .hint("name a file in a folder that may be written, on a disk with room")
    }
}
