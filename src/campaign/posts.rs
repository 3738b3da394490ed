//! Posts: everything that they name is there and fits together.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::ops::Range;
use std::sync::Arc;

use serde_json::Map;

use super::assets::{Lack, MAIN, ending, scenes};
use super::at::{At, TextOr};
use super::fields::{Fields, fields_of_post, fields_of_products};
use super::files::{Entry, Tables};
use super::formats::{FileType, built_in};
use super::load::Loader;
use super::manifest::PostTable;
use super::names::{count, did_you_mean, list, unknown_hint};
use super::pattern::{self, Part};
use super::photos::CheckedPhoto;
use super::products::to_json;
use super::select::{Chosen, Shelf, select};
use super::templates::check_template;
use super::{Campaign, Format, Place, Post, Problem, RelPath, Severity, Shot};

/// Names of a template that no photo of a post can have.
const TAKEN: [&str; 6] = ["post", "brand", "campaign", "format", "id", "logo"];

/// All posts that can be made. Adds the formats that they use to `campaign.formats`.
pub(super) fn load(
    loader: &mut Loader<'_>,
    manifest: &Tables,
    campaign: &mut Campaign,
    photos: &BTreeMap<String, CheckedPhoto>,
) -> BTreeMap<String, Arc<Post>> {
    for (id, entry) in &manifest.formats {
        if let Some(format) = own_format(loader, id, entry) {
            campaign.formats.insert(id.clone(), Arc::new(format));
        } else {
            loader.break_entry("format", id);
        }
    }
    let products = campaign.products.clone();
    let shelf = Shelf::new(&products);
    let mut posts = BTreeMap::new();
    for (id, entry) in &manifest.posts {
        let reader = PostReader { loader, campaign, photos, shelf: &shelf, id, entry };
        match reader.read() {
            Some(post) => {
                posts.insert(id.clone(), Arc::new(post));
            }
            None => loader.break_entry("post", id),
        }
    }
    posts
}

fn own_format(loader: &mut Loader<'_>, id: &str, entry: &Entry<super::manifest::FormatTable>) -> Option<Format> {
    let format = Format::new(id, &entry.value);
    let safe = format.safe;
    let wrong = if safe.left + safe.right >= 1.0 || safe.top + safe.bottom >= 1.0 {
        "its safe zone leaves nothing"
    } else if format.bleed * 2 >= format.width.min(format.height) {
        "its bleed leaves nothing"
    } else {
        return Some(format);
    };
    let problem = Problem::error("out-of-range", format!("`format.{id}` cannot be: {wrong}")).at(entry.place());
    loader.report(problem.hint("`safe` is in fractions of the canvas, `bleed` in pixels at each edge"));
    None
}

struct PostReader<'r, 'f> {
    loader: &'r mut Loader<'f>,
    campaign: &'r mut Campaign,
    photos: &'r BTreeMap<String, CheckedPhoto>,
    shelf: &'r Shelf<'r>,
    id: &'r str,
    entry: &'r Entry<PostTable>,
}

impl PostReader<'_, '_> {
    fn error(&mut self, code: &'static str, span: Range<usize>, message: String, hint: impl Into<String>) {
        let problem = Problem::error(code, message).at(self.entry.at(span));
        self.loader.report(problem.hint(hint));
    }

    /// The post, or `None` if something without which it cannot be made is wrong. Every mistake is told either way.
    fn read(mut self) -> Option<Post> {
        let table = &self.entry.value;
        let owner = format!("post.{}", self.id);
        let chosen = select(self.loader, self.shelf, &self.entry.source, table.products.as_ref(), &owner);
        let (products, per_product) = match chosen {
            Chosen::Products(products) => (products, true),
            Chosen::WholeShop => (Vec::new(), false),
        };
        let template = match &table.template {
            Some(written) => self.loader.file(&self.entry.source, written, "template").map(Some),
            None => Some(None),
        };
        let photos = self.photos(per_product);
        let caption = self.caption();
        let formats = self.formats();
        let fields = self.fields();
        if table.template.is_none() && table.photo.is_none() {
            let message = format!("`{owner}` has no template and no photo");
            self.error(
                "missing-key",
                self.entry.key.clone(),
                message,
                "write at least one of them, such as `photo = \"hero\"`",
            );
            return None;
        }
        let photos = photos?;
        let output = self.output(&photos, &formats, per_product);
        let post = Post {
            id: self.id.to_owned(),
            template: template?,
            products,
            scenes: Vec::new(),
            per_product,
            photos,
            caption: caption?,
            formats: if formats.is_empty() { return None } else { formats },
            output: output?,
            fields: fields?,
            places: self.places(),
        };
        let post = self.with_pictures(post);
        self.check_template(&post)?;
        (!post.products.is_empty() || !post.per_product).then_some(post)
    }

