//! A build on a terminal: one steady line that says what is being made, and clears itself.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressFinish, ProgressStyle};

use super::problems::{Style, once, show};
use super::progress::{Face, Tally, Told, doing, left, set_aside, waiting};
use crate::campaign::Problem;
use crate::engine::Event;

/// Often enough to look alive, seldom enough to stay readable over a slow connection.
const TICK: Duration = Duration::from_millis(120);

/// Draws on a terminal. What a person should still see afterwards (problems, the closing line) is written above the bar. For one
/// build: `watch` makes a new one each time.
pub struct Terminal<W> {
    out: W,
    bar: ProgressBar,
    /// Where the bar goes. Taken when the first action starts: a build with nothing to do says so in one line and flickers nowhere.
    target: Option<ProgressDrawTarget>,
    style: Style,
    began: Instant,
    /// Actions that run now, the longest running first.
    running: Vec<(String, &'static str)>,
    shown: BTreeSet<Problem>,
}

impl Terminal<std::io::Stderr> {
    /// Draws on standard error. `began` is when the command started.
    pub fn new(style: Style, began: Instant) -> Terminal<std::io::Stderr> {
        Terminal::on(ProgressDrawTarget::stderr(), std::io::stderr(), style, began)
    }

    /// Whether standard error is a terminal that can redraw a line. `term` is the environment's `TERM`.
    pub fn is_usable(term: Option<&OsStr>) -> bool {
        std::io::stderr().is_terminal() && term.is_none_or(|term| term != "dumb")
    }
}

impl<W: Write> Terminal<W> {
    /// Draws the bar on `target` and writes what stays to `out`, which should be the same terminal.
    pub fn on(target: ProgressDrawTarget, out: W, style: Style, began: Instant) -> Terminal<W> {
        // Cleared even where a build ends without a closing line.
        let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::hidden())
            .with_style(bar_style(style))
            .with_finish(ProgressFinish::AndClear);
        Terminal { out, bar, target: Some(target), style, began, running: Vec::new(), shown: BTreeSet::new() }
    }

    /// Writes a line that stays, above the bar.
    fn say(&mut self, text: &str) {
        let out = &mut self.out;
        // A terminal that went away: see Face.
        let _ = self.bar.suspend(|| writeln!(out, "{text}").and_then(|()| out.flush()));
    }

    fn draw(&mut self) {
        self.bar.set_message(now(&self.running));
        if let Some(target) = self.target.take() {
            self.bar.set_draw_target(target);
            self.bar.tick();
            self.bar.enable_steady_tick(TICK);
        }
    }
}

