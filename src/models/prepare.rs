//! A photo as services get it: upright, in sRGB, without EXIF, and no larger than they take.

use std::sync::Arc;

use super::{Fault, Kind, Picture, Size};
use crate::imaging::{self, Encoding, Error, FileType, Limits, Region, cut};

/// Longest sides in pixels, tried in turn: models look at no more than the first, and the others are for what is too many bytes.
const SIDES: [u32; 5] = [4096, 3072, 2048, 1536, 1024];

impl Picture {
    /// A photo for a service that gets `count` of them in one request: JPEG, or PNG where parts of it are transparent. The same photo gives
    /// the same bytes.
    ///
    /// # Errors
    /// [`Fault::BadPicture`] for what cannot be read.
    pub fn prepared(photo: &[u8], service: Kind, count: usize) -> Result<Picture, Fault> {
        let limit = service.picture_bytes(count);
        let mut last = Error::Size { width: 0, height: 0 };
        for side in SIDES {
            match encoded(photo, side, limit) {
                Ok(bytes) => return Picture::new(Arc::new(bytes)),
                Err(error @ (Error::TooLarge { .. } | Error::PngTooLarge { .. })) => last = error,
                Err(error) => return Err(bad(&error)),
            }
        }
        Err(bad(&last))
    }

    /// A developed picture as services get it: on white where it is transparent, for they disagree on what that means; at most so many bytes.
    /// The same picture gives the same bytes.
    ///
    /// # Errors
    /// What cannot be made small enough.
    pub fn flattened(picture: &imaging::Picture, limit: u64) -> Result<Vec<u8>, Error> {
        let mut last = Error::Size { width: 0, height: 0 };
        for side in SIDES {
            match scaled(picture, side, FileType::Jpeg, limit) {
                Err(error @ Error::TooLarge { .. }) => last = error,
                made => return made,
            }
        }
        Err(last)
    }

    /// The mask of an isolated product, as large as the picture is sent: transparent where there is none of it.
    ///
    /// # Errors
    /// Those of cutting and of encoding.
    pub fn mask_of(cutout: &imaging::Picture, sent: Size) -> Result<Vec<u8>, Error> {
        let cut = cut(cutout, Region::WHOLE, sent.width, sent.height)?;
        // The soft edge is the product's, too.
        let pixels = cut.pixels().chunks_exact(4).flat_map(|pixel| [0, 0, 0, if pixel[3] > 0 { 255 } else { 0 }]);
        let mask = imaging::Picture::from_pixels(pixels.collect(), sent.width, sent.height, 4)?;
        file(&mask, FileType::Png, None)
    }

    /// A mask for a photo of a size, as large as the photo is sent.
    ///
    /// # Errors
    /// [`Fault::BadPicture`] for a mask of another size than the photo, or one without transparent parts.
    pub fn prepared_mask(mask: &[u8], wanted: (u32, u32), sent: Size) -> Result<Picture, Fault> {
        let own = imaging::probe(mask).map(|header| header.upright_size()).map_err(|error| bad(&error))?;
        if own != wanted {
            let why = format!("the mask has {}x{} pixels, and its picture {}x{}", own.0, own.1, wanted.0, wanted.1);
            return Err(Fault::BadPicture { why });
        }
        let mask = imaging::decode(mask, 0, &Limits::default()).map_err(|error| bad(&error))?;
        if !is_transparent(&mask) {
            let why = "the mask is transparent nowhere, and that is where the picture may be changed".to_owned();
            return Err(Fault::BadPicture { why });
        }
        let mask = cut(&mask, Region::WHOLE, sent.width, sent.height).map_err(|error| bad(&error))?;
        let bytes = file(&mask, FileType::Png, None).map_err(|error| bad(&error))?;
        Picture::new(Arc::new(bytes))
    }
}

impl Picture {
    /// A mask for services that paint where it is white, and not where it is transparent.
    pub(super) fn white_where_clear(&self) -> Result<Picture, Fault> {
        let mask = imaging::decode(&self.bytes, 0, &Limits::default()).map_err(|error| bad(&error))?;
        if mask.channels() != 4 {
            return Err(Fault::BadPicture { why: "the mask is transparent nowhere".to_owned() });
        }
        let pixels = mask.pixels().chunks_exact(4).flat_map(|pixel| [255 - pixel[3]; 3]).collect();
        let mask = imaging::Picture::from_pixels(pixels, self.size.width, self.size.height, 3);
        let bytes = mask.and_then(|mask| file(&mask, FileType::Png, None)).map_err(|error| bad(&error))?;
        Picture::new(Arc::new(bytes))
    }
}

