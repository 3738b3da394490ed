//! `softbox init`: make a campaign from a folder of photos, ready to build.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::place::MANIFEST;
use super::show::say;
use super::{Common, Exit};
use crate::campaign::Problem;
use crate::campaign::names::{folded, is_id, slug};
use crate::imaging;
use crate::report::words::count;

/// What every new campaign starts with, by path.
const STARTERS: &[(&str, &str)] = &[
    ("templates/base.css", include_str!("templates/base.css")),
    ("templates/card.css", include_str!("templates/card.css")),
    ("templates/card.html", include_str!("templates/card.html")),
    ("templates/partials/badge.html", include_str!("templates/partials/badge.html")),
    ("templates/partials/brand.html", include_str!("templates/partials/brand.html")),
    ("templates/partials/price.html", include_str!("templates/partials/price.html")),
    ("templates/partials/tags.html", include_str!("templates/partials/tags.html")),
    ("templates/price-drop.css", include_str!("templates/price-drop.css")),
    ("templates/price-drop.html", include_str!("templates/price-drop.html")),
    ("templates/story.css", include_str!("templates/story.css")),
    ("templates/story.html", include_str!("templates/story.html")),
    ("captions/launch.md", include_str!("launch.md")),
    (".gitignore", "/.softbox/\n/dist/\n"),
];

/// Files that phones and cameras write and softbox reads.
const PICTURES: &[&str] = &["jpg", "jpeg", "png", "webp", "tif", "tiff", "heic", "heif"];

#[derive(Debug, clap::Args)]
pub struct Init {
    /// Where to make the campaign. Left out: here.
    #[arg(value_hint = clap::ValueHint::DirPath)]
    folder: Option<PathBuf>,

    /// Copy the pictures of this folder into it. Left out: those that lie in the campaign's folder.
    #[arg(long, value_name = "FOLDER", value_hint = clap::ValueHint::DirPath)]
    photos: Option<PathBuf>,

    /// The shop's name. Left out: the folder's.
    #[arg(long)]
    name: Option<String>,
}

impl Init {
    pub fn run(self, common: &Common) -> Exit {
        let folder = self.folder.clone().or_else(|| common.directory.clone()).unwrap_or_else(|| PathBuf::from("."));
        match self.make(&folder) {
            Ok(products) => {
                say(&format!(
                    "made a campaign with {} in {}",
                    count(products, "product", "products"),
                    folder.display()
                ));
                let at = if folder == Path::new(".") { String::new() } else { format!(" -C {}", folder.display()) };
                say(&format!("next: softbox build{at}, then look into {}", folder.join("dist").display()));
                say(&format!(
                    "names, prices and words are in {}: change them and build again",
                    folder.join(MANIFEST).display()
                ));
                Exit::Done
            }
            Err(problem) => common.refuse(problem),
        }
    }

    fn make(&self, folder: &Path) -> Result<usize, Problem> {
        let manifest = folder.join(MANIFEST);
        if manifest.exists() {
            return Err(Problem::error("exists", format!("{} is there already", manifest.display()))
                .hint("init never changes a campaign; name another folder"));
        }
        let cannot = |error: io::Error| {
            Problem::error("unwritable", format!("cannot make a campaign in {}: {error}", folder.display()))
        };
        fs::create_dir_all(folder).map_err(cannot)?;
        let photos = self.gather(folder)?;
        for (path, text) in STARTERS {
            write_new(&folder.join(path), text).map_err(cannot)?;
        }
        let own = || folder.canonicalize().ok()?.file_name()?.to_str().map(spoken);
        let shop = self.name.clone().or_else(own).unwrap_or_else(|| "My shop".to_owned());
        fs::write(manifest, manifest_text(&shop, &photos)).map_err(cannot)?;
        Ok(photos.len())
    }

