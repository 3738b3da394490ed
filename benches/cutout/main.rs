//! How well products are isolated: pictures of known products, by the network alone, without hints, with a box, and with a box and up
//! to two points.
//!
//! `cargo bench --bench cutout [-- [FIRST LAST] [lying]]`. The pictures are made here, with their exact masks; 24 by default, 3 of each
//! kind. With `lying`, each is turned on its side.

mod measure;
mod render;
mod scenes;
mod shapes;

use softbox::imaging::cutout::{Hints, Model, segment};
use softbox::imaging::{Limits, Picture, Region, cut, decode};

use measure::{Score, boxed, order, score, worst};

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

const WAYS: [&str; 5] = ["network alone", "no hints", "box", "box, 1 point", "box, 2 points"];

/// Good enough for a person to leave it.
const GOOD: f32 = 0.985;

fn main() -> Outcome<()> {
    let numbers: Vec<u32> = std::env::args().skip(1).filter_map(|argument| argument.parse().ok()).collect();
    let (first, last) = (numbers.first().copied().unwrap_or(0), numbers.get(1).copied().unwrap_or(24));
    let lies = std::env::args().any(|argument| argument == "lying");
    let model = Model::built_in()?;
    let tiles = vec![tile("brick")?, tile("gravel")?];
    let mut columns = vec![Vec::new(); WAYS.len()];
    println!("IoU, boundary F within 2 and 5 px, confidence");
    for number in first..last {
        let (kind, world) = scenes::world(number, tiles.clone());
        let shot = render::shoot(&world, 600, 800);
        let mask = shot.mask.iter().flat_map(|value| [*value; 3]).collect();
        let (mut photo, mut truth) = (enlarged(shot.pixels, 3)?, enlarged(mask, 3)?);
        if lies {
            (photo, truth) = (on_its_side(&photo)?, on_its_side(&truth)?);
        }
        let truth: Vec<bool> = truth.pixels().chunks_exact(3).map(|pixel| pixel[0] > 127).collect();
        let scores = directed(&photo, &truth, model)?;
        print!("{number:>3} {:<7}", format!("{kind:?}"));
        for (score, column) in scores.into_iter().zip(&mut columns) {
            print!("  {score}");
            column.push(score);
        }
        println!();
    }
    for (way, column) in WAYS.iter().zip(&columns) {
        let mean = |value: fn(&Score) -> f32| column.iter().map(value).sum::<f32>() / column.len().max(1) as f32;
        let least = column.iter().map(|score| score.iou).fold(1.0, f32::min);
        println!(
            "{way:<13}  mean IoU {:.3}, least {least:.3}, boundary F {:.3} and {:.3}, order {:.2}",
            mean(|score| score.iou),
            mean(|score| score.within_2),
            mean(|score| score.within_5),
            order(column)
        );
    }
    Ok(())
}

/// As a person would direct it: a box first, then points where most is wrong, until it is good.
fn directed(photo: &Picture, truth: &[bool], model: &Model) -> Outcome<Vec<Score>> {
    let width = photo.width() as usize;
    let run = |hints: &Hints| -> Outcome<(Vec<bool>, Score)> {
        let cut = segment(photo, hints, model)?;
        let mask: Vec<bool> = cut.mask.pixels.iter().map(|value| *value > 127).collect();
        let score = score(&mask, truth, width, cut.confidence);
        Ok((mask, score))
    };
    let mut scores = vec![score(&alone(photo, model)?, truth, width, 0.0), run(&Hints::default())?.1];
    let mut hints = Hints { area: Some(boxed(truth, width)), ..Hints::default() };
    let (mut mask, mut latest) = run(&hints)?;
    scores.push(latest);
    for _ in 0..2 {
        if latest.iou < GOOD
            && let Some((point, missing)) = worst(&mask, truth, width)
        {
            let strokes = if missing { &mut hints.keep } else { &mut hints.drop };
            strokes.push(vec![point]);
            (mask, latest) = run(&hints)?;
        }
        scores.push(latest);
    }
    Ok(scores)
}

/// What the network makes of the whole photo, at one half.
fn alone(photo: &Picture, model: &Model) -> Outcome<Vec<bool>> {
    let guess = model.guess(photo, Region::WHOLE)?;
    let grey = guess.values.iter().flat_map(|value| [(value * 255.0).round() as u8; 3]).collect();
    let small = Picture::from_pixels(grey, guess.side as u32, guess.side as u32, 3)?;
    let large = cut(&small, Region::WHOLE, photo.width(), photo.height())?;
    Ok(large.pixels().chunks_exact(3).map(|pixel| pixel[0] > 127).collect())
}

/// Rendered small, shown large, as a phone's pictures are: never sharp to the pixel.
fn enlarged(pixels: Vec<u8>, channels: u8) -> Outcome<Picture> {
    Ok(cut(&Picture::from_pixels(pixels, 600, 800, channels)?, Region::WHOLE, 1500, 2000)?)
}

/// Turned clockwise.
fn on_its_side(picture: &Picture) -> Outcome<Picture> {
    let row = 3 * picture.width() as usize;
    let columns = (0..row).step_by(3);
    let turned = columns.flat_map(|at| picture.pixels().chunks_exact(row).rev().flat_map(move |row| &row[at..at + 3]));
    Ok(Picture::from_pixels(turned.copied().collect(), picture.height(), picture.width(), 3)?)
}

/// A photographed texture, in linear light.
fn tile(name: &str) -> Outcome<Vec<shapes::V>> {
    let path = format!("{}/benches/cutout/{name}.jpg", env!("CARGO_MANIFEST_DIR"));
    let tile = cut(&decode(&std::fs::read(path)?, 0, &Limits::default())?, Region::WHOLE, 256, 256)?;
    let light = |value: u8| (f32::from(value) / 255.0).powf(2.2);
    Ok(tile.pixels().chunks_exact(3).map(|pixel| [light(pixel[0]), light(pixel[1]), light(pixel[2])]).collect())
}
