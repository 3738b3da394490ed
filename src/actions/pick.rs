//! Pick: of the takes of a step, the one that goes on: the one that somebody picked, or, until then, the first that can be used.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::fidelity::Measured;
use super::{Failed, kept};
use crate::campaign::{Place, Problem};
use crate::engine::{Bytes, Output, Work};
use crate::imaging::fidelity::Misprint;

/// Raised when the same takes and picks would choose otherwise.
pub const VERSION: u32 = 1;

/// Its inputs are the takes in order; then, where they are measured, how far each one strayed. Takes that could not be had are empty.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Pick {
    pub takes: usize,
    /// Paths of takes that people picked of this photo, the oldest first.
    pub picks: Vec<String>,
    /// Nothing goes on before somebody picked.
    pub required: bool,
    /// What strays further than this is not used, and above 0 nothing whose label reads otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min: Option<f32>,
    /// What each take is called, for messages.
    #[serde(skip)]
    pub names: Vec<String>,
    /// What the photo is called in `softbox pick`.
    #[serde(skip)]
    pub photo: String,
    /// The number of the step in its look, from 1.
    #[serde(skip)]
    pub step: usize,
    /// Where the step was written.
    #[serde(skip)]
    pub place: Option<Place>,
}

impl Pick {
    pub(super) fn run(&self, work: &Work<'_>) -> Result<Output<Failed>, Failed> {
        let (takes, reports) = work.inputs().split_at(self.takes.min(work.inputs().len()));
        let (mut held, mut usable) = (Vec::new(), Vec::new());
        for at in (0..takes.len()).filter(|at| !takes[*at].is_empty()) {
            match (self.min, reports.get(at)) {
                (Some(min), Some(report)) => match judged(min, report) {
                    Ok(misprint) => usable.push((at, misprint)),
                    Err(why) => held.push((at, why)),
                },
                _ => usable.push((at, None)),
            }
        }
        for path in self.picks.iter().rev() {
            let Some(picked) = work.find(path)? else { continue };
            if let Some((at, misprint)) = usable.iter().find(|(at, _)| takes[*at] == picked) {
                return Ok(kept_take(&takes[*at], self.misprinted(*at, misprint.as_ref()).into_iter().collect()));
            }
            if let Some((_, why)) = held.iter().find(|(at, _)| takes[*at] == picked) {
                if matches!(why, Held::Unmeasured) {
                    return Err(Failed(Vec::new()));
                }
                let message = format!("the product in the picked take {path} is not like the photographed one{why}");
                let hint = match why {
                    Held::Misprint(_) => "let `fidelity.min` of the step out, so that it only warns",
                    _ => "lower `fidelity.min` of the step",
                };
                let hint = format!("pick another one (`softbox pick {}`), or {hint}", self.photo);
                return Err(Problem::error("strayed", message).at(self.place()).hint(hint).into());
            }
        }
        match usable.first() {
            // Why there is none, or none that could be measured, was told where that failed.
            None if held.iter().all(|(_, why)| matches!(why, Held::Unmeasured)) => Err(Failed(Vec::new())),
            None => Err(self.all_strayed(&held).into()),
            Some(_) if self.required => Err(self.unpicked("waits").into()),
            Some((first, misprint)) => {
                let open = (takes.len() > 1).then(|| self.unpicked(&format!("uses {}", self.name(*first))));
                let misprint = self.misprinted(*first, misprint.as_ref());
                Ok(kept_take(&takes[*first], open.into_iter().chain(misprint).collect()))
            }
        }
    }

    fn name(&self, take: usize) -> &str {
        self.names.get(take).map_or("the first take", String::as_str)
    }

    /// What is told of a take that goes on, though its label reads otherwise.
    fn misprinted(&self, take: usize, misprint: Option<&Misprint>) -> Option<Problem> {
        let problem = Problem::warning("misprint", format!("look at {}: {}", self.name(take), misprint?));
        let hint = format!(
            "pick another take (`softbox pick {}`), or hold such takes back with `fidelity = {{ min = 0.9 }}`",
            self.photo
        );
        Some(problem.at(self.place()).hint(hint))
    }

    /// Nobody picked, or what was picked is no take of this step any more.
    fn unpicked(&self, does: &str) -> Problem {
        let message = format!("{} {does} until somebody picks one of {} takes", self.photo, self.takes);
        let problem =
            if self.required { Problem::error("no-pick", message) } else { Problem::warning("no-pick", message) };
        problem.at(self.place()).hint(format!("look at them and pick: softbox pick {}", self.photo))
    }

    fn all_strayed(&self, held: &[(usize, Held)]) -> Problem {
        let misprint = held.iter().find_map(|(_, why)| if let Held::Misprint(own) = why { Some(own) } else { None });
        let why = match misprint {
            Some(misprint) => misprint.to_string(),
            None => {
                let score = |(_, why): &(usize, Held)| if let Held::Strayed(score) = why { *score } else { 0.0 };
                let best = held.iter().map(score).fold(0.0, f32::max);
                let min = self.min.unwrap_or_default();
                format!("{:.0} % at best, and {:.0} % are wanted", best * 100.0, min * 100.0)
            }
        };
        let message = format!("in no take of {} is the product like the photographed one: {why}", self.photo);
        let hint = "ask for more takes (`takes`), say in the prompt that the label stays as it is, or use `scene`, which keeps the product's own pixels";
        Problem::error("strayed", message).at(self.place()).hint(hint)
    }

    fn place(&self) -> Place {
        self.place.clone().unwrap_or_else(|| Place::file(crate::campaign::MANIFEST))
    }
}

/// Why a take is held back.
enum Held {
    /// That was told where it failed.
    Unmeasured,
    /// It scores less than it has to.
    Strayed(f32),
    /// Its label reads otherwise, whatever it scores.
    Misprint(Misprint),
}

impl fmt::Display for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Held::Unmeasured => Ok(()),
            Held::Strayed(score) => write!(f, " ({:.0} %)", score * 100.0),
            Held::Misprint(misprint) => write!(f, ": {misprint}"),
        }
    }
}

/// Whether a take can be used by what was measured of it, and what is to be told of it then.
fn judged(min: f32, report: &[u8]) -> Result<Option<Misprint>, Held> {
    let measured = Measured::from_bytes(report).ok_or(Held::Unmeasured)?;
    match measured.misprints().first().cloned() {
        Some(misprint) if min > 0.0 => Err(Held::Misprint(misprint)),
        _ if measured.comparison.score < min => Err(Held::Strayed(measured.comparison.score)),
        misprint => Ok(misprint),
    }
}

fn kept_take(take: &Bytes, remarks: Vec<Problem>) -> Output<Failed> {
    Output { bytes: take.clone(), ..kept(Vec::new(), remarks) }
}