    /// Copies pictures to `photos/ID.EXT`, leaving the originals; tells the products' ids and names.
    fn gather(&self, folder: &Path) -> Result<BTreeMap<String, String>, Problem> {
        let tidy = folder.join("photos");
        let sources: Vec<PathBuf> = match &self.photos {
            Some(given) => vec![given.clone()],
            None => vec![tidy.clone(), folder.to_owned()],
        };
        let mut pictures: Vec<PathBuf> = Vec::new();
        for source in &sources {
            match fs::read_dir(source) {
                Ok(entries) => pictures
                    .extend(entries.filter_map(Result::ok).map(|entry| entry.path()).filter(|path| is_picture(path))),
                Err(_) if self.photos.is_none() => {}
                Err(error) => {
                    return Err(Problem::error("unreadable", format!("cannot read {}: {error}", source.display())));
                }
            }
        }
        pictures.retain(|path| match fs::read(path).map_err(|error| error.to_string()) {
            Ok(bytes) => match imaging::probe(&bytes) {
                Ok(_) => true,
                Err(error) => left_out(path, &error.to_string()),
            },
            Err(error) => left_out(path, &error),
        });
        // Those that are in place already come first and keep their names.
        pictures.sort_by_key(|path| (path.parent() != Some(&tidy), path.clone()));
        if pictures.is_empty() {
            let looked = sources.last().map(|path| path.display().to_string()).unwrap_or_default();
            return Err(Problem::error("no-photos", format!("there are no pictures in {looked}")).hint(
                "name the folder that has them: softbox init SHOP --photos FOLDER (jpg, heic, png, webp or tiff)",
            ));
        }
        let mut photos = BTreeMap::new();
        // Names in photos/, as a file system sees them that makes no difference between cases.
        let there = fs::read_dir(&tidy).into_iter().flatten().filter_map(Result::ok);
        let mut taken: BTreeSet<String> =
            there.filter_map(|entry| stem_of(&entry.path())).map(|stem| folded(&stem)).collect();
        for picture in pictures {
            let stem = stem_of(&picture).unwrap_or_else(|| "photo".to_owned());
            let name = spoken(&stem);
            if picture.parent() == Some(&tidy) && is_id(&stem) && !photos.contains_key(&stem) {
                photos.insert(stem, name);
                continue;
            }
            let id = free(&slug(&stem).unwrap_or_else(|| "photo".to_owned()), &taken);
            taken.insert(id.clone());
            let ending = picture.extension().and_then(|ending| ending.to_str()).unwrap_or("jpg").to_lowercase();
            copy_new(&picture, &tidy.join(format!("{id}.{ending}")))
                .map_err(|error| Problem::error("unwritable", format!("cannot copy {}: {error}", picture.display())))?;
            photos.insert(id, name);
        }
        Ok(photos)
    }
}

/// Tells which picture makes no product, and why.
fn left_out(path: &Path, why: &str) -> bool {
    say(&format!("left out {}: {why}", path.display()));
    false
}

fn is_picture(path: &Path) -> bool {
    // Such as the `._IMG_0001.jpg` that a Mac leaves on memory cards.
    let is_hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
    let ending = path.extension().and_then(|ending| ending.to_str()).map(str::to_lowercase);
    ending.is_some_and(|ending| PICTURES.contains(&ending.as_str())) && !is_hidden && path.is_file()
}

fn stem_of(path: &Path) -> Option<String> {
    path.file_stem().and_then(|stem| stem.to_str()).map(str::to_owned)
}

/// Copies a file to where there is none yet.
fn copy_new(from: &Path, to: &Path) -> io::Result<()> {
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut source = fs::File::open(from)?;
    io::copy(&mut source, &mut fs::File::create_new(to)?).map(drop)
}

fn free(wanted: &str, taken: &BTreeSet<String>) -> String {
    let numbered = (2..).map(|number| format!("{wanted}-{number}"));
    std::iter::once(wanted.to_owned()).chain(numbered).find(|id| !taken.contains(id)).unwrap_or_default()
}

/// A file's name as a person would write it: `citrus_haze-2` becomes `Citrus haze 2`.
fn spoken(stem: &str) -> String {
    let words = stem.split(['-', '_', ' ', '.']).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    let mut letters = words.chars();
    letters.next().map_or(words.clone(), |first| first.to_uppercase().chain(letters).collect())
}

fn write_new(path: &Path, text: &str) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    match fs::File::create_new(path) {
        Ok(mut file) => io::Write::write_all(&mut file, text.as_bytes()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}

fn manifest_text(shop: &str, photos: &BTreeMap<String, String>) -> String {
    let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
    let products: String = photos
        .iter()
        .map(|(id, name)| format!("[product.{}]\nname = {}\n# price = \"$12\"\n\n", key(id), quoted(name)))
        .collect();
    let first = photos.keys().next().map_or("", String::as_str);
    let text = include_str!("campaign.toml").replace("{SHOP}", &quoted(shop)).replace("{FIRST}", first);
    text.replace("{PRODUCTS}\n", &products)
}

/// An id as a key of a table: bare where TOML allows that.
fn key(id: &str) -> String {
    let bare = id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
    if bare { id.to_owned() } else { format!("\"{id}\"") }
}
