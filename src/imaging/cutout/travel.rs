//! A mask on its way to other steps: a PNG that any program shows, with what was found out about it in a text chunk.

use png::{BitDepth, ColorType, Decoder, Encoder};

use super::{Cut, Mask, Remark};
use crate::imaging::{Error, Picture, upright};

/// The chunk's keyword.
const KEYWORD: &str = "softbox-cutout";

impl Cut {
    /// As a PNG.
    pub fn into_png(self) -> Vec<u8> {
        let mut bytes = Vec::new();
        // Writing to memory, of a size that fits its pixels, has no way to fail.
        let _ = self.write(&mut bytes);
        bytes
    }

    fn write(&self, bytes: &mut Vec<u8>) -> Result<(), png::EncodingError> {
        let mut encoder = Encoder::new(bytes, self.mask.width, self.mask.height);
        encoder.set_color(ColorType::Grayscale);
        encoder.set_depth(BitDepth::Eight);
        let about = serde_json::to_string(&(self.confidence, &self.remarks)).unwrap_or_default();
        encoder.add_text_chunk(KEYWORD.to_owned(), about)?;
        encoder.write_header()?.write_image_data(&self.mask.pixels)
    }

    /// From the bytes of [`Cut::into_png`].
    ///
    /// # Errors
    /// [`Error::NotDecoded`] for any other bytes.
    pub fn from_png(bytes: &[u8]) -> Result<Cut, Error> {
        let broken = |_| Error::NotDecoded("the mask is broken");
        let mut reader = Decoder::new(std::io::Cursor::new(bytes)).read_info().map_err(broken)?;
        let length = reader.output_buffer_size().ok_or(Error::NotDecoded("the mask has no size"))?;
        let mut pixels = vec![0; length];
        reader.next_frame(&mut pixels).map_err(broken)?;
        let info = reader.info();
        let text = info.uncompressed_latin1_text.iter().find(|chunk| chunk.keyword == KEYWORD);
        let about: Option<(f32, Vec<Remark>)> = text.and_then(|chunk| serde_json::from_str(&chunk.text).ok());
        let (confidence, remarks) = about.ok_or(Error::NotDecoded("the mask is another one's"))?;
        if info.color_type != ColorType::Grayscale || length as u64 != u64::from(info.width) * u64::from(info.height) {
            return Err(Error::NotDecoded("the mask is not grey"));
        }
        Ok(Cut { mask: Mask { width: info.width, height: info.height, pixels }, confidence, remarks })
    }
}

impl Mask {
    /// A mask that somebody made by hand: what is opaque, or, in a picture without transparency, what is light.
    ///
    /// # Errors
    /// Those of [`upright`].
    pub fn by_hand(picture: &Picture) -> Result<Mask, Error> {
        let picture = upright(picture)?;
        let channels = usize::from(picture.channels());
        let pixels = picture.pixels().chunks_exact(channels);
        let is_opaque = channels == 3 || pixels.clone().all(|pixel| pixel[3] == 255);
        // Rec. 709 in integers, as masks are grey anyway.
        let light = |pixel: &[u8]| {
            let [r, g, b] = [pixel[0], pixel[1], pixel[2]].map(u32::from);
            ((r * 2126 + g * 7152 + b * 722 + 5000) / 10_000) as u8
        };
        let pixels = if is_opaque { pixels.map(light).collect() } else { pixels.map(|pixel| pixel[3]).collect() };
        Ok(Mask { width: picture.width(), height: picture.height(), pixels })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mask_travels_with_what_is_known_of_it_and_nothing_else_is_taken_for_one() {
        let mask = Mask { width: 3, height: 2, pixels: vec![0, 1, 127, 128, 254, 255] };
        let cut = Cut { mask, confidence: 0.625, remarks: vec![Remark::Disagree, Remark::CutByEdge] };
        let bytes = cut.clone().into_png();
        assert_eq!(Cut::from_png(&bytes).unwrap(), cut);
        for length in 0..bytes.len() - 12 {
            assert!(Cut::from_png(&bytes[..length]).is_err(), "cut to {length}");
        }
    }

    #[test]
    fn a_mask_made_by_hand_is_what_is_opaque_or_else_what_is_light() {
        let clear = Picture::from_pixels(vec![9, 9, 9, 0, 9, 9, 9, 200], 2, 1, 4).unwrap();
        assert_eq!(Mask::by_hand(&clear).unwrap().pixels, [0, 200]);
        let grey = Picture::from_pixels(vec![0, 0, 0, 255, 255, 255], 2, 1, 3).unwrap();
        assert_eq!(Mask::by_hand(&grey).unwrap().pixels, [0, 255]);
    }
}
