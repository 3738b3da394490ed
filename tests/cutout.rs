//! Products isolated from pictures with known masks; the whole scoring set is `cargo bench --bench cutout`.

use softbox::imaging::cutout::{Cut, Fault, Hints, Layout, Mask, Model, lift, segment};
use softbox::imaging::{self, Limits, Picture, Region, Unusable, decode};

const MODEL: &[u8] = include_bytes!("../src/imaging/cutout/u2netp.onnx");

const TUBE: [f32; 4] = [0.451, 0.311, 0.097, 0.334];
const RING: [f32; 4] = [0.185, 0.26, 0.666, 0.502];
const PUMP: [f32; 4] = [0.324, 0.241, 0.352, 0.48];
/// The one behind, of the two.
const BOTTLE: [f32; 4] = [0.705, 0.255, 0.215, 0.292];

fn fixture(name: &str) -> Picture {
    let path = format!("{}/tests/fixtures/cutout/{name}", env!("CARGO_MANIFEST_DIR"));
    decode(&std::fs::read(path).unwrap(), 0, &Limits::default()).unwrap()
}

/// What of the product and its mask agrees: intersection over union.
fn agreement(mask: &Mask, truth: &Picture) -> f32 {
    let truth = truth.pixels().chunks_exact(3).map(|pixel| pixel[0] > 127);
    let (mut both, mut either) = (0_u32, 0_u32);
    for (value, truth) in mask.pixels.iter().zip(truth) {
        both += u32::from(*value > 127 && truth);
        either += u32::from(*value > 127 || truth);
    }
    both as f32 / either as f32
}

fn cut(name: &str, hints: &Hints) -> (Cut, f32) {
    let photo = fixture(&format!("{name}.jpg"));
    let cut = segment(&photo, hints, Model::built_in().unwrap()).unwrap();
    let agreement = agreement(&cut.mask, &fixture(&format!("{name}.png")));
    (cut, agreement)
}

fn boxed(area: [f32; 4]) -> Hints {
    Hints { area: Some(area), ..Hints::default() }
}

#[test]
fn a_product_that_stands_out_needs_no_hints() {
    let (cut, agreement) = cut("jar", &Hints::default());
    assert!(agreement > 0.94, "{agreement}");
    assert!(cut.confidence > 0.8, "{}", cut.confidence);
}

#[test]
fn a_thin_translucent_tube_is_found_with_a_box_and_without_and_only_a_person_makes_it_surer() {
    let (unaided, without) = cut("tube", &Hints::default());
    let (aided, with) = cut("tube", &boxed(TUBE));
    assert!(with > 0.94 && without > 0.94, "{with} with a box, {without} without");
    let sure = [unaided.confidence, aided.confidence];
    assert!(sure[0] < sure[1] && sure[1] < 0.9, "{sure:?}");
}

#[test]
fn a_box_chooses_one_of_several_products() {
    let jar = cut("pair", &Hints::default()).1;
    assert!(jar > 0.96, "{jar}");
    let (bottle, jar) = cut("pair", &boxed(BOTTLE));
    assert!(jar < 0.01, "{jar} of it is the jar");
    let [.., width, height] = BOTTLE;
    let share = bottle.mask.pixels.iter().filter(|value| **value > 127).count() as f32
        / (width * height * bottle.mask.pixels.len() as f32);
    assert!((0.6..0.95).contains(&share), "{share} of the box is the bottle");
}

#[test]
fn dropped_points_open_the_hole_of_a_ring() {
    let with_box = cut("ring", &boxed(RING)).1;
    let hints = Hints { drop: vec![vec![[0.48, 0.49]], vec![[0.24, 0.29]]], ..boxed(RING) };
    let with_points = cut("ring", &hints).1;
    assert!(with_points > 0.94 && with_points > with_box + 0.1, "{with_box} became {with_points}");
}

#[test]
fn a_kept_stroke_brings_a_pump_back() {
    let with_box = cut("pump", &boxed(PUMP)).1;
    let hints = Hints { keep: vec![vec![[0.37, 0.267], [0.52, 0.267], [0.505, 0.35]]], ..boxed(PUMP) };
    let with_stroke = cut("pump", &hints).1;
    assert!(with_stroke > 0.96 && with_stroke > with_box, "{with_box} became {with_stroke}");
}

