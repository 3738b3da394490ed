//! A campaign folder in memory, and the pictures of a real one: what the tests of posts stand on.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use fast_image_resize as resize;
use serde_json::{Map, Value, json};
use softbox::actions::compose::{ComposeInput, Document, compose};
use softbox::actions::paint::{BrandFont, Painted, PictureSource, PictureWant, Rgba, Settled, Supply, paint, settle};
use softbox::campaign::formats::{FileType, SafeZone};
use softbox::campaign::{Format, Problem, RelPath};

pub struct Studio {
    pub files: BTreeMap<String, Arc<Vec<u8>>>,
    photos: BTreeMap<String, Rgba>,
    pub data: Map<String, Value>,
    colors: BTreeMap<String, String>,
    pub format: Format,
    fonts: Vec<BrandFont>,
    pub wants: Vec<PictureWant>,
    pub reads: Vec<String>,
}

pub fn format(id: &str, width: u32, height: u32) -> Format {
    Format {
        id: id.into(),
        width,
        height,
        file_type: FileType::Jpeg,
        accepts: vec![FileType::Jpeg],
        max_bytes: None,
        safe: SafeZone::default(),
        bleed: 0,
        dpi: None,
        quality: 85,
    }
}

impl Studio {
    /// A 1080×1350 post of one product.
    pub fn new() -> Studio {
        let data = json!({ "name": "Citrus Haze", "price": "$35", "tags": ["flower", "new"] });
        Studio {
            files: BTreeMap::new(),
            photos: BTreeMap::new(),
            data: data.as_object().unwrap().clone(),
            colors: BTreeMap::new(),
            format: format("instagram.portrait", 1080, 1350),
            fonts: Vec::new(),
            wants: Vec::new(),
            reads: Vec::new(),
        }
    }

    /// A studio whose template is `text`.
    pub fn template(text: &str) -> Studio {
        Studio::new().file("templates/card.html", text)
    }

    pub fn file(mut self, path: &str, bytes: impl Into<Vec<u8>>) -> Studio {
        self.files.insert(path.into(), Arc::new(bytes.into()));
        self
    }

    pub fn field(mut self, name: &str, value: impl Into<Value>) -> Studio {
        self.data.insert(name.into(), value.into());
        self
    }

    pub fn color(mut self, name: &str, color: &str) -> Studio {
        self.colors.insert(name.into(), color.into());
        self
    }

    pub fn photo(mut self, name: &str, photo: Rgba) -> Studio {
        self.photos.insert(name.into(), photo);
        self
    }

    pub fn font(mut self, path: &str, bytes: Vec<u8>) -> Studio {
        self.fonts.push(BrandFont { path: path.into(), bytes: Arc::new(bytes) });
        self
    }

    pub fn size(mut self, width: u32, height: u32) -> Studio {
        (self.format.width, self.format.height) = (width, height);
        self
    }

    pub fn format(mut self, format: Format) -> Studio {
        self.format = format;
        self
    }

    pub fn input(&self) -> ComposeInput {
        ComposeInput {
            template: RelPath::parse("templates/card.html").unwrap(),
            data: self.data.clone(),
            colors: self.colors.clone(),
            format: self.format.clone(),
        }
    }

    pub fn compose(&mut self) -> Result<Document, Vec<Problem>> {
        let input = self.input();
        let (files, reads) = (&self.files, &mut self.reads);
        compose(&input, &mut |path| {
            reads.push(path.to_string());
            Ok(files.get(path).cloned())
        })
    }

    pub fn try_paint(&mut self) -> Result<Painted, Vec<Problem>> {
        let document = self.compose()?;
        let fonts = self.fonts.clone();
        paint(&document, &fonts, self)
    }

    pub fn paint(&mut self) -> Painted {
        self.try_paint().unwrap_or_else(|problems| panic!("{}", tell(&problems)))
    }

    pub fn settle(&mut self) -> Settled {
        let document = self.compose().unwrap_or_else(|problems| panic!("{}", tell(&problems)));
        let fonts = self.fonts.clone();
        settle(&document, &fonts, self).unwrap_or_else(|problems| panic!("{}", tell(&problems)))
    }

    /// The problems of a page that must not be made, one a line.
    pub fn refused(&mut self) -> String {
        match self.try_paint() {
            Ok(_) => panic!("it was painted"),
            Err(problems) => tell(&problems),
        }
    }
}

