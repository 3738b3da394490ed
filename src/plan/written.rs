//! Where the values that decide over an action were written, from tables and manifests: what explanations show beside a change.

use std::collections::BTreeMap;

use super::DIST;
use crate::actions::Task;
use crate::campaign::picks::file_of;
use crate::campaign::{Asset, Campaign, Origins, Picture, Place, RelPath, texts};

/// Finds where what an action is made from was written.
#[derive(Debug)]
pub struct Written<'c> {
    campaign: &'c Campaign,
    origins: Origins<'c>,
    /// By every path under dist/ that comes with it.
    assets: BTreeMap<String, &'c Asset>,
}

/// A part of a table or a manifest that an action is made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    pub place: Place,
    /// What is written there, such as `product jar`.
    pub what: String,
}

impl<'c> Written<'c> {
    pub fn of(campaign: &'c Campaign) -> Written<'c> {
        let paths = |asset: &'c Asset| {
            let (caption, alt) = texts(campaign, asset);
            let paths = [Some(asset.output.to_string()), caption, alt].into_iter().flatten();
            paths.map(move |path| (format!("{DIST}/{path}"), asset))
        };
        let assets = campaign.assets.iter().flat_map(paths).collect();
        Written { campaign, origins: Origins::of(campaign), assets }
    }

    /// Where a parameter of an action, named as in its description (`data.price`), was written. `asset` is the asset that it is asked for.
    pub fn parameter(&mut self, asset: &str, task: &Task, parameter: &str) -> Option<Place> {
        let asset = *self.assets.get(asset)?;
        let names: Vec<&str> = parameter.split('.').collect();
        let post = asset.post.id.as_str();
        match (task, names.as_slice()) {
            (_, ["data", "brand", rest @ ..]) if *rest != ["name"] || self.campaign.brand.name.is_some() => {
                self.within(&["brand"], rest)
            }
            (_, ["data", "brand" | "campaign", ..]) => self.within(&["campaign", "name"], &[]),
            (_, ["data", "post", rest @ ..]) => self.within(&["post", post, "fields"], rest),
            (_, ["data" | "file", "format", rest @ ..] | ["format" | "file", rest @ ..]) => self.format(asset, rest),
            (Task::Cutout(cutout), _) => self.cutout(&cutout.path).map(|part| part.place),
            (Task::Encode(_), [_]) => self.format(asset, &names),
            (_, ["data", field, ..]) => self.field(asset, field),
            (_, ["colors", rest @ ..]) => self.within(&["brand", "colors"], rest),
            (_, ["fonts"]) => self.within(&["brand", "fonts"], &[]),
            (Task::Develop(develop), ["steps", ..]) => {
                let look = self.look_of(asset, &develop.path)?;
                self.within(&["look", look, "steps"], &[])
            }
            (Task::Group(group), ["backdrop", ..]) => {
                self.within(&["look", self.campaign.photos.get(&group.photo)?.look.as_deref()?, "steps"], &[])
            }
            (Task::Group(group), ["group", ..]) => self.within(&["photo", &group.photo, "group"], &[]),
            (Task::Develop(_) | Task::Group(_), _) => self.within(&["post", post, "formats"], &[]),
            (Task::Prompt(_) | Task::Send(_) | Task::Edit(_) | Task::Pick(_), _) => self.direction(asset, task),
            (Task::Brief(_), ["rules", rule, ..]) => self.within(&["caption", asset.post.caption.as_deref()?], &[rule]),
            (Task::Publish(publish), _) => Some(pick_of(&publish.caption)),
            (Task::Suggest(_) | Task::Variants(_), _) => self.within(&["caption", asset.post.caption.as_deref()?], &[]),
            (Task::Caption(_), ["text"]) => self.alt(asset).map(|part| part.place),
            (_, [name, ..]) => self.within(&["post", post], &[name]),
            (_, []) => None,
        }
    }

    /// All parts of tables and manifests that an action is made from.
    pub fn parts(&mut self, asset: &str, task: &Task) -> Vec<Part> {
        let Some(asset) = self.assets.get(asset).copied() else { return Vec::new() };
        let mut parts = Vec::new();
        match task {
            Task::Compose(_) => {
                parts.extend(self.product(asset));
                parts.extend(self.part(&["post", &asset.post.id]));
                parts.extend(self.part(&["format", &asset.format.id]));
                parts.extend(self.part(&["brand"]));
            }
            Task::Caption(caption) => {
                parts.extend(self.product(asset));
                match caption.text {
                    Some(_) => parts.extend(self.alt(asset)),
                    None => parts.extend(asset.post.caption.as_deref().and_then(|id| self.part(&["caption", id]))),
                }
            }
            Task::Cutout(cutout) => parts.extend(self.cutout(&cutout.path)),
            Task::Develop(develop) => parts.extend(self.photo(photo_of(asset, &develop.path))),
            Task::Group(group) => parts.extend(self.photo(Some(&group.photo))),
            Task::Encode(_) => {
                parts.extend(self.part(&["post", &asset.post.id]));
                parts.extend(self.part(&["format", &asset.format.id]));
            }
            Task::Prompt(_) => parts.extend(self.product(asset)),
            Task::Send(_) | Task::Edit(_) | Task::Pick(_) => {
                let photo = asset.scene.pictures.first().map(|picture| &*picture.photo);
                let look = photo.and_then(|photo| self.campaign.photos.get(photo)?.look.as_deref());
                parts.extend(look.and_then(|look| self.part(&["look", look])));
            }
            Task::Brief(_) | Task::Suggest(_) | Task::Variants(_) | Task::Publish(_) => {
                parts.extend(asset.post.caption.as_deref().and_then(|id| self.part(&["caption", id])));
                if let Task::Publish(publish) = task
                    && publish.picked.is_some()
                {
                    let what = format!("pick {}", publish.caption);
                    parts.push(Part { place: pick_of(&publish.caption), what });
                }
            }
            // What they are made from says all.
            Task::Render(_) | Task::Read(_) | Task::Fidelity(_) | Task::Surround(_) => {}
        }
        parts
    }

