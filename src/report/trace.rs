//! A build on a timeline, for Perfetto and chrome://tracing: what each worker did when, and how long each part of the build took.
//!
//! The file is a JSON array in the Trace Event Format: complete events (`X`) on a lane for the build and one for each worker, and async
//! events (`b`, `e`) for requests, which overlap. Times are microseconds since the command began.

use std::fs::File;
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::progress::{Face, Tally, Told};
use crate::campaign::Problem;
use crate::engine::Event;

/// What closes the array. The file is whole after every build, and the next build of a watch goes on before this.
const END: &[u8] = b"\n]\n";
/// The lane of the build as a whole; workers have those after it.
const BUILD: usize = 0;

/// A trace that is being written.
#[derive(Debug)]
pub struct Trace {
    out: BufWriter<File>,
    began: Instant,
    /// Workers that have a named lane.
    workers: usize,
    requests: u64,
    is_empty: bool,
    /// The first thing that went wrong while writing.
    fault: Option<io::Error>,
}

impl Trace {
    /// Starts a file anew. `began` is when the command started.
    pub fn create(path: &Path, began: Instant) -> io::Result<Trace> {
        let out = BufWriter::new(File::create(path)?);
        let mut trace = Trace { out, began, workers: 0, requests: 0, is_empty: true, fault: None };
        trace.put(&json!({ "name": "process_name", "ph": "M", "pid": 1, "args": { "name": "softbox" } }));
        trace.lane(BUILD, "build");
        Ok(trace)
    }

    /// Draws what an event tells of times.
    pub fn tell<F>(&mut self, event: &Event<'_, F>) {
        match *event {
            Event::Phase { name, began, took } => self.span(name, "build", BUILD, began, took),
            Event::Worked { name, kind, worker: Some(worker), began, took } => {
                while self.workers <= worker {
                    self.workers += 1;
                    self.lane(self.workers, &format!("worker {}", self.workers));
                }
                self.span(name, kind, BUILD + 1 + worker, began, took);
            }
            Event::Worked { name, kind, worker: None, began, took } => {
                self.requests += 1;
                for (phase, at) in [("b", began), ("e", began + took)] {
                    let ts = self.at(at);
                    self.put(&json!({ "name": name, "cat": kind, "ph": phase, "id": self.requests, "ts": ts, "pid": 1, "tid": BUILD }));
                }
            }
            _ => {}
        }
    }

    /// Makes the file whole.
    ///
    /// # Errors
    /// The first thing that went wrong since the last time.
    pub fn close(&mut self) -> io::Result<()> {
        let closed = self.out.write_all(END).and_then(|()| self.out.seek(SeekFrom::Current(-(END.len() as i64))));
        match self.fault.take() {
            Some(fault) => Err(fault),
            None => closed.map(drop),
        }
    }

    fn lane(&mut self, lane: usize, name: &str) {
        self.put(&json!({ "name": "thread_name", "ph": "M", "pid": 1, "tid": lane, "args": { "name": name } }));
    }

    fn span(&mut self, name: &str, category: &str, lane: usize, began: Instant, took: Duration) {
        let (ts, dur) = (self.at(began), micros(took));
        self.put(&json!({ "name": name, "cat": category, "ph": "X", "ts": ts, "dur": dur, "pid": 1, "tid": lane }));
    }

    fn at(&self, moment: Instant) -> f64 {
        micros(moment.saturating_duration_since(self.began))
    }

    fn put(&mut self, event: &Value) {
        let before = if self.is_empty { "[\n" } else { ",\n" };
        self.is_empty = false;
        if let Err(error) = write!(self.out, "{before}{event}") {
            self.fault.get_or_insert(error);
        }
    }
}

/// Microseconds with the nanoseconds behind the point, as the format wants them.
fn micros(time: Duration) -> f64 {
    time.as_nanos() as f64 / 1e3
}

/// A face that draws what it is told on a timeline, too.
pub struct Traced<F> {
    pub face: Box<dyn Face<F>>,
    pub trace: Option<Trace>,
}

impl<F: Told> Face<F> for Traced<F> {
    fn problems(&mut self, problems: &[Problem]) {
        self.face.problems(problems);
    }

    fn tell(&mut self, event: &Event<'_, F>) {
        if let Some(trace) = &mut self.trace {
            trace.tell(event);
        }
        self.face.tell(event);
    }

    fn close(&mut self, tally: &Tally) {
        self.face.close(tally);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events(path: &Path) -> Vec<Value> {
        serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
    }

    #[test]
    fn the_file_is_whole_after_each_build_and_every_event_has_what_its_phase_needs() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("trace.json");
        let began = Instant::now();
        let mut trace = Trace::create(&path, began).unwrap();
        let took = Duration::from_micros(1500);
        trace.tell::<()>(&Event::Phase { name: "plan", began, took });
        trace.close().unwrap();
        let first = events(&path).len();
        trace.tell::<()>(&Event::Worked { name: "render \"a\"", kind: "render", worker: Some(1), began, took });
        trace.tell::<()>(&Event::Worked { name: "ask", kind: "edit", worker: None, began, took });
        trace.close().unwrap();
        let all = events(&path);
        // The lanes of two workers, one span, and the two ends of a request.
        assert_eq!(all.len(), first + 5, "{all:#?}");
        for event in &all {
            let needs: &[&str] = match event["ph"].as_str().unwrap() {
                "X" => &["name", "cat", "ts", "dur", "pid", "tid"],
                "b" | "e" => &["name", "cat", "ts", "id", "pid", "tid"],
                "M" => &["name", "pid", "args"],
                other => panic!("{other} is no phase that we write"),
            };
            assert!(needs.iter().all(|field| !event[field].is_null()), "{event}");
        }
        let painted = all.iter().find(|event| event["name"] == "render \"a\"").unwrap();
        assert_eq!((painted["dur"].as_f64(), painted["tid"].as_u64()), (Some(1500.0), Some(2)));
    }
}
