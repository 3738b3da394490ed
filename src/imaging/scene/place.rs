//! Where products stand in a frame: by the photographer's rules of a setting, for the frame's shape.

use super::product::Product;
use super::{Backdrop, Scene, Setting};
use crate::imaging::Region;

/// The room around optical centring: a product never leaves the middle of its box by more than this share of the box.
const MOST_SHIFT: f64 = 0.08;

/// A product's place in a frame, in pixels of the frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Place {
    /// Of the trimmed picture, which has a clear margin.
    pub left: i64,
    pub top: i64,
    pub width: u32,
    pub height: u32,
    /// Pixels of the frame for one of the cutout.
    pub scale: f64,
}

/// A frame with everything placed.
#[derive(Debug, Clone, PartialEq)]
pub struct Layout {
    /// One for each product of the scene.
    pub places: Vec<Place>,
    /// The products' numbers from back to front.
    pub order: Vec<usize>,
    /// The front of what stands on the floor, in pixels from the top.
    pub floor: f64,
    /// The part of the plate that fills the frame.
    pub plate: Region,
}

/// Sizes before the frame is known: all products at a common scale.
struct Group {
    /// Each product's own scale within the group.
    scales: Vec<f64>,
    /// Each product's left edge, from the group's.
    lefts: Vec<f64>,
    /// How far above the group's floor line each product's own is: what stands behind another is further up in the picture.
    raises: Vec<f64>,
    /// From back to front.
    order: Vec<usize>,
    width: f64,
    height: f64,
    /// The mean place of all alpha, from the group's left and bottom.
    weight: [f64; 2],
}

/// Places the products of a scene, none of them cut by the margins.
pub fn place(scene: &Scene, width: u32, height: u32) -> Layout {
    let setting = &scene.setting;
    let (frame_width, frame_height) = (f64::from(width), f64::from(height));
    let margin = f64::from(setting.margin) * frame_width.min(frame_height);
    let room = [(frame_width - 2.0 * margin).max(1.0), (frame_height - 2.0 * margin).max(1.0)];
    let group = group(&scene.products, setting);
    let fill = f64::from(setting.fill);
    let mut scale = (fill * frame_width).min(room[0]) / group.width;
    scale = scale.min((fill * frame_height).min(room[1]) / group.height);
    let exact = setting.exact && scene.products.len() == 1;
    if exact && scale >= 1.0 {
        scale = 1.0;
    }
    let wanted = standing(setting, &group, scale, frame_height, margin);
    let (plate, line) = plate(scene, frame_width / frame_height, wanted / frame_height);
    let floor = match (line, setting.floor) {
        (Some(line), _) => line * frame_height,
        (None, Some(line)) => f64::from(line) * frame_height,
        (None, None) => wanted,
    };
    let floor = floor.min(frame_height - margin);
    // A low floor line leaves little room above it.
    let scale = scale.min((floor - margin).max(1.0) / group.height);
    let left = across(setting, &group, scale, frame_width, margin);
    let place = |(index, product): (usize, &Product)| {
        let floor = floor - group.raises[index] * scale;
        stand(product, group.scales[index] * scale, left + group.lefts[index] * scale, floor, exact)
    };
    let places = scene.products.iter().enumerate().map(place).collect();
    Layout { places, order: group.order, floor, plate }
}

fn group(products: &[Product], setting: &Setting) -> Group {
    let size = |product: &Product| {
        let ([left, top, right, bottom], unit) = (product.shape().bounds, product.shape().unit);
        [(right - left) * unit[0], (bottom - top) * unit[1]]
    };
    // With every height known, true to scale; otherwise products that cover the same area look equally large.
    let known = products.iter().all(|product| product.height.is_some_and(|height| height > 0.0));
    let scale = |product: &Product| {
        let [width, height] = size(product);
        match product.height.filter(|_| known) {
            _ if products.len() == 1 => 1.0,
            Some(own) => f64::from(own) / height,
            None => 1.0 / (width * height).sqrt(),
        }
    };
    let scales: Vec<f64> = products.iter().map(scale).collect();
    let sizes: Vec<[f64; 2]> =
        products.iter().zip(&scales).map(|(product, scale)| size(product).map(|side| side * scale)).collect();
    let lefts = lefts(&sizes, f64::from(setting.gap));
    let order = order(&sizes);
    let raises = raises(products, &scales, &sizes, &lefts, &order);
    let (mut weight, mut total, mut width, mut height) = ([0.0; 2], 0.0, f64::MIN_POSITIVE, f64::MIN_POSITIVE);
    for (index, (product, scale)) in products.iter().zip(&scales).enumerate() {
        let (shape, [wide, tall]) = (product.shape(), sizes[index]);
        let mass = wide * tall;
        weight[0] += mass * (lefts[index] + (shape.weight[0] - shape.bounds[0]) * shape.unit[0] * scale);
        weight[1] += mass * (raises[index] + (shape.bounds[3] - shape.weight[1]) * shape.unit[1] * scale);
        total += mass;
        width = width.max(lefts[index] + wide);
        height = height.max(raises[index] + tall);
    }
    let weight = weight.map(|sum| sum / f64::max(total, f64::MIN_POSITIVE));
    Group { scales, lefts, raises, order, width, height, weight }
}

