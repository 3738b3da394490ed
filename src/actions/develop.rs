//! Develop: a photo file becomes a decoded picture with its look's steps applied, ready for many sizes.

use serde::{Deserialize, Serialize};

use super::developed::Developed;
use super::{Failed, backdrop, passing};
use crate::campaign::{Adjust, Backdrop, Crop, Place, Problem, Step};
use crate::engine::{Output, Work};
use crate::imaging::cutout::{Cut, Fault, lift};
use crate::imaging::{self, Adjustment, Limits, Picture, Region};

/// Raised when the same photo would come out otherwise.
pub const VERSION: u32 = 2;

/// Decodes a photo and gives it its look, or a part of that. Its inputs are the photo file, a take, or a developed picture, and, where the look isolates the product, the mask; a backdrop's plate
/// is found on the way.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Develop {
    pub steps: Vec<Step>,
    /// The longest side, in pixels, that anything will be cut to; a larger photo may be decoded at a smaller scale.
    pub reach: u32,
    /// The photo's path, for messages.
    #[serde(skip)]
    pub path: String,
}

impl Develop {
    pub(super) fn run(&self, work: &Work<'_>) -> Result<Output<Failed>, Failed> {
        let photo = &work.inputs()[0];
        let limits = Limits::default();
        if let Ok(picture) = Picture::from_bytes(photo.clone()) {
            return self.developed(work, picture);
        }
        let reach = self.reach_before_crops(photo)?;
        // A crop copies what it keeps; a scene trims the cutout, and is written beside it.
        let copies = match self.steps.last() {
            None => 1,
            Some(Step::Backdrop(_)) => 4,
            Some(_) => 3,
        };
        let needed = imaging::estimate(photo, reach).map_err(|error| self.failed(&error))?.saturating_mul(copies);
        let _memory = work.reserve(usize::try_from(needed).unwrap_or(usize::MAX));
        // What is only cut needs no RGB before that.
        let only_cut = self.steps.iter().all(|step| matches!(step, Step::Crop(_)));
        let decode = if only_cut { imaging::decode_to_cut } else { imaging::decode };
        self.developed(work, decode(photo, reach, &limits).map_err(|error| self.failed(&error))?)
    }

    /// A decoded picture with the steps applied.
    fn developed(&self, work: &Work<'_>, mut picture: Picture) -> Result<Output<Failed>, Failed> {
        let mut scene = None;
        for step in &self.steps {
            match step {
                Step::Cutout => picture = self.lifted(work, &picture)?,
                Step::Crop(crop) => picture = cropped(&picture, crop),
                Step::Adjust(adjust) => {
                    imaging::adjust(&mut picture, &adjustment(adjust)).map_err(|error| self.failed(&error))?;
                }
                // Models have their own actions.
                Step::Edit(_) | Step::Scene(_) => return Err(super::internal("a step of models")),
                // The last step: the campaign refuses any that follow.
                Step::Backdrop(wanted) => scene = Some(self.scene(work, &picture, wanted)?),
            }
        }
        let warn = |text: &String| Problem::warning("photo", text).at(Place::file(&self.path));
        let warnings = picture.warnings().iter().map(warn).collect();
        Ok(passing(scene.unwrap_or(Developed::Picture(picture)).into_bytes(), warnings))
    }

    /// The product alone, by the mask that comes behind the photo.
    fn lifted(&self, work: &Work<'_>, picture: &Picture) -> Result<Picture, Failed> {
        let mask = work.inputs().get(1).ok_or_else(|| super::internal("a mask is missing"))?;
        let mask = Cut::from_png(mask).map_err(|error| super::internal(&error.to_string()))?.mask;
        lift(picture, &mask).map_err(|fault| match fault {
            Fault::Picture(error) => self.failed(&error),
            other => super::internal(&other.to_string()),
        })
    }

    /// The developed cutout on its backdrop.
    fn scene(&self, work: &Work<'_>, cutout: &Picture, wanted: &Backdrop) -> Result<Developed, Failed> {
        let product = backdrop::product(cutout, &self.path)?;
        Ok(Developed::Scene(backdrop::scene(work, vec![product], wanted, self.reach)?.into()))
    }

    /// A crop throws pixels away: decode so many more.
    fn reach_before_crops(&self, photo: &[u8]) -> Result<u32, Failed> {
        let header = imaging::probe(photo).map_err(|error| self.failed(&error))?;
        let (width, height) = header.upright_size();
        let (mut width, mut height) = (f64::from(width), f64::from(height));
        let mut factor = 1.0_f64;
        for step in &self.steps {
            if let Step::Crop(crop) = step {
                let region = crop_region(width as u32, height as u32, crop);
                factor = (factor / region.width.min(region.height).max(0.01)).min(1e6);
                (width, height) = (width * region.width, height * region.height);
            }
        }
        Ok((f64::from(self.reach) * factor).min(f64::from(u32::MAX)) as u32)
    }

    fn failed(&self, error: &imaging::Error) -> Failed {
        problem(error, &self.path)
    }
}

pub(super) fn problem(error: &imaging::Error, path: &str) -> Failed {
    let problem = Problem::error("photo", error.to_string()).at(Place::file(path));
    match error.hint() {
        Some(hint) => problem.hint(hint),
        None => problem,
    }
    .into()
}

fn crop_region(width: u32, height: u32, crop: &Crop) -> Region {
    let own = f64::from(width.max(1)) / f64::from(height.max(1));
    let ratio = crop.ratio.map_or(own, |ratio| f64::from(ratio.width) / f64::from(ratio.height));
    imaging::cover(width, height, ratio, crop.focus.unwrap_or([0.5, 0.5]), f64::from(crop.zoom.unwrap_or(1.0)))
}

fn cropped(picture: &Picture, crop: &Crop) -> Picture {
    let region = crop_region(picture.width(), picture.height(), crop);
    let focus = crop.focus.map(|[x, y]| {
        let inside = |at: f32, start: f64, length: f64| ((f64::from(at) - start) / length).clamp(0.0, 1.0) as f32;
        [inside(x, region.left, region.width), inside(y, region.top, region.height)]
    });
    let cropped = imaging::crop(picture, region);
    match focus {
        Some(focus) => cropped.with_focus(focus),
        None => cropped,
    }
}

fn adjustment(adjust: &Adjust) -> Adjustment {
    Adjustment {
        exposure: adjust.exposure,
        temperature: adjust.temperature,
        tint: adjust.tint,
        contrast: adjust.contrast,
        saturation: adjust.saturation,
        sharpen: adjust.sharpen,
    }
}
