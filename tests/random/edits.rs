//! What a campaign may have, and what people, editors and disks do to it: each edit is a value, and means the same in every list.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::{Duration, SystemTime};

use crate::common::Campaign;
use crate::shrink::Random;

/// One thing that is done to a campaign.
#[derive(Debug, Clone, Copy)]
pub enum Edit {
    /// A part of the campaign that not all have.
    Part(&'static str),
    /// A piece of text is replaced wherever the file has it: a cell, a column, a value, a tag.
    Replace(&'static str, &'static str, &'static str),
    /// The file has what it had at first.
    Revert(&'static str),
    Delete(&'static str),
    Rename(&'static str, &'static str),
    /// A picture is taken, as if so many seconds after 1970, or now.
    Shoot(&'static str, u8, Option<u64>),
    /// The time of a file changes, and nothing else.
    Date(&'static str, u64),
    Touch(&'static str),
    /// Two files change places and keep their times.
    Swap(&'static str, &'static str),
    /// A link to another file of the campaign.
    Link(&'static str, &'static str),
    /// A link to a file outside.
    Leave(&'static str),
    Folder(&'static str),
    RemoveFolder(&'static str),
    /// Something of one's own is put somewhere, over what is there.
    Write(&'static str, &'static str),
    /// The nth file in dist/ goes, or is overwritten, or touched.
    DeleteAsset(usize),
    AlterAsset(usize),
    TouchAsset(usize),
    /// Long enough for the clock of the file system to go on.
    Wait,
}

use Edit::*;

/// What a campaign may have besides a table, photos, a card with a partial and a stylesheet, and a caption.
pub const PARTS: [&str; 6] = ["json", "include", "captures", "story", "alone", "logo"];

const TEXTS: [&str; 8] = [
    "campaign.toml",
    "products.csv",
    "more.json",
    "products/own.toml",
    "templates/card.html",
    "templates/price.html",
    "templates/card.css",
    "captions/launch.md",
];
const PHOTOS: [&str; 6] = [
    "photos/amber.png",
    "photos/jar.png",
    "photos/tin.jpg",
    "photos/mint.png",
    "angles/jar-front.png",
    "angles/jar-back.png",
];
/// Names that photos move to: other products, other cases, other folders.
const PLACES: [&str; 8] = [
    "photos/amber.png",
    "photos/Amber.png",
    "photos/jar.jpg",
    "photos/tin.png",
    "photos/new/jar.png",
    "angles/tin-side.png",
    "angles/jar-FRONT.png",
    "mint.png",
];
/// Pieces of the texts, each with others that may stand there; some are mistakes.
const PIECES: [(&str, &[&str]); 24] = [
    ("products.csv", &["$35", "$32", "35 €"]),
    ("products.csv", &["jar,Jar", "jar,Big Jar", "Jar,Jar", "amber,Jar"]),
    ("products.csv", &["id,name,price,tags", "id,name,price,tags,thc", "id,price,name,tags", "id,name,cost,tags"]),
    ("products.csv", &["tin,Tin,$3,\n", "", "tin,\"Tin,$3,\n", "tin,Tin,$3,,,\n"]),
    ("products.csv", &["new", "hot"]),
    ("more.json", &["\"Mint\"", "\"Mint tea\"", "\"Mint", "null"]),
    ("products/own.toml", &["$9", "$8"]),
    ("products/own.toml", &["[product.jar]", "[product.tin]", "[product.jar"]),
    ("templates/card.html", &["{{name}}", "{{id}}", "{{nmae}}", "{{#if thc}}{{thc}}{{/if}}", "{{#if name}}"]),
    ("templates/card.html", &["{{> price}}", "{{> badge}}", ""]),
    ("templates/card.html", &["{{photo}}", "photos/amber.png", "photos/nowhere.png"]),
    ("templates/card.html", &["templates/card.css", "templates/other.css"]),
    ("templates/price.html", &["<b>", "<i>", "<b>{{brand.name}}"]),
    ("templates/card.css", &["font-size: 10px", "font-size: 12px", "background: url(photos/jar.png)"]),
    ("captions/launch.md", &["is in", "is back", "{{> more}}", "{{nmae}}"]),
    ("campaign.toml", &["New in", "Last days"]),
    ("campaign.toml", &["#224466", "#664422", "no colour"]),
    ("campaign.toml", &["exposure = 0.2", "exposure = 0.5", "exposure = 9"]),
    ("campaign.toml", &["height = 32", "height = 40", "height = -1"]),
    ("campaign.toml", &["{{name}} on a table", "{{name}} on a shelf", "{{nmae}}"]),
    (
        "campaign.toml",
        &["formats = [\"small.square\", \"small.wide\"]", "formats = [\"small.square\"]", "formats = [\"small.wide\"]"],
    ),
    ("campaign.toml", &["[post.card]", "[post.card]\nproducts = { tags = [\"new\"] }", "[post.cards]", "[post.card"]),
    ("campaign.toml", &["photos/{product}.*", "photos/{product}.png", "photos/**/{product}.*"]),
    ("campaign.toml", &["Corner", "Bend"]),
];

fn one_of<T: Copy>(random: &mut Random, of: &[T]) -> T {
    *random.pick(of)
}

impl Edit {
    pub fn random(random: &mut Random) -> Edit {
        let (photo, text, at) = (one_of(random, &PHOTOS), one_of(random, &TEXTS), random.below(20));
        match random.below(30) {
            0..=10 => {
                let (file, texts) = one_of(random, &PIECES);
                let to = one_of(random, texts);
                // Mostly away from what is there at first, often back to it.
                let from = if random.below(2) == 0 { texts[0] } else { one_of(random, texts) };
                Replace(file, from, to)
            }
            11..=13 => Revert(one_of(random, &TEXTS)),
            14..=15 => Shoot(photo, random.below(3) as u8, [None, Some(1_000_000_000)][random.below(2)]),
            16 => Delete(one_of(random, &[photo, text])),
            17..=18 => Rename(photo, one_of(random, &PLACES)),
            19 => Date(one_of(random, &[photo, text]), one_of(random, &[0, 1_000_000_000, 4_070_908_800])),
            20 => Touch(one_of(random, &[photo, text])),
            21 => Swap(photo, one_of(random, &PHOTOS)),
            22 => Link(photo, one_of(random, &PHOTOS)),
            23 => Leave(photo),
            24 => Folder(one_of(
                random,
                &["photos/tin.jpg", "photos/more", "templates/partials", "dist/card/jar.small.wide.jpg"],
            )),
            25 => RemoveFolder(one_of(random, &["photos", "templates", "dist", "captions", "products"])),
            26 => one_of(
                random,
                &[
                    Write("templates/partials/price.html", "<u>{{price}}</u>"),
                    Write("templates/badge.html", "<em>new</em>"),
                    Write("templates/other.css", "p { color: red }"),
                    Write("captions/more.md", "and more"),
                    Write("dist/own.txt", "own"),
                    Write("dist/card/own.jpg", "own"),
                ],
            ),
            27 => one_of(random, &[DeleteAsset(at), AlterAsset(at), TouchAsset(at)]),
            28 => RemoveFolder(".softbox"),
            _ => Wait,
        }
    }
}

/// A campaign in the middle of its life.
pub struct Shop {
    pub campaign: Campaign,
    /// What somebody, not softbox, wrote under dist/.
    pub theirs: BTreeMap<String, Vec<u8>>,
    /// softbox's memory is gone: what it wrote before, it takes for somebody's.
    pub forgot: bool,
    outside: tempfile::TempDir,
}

impl Shop {
    pub fn new() -> Shop {
        let campaign = Campaign::new()
            .file("campaign.toml", MANIFEST)
            .file("products.csv", "id,name,price,tags\namber,Amber,$35,new\njar,Jar,$12,\ntin,Tin,$3,\n")
            .file("templates/card.html", CARD)
            .file("templates/card.css", "body { margin: 0; font-size: 10px } img { width: 20px; height: 20px }")
            .file("templates/price.html", "<b>{{price}}</b>")
            .file("captions/launch.md", "{{name}} is in.");
        let outside = tempfile::tempdir().unwrap();
        let shop = Shop { campaign, theirs: BTreeMap::new(), forgot: false, outside };
        for (seed, path) in PHOTOS[..3].iter().enumerate() {
            shop.shoot(path, seed as u8);
        }
        shop
    }

    pub fn apply(&mut self, edit: Edit) {
        let path = |path: &str| self.campaign.at(path);
        let is_file = |name: &str| fs::symlink_metadata(path(name)).is_ok_and(|there| !there.is_dir());
        match edit {
            Part(part) => self.add(part),
            Replace(file, from, to) => {
                if let Some(text) =
                    fs::read_to_string(path(file)).ok().filter(|text| !from.is_empty() && text.contains(from))
                {
                    self.campaign.write(file, &text.replacen(from, to, 1));
                }
            }
            Revert(file) => {
                let fresh = Shop::new();
                PARTS.iter().for_each(|part| fresh.add(part));
                if let Ok(text) = fs::read_to_string(fresh.campaign.at(file)) {
                    self.put(file, |path| fs::write(path, &text).unwrap());
                }
            }
            Delete(file) if is_file(file) => fs::remove_file(path(file)).unwrap(),
            Rename(from, to) if from != to && is_file(from) => {
                let bytes = path(from);
                self.put(to, |to| fs::rename(&bytes, to).unwrap());
            }
            Shoot(file, seed, time) => {
                self.put(file, |_| ());
                self.shoot(file, seed);
                if let Some(time) = time {
                    self.campaign.age(file, time);
                }
            }
            Date(file, time) if path(file).is_file() => self.campaign.age(file, time),
            Touch(file) if path(file).is_file() => {
                let file = fs::File::options().write(true).open(path(file)).unwrap();
                file.set_modified(SystemTime::now()).unwrap();
            }
            Swap(a, b) if a != b && is_file(a) && is_file(b) => {
                fs::rename(path(a), path("swapped")).unwrap();
                fs::rename(path(b), path(a)).unwrap();
                fs::rename(path("swapped"), path(b)).unwrap();
            }
            Link(file, to) if file != to => {
                let name = Path::new(to).file_name().unwrap().to_owned();
                let folder = if to.starts_with("angles") { "../angles" } else { "../photos" };
                self.put(file, |path| symlink(Path::new(folder).join(name), path).unwrap());
            }
            Leave(file) => {
                let secret = self.outside.path().join("secret.png");
                fs::write(&secret, "secret").unwrap();
                self.put(file, |path| symlink(secret, path).unwrap());
            }
            Folder(name) => {
                if !name.starts_with("dist") || path(name).is_file() {
                    self.put(name, |path| drop(fs::create_dir_all(path)));
                    self.theirs.remove(name);
                }
            }
            RemoveFolder(name) => {
                self.forgot |= name == ".softbox";
                let _ = fs::remove_dir_all(path(name));
            }
            Write(name, text) => self.write(name, text),
            DeleteAsset(at) => {
                if let Some(asset) = self.asset(at) {
                    fs::remove_file(path(&asset)).unwrap();
                }
            }
            AlterAsset(at) => {
                if let Some(asset) = self.asset(at) {
                    self.write(&asset, "altered");
                }
            }
            TouchAsset(at) => {
                if let Some(asset) = self.asset(at) {
                    self.campaign.age(&asset, 1_500_000_000);
                }
            }
            Wait => std::thread::sleep(Duration::from_millis(15)),
            Delete(_) | Rename(..) | Date(..) | Touch(_) | Swap(..) | Link(..) => {}
        }
    }

    fn add(&self, part: &str) {
        let manifest = || fs::read_to_string(self.campaign.at("campaign.toml")).unwrap();
        let more = |text: &str| self.campaign.write("campaign.toml", &format!("{}{text}", manifest()));
        match part {
            "json" => {
                self.campaign.write("more.json", "[{\"id\": \"mint\", \"name\": \"Mint\", \"price\": \"$1\"}]");
                self.campaign.write(
                    "campaign.toml",
                    &manifest().replace("\"products.csv\"", "[\"products.csv\", \"more.json\"]"),
                );
                self.shoot("photos/mint.png", 4);
            }
            "include" => {
                self.campaign.write("products/own.toml", "[product.jar]\nprice = \"$9\"\n");
                self.campaign.write("campaign.toml", &format!("include = [\"products/*.toml\"]\n{}", manifest()));
            }
            "captures" => {
                self.shoot("angles/jar-front.png", 5);
                self.shoot("angles/jar-back.png", 6);
                more(ANGLES);
            }
            "story" => {
                self.campaign
                    .write("templates/story.html", "<p>{{brand.name}} {{format.width}}</p><img src=\"{{photo}}\">");
                more(
                    "[post.story]\ntemplate = \"templates/story.html\"\nproducts = [\"jar\"]\nphoto = \"hero\"\nformats = [\"small.wide\"]\n",
                );
            }
            "alone" => more("[post.alone]\nphoto = \"hero\"\nformats = [\"small.wide\"]\n"),
            _ => {
                self.campaign.write("brand/logo.svg", LOGO);
                self.campaign
                    .write("campaign.toml", &manifest().replace("[brand]", "[brand]\nlogo = \"brand/logo.svg\""));
                let card = format!("{CARD}<img src=\"{{{{brand.logo}}}}\">");
                self.campaign.write("templates/card.html", &card);
            }
        }
    }

    /// A small picture, PNG or JPEG by its name.
    fn shoot(&self, path: &str, seed: u8) {
        fs::create_dir_all(self.campaign.at(path).parent().unwrap()).unwrap();
        if path.ends_with(".jpg") {
            let fixture = ["turned-1.jpg", "turned-6.jpg", "grey.jpg"][usize::from(seed) % 3];
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/pictures");
            fs::copy(folder.join(fixture), self.campaign.at(path)).unwrap();
        } else {
            let picture =
                image::RgbImage::from_fn(24, 32, |x, y| image::Rgb([x as u8 * 9, y as u8 * 7, seed.wrapping_mul(40)]));
            picture.save_with_format(self.campaign.at(path), image::ImageFormat::Png).unwrap();
        }
    }

    /// Puts something where nothing is in the way any more.
    fn put(&self, name: &str, put: impl FnOnce(&Path)) {
        let path = self.campaign.at(name);
        let parent = path.parent().unwrap();
        if fs::symlink_metadata(parent).is_ok_and(|there| !there.is_dir()) {
            fs::remove_file(parent).unwrap();
        }
        fs::create_dir_all(parent).unwrap();
        match fs::symlink_metadata(&path) {
            Ok(there) if there.is_dir() => fs::remove_dir_all(&path).unwrap(),
            Ok(_) => fs::remove_file(&path).unwrap(),
            Err(_) => {}
        }
        put(&path);
    }

    fn write(&mut self, name: &str, text: &str) {
        self.put(name, |path| fs::write(path, text).unwrap());
        if name.starts_with("dist/") {
            self.theirs.insert(name.to_owned(), text.as_bytes().to_vec());
        }
    }

    fn asset(&self, at: usize) -> Option<String> {
        let dist: Vec<String> = self.campaign.dist().into_keys().collect();
        Some(format!("dist/{}", dist.get(at % dist.len().max(1))?))
    }
}

const MANIFEST: &str = r##"
[campaign]
name = "Corner"
products = "products.csv"

[brand]
colors = { ink = "#224466" }

[look.daylight]
steps = [{ adjust = { exposure = 0.2 } }]

[photo.hero]
source = "photos/{product}.*"
look = "daylight"
alt = "{{name}} on a table"

[caption.launch]
draft = "captions/launch.md"

[post.card]
template = "templates/card.html"
photo = "hero"
caption = "launch"
formats = ["small.square", "small.wide"]
fields = { headline = "New in" }

[format."small.square"]
width = 48
height = 48

[format."small.wide"]
width = 64
height = 32

"##;

const CARD: &str = r#"<link rel="stylesheet" href="templates/card.css">
<main><img src="{{photo}}">{{name}} {{> price}} {{post.headline}}</main>
"#;

const ANGLES: &str = r#"
[photo.angles]
source = "angles/{product}-{angle}.*"

[post.angles]
photo = "angles"
products = ["jar"]
formats = ["small.square"]
output = "angles/{product}-{angle}.{format}.{ext}"

"#;

const LOGO: &str =
    r##"<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"><rect width="8" height="8" fill="#f00"/></svg>"##;