/// Left edges. A free gap is as wide between all; an overlap is a share of the narrower neighbour, so that none is hidden.
fn lefts(sizes: &[[f64; 2]], gap: f64) -> Vec<f64> {
    let mean = sizes.iter().map(|size| size[0]).sum::<f64>() / sizes.len().max(1) as f64;
    let mut at = 0.0;
    let mut lefts = Vec::with_capacity(sizes.len());
    for (index, [width, _]) in sizes.iter().enumerate() {
        lefts.push(at);
        let narrower = sizes.get(index + 1).map_or(*width, |next| next[0].min(*width));
        at += width + gap * if gap < 0.0 { narrower } else { mean };
    }
    lefts
}

/// Numbers from back to front: the taller stand behind the smaller, where they hide nobody.
fn order(sizes: &[[f64; 2]]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..sizes.len()).collect();
    order.sort_by(|a, b| sizes[*b][1].total_cmp(&sizes[*a][1]));
    order
}

/// How far back each product is moved on the floor, as it is seen: behind the bases of those in front that it overlaps, since two things
/// cannot stand in one place.
fn raises(products: &[Product], scales: &[f64], sizes: &[[f64; 2]], lefts: &[f64], order: &[usize]) -> Vec<f64> {
    let mut raises = vec![0.0f64; products.len()];
    let ends = |index: usize| [lefts[index], lefts[index] + sizes[index][0]];
    for (place, &index) in order.iter().enumerate().rev() {
        for &other in &order[place + 1..] {
            let ([left, right], [other_left, other_right]) = (ends(index), ends(other));
            if left < other_right && other_left < right {
                let depth = 2.0 * products[other].shape().base.half_depth() * products[other].shape().unit[1];
                raises[index] = raises[index].max(raises[other] + depth * scales[other]);
            }
        }
    }
    raises
}

/// The line that the group stands on when nobody drew one: centred by eye, which weighs, and kept inside the margins.
fn standing(setting: &Setting, group: &Group, scale: f64, frame: f64, margin: f64) -> f64 {
    let height = group.height * scale;
    let free = (frame - 2.0 * margin - height).max(0.0);
    // Half way: a bottle's light neck still counts for something.
    let shift = (group.weight[1] * scale - height / 2.0) / 2.0;
    let shift = shift.clamp(-MOST_SHIFT * height, MOST_SHIFT * height).clamp(-free / 2.0, free / 2.0);
    let centred = margin + free * f64::from(setting.anchor[1]) + height + shift;
    centred.clamp(margin + height, (frame - margin).max(margin + height))
}

fn across(setting: &Setting, group: &Group, scale: f64, frame: f64, margin: f64) -> f64 {
    let width = group.width * scale;
    let free = (frame - 2.0 * margin - width).max(0.0);
    // Of a group, the free room at its sides is seen as much as its weight.
    let weighs = if group.scales.len() > 1 { 0.5 } else { 1.0 };
    let shift = weighs * (width / 2.0 - group.weight[0] * scale);
    let shift = shift.clamp(-MOST_SHIFT * width, MOST_SHIFT * width);
    (margin + free * f64::from(setting.anchor[0]) + shift).clamp(margin, margin + free)
}

/// The part of a plate that fills the frame, with its floor line where the products would stand if it can be; and where that line is.
fn plate(scene: &Scene, ratio: f64, standing: f64) -> (Region, Option<f64>) {
    let (Some(plate), Backdrop::Plate { focus }) = (&scene.plate, scene.setting.backdrop) else {
        return (Region::WHOLE, None);
    };
    let mut region = crate::imaging::cover(plate.width(), plate.height(), ratio, focus, 1.0);
    let line = scene.setting.floor.map(|floor| {
        let floor = f64::from(floor);
        region.top = (floor - standing * region.height).clamp(0.0, 1.0 - region.height);
        (floor - region.top) / region.height
    });
    (region, line)
}

/// A product with the left edge and the bottom of its solid part at given places.
fn stand(product: &Product, scale: f64, left: f64, floor: f64, exact: bool) -> Place {
    let (shape, picture) = (product.shape(), product.trimmed());
    let scale = if exact && (scale - 1.0).abs() < 1e-9 { 1.0 } else { scale };
    let pixels = |length: u32| (f64::from(length) * scale).round().max(1.0) as u32;
    Place {
        left: (left - shape.bounds[0] * shape.unit[0] * scale).round() as i64,
        top: (floor - shape.bounds[3] * shape.unit[1] * scale).round() as i64,
        width: pixels(picture.width()),
        height: pixels(picture.height()),
        scale,
    }
}
