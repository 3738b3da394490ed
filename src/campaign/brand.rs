//! The brand: its colours are colours, and its fonts and logo are there.

use super::files::Tables;
use super::load::Loader;
use super::names::list;
use super::{Brand, Place, Problem, color};

/// Font files that the renderer reads.
const FONTS: [&str; 4] = ["ttf", "otf", "woff", "woff2"];

pub(super) fn load(loader: &mut Loader<'_>, manifest: &Tables) -> Brand {
    let (table, source) = (&manifest.brand, &manifest.main);
    let mut brand = Brand { name: table.name.as_ref().map(|name| name.value.clone()), ..Brand::default() };
    for (name, value) in &table.colors {
        let plain = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
        if !plain {
            let problem = Problem::error("bad-name", format!("`{}` cannot be the name of a colour", name.value));
            loader.report(
                problem
                    .at(Place::span(source, name.span.clone()))
                    .hint("templates use it as `var(--NAME)`: letters, digits and `-`"),
            );
        } else if color::parse(value).is_none() {
            let problem = Problem::error("bad-color", format!("`{}` is not a CSS colour", value.value));
            loader.report(
                problem
                    .at(Place::span(source, value.span.clone()))
                    .hint("write it like \"#f25c05\", \"rgb(242 92 5)\", \"hsl(22 96% 48%)\" or \"tomato\""),
            );
        } else {
            brand.colors.insert(name.value.clone(), value.value.clone());
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
