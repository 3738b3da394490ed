//! The kinds of takes that the score has to tell apart, for three products whose labels are known.

use super::takes::{PLAIN, Part, Sheet, Shot};

/// Where a product's words are, in fractions of its frame.
pub struct Label {
    /// The brand's name.
    pub name: Part,
    /// A line under it.
    pub line: Part,
    /// Small print.
    pub small: Part,
    /// Everything printed.
    pub all: Part,
}

pub const AMBER: Label = Label {
    name: [0.338, 0.553, 0.628, 0.612],
    line: [0.380, 0.614, 0.575, 0.645],
    small: [0.390, 0.646, 0.560, 0.690],
    all: [0.327, 0.520, 0.655, 0.735],
};
pub const CARTON: Label = Label {
    name: [0.335, 0.317, 0.624, 0.376],
    line: [0.340, 0.377, 0.616, 0.424],
    small: [0.340, 0.450, 0.616, 0.490],
    all: [0.317, 0.270, 0.640, 0.720],
};
pub const JAR: Label = Label {
    name: [0.340, 0.568, 0.730, 0.634],
    line: [0.400, 0.622, 0.680, 0.668],
    small: [0.440, 0.660, 0.645, 0.708],
    all: [0.215, 0.520, 0.805, 0.740],
};

/// Honest takes: the product as it is, however the model placed and lit it.
pub fn honest() -> Vec<(&'static str, Shot)> {
    let small = Shot { size: (768, 1024), quality: Some(80), ..PLAIN };
    vec![
        ("as it is", PLAIN),
        ("jpeg, 1024 px", small),
        ("warmer", Shot { light: [1.1, 1.0, 0.82], ..small }),
        ("cooler", Shot { light: [0.88, 1.0, 1.1], ..small }),
        ("darker", Shot { light: [0.62; 3], ..small }),
        ("brighter", Shot { light: [1.15; 3], ..PLAIN }),
        ("light from the right", Shot { slope: 0.8, ..small }),
        ("smaller", Shot { growth: 0.7, shift: [0.06, 0.08], ..PLAIN }),
        ("larger", Shot { growth: 1.3, shift: [-0.05, 0.02], ..small }),
        ("turned", Shot { turn: 4.0, shift: [0.02, -0.05], ..small }),
        ("turned back", Shot { turn: -4.0, growth: 0.85, ..PLAIN }),
        ("square", Shot { size: (900, 900), growth: 0.75, shift: [0.1, 0.0], ..PLAIN }),
        ("wide", Shot { size: (1200, 800), growth: 0.6, shift: [-0.2, 0.05], ..PLAIN }),
        ("painted", Shot { painted: 1.0, ..PLAIN }),
        (
            "painted, warm, moved",
            Shot { painted: 1.0, light: [1.05, 0.95, 0.8], slope: -0.4, turn: 2.0, growth: 1.1, ..small },
        ),
        ("painted unevenly", Shot { painted: 2.0, ..PLAIN }),
        ("painted softly", Shot { painted: 1.0, soft: 0.001, ..small }),
        ("painted crisply", Shot { contrast: 0.25, painted: 0.7, ..PLAIN }),
        ("half the size", Shot { growth: 0.5, shift: [0.15, 0.1], ..PLAIN }),
    ]
}

/// What a model must not do to a product.
pub fn dishonest(own: &Sheet, other: &Sheet, label: &Label) -> Vec<(&'static str, Sheet)> {
    let [left, _, right, _] = own.bounds();
    let [name_left, name_top, name_right, name_bottom] = label.name;
    let step = (name_right - name_left) / 9.0;
    let letter = [name_left + 2.0 * step, name_top, name_left + 3.0 * step, name_bottom];
    vec![
        ("blurred", own.blurred(0.004 * own.longest())),
        ("mirrored", own.mirrored()),
        ("everything recoloured", own.recoloured([0.0, 0.0, 1.0, 1.0], 25.0)),
        ("label recoloured", own.recoloured(label.all, 25.0)),
        ("line shifted", own.shifted(label.line, 0.015 * (right - left))),
        ("name shifted", own.shifted(label.name, 0.015 * (right - left))),
        ("name garbled", own.garbled(label.name)),
        ("line garbled", own.garbled(label.line)),
        ("small print garbled", own.garbled(label.small)),
        ("word erased", own.erased(label.line)),
        ("small print erased", own.erased(label.small)),
        ("letter altered", own.copied(letter, [name_left + 5.0 * step, name_top])),
        ("squashed", own.squashed(0.08)),
        ("another product", other.clone()),
    ]
}
