//! Takes as models make them, honest and dishonest ones, made here from a cutout and a texture.

use softbox::imaging::{Description, Encoding, FileType, Limits, Picture, decode, encode};

/// A rectangle in fractions of the frame: left, top, right, bottom.
pub type Part = [f32; 4];

/// Red, green, blue and alpha from 0 to 1, colours not multiplied by alpha.
#[derive(Clone)]
pub struct Sheet {
    pub width: usize,
    pub height: usize,
    pub pixels: Vec<[f32; 4]>,
}

impl Sheet {
    pub fn of(picture: &Picture) -> Sheet {
        let channels = usize::from(picture.channels());
        let value = |byte: u8| f32::from(byte) / 255.0;
        let pixel =
            |own: &[u8]| [value(own[0]), value(own[1]), value(own[2]), own.get(3).map_or(1.0, |alpha| value(*alpha))];
        let pixels = picture.pixels().chunks_exact(channels).map(pixel).collect();
        Sheet { width: picture.width() as usize, height: picture.height() as usize, pixels }
    }

    pub fn picture(&self, channels: usize) -> Picture {
        let byte = |value: f32| (value.clamp(0.0, 1.0) * 255.0 + 0.5) as u8;
        let pixels = self.pixels.iter().flat_map(|pixel| pixel[..channels].iter().map(|value| byte(*value)));
        Picture::from_pixels(pixels.collect(), self.width as u32, self.height as u32, channels as u8).unwrap()
    }

    fn pixel(&self, x: isize, y: isize) -> [f32; 4] {
        let x = x.clamp(0, self.width as isize - 1) as usize;
        let y = y.clamp(0, self.height as isize - 1) as usize;
        self.pixels[y * self.width + x]
    }

    /// Between pixels; colours weighted by alpha.
    fn between(&self, x: f32, y: f32) -> [f32; 4] {
        let (x, y) = (x - 0.5, y - 0.5);
        let (left, top) = (x.floor(), y.floor());
        let mut sum = [0.0; 4];
        for (dx, dy) in [(0, 0), (1, 0), (0, 1), (1, 1)] {
            let (fx, fy) = ((x - left - dx as f32).abs(), (y - top - dy as f32).abs());
            let weight = (1.0 - fx) * (1.0 - fy);
            let own = self.pixel(left as isize + dx, top as isize + dy);
            for channel in 0..3 {
                sum[channel] += weight * own[3] * own[channel];
            }
            sum[3] += weight * own[3];
        }
        let alpha = sum[3].max(1e-6);
        [sum[0] / alpha, sum[1] / alpha, sum[2] / alpha, sum[3]]
    }

    /// A new sheet of the same size: what each point (in pixels) shows.
    fn redrawn(&self, from: impl Fn(f32, f32) -> (f32, f32)) -> Sheet {
        let mut pixels = Vec::with_capacity(self.pixels.len());
        for y in 0..self.height {
            for x in 0..self.width {
                let (u, v) = from(x as f32 + 0.5, y as f32 + 0.5);
                pixels.push(self.between(u, v));
            }
        }
        Sheet { pixels, ..*self }
    }

    fn each(&mut self, change: impl Fn(f32, f32, &mut [f32; 4])) {
        let (width, height) = (self.width as f32, self.height as f32);
        for (at, pixel) in self.pixels.iter_mut().enumerate() {
            let (x, y) = ((at % self.width) as f32 + 0.5, (at / self.width) as f32 + 0.5);
            change(x / width, y / height, pixel);
        }
    }

    /// Left, top, right, bottom of what is opaque, in pixels.
    pub fn bounds(&self) -> [f32; 4] {
        let mut bounds = [f32::MAX, f32::MAX, 0.0, 0.0];
        for (at, pixel) in self.pixels.iter().enumerate() {
            if pixel[3] > 0.5 {
                let (x, y) = ((at % self.width) as f32, (at / self.width) as f32);
                bounds = [bounds[0].min(x), bounds[1].min(y), bounds[2].max(x + 1.0), bounds[3].max(y + 1.0)];
            }
        }
        bounds
    }

    pub fn longest(&self) -> f32 {
        let [left, top, right, bottom] = self.bounds();
        (right - left).max(bottom - top)
    }

    pub fn blurred(&self, sigma: f32) -> Sheet {
        let reach = (3.0 * sigma).ceil() as isize;
        let weights: Vec<f32> = (-reach..=reach).map(|at| (-(at * at) as f32 / (2.0 * sigma * sigma)).exp()).collect();
        let along = |sheet: &Sheet, dx: isize, dy: isize| {
            let pixel = |at: usize| {
                let (x, y) = ((at % sheet.width) as isize, (at / sheet.width) as isize);
                let (mut sum, mut total) = ([0.0; 3], 1e-9);
                for (step, weight) in weights.iter().enumerate() {
                    let step = step as isize - reach;
                    let own = sheet.pixel(x + step * dx, y + step * dy);
                    (0..3).for_each(|channel| sum[channel] += weight * own[3] * own[channel]);
                    total += weight * own[3];
                }
                let sum = sum.map(|sum| sum / total);
                [sum[0], sum[1], sum[2], sheet.pixels[at][3]]
            };
            Sheet { pixels: (0..sheet.pixels.len()).map(pixel).collect(), ..*sheet }
        };
        along(&along(self, 1, 0), 0, 1)
    }

