//! Products as people photograph them at home: bottles, jars, cartons, rings, tubes and pumps on tables among other things.

use super::render::{World, dice};
use super::shapes::{Form, Pattern, Solid, Stuff, V, add, turn};

/// What is hard about a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Bottle,
    Jar,
    Carton,
    Pump,
    Tube,
    Ring,
    Mug,
    Pair,
}

pub const KINDS: [Kind; 8] =
    [Kind::Bottle, Kind::Jar, Kind::Carton, Kind::Pump, Kind::Tube, Kind::Ring, Kind::Mug, Kind::Pair];

/// The same dice for the same scene.
struct Dice {
    seed: u32,
    thrown: u32,
}

impl Dice {
    fn unit(&mut self) -> f32 {
        self.thrown += 1;
        dice(self.thrown, self.seed)
    }

    fn between(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.unit()
    }

    fn below(&mut self, count: usize) -> usize {
        ((self.unit() * count as f32) as usize).min(count - 1)
    }

    fn chance(&mut self, share: f32) -> bool {
        self.unit() < share
    }

    fn color(&mut self) -> V {
        const COLORS: [V; 14] = [
            [0.75, 0.72, 0.66],
            [0.85, 0.85, 0.86],
            [0.02, 0.02, 0.025],
            [0.25, 0.08, 0.03],
            [0.05, 0.12, 0.06],
            [0.08, 0.12, 0.30],
            [0.6, 0.08, 0.06],
            [0.75, 0.45, 0.08],
            [0.15, 0.35, 0.36],
            [0.45, 0.25, 0.35],
            [0.5, 0.38, 0.24],
            [0.3, 0.3, 0.32],
            [0.12, 0.1, 0.09],
            [0.8, 0.62, 0.55],
        ];
        let color = COLORS[self.below(COLORS.len())];
        let by = self.between(0.75, 1.2);
        color.map(|value| (value * by).min(0.92))
    }

    fn stuff(&mut self) -> Stuff {
        let pattern = match self.below(8) {
            0 => Pattern::Wood(self.color()),
            1 => Pattern::Checks(self.color(), self.between(0.1, 0.3)),
            2 => Pattern::Marble(self.color()),
            _ => Pattern::Plain,
        };
        Stuff { color: self.color(), pattern, gloss: self.unit() * 0.6, clear: 0.0 }
    }

    fn ground(&mut self) -> Stuff {
        let pattern = match self.below(10) {
            0..=2 => {
                return Stuff {
                    color: [0.33, 0.17, 0.08],
                    pattern: Pattern::Wood([0.14, 0.065, 0.03]),
                    gloss: 0.1,
                    clear: 0.0,
                };
            }
            3 => Pattern::Checks(self.color(), self.between(0.35, 0.7)),
            4 => {
                return Stuff {
                    color: [0.78, 0.78, 0.82],
                    pattern: Pattern::Marble([0.4, 0.4, 0.45]),
                    gloss: 0.2,
                    clear: 0.0,
                };
            }
            5..=7 => Pattern::Tile(self.below(2), self.between(1.5, 4.0)),
            _ => Pattern::Plain,
        };
        Stuff { color: self.color(), pattern, gloss: 0.1, clear: 0.0 }
    }
}

fn plain(color: V, gloss: f32) -> Stuff {
    Stuff { color, pattern: Pattern::Plain, gloss, clear: 0.0 }
}

