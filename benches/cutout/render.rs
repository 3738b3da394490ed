//! A picture of solids on a table, as a phone would take it, with the exact mask of those that are the product.

use rayon::prelude::*;

use super::shapes::{Pattern, Solid, Stuff, V, add, cross, dot, length, mix, scale, sub, unit};

pub struct World {
    pub solids: Vec<Solid>,
    pub table: Stuff,
    pub wall: Stuff,
    /// How far the wall is behind the middle.
    pub depth: f32,
    pub eye: V,
    pub target: V,
    pub zoom: f32,
    pub light: V,
    /// How wide shadows' edges are: 4 (soft) to 30 (hard).
    pub hardness: f32,
    pub ambient: f32,
    pub tint: V,
    /// Blur of what is out of focus, in pixels.
    pub blur: f32,
    pub noise: f32,
    pub seed: u32,
    /// RGB tiles of 256×256 in linear light.
    pub tiles: Vec<Vec<V>>,
}

pub struct Shot {
    /// sRGB.
    pub pixels: Vec<u8>,
    /// How much of each pixel is the product.
    pub mask: Vec<u8>,
}

enum Hit<'a> {
    Solid(&'a Solid),
    Table,
    Wall,
}

const SAMPLES: [(f32, f32); 4] = [(0.125, 0.625), (0.375, 0.125), (0.625, 0.875), (0.875, 0.375)];

pub fn shoot(world: &World, width: usize, height: usize) -> Shot {
    let forward = unit(sub(world.target, world.eye));
    let right = unit(cross(forward, [0.0, 1.0, 0.0]));
    let up = cross(right, forward);
    let rows: Vec<Vec<(V, f32, f32)>> = (0..height)
        .into_par_iter()
        .map(|y| {
            (0..width)
                .map(|x| {
                    let (mut color, mut cover, mut depth) = ([0.0; 3], 0.0, 0.0);
                    for (dx, dy) in SAMPLES {
                        let u = (x as f32 + dx - width as f32 / 2.0) / height as f32 / world.zoom;
                        let v = (height as f32 / 2.0 - y as f32 - dy) / height as f32 / world.zoom;
                        let ray = unit(add(forward, add(scale(right, u), scale(up, v))));
                        let (seen, product, far) = look(world, world.eye, ray, 2);
                        color = add(color, scale(seen, 0.25));
                        cover += if product { 0.25 } else { 0.0 };
                        depth += far * 0.25;
                    }
                    (color, cover, depth)
                })
                .collect()
        })
        .collect();
    let flat: Vec<(V, f32, f32)> = rows.concat();
    develop(world, &flat, width, height)
}

/// Depth of field for all but the product, vignette, tint, noise and the sRGB curve.
fn develop(world: &World, flat: &[(V, f32, f32)], width: usize, height: usize) -> Shot {
    let focus = length(sub(world.target, world.eye));
    let pixels = (0..width * height).into_par_iter().flat_map_iter(|i| {
        let (x, y) = ((i % width) as f32, (i / width) as f32);
        let (color, cover, depth) = flat[i];
        let radius = world.blur * (focus / depth.max(0.1) - 1.0).abs().min(1.0);
        let mut seen = color;
        if cover == 0.0 && radius > 0.7 {
            let (mut sum, mut weight) = ([0.0; 3], 0.0);
            for tap in 0..48 {
                let (s, c) = (tap as f32 * 2.399_963).sin_cos();
                let r = radius * ((tap as f32 + 0.5) / 48.0).sqrt();
                let (tx, ty) = ((x + c * r).round(), (y + s * r).round());
                if tx < 0.0 || ty < 0.0 || tx >= width as f32 || ty >= height as f32 {
                    continue;
                }
                let (color, cover, _) = flat[ty as usize * width + tx as usize];
                sum = add(sum, scale(color, 1.0 - cover));
                weight += 1.0 - cover;
            }
            if weight > 0.0 {
                seen = scale(sum, 1.0 / weight);
            }
        }
        let (dx, dy) = (x / width as f32 - 0.5, y / height as f32 - 0.5);
        let vignette = 1.0 - 0.7 * (dx * dx + dy * dy);
        [0, 1, 2].map(|c| {
            let light = (seen[c] * world.tint[c] * vignette).max(0.0);
            let value = if light < 0.003_130_8 { light * 12.92 } else { 1.055 * light.powf(1.0 / 2.4) - 0.055 };
            let grain = (dice(i as u32 * 3 + c as u32, world.seed) + dice(i as u32 * 3 + c as u32, world.seed ^ 77)
                - 1.0)
                * world.noise;
            (value * 255.0 + grain + 0.5).clamp(0.0, 255.0) as u8
        })
    });
    let mask = flat.iter().map(|(_, cover, _)| (cover * 255.0 + 0.5) as u8).collect();
    Shot { pixels: pixels.collect(), mask }
}

