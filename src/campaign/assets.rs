//! Assets: every finished file that the posts make, with its path. No two may have the same.

use std::collections::hash_map::Entry as Slot;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use super::formats::FileType;
use super::load::Loader;
use super::names::{folded, list};
use super::pattern::{self, Part};
use super::{Campaign, Format, Group, Place, Post, Problem, RelPath, Shot, Text};

/// A finished file under `dist/`: a scene of a post in one format.
#[derive(Debug, Clone)]
pub struct Asset {
    /// Below `dist/`.
    pub output: RelPath,
    pub post: Arc<Post>,
    pub scene: Arc<Scene>,
    pub format: Arc<Format>,
    pub file_type: FileType,
}

/// A picture that an asset shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// What the template knows it by.
    pub name: Arc<str>,
    /// The id of its photo.
    pub photo: Arc<str>,
    /// The file, before the photo's look.
    pub path: RelPath,
    /// Who stands in it, if it shows several products; `path` is the first one's.
    pub group: Option<Arc<Group>>,
}

impl Picture {
    /// The files that it is made from.
    pub fn files(&self) -> impl Iterator<Item = &RelPath> {
        super::files_of(&self.path, self.group.as_deref())
    }
}

/// One product in one set of captures: what is made in each format of a post.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scene {
    /// `None`: the whole shop.
    pub product: Option<String>,
    /// What the captures of the main photo stand for.
    pub captures: BTreeMap<String, String>,
    /// In the order of their names.
    pub pictures: Vec<Picture>,
}

/// Why a scene cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lack {
    /// The photo known as `name` has no picture of the product.
    NoPicture { name: String, product: Option<String> },
    /// The photo known as `name` has several, and nothing says which.
    Several { name: String, product: Option<String>, paths: Vec<RelPath> },
}

/// The scenes of a post, by product and captures, and what is lacking for others.
pub(super) fn scenes(campaign: &Campaign, post: &Post) -> (Vec<Arc<Scene>>, BTreeSet<Lack>) {
    let (mut scenes, mut lacks) = (Vec::new(), BTreeSet::new());
    let products: Vec<Option<&str>> = match post.per_product {
        true => post.products.iter().map(|id| Some(id.as_str())).collect(),
        false => vec![None],
    };
    let by_photo: BTreeMap<&str, HashMap<Option<&str>, Vec<&Shot>>> = post
        .photos
        .iter()
        .filter_map(|(name, id)| {
            let mut shots: HashMap<Option<&str>, Vec<&Shot>> = HashMap::new();
            for shot in &campaign.photos.get(id)?.shots {
                shots.entry(shot.product.as_deref()).or_default().push(shot);
            }
            Some((name.as_str(), shots))
        })
        .collect();
    let of = |name: &str, product: Option<&str>| -> Vec<&Shot> {
        let Some(shots) = by_photo.get(name) else { return Vec::new() };
        let own = product.and_then(|product| shots.get(&Some(product)));
        own.into_iter().chain(shots.get(&None)).flatten().copied().collect()
    };
    let names = post.photos.iter().map(|(name, photo)| (name.as_str().into(), photo.as_str().into()));
    let names: Vec<(Arc<str>, Arc<str>)> = names.collect();
    for product in products {
        let lack = |name: &str| Lack::NoPicture { name: name.to_owned(), product: product.map(str::to_owned) };
        let mains: Vec<Option<&Shot>> = match by_photo.contains_key(MAIN) {
            true => of(MAIN, product).into_iter().map(Some).collect(),
            false => vec![None],
        };
        if mains.is_empty() {
            lacks.insert(lack(MAIN));
        }
        'mains: for main in mains {
            let captures = main.map(|shot| shot.captures.clone()).unwrap_or_default();
            let mut pictures = Vec::with_capacity(names.len());
            for (name, photo) in &names {
                let shot = if let (MAIN, Some(main)) = (&**name, main) {
                    main
                } else {
                    let fits = |shot: &&Shot| shot.captures.iter().all(|(k, v)| captures.get(k).is_none_or(|c| c == v));
                    let fitting: Vec<&Shot> = of(name, product).into_iter().filter(fits).collect();
                    match fitting.as_slice() {
                        [one] => *one,
                        [] => {
                            lacks.insert(lack(name));
                            continue 'mains;
                        }
                        several => {
                            lacks.insert(Lack::Several {
                                name: name.to_string(),
                                product: product.map(str::to_owned),
                                paths: several.iter().map(|shot| shot.path.clone()).collect(),
                            });
                            continue 'mains;
                        }
                    }
                };
                let (path, group) = (shot.path.clone(), shot.group.clone());
                pictures.push(Picture { name: name.clone(), photo: photo.clone(), path, group });
            }
            scenes.push(Arc::new(Scene { product: product.map(str::to_owned), captures, pictures }));
        }
    }
    (scenes, lacks)
}

