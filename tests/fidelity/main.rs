//! A score of 0.9 tells honest takes from those that strayed: what a model may do to a product (place it, turn it, light it, paint it
//! anew) and what it must not (blur, mirror, recolour, shift, redraw, squash, replace).

mod kinds;
mod takes;

use kinds::{AMBER, CARTON, JAR, Label, dishonest, honest};
use softbox::imaging::fidelity::{compare, measure};
use softbox::imaging::{Limits, Picture, decode};
use takes::{PLAIN, Sheet};

fn load(path: &str) -> Picture {
    let path = format!("{}/{path}", env!("CARGO_MANIFEST_DIR"));
    decode(&std::fs::read(path).unwrap(), 0, &Limits::default()).unwrap()
}

fn check(name: &str, other: &str, label: &Label) {
    let product = load(&format!("tests/fixtures/fidelity/{name}.webp"));
    let other = Sheet::of(&load(&format!("tests/fixtures/fidelity/{other}.webp")));
    let (sheet, texture) = (Sheet::of(&product), Sheet::of(&load("benches/cutout/gravel.jpg")));
    for (kind, shot) in honest() {
        let score = compare(&product, &shot.take(&sheet, &texture)).unwrap().score;
        assert!(score >= 0.92, "{name}, {kind}: {score}");
    }
    for (kind, strayed) in dishonest(&sheet, &other, label) {
        let score = compare(&product, &PLAIN.take(&strayed, &texture)).unwrap().score;
        assert!(score < 0.88, "{name}, {kind}: {score}");
    }
}

#[test]
fn a_glass_bottle_with_a_light_label() {
    check("amber", "carton", &AMBER);
}

#[test]
fn a_carton_with_dark_print() {
    check("carton", "jar", &CARTON);
}

#[test]
fn a_dark_jar_with_light_print() {
    check("jar", "amber", &JAR);
}

#[test]
fn the_heatmap_is_hot_where_the_product_strayed_and_grey_elsewhere_at_any_number_of_threads() {
    let product = load("tests/fixtures/fidelity/jar.webp");
    let sheet = Sheet::of(&product);
    let take = PLAIN.take(&sheet.garbled(JAR.name), &Sheet::of(&load("benches/cutout/brick.jpg")));
    let (comparison, heat) = measure(&product, &take).unwrap();
    let (width, height) = (heat.width() as usize, heat.height() as usize);
    let [left, top, right, bottom] = JAR.name;
    let (mut inside, mut outside) = (0, 0);
    for (at, pixel) in heat.pixels().chunks_exact(3).enumerate() {
        if pixel[0].abs_diff(pixel[2]) > 60 {
            let (x, y) = ((at % width) as f32 / width as f32, (at / width) as f32 / height as f32);
            let near = 0.03;
            let is_in = x > left - near && x < right + near && y > top - near && y < bottom + near;
            if is_in { inside += 1 } else { outside += 1 }
        }
    }
    assert!(inside > 500 && outside * 20 < inside, "{inside} in the name, {outside} elsewhere");
    let alone = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    assert_eq!(alone.install(|| measure(&product, &take)).unwrap(), (comparison, heat));
}
