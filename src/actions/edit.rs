//! Edit: one model is asked for one take of a picture, and its answer is kept untouched.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::desk::Desk;
use super::{Failed, kept};
use crate::campaign::{Place, Problem};
use crate::engine::{Bytes, Output, Work};
use crate::models::{Ask, Fault, ImageAsk, Money, Picture, Request, Size};

/// Raised when the same inputs would be asked for in other words.
pub const VERSION: u32 = 1;

/// What a model is told before the prompt of a scene: it would move or redraw the product otherwise, and what it makes of it is thrown away.
const SCENE: &str = "Keep the product exactly as it is: the same place, size, angle, colours and label. \
                     Paint only what is around it, with light and shadows that fit.";

/// Its inputs are the words, the picture, then a mask where there is one, then further pictures to look at; all as they are sent.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Edit {
    /// The kind of service, and what it calls the model.
    pub provider: String,
    pub model: String,
    /// From 1.
    pub take: u32,
    /// Only the surroundings are wanted.
    pub scene: bool,
    pub has_mask: bool,
    /// The longer side of the answer, in pixels.
    pub side: u32,
    /// Further parameters in the service's own words.
    #[serde(skip_serializing_if = "Map::is_empty", default)]
    pub parameters: Map<String, Value>,
    /// What the campaign calls the model.
    #[serde(skip)]
    pub called: String,
    /// What the take is called below takes/, without the beginning of its digest.
    #[serde(skip)]
    pub name: String,
    /// Where the step was written.
    #[serde(skip)]
    pub place: Option<Place>,
    /// `None` where nothing is asked, because nothing is run.
    #[serde(skip)]
    pub desk: Option<Arc<Desk>>,
}

impl Edit {
    pub(super) fn run(&self, work: &Work<'_>) -> Result<Output<Failed>, Failed> {
        // Why there is none was told when the build began.
        let desk = self.desk.as_ref().ok_or(Failed(Vec::new()))?;
        let request = self.request(work.inputs())?;
        let (take, remarks) = desk.ask(&self.called, &request, &self.name, &self.place())?;
        let pictures = take.read().map_err(|fault| self.failed(&fault))?;
        let picture = pictures.into_iter().next();
        let picture = picture.ok_or_else(|| self.failed(&Fault::unusable("there is no picture in it")))?;
        Ok(kept(picture, remarks))
    }

    fn request(&self, inputs: &[Bytes]) -> Result<Request, Failed> {
        let [words, pictures @ ..] = inputs else { return Err(super::internal("nothing is said")) };
        let words = String::from_utf8_lossy(words);
        let words = words.trim();
        if words.is_empty() {
            let problem = Problem::error("empty-prompt", "the prompt is empty").at(self.place());
            return Err(problem.hint("say what the model is to do").into());
        }
        let picture = |bytes: &Bytes| Picture::new(bytes.clone()).map_err(|fault| self.failed(&fault));
        let mut pictures = pictures.iter().map(picture).collect::<Result<Vec<_>, _>>()?;
        let mask = (self.has_mask && pictures.len() > 1).then(|| pictures.remove(1));
        let first = pictures.first().ok_or_else(|| super::internal("no picture is sent"))?;
        let ask = ImageAsk {
            prompt: if self.scene { format!("{SCENE}\n\n{words}") } else { words.to_owned() },
            size: Some(scaled(first.size(), self.side)),
            pictures,
            mask,
            ..ImageAsk::default()
        };
        Ok(Request { model: self.model.clone(), ask: Ask::Image(ask), take: self.take, extra: self.parameters.clone() })
    }

    /// What it costs, as far as that can be told before its picture is there; `None` where nobody knows.
    pub fn guess(&self) -> Option<Money> {
        let size = Some(Size { width: self.side, height: self.side });
        let ask = Ask::Image(ImageAsk { size, ..ImageAsk::default() });
        let request = Request { model: self.model.clone(), ask, take: self.take, extra: self.parameters.clone() };
        self.desk.as_ref()?.estimate(&self.called, &request)
    }

    fn place(&self) -> Place {
        self.place.clone().unwrap_or_else(|| Place::file(crate::campaign::MANIFEST))
    }

    fn failed(&self, fault: &Fault) -> Failed {
        crate::campaign::models::problem(fault).at(self.place()).into()
    }
}

/// The shape of a size, with a longer side of so many pixels.
fn scaled(size: Size, side: u32) -> Size {
    let longest = u64::from(size.width.max(size.height).max(1));
    let scale = |length: u32| ((u64::from(length) * u64::from(side) + longest / 2) / longest).max(1) as u32;
    Size { width: scale(size.width), height: scale(size.height) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_has_the_shape_of_the_picture() {
        assert_eq!(scaled(Size { width: 3024, height: 4032 }, 2048).to_string(), "1536x2048");
        assert_eq!(scaled(Size { width: 10, height: 10 }, 1024).to_string(), "1024x1024");
    }
}
