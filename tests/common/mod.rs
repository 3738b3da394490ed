//! A campaign folder in, files and events out.
#![allow(dead_code)] // each test file uses its part

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, SystemTime};

use serde_json::Value;

/// A campaign in a folder of its own, which goes away with it.
pub struct Campaign {
    folder: tempfile::TempDir,
}

/// What one run of softbox did.
pub struct Built {
    pub code: i32,
    pub events: Vec<Value>,
    pub said: String,
}

impl Campaign {
    pub fn new() -> Campaign {
        Campaign { folder: tempfile::tempdir().unwrap() }
    }

    /// Two products, a card for each in two formats, a caption, a partial and a stylesheet.
    pub fn shop() -> Campaign {
        Campaign::new()
            .file("campaign.toml", SHOP)
            .file("products.csv", "id,name,price,tags\namber,Amber,$35,new\njar,Jar,$12,\n")
            .file("templates/card.html", CARD)
            .file("templates/card.css", "body { margin: 0; font-size: 10px } h1 { color: var(--ink); font-size: 20px; margin: 0 } img { width: 30px; height: 30px } p { margin: 0; color: var(--ink) }")
            .file("templates/price.html", "<b>{{price}}</b>")
            .file("captions/launch.md", "{{name}} is in.")
            .photo("photos/amber.png", 1)
            .photo("photos/jar.png", 2)
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn at(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    pub fn file(self, path: &str, text: &str) -> Campaign {
        self.write(path, text);
        self
    }

    pub fn photo(self, path: &str, seed: u8) -> Campaign {
        self.shoot(path, seed);
        self
    }

    pub fn write(&self, path: &str, text: &str) {
        fs::create_dir_all(self.at(path).parent().unwrap()).unwrap();
        fs::write(self.at(path), text).unwrap();
    }

    /// A small picture that differs with `seed`.
    pub fn shoot(&self, path: &str, seed: u8) {
        fs::create_dir_all(self.at(path).parent().unwrap()).unwrap();
        let picture = image::RgbImage::from_fn(90, 120, |x, y| {
            image::Rgb([(x * 2) as u8 ^ seed, (y * 2) as u8, seed.wrapping_mul(40)])
        });
        picture.save_with_format(self.at(path), image::ImageFormat::Png).unwrap();
    }

    pub fn edit(&self, path: &str, from: &str, to: &str) {
        let text = fs::read_to_string(self.at(path)).unwrap();
        assert!(text.contains(from), "{path} has no {from:?}");
        fs::write(self.at(path), text.replacen(from, to, 1)).unwrap();
    }

    pub fn remove(&self, path: &str) {
        fs::remove_file(self.at(path)).unwrap();
    }

    pub fn age(&self, path: &str, seconds_since_1970: u64) {
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds_since_1970);
        fs::File::options().write(true).open(self.at(path)).unwrap().set_modified(time).unwrap();
    }

    /// Runs softbox here with JSON events.
    pub fn softbox(&self, arguments: &[&str]) -> Built {
        let output = self.command(arguments).arg("--message-format=json").output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let events = String::from_utf8(output.stdout).unwrap();
        let events =
            events.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"))).collect();
        Built { code: output.status.code().unwrap_or(-1), events, said }
    }

    /// Runs softbox here as a person would, without a terminal.
    pub fn human(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_softbox"));
        command.arg("-C").arg(self.path()).args(arguments).env_remove("NO_COLOR").env_remove("SOFTBOX_CACHE");
        command
    }

    pub fn build(&self) -> Built {
        let built = self.softbox(&["build"]);
        assert_eq!(built.code, 0, "{:#?}\n{}", built.problems(), built.said);
        built
    }

    /// All files under dist/ with their bytes.
    pub fn dist(&self) -> BTreeMap<String, Vec<u8>> {
        let mut files = BTreeMap::new();
        collect(&self.at("dist"), &self.at("dist"), &mut files);
        files
    }
}

impl Built {
    pub fn events(&self, name: &str) -> impl Iterator<Item = &Value> {
        self.events.iter().filter(move |event| event["event"] == name)
    }

    /// The assets that were written, below dist/.
    pub fn wrote(&self) -> BTreeSet<String> {
        let path = |event: &Value| event["path"].as_str().unwrap().trim_start_matches("dist/").to_owned();
        self.events("wrote").map(path).collect()
    }

    /// How many actions of each kind ran.
    pub fn ran(&self) -> BTreeMap<String, usize> {
        let mut kinds = BTreeMap::new();
        for event in self.events("finished").filter(|event| event["outcome"] == "ran") {
            *kinds.entry(event["kind"].as_str().unwrap().to_owned()).or_insert(0) += 1;
        }
        kinds
    }

    /// Each problem as `code file:line: message`.
    pub fn problems(&self) -> Vec<String> {
        let tell = |event: &Value| {
            let text = |field: &str| event[field].as_str().unwrap_or("").to_owned();
            format!("{} {}:{}: {}", text("code"), text("file"), event["line"], text("message"))
        };
        self.events("problem").map(tell).collect()
    }

    pub fn done(&self) -> &Value {
        self.events("done").last().expect("a closing event")
    }
}

fn collect(root: &Path, folder: &Path, files: &mut BTreeMap<String, Vec<u8>>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(root, &path, files);
        } else {
            let name = path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
            files.insert(name, fs::read(path).unwrap());
        }
    }
}

const SHOP: &str = r##"
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
width = 120
height = 120

[format."small.wide"]
width = 160
height = 90
"##;

const CARD: &str = r#"<link rel="stylesheet" href="templates/card.css">
<main><img src="{{photo}}"><h1>{{name}}</h1>{{> price}}<p>{{post.headline}}</p></main>
"#;
