//! The templates that `init` ships: every one of them in every kind of format, over the fields that shops have.

use std::path::Path;

use softbox::campaign::Format;
use softbox::campaign::formats::SafeZone;

use super::studio::{Studio, decode, format, quarters, save, tell};

const LOGO: &str = r##"<svg xmlns="http://www.w3.org/2000/svg" width="236" height="80" viewBox="0 0 236 80"><circle cx="40" cy="40" r="30" fill="#e4572e"/><path d="M40 18a22 22 0 0 1 0 44z" fill="#17181c"/><text x="86" y="55" font-family="Inter" font-weight="800" font-size="44" letter-spacing="-2" fill="#17181c">Corner</text></svg>"##;

/// The starter templates in a campaign.
pub fn starter(template: &str) -> Studio {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/cli/init/templates");
    let mut studio = Studio::new().file("brand/logo.svg", LOGO);
    for entry in [
        "base.css",
        "card.css",
        "story.css",
        "price-drop.css",
        "partials/badge.html",
        "partials/brand.html",
        "partials/price.html",
        "partials/tags.html",
    ] {
        studio = studio.file(&format!("templates/{entry}"), std::fs::read(folder.join(entry)).unwrap());
    }
    studio.file("templates/card.html", std::fs::read(folder.join(template)).unwrap())
}

/// One format of each kind.
pub fn formats() -> Vec<Format> {
    let story = SafeZone { top: 0.14, right: 0.06, bottom: 0.35, left: 0.06 };
    vec![
        format("instagram.portrait", 1080, 1350),
        Format { safe: story, ..format("instagram.story", 1080, 1920) },
        format("instagram.square", 1080, 1080),
        format("x.landscape", 1600, 900),
        format("facebook.link", 1200, 630),
        format("pinterest.pin", 1000, 1500),
        Format { bleed: 35, dpi: Some(300), ..format("print.a5", 1819, 2551) },
    ]
}

/// A product with these fields, on the given template.
pub fn dressed(template: &str, format: Format, fields: serde_json::Value) -> Studio {
    let mut studio = starter(template).format(format);
    studio.data = fields.as_object().unwrap().clone();
    studio
}

const TEMPLATES: [&str; 3] = ["card.html", "story.html", "price-drop.html"];

#[test]
fn every_template_holds_in_every_format_with_much_little_and_odd() {
    let much = serde_json::json!({
        "name": "Tide & Pine Sea Salt Soap Bar with Coconut and Kelp", "price": "€1,249.50", "was": "€1,312.00",
        "tagline": "Cold pressed by hand in small batches, and cured for six weeks before it is wrapped",
        "tags": ["soap", "new", "sea salt"], "badge": "Last of the year", "photo": "photo:photo",
        "post": { "headline": "The one that sold out in an afternoon is back" },
        "brand": { "name": "Corner", "logo": "brand/logo.svg" },
    });
    let little = serde_json::json!({ "name": "Tea", "post": {}, "brand": {} });
    let odd = serde_json::json!({
        "name": "قهوة الصباح 🌿 日本茶", "price": "₪35", "badge": "🔥", "photo": "photo:photo", "post": {}, "brand": { "name": "Ñandú & Co" },
    });
    for template in TEMPLATES {
        for fields in [&much, &little, &odd] {
            for format in formats() {
                let name = format!("{template} in {} with {}", format.id, fields["name"]);
                let (width, height) = (format.width, format.height);
                let mut studio = dressed(template, format, fields.clone()).photo("photo", quarters(300, 400));
                let painted = studio.try_paint().unwrap_or_else(|problems| panic!("{name}: {}", tell(&problems)));
                assert_eq!(tell(&painted.warnings), "", "{name}");
                assert_eq!((painted.picture.width, painted.picture.height), (width, height), "{name}");
                assert!(
                    painted.picture.pixels.chunks_exact(4).all(|pixel| pixel[3] == 255),
                    "{name} can be seen through"
                );
                assert_eq!(studio.wants.len(), usize::from(fields.get("photo").is_some()), "{name}");
            }
        }
    }
}

