//! Scenes of a drawn bottle: what stays exact, what stays inside, and which way shadows fall.

use fast_image_resize::FilterType;

use super::product::resize;
use super::*;
use crate::imaging::{Region, crop};

const WHITE: Backdrop = Backdrop::Colour([255; 3]);

/// A bottle seen from a little above, with a speckled surface, a soft outline and clear surroundings.
fn bottle(width: u32, height: u32) -> Picture {
    let (w, h) = (f64::from(width), f64::from(height));
    let inside = |x: f64, y: f64| {
        let (u, v) = (x / w - 0.5, y / h);
        let half = if v < 0.3 { 0.12 } else { 0.3 };
        let sag = 0.05 * (1.0 - (u / half) * (u / half)).max(0.0).sqrt();
        u.abs() < half && v > 0.1 && v < 0.85 + sag
    };
    let mut pixels = Vec::new();
    for y in 0..height {
        for x in 0..width {
            let hits = (0..16).filter(|n| {
                inside(f64::from(x) + (f64::from(n % 4) + 0.5) / 4.0, f64::from(y) + (f64::from(n / 4) + 0.5) / 4.0)
            });
            let alpha = hits.count() * 255 / 16;
            let speckle = (x.wrapping_mul(2_654_435_761) ^ y.wrapping_mul(40_503)) >> 20;
            // Red below, blue above.
            let (red, blue) = if f64::from(y) > 0.6 * h { (170, 30) } else { (30, 170) };
            pixels.extend([
                red + (speckle % 32) as u8,
                60 + (speckle % 23) as u8,
                blue + (speckle % 29) as u8,
                alpha as u8,
            ]);
        }
    }
    Picture::from_pixels(pixels, width, height, 4).unwrap()
}

fn product() -> Product {
    Product::new(&bottle(400, 600)).unwrap().unwrap()
}

fn of_height(height: f32) -> Product {
    let mut product = product();
    product.height = Some(height);
    product
}

fn named(name: &str, height: f32) -> Product {
    let mut product = of_height(height);
    product.name = name.to_owned();
    product
}

fn scene(setting: Setting) -> Scene {
    Scene { products: vec![product()], plate: None, setting }
}

fn pixel(picture: &Picture, x: u32, y: u32) -> [u8; 3] {
    let at = ((y * picture.width() + x) * u32::from(picture.channels())) as usize;
    picture.pixels()[at..at + 3].try_into().unwrap()
}

/// The mean green of a box, in fractions of the frame.
fn mean(picture: &Picture, left: f64, top: f64, width: f64, height: f64) -> f64 {
    let part = crop(picture, Region { left, top, width, height });
    let greens: Vec<f64> = part.pixels().chunks_exact(usize::from(part.channels())).map(|p| f64::from(p[1])).collect();
    greens.iter().sum::<f64>() / greens.len() as f64
}

#[test]
fn sure_pixels_are_those_of_the_resampled_cutout_on_every_backdrop() {
    let light = Some(Light::default());
    let settings = [
        Setting { backdrop: WHITE, ..Setting::default() },
        Setting { backdrop: Backdrop::Sweep([90, 120, 140]), light, gloss: 0.5, wrap: 1.0, ..Setting::default() },
        Setting { light, ..Setting::default() },
    ];
    let layout = place::place(&scene(settings[0].clone()), 500, 600).places[0];
    let trimmed = product();
    let sharp = resize(trimmed.trimmed(), layout.width, layout.height, FilterType::Lanczos3).unwrap();
    let soft = resize(trimmed.trimmed(), layout.width, layout.height, FilterType::Bilinear).unwrap();
    let mut hasher = blake3::Hasher::new();
    let mut sure = 0;
    for (sharp, soft) in sharp.chunks_exact(4).zip(soft.chunks_exact(4)) {
        if soft[3] == 255 {
            hasher.update(&sharp[..3]);
            sure += 1;
        }
    }
    for setting in settings {
        let painted = paint(&scene(setting), 500, 600).unwrap();
        let report = &painted.products[0];
        assert_eq!((report.pixels, report.digest), (sure, *hasher.finalize().as_bytes()));
        assert!(!report.exact && report.pixels > 20_000, "{report:?}");
    }
}

#[test]
fn at_one_to_one_the_products_bytes_are_the_photos() {
    let photo = bottle(400, 600);
    let setting = Setting { backdrop: Backdrop::Sweep([200; 3]), exact: true, ..Setting::default() };
    let painted = paint(&scene(setting), 900, 1000).unwrap();
    let report = &painted.products[0];
    assert!(report.exact && report.scale == 1.0, "{report:?}");
    let sure: Vec<u8> =
        photo.pixels().chunks_exact(4).filter(|p| p[3] == 255).flat_map(|p| [p[0], p[1], p[2]]).collect();
    assert_eq!(report.pixels, sure.len() as u64 / 3);
    assert_eq!(report.digest, *blake3::hash(&sure).as_bytes());
}

