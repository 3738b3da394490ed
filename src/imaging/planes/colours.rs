//! Luma and colour become RGB: the formulas of JFIF (ITU-T T.871, 7), computed by libjpeg-turbo.

use turbojpeg::raw;

use super::Subsampling;
use crate::imaging::Error;

/// RGB from three planes of one size, rows of `width` samples; those of luma lie `stride` apart. The lowest row comes first if
/// the picture is upturned.
///
/// # Errors
/// [`Error::Size`] where libjpeg-turbo refuses, for want of memory.
pub fn rgb(planes: [&[u8]; 3], stride: usize, width: usize, pixels: &mut [u8], upturned: bool) -> Result<(), Error> {
    let height = pixels.len() / (width * 3);
    let needed = |stride: usize| stride * (height - 1) + width;
    let filled = planes[0].len() >= needed(stride) && planes[1..].iter().all(|plane| plane.len() >= needed(width));
    let sides = [stride, width, height].map(libc_int);
    let [Some(stride), Some(across), Some(down)] = sides else { return Err(refused(width, height)) };
    if !filled {
        return Err(refused(width, height));
    }
    let pointers = planes.map(<[u8]>::as_ptr);
    let strides = [stride, across, across];
    // SAFETY: the planes hold `height` rows of `width` samples at their strides and the pixels three bytes for each (checked
    // above); libjpeg-turbo reads the ones and writes the others, and keeps neither. The handle is freed exactly once.
    let done = unsafe {
        let handle = raw::tj3Init(raw::TJINIT_TJINIT_DECOMPRESS as i32);
        if handle.is_null() {
            return Err(refused(width, height));
        }
        let done = raw::tj3Set(handle, raw::TJPARAM_TJPARAM_SUBSAMP as i32, raw::TJSAMP_TJSAMP_444) == 0
            && raw::tj3Set(handle, raw::TJPARAM_TJPARAM_BOTTOMUP as i32, i32::from(upturned)) == 0
            && raw::tj3DecodeYUVPlanes8(
                handle,
                pointers.as_ptr(),
                strides.as_ptr(),
                pixels.as_mut_ptr(),
                across,
                0,
                down,
                raw::TJPF_TJPF_RGB,
            ) == 0;
        raw::tj3Destroy(handle);
        done
    };
    if done { Ok(()) } else { Err(refused(width, height)) }
}

fn libc_int(side: usize) -> Option<i32> {
    i32::try_from(side).ok().filter(|side| *side > 0)
}

fn refused(width: usize, height: usize) -> Error {
    Error::Size { width: width as u32, height: height as u32 }
}

/// A row of the picture, `width` samples, from a plane of colour whose rows have `stride`: between two samples lie three quarters
/// of the nearer and a quarter of the farther one, rounded as libjpeg does it ("fancy upsampling", jdsample.c).
pub fn grown(samples: &[u8], stride: usize, subsampling: Subsampling, row: usize, width: usize) -> Vec<u8> {
    let line = |row: usize| &samples[row * stride..][..stride];
    let tall = subsampling.down == 2;
    let own = row / usize::from(subsampling.down);
    let (near, is_upper) = (line(own), row.is_multiple_of(2));
    // Sums of a near and a far row, in quarters; the outer rows have no farther one but themselves.
    let quarters: Vec<u16> = if tall {
        let far = if is_upper { own.saturating_sub(1) } else { (own + 1).min(samples.len() / stride - 1) };
        near.iter().zip(line(far)).map(|(&near, &far)| 3 * u16::from(near) + u16::from(far)).collect()
    } else {
        near.iter().map(|&near| u16::from(near)).collect()
    };
    if subsampling.across == 1 {
        let bias = if is_upper { 1 } else { 2 };
        return match tall {
            true => quarters[..width].iter().map(|sum| ((sum + bias) >> 2) as u8).collect(),
            false => near[..width].to_vec(),
        };
    }
    // Of the left and the right one of two pixels.
    let (shift, biases) = if tall { (4, [8, 7]) } else { (2, [1, 2]) };
    let mut grown = Vec::with_capacity(stride * 2);
    for (at, &own) in quarters.iter().enumerate() {
        for (neighbour, bias) in [at.checked_sub(1), Some(at + 1)].into_iter().zip(biases) {
            let other = neighbour.and_then(|at| quarters.get(at)).copied().unwrap_or(own);
            grown.push(((3 * own + other + bias) >> shift) as u8);
        }
    }
    grown.truncate(width);
    grown
}