fn nearest(world: &World, p: V) -> (f32, usize) {
    let mut best = (f32::MAX, usize::MAX);
    for (i, solid) in world.solids.iter().enumerate() {
        let distance = solid.distance(p, best.0);
        if distance < best.0 {
            best = (distance, i);
        }
    }
    best
}

/// What a ray meets: its colour, whether it is the product, and how far it is.
fn look(world: &World, from: V, ray: V, depth: u32) -> (V, bool, f32) {
    let mut limit = 60.0;
    let mut hit = Hit::Wall;
    if ray[1] < -1e-4 {
        limit = -from[1] / ray[1];
        hit = Hit::Table;
    }
    if ray[2] > 1e-4 {
        let wall = (world.depth - from[2]) / ray[2];
        if wall < limit {
            limit = wall;
            hit = Hit::Wall;
        }
    }
    let mut t = 0.02;
    for _ in 0..110 {
        let (distance, which) = nearest(world, add(from, scale(ray, t)));
        if distance < 0.0008 * (1.0 + t * 0.2) {
            hit = Hit::Solid(&world.solids[which]);
            break;
        }
        t += distance * 0.92;
        if t > limit {
            t = limit;
            break;
        }
    }
    let far = t.min(limit);
    let p = add(from, scale(ray, far));
    let (normal, stuff, local) = match hit {
        Hit::Solid(solid) => (slope(solid, p), &solid.stuff, solid.local(p)),
        Hit::Table => ([0.0, 1.0, 0.0], &world.table, [p[0], 0.0, p[2]]),
        Hit::Wall => ([0.0, 0.0, -1.0], &world.wall, [p[0], 0.0, p[1]]),
    };
    let product = matches!(hit, Hit::Solid(solid) if solid.product);
    let mut color = shade(world, p, normal, ray, stuff, local);
    if stuff.clear > 0.0 && depth > 0 {
        // Through both walls, past the shape.
        if let Hit::Solid(solid) = hit {
            let out = add(p, scale(ray, 2.0 * solid.form.radius().min(0.5)));
            let behind = look(world, out, ray, depth - 1).0;
            let facing = dot(normal, ray).abs();
            color =
                mix(color, [0, 1, 2].map(|i| behind[i] * (0.6 + 0.4 * stuff.color[i])), stuff.clear * facing.sqrt());
        }
    }
    (color, product, far)
}

fn slope(solid: &Solid, p: V) -> V {
    const STEP: f32 = 0.002;
    let at = |d: V| solid.form.distance(solid.local(add(p, d)));
    let e = |i: usize, s: f32| {
        let mut d = [0.0; 3];
        d[i] = s;
        d
    };
    unit([0, 1, 2].map(|i| at(e(i, STEP)) - at(e(i, -STEP))))
}

fn shade(world: &World, p: V, normal: V, ray: V, stuff: &Stuff, local: V) -> V {
    let base = paint(world, stuff, local);
    let above = add(p, scale(normal, 0.006));
    let light = unit(world.light);
    let lit = dot(normal, light).max(0.0) * shadow(world, above, light);
    let near = nearest(world, add(p, scale(normal, 0.12))).0.clamp(0.0, 0.12) / 0.12;
    let floor = if normal[1] > 0.9 { 1.0 } else { (p[1] / 0.15).clamp(0.0, 1.0) };
    let open = world.ambient * (0.55 + 0.45 * near) * (0.75 + 0.25 * floor) * (0.7 + 0.3 * normal[1]);
    let half = unit(sub(light, ray));
    let shine = dot(normal, half).max(0.0).powf(12.0 + 200.0 * stuff.gloss) * stuff.gloss * lit;
    let edge = (1.0 - dot(normal, ray).abs()).powi(4) * stuff.gloss * 0.35 * world.ambient;
    add(scale(base, lit + open), [shine + edge; 3])
}

