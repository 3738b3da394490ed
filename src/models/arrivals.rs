//! Answers that arrived and are not takes yet: the raw response, on disk before anything reads it.
//!
//! One file a request in `.softbox/answers/`, named by its digest: a line of JSON (status and headers), then the body as it came. For work
//! that takes its time at a service, this is the response that holds the job's id, so a killed build goes on asking for that job.

use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::answer::Response;
use super::{Fault, RequestDigest, durable};

#[derive(Debug)]
pub(super) struct Arrivals {
    folder: PathBuf,
}

#[derive(Serialize, Deserialize)]
struct Head {
    status: u16,
    headers: Vec<(String, String)>,
    /// So that a file that lost its end is noticed.
    bytes: usize,
}

impl Arrivals {
    pub(super) fn new(folder: PathBuf) -> Arrivals {
        Arrivals { folder }
    }

    /// Durable when this returns.
    pub(super) fn keep(&self, request: &RequestDigest, response: &Response) -> Result<(), Fault> {
        let path = self.path(request);
        let head = Head { status: response.status, headers: response.headers.clone(), bytes: response.body.len() };
        let fault = |error| Fault::disk(&path, error);
        let mut bytes = serde_json::to_vec(&head).map_err(|error| fault(io::Error::other(error)))?;
        bytes.push(b'\n');
        bytes.extend_from_slice(&response.body);
        durable::write(&path, &bytes).map_err(fault)
    }

    /// What arrived for a request; a damaged file is none.
    pub(super) fn find(&self, request: &RequestDigest) -> Option<Response> {
        let mut bytes = std::fs::read(self.path(request)).ok()?;
        let end = bytes.iter().position(|byte| *byte == b'\n')?;
        let head: Head = serde_json::from_slice(&bytes[..end]).ok()?;
        let body = bytes.split_off(end + 1);
        (body.len() == head.bytes).then_some(Response { status: head.status, headers: head.headers, body })
    }

    pub(super) fn forget(&self, request: &RequestDigest) -> Result<(), Fault> {
        let path = self.path(request);
        durable::remove(&path).map_err(|error| Fault::disk(&path, error))
    }

    fn path(&self, request: &RequestDigest) -> PathBuf {
        self.folder.join(Path::new(request.as_str()))
    }
}