/// The photo that decides how many assets a post makes.
pub const MAIN: &str = "photo";

/// The type of file that an output pattern ends in; `None` for `{ext}`.
pub fn ending(output: &str) -> Option<Result<FileType, &str>> {
    let name = output.rsplit('/').next().unwrap_or(output);
    let Some((_, ending)) = name.rsplit_once('.') else { return Some(Err("")) };
    match ending.to_ascii_lowercase().as_str() {
        "{ext}" => None,
        "jpg" | "jpeg" => Some(Ok(FileType::Jpeg)),
        "png" => Some(Ok(FileType::Png)),
        "webp" => Some(Ok(FileType::Webp)),
        _ => Some(Err(ending)),
    }
}

fn expand(parts: &[Part], post: &Post, scene: &Scene, format: &str, file_type: FileType) -> String {
    let mut path = String::new();
    for part in parts {
        match part {
            Part::Text(text) => path.push_str(text),
            Part::Any => path.push('*'),
            Part::Name(name, _) => path.push_str(match name.as_str() {
                "post" => &post.id,
                "product" => scene.product.as_deref().unwrap_or(""),
                "format" => format,
                "ext" => file_type.extension(),
                capture => scene.captures.get(capture).map_or("", String::as_str),
            }),
        }
    }
    path
}

/// All assets of the campaign in the order of their posts. Those that would share a path are told and left out.
pub(super) fn make(loader: &mut Loader<'_>, campaign: &Campaign) -> Vec<Asset> {
    let mut assets: Vec<Asset> = Vec::new();
    for post in campaign.posts.values() {
        // The pattern was checked with the post.
        let Ok(parts) = pattern::parse(&post.output, false) else { continue };
        let fixed = ending(&post.output).and_then(Result::ok);
        let formats: Vec<_> = post.formats.iter().filter_map(|id| campaign.formats.get(id)).collect();
        for scene in &post.scenes {
            for format in &formats {
                let file_type = fixed.unwrap_or(format.file_type);
                let path = expand(&parts, post, scene, &format.id, file_type);
                let output = match RelPath::parse(&path) {
                    Ok(output) => output,
                    Err(error) => {
                        let place = post.places.get("output").or_else(|| post.places.get("")).cloned();
                        let problem =
                            Problem::error("bad-path", format!("`post.{}` cannot write `{path}`: {error}", post.id));
                        loader.report(
                            problem
                                .at(place.unwrap_or_else(|| Place::file(super::files::MANIFEST)))
                                .hint("rename the photo, or change `output`"),
                        );
                        continue;
                    }
                };
                let (post, scene, format) = (post.clone(), scene.clone(), Arc::clone(format));
                assets.push(Asset { output, post, scene, format, file_type });
            }
        }
    }
    let shared = shared_paths(loader, campaign, &assets);
    let mut at = 0;
    assets.retain(|_| {
        at += 1;
        !shared.contains(&(at - 1))
    });
    assets
}

/// Where the words of an asset go: the caption, and the words for who cannot see the picture.
pub fn texts(campaign: &Campaign, asset: &Asset) -> (Option<String>, Option<String>) {
    let stem = asset.output.as_str().rsplit_once('.').map_or(asset.output.as_str(), |(stem, _)| stem);
    let caption = asset.post.caption.as_ref().and_then(|id| campaign.captions.get(id));
    let photo = asset.scene.pictures.first().and_then(|picture| campaign.photos.get(&*picture.photo));
    let has_alt =
        caption.is_some_and(|caption| caption.alt.is_some()) || photo.is_some_and(|photo| photo.alt.is_some());
    let is_held = |text| campaign.held.contains(&(asset.post.id.clone(), text));
    let caption = caption.filter(|_| !is_held(Text::Caption)).map(|_| format!("{stem}.txt"));
    (caption, (has_alt && !is_held(Text::Alt)).then(|| format!("{stem}.alt.txt")))
}