#[test]
fn the_same_photo_gives_the_same_mask_at_any_number_of_threads() {
    let masks = [1, 2, 3].map(|threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| cut("jar", &Hints::default()).0)
    });
    assert_eq!(masks[0], masks[1]);
    assert_eq!(masks[0], masks[2]);
}

#[test]
fn a_lifted_product_keeps_the_photos_pixels_and_nothing_else() {
    let photo = fixture("jar.jpg");
    let mask = cut("jar", &Hints::default()).0.mask;
    let lifted = lift(&photo, &mask).unwrap();
    let mut sure = 0;
    for ((own, lifted), alpha) in photo.pixels().chunks_exact(3).zip(lifted.pixels().chunks_exact(4)).zip(&mask.pixels)
    {
        assert_eq!(lifted[3], *alpha);
        match alpha {
            255 => {
                sure += 1;
                assert_eq!(own, &lifted[..3]);
            }
            0 => assert_eq!(lifted, [0; 4]),
            _ => {}
        }
    }
    assert!(sure > 10_000);
}

/// As a phone with a soft lens takes it: nine times the pixels, and edges that take three times as many.
fn enlarged(picture: &Picture) -> Picture {
    imaging::cut(picture, Region::WHOLE, picture.width() * 3, picture.height() * 3).unwrap()
}

#[test]
fn what_is_surely_the_products_of_a_soft_photo_holds_next_to_nothing_of_the_old_background() {
    let photo = enlarged(&fixture("jar.jpg"));
    let truth = enlarged(&fixture("jar.png"));
    let mask = segment(&photo, &Hints::default(), Model::built_in().unwrap()).unwrap().mask;
    let shares = truth.pixels().chunks_exact(3).map(|pixel| pixel[0]);
    let (mut soft, mut mixed) = (0_u32, 0_u32);
    for (alpha, share) in mask.pixels.iter().zip(shares) {
        // Where the border lies elsewhere altogether is another matter.
        soft += u32::from((26..=229).contains(&share));
        mixed += u32::from(*alpha == 255 && (128..=229).contains(&share));
    }
    let left = f64::from(mixed) / f64::from(soft);
    assert!(soft > 3000 && left < 0.15, "{left} of {soft}");
}

#[test]
fn a_network_of_ones_own_is_loaded_and_gives_what_it_gives() {
    let model = Model::load(MODEL.to_vec(), Layout::default()).unwrap();
    let photo = fixture("jar.jpg");
    let own = segment(&photo, &Hints::default(), &model).unwrap();
    assert_eq!(own, cut("jar", &Hints::default()).0);
}

#[test]
fn a_network_that_is_fed_wrongly_quantised_or_no_network_is_refused() {
    // Upside down: dark becomes bright.
    let negative = Layout { std: [-0.2; 3], ..Layout::default() };
    assert!(matches!(Model::load(MODEL.to_vec(), negative), Err(Fault::Layout(_))));
    let blind = Layout { mean: [40.0; 3], ..Layout::default() };
    assert!(matches!(Model::load(MODEL.to_vec(), blind), Err(Fault::Wrong { .. })));
    let mut quantised = MODEL.to_vec();
    quantised.extend_from_slice(b"ConvInteger");
    assert!(matches!(Model::load(quantised, Layout::default()), Err(Fault::Network(Unusable::Quantised))));
    assert!(matches!(Model::load(b"no network".to_vec(), Layout::default()), Err(Fault::Network(Unusable::Broken(_)))));
}

#[test]
fn hints_that_make_no_sense_do_no_harm() {
    let hints = Hints {
        area: Some([2.0, f32::NAN, -1.0, 0.0]),
        keep: vec![vec![], vec![[f32::NAN, 0.5]], vec![[-4.0, 9.0], [80.0, -3.0]]],
        drop: vec![vec![[f32::INFINITY, 0.0], [0.0, 0.0]]],
    };
    assert_eq!(cut("jar", &hints).0.mask.pixels.len(), 450 * 600);
}