#[test]
fn a_template_wears_the_brands_colours() {
    let fields = serde_json::json!({ "name": "Tea", "price": "$4", "post": {}, "brand": {} });
    let count_of = |color: [u8; 3], studio: &mut Studio| {
        let painted = studio.paint().picture;
        painted.pixels.chunks_exact(4).filter(|pixel| pixel[..3] == color).count()
    };
    for template in TEMPLATES {
        let format = format("instagram.portrait", 1080, 1350);
        let mut plain = dressed(template, format.clone(), fields.clone());
        let mut branded = dressed(template, format, fields.clone())
            .color("accent", "#0a7d5c")
            .color("paper", "#0b7d5c")
            .color("ink", "#0c7d5c");
        let ours = [[0x0a, 0x7d, 0x5c], [0x0b, 0x7d, 0x5c], [0x0c, 0x7d, 0x5c]];
        assert!(ours.iter().all(|color| count_of(*color, &mut plain) == 0), "{template}");
        assert!(ours.iter().map(|color| count_of(*color, &mut branded)).sum::<usize>() > 500_000, "{template}");
    }
}

#[test]
fn a_template_cut_anywhere_is_made_or_told_without_a_panic() {
    for template in TEMPLATES {
        let fields = serde_json::json!({ "name": "Tea — 茶", "price": "$4", "badge": "é", "photo": "photo:photo", "post": {}, "brand": {} });
        let mut studio = dressed(template, format("x.landscape", 160, 90), fields).photo("photo", quarters(30, 40));
        let text = String::from_utf8(studio.files["templates/card.html"].to_vec()).unwrap();
        for (n, (end, _)) in text.char_indices().enumerate() {
            studio = studio.file("templates/card.html", &text.as_bytes()[..end]);
            // Painting takes longer than composing: every seventh will do.
            let problems = if n % 7 == 0 { studio.try_paint().err() } else { studio.compose().err() };
            assert!(
                problems.iter().flatten().all(|problem| problem.place.is_some()),
                "{end}: {}",
                tell(&problems.unwrap())
            );
        }
    }
}

/// Writes every template in every format over real photos, for eyes:
/// `SOFTBOX_PHOTOS=photos SOFTBOX_GALLERY=/tmp/gallery cargo test --test posts gallery -- --ignored`.
#[test]
#[ignore = "needs a folder of photos, and somebody to look"]
fn gallery() {
    let folder =
        |name: &str| std::path::PathBuf::from(std::env::var(name).unwrap_or_else(|_| panic!("set {name} to a folder")));
    let (photos, out) = (folder("SOFTBOX_PHOTOS"), folder("SOFTBOX_GALLERY"));
    let only = std::env::var("SOFTBOX_ONLY").unwrap_or_default();
    let brand = serde_json::json!({ "name": "Corner", "logo": "brand/logo.svg" });
    let products = [
        (
            "amber.jpg",
            serde_json::json!({ "name": "Northwood Calming Tincture", "price": "$42", "was": "$56", "tagline": "Full-spectrum drops for slow evenings", "tags": ["tincture", "30 ml"], "badge": "−25%" }),
        ),
        (
            "jar.jpg",
            serde_json::json!({ "name": "Blue Heron", "price": "$35", "tagline": "Small batch flower, hand trimmed and slow cured in glass", "tags": ["flower", "new", "indoor"], "badge": "New" }),
        ),
        (
            "carton.jpg",
            serde_json::json!({ "name": "Tide & Pine Sea Salt Soap Bar with Coconut and Kelp", "price": "€9.50", "was": "€12.00" }),
        ),
        ("coffee.png", serde_json::json!({ "name": "Espresso", "tags": ["house roast"], "badge": "Back again" })),
    ];
    for (file, mut fields) in products {
        let photo = decode(&std::fs::read(photos.join(file)).unwrap());
        fields["photo"] = "photo:photo".into();
        fields["post"] = serde_json::json!({});
        fields["brand"] = brand.clone();
        for template in TEMPLATES {
            for format in formats() {
                let title =
                    format!("{}-{}-{}", template.trim_end_matches(".html"), format.id, file.split('.').next().unwrap());
                if title.contains(&only) {
                    let mut studio = dressed(template, format, fields.clone()).photo("photo", photo.clone());
                    let painted = studio.try_paint().unwrap_or_else(|problems| panic!("{title}: {}", tell(&problems)));
                    assert_eq!(tell(&painted.warnings), "", "{title}");
                    save(&painted.picture, &out.join(format!("{title}.png")));
                }
            }
        }
    }
}