    fn places(&self) -> BTreeMap<String, Place> {
        let table = &self.entry.value;
        let spans = [
            ("template", table.template.as_ref().map(|t| t.span.clone())),
            ("photo", table.photo.as_ref().map(|t| t.span.clone())),
            ("caption", table.caption.as_ref().map(|t| t.span.clone())),
            ("output", table.output.as_ref().map(|t| t.span.clone())),
            ("formats", table.formats.first().zip(table.formats.last()).map(|(a, b)| a.span.start..b.span.end)),
            ("", Some(self.entry.key.clone())),
        ];
        spans.into_iter().filter_map(|(key, span)| Some((key.to_owned(), self.entry.at(span?)))).collect()
    }

    fn photos(&mut self, per_product: bool) -> Option<BTreeMap<String, String>> {
        let Some(written) = &self.entry.value.photo else { return Some(BTreeMap::new()) };
        let named: Vec<(At<&str>, At<&str>)> = match &written.value {
            TextOr::Text(id) => {
                let at = |value| At { value, span: written.span.clone() };
                vec![(at(MAIN), at(id.as_str()))]
            }
            TextOr::Table(named) => {
                let at = |text: &At<String>| text.span.clone();
                named
                    .iter()
                    .map(|(n, i)| (At { value: n.as_str(), span: at(n) }, At { value: i.as_str(), span: at(i) }))
                    .collect()
            }
        };
        let mut ok = true;
        if !named.iter().any(|(name, _)| name.value == MAIN) {
            let message = format!("none of the photos of `post.{}` is named `photo`", self.id);
            self.error(
                "missing-key",
                written.span.clone(),
                message,
                "name the main one so: it decides how many assets there are",
            );
            ok = false;
        }
        let mut photos = BTreeMap::new();
        for (name, id) in named {
            if TAKEN.contains(&name.value) || self.shelf.fields.contains(name.value) {
                let message =
                    format!("a photo cannot be named `{}`: in templates that means something else", name.value);
                self.error("reserved", name.span, message, "choose another name, such as `detail`");
                ok = false;
            }
            ok &= self.photo(id, per_product, &mut photos, name.value);
        }
        ok.then_some(photos)
    }

    fn photo(&mut self, id: At<&str>, per_product: bool, photos: &mut BTreeMap<String, String>, name: &str) -> bool {
        let Some(photo) = self.photos.get(id.value) else {
            if !self.loader.is_broken("photo", id.value) {
                let hint = unknown_hint(id.value, "photo", self.photos.keys().map(String::as_str));
                self.error("unknown-photo", id.span, format!("there is no photo `{}`", id.value), hint);
            }
            return false;
        };
        if photo.per_product && !per_product {
            let message = format!(
                "`post.{}` is made for the whole shop, but `photo.{}` has a picture for each product",
                self.id, id.value
            );
            self.error(
                "wrong-photo",
                id.span,
                message,
                "choose a photo whose `source` has no {product}, or select products",
            );
            return false;
        }
        photos.insert(name.to_owned(), id.value.to_owned());
        !photo.empty
    }

    fn caption(&mut self) -> Option<Option<String>> {
        let Some(caption) = &self.entry.value.caption else { return Some(None) };
        if self.campaign.captions.contains_key(&caption.value) {
            return Some(Some(caption.value.clone()));
        }
        if !self.loader.is_broken("caption", caption) {
            let hint = unknown_hint(caption, "caption", self.campaign.captions.keys().map(String::as_str));
            self.error(
                "unknown-caption",
                caption.span.clone(),
                format!("there is no caption `{}`", caption.value),
                hint,
            );
        }
        None
    }

