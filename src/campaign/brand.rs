//! The brand: its colours are colours, and its fonts and logo are there.

use super::files::Tables;
use super::load::Loader;
use super::names::list;
use super::{Brand, Place, Problem};

/// Font files that the renderer reads.
const FONTS: [&str; 4] = ["ttf", "otf", "woff", "woff2"];

pub(super) fn load(loader: &mut Loader<'_>, manifest: &Tables) -> Brand {
    let (table, source) = (&manifest.brand, &manifest.main);
    let mut brand = Brand { name: table.name.as_ref().map(|name| name.value.clone()), ..Brand::default() };
    for (name, color) in &table.colors {
        let plain = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
        if !plain {
            let problem = Problem::error("bad-name", format!("`{}` cannot be the name of a colour", name.value));
            loader.report(
                problem
                    .at(Place::span(source, name.span.clone()))
                    .hint("templates use it as `var(--NAME)`: letters, digits and `-`"),
            );
        } else if !is_css_color(color) {
            let problem = Problem::error("bad-color", format!("`{}` is not a CSS colour", color.value));
            loader.report(
                problem
                    .at(Place::span(source, color.span.clone()))
                    .hint("write it like \"#f25c05\", \"rgb(242 92 5)\", \"hsl(22 96% 48%)\" or \"tomato\""),
            );
        } else {
            brand.colors.insert(name.value.clone(), color.value.clone());
        }
    }
    for font in &table.fonts {
        if let Some(path) = loader.file(source, font, "font") {
            if path.extension().is_some_and(|ext| FONTS.contains(&ext.as_str())) {
                brand.fonts.push(path);
            } else {
                let problem = Problem::error("bad-font", format!("`{path}` is not a font file"))
                    .at(Place::span(source, font.span.clone()));
                loader.report(problem.hint(format!("fonts end in {}", list(FONTS, 4))));
            }
        }
    }
    brand.logo = table.logo.as_ref().and_then(|logo| loader.file(source, logo, "logo"));
    brand
}

/// Whether a text is a colour by the syntax of CSS Color 4: hexadecimal, a function of numbers, or a name.
fn is_css_color(text: &str) -> bool {
    let text = text.trim().to_ascii_lowercase();
    if let Some(hex) = text.strip_prefix('#') {
        return matches!(hex.len(), 3 | 4 | 6 | 8) && hex.chars().all(|c| c.is_ascii_hexdigit());
    }
    if let Some((function, arguments)) = text.split_once('(') {
        let known = ["rgb", "rgba", "hsl", "hsla", "hwb", "lab", "lch", "oklab", "oklch"].contains(&function);
        let Some(arguments) = arguments.strip_suffix(')') else { return false };
        let parts: Vec<&str> = arguments.split([',', ' ', '/']).filter(|part| !part.is_empty()).collect();
        return known && matches!(parts.len(), 3 | 4) && parts.iter().all(|part| is_css_number(part));
    }
    NAMES.split_ascii_whitespace().any(|name| name == text)
}

fn is_css_number(text: &str) -> bool {
    let number = ["%", "deg", "turn", "grad", "rad"].iter().find_map(|unit| text.strip_suffix(unit)).unwrap_or(text);
    text == "none" || number.parse::<f64>().is_ok_and(f64::is_finite)
}

/// The named colours of CSS Color 4.
const NAMES: &str = "aliceblue antiquewhite aqua aquamarine azure beige bisque black blanchedalmond blue blueviolet brown \
    burlywood cadetblue chartreuse chocolate coral cornflowerblue cornsilk crimson cyan darkblue darkcyan darkgoldenrod \
    darkgray darkgreen darkgrey darkkhaki darkmagenta darkolivegreen darkorange darkorchid darkred darksalmon darkseagreen \
    darkslateblue darkslategray darkslategrey darkturquoise darkviolet deeppink deepskyblue dimgray dimgrey dodgerblue \
    firebrick floralwhite forestgreen fuchsia gainsboro ghostwhite gold goldenrod gray green greenyellow grey honeydew \
    hotpink indianred indigo ivory khaki lavender lavenderblush lawngreen lemonchiffon lightblue lightcoral lightcyan \
    lightgoldenrodyellow lightgray lightgreen lightgrey lightpink lightsalmon lightseagreen lightskyblue lightslategray \
    lightslategrey lightsteelblue lightyellow lime limegreen linen magenta maroon mediumaquamarine mediumblue mediumorchid \
    mediumpurple mediumseagreen mediumslateblue mediumspringgreen mediumturquoise mediumvioletred midnightblue mintcream \
    mistyrose moccasin navajowhite navy oldlace olive olivedrab orange orangered orchid palegoldenrod palegreen \
    paleturquoise palevioletred papayawhip peachpuff peru pink plum powderblue purple rebeccapurple red rosybrown royalblue \
    saddlebrown salmon sandybrown seagreen seashell sienna silver skyblue slateblue slategray slategrey snow springgreen \
    steelblue tan teal thistle tomato transparent turquoise violet wheat white whitesmoke yellow yellowgreen";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_told_from_other_words() {
        for good in ["#fff", "#1b1b1b", "#f25c05ee", "Tomato", "rgb(242, 92, 5)", "hsl(22deg 96% 48% / 0.5)"] {
            assert!(is_css_color(good), "{good}");
        }
        for bad in ["", "#ff", "#ggg", "orangish", "rgb(1,2)", "rgb(a b c)", "var(--x)", "1b1b1b"] {
            assert!(!is_css_color(bad), "{bad}");
        }
    }
}
