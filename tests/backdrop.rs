//! Cutouts on backdrops: from a PNG with alpha to finished assets, whole in every shape.

mod common;

use common::Campaign;

const SETS: &str = r##"
[brand]
colors = { sand = "#f0dcb4" }

[look.white]
steps = [{ backdrop = "white" }]

[look.clear]
steps = [{ backdrop = "none" }]

[look.sand]
steps = [{ backdrop = { sweep = "sand", light = { from = "left" } } }]

[look.plate]
steps = [{ backdrop = { plate = "plates/table.png", floor = 0.8 } }]

[photo.hero]
source = "photos/*.png"
look = "white"

[post.alone]
products = "none"
photo = "hero"
formats = ["own.tall", "own.banner"]
output = "{post}.{format}.png"

[format."own.tall"]
width = 180
height = 320

[format."own.banner"]
width = 400
height = 100
"##;

/// A red box with clear surroundings, off-centre, standing high in a large picture.
fn cutout() -> image::RgbaImage {
    image::RgbaImage::from_fn(300, 400, |x, y| {
        let inside = (20..100).contains(&x) && (30..150).contains(&y);
        if inside { image::Rgba([180, (x % 16) as u8, (y % 16) as u8, 255]) } else { image::Rgba([0; 4]) }
    })
}

fn shop() -> Campaign {
    let shop = Campaign::new().file("campaign.toml", SETS).photo("plates/table.png", 3);
    std::fs::create_dir_all(shop.at("photos")).unwrap();
    cutout().save(shop.at("photos/box.png")).unwrap();
    shop
}

fn asset(shop: &Campaign, name: &str) -> image::RgbaImage {
    image::load_from_memory(&shop.dist()[name]).unwrap().to_rgba8()
}

/// Left, top, right, bottom of what is red.
fn red(picture: &image::RgbaImage) -> [u32; 4] {
    let red = picture.enumerate_pixels().filter(|(_, _, p)| p[0] > 150 && p[1] < 60 && p[2] < 60 && p[3] == 255);
    red.fold([u32::MAX, u32::MAX, 0, 0], |b, (x, y, _)| [b[0].min(x), b[1].min(y), b[2].max(x + 1), b[3].max(y + 1)])
}

#[test]
fn a_cutout_on_white_is_whole_and_large_in_every_shape_and_pure_white_around() {
    let shop = shop();
    shop.build();
    for (name, width, height) in [("alone.own.tall.png", 180, 320), ("alone.own.banner.png", 400, 100)] {
        let picture = asset(&shop, name);
        assert_eq!(picture.dimensions(), (width, height));
        let [left, top, right, bottom] = red(&picture);
        let (across, down) = (f64::from(right - left) / f64::from(width), f64::from(bottom - top) / f64::from(height));
        assert!((0.85..0.92).contains(&across.max(down)), "{name}: {across} {down}");
        let ratio = f64::from(right - left) / f64::from(bottom - top);
        assert!((ratio - 80.0 / 120.0).abs() < 0.03, "{name} is distorted: {ratio}");
        assert!(left.abs_diff(width - right) <= 2 && top.abs_diff(height - bottom) <= 2, "{name} is not centred");
        for (x, y) in [(0, 0), (width - 1, 0), (0, height - 1), (width - 1, height - 1)] {
            assert_eq!(picture.get_pixel(x, y).0, [255; 4]);
        }
    }
}

#[test]
fn no_backdrop_is_a_transparent_png() {
    let shop = shop();
    shop.edit("campaign.toml", "look = \"white\"", "look = \"clear\"");
    shop.build();
    let picture = asset(&shop, "alone.own.tall.png");
    assert_eq!(picture.get_pixel(0, 0)[3], 0);
    assert!(red(&picture)[2] > 0);
}

#[test]
fn a_sweep_takes_a_colour_of_the_brand_and_the_light_a_side() {
    let shop = shop();
    shop.edit("campaign.toml", "look = \"white\"", "look = \"sand\"");
    shop.build();
    let picture = asset(&shop, "alone.own.tall.png");
    let [left, _, right, bottom] = red(&picture);
    let at = |x: u32| u32::from(picture.get_pixel(x, bottom - 8)[1]);
    assert!(at(right + 8) + 10 < at(left - 8), "the shadow is not on the right: {} {}", at(left - 8), at(right + 8));
    let [r, _, b, _] = picture.get_pixel(20, 300).0;
    assert!(r > b + 20, "this is no sand: {r} {b}");
}