    /// The known ones of its formats. An unknown one costs only its own assets.
    fn formats(&mut self) -> Vec<String> {
        let mut formats: Vec<String> = Vec::new();
        for written in &self.entry.value.formats {
            let id = &written.value;
            if formats.contains(id) {
                let message = format!("the format `{id}` is here twice");
                self.error("duplicate", written.span.clone(), message, "take one of them out");
                continue;
            }
            if let Some(table) = built_in().get(id) {
                self.campaign.formats.entry(id.clone()).or_insert_with(|| Arc::new(Format::new(id, table)));
            }
            if self.campaign.formats.contains_key(id) {
                formats.push(id.clone());
            } else if !self.loader.is_broken("format", id) {
                let own = self.campaign.formats.keys().filter(|own| !built_in().contains_key(*own));
                let known: Vec<&str> = built_in().keys().chain(own).map(String::as_str).collect();
                let hint = unknown_hint(id, "format", known);
                self.error("unknown-format", written.span.clone(), format!("there is no format `{id}`"), hint);
            }
        }
        formats
    }

    fn fields(&mut self) -> Option<Map<String, serde_json::Value>> {
        let mut fields = Map::new();
        for (name, value) in &self.entry.value.fields {
            match to_json(value) {
                _ if name.value == "id" => {
                    let message = "`id` of a post is its own id".to_owned();
                    self.error("reserved", name.span.clone(), message, "choose another name");
                    return None;
                }
                Some(json) => {
                    fields.insert(name.value.clone(), json);
                }
                None => {
                    let message = format!("`{}` is not a finite number", name.value);
                    self.error("wrong-value", value.span.clone(), message, "write a text or a number");
                    return None;
                }
            }
        }
        Some(fields)
    }

    /// The names that the output pattern may use: those of the main photo are captures.
    fn captures(&self, photos: &BTreeMap<String, String>) -> BTreeSet<String> {
        let main = photos.get(MAIN).and_then(|id| self.photos.get(id));
        main.map(|photo| photo.captures.clone()).unwrap_or_default()
    }

    fn output(&mut self, photos: &BTreeMap<String, String>, formats: &[String], per_product: bool) -> Option<String> {
        let captures = self.captures(photos);
        let Some(written) = &self.entry.value.output else {
            let captures: String = captures.iter().map(|name| format!("-{{{name}}}")).collect();
            return Some(match per_product {
                true => format!("{{post}}/{{product}}{captures}.{{format}}.{{ext}}"),
                false => format!("{{post}}/{{format}}{captures}.{{ext}}"),
            });
        };
        let span = written.span.clone();
        self.loader.path(&self.entry.source, At { value: &written.value, span: span.clone() })?;
        let parts = match pattern::parse(&written.value, false) {
            Ok(parts) => parts,
            Err(error) => {
                self.error("bad-pattern", span, format!("in `{}`: {}", written.value, error.message), error.hint);
                return None;
            }
        };
        let mut known = vec!["post", "format", "ext"];
        known.extend(per_product.then_some("product"));
        known.extend(captures.iter().map(String::as_str));
        let mut ok = true;
        for part in &parts {
            let Part::Name(name, at) = part else { continue };
            if !known.contains(&name.as_str()) {
                let inner = self.entry.source.text[span.clone()].find(written.value.as_str()).map(|n| span.start + n);
                let at = inner.map_or(span.clone(), |inner| inner + at.start..inner + at.end);
                let hint = match (name.as_str(), per_product) {
                    ("product", false) => "the post is made for the whole shop".to_owned(),
                    _ => unknown_hint(name, "name", known.iter().copied()),
                };
                self.error("unknown-name", at, format!("`{{{name}}}` means nothing in an output"), hint);
                ok = false;
            }
        }
        ok &= self.output_ending(&written.value, span, formats);
        ok.then(|| written.value.clone())
    }

    fn output_ending(&mut self, output: &str, span: Range<usize>, formats: &[String]) -> bool {
        let file_type = match ending(output) {
            None => return true,
            Some(Ok(file_type)) => file_type,
            Some(Err(ending)) => {
                let message = match ending {
                    "" => format!("`{output}` has no ending"),
                    ending => format!("softbox cannot write `.{ending}` files"),
                };
                self.error(
                    "bad-ending",
                    span,
                    message,
                    "end it in .jpg, .png, .webp, or .{ext} for what each format takes",
                );
                return false;
            }
        };
        let refusing: Vec<Arc<Format>> = formats
            .iter()
            .filter_map(|id| self.campaign.formats.get(id))
            .filter(|format| !format.accepts.contains(&file_type))
            .cloned()
            .collect();
        for format in &refusing {
            let takes: Vec<&str> = format.accepts.iter().map(|t| FileType::extension(*t)).collect();
            let message = format!("`{}` does not take .{} files", format.id, file_type.extension());
            let hint = format!("it takes {}; write .{{ext}} for what each format takes", list(takes, 3));
            self.error("bad-ending", span.clone(), message, hint);
        }
        refusing.is_empty()
    }