/// The longest-running action stays in view, so that the line does not flicker through the names of short ones.
fn now(running: &[(String, &'static str)]) -> String {
    match running {
        [] => String::new(),
        [(name, kind)] => format!("{} {name}", doing(kind)),
        [(name, kind), others @ ..] => format!("{} {name} and {} more", doing(kind), others.len()),
    }
}

fn bar_template(style: Style) -> &'static str {
    match style.color {
        true => "{spinner:.cyan} {bar:24.cyan/dim} {pos}/{len} {wide_msg}",
        false => "{spinner} {bar:24} {pos}/{len} {wide_msg}",
    }
}

fn bar_style(style: Style) -> ProgressStyle {
    // Both templates are well formed (a test parses them); without one, indicatif's own bar is shown.
    ProgressStyle::with_template(bar_template(style))
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .tick_chars("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏ ")
        .progress_chars("━╸─")
}

impl<W: Write, F: Told> Face<F> for Terminal<W> {
    fn problems(&mut self, problems: &[Problem]) {
        for problem in once(problems) {
            if self.shown.insert(problem.clone()) {
                self.say(&format!("{}\n", show(problem, self.style)));
            }
        }
    }

    fn tell(&mut self, event: &Event<'_, F>) {
        match event {
            Event::Planned { actions, .. } => self.bar.set_length(*actions as u64),
            Event::Started { name, kind } => {
                self.running.push(((*name).to_owned(), *kind));
                self.draw();
            }
            Event::Finished { name, kind, failure, .. } => {
                // An output that has to be made again is told a second time.
                if self.bar.length().is_some_and(|length| self.bar.position() < length) {
                    self.bar.inc(1);
                }
                if let Some(at) = self.running.iter().position(|(n, k)| n == name && k == kind) {
                    self.running.remove(at);
                    self.bar.set_message(now(&self.running));
                }
                if let Some(failure) = failure {
                    Face::<F>::problems(self, &failure.problems());
                }
            }
            Event::Remarked { remark, .. } => Face::<F>::problems(self, &remark.problems()),
            Event::SetAside { path, kept } => self.say(&set_aside(path, kept)),
            Event::Left { path } => self.say(&left(path)),
            Event::Waiting { holder } => self.say(&waiting(holder)),
            Event::Wrote { .. } | Event::Removed { .. } | Event::Worked { .. } | Event::Phase { .. } => {}
        }
    }

    fn close(&mut self, tally: &Tally) {
        self.bar.finish_and_clear();
        self.say(&tally.words(self.began.elapsed()));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use indicatif::TermLike;

    use super::*;
    use crate::engine::Outcome;
    use crate::report::progress::tests::{Broken, play};

    /// A terminal of 60 columns that keeps what it was asked to do: texts, `<clear>` for a cleared line.
    #[derive(Debug, Clone, Default)]
    struct Screen(Arc<Mutex<String>>);

    impl Screen {
        fn keep(&self, text: &str) -> std::io::Result<()> {
            self.0.lock().unwrap().push_str(text);
            Ok(())
        }
    }

    impl TermLike for Screen {
        fn width(&self) -> u16 {
            60
        }
        fn move_cursor_up(&self, _: usize) -> std::io::Result<()> {
            Ok(())
        }
        fn move_cursor_down(&self, _: usize) -> std::io::Result<()> {
            Ok(())
        }
        fn move_cursor_right(&self, _: usize) -> std::io::Result<()> {
            Ok(())
        }
        fn move_cursor_left(&self, _: usize) -> std::io::Result<()> {
            Ok(())
        }
        fn write_line(&self, text: &str) -> std::io::Result<()> {
            self.keep(&format!("{text}\n"))
        }
        fn write_str(&self, text: &str) -> std::io::Result<()> {
            self.keep(text)
        }
        fn clear_line(&self) -> std::io::Result<()> {
            self.keep("<clear>")
        }
        fn flush(&self) -> std::io::Result<()> {
            Ok(())
        }
    }

    impl Write for Screen {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.keep(&format!("[{}]", String::from_utf8_lossy(bytes)))?;
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn terminal() -> (Screen, Terminal<Screen>) {
        let screen = Screen::default();
        let target = ProgressDrawTarget::term_like_with_hz(Box::new(screen.clone()), 255);
        (screen.clone(), Terminal::on(target, screen, Style::PLAIN, Instant::now()))
    }

    #[test]
    fn the_bar_says_what_runs_and_is_cleared_before_the_closing_line() {
        let (screen, mut terminal) = terminal();
        play(&mut terminal);
        let drawn = screen.0.lock().unwrap().clone();
        assert!(drawn.contains("developing photos/amber.heic"), "{drawn}");
        let (before, closing) = drawn.rsplit_once("<clear>").unwrap();
        assert!(closing.starts_with("[made 3 assets, kept 1, removed 1; 1 failed ("), "{closing}");
        assert!(!closing.contains("0/5") && before.contains("0/5"), "{drawn}");
    }

    #[test]
    fn a_build_with_nothing_to_do_draws_no_bar() {
        let (screen, mut terminal) = terminal();
        let face: &mut dyn Face<Broken> = &mut terminal;
        face.tell(&Event::Planned { actions: 3, assets: 1 });
        face.tell(&Event::Finished { name: "a", kind: "render", outcome: Outcome::Kept, took: TICK, failure: None });
        face.close(&Tally { kept: 1, ..Tally::default() });
        let drawn = screen.0.lock().unwrap().clone();
        assert!(drawn.starts_with("[nothing to do: the one asset is up to date ("), "{drawn}");
    }

    #[test]
    fn a_build_that_breaks_off_leaves_no_bar_behind() {
        let (screen, mut terminal) = terminal();
        let face: &mut dyn Face<Broken> = &mut terminal;
        face.tell(&Event::Planned { actions: 3, assets: 1 });
        face.tell(&Event::Started { name: "a", kind: "render" });
        drop(terminal);
        let drawn = screen.0.lock().unwrap().clone();
        assert!(drawn.rsplit("<clear>").next().unwrap().trim().is_empty() && drawn.contains("painting a"), "{drawn:?}");
    }

    #[test]
    fn the_longest_running_action_is_named_and_the_others_counted() {
        let running = ["a", "b", "c"].map(|name| (name.to_owned(), "render"));
        let said = [0, 1, 2, 3].map(|n| now(&running[..n]));
        assert_eq!(said, ["", "painting a", "painting a and 1 more", "painting a and 2 more"]);
    }

    #[test]
    fn the_templates_of_the_bar_are_well_formed() {
        for color in [true, false] {
            let style = Style { color, width: 80 };
            assert!(ProgressStyle::with_template(bar_template(style)).is_ok(), "{style:?}");
        }
    }
}