/// Parts of one thing that stands at the origin, and its height.
fn thing(kind: Kind, dice: &mut Dice) -> (Vec<(Form, V, Stuff, bool)>, f32) {
    let (body, second, paper) = (dice.color(), dice.color(), [0.8, 0.77, 0.7]);
    let gloss = dice.between(0.1, 0.9);
    let skin = plain(body, gloss);
    match kind {
        Kind::Bottle => {
            let (r, h) = (dice.between(0.24, 0.36), dice.between(0.35, 0.6));
            let label = Stuff { pattern: Pattern::Label(paper, -0.6 * h, 0.3 * h), ..skin };
            let cap = Stuff { color: second, pattern: Pattern::Ribs(40.0), gloss: 0.2, clear: 0.0 };
            let neck = r * dice.between(0.35, 0.6);
            (
                vec![
                    (Form::Cone(r, r * 0.97, h, r * 0.3), [0.0, h, 0.0], label, false),
                    (Form::Cone(r * 0.8, neck, 0.1, 0.02), [0.0, 2.0 * h + 0.03, 0.0], skin, false),
                    (Form::Cone(neck * 1.2, neck * 1.2, 0.09, 0.02), [0.0, 2.0 * h + 0.2, 0.0], cap, false),
                    (
                        Form::Cone(neck * 0.75, neck * 0.6, 0.16, 0.07),
                        [0.0, 2.0 * h + 0.42, 0.0],
                        plain(second, 0.2),
                        false,
                    ),
                ],
                2.0 * h + 0.58,
            )
        }
        Kind::Jar => {
            let (r, h) = (dice.between(0.4, 0.6), dice.between(0.22, 0.4));
            let label = Stuff { pattern: Pattern::Label(second, -0.7 * h, 0.7 * h), ..skin };
            let lid = Stuff { color: dice.color(), pattern: Pattern::Ribs(60.0), gloss: 0.3, clear: 0.0 };
            (
                vec![
                    (Form::Cone(r * 0.94, r, h, 0.06), [0.0, h, 0.0], label, false),
                    (Form::Cone(r * 1.06, r * 1.04, 0.14, 0.04), [0.0, 2.0 * h + 0.11, 0.0], lid, false),
                ],
                2.0 * h + 0.25,
            )
        }
        Kind::Carton => {
            let half = [dice.between(0.25, 0.5), dice.between(0.35, 0.75), dice.between(0.12, 0.35)];
            let label = Stuff {
                color: second,
                pattern: Pattern::Label(body, -0.85 * half[1], 0.9 * half[1]),
                gloss: 0.1,
                clear: 0.0,
            };
            (vec![(Form::Box(half, 0.015), [0.0, half[1], 0.0], label, false)], 2.0 * half[1])
        }
        Kind::Pump => {
            let (r, h) = (dice.between(0.25, 0.38), dice.between(0.4, 0.6));
            let label = Stuff { pattern: Pattern::Label(paper, -0.5 * h, 0.5 * h), ..skin };
            let head = plain(second, 0.4);
            let top = 2.0 * h;
            let side = if dice.chance(0.5) { 1.0 } else { -1.0 };
            (
                vec![
                    (Form::Cone(r, r, h, r * 0.25), [0.0, h, 0.0], label, false),
                    (Form::Cone(r * 0.45, r * 0.42, 0.07, 0.02), [0.0, top + 0.05, 0.0], head, false),
                    (Form::Cone(0.035, 0.035, 0.14, 0.005), [0.0, top + 0.22, 0.0], head, false),
                    (Form::Box([0.13, 0.045, 0.06], 0.03), [0.04 * side, top + 0.38, 0.0], head, false),
                    (Form::Box([0.16, 0.025, 0.028], 0.02), [0.24 * side, top + 0.375, 0.0], head, false),
                    (Form::Box([0.022, 0.05, 0.022], 0.015), [0.38 * side, top + 0.345, 0.0], head, false),
                ],
                top + 0.43,
            )
        }
        Kind::Tube => {
            let (r, h) = (dice.between(0.07, 0.13), dice.between(0.5, 0.75));
            let clear = dice.between(0.35, 0.8);
            let glass = Stuff { color: [0.75, 0.8, 0.78], pattern: Pattern::Plain, gloss: 0.9, clear };
            let roll = Stuff { color: [0.75, 0.7, 0.6], pattern: Pattern::Plain, gloss: 0.05, clear: 0.0 };
            let mut parts = vec![
                (Form::Cone(r, r, h, 0.03), [0.0, h, 0.0], glass, false),
                (Form::Cone(r * 1.1, r * 1.1, 0.13, 0.03), [0.0, 2.0 * h + 0.1, 0.0], plain(second, 0.3), false),
            ];
            if dice.chance(0.4) {
                // What is inside shows as a stripe on the glass.
                parts.push((Form::Cone(r * 0.55, r * 0.75, h * 0.8, 0.01), [0.0, h * 0.9, -r * 0.45], roll, false));
            }
            (parts, 2.0 * h + 0.23)
        }
        Kind::Ring => {
            let (ring, tube) = (dice.between(0.4, 0.55), dice.between(0.08, 0.17));
            (vec![(Form::Ring(ring, tube), [0.0, ring + tube, 0.0], skin, true)], 2.0 * (ring + tube))
        }
        Kind::Mug => {
            let (r, h) = (dice.between(0.3, 0.4), dice.between(0.35, 0.5));
            let label = Stuff { pattern: Pattern::Label(second, -0.3 * h, 0.4 * h), ..skin };
            let side = if dice.chance(0.5) { 1.0 } else { -1.0 };
            (
                vec![
                    (Form::Cone(r * 0.95, r, h, 0.05), [0.0, h, 0.0], label, false),
                    (Form::Ring(h * 0.55, 0.06), [r * 1.15 * side, h, 0.0], skin, true),
                ],
                2.0 * h,
            )
        }
        Kind::Pair => thing(KINDS[dice.below(3)], dice),
    }
}

