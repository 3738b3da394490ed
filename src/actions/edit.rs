//! Edit: one model is asked for one take of a picture, and its answer is kept untouched.

use serde::{Deserialize, Serialize};

use super::Failed;
use super::errand::Errand;
use crate::campaign::Problem;
use crate::engine::{Bytes, Output, Work};
use crate::models::{Ask, ImageAsk, Money, Picture, Size};

/// Raised when the same inputs would be asked for in other words.
pub const VERSION: u32 = 1;

/// What a model is told before the prompt of a scene: it would move or redraw the product otherwise, and what it makes of it is thrown away.
const SCENE: &str = "Keep the product exactly as it is: the same place, size, angle, colours and label. \
                     Paint only what is around it, with light and shadows that fit.";

/// Its inputs are the words, the picture, then a mask where there is one, then further pictures to look at; all as they are sent.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Edit {
    #[serde(flatten)]
    pub errand: Errand,
    /// From 1.
    pub take: u32,
    /// Only the surroundings are wanted.
    pub scene: bool,
    pub has_mask: bool,
    /// The longer side of the answer, in pixels.
    pub side: u32,
}

impl Edit {
    pub(super) fn run(&self, work: &Work<'_>) -> Result<Output<Failed>, Failed> {
        self.errand.run(work, self.ask(work.inputs())?, self.take, "there is no picture in it")
    }

    fn ask(&self, inputs: &[Bytes]) -> Result<Ask, Failed> {
        let [words, pictures @ ..] = inputs else { return Err(super::internal("nothing is said")) };
        let words = String::from_utf8_lossy(words);
        let words = words.trim();
        if words.is_empty() {
            let problem = Problem::error("empty-prompt", "the prompt is empty").at(self.errand.place());
            return Err(problem.hint("say what the model is to do").into());
        }
        let picture = |bytes: &Bytes| Picture::new(bytes.clone()).map_err(|fault| self.errand.failed(&fault));
        let mut pictures = pictures.iter().map(picture).collect::<Result<Vec<_>, _>>()?;
        let mask = (self.has_mask && pictures.len() > 1).then(|| pictures.remove(1));
        let first = pictures.first().ok_or_else(|| super::internal("no picture is sent"))?;
        Ok(Ask::Image(ImageAsk {
            prompt: if self.scene { format!("{SCENE}\n\n{words}") } else { words.to_owned() },
            size: Some(scaled(first.size(), self.side)),
            pictures,
            mask,
            ..ImageAsk::default()
        }))
    }

    /// What it costs, as far as that can be told before its picture is there; `None` where nobody knows.
    pub fn guess(&self) -> Option<Money> {
        let size = Some(Size { width: self.side, height: self.side });
        self.errand.estimate(Ask::Image(ImageAsk { size, ..ImageAsk::default() }), self.take)
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
