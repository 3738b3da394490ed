//! WebP by libwebp, put into a container with a profile and a description.

use std::borrow::Cow;

use libwebp_sys::{
    WebPConfig, WebPEncode, WebPEncodingError, WebPMemoryWrite, WebPMemoryWriter, WebPMemoryWriterClear,
    WebPMemoryWriterInit, WebPPicture, WebPPictureFree, WebPPictureImportRGB, WebPPictureImportRGBA,
};

use super::xmp::packet;
use super::{Encoding, SRGB};
use crate::imaging::{Error, Picture};

/// The largest side of a WebP picture.
const MAX_SIDE: u32 = 16383;

pub fn encode(
    (pixels, channels): &(Cow<'_, [u8]>, usize),
    picture: &Picture,
    quality: u8,
    encoding: &Encoding,
) -> Result<Vec<u8>, Error> {
    let (width, height) = (picture.width(), picture.height());
    if width > MAX_SIDE || height > MAX_SIDE {
        return Err(Error::Size { width, height });
    }
    let mut config = WebPConfig::new().map_err(|()| Error::Encoder("libwebp refuses its own settings".into()))?;
    config.quality = f32::from(quality);
    config.method = 4;
    config.lossless = i32::from(quality == 100);
    config.use_sharp_yuv = i32::from(encoding.graphics);
    let simple = compress(pixels, *channels, width, height, &config)?;
    container(&simple, *channels == 4, width, height, &packet(&encoding.description))
}

/// What libwebp writes for itself: a RIFF file of one picture.
fn compress(pixels: &[u8], channels: usize, width: u32, height: u32, config: &WebPConfig) -> Result<Vec<u8>, Error> {
    assert_eq!(pixels.len(), width as usize * height as usize * channels);
    let mut picture =
        WebPPicture::new().map_err(|()| Error::Encoder("libwebp has another version than its interface".into()))?;
    picture.width = width as i32;
    picture.height = height as i32;
    // Lossless works on ARGB; lossy converts to YUV as it imports, or later and better with use_sharp_yuv.
    picture.use_argb = i32::from(config.lossless == 1 || config.use_sharp_yuv == 1);
    let stride = width as i32 * channels as i32;
    // SAFETY: the picture was initialised by libwebp and its size set; the pixels fill width×height×channels bytes (asserted above)
    // and are only read. The writer outlives the encoding. Both are freed exactly once, whatever happens, and what was written is
    // copied before.
    unsafe {
        let mut writer: WebPMemoryWriter = std::mem::zeroed();
        WebPMemoryWriterInit(&mut writer);
        picture.writer = Some(WebPMemoryWrite);
        picture.custom_ptr = (&raw mut writer).cast();
        let import = if channels == 4 { WebPPictureImportRGBA } else { WebPPictureImportRGB };
        let done = import(&mut picture, pixels.as_ptr(), stride) != 0 && WebPEncode(config, &mut picture) != 0;
        let result = if done {
            Ok(std::slice::from_raw_parts(writer.mem, writer.size).to_vec())
        } else {
            let error = picture.error_code;
            Err(match error {
                WebPEncodingError::VP8_ENC_ERROR_BAD_DIMENSION => Error::Size { width, height },
                error => Error::Encoder(format!("libwebp: {error:?}")),
            })
        };
        WebPPictureFree(&mut picture);
        WebPMemoryWriterClear(&mut writer);
        result
    }
}

/// The extended file format: VP8X, ICCP, the picture's own chunks, XMP. Source: RFC 9649, 2.7.
fn container(simple: &[u8], alpha: bool, width: u32, height: u32, packet: &str) -> Result<Vec<u8>, Error> {
    const PROFILE: u8 = 0x20;
    const ALPHA: u8 = 0x10;
    const XMP: u8 = 0x04;
    let mut whole = b"RIFF\0\0\0\0WEBP".to_vec();
    let mut features = vec![PROFILE | XMP | if alpha { ALPHA } else { 0 }, 0, 0, 0];
    features.extend_from_slice(&(width - 1).to_le_bytes()[..3]);
    features.extend_from_slice(&(height - 1).to_le_bytes()[..3]);
    chunk(&mut whole, b"VP8X", &features);
    chunk(&mut whole, b"ICCP", &SRGB);
    let mut rest = simple.get(12..).unwrap_or_default();
    while let Some((header, after)) = rest.split_at_checked(8) {
        let length = u32::from_le_bytes([header[4], header[5], header[6], header[7]]) as usize;
        let content = after.get(..length).ok_or_else(|| Error::Encoder("libwebp wrote a broken file".into()))?;
        if matches!(&header[..4], b"VP8 " | b"VP8L" | b"ALPH") {
            chunk(&mut whole, &header[..4], content);
        }
        rest = after.get(length + length % 2..).unwrap_or_default();
    }
    chunk(&mut whole, b"XMP ", packet.as_bytes());
    let length = u32::try_from(whole.len() - 8).map_err(|_| Error::Size { width, height })?;
    whole[4..8].copy_from_slice(&length.to_le_bytes());
    Ok(whole)
}

fn chunk(whole: &mut Vec<u8>, name: &[u8], content: &[u8]) {
    whole.extend_from_slice(name);
    whole.extend_from_slice(&(content.len() as u32).to_le_bytes());
    whole.extend_from_slice(content);
    if content.len() % 2 == 1 {
        whole.push(0);
    }
}