#[test]
fn what_does_not_fit_at_one_to_one_is_shrunk_and_said_not_to_be_exact() {
    let setting = Setting { backdrop: WHITE, exact: true, ..Setting::default() };
    let report = paint(&scene(setting), 300, 300).unwrap().products.remove(0);
    assert!(!report.exact && report.scale < 1.0, "{report:?}");
}

#[test]
fn a_graded_product_is_not_called_exact() {
    let setting =
        Setting { backdrop: Backdrop::Colour([255, 180, 120]), exact: true, matching: 1.0, ..Setting::default() };
    let report = paint(&scene(setting), 900, 1000).unwrap().products.remove(0);
    assert!(report.scale == 1.0 && !report.exact);
}

#[test]
fn pure_white_is_255_everywhere_but_on_the_product_which_fills_85_percent() {
    let setting = Setting { backdrop: WHITE, fill: 0.88, ..Setting::default() };
    for (width, height) in [(2000, 2000), (1080, 1350), (1200, 628)] {
        let painted = paint(&scene(setting.clone()), width, height).unwrap();
        let rows = painted.picture.pixels().chunks_exact(width as usize * 3);
        let shown: Vec<bool> = rows.map(|row| row.iter().any(|value| *value != 255)).collect();
        let tall = shown.iter().filter(|shown| **shown).count() as f64 / f64::from(height);
        assert!((0.85..0.93).contains(&tall), "{tall} of {width}×{height}");
        for (x, y) in [(0, 0), (width - 1, 0), (0, height - 1), (width - 1, height - 1), (width / 20, height / 2)] {
            assert_eq!(pixel(&painted.picture, x, y), [255; 3]);
        }
    }
}

#[test]
fn products_stay_inside_the_margins_of_every_shape() {
    for products in [vec![product()], vec![product(); 3], vec![of_height(30.0), of_height(10.0)]] {
        for (width, height) in [(1080, 1350), (1080, 1920), (1200, 628), (1000, 1000), (1600, 400), (40, 900)] {
            for (anchor, gap) in [([0.5, 0.5], 0.1), ([0.0, 1.0], -0.3), ([1.0, 0.0], 0.5)] {
                for floor in [None, Some(0.2), Some(0.8), Some(1.0)] {
                    let setting = Setting { backdrop: WHITE, fill: 1.0, anchor, gap, floor, ..Setting::default() };
                    let scene = Scene { products: products.clone(), plate: None, setting };
                    let picture = paint(&scene, width, height).unwrap().picture;
                    // A soft outline may reach over, by the pixel that rounding takes and its own.
                    let margin = f64::from(width.min(height)) * 0.04 - 3.0;
                    let (across, down) = (margin / f64::from(width), margin / f64::from(height));
                    let edges = [
                        mean(&picture, 0.0, 0.0, across, 1.0),
                        mean(&picture, 1.0 - across, 0.0, across, 1.0),
                        mean(&picture, 0.0, 0.0, 1.0, down),
                        mean(&picture, 0.0, 1.0 - down, 1.0, down),
                    ];
                    assert!(margin < 1.0 || edges == [255.0; 4], "{width}×{height} {anchor:?} {floor:?}: {edges:?}");
                }
            }
        }
    }
}

#[test]
fn heights_that_are_known_set_the_scale() {
    let products = vec![of_height(30.0), of_height(10.0)];
    let setting = Setting { backdrop: WHITE, ..Setting::default() };
    let reports = paint(&Scene { products, plate: None, setting }, 1000, 1000).unwrap().products;
    assert!((reports[0].scale / reports[1].scale - 3.0).abs() < 0.01);
}

#[test]
fn overlapping_products_stand_behind_one_another_and_each_sure_pixel_has_one_owner() {
    let products = vec![named("tall", 30.0), named("middle", 20.0), named("small", 10.0)];
    let setting = Setting { backdrop: WHITE, gap: -0.4, light: Some(Light::default()), ..Setting::default() };
    let scene = Scene { products, plate: None, setting };
    let layout = place::place(&scene, 900, 700);
    assert_eq!(layout.order, [0, 1, 2]);
    let bottoms: Vec<i64> = layout.places.iter().map(|place| place.top + i64::from(place.height)).collect();
    assert!(bottoms[0] < bottoms[1] && bottoms[1] < bottoms[2], "{bottoms:?}");
    let painted = paint(&scene, 900, 700).unwrap();
    let alone = |index: usize| {
        let place = layout.places[index];
        let pixels = scene.products[index].resample(place.width, place.height).unwrap();
        pixels.chunks_exact(4).filter(|pixel| pixel[3] == 255).count() as u64
    };
    let hidden: Vec<u64> = (0..3).map(|index| alone(index) - painted.products[index].pixels).collect();
    assert!(hidden[0] > 100 && hidden[1] > 100 && hidden[2] == 0, "{hidden:?}");
    assert!(painted.products[1].to_string().starts_with("middle: "), "{}", painted.products[1]);
}

