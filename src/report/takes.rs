//! The takes of a campaign side by side: one page with everything inside.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::sheet::escaped;

/// A take on the page.
#[derive(Debug, Clone)]
pub struct Shown {
    /// `hero/citrus-haze`
    pub photo: String,
    /// The number of the step in its look, from 1.
    pub step: usize,
    pub number: usize,
    pub model: String,
    /// Its file in the campaign.
    pub file: String,
    pub cost: String,
    /// How like the product the product in it is, from 0 to 1, where that is measured.
    pub score: Option<f32>,
    /// What its label says otherwise.
    pub misprints: Vec<String>,
    /// Where it is not, as JPEG.
    pub heatmap: Option<Vec<u8>>,
    pub is_used: bool,
    /// Nobody picked among the takes of its step.
    pub is_open: bool,
    /// Small, as JPEG.
    pub picture: Vec<u8>,
}

const HEAD: &str = r#"<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Takes</title>
<style>
:root { color-scheme: light dark; font: 16px/1.45 system-ui, sans-serif }
body { margin: 2rem auto; padding: 0 1.25rem; max-width: 90rem }
h1 { font-size: 1.5rem; margin: 0 0 .25rem }
h2 { font-size: 1.1rem; margin: 2rem 0 .75rem; overflow-wrap: anywhere }
section { display: grid; grid-template-columns: repeat(auto-fill, minmax(17rem, 1fr)); gap: 1.25rem; align-items: start }
h3 { font-size: .95rem; margin: 1rem 0 .5rem; font-weight: 600 }
figure { margin: 0; border-radius: 8px; padding: .5rem; border: 2px solid transparent }
figure.used { border-color: #2f9e44 }
img { display: block; width: 100%; border-radius: 4px }
figcaption { font-size: .85rem; padding-top: .4rem; overflow-wrap: anywhere }
.heat { margin-top: .5rem } b { font-weight: 600 } .low { color: #c2255c }
code { background: #8881; padding: .15rem .35rem; border-radius: 4px; user-select: all }
p { margin: .25rem 0 }
</style></head><body>
"#;

/// The page.
pub fn page(title: &str, shown: &[Shown]) -> String {
    let mut page = String::from(HEAD);
    let title = escaped(if title.is_empty() { "Takes" } else { title });
    // Writing to a string cannot fail.
    let _ = write!(
        page,
        "<h1>{title}: takes</h1>\n<p>What goes on has a green frame. To pick another one, copy its line into a terminal.</p>\n"
    );
    let mut last = "";
    for takes in shown.chunk_by(|one, other| (&one.photo, one.step) == (&other.photo, other.step)) {
        let Some(first) = takes.first() else { continue };
        if first.photo != last {
            let _ = writeln!(page, "<h2>{}</h2>", escaped(&first.photo));
            last = &first.photo;
        }
        let open = if first.is_open && takes.len() > 1 { " · nobody picked yet" } else { "" };
        let _ = write!(page, "<h3>step {}{open}</h3>\n<section>\n", first.step);
        for take in takes {
            let (used, goes_on) = if take.is_used { (" class=\"used\"", ", goes on") } else { ("", "") };
            let score = take.score.map(|score| {
                let low = if score < 0.9 { " class=\"low\"" } else { "" };
                format!("<p{low}>{:.0} % like the product</p>", score * 100.0)
            });
            let misprints: String =
                take.misprints.iter().map(|own| format!("<p class=\"low\">{}</p>", escaped(own))).collect();
            let is_low = take.score.is_some_and(|score| score < 0.95) || !take.misprints.is_empty();
            let heatmap = take.heatmap.as_ref().filter(|_| is_low).map(|heatmap| {
                let data = STANDARD.encode(heatmap);
                format!("<img class=\"heat\" alt=\"where the product strayed\" src=\"data:image/jpeg;base64,{data}\">")
            });
            let _ = writeln!(
                page,
                "<figure{used}><img alt=\"take {number} of {photo}\" src=\"data:image/jpeg;base64,{data}\">\
                 <figcaption><p><b>{number}</b> · {model} · {cost}{goes_on}</p>{score}{misprints}<p>{file}</p>\
                 <p><code>softbox pick {photo} {number}</code></p></figcaption>{heatmap}</figure>",
                number = take.number,
                photo = escaped(&take.photo),
                data = STANDARD.encode(&take.picture),
                model = escaped(&take.model),
                cost = escaped(&take.cost),
                score = score.unwrap_or_default(),
                heatmap = heatmap.unwrap_or_default(),
                file = escaped(&take.file),
            );
        }
        page += "</section>\n";
    }
    page + "</body></html>\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_of_a_photo_stand_side_by_side_with_the_line_that_picks_them() {
        let take = |photo: &str, number, is_used| Shown {
            photo: photo.to_owned(),
            step: 2,
            number,
            model: "nano-banana".to_owned(),
            file: "takes/a.png".to_owned(),
            cost: "$0.05".to_owned(),
            score: Some(0.62),
            misprints: vec!["the label says “Jar & lid”, the take says “Jor”".to_owned()],
            heatmap: Some(b"heat".to_vec()),
            is_used,
            is_open: !is_used,
            picture: b"jpeg".to_vec(),
        };
        let page =
            page("Tide & Pine", &[take("hero/jar", 1, true), take("hero/jar", 2, false), take("hero/<tin>", 1, false)]);
        assert_eq!((page.matches("<section>").count(), page.matches("class=\"used\"").count()), (2, 1));
        assert!(page.contains("softbox pick hero/jar 2") && page.contains("62 % like the product"));
        assert!(page.contains("the label says “Jar &amp; lid”, the take says “Jor”"));
        assert!(page.contains("Tide &amp; Pine: takes") && !page.contains("<tin>"));
        assert!(!page.contains("src=\"http") && !page.contains("href="), "nothing is fetched");
    }
}
