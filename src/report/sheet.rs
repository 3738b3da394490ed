//! The contact sheet of cutouts: one page with everything inside, the least sure first.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// A photo whose product was isolated.
#[derive(Debug, Clone)]
pub struct Shown {
    pub photo: String,
    /// From 0 to 1.
    pub confidence: f32,
    pub remarks: Vec<String>,
    /// A box around what was found: left, top, width and height, as fractions of the photo.
    pub area: [f64; 4],
    /// The photo with a line around the product, as JPEG.
    pub outlined: Vec<u8>,
    /// The product alone, as PNG.
    pub cutout: Vec<u8>,
    /// Where the full sizes are.
    pub mask_path: String,
    pub cutout_path: String,
}

const HEAD: &str = r#"<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Cutouts</title>
<style>
:root { color-scheme: light dark; font: 16px/1.45 system-ui, sans-serif }
body { margin: 2rem auto; padding: 0 1.25rem; max-width: 74rem }
h1 { font-size: 1.5rem; margin: 0 0 .25rem }
h2 { font-size: 1rem; margin: 0; overflow-wrap: anywhere }
article { border-top: 1px solid #8884; padding: 1.25rem 0; display: grid; grid-template-columns: 1fr 1fr 1fr; gap: 1.25rem; align-items: start }
img { display: block; width: 100%; border-radius: 6px }
.clear { background: repeating-conic-gradient(#ccc 0 25%, #fff 0 50%) 0 0 / 20px 20px; border-radius: 6px }
.sure { font-weight: 600 } .low { color: #c2255c }
pre { background: #8881; padding: .6rem .75rem; border-radius: 6px; overflow-x: auto; font-size: .82rem; margin: .75rem 0 0 }
p { margin: .35rem 0 } .place { min-height: 1.4em; font-variant-numeric: tabular-nums; font-size: .85rem; opacity: .75 }
@media (max-width: 46rem) { article { grid-template-columns: 1fr } }
</style></head><body>
"#;

/// Tells where the pointer is, in the fractions that hints are written in.
const SCRIPT: &str = r#"<script>
for (const picture of document.querySelectorAll("article img")) {
  const place = picture.closest("article").querySelector(".place");
  picture.addEventListener("mousemove", event => {
    const box = picture.getBoundingClientRect();
    const at = (value, from, length) => Math.min(1, Math.max(0, (value - from) / length)).toFixed(3);
    place.textContent = `[${at(event.clientX, box.left, box.width)}, ${at(event.clientY, box.top, box.height)}]`;
  });
}
</script>
</body></html>
"#;

/// The page.
pub fn page(campaign: &str, shown: &[Shown]) -> String {
    let mut page = String::from(HEAD);
    let name = escaped(if campaign.is_empty() { "Cutouts" } else { campaign });
    // Writing to a string cannot fail.
    let _ = write!(
        page,
        "<h1>{name}: cutouts</h1>\n<p>The least sure first. Where one is wrong, paste its lines into campaign.toml and change them: the box \
         should hold the whole product, and points like [[0.4, 0.6]] say what to keep and to drop. Move over a picture to read a place.</p>\n"
    );
    for (number, one) in shown.iter().enumerate() {
        let low = if one.confidence < 0.9 { " low" } else { "" };
        let remarks: String = one.remarks.iter().map(|remark| format!("<p>{}</p>", escaped(remark))).collect();
        let [left, top, width, height] = one.area;
        let lines = format!(
            "[cutout.{}]\nphoto = {}\nbox = [{left:.2}, {top:.2}, {width:.2}, {height:.2}]\nkeep = []\ndrop = []",
            id(&one.photo, number),
            toml::Value::from(one.photo.as_str()),
        );
        let _ = write!(
            page,
            "<article><div><h2>{}</h2><p class=\"sure{low}\">{:.0} % sure</p>{remarks}<p class=\"place\"></p><pre>{}</pre></div>\n\
             <img alt=\"the photo with a line around the product\" src=\"data:image/jpeg;base64,{}\">\n\
             <div class=\"clear\"><img alt=\"the product alone\" src=\"data:image/png;base64,{}\"></div></article>\n",
            escaped(&one.photo),
            one.confidence * 100.0,
            escaped(&lines),
            STANDARD.encode(&one.outlined),
            STANDARD.encode(&one.cutout),
        );
    }
    page + SCRIPT
}

/// An id from a file's name, such as `soap` from `photos/soap.jpg`.
fn id(photo: &str, number: usize) -> String {
    let name = photo.rsplit('/').next().unwrap_or(photo);
    let name = name.split('.').next().unwrap_or(name).to_lowercase();
    let id: String = name.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '-' }).collect();
    let id = id.trim_matches('-').to_owned();
    if id.is_empty() { format!("photo-{}", number + 1) } else { id }
}

/// Text as it stands in HTML.
pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_holds_everything_and_no_name_breaks_it() {
        let one = Shown {
            photo: "photos/<b>\"soap\".jpg".to_owned(),
            confidence: 0.62,
            remarks: vec!["a & b".to_owned()],
            area: [0.25, 0.1, 0.5, 0.875],
            outlined: b"jpeg".to_vec(),
            cutout: b"png".to_vec(),
            mask_path: String::new(),
            cutout_path: String::new(),
        };
        let page = page("Tide & Pine", &[one]);
        assert!(page.contains("Tide &amp; Pine: cutouts") && page.contains("62 % sure") && page.contains("a &amp; b"));
        assert!(page.contains("box = [0.25, 0.10, 0.50, 0.88]\nkeep = []"));
        assert!(!page.contains("<b>") && page.contains("data:image/jpeg;base64,anBlZw=="));
        assert!(!page.contains("src=\"http") && !page.contains("href="), "nothing is fetched");
    }

    #[test]
    fn ids_are_what_manifests_take() {
        assert_eq!(id("photos/Sea Salt.jpg", 0), "sea-salt");
        assert_eq!(id("photos/日本.jpg", 4), "photo-5");
    }
}
