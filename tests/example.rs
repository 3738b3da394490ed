//! The example campaign builds without a mistake, and nothing private leaves the phone with its pictures.

mod common;

use std::path::{Path, PathBuf};
use std::process::Command;

use common::Campaign;

const EXAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/corner-shop");

const DIRECTED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/directed");

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap();
        if name == "dist" || name == ".softbox" {
            continue;
        }
        if path.is_dir() {
            copy(&path, &to.join(name));
        } else {
            std::fs::copy(&path, to.join(name)).unwrap();
        }
    }
}

fn example() -> Campaign {
    let shop = Campaign::new();
    copy(Path::new(EXAMPLE), shop.path());
    shop
}

fn pictures(shop: &Campaign) -> Vec<PathBuf> {
    let is_picture = |name: &String| !name.ends_with(".txt");
    shop.dist().into_keys().filter(is_picture).map(|name| shop.at("dist").join(name)).collect()
}

#[test]
fn the_corner_shop_builds_in_the_sizes_of_its_formats_without_a_word() {
    let shop = example();
    let built = shop.build();
    assert_eq!(built.problems(), Vec::<String>::new());
    let sizes = [
        ("instagram.portrait", (1080, 1350)),
        ("instagram.square", (1080, 1080)),
        ("instagram.story", (1080, 1920)),
        ("pinterest.pin", (1000, 1500)),
        ("facebook.link", (1200, 630)),
        ("x.landscape", (1600, 900)),
        ("google.post", (1200, 900)),
        ("tiktok.photo", (1080, 1920)),
        ("print/", (1275, 1875)),
    ];
    let pictures = pictures(&shop);
    assert!(pictures.len() > 30, "{}", pictures.len());
    for path in pictures {
        let name = path.to_string_lossy().into_owned();
        let (_, size) = sizes.iter().find(|(format, _)| name.contains(format)).unwrap_or_else(|| panic!("{name}"));
        let header = softbox::imaging::probe(&std::fs::read(&path).unwrap()).unwrap();
        assert_eq!(header.upright_size(), *size, "{name}");
    }
}

#[test]
fn no_output_tells_where_or_with_what_it_was_photographed() {
    let Ok(version) = Command::new("exiftool").arg("-ver").output() else {
        assert!(std::env::var_os("CI").is_none(), "exiftool is missing");
        println!("exiftool is not installed: this test looked at nothing");
        return;
    };
    assert!(version.status.success());
    let read = |path: &Path| -> serde_json::Value {
        let output = Command::new("exiftool").args(["-json", "-G1", "-a", "-u"]).arg(path).output().unwrap();
        serde_json::from_slice::<serde_json::Value>(&output.stdout).unwrap()[0].clone()
    };
    let shop = example();
    for source in ["tincture.jpg", "flower.heic"] {
        let tags = read(&shop.at("photos").join(source));
        assert!(tags.as_object().unwrap().keys().any(|tag| tag.starts_with("GPS:")), "{source} has a place to hide");
    }
    shop.build();
    for path in pictures(&shop) {
        let tags = read(&path);
        let tags = tags.as_object().unwrap();
        let private =
            ["GPS", "Serial", "Thumbnail", "Preview", "Make", "LensModel", "DateTime", "Software", "MakerNote"];
        let told: Vec<_> = tags
            .keys()
            .filter(|tag| private.iter().any(|name| tag.split(':').nth(1).unwrap_or("").starts_with(name)))
            .collect();
        assert!(told.is_empty(), "{}: {told:?}", path.display());
        assert_eq!(tags["ICC_Profile:ProfileDescription"], "sRGB", "{}", path.display());
        if path.to_string_lossy().contains("/print/") {
            assert_eq!(tags["PNG-pHYs:PixelsPerUnitX"], 11_811, "300 dots per inch");
        }
        assert!(tags.contains_key("XMP-iptcExt:DigitalSourceType"), "{}: {tags:?}", path.display());
    }
}

#[test]
fn the_same_campaign_gives_the_same_bytes_in_two_folders_at_one_and_two_threads() {
    let (one, two) = (example(), example());
    assert_eq!(one.softbox(&["build", "--jobs=1"]).code, 0);
    assert_eq!(two.softbox(&["build", "--jobs=2"]).code, 0);
    assert_eq!(one.dist().keys().collect::<Vec<_>>(), two.dist().keys().collect::<Vec<_>>());
    for ((name, a), b) in one.dist().into_iter().zip(two.dist().into_values()) {
        assert!(a == b, "{name} differs");
    }
}

#[test]
fn the_directed_campaign_builds_from_its_takes_and_picks_without_asking_anybody() {
    let shop = Campaign::new();
    copy(Path::new(DIRECTED), shop.path());
    let built = shop.softbox(&["build", "--frozen"]);
    assert_eq!((built.code, built.problems()), (0, Vec::new()), "{}", built.said);
    assert_eq!(pictures(&shop).into_iter().filter(|path| path.extension().unwrap() == "jpg").count(), 4);
    let choices: Vec<_> = shop.softbox(&["pick"]).events("choice").cloned().collect();
    let of = |field: &str, wanted: bool| choices.iter().filter(|choice| choice[field] == wanted).count();
    assert_eq!((choices.len(), of("used", true)), (10, 4), "{choices:#?}");
    let redrawn = choices.iter().filter(|choice| choice["fidelity"].as_f64().is_some_and(|like| like < 0.9)).count();
    assert!(redrawn > 0, "a label that was redrawn is among them, so that one sees what becomes of it");
}
