//! Where a picture has lines of text: a network says of each pixel how much it is print, and what hangs together is a line.
//!
//! Source: Liao et al., "Real-time scene text detection with differentiable binarization" (AAAI 2020), with the numbers of PaddleOCR.

use super::{Fault, Quad, hull};
use crate::imaging::network::{Network, steady};
use crate::imaging::{Picture, Region, Unusable, cut};

/// The longer side that pictures are looked at with, in pixels; small ones are enlarged, by no more than twice.
const LONGEST: f64 = 1280.0;

/// Pixels of print from here on hang together …
const PRINT: f32 = 0.3;

/// … and are a line if they are print on average to this degree.
const LINE: f32 = 0.5;

/// The network marks the core of a line. Its area times this, by its outline, is what it grows by on all sides.
const GROWTH: f64 = 1.6;

/// Cores lower than this, in pixels, are specks.
const LEAST: f64 = 3.0;

/// A side that is so many times the width of a line is the way it runs, even if that is down.
const UPRIGHT: f64 = 1.5;

/// The network's strides.
const STEP: u32 = 32;

/// The network, ready to find lines.
pub struct Finder(Network);

impl Finder {
    /// From the bytes of an ONNX file.
    ///
    /// # Errors
    /// [`Fault::Lines`] where it cannot be used.
    pub fn load(onnx: Vec<u8>) -> Result<Finder, Fault> {
        Network::load(onnx).map(Finder).map_err(Fault::Lines)
    }

    /// Where lines of text are in a finished picture, from the top down.
    ///
    /// # Errors
    /// [`Fault::Lines`] where the network gives no answer; [`Fault::Picture`].
    pub fn lines(&self, picture: &Picture) -> Result<Vec<Quad>, Fault> {
        find(picture, &self.0)
    }
}

fn find(picture: &Picture, network: &Network) -> Result<Vec<Quad>, Fault> {
    let (width, height) = (picture.width(), picture.height());
    let scale = (LONGEST / f64::from(width.max(height))).min(2.0);
    let size = |side: u32| ((f64::from(side) * scale) as u32).next_multiple_of(STEP);
    let (wide, high) = (size(width), size(height));
    let seen = cut(picture, Region::WHOLE, wide, high)?;
    let answer = network.answer(planes(&seen), wide as usize, high as usize).map_err(Fault::Lines)?;
    if answer.values.len() != wide as usize * high as usize {
        let why = format!("its answer is no picture: {:?}", answer.shape);
        return Err(Fault::Lines(Unusable::Broken(why)));
    }
    let print = answer.values.into_iter().map(steady).collect();
    let mut lines: Vec<Quad> = cores(print, wide as usize).into_iter().filter_map(line).collect();
    let back = [f64::from(width) / f64::from(wide), f64::from(height) / f64::from(high)];
    lines.iter_mut().for_each(|line| *line = line.stretched(back));
    lines.sort_by(|a, b| a.middle[1].total_cmp(&b.middle[1]).then(a.middle[0].total_cmp(&b.middle[0])));
    Ok(lines)
}

/// Blue, green, red, each from -1 to 1, as the network was taught.
fn planes(picture: &Picture) -> Vec<f32> {
    let channels = usize::from(picture.channels());
    let plane = |channel: usize| picture.pixels().chunks_exact(channels).map(move |pixel| f32::from(pixel[channel]));
    [2, 1, 0].into_iter().flat_map(plane).map(|value| value / 127.5 - 1.0).collect()
}

/// Points around pixels that hang together, and how much they are print on average.
struct Core {
    corners: Vec<[f64; 2]>,
    print: f32,
}

fn cores(mut print: Vec<f32>, width: usize) -> Vec<Core> {
    let height = print.len() / width;
    let mut cores = Vec::new();
    for start in 0..print.len() {
        if print[start] <= PRINT {
            continue;
        }
        let (mut corners, mut sum, mut count) = (Vec::new(), 0.0, 0_u32);
        let mut open = vec![(start, std::mem::take(&mut print[start]))];
        while let Some((pixel, value)) = open.pop() {
            let (x, y) = (pixel % width, pixel / width);
            (sum, count) = (sum + value, count + 1);
            for (right, down) in [(0, 0), (1, 0), (0, 1), (1, 1)] {
                corners.push([(x + right) as f64, (y + down) as f64]);
            }
            for v in y.saturating_sub(1)..(y + 2).min(height) {
                for u in x.saturating_sub(1)..(x + 2).min(width) {
                    let near = v * width + u;
                    if print[near] > PRINT {
                        open.push((near, std::mem::take(&mut print[near])));
                    }
                }
            }
        }
        cores.push(Core { corners, print: sum / count as f32 });
    }
    cores
}

/// The line that a core belongs to, read from the left or, where it runs up or down, from the top.
fn line(core: Core) -> Option<Quad> {
    if core.print < LINE {
        return None;
    }
    let quad = hull::rectangle(core.corners)?;
    if quad.height < LEAST {
        return None;
    }
    let quad = quad.grown(quad.length * quad.height * GROWTH / (2.0 * (quad.length + quad.height)));
    let [x, y] = quad.along;
    // A word of one or two letters may be higher than it is long.
    let quad = match quad.is_upright() && quad.length < UPRIGHT * quad.height {
        true => Quad { along: [-y, x], length: quad.height, height: quad.length, ..quad },
        false => quad,
    };
    let forwards = if quad.is_upright() { quad.along[1] > 0.0 } else { quad.along[0] > 0.0 };
    Some(if forwards { quad } else { quad.reversed() })
}

#[cfg(test)]
mod tests {
    use super::{Quad, cores, line};

    #[test]
    fn print_that_hangs_together_is_a_line_with_room_around() {
        let mut print = vec![0.0; 100 * 60];
        let mut mark = |left: usize, top: usize, width: usize, height: usize, sure: f32| {
            (top..top + height).for_each(|y| print[y * 100 + left..][..width].fill(sure));
        };
        mark(10, 10, 40, 5, 0.9);
        mark(70, 8, 4, 40, 0.9);
        mark(10, 40, 30, 5, 0.4);
        mark(60, 55, 2, 2, 0.9);
        let lines: Vec<Quad> = cores(print, 100).into_iter().filter_map(line).collect();
        assert_eq!(lines.len(), 2, "neither what is hardly print nor a speck is a line: {lines:?}");
        let (upright, level): (Vec<Quad>, Vec<Quad>) = lines.into_iter().partition(Quad::is_upright);
        assert_eq!((level[0].middle, level[0].along), ([30.0, 12.5], [1.0, 0.0]));
        let growth = 40.0 * 5.0 * 1.6 / 90.0;
        assert!(
            (level[0].length - 40.0 - 2.0 * growth).abs() < 1e-9 && (level[0].height - 5.0 - 2.0 * growth).abs() < 1e-9
        );
        assert_eq!((upright[0].middle, upright[0].along), ([72.0, 28.0], [0.0, 1.0]));
    }
}