    /// Where the look with the steps that models do was written.
    fn direction(&self, asset: &Asset, task: &Task) -> Option<Place> {
        let place = match task {
            Task::Edit(edit) => edit.errand.place.clone(),
            Task::Pick(pick) => pick.place.clone(),
            _ => None,
        };
        let look = || {
            let photo = &*asset.scene.pictures.first()?.photo;
            self.campaign.photos.get(photo)?.look.as_deref()
        };
        place.or_else(|| self.within(&["look", look()?, "steps"], &[]))
    }

    /// What is said of a photo whose product is isolated.
    fn cutout(&self, photo: &str) -> Option<Part> {
        let id = self.campaign.cutouts.of(&RelPath::parse(photo).ok()?).id.as_deref()?;
        self.part(&["cutout", id])
    }

    fn within(&self, around: &[&str], names: &[&str]) -> Option<Place> {
        self.origins.in_manifest(&[around, names].concat())
    }

    fn part(&self, keys: &[&str]) -> Option<Part> {
        Some(Part { place: self.origins.in_manifest(keys)?, what: keys.join(" ") })
    }

    /// One of the campaign's own formats, or, for one that is built in, where the post asks for it.
    fn format(&self, asset: &Asset, names: &[&str]) -> Option<Place> {
        let own = self.within(&["format", &asset.format.id], names);
        own.or_else(|| self.within(&["post", &asset.post.id, "formats"], &[]))
    }

    /// The row of a table, the manifest's own table, or both.
    fn product(&self, asset: &Asset) -> Vec<Part> {
        let product = asset.scene.product.as_ref().and_then(|id| self.campaign.products.get(id));
        let places = product.into_iter().flat_map(|product| product.row.iter().chain([&product.place]));
        let what = format!("product {}", asset.scene.product.as_deref().unwrap_or_default());
        places.map(|place| Part { place: place.clone(), what: what.clone() }).collect()
    }

    /// A name at the top of what a template sees: a capture, a picture, or a product's field.
    fn field(&mut self, asset: &Asset, field: &str) -> Option<Place> {
        if asset.scene.captures.contains_key(field) {
            let photo = &*asset.scene.pictures.first()?.photo;
            return self.within(&["photo", photo, "source"], &[]);
        }
        if asset.scene.pictures.iter().any(|picture| *picture.name == *field) {
            return self.within(&["post", &asset.post.id, "photo"], &[]);
        }
        self.origins.of_field(self.campaign.products.get(asset.scene.product.as_ref()?)?, field)
    }

    /// A photo, and its look.
    fn photo(&self, photo: Option<&str>) -> impl Iterator<Item = Part> {
        let look = photo.and_then(|photo| self.campaign.photos.get(photo)?.look.as_deref());
        let part = |kind: &str, id: Option<&str>| id.and_then(|id| self.part(&[kind, id]));
        [part("photo", photo), part("look", look)].into_iter().flatten()
    }

    fn look_of(&self, asset: &'c Asset, path: &str) -> Option<&'c str> {
        self.campaign.photos.get(photo_of(asset, path)?)?.look.as_deref()
    }

    /// Where the words for those who cannot see the picture are written.
    fn alt(&self, asset: &Asset) -> Option<Part> {
        let has_alt = |id: &&str| self.campaign.captions.get(*id).is_some_and(|caption| caption.alt.is_some());
        let caption = asset.post.caption.as_deref().filter(has_alt);
        match (caption, asset.scene.pictures.first()) {
            (Some(id), _) => self.part(&["caption", id, "alt"]),
            (None, Some(picture)) => self.part(&["photo", &picture.photo, "alt"]),
            (None, None) => None,
        }
    }
}

/// Where a caption's words were picked.
fn pick_of(caption: &str) -> Place {
    Place::file(file_of(&format!("caption/{caption}")))
}

/// The photo that a file belongs to.
fn photo_of<'a>(asset: &'a Asset, path: &str) -> Option<&'a str> {
    let shows = |picture: &&Picture| picture.files().any(|file| file.as_str() == path);
    asset.scene.pictures.iter().find(shows).map(|picture| &*picture.photo)
}