/// Every file that comes with an asset.
fn paths_of(campaign: &Campaign, asset: &Asset) -> impl Iterator<Item = String> {
    let (caption, alt) = texts(campaign, asset);
    [Some(asset.output.to_string()), caption, alt].into_iter().flatten()
}

/// The hashes of paths that more than one file may have: there are many paths, and most campaigns have no such.
fn shared_hashes(campaign: &Campaign, assets: &[Asset]) -> BTreeSet<u64> {
    let hashes = assets.iter().flat_map(|asset| paths_of(campaign, asset)).map(|path| hash_of(&folded(&path)));
    let mut hashes: Vec<u64> = hashes.collect();
    hashes.sort_unstable();
    let shared = hashes.windows(2).filter(|pair| pair[0] == pair[1]);
    shared.map(|pair| pair[0]).collect()
}

fn hash_of(path: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    path.hash(&mut hasher);
    hasher.finish()
}

/// The numbers of the assets whose path another one has too. Each pair of posts is told once.
fn shared_paths(loader: &mut Loader<'_>, campaign: &Campaign, assets: &[Asset]) -> BTreeSet<usize> {
    let hashes = shared_hashes(campaign, assets);
    let mut first_at: HashMap<String, usize> = HashMap::new();
    let mut shared = BTreeSet::new();
    let mut told: BTreeMap<(&str, &str), (usize, usize, usize)> = BTreeMap::new();
    for (number, asset) in assets.iter().enumerate().filter(|_| !hashes.is_empty()) {
        for path in paths_of(campaign, asset) {
            let path = folded(&path);
            if !hashes.contains(&hash_of(&path)) {
                continue;
            }
            match first_at.entry(path) {
                Slot::Vacant(slot) => {
                    slot.insert(number);
                }
                Slot::Occupied(first) if *first.get() == number => {}
                Slot::Occupied(first) => {
                    let first = *first.get();
                    if shared.contains(&number) && shared.contains(&first) {
                        continue;
                    }
                    shared.extend([first, number]);
                    let pair = (assets[first].post.id.as_str(), asset.post.id.as_str());
                    told.entry(pair).or_insert((first, number, 0)).2 += 1;
                }
            }
        }
    }
    for (first, second, times) in told.into_values() {
        report_shared(loader, &assets[first], &assets[second], times);
    }
    shared
}

fn report_shared(loader: &mut Loader<'_>, first: &Asset, second: &Asset, times: usize) {
    let of = |asset: &Asset| {
        let mut words = vec![format!("`post.{}`", asset.post.id)];
        words.extend(asset.scene.product.clone());
        words.push(asset.format.id.clone());
        words.extend(asset.scene.captures.values().cloned());
        words.join(" ")
    };
    let place = |asset: &Asset| asset.post.places.get("output").or_else(|| asset.post.places.get("")).cloned();
    let more = if times > 1 { format!(", and {} more", times - 1) } else { String::new() };
    let one = if first.output == second.output { "" } else { " but for upper and lower case or accents" };
    let message = format!("{} and {} have one path, `{}`{one}{more}", of(first), of(second), second.output);
    let mut problem =
        Problem::error("one-path", message).at(place(second).unwrap_or_else(|| Place::file(super::files::MANIFEST)));
    if first.post.id != second.post.id {
        problem = problem.hint("give one of the posts another `output`, such as \"{post}/{product}.{format}.{ext}\"");
        if let Some(place) = place(first) {
            problem = problem.related(place, "the other post");
        }
    } else {
        let mut names = Vec::new();
        names.extend((first.scene.product != second.scene.product).then(|| "{product}".to_owned()));
        names.extend((first.format.id != second.format.id).then(|| "{format}".to_owned()));
        let captures = second.scene.captures.iter();
        let others = captures.filter(|(name, value)| first.scene.captures.get(*name) != Some(*value));
        names.extend(others.map(|(name, _)| format!("{{{name}}}")));
        problem = problem.hint(format!("add {} to `output`", list(names.iter().map(String::as_str), 4)));
    }
    loader.report(problem);
}
