//! The templates that `init` ships: every one of them in every kind of format, over the fields that shops have.

use std::path::Path;

use softbox::campaign::Format;
use softbox::campaign::formats::SafeZone;

use super::studio::{Studio, decode, format, save, tell};

const LOGO: &str = r##"<svg xmlns="http://www.w3.org/2000/svg" width="236" height="80" viewBox="0 0 236 80"><circle cx="40" cy="40" r="30" fill="#e4572e"/><path d="M40 18a22 22 0 0 1 0 44z" fill="#17181c"/><text x="86" y="55" font-family="Inter" font-weight="800" font-size="44" letter-spacing="-2" fill="#17181c">Corner</text></svg>"##;

/// The starter templates in a campaign.
pub fn starter(template: &str) -> Studio {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/cli/init/templates");
    let mut studio = Studio::new().file("brand/logo.svg", LOGO);
    for entry in ["base.css", "card.css", "story.css", "price-drop.css", "partials/badge.html", "partials/brand.html", "partials/price.html", "partials/tags.html"] {
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

#[test]
#[ignore]
fn gallery() {
    let photos = Path::new(&std::env::var("SOFTBOX_PHOTOS").unwrap()).to_path_buf();
    let out = Path::new(&std::env::var("SOFTBOX_GALLERY").unwrap()).to_path_buf();
    let only = std::env::var("SOFTBOX_ONLY").unwrap_or_default();
    let products = [
        ("amber.jpg", "Northwood Calming Tincture", "$42", Some("$56"), Some("Full-spectrum drops for slow evenings"), vec!["tincture", "30 ml"], Some("−25%")),
        ("jar.jpg", "Blue Heron", "$35", None, Some("Small batch flower, hand trimmed and slow cured in glass"), vec!["flower", "new", "indoor"], Some("New")),
        ("carton.jpg", "Tide & Pine Sea Salt Soap Bar with Coconut and Kelp", "€9.50", Some("€12.00"), None, vec![], None),
        ("coffee.png", "Espresso", "", None, None, vec!["house roast"], Some("Back again")),
    ];
    for (file, name, price, was, tagline, tags, badge) in products {
        let photo = decode(&std::fs::read(photos.join(file)).unwrap());
        for template in ["card.html", "story.html", "price-drop.html"] {
            for format in formats() {
                let title = format!("{}-{}-{}", template.trim_end_matches(".html"), format.id, file.split('.').next().unwrap());
                if !title.contains(&only) {
                    continue;
                }
                let mut studio = starter(template).format(format).photo("photo", photo.clone());
                studio.data.clear();
                studio = studio.field("name", name).field("photo", "photo:photo").field("post", serde_json::json!({}));
                studio = studio.field("brand", serde_json::json!({ "name": "Corner", "logo": "brand/logo.svg" }));
                for (key, value) in [("price", Some(price)), ("was", was), ("tagline", tagline), ("badge", badge)] {
                    if let Some(value) = value.filter(|value| !value.is_empty()) {
                        studio = studio.field(key, value);
                    }
                }
                if !tags.is_empty() {
                    studio = studio.field("tags", tags.clone());
                }
                let start = std::time::Instant::now();
                match studio.try_paint() {
                    Ok(painted) => {
                        println!("{title} {:?} {}", start.elapsed(), tell(&painted.warnings));
                        save(&painted.picture, &out.join(format!("{title}.png")));
                    }
                    Err(problems) => println!("{title} FAILED {}", tell(&problems)),
                }
            }
        }
    }
}
