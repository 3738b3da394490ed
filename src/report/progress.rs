//! What every way of showing a build has in common: what it is told, and the words of the closing line.

use std::time::Duration;

use serde::Serialize;

use super::words::{count, size, time};
use crate::campaign::Problem;
use crate::engine::{Change, Event};

/// A failure of an action that can be told to a person.
pub trait Told {
    /// What went wrong, with places and remedies.
    fn problems(&self) -> Vec<Problem>;
}

/// One way of showing a build: on a terminal, as plain lines, as JSON. What cannot be written (a closed pipe) is dropped: a build does
/// not fail because nobody watches it.
pub trait Face<F: Told> {
    /// Mistakes in what people wrote, found before anything runs.
    fn problems(&mut self, problems: &[Problem]);

    /// Something happened.
    fn tell(&mut self, event: &Event<'_, F>);

    /// The build is over.
    fn close(&mut self, tally: &Tally);
}

/// What a build came to. Counts are of assets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Tally {
    /// Written, because they are new, changed, or were put right.
    pub made: usize,
    /// Up to date already.
    pub kept: usize,
    /// Taken away, because no post makes them any more.
    pub removed: usize,
    /// Could not be made; the last good file, if there is one, is still there.
    pub failed: usize,
    /// Mistakes in what people wrote keep more from being made; how many assets, nobody can tell before they are mended.
    pub held_back: bool,
}

impl Tally {
    /// The closing line: `made 12 assets, kept 30, removed 1; 1 failed (1.24 s)`.
    pub fn words(&self, took: Duration) -> String {
        let told = match *self {
            Tally { made: 0, removed: 0, failed: 0, kept: 0, held_back: true } => {
                "made nothing: mend the mistakes above first".into()
            }
            Tally { made: 0, removed: 0, failed: 0, kept, held_back: false } => match kept {
                0 => "nothing to do: no post makes an asset yet".into(),
                1 => "nothing to do: the one asset is up to date".into(),
                kept => format!("nothing to do: all {kept} assets are up to date"),
            },
            Tally { made: 0, removed: 0, kept: 0, failed, held_back } => {
                format!("{} failed{}", count(failed, "asset", "assets"), others(held_back))
            }
            Tally { made, kept, removed, failed, held_back } => {
                let mut parts: Vec<String> = Vec::new();
                for (verb, n) in [("made", made), ("kept", kept), ("removed", removed)] {
                    match (n, parts.is_empty()) {
                        (0, _) => {}
                        (n, true) => parts.push(format!("{verb} {}", count(n, "asset", "assets"))),
                        (n, false) => parts.push(format!("{verb} {n}")),
                    }
                }
                let done = parts.join(", ");
                let failed = if failed == 0 { String::new() } else { format!("; {failed} failed") };
                format!("{done}{failed}{}", others(held_back))
            }
        };
        format!("{told} ({})", time(took))
    }
}

fn others(held_back: bool) -> &'static str {
    if held_back { "; the mistakes above hold back others" } else { "" }
}

/// The line for an event that left something changed on disk, or that a person waits for; `None` for the others.
pub fn line<F>(event: &Event<'_, F>) -> Option<String> {
    match event {
        Event::Wrote { path, bytes, change } => {
            let verb = match change {
                Change::New => "made",
                Change::Changed => "remade",
                Change::Restored => "put right",
            };
            Some(format!("{verb} {path} ({})", size(*bytes)))
        }
        Event::Removed { path } => Some(format!("removed {path}: no post makes it any more")),
        Event::SetAside { path, kept } => Some(set_aside(path, kept)),
        Event::Left { path } => Some(left(path)),
        Event::Waiting { holder } => Some(waiting(holder)),
        Event::Planned { .. }
        | Event::Started { .. }
        | Event::Remarked { .. }
        | Event::Finished { .. }
        | Event::Worked { .. }
        | Event::Phase { .. } => None,
    }
}

/// Why a file in the way was not removed.
pub fn left(path: &str) -> String {
    format!("left {path}: no post makes it any more, but somebody changed it; delete it if nobody needs it")
}

/// Where somebody's own version of an asset went.
pub fn set_aside(path: &str, kept: &str) -> String {
    format!("{path} was not as softbox made it; what was there is kept as {kept}")
}

