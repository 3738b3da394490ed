//! Pictures: their sizes for layout, the part and the pixels of each that show, and the painting with them.

use std::collections::HashMap;
use std::rc::Rc;

use takumi::prelude::{BackgroundImage, BackgroundSize, ImageSource, ImageSourceInput, Length, NodeKind, ObjectFit};
use takumi::unstable::base::geometry::Size;
use takumi::unstable::base::layout::replaced::ReplacedPlacement;
use takumi::unstable::base::layout::tree::RenderNode;
use takumi::unstable::base::resources::image_buffer::ImageBuffer;
use takumi::unstable::base::scene::Scene;
use takumi::unstable::raster::render_scene;

use super::places::Places;
use super::tree::{LaidBox, Stage, image_number};
use super::{PictureSource, PictureWant, Rgba, Supply};
use crate::campaign::{Problem, RelPath};

/// A picture that a page shows.
pub(super) enum Picture {
    /// Pixels, to be asked for when their box is known.
    Raster { source: PictureSource, width: u32, height: u32 },
    /// A drawing or a `data:` URI, which takumi draws itself.
    Ready(ImageSource),
}

impl Picture {
    /// Something of the same natural size, for layout.
    pub fn stand_in(&self) -> Option<ImageSource> {
        match self {
            Picture::Ready(image) => Some(image.clone()),
            Picture::Raster { width, height, .. } => {
                let empty =
                    format!("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\"/>");
                ImageSource::from_bytes(empty.as_bytes()).ok()
            }
        }
    }
}

/// Finds the picture that a `src` or `url()` names.
pub(super) fn resolve(src: &str, supply: &mut dyn Supply) -> Result<Picture, Problem> {
    if src.starts_with("data:") {
        return data(src);
    }
    if let Some(name) = src.strip_prefix("photo:") {
        let source = PictureSource::Photo(name.to_string());
        return match supply.size(&source)? {
            Some((width, height)) => Ok(Picture::Raster { source, width, height }),
            None => Err(unknown_photo(name, &supply.photos())),
        };
    }
    if src.contains("://") || src.starts_with("//") {
        let problem = Problem::error(
            "remote-file",
            format!("`{src}` is on the network, and a build reads only the campaign's files"),
        );
        return Err(problem.hint("save the picture into the campaign and write its path"));
    }
    let path = RelPath::parse(src).map_err(|error| {
        let problem = Problem::error("bad-path", format!("`{src}` is no picture: {error}"));
        problem.hint("paths are written from the campaign's folder, such as brand/logo.svg")
    })?;
    let bytes = supply
        .file(path.as_str())
        .map_err(|error| Problem::error("unreadable-file", format!("cannot read `{path}`: {error}")))?;
    let Some(bytes) = bytes else {
        let problem = Problem::error("missing-file", format!("there is no picture `{path}`"));
        return Err(problem.hint("paths are written from the campaign's folder; photos of the post are photo:NAME"));
    };
    if is_svg(&bytes) {
        let drawing = ImageSource::from_bytes(&bytes);
        return drawing
            .map(Picture::Ready)
            .map_err(|error| Problem::error("bad-picture", format!("`{path}` cannot be drawn: {error}")));
    }
    let source = PictureSource::File(path.clone());
    match supply.size(&source)? {
        Some((width, height)) => Ok(Picture::Raster { source, width, height }),
        None => Err(Problem::error("missing-file", format!("there is no picture `{path}`"))),
    }
}

fn is_svg(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_ok_and(|text| text.contains("<svg"))
}

fn unknown_photo(name: &str, known: &[String]) -> Problem {
    let problem = Problem::error("unknown-photo", format!("this post has no photo `{name}`"));
    let near = known.iter().min_by_key(|known| strsim::damerau_levenshtein(known, name));
    problem.hint(match near {
        Some(near) if strsim::damerau_levenshtein(near, name) <= 2 => format!("did you mean photo:{near}?"),
        Some(_) => {
            format!("it has {}", known.iter().map(|known| format!("photo:{known}")).collect::<Vec<_>>().join(", "))
        }
        None => "give the post a photo in the manifest".into(),
    })
}

/// A picture inside the template: a drawing or a PNG.
fn data(uri: &str) -> Result<Picture, Problem> {
    let wrong = |why: &str| Problem::error("bad-picture", format!("this data: URI cannot be shown: {why}"));
    let (head, body) = uri.split_once(',').ok_or_else(|| wrong("it has no comma"))?;
    let bytes = match head.ends_with(";base64") {
        true => base64(body).ok_or_else(|| wrong("it is not base64"))?,
        false => percent(body),
    };
    if !is_svg(&bytes) && !bytes.starts_with(b"\x89PNG") {
        return Err(wrong("it is neither SVG nor PNG").hint("save the picture into the campaign and write its path"));
    }
    ImageSource::from_bytes(&bytes).map(Picture::Ready).map_err(|error| wrong(&error.to_string()))
}