#[test]
fn one_pixel_for_one_says_nothing_to_several() {
    let setting = Setting { backdrop: WHITE, exact: true, ..Setting::default() };
    let scene = Scene { products: vec![product(); 2], plate: None, setting };
    let reports = paint(&scene, 3000, 2000).unwrap().products;
    assert!(reports.iter().all(|report| !report.exact && report.scale > 1.2), "{reports:?}");
}

#[test]
fn a_floor_line_is_where_the_base_stands_and_dust_below_is_no_base() {
    let mut photo = bottle(400, 600).into_pixels();
    photo[(590 * 400 + 20) * 4..][..4].copy_from_slice(&[0, 0, 0, 255]);
    let product = Product::new(&Picture::from_pixels(photo, 400, 600, 4).unwrap()).unwrap().unwrap();
    let setting = Setting { backdrop: WHITE, floor: Some(0.7), fill: 0.5, ..Setting::default() };
    let picture = paint(&Scene { products: vec![product], plate: None, setting }, 1000, 1000).unwrap().picture;
    assert_ne!(pixel(&picture, 500, 694), [255; 3]);
    assert_eq!(pixel(&picture, 500, 706), [255; 3]);
}

#[test]
fn shadows_fall_away_from_the_lamp() {
    let lit = |azimuth| {
        let light = Some(Light { azimuth, height: 40.0, softness: 0.2, ..Light::default() });
        let setting = Setting { backdrop: WHITE, fill: 0.5, light, ..Setting::default() };
        paint(&scene(setting), 800, 800).unwrap().picture
    };
    let (left, right) = ([0.2, 0.6, 0.1, 0.15], [0.7, 0.6, 0.1, 0.15]);
    let dark = |picture: &Picture, [x, y, w, h]: [f64; 4]| 255.0 - mean(picture, x, y, w, h);
    let (from_left, from_right) = (lit(90.0), lit(270.0));
    assert!(dark(&from_left, right) > 10.0 + dark(&from_left, left));
    assert!(dark(&from_right, left) > 10.0 + dark(&from_right, right));
    let (front, behind) = ([0.45, 0.78, 0.1, 0.05], lit(180.0));
    assert!(dark(&behind, front) > 10.0 + dark(&lit(0.0), front));
}

#[test]
fn a_shadow_is_darkest_at_the_base_and_softens_with_distance() {
    let light = Some(Light { azimuth: 90.0, height: 35.0, softness: 0.6, ..Light::default() });
    let setting = Setting { backdrop: WHITE, fill: 0.4, light, ..Setting::default() };
    let picture = paint(&scene(setting), 1000, 1000).unwrap().picture;
    let column = |x: f64| -> Vec<f64> {
        (0..200).map(|y| mean(&picture, x, 0.55 + f64::from(y) * 0.001, 0.01, 0.001)).collect()
    };
    let steepest = |values: &[f64]| values.windows(8).map(|w| (w[7] - w[0]).abs()).fold(0.0, f64::max);
    let darkest = |values: &[f64]| values.iter().copied().fold(255.0, f64::min);
    let (near, far) = (column(0.64), column(0.78));
    assert!(darkest(&near) + 10.0 < darkest(&far), "{} {}", darkest(&near), darkest(&far));
    assert!(steepest(&near) > 1.5 * steepest(&far), "{} {}", steepest(&near), steepest(&far));
}

#[test]
fn a_sweep_shows_no_bands() {
    let setting =
        Setting { backdrop: Backdrop::Sweep([200, 205, 210]), fill: 0.3, grain: Some(0.0), ..Setting::default() };
    let picture = paint(&scene(setting), 800, 1200).unwrap().picture;
    let column: Vec<u8> = (0..1200).map(|y| pixel(&picture, 40, y)[1]).collect();
    let longest = column.chunk_by(|a, b| a == b).map(<[u8]>::len).max().unwrap();
    assert!(longest < 25, "{longest} equal pixels in a column");
    assert!(column.iter().max().unwrap() - column.iter().min().unwrap() > 8, "nothing changes");
}

#[test]
fn a_glossy_floor_mirrors_the_foot_below_the_foot() {
    let painted = |gloss| {
        let setting = Setting { backdrop: WHITE, fill: 0.6, gloss, ..Setting::default() };
        paint(&scene(setting), 600, 600).unwrap()
    };
    let (dull, glossy) = (painted(0.0), painted(0.6));
    let [left, top, width, height] = glossy.products[0].region;
    let solid = |y: &u32| pixel(&dull.picture, left + width / 2, *y) != [255; 3];
    let foot = (top..top + height).rev().find(solid).unwrap();
    let [red, _, blue] = pixel(&glossy.picture, left + width / 2, foot + 8);
    assert!(i32::from(red) > i32::from(blue) + 20, "{red} {blue}");
    assert_eq!(pixel(&dull.picture, left + width / 2, foot + 8), [255; 3]);
    assert_eq!(glossy.products[0].digest, dull.products[0].digest);
}

