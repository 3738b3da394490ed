//! The score tells honest takes from dishonest ones, so that a minimum of 0.9 is a useful rule; so do the words, as far as they go.

use softbox::imaging::Picture;
use softbox::imaging::fidelity::{Comparison, Misprint, compare, heatmap};

use super::kinds::{AMBER, CARTON, JAR, Label, dishonest, honest};
use super::takes::{PLAIN, Sheet, Shot, cutout, texture};
use super::words;

/// Honest takes stay above the rule, and dishonest ones below it, by at least this much.
const MARGIN: f32 = 0.04;

const PRODUCTS: [(&str, &str, Label); 3] =
    [("amber", "carton", AMBER), ("carton", "jar", CARTON), ("jar", "amber", JAR)];

/// Dishonest kinds that leave the words as they are, or nearly so, or spoil print that is seven pixels high: other measures tell them.
const READS_ON: [&str; 8] = [
    "blurred",
    "everything recoloured",
    "label recoloured",
    "line shifted",
    "name shifted",
    "squashed",
    "amber, dishonest: small print garbled",
    "amber, dishonest: small print erased",
];

/// A product's scores of every kind, with its name and what is honest, and the words that changed.
fn scores(at: usize) -> Vec<(String, Comparison, Vec<Misprint>)> {
    let (name, other, label) = &PRODUCTS[at];
    let (own, other) = (cutout(name), Sheet::of(&cutout(other)));
    let (sheet, textures) = (Sheet::of(&own), [texture("brick"), texture("gravel")]);
    let mut takes: Vec<(String, Picture)> = Vec::new();
    for (at, (kind, shot)) in honest().into_iter().enumerate() {
        takes.push((format!("{name}, honest: {kind}"), shot.take(&sheet, &textures[at % 2])));
    }
    for (kind, altered) in dishonest(&sheet, &other, label) {
        takes.push((format!("{name}, dishonest: {kind}"), PLAIN.take(&altered, &textures[0])));
    }
    let label = words::label(&own);
    let scored = |(kind, take): (String, Picture)| {
        let comparison = compare(&own, &take).unwrap();
        let words = words::words_at(&own, &label, &take, comparison.fit);
        (kind, comparison, words.changed)
    };
    takes.into_iter().map(scored).collect()
}

fn check(at: usize) {
    let mut wrong = Vec::new();
    for (kind, comparison, misprints) in scores(at) {
        let reads_on = READS_ON.iter().any(|own| kind.ends_with(own));
        let is_right = match kind.contains("dishonest") {
            true => {
                let is_low = comparison.score < 0.9 - MARGIN && !comparison.worst.is_empty();
                is_low && (reads_on || !misprints.is_empty())
            }
            false => comparison.score > 0.9 + MARGIN && misprints.is_empty(),
        };
        let line = format!(
            "{kind}: {:.3} (structure {:.3}, colour {:.3}, detail {:.3}, found {:.2}) {misprints:?}",
            comparison.score, comparison.structure, comparison.colour, comparison.detail, comparison.fit.certainty
        );
        println!("{line}");
        if !is_right {
            wrong.push(line);
        }
    }
    assert!(wrong.is_empty(), "on the wrong side:\n{}", wrong.join("\n"));
}

#[test]
fn an_amber_bottle_is_told_from_what_models_make_of_it() {
    check(0);
}

#[test]
fn a_carton_is_told_from_what_models_make_of_it() {
    check(1);
}

#[test]
fn a_dark_jar_is_told_from_what_models_make_of_it() {
    check(2);
}

#[test]
fn the_place_of_an_altered_letter_is_pointed_out_and_marked() {
    let own = cutout("amber");
    let sheet = Sheet::of(&own);
    let [left, top, right, bottom] = AMBER.line;
    let take = PLAIN.take(&sheet.garbled(AMBER.line), &texture("brick"));
    let comparison = compare(&own, &take).unwrap();
    let region = comparison.worst[0].region;
    assert!(region.left > f64::from(left) - 0.03 && region.left + region.width < f64::from(right) + 0.03, "{region:?}");
    assert!(region.top > f64::from(top) - 0.03 && region.top + region.height < f64::from(bottom) + 0.03, "{region:?}");
    let map = heatmap(&own, &take, comparison.fit).unwrap();
    assert_eq!((map.width(), map.height()), (900, 1200));
    let red = |pixel: &[u8]| i32::from(pixel[0]) > i32::from(pixel[2]) + 90;
    let inside = |at: usize| {
        let (x, y) = ((at % 900) as f64 / 900.0, (at / 900) as f64 / 1200.0);
        (region.left - 0.01..region.left + region.width + 0.01).contains(&x)
            && (region.top - 0.01..region.top + region.height + 0.01).contains(&y)
    };
    let marked: Vec<usize> =
        map.pixels().chunks_exact(3).enumerate().filter(|(_, p)| red(p)).map(|(at, _)| at).collect();
    assert!(marked.len() > 1500, "{} pixels are marked", marked.len());
    assert!(marked.iter().all(|at| inside(*at)), "marks lie elsewhere, too");
}

#[test]
fn a_product_that_the_frame_cuts_off_is_not_whole() {
    let own = cutout("carton");
    let cut = Shot { shift: [0.42, 0.0], ..PLAIN }.take(&Sheet::of(&own), &texture("gravel"));
    let comparison = compare(&own, &cut).unwrap();
    assert!(comparison.score < 0.5, "{comparison:?}");
}

#[test]
fn odd_takes_are_scored_and_not_found() {
    let own = cutout("jar");
    for (width, height) in [(1, 1), (1, 700), (700, 1), (17, 9), (40, 1200)] {
        let grey = Picture::from_pixels(vec![128; width * height * 3], width as u32, height as u32, 3).unwrap();
        let comparison = compare(&own, &grey).unwrap();
        assert!(comparison.score < 0.3, "{width}×{height}: {comparison:?}");
        assert!(heatmap(&own, &grey, comparison.fit).is_ok());
    }
}

/// A bar of soap: nothing on it but a little shading.
fn soap() -> Sheet {
    let mut pixels = Vec::new();
    for (y, x) in (0..800).flat_map(|y| (0..600).map(move |x| (y, x))) {
        let (u, v) = ((x as f32 - 280.0) / 170.0, (y as f32 - 430.0) / 120.0);
        let light = 0.9 - 0.05 * (u + v);
        let alpha = ((1.0 - u * u * u * u - v * v * v * v) * 40.0).clamp(0.0, 1.0);
        pixels.push([light, 0.99 * light, 0.95 * light, alpha]);
    }
    Sheet { width: 600, height: 800, pixels }
}

#[test]
fn a_product_without_print_is_known_by_its_outline() {
    let soap = soap();
    let moved = Shot { shift: [0.1, 0.08], growth: 0.8, turn: 3.0, size: (768, 1024), quality: Some(80), ..PLAIN };
    let comparison = compare(&soap.picture(4), &moved.take(&soap, &texture("brick"))).unwrap();
    let fit = comparison.fit;
    assert!(comparison.score > 0.9 + MARGIN, "{comparison:?}");
    assert!((fit.scale - 0.8 * 1.28).abs() < 0.01 && (fit.turn - 3.0).abs() < 0.5, "{fit:?}");
    let gone = Sheet { width: 1, height: 1, pixels: vec![[0.0; 4]] };
    let without = compare(&soap.picture(4), &moved.take(&gone, &texture("brick"))).unwrap();
    assert!(without.score < 0.5, "{without:?}");
}