/// Puts a thing into the world.
fn place(solids: &mut Vec<Solid>, parts: &[(Form, V, Stuff, bool)], at: V, about: f32, product: bool) {
    let (s, c) = about.sin_cos();
    for &(form, local, stuff, standing) in parts {
        // A ring stands: its axis is turned to the viewer.
        let rotation = if standing { turn(about, std::f32::consts::FRAC_PI_2 - 0.1) } else { turn(about, 0.0) };
        let moved = [c * local[0] - s * local[2], local[1], s * local[0] + c * local[2]];
        solids.push(Solid { form, at: add(at, moved), turn: rotation, stuff, product });
    }
}

/// Scene `number`: its kind follows from the number, all else from dice.
pub fn world(number: u32, tiles: Vec<Vec<V>>) -> (Kind, World) {
    let kind = KINDS[number as usize % KINDS.len()];
    let mut dice = Dice { seed: number.wrapping_mul(7919) + 17, thrown: 0 };
    let mut solids = Vec::new();
    let (parts, height) = thing(kind, &mut dice);
    let about = dice.between(-0.6, 0.6);
    let at = [dice.between(-0.12, 0.12), 0.0, 0.0];
    place(&mut solids, &parts, at, about, true);
    if kind == Kind::Pair {
        // Another of its kind close by, which does not belong to it.
        let (parts, _) = thing(Kind::Pair, &mut dice);
        let side = if dice.chance(0.5) { 1.0 } else { -1.0 };
        place(&mut solids, &parts, [side * dice.between(0.95, 1.2), 0.0, dice.between(0.0, 0.4)], 0.3, false);
    }
    for i in 0..dice.below(9) {
        let around = [dice.between(-2.4, 2.4), 0.0, dice.between(0.9, 3.2)];
        if dice.chance(0.25) {
            let (parts, _) = thing(KINDS[dice.below(7)], &mut dice);
            place(&mut solids, &parts, around, i as f32, false);
            continue;
        }
        let size = dice.between(0.12, 0.55);
        let form = match dice.below(3) {
            0 => Form::Box([size, dice.between(0.2, 1.0), size * 0.7], 0.03),
            1 => Form::Cone(size, size * dice.between(0.6, 1.0), dice.between(0.2, 0.7), 0.05),
            _ => Form::Egg([size, size * 0.8, size]),
        };
        let half = match form {
            Form::Box(half, _) | Form::Egg(half) => half[1],
            Form::Cone(_, _, half, _) => half,
            Form::Ring(..) => size,
        };
        let stuff = dice.stuff();
        let turned = turn(dice.between(-1.0, 1.0), 0.0);
        solids.push(Solid { form, at: add(around, [0.0, half, 0.0]), turn: turned, stuff, product: false });
    }
    let far = height * dice.between(1.5, 2.4) + 1.6;
    let raised = dice.between(0.25, 0.9);
    let world = World {
        solids,
        table: dice.ground(),
        wall: if dice.chance(0.5) { plain(dice.color(), 0.05) } else { dice.ground() },
        depth: dice.between(2.2, 4.5),
        eye: [dice.between(-0.5, 0.5), height * 0.5 + raised * far * 0.6, -far],
        target: [at[0], height * dice.between(0.4, 0.6), 0.0],
        zoom: dice.between(1.15, 1.7),
        light: [dice.between(-1.2, 1.2), dice.between(0.9, 2.0), dice.between(-1.2, 0.1)],
        hardness: dice.between(4.0, 20.0),
        ambient: dice.between(0.25, 0.6),
        tint: [dice.between(0.92, 1.08), 1.0, dice.between(0.9, 1.08)],
        blur: dice.between(3.0, 12.0),
        noise: dice.between(1.0, 5.0),
        seed: number,
        tiles,
    };
    (kind, world)
}