    /// The post with those of its products that have all pictures; what is lacking is told.
    fn with_pictures(&mut self, mut post: Post) -> Post {
        let (scenes, lacks) = scenes(self.campaign, &post);
        let mut lacking: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let span = self.entry.value.photo.as_ref().map_or(self.entry.key.clone(), |photo| photo.span.clone());
        for lack in lacks {
            match lack {
                Lack::NoPicture { name, product } => {
                    let faulty = post.photos.get(&name).and_then(|id| self.photos.get(id)).map(|photo| &photo.faulty);
                    let product = product.unwrap_or_default();
                    if !faulty.is_some_and(|faulty| faulty.contains(&product)) {
                        lacking.entry(name).or_default().push(product);
                    }
                }
                Lack::Several { name, product, paths } => {
                    let of = product.map_or(String::new(), |product| format!(" of `{product}`"));
                    let message = format!("`{name}` of `post.{}` has {}{of}", self.id, count(paths.len(), "picture"));
                    let hint = format!(
                        "nothing says which: {}; name the same captures in the source of the main photo",
                        list(paths.iter().map(RelPath::as_str), 3)
                    );
                    self.error("two-pictures", span.clone(), message, hint);
                }
            }
        }
        for (name, products) in lacking {
            let Some(photo) = post.photos.get(&name).and_then(|id| self.photos.get(id)) else { continue };
            let example = photo.pattern.replace("{product}", &products[0]);
            let hint = match self.picture_like(&photo.pattern, &products) {
                Some((product, path)) => {
                    format!("is `{path}` the one of `{product}`? then rename it to fit `{}`", photo.pattern)
                }
                None => format!("add `{example}`, or select products that have one"),
            };
            let message = format!(
                "`photo.{}` has no picture of {}, which `post.{}` needs",
                photo.photo.id,
                list(products.iter().map(String::as_str), 5),
                self.id
            );
            self.error("no-picture", span.clone(), message, hint);
        }
        let made: HashSet<&String> = scenes.iter().filter_map(|scene| scene.product.as_ref()).collect();
        post.products.retain(|product| made.contains(product));
        post.scenes = scenes;
        post
    }

    /// A file that nearly has the name that one of the products' pictures must have, and that no product has for its picture.
    fn picture_like(&self, pattern: &str, products: &[String]) -> Option<(String, RelPath)> {
        let pattern = RelPath::parse(pattern).ok()?;
        let folder = pattern.parent();
        let names = self.loader.folder.list(&folder).ok()?;
        let used: BTreeSet<&str> = self
            .photos
            .values()
            .flat_map(|photo| &photo.photo.shots)
            .flat_map(Shot::files)
            .map(RelPath::as_str)
            .collect();
        let stem = |name: &str| name.rsplit_once('.').map_or(name.to_owned(), |(stem, _)| stem.to_owned());
        let free: BTreeMap<String, &String> = names
            .iter()
            .filter(|name| !name.ends_with('/') && !used.contains(folder.join(name).as_str()))
            .map(|name| (stem(name), name))
            .collect();
        products.iter().take(20).find_map(|product| {
            let wanted = stem(&pattern.name().replace("{product}", product));
            let near = did_you_mean(&wanted, free.keys().map(String::as_str))?;
            Some((product.clone(), folder.join(free.get(&near)?)))
        })
    }

    /// `None` if the template cannot be rendered for any product.
    fn check_template(&mut self, post: &Post) -> Option<()> {
        let Some((path, written)) = post.template.as_ref().zip(self.entry.value.template.as_ref()) else {
            return Some(());
        };
        let template = self.loader.text(path, Some((&self.entry.source, written.span.clone())))?;
        let mut fields = fields_of_post(self.campaign, post, self.photos);
        // What a product with a mistake would have had is not known.
        if post.products.is_empty() && post.per_product {
            fields = Fields { owner: fields.owner, ..fields_of_products(self.campaign) };
            fields.below.remove("post");
        }
        fields.forgive(self.loader);
        let problems = check_template(self.loader.folder, &template, &fields);
        let failed = problems.iter().any(|problem| problem.severity == Severity::Error);
        self.loader.problems.extend(problems);
        (!failed).then_some(())
    }
}
