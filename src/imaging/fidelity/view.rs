//! The product and the take at the sizes at which they are compared.

use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{PixelType, ResizeOptions, Resizer};
use rayon::prelude::*;

use super::Fit;
use super::plane::Plane;
use crate::imaging::encode::flatten;
use crate::imaging::{Error, Picture, Region, cut, upright};

/// Clear pixels around a product that filters need.
pub const ROOM: f64 = 4.0;

/// Red, green and blue as sRGB values from 0 to 1.
#[derive(Debug, Clone)]
pub struct Colours(pub [Plane; 3]);

impl Colours {
    fn new(width: usize, pixels: &[u8], channels: usize) -> Colours {
        let plane = |channel: usize| {
            Plane::new(width, pixels.chunks_exact(channels).map(|pixel| f32::from(pixel[channel]) / 255.0).collect())
        };
        Colours([plane(0), plane(1), plane(2)])
    }

    /// Rec. 709 weights on sRGB values.
    pub fn luma(&self) -> Plane {
        let [red, green, blue] = &self.0;
        let values = red.values.iter().zip(&green.values).zip(&blue.values);
        Plane::new(red.width, values.map(|((r, g), b)| 0.2126 * r + 0.7152 * g + 0.0722 * b).collect())
    }
}

/// A cutout: the picture, and the box of what it shows.
pub struct Cutout {
    /// RGBA, upright, sRGB.
    pub picture: Picture,
    /// Left, top, right, bottom in pixels.
    pub bounds: [usize; 4],
    /// The product with room around it, for small views of a large picture.
    small: Part,
}

/// The longer side of the product in [`Cutout::small`], in pixels, and the room around it as a share of that.
const SMALL: f64 = 1024.0;
const SMALL_ROOM: f64 = 0.2;

/// Part of a picture at some size.
struct Part {
    picture: Picture,
    /// Its pixels for each pixel of the whole.
    scale: f64,
    /// The point of the whole in its top left corner.
    origin: [f64; 2],
}

impl Part {
    /// The part in `bounds`, with `room` pixels of the whole around it as far as it reaches, `scale` times as large, cut from another
    /// part that is large enough.
    fn of(&self, whole: (u32, u32), bounds: [usize; 4], room: usize, scale: f64) -> Result<Part, Error> {
        let [left, top, right, bottom] = bounds;
        let (left, top) = (left.saturating_sub(room), top.saturating_sub(room));
        let (right, bottom) = ((right + room).min(whole.0 as usize), (bottom + room).min(whole.1 as usize));
        // Rounded down, so that what is shown has exactly this scale and lies in the picture.
        let size = |from: usize, to: usize| (((to - from) as f64 * scale) as u32).max(1);
        let (width, height) = (size(left, right), size(top, bottom));
        let origin = [left as f64, top as f64];
        let [x, y] = [0, 1].map(|axis| (origin[axis] - self.origin[axis]) * self.scale);
        let pixels = self.scale / scale;
        let part = [x, y, f64::from(width) * pixels, f64::from(height) * pixels];
        let pixels = resize(&self.picture, part, width, height)?;
        Ok(Part { picture: Picture::from_pixels(pixels, width, height, 4)?, scale, origin })
    }
}

impl Cutout {
    /// # Errors
    /// [`Error::NoProduct`] where nothing is opaque, or everything is; [`Error::NotDecoded`] where its profile is broken.
    pub fn new(picture: &Picture) -> Result<Cutout, Error> {
        let picture = upright(picture)?;
        if picture.channels() != 4 {
            return Err(Error::NoProduct);
        }
        let width = picture.width() as usize;
        let solid = |pixel: &[u8]| pixel[3] > 127;
        let [mut left, mut top, mut right, mut bottom] = [width, usize::MAX, 0, 0];
        for (y, row) in picture.pixels().chunks_exact(width * 4).enumerate() {
            let Some(first) = row.chunks_exact(4).position(solid) else { continue };
            let last = row.chunks_exact(4).rposition(solid).unwrap_or(first);
            (left, right) = (left.min(first), right.max(last + 1));
            (top, bottom) = (top.min(y), y + 1);
        }
        if right <= left {
            return Err(Error::NoProduct);
        }
        let bounds = [left, top, right, bottom];
        let longest = (right - left).max(bottom - top) as f64;
        let whole = Part { picture: picture.clone(), scale: 1.0, origin: [0.0; 2] };
        let size = (picture.width(), picture.height());
        let small = whole.of(size, bounds, (SMALL_ROOM * longest) as usize, (SMALL / longest).min(1.0))?;
        Ok(Cutout { picture, bounds, small })
    }

    /// The longer side of the product in pixels.
    pub fn longest(&self) -> f64 {
        let [left, top, right, bottom] = self.bounds;
        (right - left).max(bottom - top) as f64
    }

