//! Lanczos3, the filter by which sizes are cut from photos, without the sines that would be most of the work for a small picture and come
//! out differently on different systems.

use fast_image_resize::{Filter, FilterType, ResizeAlg, ResizeOptions};

/// How far the filter reaches, in pixels of the smaller picture.
pub const SUPPORT: f64 = 3.0;

/// What each term of the series of sinc has more than the one before it, but for the square: 1/(2·3), 1/(4·5) and so on, enough for
/// 1e-9 up to π.
const STEPS: [f64; 11] = {
    let mut steps = [0.0; 11];
    let mut n = 0;
    while n < steps.len() {
        let even = 2.0 * (n as f64 + 1.0);
        steps[n] = 1.0 / (even * (even + 1.0));
        n += 1;
    }
    steps
};

/// Resizes a part of a picture: left, top, width and height in its pixels.
pub fn part(left: f64, top: f64, width: f64, height: f64) -> ResizeOptions {
    let filter = Filter::new("Lanczos3", lanczos3, SUPPORT).map_or(FilterType::Lanczos3, FilterType::Custom);
    ResizeOptions::new().resize_alg(ResizeAlg::Convolution(filter)).crop(left, top, width, height)
}

/// sinc(πx)·sinc(πx/3) for |x| < 3. With a = πx/3 that is sinc²(a)·(1 − 4/3·sin²(a)), since sin 3a = 3·sin a − 4·sin³ a.
fn lanczos3(x: f64) -> f64 {
    if x.abs() >= SUPPORT {
        return 0.0;
    }
    let a = x * (std::f64::consts::PI / SUPPORT);
    let square = a * a;
    let sinc = STEPS.iter().rev().fold(1.0, |sum, step| 1.0 - sum * (square * step));
    let sine = sinc * a;
    sinc * sinc * (1.0 - 4.0 / 3.0 * sine * sine)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_filter_is_the_product_of_its_two_sines() {
        for step in -3100..=3100 {
            let x = f64::from(step) / 1000.0;
            let sinc =
                |x: f64| if x == 0.0 { 1.0 } else { (std::f64::consts::PI * x).sin() / (std::f64::consts::PI * x) };
            let wanted = if x.abs() < 3.0 { sinc(x) * sinc(x / 3.0) } else { 0.0 };
            assert!((lanczos3(x) - wanted).abs() < 1e-8, "{x}: {} instead of {wanted}", lanczos3(x));
        }
    }
}
