//! Pictures as phones, scanners and print shops write them, read by their content and compared with what other programs make of them.

use std::sync::Arc;

use softbox::imaging::{Container, Error, Limits, Picture, Region, crop, cut, decode, estimate, probe, upright};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/pictures");

fn bytes(name: &str) -> Vec<u8> {
    std::fs::read(format!("{FOLDER}/{name}")).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn read(name: &str) -> Picture {
    let picture = decode(&bytes(name), 0, &Limits::default()).unwrap_or_else(|error| panic!("{name}: {error}"));
    upright(&picture).unwrap()
}

fn refusal(name: &str) -> Error {
    match decode(&bytes(name), 0, &Limits::default()) {
        Ok(_) => panic!("{name} was read"),
        Err(error) => error,
    }
}

/// The greatest and the mean difference of two pictures' colours.
fn difference(name: &str, ours: &Picture, reference: &Picture) -> (u8, f64) {
    assert_eq!((ours.width(), ours.height()), (reference.width(), reference.height()), "{name}");
    let colours = |picture: &Picture| -> Vec<u8> {
        let channels = usize::from(picture.channels());
        picture.pixels().chunks_exact(channels).flat_map(|pixel| pixel[..3].to_vec()).collect()
    };
    let (ours, reference) = (colours(ours), colours(reference));
    let differences = ours.iter().zip(&reference).map(|(a, b)| a.abs_diff(*b));
    let sum: u64 = differences.clone().map(u64::from).sum();
    (differences.max().unwrap(), sum as f64 / ours.len() as f64)
}

/// `most` for the worst sample, `mean` on average.
fn assert_like(name: &str, reference: &str, most: u8, mean: f64) {
    let got = difference(name, &read(name), &read(reference));
    assert!(got.0 <= most && got.1 <= mean, "{name} differs from {reference} by {got:?}; allowed ({most}, {mean})");
}

#[test]
fn all_eight_orientations_of_jpeg_stand_upright() {
    for orientation in 1..=8 {
        let jpeg = format!("turned-{orientation}.jpg");
        assert_eq!(u8::from(probe(&bytes(&jpeg)).unwrap().orientation), orientation);
        assert_like(&jpeg, "scene.png", 40, 2.0);
    }
}

#[cfg(feature = "heic")]
#[test]
fn all_eight_orientations_of_heic_stand_upright() {
    for orientation in 1..=8 {
        let heic = format!("turned-{orientation}.heic");
        let header = probe(&bytes(&heic)).unwrap();
        assert_eq!((header.container, header.upright_size()), (Container::Heic, (64, 48)), "{heic}");
        assert_like(&heic, "scene.png", 40, 3.0);
    }
}

#[test]
fn png_webp_and_tiff_are_turned_as_they_say() {
    for name in ["turned-6.png", "turned-6.tif"] {
        assert_eq!(probe(&bytes(name)).unwrap().upright_size(), (64, 48), "{name}");
        assert_like(name, "scene.png", 0, 0.0);
    }
    assert_like("turned-6-p3.webp", "p3.srgb.png", 2, 0.5);
}

#[test]
fn display_p3_becomes_srgb_as_littlecms_does_it() {
    assert_like("p3.png", "p3.srgb.png", 2, 0.5);
    assert_like("deep-p3.png", "p3.srgb.png", 2, 0.5);
    assert_like("p3.jpg", "p3.jpg.srgb.png", 2, 0.5);
    let unconverted = difference("scene.png", &read("scene.png"), &read("p3.srgb.png"));
    assert!(unconverted.1 > 4.0, "the pictures are too alike to show anything: {unconverted:?}");
}

#[cfg(feature = "heic")]
#[test]
fn display_p3_in_heic_becomes_srgb_by_profile_and_by_code_points() {
    assert_like("p3.heic", "p3.heic.srgb.png", 2, 0.5);
    assert_like("p3.nclx.heic", "p3.srgb.png", 40, 3.0);
    assert_like("really-heic.jpg", "scene.png", 40, 3.0);
    let alpha = read("alpha.heic");
    assert_eq!(alpha.channels(), 4);
    assert!(alpha.pixels()[3] < 20 && alpha.pixels().last().is_some_and(|&alpha| alpha > 235));
}

#[test]
fn print_colours_are_converted_by_their_profile_or_the_plain_formula() {
    assert_like("cmyk.tif", "cmyk.srgb.png", 1, 0.5);
    assert_like("cmyk.jpg", "cmyk.srgb.png", 24, 1.5);
    // LittleCMS interpolates the four-colour table by tetrahedra, moxcms linearly.
    assert_like("cmyk-profile.jpg", "cmyk-profile.srgb.png", 4, 1.0);
    let warnings = read("cmyk.jpg").warnings().to_vec();
    assert!(warnings.iter().any(|warning| warning.contains("CMYK")), "{warnings:?}");
    assert!(read("cmyk-profile.jpg").warnings().is_empty());
}

#[test]
fn deep_grey_palette_gamma_and_alpha_pictures_keep_their_colours() {
    assert_like("deep.png", "scene.png", 0, 0.0);
    assert_like("deep.tif", "scene.png", 0, 0.0);
    assert_like("palette.png", "palette.srgb.png", 0, 0.0);
    assert_like("gamma.png", "gamma.srgb.png", 1, 0.5);
    assert_like("grey.tif", "grey.png", 0, 0.0);
    assert_like("grey.jpg", "grey.png", 8, 1.0);
    assert_like("lossy.webp", "lossy.srgb.png", 2, 0.5);
    assert_like("alpha.webp", "alpha.png", 0, 0.0);
    for name in ["alpha.png", "alpha.webp", "alpha.tif"] {
        let (ours, reference) = (read(name), read("alpha.png"));
        assert_eq!(ours.channels(), 4, "{name}");
        assert_eq!(ours.pixels(), reference.pixels(), "{name}");
    }
}

#[test]
fn of_an_animation_the_first_picture_is_taken() {
    assert_like("animated.png", "scene.png", 0, 0.0);
    assert_like("animated.webp", "scene.png", 0, 0.0);
}

#[test]
fn what_follows_a_picture_is_not_its_business() {
    let plain = read("turned-1.jpg");
    for name in ["motion.jpg", "gain-map.jpg"] {
        assert_eq!(read(name).pixels(), plain.pixels(), "{name}");
        assert!(read(name).warnings().is_empty(), "{name}");
    }
    assert_eq!(read("progressive.jpg").pixels(), plain.pixels());
}

#[test]
fn cut_off_files_say_what_is_missing() {
    for name in ["cut.jpg", "cut-progressive.jpg", "cut.png", "cut.webp", "cut.tif"] {
        let error = refusal(name);
        assert!(matches!(error, Error::Truncated { .. }), "{name}: {error:?}");
        assert!(error.hint().is_some());
    }
    let text = refusal("cut.jpg").to_string();
    assert!(text.contains("% of the picture is missing"), "{text}");
    // Every cut of a whole JPEG is noticed, but for the last block and the end mark behind it.
    let whole = bytes("turned-1.jpg");
    for length in 1..whole.len() - 32 {
        assert!(decode(&whole[..length], 0, &Limits::default()).is_err(), "cut to {length} of {}", whole.len());
    }
    let unmarked = decode(&whole[..whole.len() - 2], 0, &Limits::default()).unwrap();
    assert_eq!(unmarked.pixels(), read("turned-1.jpg").pixels());
    assert_eq!(unmarked.warnings(), ["the JPEG file lacks its end mark"]);
}

#[cfg(feature = "heic")]
#[test]
fn cut_off_heic_files_are_refused() {
    let whole = bytes("turned-1.heic");
    for length in (1..whole.len()).step_by(7) {
        assert!(decode(&whole[..length], 0, &Limits::default()).is_err(), "cut to {length} of {}", whole.len());
    }
}

#[test]
fn a_pixel_bomb_is_refused_from_its_header() {
    let bomb = bytes("bomb.png");
    assert_eq!(probe(&bomb).unwrap().upright_size(), (60000, 60000));
    let text = decode(&bomb, 0, &Limits::default()).unwrap_err().to_string();
    assert_eq!(text, "the picture says that it is 60000×60000, which is 3600 megapixels; at most 250 are read");
    let wide = Limits { pixels: u64::MAX, ..Limits::default() };
    let text = decode(&bomb, 0, &wide).unwrap_err().to_string();
    assert!(text.starts_with("decoding this 60000×60000 PNG needs"), "{text}");
}

#[test]
fn a_large_photo_is_decoded_at_the_scale_that_serves_its_sizes() {
    // 48 megapixels of a pattern that compresses well.
    let (width, height) = (8064usize, 6048usize);
    let mut pixels = vec![0u8; width * height * 3];
    for (y, row) in pixels.chunks_exact_mut(width * 3).enumerate() {
        for (x, pixel) in row.chunks_exact_mut(3).enumerate() {
            pixel.copy_from_slice(&[(x >> 5) as u8, (y >> 5) as u8, ((x ^ y) >> 6) as u8]);
        }
    }
    let image =
        turbojpeg::Image { pixels: &pixels[..], width, pitch: width * 3, height, format: turbojpeg::PixelFormat::RGB };
    let file = turbojpeg::compress(image, 80, turbojpeg::Subsamp::Sub2x2).unwrap().to_vec();
    drop(pixels);
    let full = 8064 * 6048 * 3;
    assert_eq!(estimate(&file, 0).unwrap(), full);
    assert_eq!(estimate(&file, 1350).unwrap(), full / 4);
    let small = Limits { memory: 40_000_000, ..Limits::default() };
    let picture = decode(&file, 1350, &small).unwrap();
    assert_eq!((picture.width(), picture.height(), picture.full_size()), (4032, 3024, (8064, 6048)));
    assert!(matches!(decode(&file, 0, &small), Err(Error::TooMuchMemory { .. })));
    // The same part of it, at the same size, from both scales.
    let whole = decode(&file, 0, &Limits::default()).unwrap();
    let region = Region { left: 0.3, top: 0.2, width: 0.37, height: 0.41 };
    let (a, b) = (cut(&picture, region, 300, 250).unwrap(), cut(&whole, region, 300, 250).unwrap());
    let (_, mean) = difference("scales", &a, &b);
    assert!(mean < 1.0, "the two scales differ by {mean} on average");
}

#[test]
fn every_format_can_be_shrunk_while_it_is_decoded() {
    for name in ["scene.png", "turned-6.jpg", "turned-6.tif", "alpha.webp"] {
        let small = decode(&bytes(name), 13, &Limits::default()).unwrap();
        assert_eq!((small.width(), small.height(), small.full_size()), (32, 24, (64, 48)), "{name}");
        let (small, whole) =
            (cut(&small, Region::WHOLE, 12, 9).unwrap(), cut(&read(name), Region::WHOLE, 12, 9).unwrap());
        let (most, mean) = difference(name, &small, &whole);
        assert!(mean < 3.0, "{name} differs by {most} at most, {mean} on average");
    }
}

#[test]
fn pictures_travel_between_steps_as_bytes() {
    for name in ["turned-6-p3.webp", "p3.jpg", "alpha.png", "cmyk.jpg"] {
        let picture = decode(&bytes(name), 0, &Limits::default()).unwrap();
        let back = Picture::from_bytes(Arc::new(picture.clone().into_bytes())).unwrap();
        assert_eq!(back, picture, "{name}");
        let region = Region { left: 0.1, top: 0.2, width: 0.5, height: 0.6 };
        assert_eq!(cut(&back, region, 20, 20).unwrap(), cut(&picture, region, 20, 20).unwrap(), "{name}");
        assert_eq!(crop(&back, region), crop(&picture, region), "{name}");
    }
}
