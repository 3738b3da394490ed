//! A build as plain lines, for CI and files: one for each thing done, none for what was kept.

use std::collections::BTreeSet;
use std::io::Write;
use std::time::Instant;

use super::problems::{Style, github_annotation, once, show};
use super::progress::{Face, Tally, Told, line};
use crate::campaign::Problem;
use crate::engine::Event;

/// Writes lines as things happen.
pub struct Plain<W> {
    out: W,
    style: Style,
    began: Instant,
    shown: BTreeSet<Problem>,
    /// The campaign's folder in its repository, where problems are to be shown beside the lines of files on GitHub.
    annotate: Option<String>,
}

impl<W: Write> Plain<W> {
    /// `began` is when the command started, so that the closing line counts reading and planning too.
    pub fn new(out: W, style: Style, began: Instant) -> Plain<W> {
        Plain { out, style, began, shown: BTreeSet::new(), annotate: None }
    }

    /// Writes problems as GitHub Actions wants them, too. `folder` leads from the repository to the campaign.
    pub fn annotating(self, folder: String) -> Plain<W> {
        Plain { annotate: Some(folder), ..self }
    }

    fn say(&mut self, text: &str) {
        // A closed pipe: see Face.
        let _ = writeln!(self.out, "{text}").and_then(|()| self.out.flush());
    }
}

impl<W: Write, F: Told> Face<F> for Plain<W> {
    fn problems(&mut self, problems: &[Problem]) {
        for problem in once(problems) {
            // One typing error in a template fails every asset that it makes; one message is enough.
            if self.shown.insert(problem.clone()) {
                self.say(&format!("{}\n", show(problem, self.style)));
                if let Some(folder) = &self.annotate {
                    self.say(&github_annotation(problem, folder));
                }
            }
        }
    }

    fn tell(&mut self, event: &Event<'_, F>) {
        if let Event::Finished { failure: Some(failure), .. } | Event::Remarked { remark: failure, .. } = event {
            Face::<F>::problems(self, &failure.problems());
        }
        if let Some(line) = line(event) {
            self.say(&line);
        }
    }

    fn close(&mut self, tally: &Tally) {
        self.say(&tally.words(self.began.elapsed()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::progress::tests::play;

    #[test]
    fn a_build_is_one_line_for_each_thing_done_and_each_mistake_once() {
        let mut out = Vec::new();
        play(&mut Plain::new(&mut out, Style::PLAIN, Instant::now()));
        let text = String::from_utf8(out).unwrap();
        // How long the test took is no part of what it shows.
        let (stable, took) = text.rsplit_once('(').unwrap();
        assert!(took.ends_with(" ms)\n"), "{took}");
        insta::assert_snapshot!(stable);
    }

    #[test]
    fn a_closed_pipe_does_not_stop_the_build() {
        struct Closed;
        impl Write for Closed {
            fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
                Err(std::io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> std::io::Result<()> {
                Err(std::io::ErrorKind::BrokenPipe.into())
            }
        }
        play(&mut Plain::new(Closed, Style::PLAIN, Instant::now()));
    }
}
