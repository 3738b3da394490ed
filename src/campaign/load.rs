//! Reads a campaign folder and checks all of it: `campaign.toml` first, then what it names, each mistake told and left out.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;
use std::ops::Range;
use std::sync::Arc;

use super::at::At;
use super::manifest::PicksWanted;
use super::names::{did_you_mean, list, nfc};
use super::shape::Broken;
use super::{Campaign, Folder, Place, Problem, RelPath, Source};
use super::{
    assets, brand, captions, cutouts, files, ideas, looks, models, photos, picks, posts, products, reading, variants,
    voice,
};

/// A campaign with everything that was found wrong with it.
#[derive(Debug, Default)]
pub struct Loaded {
    pub campaign: Campaign,
    /// In the order of files and lines, `campaign.toml` first.
    pub problems: Vec<Problem>,
}

/// Reads and checks the campaign in `folder`. Whatever is wrong is told in `problems` and left out of `campaign`; everything else is in it.
pub fn load(folder: &dyn Folder) -> Loaded {
    let watched = Watched { folder, unreadable: RefCell::default() };
    let mut loader = Loader { folder: &watched, problems: Vec::new(), broken: Broken::new(), unsure: false };
    let mut campaign = Campaign::default();
    if let Some(manifest) = files::read_manifest(&mut loader) {
        campaign.name = manifest.name.clone();
        campaign.manifests = manifest.files.clone();
        let before = loader.problems.len();
        campaign.brand = brand::load(&mut loader, &manifest);
        let is_brand_broken =
            loader.problems.len() > before || loader.broken.iter().any(|name| name.starts_with("brand."));
        campaign.products = products::load(&mut loader, &manifest);
        campaign.models = models::load(&mut loader, &manifest);
        campaign.reading = reading::load(&mut loader, &manifest);
        campaign.looks = looks::load(&mut loader, &manifest, &campaign);
        campaign.cutouts = cutouts::load(&mut loader, &manifest);
        let photos = photos::load(&mut loader, &manifest, &campaign);
        campaign.photos = photos.iter().map(|(id, photo)| (id.clone(), photo.photo.clone())).collect();
        campaign.brand.voice = voice::load(&mut loader, &manifest);
        let captions = captions::load(&mut loader, &manifest, &campaign);
        campaign.captions = captions.iter().map(|(id, caption)| (id.clone(), caption.caption.clone())).collect();
        let posts = posts::load(&mut loader, &manifest, &mut campaign, &photos);
        campaign.held = captions::check(&mut loader, &campaign, &captions, &posts, &photos);
        for id in variants::check(&mut loader, &campaign, &captions, &posts) {
            // Nobody is asked by rules that are wrong; the draft goes out as ever.
            campaign.captions.entry(id).and_modify(|caption| Arc::make_mut(caption).variants = None);
        }
        campaign.posts = posts;
        campaign.assets = assets::make(&mut loader, &campaign);
        campaign.ideas = ideas::load(&mut loader, &manifest);
        campaign.picks = picks::load(&mut loader);
        campaign.picks_required = manifest.campaign.picks == Some(PicksWanted::Required);
        campaign.budget = models::budget(&mut loader, &manifest);
        if is_brand_broken {
            // Every template shows the brand: better the last good assets than new ones without a colour or the logo.
            campaign.assets.retain(|asset| asset.post.template.is_none());
        }
    }
    let mut problems = loader.problems;
    problems.extend(watched.unreadable.into_inner().into_iter().map(|(path, error)| {
        let problem = Problem::error("unreadable-folder", format!("the folder `{path}` cannot be read: {error}"));
        problem.at(Place::file(path.as_str())).hint("what lies in it is left out; put a folder there that may be read")
    }));
    problems.sort_by(|a, b| order(a).cmp(&order(b)).then_with(|| a.message.cmp(&b.message)));
    problems.dedup();
    Loaded { campaign, problems }
}

/// `campaign.toml` first, then by file and by place in it.
fn order(problem: &Problem) -> (bool, &str, usize) {
    let path = problem.place.as_ref().map_or("", Place::path);
    let start = match &problem.place {
        Some(Place::Span(_, start, _)) => *start,
        _ => 0,
    };
    (path != files::MANIFEST, path, start)
}

/// A folder that cannot be listed must not look like an empty one.
struct Watched<'a> {
    folder: &'a dyn Folder,
    unreadable: RefCell<BTreeMap<RelPath, String>>,
}

impl Folder for Watched<'_> {
    fn read(&self, path: &RelPath) -> io::Result<Arc<Vec<u8>>> {
        self.folder.read(path)
    }

    fn list(&self, folder: &RelPath) -> io::Result<Arc<Vec<String>>> {
        self.folder.list(folder).inspect_err(|error| {
            self.unreadable.borrow_mut().insert(folder.clone(), error.to_string());
        })
    }
}

