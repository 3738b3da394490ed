//! The campaign's files as the engine sees them: what is read while planning counts as an input of the plan.

use std::io;
use std::sync::Arc;

use crate::campaign::{self, RelPath};
use crate::engine::{EngineError, Files};

/// Reads a campaign through the engine.
pub struct Folder<'a>(pub &'a Files);

impl campaign::Folder for Folder<'_> {
    fn read(&self, path: &RelPath) -> io::Result<Arc<Vec<u8>>> {
        match self.0.read(path.as_str()).map_err(as_io)? {
            Some((bytes, _)) => Ok(bytes),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }

    fn list(&self, folder: &RelPath) -> io::Result<Arc<Vec<String>>> {
        self.0.list(folder.as_str()).map(Arc::new).map_err(as_io)
    }
}

fn as_io(error: EngineError) -> io::Error {
    match error {
        EngineError::Read { error, .. } => error,
        other => io::Error::other(other.to_string()),
    }
}