    pub fn middle(&self) -> [f64; 2] {
        let [left, top, right, bottom] = self.bounds;
        [(left + right) as f64 / 2.0, (top + bottom) as f64 / 2.0]
    }
}

/// The product alone at one size.
pub struct View {
    /// Pixels of the view for each pixel of the source.
    pub scale: f64,
    /// The source's point in the view's top left corner.
    pub origin: [f64; 2],
    pub colours: Colours,
    /// From 0 to 1.
    pub alpha: Plane,
}

impl View {
    /// The product with `longest` pixels on its longer side, or as many as it has if these are fewer, and `room` pixels around it,
    /// as far as the picture reaches.
    pub fn new(cutout: &Cutout, longest: f64, room: f64) -> Result<View, Error> {
        let picture = &cutout.picture;
        let scale = (longest / cutout.longest()).min(1.0);
        let room = (room / scale).ceil() as usize;
        let is_small = scale * 2.0 <= cutout.small.scale && room as f64 <= SMALL_ROOM * cutout.longest();
        let whole = Part { picture: picture.clone(), scale: 1.0, origin: [0.0; 2] };
        let from = if is_small { &cutout.small } else { &whole };
        let part = from.of((picture.width(), picture.height()), cutout.bounds, room, scale)?;
        let pixels = part.picture.pixels();
        let width = part.picture.width() as usize;
        let alpha = pixels.chunks_exact(4).map(|pixel| f32::from(pixel[3]) / 255.0).collect();
        Ok(View {
            scale,
            origin: part.origin,
            colours: Colours::new(width, pixels, 4),
            alpha: Plane::new(width, alpha),
        })
    }

    /// 1 where the product is sure, `inset` pixels inside its outline; 0 elsewhere.
    pub fn mask(&self, inset: usize) -> Plane {
        self.alpha.blurred(inset).map(|near| if near > 0.98 { 1.0 } else { 0.0 })
    }

    pub fn width(&self) -> usize {
        self.alpha.width
    }

    pub fn height(&self) -> usize {
        self.alpha.height()
    }

    /// The source's point at the middle of a pixel.
    pub fn point(&self, x: usize, y: usize) -> [f64; 2] {
        [self.origin[0] + (x as f64 + 0.5) / self.scale, self.origin[1] + (y as f64 + 0.5) / self.scale]
    }

    /// Where a point of the source is in the view, from the middle of its first pixel.
    pub fn place(&self, [x, y]: [f64; 2]) -> [f32; 2] {
        [((x - self.origin[0]) * self.scale - 0.5) as f32, ((y - self.origin[1]) * self.scale - 0.5) as f32]
    }

    /// A plane of the view's size at a place between its pixels; 0 outside of it.
    pub fn at(&self, plane: &Plane, [x, y]: [f32; 2]) -> f32 {
        if x < -0.5 || y < -0.5 || x > self.width() as f32 - 0.5 || y > self.height() as f32 - 0.5 {
            return 0.0;
        }
        plane.linear(x, y)
    }

    /// For each pixel, where a take shows it: in pixels of the shot, from the middle of its first one. `drawn` says for a pixel and
    /// its point of the source where the model drew it, in the source's geometry.
    pub fn places(&self, fit: Fit, shot: &Shot, drawn: impl Fn(usize, [f64; 2]) -> [f64; 2] + Sync) -> Vec<[f32; 2]> {
        let way = fit.into_take();
        let place = |pixel: usize| {
            let at = way.of(drawn(pixel, self.point(pixel % self.width(), pixel / self.width())));
            [0, 1].map(|axis| ((at[axis] - shot.origin[axis]) * shot.scale[axis] - 0.5) as f32)
        };
        (0..self.alpha.values.len()).into_par_iter().map(place).collect()
    }

    /// A plane of a shot as the product's pixels.
    pub fn seen(&self, plane: &Plane, places: &[[f32; 2]]) -> Plane {
        Plane::new(self.width(), places.par_iter().map(|[x, y]| plane.between(*x, *y)).collect())
    }

    /// 1 where a take of `width`×`height` pixels shows a pixel at all, 0 where it would lie outside of it.
    pub fn shown(&self, fit: Fit, (width, height): (u32, u32)) -> Plane {
        let way = fit.into_take();
        let inside = |pixel: usize| {
            let [x, y] = way.of(self.point(pixel % self.width(), pixel / self.width()));
            let is_inside = x >= 0.0 && y >= 0.0 && x <= f64::from(width) && y <= f64::from(height);
            f32::from(u8::from(is_inside))
        };
        Plane::new(self.width(), (0..self.alpha.values.len()).map(inside).collect())
    }
}

