//! Structure: whether small windows of a take show what the product shows there.
//!
//! The measure is the contrast and structure term of SSIM (Wang, Bovik, Sheikh and Simoncelli, "Image quality assessment",
//! IEEE TIP 2004), over the mask alone, weighted by how much there is to see, and with the best of small shifts, as a model's
//! pixels never lie quite where the photo's do.

use super::plane::{Plane, Windows};

/// Windows reach so far from their middle, in pixels.
const RADIUS: usize = 4;

/// Contrasts (standard deviations, of 1) that noise and compression make by themselves.
const NOISE: f32 = 0.03;

/// Contrast at which a window counts for half.
const FAINT: f32 = 0.05;

/// How much of what is in a window strayed, from 0 to 1, for each pixel in the mask.
pub fn strayed(own: &Plane, seen: &Plane, mask: &Plane) -> Plane {
    let windows = Windows::new(mask, RADIUS);
    let (own_mean, own_variance) = windows.mean_and_variance(own);
    let (seen_mean, seen_variance) = windows.mean_and_variance(seen);
    let noise = NOISE * NOISE;
    let mut alike = Plane::new(mask.width, vec![-1.0; mask.values.len()]);
    for (right, down) in (-1..=1).flat_map(|down| (-1..=1).map(move |right| (right, down))) {
        let (moved, mean) = (seen.shifted(right, down), seen_mean.shifted(right, down));
        let variance = seen_variance.shifted(right, down);
        let common = windows.mean(&own.times(&moved));
        for (at, alike) in alike.values.iter_mut().enumerate() {
            let common = common.values[at] - own_mean.values[at] * mean.values[at];
            let this = (2.0 * common + noise) / (own_variance.values[at] + variance.values[at] + noise);
            *alike = alike.max(this);
        }
    }
    let values = (0..mask.values.len()).map(|at| {
        let most = own_variance.values[at].max(seen_variance.values[at]);
        let weight = most / (most + FAINT * FAINT);
        mask.values[at] * weight * (1.0 - alike.values[at]).clamp(0.0, 1.0)
    });
    Plane::new(mask.width, values.collect())
}
