//! A campaign becomes a graph of actions: photos are developed once for all their sizes, posts composed and rendered for every
//! product and format, captions filled in.

pub mod data;
mod directed;
mod folder;
mod worded;
mod written;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::actions::Task;
use crate::actions::compose::ComposeInput;
use crate::actions::cutout::Cutout;
use crate::actions::desk::Desk;
use crate::actions::develop::Develop;
use crate::actions::encode::{Encode, File};
use crate::actions::render::Render;
use crate::actions::send::Sheet;
use crate::campaign::reach::Reach;
use crate::campaign::{Asset, Campaign, Format, Look, Picture, Post, RelPath, Step};
use crate::engine::{ActionId, Graph, Input, Node};
use crate::imaging::DigitalSource;

pub use folder::Folder;
pub use written::{Part, Written};

/// Where assets go, in the campaign folder.
pub const DIST: &str = "dist";

/// Photos are decoded for the longest side of what they are cut to, in these steps: all social sizes share one decode, and a new
/// format redoes no asset of the others.
const REACHES: [u32; 4] = [2048, 4096, 8192, u32::MAX];

/// The graph of everything that a campaign makes. Models are asked at the desk; without one, the graph can be looked at and not built as a whole.
pub fn plan(campaign: &Campaign, desk: Option<Arc<Desk>>) -> Graph<Task> {
    let mut planner = Planner::new(campaign, desk);
    for asset in &campaign.assets {
        planner.asset(asset);
    }
    planner.graph
}

/// The graph of the masks of some photos alone.
pub fn cutouts(campaign: &Campaign, photos: &[RelPath]) -> Graph<Task> {
    let mut planner = Planner::new(campaign, None);
    for photo in photos {
        planner.cutout(photo);
    }
    planner.graph
}

struct Planner<'a> {
    campaign: &'a Campaign,
    graph: Graph<Task>,
    /// The developed photos so far, by photo, file and reach.
    developed: HashMap<(&'a str, &'a str, u32), ActionId>,
    /// The masks of photos so far.
    masks: BTreeMap<&'a RelPath, ActionId>,
    /// What models made of photos so far, by photo and file.
    directed: BTreeMap<(&'a str, &'a str), ActionId>,
    /// Pictures as they are sent so far, by what was developed, the most bytes, and what it is.
    sent: BTreeMap<(ActionId, u64, Sheet), ActionId>,
    /// Further pictures for models to look at so far, developed.
    references: BTreeMap<&'a str, ActionId>,
    /// Drafts that models are asked for other words for so far, by what they are called.
    drafts: BTreeMap<String, ActionId>,
    /// All models, once somebody asks for one.
    models: Option<Arc<BTreeMap<String, Reach>>>,
    desk: Option<Arc<Desk>>,
}

