//! The smallest rectangle around some points, turned as it has to be.

use super::Quad;

/// The smallest rectangle around points; its longer side is its length. `None` for fewer than three points, or points on one line.
///
/// One side of the smallest rectangle lies on a side of the convex hull. Source: Freeman and Shapira, "Determining the minimum-area
/// encasing rectangle for an arbitrary closed curve" (CACM 1975).
pub fn rectangle(points: Vec<[f64; 2]>) -> Option<Quad> {
    let hull = hull(points);
    let sides = hull.iter().zip(hull.iter().cycle().skip(1));
    let around = sides.filter_map(|(from, to)| along(&hull, [to[0] - from[0], to[1] - from[1]]));
    let least = around.fold(None, |least: Option<Quad>, quad| match least {
        Some(least) if least.length * least.height <= quad.length * quad.height => Some(least),
        _ => Some(quad),
    })?;
    let [x, y] = least.along;
    Some(match least.length < least.height {
        true => Quad { along: [-y, x], length: least.height, height: least.length, ..least },
        false => least,
    })
}

/// The rectangle around points whose sides run along a vector.
fn along(points: &[[f64; 2]], [x, y]: [f64; 2]) -> Option<Quad> {
    let length = (x * x + y * y).sqrt();
    if length <= 0.0 || points.len() < 3 {
        return None;
    }
    let (x, y) = (x / length, y / length);
    let range = |axis: [f64; 2]| {
        let places = points.iter().map(|point| point[0] * axis[0] + point[1] * axis[1]);
        places.fold((f64::MAX, f64::MIN), |(least, most), at| (least.min(at), most.max(at)))
    };
    let ((left, right), (top, bottom)) = (range([x, y]), range([-y, x]));
    let (u, v) = ((left + right) / 2.0, (top + bottom) / 2.0);
    let middle = [u * x - v * y, u * y + v * x];
    Some(Quad { middle, along: [x, y], length: right - left, height: bottom - top })
}

/// The corners of the convex hull, in order. Source: A. M. Andrew, "Another efficient algorithm for convex hulls in two dimensions" (1979).
fn hull(mut points: Vec<[f64; 2]>) -> Vec<[f64; 2]> {
    points.sort_by(|a, b| a[0].total_cmp(&b[0]).then(a[1].total_cmp(&b[1])));
    points.dedup();
    let half = |points: &mut dyn Iterator<Item = [f64; 2]>| {
        let mut half: Vec<[f64; 2]> = Vec::new();
        for point in points {
            while let [.., a, b] = half[..]
                && (b[0] - a[0]) * (point[1] - a[1]) <= (b[1] - a[1]) * (point[0] - a[0])
            {
                half.pop();
            }
            half.push(point);
        }
        half.pop();
        half
    };
    let mut lower = half(&mut points.iter().copied());
    lower.extend(half(&mut points.iter().rev().copied()));
    lower
}

#[cfg(test)]
mod tests {
    use super::rectangle;

    #[test]
    fn a_turned_rectangle_is_found_as_it_lies() {
        let (cosine, sine) = (0.8, 0.6);
        let turned = |u: f64, v: f64| [50.0 + u * cosine - v * sine, 40.0 + u * sine + v * cosine];
        let inside = (0..=20).flat_map(|u| (0..=4).map(move |v| turned(f64::from(u) - 10.0, f64::from(v) - 2.0)));
        let quad = rectangle(inside.collect()).unwrap();
        assert!((quad.length - 20.0).abs() < 1e-9 && (quad.height - 4.0).abs() < 1e-9, "{quad:?}");
        assert!((quad.along[0] * sine - quad.along[1] * cosine).abs() < 1e-9, "{quad:?}");
        assert!((quad.middle[0] - 50.0).abs() < 1e-9 && (quad.middle[1] - 40.0).abs() < 1e-9, "{quad:?}");
    }

    #[test]
    fn points_on_a_line_have_no_rectangle() {
        assert!(rectangle(vec![[1.0, 1.0], [2.0, 2.0], [3.0, 3.0]]).is_none());
        assert!(rectangle(Vec::new()).is_none());
    }
}
