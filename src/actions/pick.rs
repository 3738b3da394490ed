//! Pick: of the takes of a step, the one that goes on: the one that somebody picked, or, until then, the first that can be used.

use serde::{Deserialize, Serialize};

use super::fidelity::Measured;
use super::{Failed, kept};
use crate::campaign::{Place, Problem};
use crate::engine::{Bytes, Output, Work};

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
    /// What strays further than this is not used.
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
        let mut held = Vec::new();
        let usable: Vec<usize> = (0..takes.len())
            .filter(|at| !takes[*at].is_empty())
            .filter(|at| match (self.min, reports.get(*at)) {
                (Some(min), Some(report)) => match Measured::from_bytes(report) {
                    Some(measured) if measured.comparison.score >= min => true,
                    // What could not be measured was told where that failed.
                    measured => {
                        held.push((*at, measured.map(|measured| measured.comparison.score)));
                        false
                    }
                },
                _ => true,
            })
            .collect();
        for path in self.picks.iter().rev() {
            let Some(picked) = work.find(path)? else { continue };
            if let Some(at) = usable.iter().find(|at| takes[**at] == picked) {
                return Ok(kept_take(&takes[*at], Vec::new()));
            }
            if let Some((_, score)) = held.iter().find(|(at, _)| takes[*at] == picked) {
                let strayed = score.map(|score| format!(" ({:.0} %)", score * 100.0)).unwrap_or_default();
                let message =
                    format!("the product in the picked take {path} is not like the photographed one{strayed}");
                let hint =
                    format!("pick another one (`softbox pick {}`), or lower `fidelity.min` of the step", self.photo);
                return Err(Problem::error("strayed", message).at(self.place()).hint(hint).into());
            }
        }
        match usable.first() {
            // Why there is none of the others was told when they were asked for.
            None if held.is_empty() => Err(Failed(Vec::new())),
            None => Err(self.all_strayed(&held).into()),
            Some(_) if self.required => Err(self.unpicked("waits").into()),
            Some(first) if takes.len() == 1 => Ok(kept_take(&takes[*first], Vec::new())),
            Some(first) => {
                let name = self.names.get(*first).map_or("the first take", String::as_str);
                Ok(kept_take(&takes[*first], vec![self.unpicked(&format!("uses {name}"))]))
            }
        }
    }

    /// Nobody picked, or what was picked is no take of this step any more.
    fn unpicked(&self, does: &str) -> Problem {
        let message = format!("{} {does} until somebody picks one of {} takes", self.photo, self.takes);
        let problem =
            if self.required { Problem::error("no-pick", message) } else { Problem::warning("no-pick", message) };
        problem.at(self.place()).hint(format!("look at them and pick: softbox pick {}", self.photo))
    }

    fn all_strayed(&self, held: &[(usize, Option<f32>)]) -> Problem {
        let best = held.iter().filter_map(|(_, score)| *score).fold(0.0, f32::max);
        let message = format!(
            "in no take of {} is the product like the photographed one: {:.0} % at best, and {:.0} % are wanted",
            self.photo,
            best * 100.0,
            self.min.unwrap_or_default() * 100.0
        );
        let hint = "ask for more takes (`takes`), say in the prompt that the label stays as it is, or use `scene`, which keeps the product's own pixels";
        Problem::error("strayed", message).at(self.place()).hint(hint)
    }

    fn place(&self) -> Place {
        self.place.clone().unwrap_or_else(|| Place::file(crate::campaign::MANIFEST))
    }
}

fn kept_take(take: &Bytes, remarks: Vec<Problem>) -> Output<Failed> {
    Output { bytes: take.clone(), ..kept(Vec::new(), remarks) }
}
