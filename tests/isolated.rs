//! Products are isolated by a look's step: by a network, by hints, by a mask made by hand.

mod common;

use std::fs;

use common::Campaign;

/// The exact mask of the photo, of the same size.
const MASK: &str = "tests/fixtures/cutout/jar.png";

/// One product, isolated and set on white.
fn shop() -> Campaign {
    let campaign = Campaign::new().file(
        "campaign.toml",
        r##"
[product.jar]
name = "Jar"

[look.white]
steps = ["cutout", { backdrop = "white" }]

[photo.hero]
source = "photos/{product}.jpg"
look = "white"

[post.shop]
photo = "hero"
formats = ["small.square"]

[format."small.square"]
width = 200
height = 200
accepts = ["png"]
"##,
    );
    fs::create_dir_all(campaign.at("photos")).unwrap();
    fs::copy("tests/fixtures/cutout/jar.jpg", campaign.at("photos/jar.jpg")).unwrap();
    campaign
}

fn asset(campaign: &Campaign) -> image::RgbImage {
    image::open(campaign.at("dist/shop/jar.small.square.png")).unwrap().to_rgb8()
}

fn hint(campaign: &Campaign, text: &str) {
    let manifest = fs::read_to_string(campaign.at("campaign.toml")).unwrap();
    let manifest = manifest.split("\n[cutout.").next().unwrap().to_owned();
    campaign.write("campaign.toml", &format!("{manifest}\n[cutout.jar]\n{text}\n"));
}

#[test]
fn a_photo_becomes_a_product_on_pure_white_and_its_mask_is_made_once() {
    let campaign = shop();
    let built = campaign.build();
    assert_eq!(built.ran().get("cutout"), Some(&1));
    let picture = asset(&campaign);
    for corner in [(0, 0), (199, 0), (0, 199), (199, 199)] {
        assert_eq!(picture.get_pixel(corner.0, corner.1).0, [255; 3]);
    }
    let product = picture.pixels().filter(|pixel| pixel.0 != [255; 3]).count();
    assert!((2000..36_000).contains(&product), "{product} pixels of product");
    assert!(campaign.build().ran().is_empty());
    // Another backdrop is another picture of the same mask.
    campaign.edit("campaign.toml", "backdrop = \"white\"", "backdrop = \"#ffd43b\"");
    let again = campaign.build();
    assert_eq!((again.ran().get("cutout"), again.wrote().len()), (None, 1));
    assert_eq!(asset(&campaign).get_pixel(0, 0).0, [255, 212, 59]);
}

#[test]
fn hints_change_the_mask_and_a_mask_made_by_hand_decides_alone() {
    let campaign = shop();
    campaign.build();
    let free = asset(&campaign);
    hint(&campaign, "photo = \"photos/jar.jpg\"\nbox = [0.0, 0.0, 1.0, 0.45]");
    let hinted = campaign.build();
    assert_eq!(hinted.ran().get("cutout"), Some(&1));
    assert_ne!(asset(&campaign), free, "half of the photo is left out");
    let size = image::image_dimensions(MASK).unwrap();
    let mask = image::GrayImage::from_fn(size.0, size.1, |x, _| image::Luma([if x < size.0 / 2 { 255 } else { 0 }]));
    mask.save(campaign.at("photos/jar.mask.png")).unwrap();
    hint(&campaign, "photo = \"photos/jar.jpg\"\nmask = \"photos/jar.mask.png\"");
    campaign.build();
    // The left half of the photo, whole: taller than wide.
    let painted = asset(&campaign);
    let rows = (0..200).filter(|y| (0..200).any(|x| painted.get_pixel(x, *y).0 != [255; 3])).count();
    let columns = (0..200).filter(|x| (0..200).any(|y| painted.get_pixel(*x, y).0 != [255; 3])).count();
    assert!(rows > columns, "{rows} rows and {columns} columns of product");
    mask.save(campaign.at("photos/jar.mask.png")).unwrap();
    assert!(campaign.build().ran().is_empty());
}

#[test]
fn mistakes_in_hints_and_looks_are_told_with_what_to_do() {
    let campaign = shop();
    let told = |text: &str| {
        hint(&campaign, text);
        let built = campaign.softbox(&["check"]);
        assert_eq!(built.code, 2, "{text}");
        built.problems().join("\n")
    };
    assert!(told("photo = \"photos/jor.jpg\"").contains("missing-file campaign.toml:"));
    assert!(told("photo = \"photos/jar.jpg\"\nmodel = \"isnet\"").contains("there is no network `models/isnet.onnx`"));
    assert!(told("box = [0.1, 0.1, 0.5, 0.5]").contains("no-photo campaign.toml:"));
    assert!(told("photo = \"photos/jar.jpg\"\nbox = [0.6, 0.1, 0.5, 0.5]").contains("bad-box campaign.toml:"));
    hint(&campaign, "photo = \"photos/jar.jpg\"");
    campaign.edit("campaign.toml", "[\"cutout\",", "[{ crop = { ratio = \"1:1\" } }, \"cutout\",");
    assert!(campaign.softbox(&["check"]).problems().join("").contains("cutout-after-crop campaign.toml:"));
}

#[test]
fn a_mask_of_another_shape_and_a_network_that_is_none_fail_that_photo_alone() {
    let campaign = shop();
    image::GrayImage::new(300, 20).save(campaign.at("mask.png")).unwrap();
    hint(&campaign, "photo = \"photos/jar.jpg\"\nmask = \"mask.png\"");
    let built = campaign.softbox(&["build"]);
    assert!(built.code == 1 && built.problems()[0].starts_with("wrong-mask mask.png"), "{:?}", built.problems());
    campaign.write("models/own.onnx", "no network");
    campaign.write("models/own.toml", "size = 64\n");
    hint(&campaign, "photo = \"photos/jar.jpg\"\nmodel = \"own\"");
    let built = campaign.softbox(&["build"]);
    assert!(
        built.code == 1 && built.problems()[0].starts_with("bad-network models/own.onnx"),
        "{:?}",
        built.problems()
    );
    campaign.write("models/own.toml", "size = \"large\"\n");
    let built = campaign.softbox(&["build"]);
    assert!(
        built.code == 1 && built.problems()[0].starts_with("bad-network models/own.toml"),
        "{:?}",
        built.problems()
    );
}

#[test]
fn the_contact_sheet_has_everything_inside() {
    let campaign = shop();
    let shown = campaign.softbox(&["cutout"]);
    let told: Vec<_> = shown.events("cutout").collect();
    assert_eq!((shown.code, told.len()), (0, 1), "{}", shown.said);
    assert_eq!(told[0]["photo"], "photos/jar.jpg");
    let cutout = image::open(campaign.at(told[0]["cutout"].as_str().unwrap())).unwrap().to_rgba8();
    assert_eq!(cutout.dimensions(), image::image_dimensions(MASK).unwrap());
    assert_eq!(cutout.get_pixel(0, 0).0[3], 0);
    let page = fs::read_to_string(campaign.at(told[0]["sheet"].as_str().unwrap())).unwrap();
    assert!(page.contains("photos/jar.jpg") && page.contains("data:image/png;base64,"));
    // The mask is there: a build makes none.
    assert_eq!(campaign.build().ran().get("cutout"), None);
    assert_eq!(campaign.softbox(&["cutout", "photos/jor.jpg"]).code, 2);
}
