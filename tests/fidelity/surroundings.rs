//! A product put back into surroundings that a model painted: its own pixels, byte for byte, and no copy looking out behind it.

use softbox::imaging::fidelity::{Fit, compare, surround};
use softbox::imaging::{Error, Picture};

use super::takes::{PLAIN, Sheet, Shot, cutout, texture};

/// One colour all over, far from the products'.
fn plain() -> Sheet {
    Sheet { width: 1, height: 1, pixels: vec![[0.35, 0.62, 0.80, 1.0]] }
}

fn pixel(picture: &Picture, x: usize, y: usize) -> [u8; 3] {
    let at = (y * picture.width() as usize + x) * 3;
    picture.pixels()[at..at + 3].try_into().unwrap()
}

/// How many pixels without any product differ from a colour by more than a few levels.
fn strangers(product: &Picture, picture: &Picture, colour: [u8; 3]) -> usize {
    let pairs = product.pixels().chunks_exact(4).zip(picture.pixels().chunks_exact(3));
    pairs.filter(|(own, seen)| own[3] == 0 && seen.iter().zip(colour).any(|(a, b)| a.abs_diff(b) > 12)).count()
}

#[test]
fn the_products_sure_pixels_are_the_photos_byte_for_byte() {
    let (brick, gravel) = (texture("brick"), texture("gravel"));
    let warm = Shot { light: [1.1, 0.95, 0.7], quality: Some(80), turn: 3.0, growth: 0.9, painted: 1.0, ..PLAIN };
    for (name, texture) in [("amber", &brick), ("carton", &gravel), ("jar", &brick)] {
        let product = cutout(name);
        let take = Shot { size: (640, 800), ..warm }.take(&Sheet::of(&product), texture);
        let fit = compare(&product, &take).unwrap().fit;
        let surrounded = surround(&product, &take, fit).unwrap().picture;
        assert_eq!((surrounded.width(), surrounded.height()), (product.width(), product.height()));
        assert_eq!(surrounded.channels(), 3);
        let mut sure = 0;
        for (own, seen) in product.pixels().chunks_exact(4).zip(surrounded.pixels().chunks_exact(3)) {
            if own[3] == 255 {
                sure += 1;
                assert_eq!(own[..3], *seen);
            }
        }
        assert!(sure > 50_000, "{name}: only {sure} pixels are sure");
    }
}

#[test]
fn the_surroundings_lie_where_the_take_shows_them() {
    let product = cutout("jar");
    let take = PLAIN.take(&Sheet::of(&product), &texture("brick"));
    let fit = compare(&product, &take).unwrap().fit;
    let surrounded = surround(&product, &take, fit).unwrap().picture;
    let off = |x: usize, y: usize| {
        pixel(&surrounded, x, y).iter().zip(pixel(&take, x, y)).map(|(a, b)| u32::from(a.abs_diff(b))).sum::<u32>()
    };
    let places = (0..40).flat_map(|at| [(20 + at * 21, 60 + at), (20 + at * 21, 1150 - at)]);
    let mean = places.map(|(x, y)| off(x, y)).sum::<u32>() / 80;
    assert!(mean < 8, "the surroundings differ by {mean} levels on average");
}

#[test]
fn a_copy_that_the_model_painted_larger_does_not_look_out_behind_the_product() {
    let product = cutout("carton");
    let larger = Shot { growth: 1.025, ..PLAIN }.take(&Sheet::of(&product), &plain());
    // The fit that a model's answer of the right size would have.
    let middle = compare(&product, &PLAIN.take(&Sheet::of(&product), &plain())).unwrap().fit;
    let surrounded = surround(&product, &larger, middle).unwrap();
    let sky = [89, 158, 204];
    let area = product.pixels().chunks_exact(4).filter(|pixel| pixel[3] > 127).count();
    let left = strangers(&product, &surrounded.picture, sky);
    assert!((left as f32) < surrounded.ghost * area as f32 / 10.0, "{left} pixels of the copy are left");
    assert!(surrounded.ghost > 0.02 && surrounded.ghost < 0.08, "{}", surrounded.ghost);
    let clean = surround(&product, &PLAIN.take(&Sheet::of(&product), &plain()), middle).unwrap();
    assert!(clean.ghost < 0.01, "{}", clean.ghost);
}

#[test]
fn what_a_take_leaves_out_is_mirrored() {
    let product = cutout("jar");
    let pixels = (0..1200u32).flat_map(|y| (0..900u32).flat_map(move |x| [(x / 4) as u8, (y / 5) as u8, 77]));
    let ramp = Picture::from_pixels(pixels.collect(), 900, 1200, 3).unwrap();
    // Twice the size around the middle: half of the source's frame lies outside of the take.
    let fit = Fit { scale: 2.0, turn: 0.0, from: [450.0, 600.0], to: [450.0, 600.0], certainty: 1.0 };
    let surrounded = surround(&product, &ramp, fit).unwrap().picture;
    for (x, y) in [(100, 60), (800, 60), (300, 1150), (5, 1190)] {
        let mirrored = |at: usize, side: i32| {
            let at = side / 2 + 2 * (at as i32 - side / 2);
            if at < 0 {
                -at
            } else if at > side {
                2 * side - at
            } else {
                at
            }
        };
        let expected = [(mirrored(x, 900) / 4) as u8, (mirrored(y, 1200) / 5) as u8, 77];
        let seen = pixel(&surrounded, x, y);
        assert!(seen.iter().zip(expected).all(|(a, b)| a.abs_diff(b) < 3), "{x}, {y}: {seen:?} and not {expected:?}");
    }
}

#[test]
fn any_number_of_threads_gives_the_same_picture_and_scores() {
    let product = cutout("amber");
    let take = Shot { turn: 2.0, painted: 1.0, ..PLAIN }.take(&Sheet::of(&product), &texture("gravel"));
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let comparison = compare(&product, &take).unwrap();
            let surrounded = surround(&product, &take, comparison.fit).unwrap();
            (comparison, surrounded)
        })
    };
    assert!(on(1) == on(2));
}

#[test]
fn a_picture_without_a_product_is_refused() {
    let take = Picture::from_pixels(vec![120; 300], 10, 10, 3).unwrap();
    let fit = Fit { scale: 1.0, turn: 0.0, from: [5.0; 2], to: [5.0; 2], certainty: 1.0 };
    for product in [take.clone(), Picture::from_pixels(vec![0; 400], 10, 10, 4).unwrap()] {
        assert_eq!(compare(&product, &take).unwrap_err(), Error::NoProduct);
        assert_eq!(surround(&product, &take, fit).unwrap_err(), Error::NoProduct);
    }
}
