//! What a command line asks: the model's kind of answer, the prompt with its fields filled in, the pictures as they are sent.

use std::fs;
use std::path::Path;

use super::{Ask, Stop};
use crate::actions::caption::Words;
use crate::campaign::models::problem;
use crate::campaign::names::{slug, unknown_hint};
use crate::campaign::reach::Reach;
use crate::campaign::{Campaign, Place, Problem, RelPath};
use crate::cli::Exit;
use crate::engine::Files;
use crate::imaging;
use crate::models::{self, Fault, ImageAsk, Picture, Request, TextAsk};
use crate::plan::data;

/// Enough for a few pages.
const MAX_TOKENS: u32 = 4_000;

impl Ask {
    /// The request of this command line.
    pub(super) fn request(
        &self,
        reach: &Reach,
        campaign: &Campaign,
        files: &Files,
        folder: &Path,
    ) -> Result<Request, Stop> {
        let can = |kind: &str| reach.model.can.iter().any(|can| can.name.starts_with(kind));
        let prompt = self.prompt(campaign, files)?;
        let (pictures, mask) = self.pictures(reach, folder)?;
        let ask = if can("image.") {
            models::Ask::Image(ImageAsk { prompt, pictures, mask, size: self.size, ..ImageAsk::default() })
        } else if can("text.") {
            let image_only = [(self.size.is_some(), "a size"), (self.mask.is_some(), "a mask")];
            if let Some((_, what)) = image_only.into_iter().find(|(is_wanted, _)| *is_wanted) {
                return Err(Fault::Unsupported { what: what.to_owned(), who: self.model.clone() }.into());
            }
            models::Ask::Text(TextAsk { prompt, pictures, max_tokens: MAX_TOKENS, ..TextAsk::default() })
        } else {
            let problem = Problem::error("unknown-capability", format!("nobody said what `{}` can do", self.model));
            let problem = problem.hint(format!(
                "add to [model.{}] a line such as `can = [\"image.edit\"]` for pictures, or `can = [\"text.write\"]`",
                self.model
            ));
            return Err(match &reach.own {
                Some(own) => problem.at(own.place.clone()).into(),
                None => problem.into(),
            });
        };
        let extra = reach.own.as_ref().map(|own| own.parameters.clone()).unwrap_or_default();
        Ok(Request { model: reach.model.id.clone(), ask, take: self.take, extra, recipe: None })
    }

    /// The prompt with the fields of the product, the brand and the campaign.
    fn prompt(&self, campaign: &Campaign, files: &Files) -> Result<String, Stop> {
        let mut data = data::of_campaign(campaign);
        if let Some(id) = &self.product {
            let product = campaign.products.get(id).ok_or_else(|| {
                let problem = Problem::error("unknown-product", format!("there is no product `{id}`"));
                problem.hint(unknown_hint(id, "product", campaign.products.keys().map(String::as_str)))
            })?;
            data.extend(data::of_product(product));
        }
        let failed = |problems: Vec<Problem>| {
            Stop::Problems(problems.into_iter().map(|p| self.explained(p)).collect(), Exit::Wrong)
        };
        let mut find = |path: &str| Ok(files.read(path)?.map(|(bytes, _)| bytes));
        let filled = match self.prompt.strip_prefix('@') {
            None => Words { path: "the prompt", is_file: false, data: &data }.fill(&self.prompt, &mut find),
            Some(path) => {
                let bad = |message: String| {
                    Problem::error("missing-file", message)
                        .hint("write its path in the campaign, such as @prompts/marble.md")
                };
                let path = RelPath::parse(path)
                    .map_err(|error| bad(format!("`{path}` is no path of this campaign: {error}")))?;
                let words = Words { path: path.as_str(), is_file: true, data: &data };
                let bytes = find(path.as_str()).map_err(|error| failed(crate::actions::Failed::from(error).0))?;
                let bytes = bytes.ok_or_else(|| bad(format!("there is no prompt `{path}`")))?;
                words.read(&bytes).and_then(|text| words.fill(&text, &mut find))
            }
        };
        let filled = filled.map_err(|error| failed(error.0))?;
        match filled.trim() {
            "" => Err(Problem::error("empty-prompt", "the prompt is empty").hint("say what the model is to do").into()),
            prompt => Ok(prompt.to_owned()),
        }
    }

    /// A mistake in a prompt: one on the command line has no file, and a field that is missing may be a product's.
    fn explained(&self, mut problem: Problem) -> Problem {
        problem.place = problem.place.filter(|place| !matches!(place, Place::File(path) if path == "the prompt"));
        if self.product.is_none() {
            problem.hint =
                Some("`--product ID` fills in a product's fields; for two braces as they are, write \\{{".to_owned());
        }
        problem
    }

    fn pictures(&self, reach: &Reach, folder: &Path) -> Result<(Vec<Picture>, Option<Picture>), Stop> {
        let told = |path: &str, fault: &Fault| Stop::from(problem(fault).at(Place::file(path)));
        let mut pictures = Vec::new();
        let mut first = (0, 0);
        for path in &self.pictures {
            let bytes = read(path, folder)?;
            let picture = Picture::prepared(&bytes, reach.model.kind, self.pictures.len());
            pictures.push(picture.map_err(|fault| told(path, &fault))?);
            if pictures.len() == 1 {
                // It was read just now.
                first = imaging::probe(&bytes).map(|header| header.upright_size()).unwrap_or(first);
            }
        }
        let mask = match (&self.mask, pictures.first()) {
            (Some(path), Some(picture)) => {
                let mask = Picture::prepared_mask(&read(path, folder)?, first, picture.size());
                Some(mask.map_err(|fault| told(path, &fault))?)
            }
            _ => None,
        };
        Ok((pictures, mask))
    }

    /// What the take is called: as somebody said, or by the product, the picture or the first words of the prompt; then the model.
    pub(super) fn take_name(&self, take: u32) -> String {
        let stem = |path: &String| Path::new(path).file_stem().map(|stem| stem.to_string_lossy().into_owned());
        let words = || slug(&self.prompt.split_whitespace().take(5).collect::<Vec<_>>().join(" "));
        let about = self.name.clone().or_else(|| self.product.clone());
        let about = about.or_else(|| self.pictures.first().and_then(stem)).or_else(words);
        let number = if take > 1 { format!("-{take}") } else { String::new() };
        format!("{}/{}{number}", about.unwrap_or_else(|| "ask".to_owned()), self.model)
    }
}

/// A file where a shell completes it, or in the campaign.
fn read(path: &str, folder: &Path) -> Result<Vec<u8>, Problem> {
    let here = Path::new(path);
    let found = if here.exists() { here.to_owned() } else { folder.join(path) };
    fs::read(found).map_err(|error| {
        Problem::error("unreadable-file", format!("cannot read `{path}`: {error}"))
            .hint("check the path after --picture or --mask")
    })
}