/// What all parts of the reading share: the folder, and what is wrong so far.
pub(super) struct Loader<'a> {
    pub folder: &'a dyn Folder,
    pub problems: Vec<Problem>,
    pub broken: Broken,
    /// A whole table of products could not be read: whatever names a product or a field may be right.
    pub unsure: bool,
}

impl Loader<'_> {
    pub fn report(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    /// Whether a mistake in `[kind.id]` was reported, so that whatever names it need not be.
    pub fn is_broken(&self, kind: &str, id: &str) -> bool {
        self.broken.contains(&format!("{kind}.{id}"))
    }

    pub fn break_entry(&mut self, kind: &str, id: &str) {
        self.broken.insert(format!("{kind}.{id}"));
    }

    /// A path as written, if it stays inside the campaign.
    pub fn path(&mut self, source: &Arc<Source>, written: At<&String>) -> Option<RelPath> {
        match RelPath::parse(written.value) {
            Ok(path) => Some(path),
            Err(error) => {
                let problem =
                    Problem::error("bad-path", format!("`{}` is no path of this campaign: {error}", written.value))
                        .at(Place::span(source, written.span))
                        .hint("write it relative to the campaign folder, with `/`, such as \"brand/logo.svg\"");
                self.report(problem);
                None
            }
        }
    }

    /// The file that a path means, if there is one. Names are compared composed (NFC), as some systems list them decomposed.
    pub fn file(&mut self, source: &Arc<Source>, written: &At<String>, what: &str) -> Option<RelPath> {
        let path = self.path(source, At { value: &written.value, span: written.span.clone() })?;
        match self.existing(&path) {
            Ok(path) => Some(path),
            Err(hint) => {
                let problem = Problem::error("missing-file", format!("there is no {what} `{path}`"));
                self.report(problem.at(Place::span(source, written.span.clone())).hint(hint));
                None
            }
        }
    }

    /// A file of a network that is called by its name, such as `models/isnet.onnx`.
    pub fn network(&mut self, source: &Arc<Source>, name: &At<String>, ending: &str) -> Option<RelPath> {
        let path = At { value: format!("models/{}.{ending}", name.value), span: name.span.clone() };
        self.file(source, &path, if ending == "onnx" { "network" } else { "description" })
    }

    /// The file as its folder lists it, or what to do about it.
    pub fn existing(&self, path: &RelPath) -> Result<RelPath, String> {
        let folder = path.parent();
        let names = self.folder.list(&folder).unwrap_or_default();
        let wanted = nfc(path.name());
        if let Some(name) = names.iter().find(|name| nfc(name) == wanted) {
            return Ok(folder.join(name));
        }
        let files: Vec<&str> = names.iter().map(String::as_str).filter(|name| !name.ends_with('/')).collect();
        Err(match did_you_mean(path.name(), files.iter().copied()) {
            Some(near) => format!("did you mean `{}`?", folder.join(&near)),
            None => folder_in_words(&folder, &names),
        })
    }

    /// A text file of the campaign. A file that cannot be read as text is reported at `at`.
    pub fn text(&mut self, path: &RelPath, at: Option<(&Arc<Source>, Range<usize>)>) -> Option<Arc<Source>> {
        let place = at.map_or_else(|| Place::file(path.as_str()), |(source, span)| Place::span(source, span));
        let bytes = match self.folder.read(path) {
            Ok(bytes) => bytes,
            Err(error) => {
                self.report(Problem::error("unreadable-file", format!("cannot read `{path}`: {error}")).at(place));
                return None;
            }
        };
        match std::str::from_utf8(&bytes) {
            Ok(text) => Some(Source::new(path.as_str(), text)),
            Err(error) => {
                let line = bytes[..error.valid_up_to()].iter().filter(|b| **b == b'\n').count() + 1;
                let message = format!("`{path}` is not UTF-8 text: line {line} has other bytes");
                self.report(Problem::error("not-text", message).at(place).hint("save it with the encoding UTF-8"));
                None
            }
        }
    }
}

/// What is in a folder, for a person who misses a file there.
pub(super) fn folder_in_words(folder: &RelPath, names: &[String]) -> String {
    let name = match folder.as_str() {
        "" => "the campaign folder".to_owned(),
        path => format!("the folder `{path}`"),
    };
    match names.is_empty() {
        true if folder.as_str().is_empty() => "the campaign folder is empty".to_owned(),
        true => format!("there is no file in {name}"),
        false => format!("{name} has {}", list(names.iter().map(String::as_str), 5)),
    }
}