#[test]
fn a_template_shows_the_scene_whole_in_a_box_of_any_shape() {
    let shop = shop();
    shop.edit("campaign.toml", "photo = \"hero\"", "photo = \"hero\"\ntemplate = \"templates/full.html\"");
    shop.write(
        "templates/full.html",
        "<style>body { margin: 0 } img { width: 100%; height: 100%; object-fit: cover }</style><img src=\"{{photo}}\">",
    );
    shop.build();
    for (name, height) in [("alone.own.tall.png", 320), ("alone.own.banner.png", 100)] {
        let [left, top, right, bottom] = red(&asset(&shop, name));
        assert!(left > 0 && top > 0 && bottom < height, "{name} is cropped");
        let ratio = f64::from(right - left) / f64::from(bottom - top);
        assert!((ratio - 80.0 / 120.0).abs() < 0.03, "{name} is distorted: {ratio}");
    }
}

#[test]
fn another_plate_makes_its_assets_again_and_only_those() {
    let shop = shop();
    shop.edit("campaign.toml", "look = \"white\"", "look = \"plate\"");
    shop.build();
    let [_, _, _, bottom] = red(&asset(&shop, "alone.own.tall.png"));
    assert!(bottom.abs_diff(256) <= 1, "it stands at {bottom}, not on the line at 0.8 of 320");
    shop.shoot("plates/table.png", 9);
    assert_eq!(shop.build().wrote().len(), 2);
    shop.shoot("plates/other.png", 9);
    assert_eq!(shop.build().wrote().len(), 0);
}

#[test]
fn a_photo_with_its_background_cannot_be_set_and_the_old_asset_stays() {
    let shop = shop();
    shop.build();
    let before = shop.dist();
    shop.shoot("photos/box.png", 5);
    let built = shop.softbox(&["build"]);
    assert_eq!(built.code, 1);
    assert_eq!(
        built.problems()[0],
        "no-cutout photos/box.png:null: `photos/box.png` has no transparency, so there is no product to set on a backdrop"
    );
    assert_eq!(shop.dist(), before);
}

#[test]
fn the_file_says_what_became_of_the_products_pixels() {
    let shop = shop();
    shop.edit("campaign.toml", "backdrop = \"white\"", "backdrop = { color = \"white\", exact = true }");
    shop.build();
    let file = &shop.dist()["alone.own.tall.png"];
    let text = String::from_utf8_lossy(file);
    // The box's own pixels, row by row, as they were drawn.
    let sure: Vec<u8> = cutout().pixels().filter(|p| p[3] == 255).flat_map(|p| [p[0], p[1], p[2]]).collect();
    let proof = format!("9600 sure pixels as photographed, scale 1.0000, BLAKE3 {}", blake3::hash(&sure));
    assert!(text.contains(&proof), "{proof}");
    let explained = String::from_utf8(shop.human(&["explain", "alone.own.tall.png"]).stdout).unwrap();
    assert!(explained.lines().nth(1).unwrap().ends_with(&proof), "{explained}");
}

#[test]
fn a_card_says_what_became_of_the_products_pixels_in_its_picture() {
    let shop = shop();
    shop.edit("campaign.toml", "backdrop = \"white\"", "backdrop = { color = \"white\", exact = true }");
    shop.edit("campaign.toml", "photo = \"hero\"", "photo = \"hero\"\ntemplate = \"card.html\"");
    let shop = shop.file("card.html", "<img src=\"{{photo}}\" style=\"width: 150px; height: 90px\"><img src=\"{{photo}}\" style=\"width: 150px; height: 90px\">");
    shop.build();
    let explained = shop.softbox(&["explain", "alone.own.tall.png"]);
    let products = explained.events("explained").next().unwrap()["products"].as_array().unwrap().clone();
    // Shown twice, told once.
    assert_eq!(products.len(), 1, "{products:?}");
    let told = products[0].as_str().unwrap();
    assert!(
        told.contains(" sure pixels resampled, scale ") && told.ends_with(", in the page's picture of 150×90"),
        "{told}"
    );
}
