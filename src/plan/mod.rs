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
use crate::actions::group::{Group, Standing};
use crate::actions::render::Render;
use crate::actions::send::Sheet;
use crate::campaign::reach::Reach;
use crate::campaign::{self, Asset, Campaign, Format, Look, Picture, RelPath, Step};
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
    planner.graph.reserve(2 * campaign.assets.len());
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

/// How large a photo is needed.
struct Scale {
    reach: u32,
    /// The longer side of the format that asks first, in pixels.
    side: u32,
}

impl Scale {
    /// What an action's name says of a reach that is larger than most.
    fn told(&self) -> String {
        if self.reach == REACHES[0] { String::new() } else { format!(" for {} px", self.side) }
    }
}

struct Planner<'a> {
    campaign: &'a Campaign,
    graph: Graph<Task>,
    /// The developed photos so far, by photo, file and reach.
    developed: HashMap<(&'a str, &'a str, u32), ActionId>,
    /// The last of them to be asked for, which most formats of a scene share.
    latest: Option<(&'a Picture, u32, ActionId)>,
    /// The groups so far, by photo, which of its groups, and reach.
    grouped: HashMap<(&'a str, &'a str, u32), ActionId>,
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
            latest: None,
            grouped: HashMap::new(),
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
        match &asset.post.template {
            Some(template) => self.composed(asset, template),
            None => self.photo_alone(asset),
        }
        self.caption(asset);
    }

    /// A template filled in, laid out and painted.
    fn composed(&mut self, asset: &'a Asset, template: &RelPath) {
        let name = asset.output.as_str();
        let compose = self.graph.add(Node {
            name: ["compose ", name].concat(),
            action: Task::Compose(Box::new(ComposeInput {
                template: template.clone(),
                data: data::of(self.campaign, asset),
                colors: self.campaign.brand.colors.clone(),
                format: Format::clone(&asset.format),
            })),
            inputs: vec![Input::File(template.as_str().into())],
            asset: None,
        });
        let mut inputs = vec![Input::Action(compose)];
        let mut photos = Vec::new();
        for picture in &asset.scene.pictures {
            inputs.push(Input::Action(self.developed(picture, &asset.format)));
            photos.push(picture.name.to_string());
        }
        let sources = asset.scene.pictures.iter().map(|picture| self.source_of(picture));
        // Words over a photo are an edit by a person, at least.
        let source = sources.max().map_or(DigitalSource::DigitalCreation, |most| most.max(DigitalSource::HumanEdits));
        let fonts = self.campaign.brand.fonts.iter().map(|font| font.to_string()).collect();
        self.graph.add(Node {
            name: ["render ", name].concat(),
            action: Task::Render(Box::new(Render { photos, fonts, file: file(asset, source) })),
            inputs,
            asset: Some([DIST, "/", name].concat()),
        });
    }

    /// A post without a template: its photo, cut to the format.
    fn photo_alone(&mut self, asset: &'a Asset) {
        let Some(picture) = asset.scene.pictures.first() else { return };
        let developed = self.developed(picture, &asset.format);
        let name = asset.output.as_str();
        let file = file(asset, self.source_of(picture));
        self.graph.add(Node {
            name: ["encode ", name].concat(),
            action: Task::Encode(Encode { width: asset.format.width, height: asset.format.height, file }),
            inputs: vec![Input::Action(developed)],
            asset: Some([DIST, "/", name].concat()),
        });
    }

    /// The developed photo, shared by all assets that are not larger than its reach.
    fn developed(&mut self, picture: &'a Picture, format: &Format) -> ActionId {
        let side = format.width.max(format.height);
        let reach = REACHES.into_iter().find(|reach| side <= *reach).unwrap_or(u32::MAX);
        let scale = Scale { reach, side };
        match &picture.group {
            Some(group) => self.grouped(picture, group, &scale),
            None => self.photo(picture, &scale),
        }
    }

    fn photo(&mut self, picture: &'a Picture, scale: &Scale) -> ActionId {
        let (photo, path) = (&*picture.photo, picture.path.as_str());
        if let Some((latest, reach, id)) = self.latest
            && std::ptr::eq(latest, picture)
            && reach == scale.reach
        {
            return id;
        }
        let made = (photo, path, scale.reach);
        let id = match self.developed.get(&made) {
            Some(id) => *id,
            None => {
                let id = self.photo_once(picture, scale);
                self.developed.insert(made, id);
                id
            }
        };
        self.latest = Some((picture, scale.reach, id));
        id
    }

    fn photo_once(&mut self, picture: &'a Picture, scale: &Scale) -> ActionId {
        let photo = &*picture.photo;
        let look = self.look_of(photo);
        let directed = look.and_then(|look| self.directed(picture, look));
        let (from, steps) = match (directed, look) {
            (Some((made, rest)), _) => (Input::Action(made), rest),
            (None, Some(look)) => (Input::File(picture.path.as_str().into()), look.steps.as_slice()),
            (None, None) => (Input::File(picture.path.as_str().into()), &[][..]),
        };
        self.develop(photo, &picture.path, from, steps, scale)
    }

    /// Several products in one picture: each is developed by itself, so that another photo of one leaves the others as they are.
    fn grouped(&mut self, picture: &'a Picture, group: &'a campaign::Group, scale: &Scale) -> ActionId {
        let photo = &*picture.photo;
        let made = (photo, group.of.as_str(), scale.reach);
        if let Some(id) = self.grouped.get(&made) {
            return *id;
        }
        let steps = self.look_of(photo).map_or(&[][..], |look| look.steps.as_slice());
        // The campaign leaves out groups whose look does not end with a backdrop.
        let Some((Step::Backdrop(backdrop), steps)) = steps.split_last() else { return self.photo(picture, scale) };
        let mut cutouts = Vec::new();
        for path in picture.files() {
            let from = Input::File(path.as_str().into());
            cutouts.push(Input::Action(self.develop(photo, path, from, steps, scale)));
        }
        let action = Group {
            backdrop: backdrop.clone(),
            group: group.members.iter().map(Standing::from).collect(),
            reach: scale.reach,
            photo: photo.to_owned(),
            place: self.campaign.photos.get(photo).map(|photo| photo.place.clone()),
        };
        let of = if group.of.is_empty() { String::new() } else { format!(" {}", group.of) };
        let name = format!("group {photo}{of}{}", scale.told());
        let id = self.graph.add(Node { name, action: Task::Group(Box::new(action)), inputs: cutouts, asset: None });
        self.grouped.insert(made, id);
        id
    }

    fn develop(&mut self, photo: &str, path: &'a RelPath, from: Input, steps: &[Step], scale: &Scale) -> ActionId {
        let mut inputs = vec![from];
        if steps.contains(&Step::Cutout) {
            inputs.push(Input::Action(self.cutout(path)));
        }
        let action = Develop { steps: steps.to_vec(), reach: scale.reach, path: path.to_string() };
        let name = format!("develop {photo} {path}{}", scale.told());
        self.graph.add(Node { name, action: Task::Develop(action), inputs, asset: None })
    }

    /// The look of a photo, if it gets one.
    fn look_of(&self, photo: &str) -> Option<&'a Look> {
        let campaign = self.campaign;
        let look = campaign.photos.get(photo)?.look.as_ref()?;
        campaign.looks.get(look).map(Arc::as_ref)
    }

    /// How a photo with its look came to be.
    fn source_of(&self, picture: &Picture) -> DigitalSource {
        let is_group = picture.group.is_some();
        let has_plate = |step: &Step| matches!(step, Step::Backdrop(backdrop) if backdrop.plate.is_some());
        match self.look_of(&picture.photo) {
            None => DigitalSource::DigitalCapture,
            Some(look) if look.steps.iter().any(|step| step.direction().is_some()) => {
                DigitalSource::CompositeWithTrainedAlgorithmicMedia
            }
            Some(look) if is_group || look.steps.iter().any(has_plate) => DigitalSource::CompositeCapture,
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
            action: Task::Cutout(Box::new(Cutout::new(wanted, photo.as_str()))),
            inputs: files.map(|path| Input::File(path.as_str().into())).collect(),
            asset: None,
        });
        self.masks.insert(photo, id);
        id
    }
}

fn file(asset: &Asset, source: DigitalSource) -> File {
    let Asset { post, format, .. } = asset;
    File {
        file_type: asset.file_type,
        quality: format.quality,
        max_bytes: format.max_bytes,
        dpi: format.dpi,
        source,
        place: post.places.get("formats").or_else(|| post.places.get("")).cloned(),
    }
}
