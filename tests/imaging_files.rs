//! Files that are written: private data gone, profile and description in, inside their limits, the same every time.

use softbox::imaging::{
    Adjustment, Description, DigitalSource, Encoding, Error, FileType, Limits, Picture, Region, adjust, cover, cut,
    decode, encode, probe,
};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/pictures");
const ALL: [FileType; 3] = [FileType::Jpeg, FileType::Png, FileType::Webp];

fn read(name: &str) -> Picture {
    let bytes = std::fs::read(format!("{FOLDER}/{name}")).unwrap();
    decode(&bytes, 0, &Limits::default()).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn encoding(file_type: FileType) -> Encoding {
    Encoding {
        file_type,
        quality: 85,
        max_bytes: None,
        background: [255, 255, 255],
        graphics: false,
        dpi: None,
        description: Description {
            source: Some(DigitalSource::HumanEdits),
            alt: Some("A jar, with label & lid".into()),
            products: Vec::new(),
        },
    }
}

fn contains(bytes: &[u8], words: &str) -> bool {
    bytes.windows(words.len()).any(|window| window == words.as_bytes())
}

/// A large picture with detail: noise over a ramp, seeded by its own coordinates.
fn detailed(width: u32, height: u32) -> Picture {
    let mut pixels = Vec::new();
    for y in 0..height {
        for x in 0..width {
            let noise = (x.wrapping_mul(0x9e37_79b9) ^ y.wrapping_mul(0x85eb_ca6b)).wrapping_mul(0xc2b2_ae35) >> 27;
            pixels.extend([(x * 200 / width + noise) as u8, (y * 200 / height + noise) as u8, (noise * 4) as u8]);
        }
    }
    Picture::from_pixels(pixels, width, height, 3).unwrap()
}

#[test]
fn nothing_private_is_written() {
    let photo = std::fs::read(format!("{FOLDER}/private.jpg")).unwrap();
    for words in ["SERIAL-0042", "Softbox Phones", "Exif"] {
        assert!(contains(&photo, words), "the sample lacks {words}");
    }
    let picture = cut(&read("private.jpg"), Region::WHOLE, 40, 30).unwrap();
    for file_type in ALL {
        let bytes = encode(&picture, &encoding(file_type)).unwrap().bytes;
        for words in ["SERIAL-0042", "Softbox Phones", "Exif", "EXIF", "eXIf", "2026"] {
            assert!(!contains(&bytes, words), "{file_type} holds {words}");
        }
        assert!(exif::Reader::new().read_from_container(&mut std::io::Cursor::new(&bytes)).is_err(), "{file_type}");
        let starts = bytes.windows(3).filter(|window| window == b"\xff\xd8\xff").count();
        assert!(starts <= 1, "{file_type} holds a thumbnail");
    }
}

#[test]
fn every_file_carries_a_profile_and_its_description() {
    let picture = read("scene.png");
    for (file_type, profile) in ALL.into_iter().zip(["ICC_PROFILE", "iCCP", "ICCP"]) {
        let bytes = encode(&picture, &encoding(file_type)).unwrap().bytes;
        assert!(contains(&bytes, profile), "{file_type}");
        for words in [
            "<xmp:CreatorTool>softbox</xmp:CreatorTool>",
            "http://cv.iptc.org/newscodes/digitalsourcetype/humanEdits",
            "A jar, with label &amp; lid",
        ] {
            assert!(contains(&bytes, words), "{file_type} lacks {words}");
        }
        // Read again, it is plain sRGB.
        let again = decode(&bytes, 0, &Limits::default()).unwrap();
        assert!(again.is_finished() && again.warnings().is_empty(), "{file_type}: {:?}", again.warnings());
        assert_eq!(probe(&bytes).unwrap().upright_size(), (64, 48));
        if file_type == FileType::Png {
            assert_eq!(again.pixels(), picture.pixels());
        }
    }
}

#[test]
fn a_size_limit_lowers_the_quality_only_as_far_as_it_must() {
    let picture = detailed(400, 300);
    for file_type in [FileType::Jpeg, FileType::Webp] {
        let free = encode(&picture, &encoding(file_type)).unwrap();
        assert_eq!(free.quality, Some(85));
        let limit = free.bytes.len() as u64 * 8 / 10;
        let limited = |limit| encode(&picture, &Encoding { max_bytes: Some(limit), ..encoding(file_type) });
        let fitted = limited(limit).unwrap();
        let quality = fitted.quality.unwrap();
        assert!(fitted.bytes.len() as u64 <= limit && (40..85).contains(&quality), "{file_type}: {quality}");
        let better = encode(&picture, &Encoding { quality: quality + 1, ..encoding(file_type) }).unwrap();
        assert!(better.bytes.len() as u64 > limit, "{file_type} would have fitted at {}", quality + 1);
        assert!(matches!(limited(2000), Err(Error::TooLarge { quality: 40, reached: 2001.., limit: 2000 })));
    }
    let png = Encoding { max_bytes: Some(2000), ..encoding(FileType::Png) };
    let error = encode(&picture, &png).unwrap_err();
    assert!(matches!(error, Error::PngTooLarge { .. }) && error.hint().unwrap().contains("jpeg"));
}

#[test]
fn transparency_is_kept_where_it_can_be_and_blended_where_not() {
    let picture = Picture::from_pixels([[200, 0, 0, 255], [0, 0, 0, 0]].repeat(32 * 16).concat(), 64, 16, 4).unwrap();
    let columns = Encoding { quality: 100, background: [0, 0, 255], ..encoding(FileType::Jpeg) };
    let jpeg = decode(&encode(&picture, &columns).unwrap().bytes, 0, &Limits::default()).unwrap();
    let near = |pixel: &[u8], colour: [u8; 3]| pixel.iter().zip(colour).all(|(a, b)| a.abs_diff(b) <= 8);
    assert!(near(&jpeg.pixels()[..3], [200, 0, 0]), "{:?}", &jpeg.pixels()[..3]);
    assert!(near(&jpeg.pixels()[3..6], [0, 0, 255]), "{:?}", &jpeg.pixels()[3..6]);
    for file_type in [FileType::Png, FileType::Webp] {
        let lossless = Encoding { quality: 100, ..encoding(file_type) };
        let again = decode(&encode(&picture, &lossless).unwrap().bytes, 0, &Limits::default()).unwrap();
        assert_eq!((again.channels(), again.pixels()[3], again.pixels()[7]), (4, 255, 0), "{file_type}");
        assert_eq!(&again.pixels()[..3], [200, 0, 0], "{file_type}");
        // An alpha that hides nothing is not written.
        let opaque = Picture::from_pixels([200, 0, 0, 255].repeat(64), 8, 8, 4).unwrap();
        let again = decode(&encode(&opaque, &lossless).unwrap().bytes, 0, &Limits::default()).unwrap();
        assert_eq!(again.channels(), 3, "{file_type}");
    }
}

#[test]
fn edges_of_transparent_pictures_do_not_darken_when_resized() {
    // White on nothing, whose hidden colour is black.
    let row: Vec<u8> = (0..64).flat_map(|x| if x < 32 { [255, 255, 255, 255] } else { [0, 0, 0, 0] }).collect();
    let picture = Picture::from_pixels(row.repeat(64), 64, 64, 4).unwrap();
    let small = cut(&picture, Region::WHOLE, 21, 21).unwrap();
    for pixel in small.pixels().chunks_exact(4).filter(|pixel| pixel[3] > 8) {
        assert!(pixel[..3].iter().all(|&value| value > 250), "{pixel:?}");
    }
}

#[test]
fn the_same_bytes_come_from_one_thread_and_from_two() {
    let work = || {
        let mut files = Vec::new();
        for name in ["p3.jpg", "turned-6-p3.webp", "cmyk-profile.jpg", "deep-p3.png", "p3.heic"] {
            if name.ends_with("heic") && !cfg!(feature = "heic") {
                continue;
            }
            let picture = read(name);
            let region = cover(picture.width(), picture.height(), 0.8, [0.4, 0.6], 1.1);
            let mut part = cut(&picture, region, 160, 200).unwrap();
            let all = Adjustment {
                exposure: 0.4,
                temperature: 0.2,
                tint: -0.1,
                contrast: 0.3,
                saturation: 0.3,
                sharpen: 0.5,
            };
            adjust(&mut part, &all).unwrap();
            files.extend(ALL.map(|file_type| encode(&part, &encoding(file_type)).unwrap().bytes));
        }
        let mut large = detailed(1500, 1000);
        let all = Adjustment { exposure: -0.7, saturation: 0.5, sharpen: 1.0, ..Adjustment::default() };
        adjust(&mut large, &all).unwrap();
        files.push(large.into_bytes());
        files
    };
    let threads = |count| rayon::ThreadPoolBuilder::new().num_threads(count).build().unwrap().install(work);
    let one = threads(1);
    assert!(one == threads(2));
    assert!(one == threads(3));
}