/// Part of a picture (left, top, width, height in pixels, with fractions), at a size.
fn resize(picture: &Picture, part: [f64; 4], width: u32, height: u32) -> Result<Vec<u8>, Error> {
    let [left, top, across, down] = part;
    let (own_width, own_height) = (f64::from(picture.width()), f64::from(picture.height()));
    let failed = || Error::Size { width, height };
    let source = ImageRef::new(picture.width(), picture.height(), picture.pixels(), PixelType::U8x4);
    let mut target = Image::new(width, height, PixelType::U8x4);
    let options = ResizeOptions::new().crop(left, top, across.min(own_width - left), down.min(own_height - top));
    Resizer::new().resize(&source.map_err(|_| failed())?, &mut target, &options).map_err(|_| failed())?;
    Ok(target.into_vec())
}

/// A take, and copies of it at half, a quarter … of its size, so that small shots of it cost little.
pub struct Takes {
    full: Picture,
    smaller: Vec<Picture>,
}

/// Part of a take at one size.
pub struct Shot {
    /// Pixels of the shot for each pixel of the take, across and down: rounding makes them differ a little.
    pub scale: [f64; 2],
    /// The take's point in the shot's top left corner.
    pub origin: [f64; 2],
    pub colours: Colours,
}

impl Takes {
    /// # Errors
    /// [`Error::NotDecoded`] where its profile is broken.
    pub fn new(take: &Picture) -> Result<Takes, Error> {
        let full = opaque(&upright(take)?)?;
        let mut smaller = Vec::new();
        loop {
            let last = smaller.last().unwrap_or(&full);
            let (width, height) = (last.width() / 2, last.height() / 2);
            if width.min(height) < 16 {
                break;
            }
            smaller.push(cut(last, Region::WHOLE, width, height)?);
        }
        Ok(Takes { full, smaller })
    }

    /// The take itself, upright, RGB.
    pub fn full(&self) -> &Picture {
        &self.full
    }

    /// Size of the take in pixels.
    pub fn size(&self) -> (u32, u32) {
        (self.full.width(), self.full.height())
    }

    /// The whole take, `scale` times as large.
    pub fn whole(&self, scale: f64) -> Result<Shot, Error> {
        let (width, height) = self.size();
        self.shot([0.0, 0.0, f64::from(width), f64::from(height)], scale)
    }

    /// What the take shows of a view (and a little around it), with pixels as large as the view's.
    pub fn of(&self, view: &View, fit: Fit) -> Result<Shot, Error> {
        let way = fit.into_take();
        let (right, bottom) = (view.width(), view.height());
        let corners = [(0, 0), (right, 0), (0, bottom), (right, bottom)].map(|(x, y)| way.of(view.point(x, y)));
        let bound = |axis: usize, pick: fn(f64, f64) -> f64| {
            corners.iter().map(|corner| corner[axis]).fold(corners[0][axis], pick)
        };
        let clear = 8.0 * fit.scale / view.scale;
        let (left, top) = (bound(0, f64::min) - clear, bound(1, f64::min) - clear);
        let (right, bottom) = (bound(0, f64::max) + clear, bound(1, f64::max) + clear);
        self.shot([left, top, right - left, bottom - top], view.scale / fit.scale)
    }

    /// A part (left, top, width, height in pixels of the take; what is outside is left out), `scale` times as large.
    fn shot(&self, [left, top, across, down]: [f64; 4], scale: f64) -> Result<Shot, Error> {
        let (width, height) = self.size();
        let (full_width, full_height) = (f64::from(width), f64::from(height));
        // At least a pixel, wherever a wrong guess points.
        let (left, top) = (left.clamp(0.0, full_width - 1.0), top.clamp(0.0, full_height - 1.0));
        let across = across.clamp(1.0, full_width - left);
        let down = down.clamp(1.0, full_height - top);
        let size = |length: f64| ((length * scale).round() as u32).max(1);
        let (wide, high) = (size(across), size(down));
        // The smallest level that still has twice the pixels: from there on, the filter does the rest well.
        let enough = |level: &&Picture| f64::from(level.width()) >= full_width * scale * 2.0;
        let level = self.smaller.iter().rev().find(enough).unwrap_or(&self.full);
        let region = Region {
            left: left / full_width,
            top: top / full_height,
            width: across / full_width,
            height: down / full_height,
        };
        let picture = cut(level, region, wide, high)?;
        let scale = [f64::from(wide) / across, f64::from(high) / down];
        Ok(Shot { scale, origin: [left, top], colours: Colours::new(wide as usize, picture.pixels(), 3) })
    }
}

/// A picture without transparency: on white where it has some.
pub fn opaque(picture: &Picture) -> Result<Picture, Error> {
    Picture::from_pixels(flatten(picture, [255; 3]).into_owned(), picture.width(), picture.height(), 3)
}
