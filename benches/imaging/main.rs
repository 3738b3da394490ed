//! One phone photo becomes six social JPEGs: time and size, beside sharp (libvips) where node and sharp are installed.
//!
//! `cargo bench --bench imaging`; for the comparison, `npm install` in this folder first. Everything runs on two threads, warm,
//! and in turns, so that whatever else the machine does falls on all sides alike. The best round counts.

mod measure;
mod peer;
mod photo;

use rayon::ThreadPool;
use rayon::prelude::*;
use softbox::imaging::{
    Adjustment, Encoding, Error, FileType, Limits, Picture, adjust, cover, cut, decode, decode_to_cut, encode, probe,
};

use measure::{Cost, best, clock};
use peer::Peer;

/// Feed, story, square, link preview, header, avatar.
const SIZES: [(u32, u32); 6] = [(1080, 1350), (1080, 1920), (1080, 1080), (1200, 630), (1600, 900), (320, 320)];

const ROUNDS: usize = 7;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> Outcome<()> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build()?;
    let mut peer = Peer::start(&SIZES)?;
    for (name, width, height) in [("12 MP", 4032, 3024), ("48 MP", 8064, 6048)] {
        let photo = photo::phone_like(width, height)?;
        println!("{name} Display P3 JPEG, turned, {:.1} MB, to six JPEGs:", photo.len() as f64 / 1e6);
        compare(&pool, &photo, peer.as_mut())?;
    }
    light_and_colour(&pool)
}

fn compare(pool: &ThreadPool, photo: &[u8], mut peer: Option<&mut Peer>) -> Outcome<()> {
    if let Some(peer) = &mut peer {
        peer.open(photo)?;
    }
    let mut ours = Vec::new();
    let mut theirs: Vec<Vec<Cost>> = vec![Vec::new(); peer::WAYS.len()];
    // The first round warms up.
    for round in 0..=ROUNDS {
        let cost = clock(|| pool.install(|| six(photo)))?;
        if round > 0 {
            ours.push(cost);
        }
        for (way, costs) in peer::WAYS.iter().zip(&mut theirs) {
            if let Some(peer) = &mut peer {
                let cost = peer.run(way)?;
                if round > 0 {
                    costs.push(cost);
                }
            }
        }
    }
    let ours = best(&ours);
    println!("  softbox                  {ours}");
    for (way, costs) in peer::WAYS.iter().zip(&theirs).filter(|(_, costs)| !costs.is_empty()) {
        let theirs = best(costs);
        println!(
            "  sharp, {:<17} {theirs}; ours is {:.2} of its CPU, {:.2} of its wall",
            way.name,
            ours.cpu / theirs.cpu,
            ours.wall / theirs.wall
        );
    }
    Ok(())
}

/// Decoded once, at the smallest scale that is enough, then each size by itself, the largest first. Bytes of all files.
fn six(photo: &[u8]) -> Result<u64, Error> {
    let (width, height) = probe(photo)?.upright_size();
    // The most that any size enlarges the photo, as a reach of the shorter side.
    let scale = |(w, h): &(u32, u32)| (f64::from(*w) / f64::from(width)).max(f64::from(*h) / f64::from(height));
    let reach = SIZES.iter().map(scale).fold(0.0, f64::max) * f64::from(width.min(height));
    let picture = decode_to_cut(photo, reach.ceil() as u32, &Limits::default())?;
    let mut sizes = SIZES;
    sizes.sort_by_key(|(width, height)| std::cmp::Reverse(width * height));
    sizes.par_iter().with_max_len(1).map(|&(width, height)| one(&picture, width, height)).sum()
}

fn one(picture: &Picture, width: u32, height: u32) -> Result<u64, Error> {
    let ratio = f64::from(width) / f64::from(height);
    let region = cover(picture.width(), picture.height(), ratio, [0.5, 0.5], 1.0);
    let encoding = Encoding::plain(FileType::Jpeg, 85);
    Ok(encode(&cut(picture, region, width, height)?, &encoding)?.bytes.len() as u64)
}

/// What the steps of a look cost on all pixels of a 12 MP photo.
fn light_and_colour(pool: &ThreadPool) -> Outcome<()> {
    let photo = decode(&photo::phone_like(4032, 3024)?, 0, &Limits::default())?;
    let photo = Picture::from_pixels(photo.into_pixels(), 4032, 3024, 3)?;
    let tone = Adjustment { exposure: 0.4, temperature: 0.1, tint: 0.05, contrast: 0.2, saturation: 0.2, sharpen: 0.0 };
    println!("12 MP, adjusted in place:");
    for (name, wanted) in [
        ("light and colour", tone),
        ("sharpening", Adjustment { sharpen: 0.5, ..Adjustment::default() }),
        ("both", Adjustment { sharpen: 0.5, ..tone }),
    ] {
        let mut costs = Vec::new();
        for _ in 0..ROUNDS {
            let mut picture = Picture::from_pixels(photo.pixels().to_vec(), 4032, 3024, 3)?;
            costs.push(clock(|| pool.install(|| adjust(&mut picture, &wanted).map(|()| 0)))?);
        }
        println!("  {name:<22} {}", best(&costs));
    }
    Ok(())
}