#[test]
fn a_plate_keeps_its_pixels_and_lends_its_floor_line() {
    let rows = (0..800u32).flat_map(|y| (0..1000u32).flat_map(move |x| [(x / 4) as u8, (y / 4) as u8, 77]));
    let plate = Picture::from_pixels(rows.collect(), 1000, 800, 3).unwrap();
    let setting =
        Setting { backdrop: Backdrop::Plate { focus: [0.5; 2] }, floor: Some(0.75), fill: 0.4, ..Setting::default() };
    let scene = Scene { plate: Some(plate.clone()), ..scene(setting) };
    let picture = paint(&scene, 1000, 800).unwrap().picture;
    let outside = Region { left: 0.0, top: 0.0, width: 0.2, height: 1.0 };
    assert_eq!(crop(&picture, outside).pixels(), crop(&plate, outside).pixels());
    assert_ne!(pixel(&picture, 500, 594), pixel(&plate, 500, 594));
    assert_eq!(pixel(&picture, 500, 606), pixel(&plate, 500, 606));
}

#[test]
fn a_transparent_backdrop_leaves_the_product_and_its_shadow() {
    let setting = Setting { light: Some(Light::default()), fill: 0.5, ..Setting::default() };
    let picture = paint(&scene(setting), 400, 400).unwrap().picture;
    assert_eq!(picture.channels(), 4);
    let alphas: Vec<u8> = picture.pixels().chunks_exact(4).map(|p| p[3]).collect();
    assert_eq!(alphas[0], 0);
    assert!(alphas.contains(&255));
    let shadow = picture.pixels().chunks_exact(4).filter(|p| p[3] > 20 && p[..3] == [0; 3]).count();
    assert!(shadow > 500, "{shadow} pixels of shadow");
}

#[test]
fn any_number_of_threads_gives_the_same_bytes() {
    let setting = Setting {
        backdrop: Backdrop::Sweep([180, 190, 170]),
        fill: 0.6,
        gloss: 0.3,
        light: Some(Light::default()),
        ..Setting::default()
    };
    let scene = Scene { products: vec![product(); 2], plate: None, setting };
    let on = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| paint(&scene, 321, 433).unwrap())
    };
    assert!(on(1) == on(2) && on(2) == on(5));
}

#[test]
fn odd_frames_are_painted_or_refused() {
    let light = Some(Light::default());
    for backdrop in
        [WHITE, Backdrop::Transparent, Backdrop::Sweep([200; 3]), Backdrop::Radial { centre: [9; 3], edge: [1; 3] }]
    {
        for (width, height) in [(1, 1), (1, 300), (300, 1), (2, 3)] {
            let scene = scene(Setting { backdrop, light, gloss: 1.0, ..Setting::default() });
            assert_eq!(paint(&scene, width, height).unwrap().picture.width(), width);
        }
        assert!(paint(&scene(Setting { backdrop, ..Setting::default() }), 0, 5).is_err());
    }
}

#[test]
fn what_has_no_alpha_or_nothing_in_it_is_no_product() {
    let opaque = Picture::from_pixels(vec![9; 300], 10, 10, 3).unwrap();
    let empty = Picture::from_pixels(vec![0; 400], 10, 10, 4).unwrap();
    assert!(Product::new(&opaque).unwrap().is_none() && Product::new(&empty).unwrap().is_none());
}

#[test]
fn a_scene_travels_as_bytes_and_nothing_less_is_one() {
    let plate = Picture::from_pixels(vec![90; 300], 10, 10, 3).unwrap();
    let setting = Setting { backdrop: Backdrop::Plate { focus: [0.2, 0.8] }, ..Setting::default() };
    let small = Product::new(&bottle(20, 30)).unwrap().unwrap();
    let scene = Scene { products: vec![small, named("bottle", 3.0)], plate: Some(plate), setting };
    let bytes = scene.clone().into_bytes();
    assert!(Scene::is_in(&bytes) && !Scene::is_in(&bottle(20, 30).into_bytes()));
    assert!(Scene::from_bytes(&bytes).unwrap() == scene);
    for length in (0..bytes.len()).step_by(997).chain(bytes.len() - 200..bytes.len()) {
        assert!(Scene::from_bytes(&bytes[..length]).is_err(), "cut to {length}");
        assert!(Scene::from_bytes(&bytes[bytes.len() - length..]).is_err(), "the last {length}");
    }
}