/// Problems, one a line.
pub fn tell(problems: &[Problem]) -> String {
    problems.iter().map(|problem| format!("{problem}\n")).collect()
}

impl Supply for Studio {
    fn size(&mut self, source: &PictureSource) -> Result<Option<(u32, u32)>, Problem> {
        Ok(match source {
            PictureSource::Photo(name) => self.photos.get(name).map(|photo| (photo.width, photo.height)),
            PictureSource::File(path) => self.files.get(path.as_str()).map(|bytes| {
                let picture = decode(bytes);
                (picture.width, picture.height)
            }),
        })
    }

    fn cut(&mut self, want: &PictureWant) -> Result<Rgba, Problem> {
        self.wants.push(want.clone());
        Ok(match &want.source {
            PictureSource::Photo(name) => cut(&self.photos[name], want),
            PictureSource::File(path) => cut(&decode(&self.files[path.as_str()]), want),
        })
    }

    fn photos(&self) -> Vec<String> {
        self.photos.keys().cloned().collect()
    }

    fn file(&mut self, path: &str) -> io::Result<Option<Arc<Vec<u8>>>> {
        Ok(self.files.get(path).cloned())
    }
}

/// JPEG or PNG.
pub fn decode(bytes: &[u8]) -> Rgba {
    if bytes.starts_with(&[0xff, 0xd8]) {
        let options = zune_jpeg::zune_core::options::DecoderOptions::default();
        let options = options.jpeg_set_out_colorspace(zune_jpeg::zune_core::colorspace::ColorSpace::RGBA);
        let mut decoder =
            zune_jpeg::JpegDecoder::new_with_options(zune_jpeg::zune_core::bytestream::ZCursor::new(bytes), options);
        let pixels = decoder.decode().unwrap();
        let (width, height) = decoder.dimensions().unwrap();
        return Rgba { width: width as u32, height: height as u32, pixels };
    }
    let picture = image::load_from_memory(bytes).unwrap().to_rgba8();
    Rgba { width: picture.width(), height: picture.height(), pixels: picture.into_raw() }
}

fn cut(photo: &Rgba, want: &PictureWant) -> Rgba {
    let [left, top, width, height] = want.region;
    let (w, h) = (f64::from(photo.width), f64::from(photo.height));
    let source =
        resize::images::ImageRef::new(photo.width, photo.height, &photo.pixels, resize::PixelType::U8x4).unwrap();
    let mut out = resize::images::Image::new(want.width, want.height, resize::PixelType::U8x4);
    let options = resize::ResizeOptions::new().crop(
        left * w,
        top * h,
        (width * w).min(w - left * w),
        (height * h).min(h - top * h),
    );
    resize::Resizer::new().resize(&source, &mut out, &options).unwrap();
    Rgba { width: want.width, height: want.height, pixels: out.into_vec() }
}

/// A picture of one colour for each quarter: red, green, blue, white from the top left.
pub fn quarters(width: u32, height: u32) -> Rgba {
    let colors = [[255, 0, 0, 255], [0, 255, 0, 255], [0, 0, 255, 255], [255, 255, 255, 255]];
    let quarter = |x: u32, y: u32| colors[(usize::from(y >= height / 2)) * 2 + usize::from(x >= width / 2)];
    let pixels = (0..height).flat_map(|y| (0..width).flat_map(move |x| quarter(x, y))).collect();
    Rgba { width, height, pixels }
}

/// The colour at a place of the canvas.
pub fn at(picture: &Rgba, x: u32, y: u32) -> [u8; 3] {
    let start = ((y * picture.width + x) * 4) as usize;
    [picture.pixels[start], picture.pixels[start + 1], picture.pixels[start + 2]]
}

/// How many pixels of a part of the canvas (left, top, width, height) a test holds for.
pub fn count(picture: &Rgba, part: [u32; 4], holds: impl Fn([u8; 3]) -> bool) -> usize {
    let [left, top, width, height] = part;
    let places = (top..top + height).flat_map(|y| (left..left + width).map(move |x| (x, y)));
    places.filter(|(x, y)| holds(at(picture, *x, *y))).count()
}

/// Writes a picture as PNG, for eyes.
pub fn save(picture: &Rgba, path: &std::path::Path) {
    image::save_buffer(path, &picture.pixels, picture.width, picture.height, image::ColorType::Rgba8).unwrap();
}
