//! What people wrote, as checked values: a campaign folder is read, checked and handed on as plain data.
//!
//! Reading never stops at the first mistake: what is wrong becomes a [`Problem`] with its place, and everything that
//! does not depend on it is still there to be built.

pub mod assets;
mod at;
pub mod backdrop;
mod brand;
mod captions;
pub mod color;
mod csv;
mod cutouts;
pub mod direction;
mod fields;
mod files;
pub mod formats;
mod glob;
mod groups;
mod html;
pub mod ideas;
mod json;
mod load;
mod looks;
pub mod manifest;
pub mod models;
pub mod names;
pub mod networks;
pub mod origin;
pub mod paths;
mod pattern;
mod photos;
pub mod picks;
mod posts;
pub mod problem;
mod products;
pub mod ratio;
pub mod reach;
mod reading;
mod schema;
mod select;
mod shape;
mod tables;
pub mod templates;
pub mod variants;
mod voice;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use assets::{Asset, Picture, Scene, texts};
pub use backdrop::Backdrop;
pub use cutouts::{Cutout, Cutouts};
pub use direction::Direction;
pub use fields::Fields;
pub use files::MANIFEST;
pub use formats::Format;
pub use load::{Loaded, load};
pub use names::did_you_mean;
pub use origin::Origins;
pub use paths::RelPath;
pub use problem::{Place, Problem, Severity, Source};
pub use ratio::Ratio;
pub use reading::Reading;
pub use schema::schemas;
pub use templates::check_template;
pub use variants::Variants;

/// The campaign's files, as the caller lets them be read: every read and every listing is recorded by whoever implements this,
/// so that a build knows what the plan depended on.
pub trait Folder {
    /// The bytes of a file of the campaign. `NotFound` where there is none.
    fn read(&self, path: &RelPath) -> std::io::Result<Arc<Vec<u8>>>;
    /// The names in a folder of the campaign, sorted; folders end in `/`. Empty where there is no such folder.
    fn list(&self, folder: &RelPath) -> std::io::Result<Arc<Vec<String>>>;
}

/// A checked campaign. Whatever a [`Problem`] made unusable is left out of it.
#[derive(Debug, Clone, Default)]
pub struct Campaign {
    pub name: String,
    pub brand: Brand,
    /// In the order of their ids.
    pub products: BTreeMap<String, Arc<Product>>,
    pub photos: BTreeMap<String, Arc<Photo>>,
    pub looks: BTreeMap<String, Arc<Look>>,
    /// What is known of photos whose product is isolated.
    pub cutouts: Cutouts,
    /// The networks that read what is printed on products, where the campaign has some.
    pub reading: Option<Reading>,
    pub captions: BTreeMap<String, Arc<Caption>>,
    pub posts: BTreeMap<String, Arc<Post>>,
    /// The built-in formats that posts use and the campaign's own.
    pub formats: BTreeMap<String, Arc<Format>>,
    /// Every finished file that the posts make, in the order of posts, products, captures and formats. No two have one path.
    pub assets: Vec<Asset>,
    /// Models that the campaign has words of its own for; others are built in.
    pub models: BTreeMap<String, Arc<models::Model>>,
    /// What people chose among takes.
    pub picks: picks::Picks,
    /// An asset waits until somebody picked its takes.
    pub picks_required: bool,
    /// Ideas that wait for a model.
    pub ideas: BTreeMap<String, Arc<ideas::Idea>>,
    /// `None` where it has a mistake: then nothing may be spent.
    pub budget: Option<models::Budget>,
    /// Texts of posts, by id, that are not written because of mistakes in them.
    pub held: BTreeSet<(String, Text)>,
    /// `campaign.toml` and what it includes, as they were read.
    pub manifests: Vec<Arc<Source>>,
}

/// The words that go with an asset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Text {
    Caption,
    /// For those who cannot see the picture.
    Alt,
}

/// What all posts share. Paths are checked to exist.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Brand {
    pub name: Option<String>,
    /// CSS colours by name; a template sees `var(--NAME)`.
    pub colors: BTreeMap<String, String>,
    pub fonts: Vec<RelPath>,
    pub logo: Option<RelPath>,
    /// Posts that its people wrote before.
    pub voice: Vec<RelPath>,
}

/// A thing for sale. `fields` holds everything that a template can show, `name`, `price` and `tags` included.
#[derive(Debug, Clone)]
pub struct Product {
    pub id: String,
    pub fields: serde_json::Map<String, serde_json::Value>,
    /// Where it was written (a table in TOML, a row of a CSV).
    pub place: Place,
    /// The row of a table whose fields those at `place` are added to.
    pub row: Option<Place>,
}

/// A source picture and the look it gets, resolved to the files that exist.
#[derive(Debug, Clone)]
pub struct Photo {
    pub id: String,
    /// The id of the look, if it gets one.
    pub look: Option<String>,
    /// Alternative text, a Handlebars template over the product's fields.
    pub alt: Option<String>,
    /// One for each file that matches `source`, ordered by product, then captures.
    pub shots: Vec<Shot>,
    /// Where `source` was written, or the `group`.
    pub place: Place,
}

/// One file that a photo's `source` matched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shot {
    pub path: RelPath,
    /// `None` where `source` has no `{product}`: the picture serves every product.
    pub product: Option<String>,
    /// What further `{captures}` stood for, such as `angle` → `front`.
    pub captures: BTreeMap<String, String>,
    /// Who stands together in it, if it shows several; `path` is the first one's.
    pub group: Option<Arc<Group>>,
}

