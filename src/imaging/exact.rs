//! Powers and curves that come out the same on every machine: only operations that IEEE 754 defines exactly.
//!
//! `f64::powf` calls the system's mathematics library, whose last bit differs between systems; tables made from it could too.

/// Natural logarithm of a positive number, to about 1e-15: mantissa and exponent apart, then a series in (m-1)/(m+1).
pub fn ln(x: f64) -> f64 {
    const LN_2: f64 = std::f64::consts::LN_2;
    let bits = x.to_bits();
    let mut exponent = ((bits >> 52) & 0x7ff) as i64 - 1023;
    let mut mantissa = f64::from_bits((bits & 0x000f_ffff_ffff_ffff) | 0x3ff0_0000_0000_0000);
    if mantissa > std::f64::consts::SQRT_2 {
        mantissa /= 2.0;
        exponent += 1;
    }
    let t = (mantissa - 1.0) / (mantissa + 1.0);
    let (square, mut power, mut sum) = (t * t, t, 0.0);
    for n in 0..20 {
        sum += power / f64::from(2 * n + 1);
        power *= square;
    }
    2.0 * sum + exponent as f64 * LN_2
}

/// e to the power of x, for |x| below 700.
pub fn exp(x: f64) -> f64 {
    // Halved until the series is short, then squared back.
    let reduced = x / 1024.0;
    let (mut term, mut sum) = (1.0, 1.0);
    for n in 1..18 {
        term *= reduced / f64::from(n);
        sum += term;
    }
    (0..10).fold(sum, |value, _| value * value)
}

/// `x` to the power of `y`, for x ≥ 0.
pub fn pow(x: f64, y: f64) -> f64 {
    if x < f64::MIN_POSITIVE { 0.0 } else { exp(y * ln(x)) }
}

/// Sine and cosine of an angle in degrees, by their series.
pub fn sin_cos(degrees: f64) -> (f64, f64) {
    // Into half a turn around 0, where twenty terms are more than enough.
    let turns = degrees / 360.0;
    let angle = (turns - turns.round()) * std::f64::consts::TAU;
    let (mut term, mut sine, mut cosine) = (1.0, 0.0, 0.0);
    for n in 0..40 {
        match n % 4 {
            0 => cosine += term,
            1 => sine += term,
            2 => cosine -= term,
            _ => sine -= term,
        }
        term *= angle / f64::from(n + 1);
    }
    (sine, cosine)
}

/// Linear light (0 to 1) of an sRGB value (0 to 1). Source: IEC 61966-2-1.
pub fn srgb_to_linear(value: f64) -> f64 {
    if value <= 0.04045 { value / 12.92 } else { pow((value + 0.055) / 1.055, 2.4) }
}

/// The sRGB value (0 to 1) of linear light (0 to 1). Source: IEC 61966-2-1.
pub fn linear_to_srgb(light: f64) -> f64 {
    if light <= 0.003_130_8 { light * 12.92 } else { 1.055 * pow(light, 1.0 / 2.4) - 0.055 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_agree_with_the_systems_to_twelve_digits() {
        for base in [1e-9, 0.0031, 0.18, 0.5, 0.999, 1.0, 1.7, 4.0, 1234.5] {
            for exponent in [-1.5, 1.0 / 2.4, 0.5, 1.0, 2.4, 3.0] {
                let (ours, system) = (pow(base, exponent), f64::powf(base, exponent));
                assert!((ours / system - 1.0).abs() < 1e-12, "{base}^{exponent}: {ours} and {system}");
            }
        }
        assert_eq!(pow(0.0, 2.4), 0.0);
    }

    #[test]
    fn sine_and_cosine_agree_with_the_systems() {
        for degrees in [-720.0_f64, -135.0, 0.0, 30.0, 45.0, 90.0, 179.9, 180.0, 270.0, 359.0, 1000.0] {
            let (sine, cosine) = sin_cos(degrees);
            let (s, c) = degrees.to_radians().sin_cos();
            assert!((sine - s).abs() < 1e-12 && (cosine - c).abs() < 1e-12, "{degrees}°");
        }
    }

    #[test]
    fn srgb_goes_to_light_and_back() {
        for value in 0..=255 {
            let value = f64::from(value) / 255.0;
            assert!((linear_to_srgb(srgb_to_linear(value)) - value).abs() < 1e-6);
        }
    }
}
