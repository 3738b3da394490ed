//! Solid shapes by their distance functions, and what they are made of. Source of the formulas: I. Quilez, "Distance functions".

/// A point, a direction or a colour in linear light.
pub type V = [f32; 3];

pub fn add(a: V, b: V) -> V {
    [a[0] + b[0], a[1] + b[1], a[2] + b[2]]
}

pub fn sub(a: V, b: V) -> V {
    [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
}

pub fn scale(a: V, by: f32) -> V {
    a.map(|value| value * by)
}

pub fn dot(a: V, b: V) -> f32 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

pub fn length(a: V) -> f32 {
    dot(a, a).sqrt()
}

pub fn unit(a: V) -> V {
    scale(a, 1.0 / length(a).max(1e-9))
}

pub fn cross(a: V, b: V) -> V {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

pub fn mix(a: V, b: V, t: f32) -> V {
    [0, 1, 2].map(|i| a[i] + (b[i] - a[i]) * t)
}

/// A shape around the origin; y is up.
#[derive(Debug, Clone, Copy)]
pub enum Form {
    /// Half sizes and the radius of the edges.
    Box(V, f32),
    /// Radius below, radius above, half height, radius of the edges.
    Cone(f32, f32, f32, f32),
    /// Radius of the ring and of its tube; it lies flat.
    Ring(f32, f32),
    /// Half axes.
    Egg(V),
}

impl Form {
    pub fn distance(&self, p: V) -> f32 {
        match *self {
            Form::Box(half, edge) => {
                let q = [0, 1, 2].map(|i| p[i].abs() - half[i] + edge);
                length(q.map(|value| value.max(0.0))) + q[0].max(q[1]).max(q[2]).min(0.0) - edge
            }
            Form::Cone(below, above, half, edge) => {
                let across = (p[0] * p[0] + p[2] * p[2]).sqrt();
                let t = ((p[1] + half) / (2.0 * half)).clamp(0.0, 1.0);
                let slope = (above - below) / (2.0 * half);
                let side = (across - (below + (above - below) * t) + edge) / (1.0 + slope * slope).sqrt();
                let end = p[1].abs() - half + edge;
                let out = (side.max(0.0) * side.max(0.0) + end.max(0.0) * end.max(0.0)).sqrt();
                out + side.max(end).min(0.0) - edge
            }
            Form::Ring(ring, tube) => {
                let across = (p[0] * p[0] + p[2] * p[2]).sqrt() - ring;
                (across * across + p[1] * p[1]).sqrt() - tube
            }
            Form::Egg(half) => {
                let k = length([0, 1, 2].map(|i| p[i] / half[i]));
                let g = length([0, 1, 2].map(|i| p[i] / (half[i] * half[i])));
                k * (k - 1.0) / g.max(1e-6)
            }
        }
    }

    /// A sphere around it.
    pub fn radius(&self) -> f32 {
        match *self {
            Form::Box(half, _) | Form::Egg(half) => length(half),
            Form::Cone(below, above, half, _) => (below.max(above).powi(2) + half * half).sqrt(),
            Form::Ring(ring, tube) => ring + tube,
        }
    }
}

/// What a surface looks like.
#[derive(Debug, Clone, Copy)]
pub struct Stuff {
    pub color: V,
    pub pattern: Pattern,
    /// 0 (chalk) to 1 (glazed).
    pub gloss: f32,
    /// How much of what lies behind shows through: 0 to 1.
    pub clear: f32,
}

#[derive(Debug, Clone, Copy)]
pub enum Pattern {
    Plain,
    /// A second colour between two heights, with lines of print.
    Label(V, f32, f32),
    Ribs(f32),
    Wood(V),
    Checks(V, f32),
    Marble(V),
    /// A picture as a tile: which, and how large.
    Tile(usize, f32),
}

/// A shape at its place.
#[derive(Debug, Clone, Copy)]
pub struct Solid {
    pub form: Form,
    pub at: V,
    /// Rows of the rotation from the world to the shape.
    pub turn: [V; 3],
    pub stuff: Stuff,
    pub product: bool,
}

impl Solid {
    pub fn local(&self, p: V) -> V {
        let p = sub(p, self.at);
        [dot(self.turn[0], p), dot(self.turn[1], p), dot(self.turn[2], p)]
    }

    pub fn distance(&self, p: V, so_far: f32) -> f32 {
        let d = sub(p, self.at);
        let far = length(d) - self.form.radius();
        if far > so_far.max(0.15) { far } else { self.form.distance(self.local(p)) }
    }
}

/// Turned about the upright axis, then tipped towards the camera, in radians.
pub fn turn(about: f32, tip: f32) -> [V; 3] {
    let (s, c) = about.sin_cos();
    let (u, v) = tip.sin_cos();
    [[c, 0.0, s], [-s * u, v, c * u], [-s * v, -u, c * v]]
}