impl<'a> Planner<'a> {
    fn new(campaign: &'a Campaign, desk: Option<Arc<Desk>>) -> Planner<'a> {
        Planner {
            campaign,
            graph: Graph::default(),
            developed: HashMap::new(),
            masks: BTreeMap::new(),
            directed: BTreeMap::new(),
            sent: BTreeMap::new(),
            references: BTreeMap::new(),
            drafts: BTreeMap::new(),
            models: None,
            desk,
        }
    }

    fn asset(&mut self, asset: &'a Asset) {
        // The campaign leaves out assets whose post or format is broken.
        let (Some(post), Some(format)) =
            (self.campaign.posts.get(&asset.post), self.campaign.formats.get(&asset.format))
        else {
            return;
        };
        match &post.template {
            Some(template) => self.composed(asset, post, format, template),
            None => self.photo_alone(asset, post, format),
        }
        self.caption(asset, post, format);
    }

    /// A template filled in, laid out and painted.
    fn composed(&mut self, asset: &'a Asset, post: &Post, format: &Format, template: &RelPath) {
        let name = asset.output.as_str();
        let compose = self.graph.add(Node {
            name: format!("compose {name}"),
            action: Task::Compose(ComposeInput {
                template: template.clone(),
                data: data::of(self.campaign, asset, post, format),
                colors: self.campaign.brand.colors.clone(),
                format: format.clone(),
            }),
            inputs: vec![Input::File(template.as_str().into())],
            asset: None,
        });
        let mut inputs = vec![Input::Action(compose)];
        let mut photos = Vec::new();
        for (name, picture) in asset.pictures.iter() {
            inputs.push(Input::Action(self.developed(picture, format)));
            photos.push(name.clone());
        }
        let sources = asset.pictures.values().map(|picture| self.source_of(&picture.photo));
        // Words over a photo are an edit by a person, at least.
        let source = sources.max().map_or(DigitalSource::DigitalCreation, |most| most.max(DigitalSource::HumanEdits));
        let fonts = self.campaign.brand.fonts.iter().map(|font| font.to_string()).collect();
        self.graph.add(Node {
            name: format!("render {name}"),
            action: Task::Render(Render { photos, fonts, file: file(asset, post, format, source) }),
            inputs,
            asset: Some(format!("{DIST}/{name}")),
        });
    }

    /// A post without a template: its photo, cut to the format.
    fn photo_alone(&mut self, asset: &'a Asset, post: &Post, format: &Format) {
        let Some(picture) = asset.pictures.values().next() else { return };
        let developed = self.developed(picture, format);
        let name = asset.output.as_str();
        let file = file(asset, post, format, self.source_of(&picture.photo));
        self.graph.add(Node {
            name: format!("encode {name}"),
            action: Task::Encode(Encode { width: format.width, height: format.height, file }),
            inputs: vec![Input::Action(developed)],
            asset: Some(format!("{DIST}/{name}")),
        });
    }

    /// The developed photo, shared by all assets that are not larger than its reach.
    fn developed(&mut self, picture: &'a Picture, format: &Format) -> ActionId {
        let side = format.width.max(format.height);
        let reach = REACHES.into_iter().find(|reach| side <= *reach).unwrap_or(u32::MAX);
        let (photo, path) = (picture.photo.as_str(), picture.path.as_str());
        if let Some(id) = self.developed.get(&(photo, path, reach)) {
            return *id;
        }
        let look = self.look_of(photo);
        let large = if reach == REACHES[0] { String::new() } else { format!(" for {side} px") };
        let directed = look.and_then(|look| self.directed(picture, look));
        let (mut inputs, steps) = match (directed, look) {
            (Some((made, rest)), _) => (vec![Input::Action(made)], rest),
            (None, Some(look)) => (vec![Input::File(path.into())], look.steps.as_slice()),
            (None, None) => (vec![Input::File(path.into())], &[][..]),
        };
        if steps.contains(&Step::Cutout) {
            inputs.push(Input::Action(self.cutout(&picture.path)));
        }
        let steps = steps.to_vec();
        let id = self.graph.add(Node {
            name: format!("develop {photo} {path}{large}"),
            action: Task::Develop(Develop { steps, reach, path: path.to_owned() }),
            inputs,
            asset: None,
        });
        self.developed.insert((photo, path, reach), id);
        id
    }

    /// The look of a photo, if it gets one.
    fn look_of(&self, photo: &str) -> Option<&'a Look> {
        let campaign = self.campaign;
        let look = campaign.photos.get(photo)?.look.as_ref()?;
        campaign.looks.get(look).map(Arc::as_ref)
    }

    /// How a photo with its look came to be.
    fn source_of(&self, photo: &str) -> DigitalSource {
        let has_plate = |step: &Step| matches!(step, Step::Backdrop(backdrop) if backdrop.plate.is_some());
        match self.look_of(photo) {
            None => DigitalSource::DigitalCapture,
            Some(look) if look.steps.iter().any(|step| step.direction().is_some()) => {
                DigitalSource::CompositeWithTrainedAlgorithmicMedia
            }
            Some(look) if look.steps.iter().any(has_plate) => DigitalSource::CompositeCapture,
            Some(look) if look.steps.contains(&Step::Cutout) => DigitalSource::AlgorithmicallyEnhanced,
            Some(_) => DigitalSource::HumanEdits,
        }
    }

    /// The mask of a photo's product, shared by all looks and sizes of the photo.
    fn cutout(&mut self, photo: &'a RelPath) -> ActionId {
        if let Some(id) = self.masks.get(photo) {
            return *id;
        }
        let wanted = self.campaign.cutouts.of(photo);
        let mask = wanted.mask.iter();
        let model = wanted.model.iter().flat_map(|(network, description)| [network, description]);
        // A mask made by hand needs no network.
        let others: Vec<&RelPath> = if wanted.mask.is_some() { mask.collect() } else { model.collect() };
        let files = [photo].into_iter().chain(others);
        let id = self.graph.add(Node {
            name: format!("cutout {photo}"),
            action: Task::Cutout(Cutout::new(wanted, photo.as_str())),
            inputs: files.map(|path| Input::File(path.as_str().into())).collect(),
            asset: None,
        });
        self.masks.insert(photo, id);
        id
    }
}

fn file(asset: &Asset, post: &Post, format: &Format, source: DigitalSource) -> File {
    File {
        file_type: asset.file_type,
        quality: format.quality,
        max_bytes: format.max_bytes,
        dpi: format.dpi,
        source,
        place: post.places.get("formats").or_else(|| post.places.get("")).cloned(),
    }
}
