//! The one thing that is read of a photo's EXIF: how to hold it.

use crate::imaging::Orientation;

/// The orientation in a bare EXIF block (a small TIFF file), where it says one of the eight.
pub fn orientation(exif: &[u8]) -> Option<Orientation> {
    // Some writers of PNG and WebP keep the prefix of JPEG's segment.
    let exif = exif.strip_prefix(b"Exif\0\0").unwrap_or(exif);
    let mut reader = ::exif::Reader::new();
    reader.continue_on_error(true);
    let fields = match reader.read_raw(exif.to_vec()) {
        Ok(fields) => fields,
        Err(error) => error.distill_partial_result(|_| ()).ok()?,
    };
    let field = fields.get_field(::exif::Tag::Orientation, ::exif::In::PRIMARY)?;
    Orientation::try_from(u8::try_from(field.value.get_uint(0)?).ok()?).ok()
}
