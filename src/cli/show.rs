//! Which face a command shows: a bar, plain lines or JSON.

use std::io::{Write, stderr, stdout};
use std::path::Path;
use std::time::Instant;

use super::{Common, Exit, MessageFormat};
use crate::actions::Failed;
use crate::campaign::{Problem, Severity};
use crate::report::{Face, Json, Plain, Tally, Terminal, Told};

impl Told for Failed {
    fn problems(&self) -> Vec<Problem> {
        self.0.clone()
    }
}

impl Common {
    /// The face for a build. `began` is when the command started.
    pub fn face(&self, began: Instant) -> Box<dyn Face<Failed>> {
        match self.message_format {
            MessageFormat::Json => Box::new(Json::new(stdout(), began)),
            MessageFormat::Github => {
                let folder = self.campaign().ok().map(|folder| from_here(&folder)).unwrap_or_default();
                Box::new(Plain::new(stderr(), self.style(), began).annotating(folder))
            }
            MessageFormat::Human if Terminal::is_usable(std::env::var_os("TERM").as_deref()) => {
                Box::new(Terminal::new(self.style(), began))
            }
            MessageFormat::Human => Box::new(Plain::new(stderr(), self.style(), began)),
        }
    }

    /// Tells a mistake that keeps a command from doing anything.
    pub fn refuse(&self, problem: Problem) -> Exit {
        self.face(Instant::now()).problems(&[problem]);
        Exit::Wrong
    }
}

/// The way from here, where CI stands at the top of the repository, to the campaign.
fn from_here(folder: &Path) -> String {
    let full = |path: &Path| path.canonicalize().ok();
    let (here, there) = (full(Path::new(".")), full(folder));
    let below = here.zip(there).and_then(|(here, there)| there.strip_prefix(here).map(Path::to_path_buf).ok());
    below.map(|path| path.to_string_lossy().into_owned()).unwrap_or_default()
}

/// Writes what a command answers to standard output. A closed pipe is nobody's mistake.
pub fn say(text: &str) {
    let _ = writeln!(stdout(), "{text}");
}

/// Whether anything in there keeps something from being built.
pub fn has_errors(problems: &[Problem]) -> bool {
    problems.iter().any(|problem| problem.severity == Severity::Error)
}

/// A build that found nothing to do.
pub fn nothing_to_do(assets: usize) -> Tally {
    Tally { kept: assets, ..Tally::default() }
}