fn encoded(photo: &[u8], side: u32, limit: u64) -> Result<Vec<u8>, Error> {
    let picture = imaging::decode(photo, side, &Limits::default())?;
    let file_type = if is_transparent(&picture) { FileType::Png } else { FileType::Jpeg };
    scaled(&picture, side, file_type, limit)
}

/// A picture as a file whose longer side is at most `side`.
fn scaled(picture: &imaging::Picture, side: u32, file_type: FileType, limit: u64) -> Result<Vec<u8>, Error> {
    let (width, height) = picture.full_size();
    let longest = u64::from(width.max(height));
    if longest <= u64::from(side) {
        return file(picture, file_type, Some(limit));
    }
    let scaled = |length: u32| ((u64::from(length) * u64::from(side) + longest / 2) / longest).max(1) as u32;
    file(&cut(picture, Region::WHOLE, scaled(width), scaled(height))?, file_type, Some(limit))
}

fn is_transparent(picture: &imaging::Picture) -> bool {
    picture.channels() == 4 && picture.pixels().chunks_exact(4).any(|pixel| pixel[3] < 255)
}

fn file(picture: &imaging::Picture, file_type: FileType, max_bytes: Option<u64>) -> Result<Vec<u8>, Error> {
    // Labels are small coloured letters: from here on colour keeps its full resolution.
    let encoding = Encoding { max_bytes, ..Encoding::plain(file_type, 95) };
    imaging::encode(picture, &encoding).map(|encoded| encoded.bytes)
}

fn bad(error: &Error) -> Fault {
    Fault::BadPicture { why: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fixture(name: &str) -> Vec<u8> {
        std::fs::read(format!("{}/tests/fixtures/pictures/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
    }

    #[test]
    fn a_phone_photo_is_sent_upright_and_without_anything_private() {
        let photo = fixture("private.jpg");
        assert!(photo.windows(4).any(|part| part == b"Exif"), "the fixture has something to hide");
        let sent = Picture::prepared(&photo, Kind::Gemini, 1).unwrap();
        assert!(!sent.bytes.windows(4).any(|part| part == b"Exif"));
        let turned = fixture("turned-6.jpg");
        let sent = Picture::prepared(&turned, Kind::Gemini, 1).unwrap();
        let header = imaging::probe(&sent.bytes).unwrap();
        assert_eq!((header.width, header.height), imaging::probe(&turned).unwrap().upright_size());
    }

    #[test]
    fn what_is_transparent_stays_so_and_what_phones_write_becomes_what_services_read() {
        let kind = |name: &str| Picture::prepared(&fixture(name), Kind::Gemini, 1).unwrap().extension();
        assert_eq!([kind("alpha.png"), kind("grey.tif"), kind("p3.png")], ["png", "jpg", "jpg"]);
    }

    #[test]
    fn a_large_photo_is_made_smaller_and_its_mask_with_it() {
        let noise = |x: u32, y: u32| {
            x.wrapping_mul(2_654_435_761).wrapping_add(y.wrapping_mul(40_503)).rotate_left(x % 31) as u8
        };
        let photo =
            image::RgbImage::from_fn(5000, 2500, |x, y| image::Rgb([noise(x, y), noise(y, x), noise(x, x ^ y)]));
        let mask = image::RgbaImage::from_fn(5000, 2500, |x, _| image::Rgba([0, 0, 0, if x < 2500 { 0 } else { 255 }]));
        let write = |picture: image::DynamicImage| {
            let mut bytes = std::io::Cursor::new(Vec::new());
            picture.write_to(&mut bytes, image::ImageFormat::Png).unwrap();
            bytes.into_inner()
        };
        let (photo, mask) = (write(photo.into()), write(mask.into()));
        let sent = Picture::prepared(&photo, Kind::Anthropic, 1).unwrap();
        assert!(sent.bytes.len() as u64 <= Kind::Anthropic.picture_bytes(1));
        assert!(sent.size.width <= 4096 && sent.size.width == sent.size.height * 2, "{}", sent.size);
        let prepared = |mask: &[u8]| Picture::prepared_mask(mask, (5000, 2500), sent.size);
        assert_eq!(prepared(&mask).unwrap().size, sent.size);
        let small = fixture("alpha.png");
        assert!(prepared(&small).unwrap_err().to_string().contains("pixels"));
        assert!(prepared(&photo).unwrap_err().to_string().contains("transparent nowhere"));
    }
}
