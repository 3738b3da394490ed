//! Which colours are the product's and which the background's: two histograms of what is believed to be either.

/// Steps of each channel.
const STEPS: usize = 16;
const CELLS: usize = STEPS * STEPS * STEPS;
/// Density of a colour that was never seen, as a share of an even distribution: keeps rare colours from deciding alone.
const UNSEEN: f32 = 0.15;

/// Colours of two sides, gathered with weights.
pub struct Colours {
    product: Vec<f32>,
    background: Vec<f32>,
}

/// How much more likely each colour is in the product: the natural logarithm of the ratio, by colour.
pub struct Evidence(Vec<f32>);

impl Colours {
    pub fn new() -> Colours {
        Colours { product: vec![0.0; CELLS], background: vec![0.0; CELLS] }
    }

    pub fn add(&mut self, colour: [u8; 3], product: f32, background: f32) {
        let cell = colour.iter().fold(0, |cell, value| cell * STEPS + usize::from(*value) * STEPS / 256);
        self.product[cell] += product;
        self.background[cell] += background;
    }

    pub fn evidence(mut self, novel: f32) -> Evidence {
        for (side, unseen) in [(&mut self.product, novel), (&mut self.background, UNSEEN)] {
            blur(side);
            let total: f32 = side.iter().sum();
            for value in side.iter_mut() {
                *value = *value / total.max(1e-6) + unseen / CELLS as f32;
            }
        }
        let ratio = |(product, background): (&f32, &f32)| logarithm(product / background);
        Evidence(self.product.iter().zip(&self.background).map(ratio).collect())
    }
}

impl Evidence {
    /// Between the cells, so that noise does not jump.
    pub fn of(&self, colour: [u8; 3]) -> f32 {
        let mut at = [0; 3];
        let mut share = [0.0; 3];
        for channel in 0..3 {
            let place = (f32::from(colour[channel]) + 0.5) * STEPS as f32 / 256.0 - 0.5;
            let place = place.clamp(0.0, STEPS as f32 - 1.001);
            at[channel] = place as usize;
            share[channel] = place - at[channel] as f32;
        }
        let mut sum = 0.0;
        for corner in 0..8 {
            let (mut cell, mut weight) = (0, 1.0);
            for channel in 0..3 {
                let up = corner >> channel & 1;
                cell = cell * STEPS + at[channel] + up;
                weight *= if up == 1 { share[channel] } else { 1.0 - share[channel] };
            }
            sum += weight * self.0[cell];
        }
        sum
    }
}

/// Each colour counts a little for its neighbours: 1-2-1 along each channel.
fn blur(cells: &mut [f32]) {
    for stride in [1, STEPS, STEPS * STEPS] {
        let before = cells.to_vec();
        for (cell, value) in cells.iter_mut().enumerate() {
            let place = cell / stride % STEPS;
            let below = if place > 0 { before[cell - stride] } else { before[cell] };
            let above = if place + 1 < STEPS { before[cell + stride] } else { before[cell] };
            *value = 0.25 * below + 0.5 * before[cell] + 0.25 * above;
        }
    }
}

/// Natural logarithm, the same on every machine.
pub fn logarithm(x: f32) -> f32 {
    crate::imaging::exact::ln(f64::from(x.max(f32::MIN_POSITIVE))) as f32
}