fn base64(text: &str) -> Option<Vec<u8>> {
    let (mut out, mut bits, mut have) = (Vec::new(), 0u32, 0);
    for byte in text.bytes().filter(|byte| !byte.is_ascii_whitespace() && *byte != b'=') {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(value);
        have += 6;
        if have >= 8 {
            have -= 8;
            out.push((bits >> have) as u8);
        }
    }
    Some(out)
}

fn percent(text: &str) -> Vec<u8> {
    let bytes = text.as_bytes();
    let (mut out, mut at) = (Vec::new(), 0);
    while at < bytes.len() {
        let code = (bytes[at] == b'%').then(|| text.get(at + 1..at + 3)).flatten();
        match code.and_then(|code| u8::from_str_radix(code, 16).ok()) {
            Some(byte) => {
                out.push(byte);
                at += 3;
            }
            None => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    out
}

/// What becomes of an `<img>`: the picture to ask for, and whether it then fills the box without `object-fit`.
struct Cut {
    want: PictureWant,
    fills: bool,
}

/// Paints a laid-out page with its pictures.
pub(super) fn paint(
    stage: &Stage,
    scene: Scene,
    sizes: &[u32],
    supply: &mut dyn Supply,
    places: &mut Places<'_>,
) -> Result<Rgba, Vec<Problem>> {
    let mut scene = scene;
    let mut boxes = stage.boxes(&mut scene)?;
    let painted = backgrounds(stage, &scene.root, &boxes, supply, places)?;
    if !painted.is_empty() {
        scene = stage.scene_with(sizes, &painted)?;
        boxes = stage.boxes(&mut scene)?;
    }
    let mut problems = Vec::new();
    for laid in &boxes {
        let Some(node) = scene.root.node_at_path_mut(&laid.path) else { continue };
        let Some(number) = image_number(node) else { continue };
        let Some(cut) = cut(&stage.pictures[number], laid, node, supply) else { continue };
        match supply.cut(&cut.want).and_then(|pixels| image(pixels, &cut.want)) {
            Ok(image) => put(node, image, cut.fills),
            Err(problem) if problem.place.is_some() => problems.push(problem),
            Err(problem) => problems.push(problem.at(places.tag(stage.page.images[number].at, "src", supply))),
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let bitmap = render_scene(&scene)
        .map_err(|error| vec![Problem::error("paint", format!("the page cannot be painted: {error}"))])?;
    let (width, height) = (bitmap.width(), bitmap.height());
    Ok(Rgba { width, height, pixels: bitmap.into_raw() })
}

/// Shows finished pixels in a node that layout knew by its stand-in.
fn put(node: &mut RenderNode, image: ImageSource, fills: bool) {
    if let Some(NodeKind::Image(data)) = node.node.as_mut().map(|node| &mut node.kind) {
        data.src = ImageSourceInput::Loaded(image);
    }
    if fills {
        let style = Rc::make_mut(&mut node.context.style);
        Rc::make_mut(&mut style.misc_data).object_fit = ObjectFit::Fill;
    }
}

fn image(pixels: Rgba, want: &PictureWant) -> Result<ImageSource, Problem> {
    let (width, height) = (pixels.width, pixels.height);
    let buffer = ImageBuffer::from_rgba_bytes(pixels.pixels, width, height);
    match buffer.filter(|_| (width, height) == (want.width, want.height)) {
        Some(buffer) => Ok(ImageSource::from(buffer)),
        None => {
            let message = format!("asked for {}×{} pixels and got {width}×{height}", want.width, want.height);
            Err(Problem::error("bad-picture", message))
        }
    }
}

/// The part of a picture that its box shows, and how many pixels that is on the canvas.
fn cut(picture: &Picture, laid: &LaidBox, node: &RenderNode, supply: &mut dyn Supply) -> Option<Cut> {
    let Picture::Raster { source, width, height } = picture else { return None };
    let natural = Size { width: *width as f32, height: *height as f32 };
    let content = laid.layout.content_box_size();
    if content.width < 0.5 || content.height < 0.5 {
        return None;
    }
    let placed = ReplacedPlacement::new(&node.context, content, natural);
    let shown = placed.clipped(content);
    let fills = (shown.size.width - content.width).abs() < 0.5 && (shown.size.height - content.height).abs() < 0.5;
    let offset = laid.layout.content_box_offset();
    if fills {
        let focus = supply.focus(source);
        let part = |crop: f32, length: f32, whole: f32| (f64::from(crop / whole), f64::from(length / whole).min(1.0));
        let (left, across) = part(shown.crop.x, shown.size.width, placed.size.width);
        let (top, down) = part(shown.crop.y, shown.size.height, placed.size.height);
        let (width, height) = pixels(laid, [offset.x, offset.y], [content.width, content.height]);
        let [left, top] = match is_central(left, across) && is_central(top, down) {
            true => [(focus[0], across), (focus[1], down)].map(|(focus, part)| f64::from(focus) - part / 2.0),
            false => [left, top],
        };
        let region = [left.clamp(0.0, 1.0 - across), top.clamp(0.0, 1.0 - down), across, down];
        return Some(Cut { want: PictureWant { source: source.clone(), region, width, height }, fills: true });
    }
    // Shown whole, or cut at its natural size: takumi places it.
    let origin = [offset.x + placed.offset.x, offset.y + placed.offset.y];
    let (width, height) = pixels(laid, origin, [placed.size.width, placed.size.height]);
    let want = PictureWant { source: source.clone(), region: [0.0, 0.0, 1.0, 1.0], width, height };
    Some(Cut { want, fills: false })
}

/// Whether a part of a length lies in its middle: where `object-position` was left as it is.
fn is_central(start: f64, part: f64) -> bool {
    (start - (1.0 - part) / 2.0).abs() < 0.001
}

/// Pixels of the canvas that a rectangle of a box takes, never more than 16 384 a side.
fn pixels(laid: &LaidBox, origin: [f32; 2], size: [f32; 2]) -> (u32, u32) {
    let [a, b, c, d, x, y] = laid.transform;
    let clamp = |length: f32| (length.round().max(1.0) as u32).min(16_384);
    if (a, b, c, d) == (1.0, 0.0, 0.0, 1.0) {
        // As browsers do: each edge snaps to the nearest pixel, so that the size depends on where the box lies.
        let snapped = |start: f32, length: f32| (start + length).round() - start.round();
        return (clamp(snapped(x + origin[0], size[0])), clamp(snapped(y + origin[1], size[1])));
    }
    (clamp(size[0] * a.hypot(b)), clamp(size[1] * c.hypot(d)))
}

/// The pictures that the CSS shows, each at the largest size at which one of its boxes shows it.
fn backgrounds(
    stage: &Stage,
    root: &RenderNode,
    boxes: &[LaidBox],
    supply: &mut dyn Supply,
    places: &mut Places<'_>,
) -> Result<HashMap<String, ImageSource>, Vec<Problem>> {
    let (mut painted, mut problems) = (HashMap::new(), Vec::new());
    for (url, picture) in &stage.backgrounds {
        let Picture::Raster { source, width, height } = picture else { continue };
        let natural = [*width as f32, *height as f32];
        let scales = boxes.iter().filter_map(|laid| root.node_at_path(&laid.path).map(|node| (laid, node)));
        let scale = scales.flat_map(|(laid, node)| drawn_scales(url, natural, laid, node)).fold(0.0f32, f32::max);
        if scale <= 0.0 {
            continue;
        }
        let pixels = |length: f32| ((length * scale).round().max(1.0) as u32).min(16_384);
        let want = PictureWant {
            source: source.clone(),
            region: [0.0, 0.0, 1.0, 1.0],
            width: pixels(natural[0]),
            height: pixels(natural[1]),
        };
        match supply.cut(&want).and_then(|pixels| image(pixels, &want)) {
            Ok(image) => {
                painted.insert(url.clone(), image);
            }
            Err(problem) if problem.place.is_some() => problems.push(problem),
            Err(problem) => {
                let place = places.in_css(url, supply).unwrap_or_else(|| places.text(url, supply));
                problems.push(problem.at(place));
            }
        }
    }
    if problems.is_empty() { Ok(painted) } else { Err(problems) }
}

/// How large a node draws a picture as background or mask, compared with its natural size.
fn drawn_scales(url: &str, natural: [f32; 2], laid: &LaidBox, node: &RenderNode) -> Vec<f32> {
    let style = &node.context.style;
    let layers = [
        (style.background_data.background_image.as_deref(), &style.background_data.background_size),
        (style.misc2_data.mask_image.as_deref(), &style.misc2_data.mask_size),
    ];
    let [a, b, c, d, ..] = laid.transform;
    let grown = a.hypot(b).max(c.hypot(d));
    let (width, height) = (laid.layout.padding_box_width(), laid.layout.padding_box_height());
    let mut scales = Vec::new();
    for (images, sizes) in layers {
        for (n, image) in images.unwrap_or_default().iter().enumerate() {
            if !matches!(image, BackgroundImage::Url(own) if **own == *url) {
                continue;
            }
            let across = width / natural[0];
            let down = height / natural[1];
            let scale = match sizes.get(n % sizes.len().max(1)) {
                Some(BackgroundSize::Cover) => across.max(down) * grown,
                Some(BackgroundSize::Contain) => across.min(down) * grown,
                // The natural size has to stay what it is, or the drawn one would change with it.
                Some(BackgroundSize::Explicit { width: Length::Auto, height: Length::Auto }) | None => 1.0,
                Some(BackgroundSize::Explicit { width: w, height: h }) => {
                    let px = |length: &Length, whole: f32| match length {
                        Length::Auto => 0.0,
                        length => length.to_px(&node.context.sizing, whole),
                    };
                    (px(w, width) / natural[0]).max(px(h, height) / natural[1]) * grown
                }
                Some(_) => 1.0,
            };
            scales.push(scale);
        }
    }
    scales
}
