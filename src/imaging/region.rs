//! Which part of a picture is shown: a rectangle in fractions of the upright picture.

/// A rectangle, in fractions (0 to 1) of the upright picture's width and height.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Region {
    pub left: f64,
    pub top: f64,
    pub width: f64,
    pub height: f64,
}

impl Region {
    /// The whole picture.
    pub const WHOLE: Region = Region { left: 0.0, top: 0.0, width: 1.0, height: 1.0 };

    /// The part of it that lies in the picture; the whole picture where nothing does.
    pub(super) fn within(self) -> Region {
        let numbers = [self.left, self.top, self.width, self.height];
        if !numbers.iter().all(|number| number.is_finite()) {
            return Region::WHOLE;
        }
        let (left, top) = (self.left.clamp(0.0, 1.0), self.top.clamp(0.0, 1.0));
        let right = (self.left + self.width).clamp(0.0, 1.0);
        let bottom = (self.top + self.height).clamp(0.0, 1.0);
        if right <= left || bottom <= top {
            return Region::WHOLE;
        }
        Region { left, top, width: right - left, height: bottom - top }
    }
}

/// The largest region of `ratio` (width / height) in an upright picture of `width`×`height`, divided by `zoom` (1 or more),
/// with `focus` (fractions from the left and the top) as near its centre as the edges allow.
pub fn cover(width: u32, height: u32, ratio: f64, focus: [f32; 2], zoom: f64) -> Region {
    let (full_width, full_height) = (f64::from(width.max(1)), f64::from(height.max(1)));
    let ratio = if ratio.is_finite() && ratio > 0.0 { ratio } else { full_width / full_height };
    let zoom = if zoom.is_finite() { zoom.max(1.0) } else { 1.0 };
    let cover_width = (full_height * ratio).min(full_width) / zoom;
    let across = (cover_width / full_width).min(1.0);
    let down = (cover_width / ratio / full_height).min(1.0);
    let start = |focus: f32, length: f64| {
        let focus = if focus.is_finite() { f64::from(focus) } else { 0.5 };
        (focus - length / 2.0).clamp(0.0, 1.0 - length)
    };
    Region { left: start(focus[0], across), top: start(focus[1], down), width: across, height: down }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cover_keeps_the_focus_centred_until_an_edge_stops_it() {
        let region = cover(4000, 3000, 1.0, [0.5, 0.5], 1.0);
        assert_eq!((region.left, region.top, region.width, region.height), (0.125, 0.0, 0.75, 1.0));
        let region = cover(4000, 3000, 1.0, [0.95, 0.2], 1.0);
        assert_eq!((region.left, region.top), (0.25, 0.0));
        let region = cover(4000, 3000, 4.0 / 3.0, [0.25, 0.25], 2.0);
        assert_eq!((region.left, region.top, region.width, region.height), (0.0, 0.0, 0.5, 0.5));
    }

    #[test]
    fn a_cover_has_exactly_the_ratio_asked_for() {
        for (width, height, ratio) in [(4032, 3024, 0.8), (3024, 4032, 1.91), (1, 5000, 1.0), (64, 48, 9.0 / 16.0)] {
            for zoom in [1.0, 1.7] {
                let region = cover(width, height, ratio, [0.1, 0.9], zoom);
                let got = region.width * f64::from(width) / (region.height * f64::from(height));
                assert!((got - ratio).abs() < 1e-9, "{width}×{height} as {ratio}: {got}");
                assert!(region.left >= 0.0 && region.left + region.width <= 1.0 + 1e-12);
                assert!(region.top >= 0.0 && region.top + region.height <= 1.0 + 1e-12);
            }
        }
    }

    #[test]
    fn a_region_outside_or_of_no_number_means_the_whole_picture() {
        let odd = Region { left: 2.0, top: 0.0, width: 0.5, height: 1.0 };
        assert_eq!(odd.within(), Region::WHOLE);
        assert_eq!(Region { left: f64::NAN, ..Region::WHOLE }.within(), Region::WHOLE);
    }
}
