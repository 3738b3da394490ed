//! A build as JSON lines for other programs: one object a line, each with an `event`. The fields are documented in docs/events.md.

use std::io::Write;
use std::time::{Duration, Instant};

use serde::Serialize;

use super::problems::{Record, once};
use super::progress::{Face, Tally, Told};
use crate::campaign::Problem;
use crate::engine::{Change, Event, Outcome};

/// Raised when a field changes its meaning or goes away; new fields and new events may come without.
pub const FORMAT: u32 = 1;

/// Writes one object a line.
pub struct Json<W> {
    out: W,
    began: Instant,
}

#[derive(Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
enum Line<'a> {
    Began {
        format: u32,
        softbox: &'static str,
    },
    Problem {
        /// The action that failed with it; null where it was found before anything ran.
        action: Option<&'a str>,
        #[serde(flatten)]
        problem: Record<'a>,
    },
    Waiting {
        holder: &'a str,
    },
    Planned {
        actions: usize,
        assets: usize,
    },
    Started {
        action: &'a str,
        kind: &'static str,
    },
    Finished {
        action: &'a str,
        kind: &'static str,
        outcome: Outcome,
        took_ms: u64,
    },
    Wrote {
        path: &'a str,
        bytes: u64,
        change: Change,
    },
    Removed {
        path: &'a str,
    },
    SetAside {
        path: &'a str,
        kept: &'a str,
    },
    Left {
        path: &'a str,
    },
    Done {
        #[serde(flatten)]
        tally: Tally,
        took_ms: u64,
    },
}

impl<W: Write> Json<W> {
    /// Writes the first line at once. `began` is when the command started.
    pub fn new(out: W, began: Instant) -> Json<W> {
        let mut json = Json { out, began };
        json.say(&Line::Began { format: FORMAT, softbox: env!("CARGO_PKG_VERSION") });
        json
    }

    fn say(&mut self, line: &Line<'_>) {
        // Nothing in a line can fail to serialise; a closed pipe: see Face.
        if let Ok(text) = serde_json::to_string(line) {
            let _ = writeln!(self.out, "{text}").and_then(|()| self.out.flush());
        }
    }

    fn say_problems(&mut self, action: Option<&str>, problems: &[Problem]) {
        for problem in once(problems) {
            self.say(&Line::Problem { action, problem: Record::of(problem) });
        }
    }
}

impl<W: Write, F: Told> Face<F> for Json<W> {
    fn problems(&mut self, problems: &[Problem]) {
        self.say_problems(None, problems);
    }

    fn tell(&mut self, event: &Event<'_, F>) {
        let line = match *event {
            Event::Planned { actions, assets } => Line::Planned { actions, assets },
            Event::Started { name, kind } => Line::Started { action: name, kind },
            Event::Finished { name, kind, outcome, took, failure } => {
                if let Some(failure) = failure {
                    self.say_problems(Some(name), &failure.problems());
                }
                Line::Finished { action: name, kind, outcome, took_ms: ms(took) }
            }
            Event::Remarked { name, remark } => return self.say_problems(Some(name), &remark.problems()),
            Event::Wrote { path, bytes, change } => Line::Wrote { path, bytes, change },
            Event::Removed { path } => Line::Removed { path },
            Event::SetAside { path, kept } => Line::SetAside { path, kept },
            Event::Left { path } => Line::Left { path },
            Event::Waiting { holder } => Line::Waiting { holder },
            Event::Worked { .. } | Event::Phase { .. } => return,
        };
        self.say(&line);
    }

    fn close(&mut self, tally: &Tally) {
        self.say(&Line::Done { tally: *tally, took_ms: ms(self.began.elapsed()) });
    }
}

fn ms(took: Duration) -> u64 {
    u64::try_from(took.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::progress::tests::play;

    fn told() -> String {
        let mut out = Vec::new();
        play(&mut Json::new(&mut out, Instant::now()));
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_build_is_one_object_a_line() {
        let told = told();
        // How long the test took is no part of what it shows.
        let (stable, took) = told.rsplit_once("\"took_ms\":").unwrap();
        assert!(took.trim_end_matches("}\n").parse::<u64>().is_ok(), "{took}");
        insta::assert_snapshot!(stable);
    }

    #[test]
    fn every_event_and_every_field_is_documented() {
        let page = include_str!("../../docs/events.md");
        for line in told().lines() {
            let serde_json::Value::Object(fields) = serde_json::from_str(line).unwrap() else { panic!("{line}") };
            let event = fields["event"].as_str().unwrap();
            let section = page.split("\n## ").find(|section| section.starts_with(&format!("`{event}`")));
            let section = section.unwrap_or_else(|| panic!("docs/events.md has no section for `{event}`"));
            for field in fields.keys().filter(|field| *field != "event") {
                assert!(
                    section.contains(&format!("`{field}`")),
                    "docs/events.md: `{event}` does not explain `{field}`"
                );
            }
        }
    }
}