    pub fn mirrored(&self) -> Sheet {
        let [left, _, right, _] = self.bounds();
        self.redrawn(|x, y| (left + right - x, y))
    }

    /// Lower than it was by a share of its height, the base staying where it is.
    pub fn squashed(&self, share: f32) -> Sheet {
        let bottom = self.bounds()[3];
        self.redrawn(|x, y| (x, bottom - (bottom - y) / (1.0 - share)))
    }

    /// The hue of what is in a part and has any turned by degrees.
    pub fn recoloured(&self, part: Part, degrees: f32) -> Sheet {
        let mut sheet = self.clone();
        let (sine, cosine) = degrees.to_radians().sin_cos();
        sheet.each(|x, y, pixel| {
            if inside(part, x, y) {
                let [r, g, b, _] = *pixel;
                let light = 0.299 * r + 0.587 * g + 0.114 * b;
                let (u, v) = ((b - light) / 1.772, (r - light) / 1.402);
                let (u, v) = (u * cosine - v * sine, u * sine + v * cosine);
                let (red, blue) = (light + 1.402 * v, light + 1.772 * u);
                *pixel = [red, (light - 0.299 * red - 0.114 * blue) / 0.587, blue, pixel[3]];
            }
        });
        sheet
    }

    /// A part moved to the right by so many pixels; what it leaves is filled from its edges.
    pub fn shifted(&self, part: Part, by: f32) -> Sheet {
        let erased = self.erased(part);
        let (width, height) = (self.width as f32, self.height as f32);
        let moved = self.redrawn(|x, y| (x - by, y));
        let mut sheet = erased;
        let off = by / width;
        for (at, pixel) in sheet.pixels.iter_mut().enumerate() {
            let (x, y) = ((at % self.width) as f32 / width, (at / self.width) as f32 / height);
            if inside(part, x - off, y) {
                *pixel = moved.pixels[at];
            }
        }
        sheet
    }

    /// A part filled with what is above and below it.
    pub fn erased(&self, part: Part) -> Sheet {
        let mut sheet = self.clone();
        let [_, top, _, bottom] = part.map(|at| at * self.height as f32);
        sheet.each(|x, y, pixel| {
            if inside(part, x, y) {
                let (x, y) = (x * self.width as f32, y * self.height as f32);
                let (above, below) = (self.between(x, top - 1.0), self.between(x, bottom + 1.0));
                let share = (y - top) / (bottom - top);
                for channel in 0..3 {
                    pixel[channel] = above[channel] + (below[channel] - above[channel]) * share;
                }
            }
        });
        sheet
    }

    /// Letters melted into each other, as models draw them that cannot write.
    pub fn garbled(&self, part: Part) -> Sheet {
        let [left, top, right, bottom] = part;
        let (width, height) = (self.width as f32, self.height as f32);
        let letter = (bottom - top) * height;
        self.redrawn(|x, y| {
            let (u, v) = (x / width, y / height);
            if !inside(part, u, v) {
                return (x, y);
            }
            let edge = |at: f32, from: f32, to: f32| {
                ((at - from) / (to - from) * 8.0).min((to - at) / (to - from) * 8.0).min(1.0)
            };
            let hold = edge(u, left, right) * edge(v, top, bottom);
            let wave = |at: f32, phase: f32| (at / letter * 5.3 + phase).sin();
            (x + 0.28 * letter * hold * wave(y, x / letter), y + 0.28 * letter * hold * wave(x, 1.0 + y / letter))
        })
    }

    /// One part drawn over another of the same size, which begins at `to`.
    pub fn copied(&self, part: Part, to: [f32; 2]) -> Sheet {
        let off = [to[0] - part[0], to[1] - part[1]];
        let (width, height) = (self.width as f32, self.height as f32);
        let target = [part[0] + off[0], part[1] + off[1], part[2] + off[0], part[3] + off[1]];
        self.redrawn(|x, y| match inside(target, x / width, y / height) {
            true => (x - off[0] * width, y - off[1] * height),
            false => (x, y),
        })
    }
}

fn inside([left, top, right, bottom]: Part, x: f32, y: f32) -> bool {
    x >= left && x < right && y >= top && y < bottom
}