fn shadow(world: &World, from: V, light: V) -> f32 {
    let (mut open, mut t) = (1.0_f32, 0.02);
    for _ in 0..40 {
        let distance = nearest(world, add(from, scale(light, t))).0;
        open = open.min(world.hardness * distance / t);
        if open < 0.005 || t > 6.0 {
            break;
        }
        t += distance.clamp(0.02, 0.4);
    }
    open.clamp(0.0, 1.0)
}

fn paint(world: &World, stuff: &Stuff, p: V) -> V {
    let grain = |x: f32, y: f32, z: f32| noise(x, y, z, world.seed);
    match stuff.pattern {
        Pattern::Plain => scale(stuff.color, 0.97 + 0.06 * grain(p[0] * 9.0, p[1] * 9.0, p[2] * 9.0)),
        Pattern::Label(paper, low, high) => {
            let inside = p[1] > low && p[1] < high && p[2] < 0.0;
            if !inside {
                return stuff.color;
            }
            let v = (p[1] - low) / (high - low);
            let line = (v * 7.0).floor();
            let print = (v * 7.0).fract() > 0.35 + 0.08 * line && (1.0..6.0).contains(&line);
            let reach = 0.55 + 0.4 * dice(line as u32, world.seed);
            let ink = print && p[0].abs() < reach * 0.22 && dice((p[0] * 60.0 + 500.0) as u32, line as u32 + 9) > 0.35;
            if ink { scale(stuff.color, 0.4) } else { paper }
        }
        Pattern::Ribs(count) => {
            let around = p[2].atan2(p[0]);
            scale(stuff.color, 0.75 + 0.25 * (around * count).sin())
        }
        Pattern::Wood(other) => {
            let ring = grain(p[0] * 1.2, p[1] * 6.0, p[2] * 9.0) + 0.4 * grain(p[0] * 6.0, p[1] * 30.0, p[2] * 50.0);
            mix(stuff.color, other, ring.clamp(0.0, 1.0))
        }
        Pattern::Checks(other, size) => {
            let odd = ((p[0] / size).floor() + (p[1] / size).floor() + (p[2] / size).floor()) as i32 & 1;
            if odd == 1 { other } else { stuff.color }
        }
        Pattern::Marble(other) => {
            let turbulence =
                grain(p[0] * 2.0, p[1] * 2.0, p[2] * 2.0) + 0.5 * grain(p[0] * 5.0, p[1] * 5.0, p[2] * 5.0);
            let vein = 1.0 - ((p[0] * 1.3 + p[2] + p[1] + turbulence * 2.5) * 3.0).sin().abs();
            mix(stuff.color, other, vein * vein)
        }
        Pattern::Tile(which, size) => {
            let tile = &world.tiles[which % world.tiles.len()];
            let at = |value: f32| ((value / size).rem_euclid(1.0) * 255.99) as usize;
            tile[at(p[2] + p[1]) * 256 + at(p[0])]
        }
    }
}

/// 0 to 1, the same for the same numbers.
pub fn dice(a: u32, b: u32) -> f32 {
    let mut x = a.wrapping_mul(0x9e37_79b9) ^ b.wrapping_mul(0x85eb_ca6b) ^ 0x27d4_eb2f;
    x ^= x >> 15;
    x = x.wrapping_mul(0x2c1b_3c6d);
    x ^= x >> 12;
    x = x.wrapping_mul(0x297a_2d39);
    x ^= x >> 15;
    (x >> 8) as f32 / (1 << 24) as f32
}

/// Smooth noise, 0 to 1.
fn noise(x: f32, y: f32, z: f32, seed: u32) -> f32 {
    let cell = [x.floor(), y.floor(), z.floor()];
    let f = [x - cell[0], y - cell[1], z - cell[2]].map(|t| t * t * (3.0 - 2.0 * t));
    let corner = |i: i32, j: i32, k: i32| {
        let (a, b, c) = (cell[0] as i32 + i, cell[1] as i32 + j, cell[2] as i32 + k);
        dice((a as u32).wrapping_mul(73) ^ (b as u32).wrapping_mul(19_349) ^ (c as u32).wrapping_mul(83_492), seed)
    };
    let lerp = |a: f32, b: f32, t: f32| a + (b - a) * t;
    let plane =
        |k: i32| lerp(lerp(corner(0, 0, k), corner(1, 0, k), f[0]), lerp(corner(0, 1, k), corner(1, 1, k), f[0]), f[1]);
    lerp(plane(0), plane(1), f[2])
}