/// Why nothing happens.
pub fn waiting(holder: &str) -> String {
    format!("waiting for another build of this campaign to finish ({holder})")
}

/// What an action does, as a person says it while it goes on.
pub fn doing(kind: &str) -> &str {
    match kind {
        "develop" => "developing",
        "group" => "grouping",
        "caption" => "writing",
        "compose" => "laying out",
        "render" => "painting",
        "encode" => "saving",
        other => other,
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use crate::campaign::{Place, Source};
    use crate::engine::Outcome;

    /// A failure for tests: some problems.
    pub struct Broken(pub Vec<Problem>);

    impl Told for Broken {
        fn problems(&self) -> Vec<Problem> {
            self.0.clone()
        }
    }

    pub fn broken() -> Broken {
        let source = Source::new("templates/card.html", "<h1>{{nmae}}</h1>\n");
        let problem = Problem::error("unknown-field", "no product has a field `nmae`");
        Broken(vec![problem.at(Place::span(&source, 6..10)).hint("did you mean `name`?")])
    }

    /// A build with one of everything, as the engine would tell it.
    pub fn play(face: &mut dyn Face<Broken>) {
        let broken = broken();
        let finished = |name, kind, outcome, failure| {
            let took = Duration::from_micros(12_700);
            Event::Finished { name, kind, outcome, took, failure }
        };
        face.problems(&[Problem::warning("small-photo", "this photo is small").at(Place::file("photos/cup.jpg"))]);
        face.tell(&Event::Waiting { holder: "process 4711" });
        face.tell(&Event::Planned { actions: 5, assets: 4 });
        face.tell(&Event::Started { name: "photos/amber.heic", kind: "develop" });
        face.tell(&Event::Started { name: "card/amber", kind: "render" });
        face.tell(&finished("photos/amber.heic", "develop", Outcome::Ran, None));
        face.tell(&Event::Wrote { path: "dist/card/amber.jpg", bytes: 312_400, change: Change::New });
        face.tell(&Event::Wrote { path: "dist/card/jar.jpg", bytes: 298_000, change: Change::Changed });
        face.tell(&Event::Wrote { path: "dist/card/cup.jpg", bytes: 812, change: Change::Restored });
        face.tell(&finished("card/amber", "render", Outcome::Failed, Some(&broken)));
        face.tell(&finished("card/jar", "render", Outcome::Failed, Some(&broken)));
        face.tell(&finished("card/soap", "encode", Outcome::Blocked, None));
        face.tell(&finished("card/cup", "encode", Outcome::Kept, None));
        face.tell(&Event::SetAside { path: "dist/card/cup.jpg", kept: ".softbox/replaced/dist/card/cup.jpg" });
        face.tell(&Event::Removed { path: "dist/card/old.jpg" });
        face.tell(&Event::Left { path: "dist/card/mine.jpg" });
        face.close(&Tally { made: 3, kept: 1, removed: 1, failed: 1, held_back: false });
    }

    #[test]
    fn the_closing_line_is_worded_for_none_one_and_many() {
        let tally = |made, kept, removed, failed| Tally { made, kept, removed, failed, held_back: false };
        let took = Duration::from_millis(1240);
        let words = |made, kept, removed, failed| tally(made, kept, removed, failed).words(took);
        let held_back =
            |made, kept, removed, failed| Tally { held_back: true, ..tally(made, kept, removed, failed) }.words(took);
        let said = [
            words(12, 30, 1, 1),
            words(12, 0, 0, 0),
            words(1, 41, 0, 0),
            words(0, 42, 0, 0),
            words(0, 1, 0, 0),
            words(0, 0, 0, 0),
            words(0, 30, 2, 0),
            words(0, 0, 1, 0),
            words(0, 0, 0, 1),
            words(0, 30, 0, 12),
            words(2, 0, 0, 3),
            held_back(0, 0, 0, 0),
            held_back(0, 30, 0, 0),
            held_back(3, 30, 0, 1),
            held_back(0, 0, 0, 2),
        ];
        insta::assert_snapshot!(said.join("\n"));
    }

    #[test]
    fn every_kind_of_work_has_a_word_and_an_unknown_one_keeps_its_name() {
        assert_eq!(doing("develop"), "developing");
        assert_eq!(doing("cutout"), "cutout");
    }
}