/// Several products in one picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// What tells it from the other groups of its photo: a product, and what captures stand for. Empty for the only one.
    pub of: String,
    /// From left to right.
    pub members: Vec<Member>,
}

/// One product of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// What it is called in the group: a product's id, or what a name in `source` stood for.
    pub name: String,
    pub path: RelPath,
    /// In micrometres. Known of all members of a group or of none.
    pub height: Option<u32>,
}

impl Shot {
    /// The files that it is made from.
    pub fn files(&self) -> impl Iterator<Item = &RelPath> {
        files_of(&self.path, self.group.as_deref())
    }
}

/// The one file of a picture, or those of the group in it.
fn files_of<'a>(path: &'a RelPath, group: Option<&'a Group>) -> impl Iterator<Item = &'a RelPath> {
    let own = group.is_none().then_some(path);
    own.into_iter().chain(group.into_iter().flat_map(|group| &group.members).map(|member| &member.path))
}

/// A named list of steps.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Look {
    pub steps: Vec<Step>,
    /// Where its steps were written.
    pub place: Option<Place>,
}

/// One step of a look.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// Isolates the product: everything else becomes transparent.
    Cutout,
    /// Cuts the picture to a ratio around a point of interest.
    Crop(Crop),
    /// Corrects light and colour.
    Adjust(Adjust),
    /// Sets a cutout on a backdrop: a colour, `"none"`, or a table that says more.
    #[serde(deserialize_with = "backdrop::text_or_table")]
    #[schemars(with = "at::TextOr<Backdrop>")]
    Backdrop(Box<Backdrop>),
    /// Has models change the whole picture.
    Edit(Box<Direction>),
    /// Has models paint what is around the product; the product itself stays as it was photographed.
    Scene(Box<Direction>),
}

impl Step {
    /// What models are told in it, if it is theirs.
    pub fn direction(&self) -> Option<&Direction> {
        match self {
            Step::Edit(direction) | Step::Scene(direction) => Some(direction),
            _ => None,
        }
    }

    /// What the product is set on in it, if it is that step.
    pub fn backdrop(&self) -> Option<&Backdrop> {
        match self {
            Step::Backdrop(backdrop) => Some(backdrop),
            _ => None,
        }
    }
}

/// Cuts a picture to a ratio around a point of interest.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Crop {
    /// Width to height, such as `"4:5"`. Left out: the picture's own ratio.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"4:5")]
    pub ratio: Option<Ratio>,
    /// The point that stays in view, as fractions of the upright picture from its top left corner. Left out: the middle.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(inner(range(min = 0, max = 1)), example = [0.5, 0.4])]
    pub focus: Option<[f32; 2]>,
    /// How much closer to come: 1 is all that the ratio allows, 2 shows half of that width.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 20), example = 1.5)]
    pub zoom: Option<f32>,
}

/// Corrects light and colour. Every value is 0 for "as photographed".
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Adjust {
    /// Stops: 1 doubles the light, -1 halves it. From -5 to 5.
    #[schemars(range(min = -5, max = 5), example = 0.3)]
    pub exposure: f32,
    /// Cooler (below 0) or warmer (above 0). From -1 to 1.
    #[schemars(range(min = -1, max = 1), example = 0.3)]
    pub temperature: f32,
    /// Greener (below 0) or more magenta (above 0). From -1 to 1.
    #[schemars(range(min = -1, max = 1), example = 0.3)]
    pub tint: f32,
    /// From -1 (flat) to 1 (hard).
    #[schemars(range(min = -1, max = 1), example = 0.3)]
    pub contrast: f32,
    /// From -1 (grey) to 1 (vivid).
    #[schemars(range(min = -1, max = 1), example = 0.3)]
    pub saturation: f32,
    /// From 0 to 1.
    #[schemars(range(min = 0, max = 1), example = 0.3)]
    pub sharpen: f32,
}

/// Words that go with an asset.
#[derive(Debug, Clone)]
pub struct Caption {
    pub id: String,
    /// The draft, Handlebars over the product's fields: a file of the campaign.
    pub draft: RelPath,
    /// Alternative text for the picture, Handlebars over the product's fields.
    pub alt: Option<String>,
    /// The other words that models are asked for, if any are.
    pub variants: Option<Variants>,
    /// Where it is posted: names of [`networks`].
    pub networks: Vec<String>,
    /// Where `draft` was written.
    pub place: Place,
}

/// A template made for products in formats.
#[derive(Debug, Clone)]
pub struct Post {
    pub id: String,
    /// `None`: the photo alone, cut to each format.
    pub template: Option<RelPath>,
    /// The products it is made for, in order. Empty with `per_product` false: one asset for the whole shop.
    pub products: Vec<String>,
    /// What it shows, by product and captures: each becomes an asset in each format.
    pub scenes: Vec<Arc<Scene>>,
    /// False for `products = "none"`.
    pub per_product: bool,
    /// Photos by the name that the template knows them by; the first is `photo`.
    pub photos: BTreeMap<String, String>,
    pub caption: Option<String>,
    pub formats: Vec<String>,
    /// Such as `{post}/{product}.{format}.{ext}`; every name in it is known.
    pub output: String,
    /// Further values for the template, seen as `{{post.NAME}}`.
    pub fields: serde_json::Map<String, serde_json::Value>,
    /// Where each key was written: `template`, `photo`, `caption`, `formats`, `output`, and `""` for the whole table.
    pub places: BTreeMap<String, Place>,
}