/// Where and in which light a model shows the product.
#[derive(Clone, Copy)]
pub struct Shot {
    /// Size of the take in pixels.
    pub size: (usize, usize),
    /// Of the product, against what it would be if the take showed the source's frame.
    pub growth: f32,
    pub turn: f32,
    /// In fractions of the take.
    pub shift: [f32; 2],
    /// Factors for red, green and blue.
    pub light: [f32; 3],
    /// How much brighter the right is than the left.
    pub slope: f32,
    /// Noise and small unevenness of lines, as models paint them.
    pub painted: f32,
    /// How soft it is painted, as a share of the product's longer side.
    pub soft: f32,
    /// How much more contrast it has.
    pub contrast: f32,
    pub quality: Option<u8>,
}

pub const PLAIN: Shot = Shot {
    size: (900, 1200),
    growth: 1.0,
    turn: 0.0,
    shift: [0.0; 2],
    light: [1.0; 3],
    slope: 0.0,
    painted: 0.0,
    soft: 0.0,
    contrast: 0.0,
    quality: None,
};

impl Shot {
    /// The product in front of a texture, as a model's answer.
    pub fn take(&self, product: &Sheet, texture: &Sheet) -> Picture {
        let softened = (self.soft > 0.0).then(|| product.blurred(self.soft * product.longest()));
        let product = softened.as_ref().unwrap_or(product);
        let (width, height) = self.size;
        let (wide, high) = (width as f32, height as f32);
        let scale = (wide / product.width as f32).max(high / product.height as f32);
        let [left, top, right, bottom] = product.bounds();
        let middle = [(left + right) / 2.0, (top + bottom) / 2.0];
        let place = [0, 1].map(|axis| {
            let (own, full) = ([product.width, product.height][axis] as f32, [wide, high][axis]);
            (middle[axis] - own / 2.0) * scale + full / 2.0 + self.shift[axis] * full
        });
        let (sine, cosine) = (-self.turn).to_radians().sin_cos();
        let step = scale * self.growth;
        // Fewer pixels than the product has: several of its points for each.
        let points = if step < 0.8 { 3 } else { 1 };
        let mut random = 1_u64;
        let mut noise = || {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            ((random >> 40) as f32 / (1 << 24) as f32 - 0.5) * 3.4
        };
        let mut pixels = Vec::with_capacity(width * height);
        for y in 0..height {
            for x in 0..width {
                let mut own = [0.0; 4];
                for point in 0..points * points {
                    let part = |at: usize| (at as f32 + 0.5) / points as f32;
                    let (mut u, mut v) =
                        (x as f32 + part(point % points) - place[0], y as f32 + part(point / points) - place[1]);
                    let (across, down) = (u / wide, v / wide);
                    u += 0.6 * self.painted * (down * 41.0).sin();
                    v += 0.6 * self.painted * (across * 37.0 + 1.0).sin();
                    let (u, v) = ((u * cosine - v * sine) / step, (u * sine + v * cosine) / step);
                    let seen = product.between(middle[0] + u, middle[1] + v);
                    (0..3).for_each(|channel| own[channel] += seen[channel] * seen[3]);
                    own[3] += seen[3];
                }
                let behind = texture.pixel((x % texture.width) as isize, (y % texture.height) as isize);
                let alpha = own[3] / (points * points) as f32;
                let light = 1.0 + self.slope * (x as f32 / wide - 0.5);
                let grain = noise();
                let value = |channel: usize| {
                    let product = own[channel] / (points * points) as f32 * self.light[channel] * light;
                    let product = product + self.contrast * (product - 0.5 * alpha);
                    product + behind[channel] * (1.0 - alpha) + self.painted * 0.012 * grain
                };
                pixels.push([value(0), value(1), value(2), 1.0]);
            }
        }
        let picture = Sheet { width, height, pixels }.picture(3);
        match self.quality {
            None => picture,
            Some(quality) => {
                let file = encode(&picture, &encoding(FileType::Jpeg, quality)).unwrap();
                decode(&file.bytes, 0, &Limits::default()).unwrap()
            }
        }
    }
}

/// A file as models send it.
pub fn encoding(file_type: FileType, quality: u8) -> Encoding {
    let description = Description::default();
    Encoding { file_type, quality, max_bytes: None, background: [255; 3], graphics: false, dpi: None, description }
}

/// A product that was isolated, in its frame.
pub fn cutout(name: &str) -> Picture {
    read(&format!("tests/fixtures/fidelity/{name}.webp"))
}

/// Something to put behind a product.
pub fn texture(name: &str) -> Sheet {
    Sheet::of(&read(&format!("benches/cutout/{name}.jpg")))
}

fn read(path: &str) -> Picture {
    let file = std::fs::read(format!("{}/{path}", env!("CARGO_MANIFEST_DIR"))).unwrap();
    decode(&file, 0, &Limits::default()).unwrap()
}
