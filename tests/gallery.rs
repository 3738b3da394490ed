//! A gallery of scenes to be looked at, not a test: `SOFTBOX_CUTOUTS=FOLDER cargo test --release --test gallery -- --ignored` sets
//! every cutout of the folder (PNG with alpha) on every backdrop, in every shape, and writes target/tmp/gallery/. `SOFTBOX_ONLY=grey,story` makes only those whose names have one of the words.

use std::fs;
use std::path::Path;

use softbox::imaging::scene::{Backdrop, Light, Product, Scene, Setting, paint};
use softbox::imaging::{Encoding, FileType, Limits, Picture, decode, encode};

const SHAPES: [(&str, u32, u32); 5] = [
    ("portrait", 1080, 1350),
    ("story", 1080, 1920),
    ("landscape", 1200, 628),
    ("square", 1080, 1080),
    ("banner", 1600, 400),
];

fn picture(path: &Path) -> Picture {
    decode(&fs::read(path).unwrap(), 0, &Limits::default()).unwrap()
}

fn looks(plates: &[(String, Picture)]) -> Vec<(String, Option<Picture>, Setting)> {
    let light = Some(Light::default());
    let set = Setting { fill: 0.62, light, ..Setting::default() };
    let mut looks = vec![
        ("white".into(), None, Setting { backdrop: Backdrop::Colour([255; 3]), fill: 0.88, ..Setting::default() }),
        (
            "white-shadow".into(),
            None,
            Setting { backdrop: Backdrop::Colour([255; 3]), fill: 0.7, light, ..Setting::default() },
        ),
        ("grey".into(), None, Setting { backdrop: Backdrop::Sweep([214, 214, 213]), ..set.clone() }),
        ("coral".into(), None, Setting { backdrop: Backdrop::Sweep([236, 134, 108]), ..set.clone() }),
        ("dark".into(), None, Setting { backdrop: Backdrop::Sweep([70, 74, 80]), gloss: 0.3, ..set.clone() }),
        (
            "gradient".into(),
            None,
            Setting {
                backdrop: Backdrop::Linear { from: [250, 214, 165], to: [214, 120, 140], angle: 160.0 },
                light: Some(Light { azimuth: 290.0, ..Light::default() }),
                ..set.clone()
            },
        ),
        (
            "radial".into(),
            None,
            Setting { backdrop: Backdrop::Radial { centre: [190, 214, 220], edge: [62, 96, 116] }, ..set.clone() },
        ),
        ("clear".into(), None, Setting { ..set.clone() }),
        ("gloss".into(), None, Setting { backdrop: Backdrop::Sweep([232, 232, 234]), gloss: 0.4, ..set.clone() }),
        (
            "sun".into(),
            None,
            Setting {
                backdrop: Backdrop::Sweep([240, 220, 180]),
                light: Some(Light { azimuth: 120.0, height: 38.0, softness: 0.08, cast: 0.75, contact: 0.8 }),
                ..set.clone()
            },
        ),
    ];
    for (name, plate) in plates {
        let backdrop = Backdrop::Plate { focus: [0.5, 0.5] };
        looks.push((
            name.clone(),
            Some(plate.clone()),
            Setting { backdrop, floor: Some(0.74), matching: 0.5, ..set.clone() },
        ));
    }
    looks
}

fn pictures(folder: &Path) -> Vec<(String, Picture)> {
    let mut paths: Vec<_> = fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|ext| ext == "png"));
    paths.sort();
    paths.iter().map(|path| (path.file_stem().unwrap().to_string_lossy().into_owned(), picture(path))).collect()
}

fn write(out: &Path, name: &str, picture: &Picture) {
    let encoding = Encoding::plain(FileType::Png, 100);
    fs::write(out.join(format!("{name}.png")), encode(picture, &encoding).unwrap().bytes).unwrap();
}

#[test]
#[ignore = "writes pictures to look at"]
fn the_gallery_is_painted() {
    let folder = std::env::var("SOFTBOX_CUTOUTS").expect("set SOFTBOX_CUTOUTS to a folder of PNG cutouts");
    let only = std::env::var("SOFTBOX_ONLY").unwrap_or_default();
    let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join("gallery");
    fs::create_dir_all(&out).unwrap();
    let folder = Path::new(&folder);
    let products: Vec<(String, Product)> =
        pictures(folder).into_iter().map(|(name, picture)| (name, Product::new(&picture).unwrap().unwrap())).collect();
    let all = products.iter().map(|(_, product)| product.clone()).collect();
    let groups = products.iter().map(|(name, product)| (name.as_str(), vec![product.clone()])).chain([("all", all)]);
    for (group, products) in groups {
        for (look, plate, setting) in looks(&pictures(&folder.join("plates"))) {
            for (shape, width, height) in SHAPES {
                let name = format!("{group}-{look}-{shape}");
                if only.split(',').any(|only| name.contains(only)) {
                    let scene = Scene { products: products.clone(), plate: plate.clone(), setting: setting.clone() };
                    write(&out, &name, &paint(&scene, width, height).unwrap().picture);
                }
            }
        }
    }
}
