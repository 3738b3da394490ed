//! Documents become pixels, or messages that say where and what to do.

use softbox::actions::paint::Rgba;

use super::studio::{Studio, at, count, quarters, tell};

const CLEAN: &str = "<style>body{background:#fff;color:#000} p{margin:0;font-size:100px;line-height:1.2}</style>";

fn dark(pixel: [u8; 3]) -> bool {
    pixel.iter().all(|channel| *channel < 100)
}

fn page(body: &str) -> Studio {
    Studio::template(&format!("{CLEAN}\n{body}")).size(800, 600).photo("photo", quarters(400, 400))
}

#[test]
fn a_photo_is_asked_for_at_its_box_and_painted_pixel_for_pixel() {
    let mut studio = page(
        "<img src=\"photo:photo\" style=\"position:absolute;left:100px;top:50px;width:300px;height:200px;object-fit:cover\">",
    );
    let painted = studio.paint();
    let want = &studio.wants[0];
    assert_eq!((want.width, want.height), (300, 200));
    // The middle two thirds of the height.
    let expected = [0.0, 1.0 / 6.0, 1.0, 2.0 / 3.0];
    assert!(want.region.iter().zip(expected).all(|(got, expected)| (got - expected).abs() < 1e-3), "{:?}", want.region);
    for (place, color) in [((100, 50), [255, 0, 0]), ((399, 50), [0, 255, 0]), ((100, 249), [0, 0, 255])] {
        assert_eq!(at(&painted.picture, place.0, place.1), color, "{place:?}");
    }
    assert_eq!(at(&painted.picture, 99, 100), [255; 3]);
    assert_eq!(painted.warnings, []);
    // What comes at the box's size is painted without another resampling, also where the box lies between pixels.
    for left in ["100px", "100.4px"] {
        let noise: Vec<u8> = (0..300 * 200u32)
            .flat_map(|n| [(n % 6007 * 79 % 251) as u8, (n % 5003 * 97 % 241) as u8, (n % 199) as u8, 255])
            .collect();
        let noise = Rgba { width: 300, height: 200, pixels: noise };
        let body = format!(
            "<img src=\"photo:noise\" style=\"position:absolute;left:{left};top:50px;width:300px;height:200px;object-fit:cover\">"
        );
        let painted = page(&body).photo("noise", noise.clone()).paint();
        let differing = (0..200)
            .flat_map(|y| (0..300).map(move |x| (x, y)))
            .filter(|(x, y)| at(&painted.picture, 100 + x, 50 + y) != at(&noise, *x, *y));
        assert_eq!(differing.count(), 0, "left: {left}");
    }
}

#[test]
fn pictures_size_themselves_by_their_natural_size() {
    let mut studio = page(
        "<img src=\"photo:photo\" style=\"width:120px\"><img src=\"photo:photo\" style=\"object-fit:contain;width:200px;height:100px\">",
    );
    let painted = studio.paint();
    let sizes: Vec<(u32, u32)> = studio.wants.iter().map(|want| (want.width, want.height)).collect();
    assert_eq!(sizes, [(120, 120), (100, 100)]);
    assert!(studio.wants.iter().all(|want| want.region == [0.0, 0.0, 1.0, 1.0]));
    assert_eq!(at(&painted.picture, 5, 5), [255, 0, 0]);
}

#[test]
fn a_scaled_and_turned_picture_is_asked_for_at_the_pixels_it_covers() {
    let mut studio = page(
        "<img src=\"photo:photo\" style=\"position:absolute;left:300px;top:200px;width:100px;height:100px;transform:rotate(30deg) scale(1.5)\">",
    );
    studio.paint();
    assert_eq!((studio.wants[0].width, studio.wants[0].height), (150, 150));
}

#[test]
fn a_background_is_asked_for_at_the_size_it_is_drawn_at() {
    let mut studio = page("<div style=\"width:600px;height:300px;background:url(photo:photo) center/cover\"></div>");
    let painted = studio.paint();
    assert_eq!((studio.wants.len(), studio.wants[0].width, studio.wants[0].height), (1, 600, 600));
    assert_eq!(at(&painted.picture, 10, 10), [255, 0, 0]);
    assert_eq!(at(&painted.picture, 590, 290), [255; 3]);
    assert_eq!(at(&painted.picture, 10, 290), [0, 0, 255]);
}

#[test]
fn a_picture_of_a_rule_that_matches_nothing_is_not_asked_for() {
    let mut studio =
        page("<style>.wide div{background:url(photo:other)} .square p{background:url(no.png)}</style><p>x</p>");
    studio.paint();
    assert_eq!(studio.wants, []);
}

#[test]
fn drawings_and_data_uris_are_drawn() {
    let svg = "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 10 10'><rect width='10' height='10' fill='#0000ff'/></svg>";
    let data = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 1 1'%3E%3Crect width='1' height='1' fill='%23ff0000'/%3E%3C/svg%3E";
    let mut studio = page(&format!("<img src=brand/logo.svg style=\"display:block;width:50px\"><img src=\"{data}\" style=\"display:block;width:50px\">")).file("brand/logo.svg", svg);
    let painted = studio.paint();
    assert_eq!((at(&painted.picture, 25, 25), at(&painted.picture, 25, 75)), ([0, 0, 255], [255, 0, 0]));
}

#[test]
fn a_picture_that_is_nowhere_is_told_with_its_line() {
    for (body, told) in [
        (
            "<p>x</p>\n  <img src=\"photo:phto\">",
            "templates/card.html:3:8: this post has no photo `phto` (did you mean photo:photo?)",
        ),
        ("<img class=x src=brand/no.png>", "templates/card.html:2:14: there is no picture `brand/no.png`"),
        ("<img src=https://x.example/y.png>", "templates/card.html:2:6: `https://x.example/y.png` is on the network"),
        ("<img src=/etc/passwd>", "templates/card.html:2:6: `/etc/passwd` is no picture: the path is absolute"),
        (
            "<img src=../x.png>",
            "templates/card.html:2:6: `../x.png` is no picture: the path leaves the campaign folder",
        ),
        ("<img alt=x>", "templates/card.html:2:1: this <img> has no src"),
        (
            "<style>\np { background:\n  url(photo:bg) }</style><p>x</p>",
            "templates/card.html:4:7: this post has no photo `bg`",
        ),
    ] {
        let problems = page(body).refused();
        assert!(problems.starts_with(told), "{problems}");
    }
}

#[test]
fn a_picture_named_by_a_field_is_told_at_its_tag_in_its_partial() {
    let mut studio = page("{{#each shots}}{{> shot}}{{/each}}")
        .file("templates/shot.html", "<i></i>\n<img src=\"{{this}}\">")
        .field("shots", vec!["photo:photo", "photo:b"]);
    let problems = studio.refused();
    assert!(problems.starts_with("templates/shot.html:2:6: this post has no photo `b`"), "{problems}");
}

#[test]
fn all_mistakes_of_a_page_are_told_together() {
    let problems = page("<img src=photo:a>\n<img src=b.png>\n<style>p { width: wide }</style>").refused();
    assert_eq!(problems.lines().count(), 3, "{problems}");
}

#[test]
fn css_that_cannot_be_read_is_told_with_its_line() {
    let problems = page("<style>\np { color: red }\nb { width: wide; }\n</style>").refused();
    assert!(problems.starts_with("templates/card.html:4:12: this CSS cannot be read"), "{problems}");
    let problems = Studio::template("<link rel=stylesheet href=templates/x.css>")
        .file("templates/x.css", "a{}\n\nb { color blue; }")
        .refused();
    assert!(problems.starts_with("templates/x.css:3:1: this CSS cannot be read"), "{problems}");
    let problems = page("<b>a</b><p style=\"width:wide\">x</p>").refused();
    assert!(problems.starts_with("templates/card.html:2:12: this style cannot be read"), "{problems}");
}

#[test]
fn a_misspelt_property_is_a_warning() {
    let painted = page("<style>\np { colr: red }</style><p>x</p>").paint();
    assert_eq!(
        tell(&painted.warnings),
        "templates/card.html:3:5: `colr` is no property that is painted (did you mean `color`?)\n"
    );
}

#[test]
fn a_font_that_is_nowhere_is_told_with_its_line() {
    let problems = page("<style>\np { font-family: Georgia, serif }</style><p>x</p>").refused();
    assert!(problems.starts_with("templates/card.html:3:18: there is no font `Georgia`"), "{problems}");
    page(
        "<style>p { font-family: Inter, sans-serif } b { font-family: \"Noto Color Emoji\" }</style><p>x <b>y</b></p>",
    )
    .paint();
}

#[test]
fn a_font_of_the_brand_comes_first() {
    let hebrew = include_bytes!("../../src/actions/fonts/NotoSansHebrew.ttf");
    let inter = page("<p>2024</p>").paint();
    let brand = page("<p>2024</p>").font("brand/x.ttf", hebrew.to_vec()).paint();
    // The brand's font has no Latin digits here, but its line is as high as it says: the page is another one.
    assert_ne!(inter.picture, brand.picture);
    let problems = page("<p>x</p>").font("brand/x.ttf", b"no font at all".to_vec()).refused();
    assert!(problems.starts_with("brand/x.ttf: `brand/x.ttf` is no font that can be used"), "{problems}");
}

#[test]
fn arabic_hebrew_chinese_japanese_and_korean_are_drawn_in_their_own_shapes() {
    for text in ["قهوة", "שלום", "日本語", "中文", "한국어", "Ελλάδα", "Привет"] {
        let painted = page(&format!("<p>{text}</p>")).paint();
        assert!(count(&painted.picture, [0, 0, 800, 140], dark) > 2000, "{text} is not drawn");
        assert_eq!(painted.warnings, [], "{text}");
        // Every character has its own shape: nothing is an empty box.
        let one = |c: char| page(&format!("<p>{c}</p>")).paint().picture;
        let shapes: Vec<_> = text.chars().map(one).collect();
        let distinct = text.chars().collect::<std::collections::BTreeSet<_>>().len();
        assert!((1..shapes.len()).filter(|n| !shapes[..*n].contains(&shapes[*n])).count() + 1 == distinct, "{text}");
    }
}

#[test]
fn text_from_right_to_left_starts_at_the_right() {
    let painted = page("<p dir=rtl>קפה</p>").paint();
    assert_eq!(count(&painted.picture, [0, 0, 400, 140], dark), 0);
    assert!(count(&painted.picture, [400, 0, 400, 140], dark) > 2000);
    // Joined letters are narrower than the same letters apart.
    let width = |text: &str| {
        let painted = page(&format!("<p>{text}</p>")).paint();
        (0..800).rev().find(|x| count(&painted.picture, [*x, 0, 1, 140], dark) > 0).unwrap()
    };
    assert!(width("ببب") < width("ب\u{200c}ب\u{200c}ب"));
}

#[test]
fn emoji_are_drawn_in_colour_families_as_one() {
    let colourful = |[r, g, b]: [u8; 3]| r.abs_diff(g).max(g.abs_diff(b)) > 60;
    let ink = |text: &str| {
        let painted = page(&format!("<p>{text}</p>")).paint();
        assert_eq!(painted.warnings, [], "{text}");
        let width = (0..800).rev().find(|x| count(&painted.picture, [*x, 0, 1, 140], |p| p != [255; 3]) > 0).unwrap();
        (count(&painted.picture, [0, 0, 800, 140], colourful), width)
    };
    let (green, one) = ink("🌿");
    assert!(green > 1000, "{green} coloured pixels");
    let (_, family) = ink("👨\u{200d}👩\u{200d}👧\u{200d}👦");
    let (_, flag) = ink("🇳🇿");
    assert!(family < one + 20 && flag < one + 20, "{one} {family} {flag}");
    // ❤ as text and as emoji.
    assert!(ink("❤\u{fe0f}").0 > 1000);
}

#[test]
fn a_character_that_no_font_has_is_a_warning_at_its_tag() {
    let painted = page("<p>fine</p>\n<p>x 𓀀</p>").paint();
    let told = tell(&painted.warnings);
    assert!(told.starts_with("templates/card.html:3:1: no font has the character 𓀀 (U+13000)"), "{told}");
}

/// The font size that a fitting text gets.
fn fitted(body: &str) -> Vec<u32> {
    let settled = page(body).settle();
    let sizes = settled
        .html
        .match_indices("font-size:")
        .map(|(at, key)| settled.html[at + key.len()..].split("px").next().unwrap());
    sizes.map(|size| size.parse().unwrap()).collect()
}

#[test]
fn a_text_takes_the_largest_size_that_fits_its_box() {
    let fit = |text: &str, style: &str| {
        fitted(&format!("<h1 data-fit=\"10-200\" style=\"margin:0;line-height:1;{style}\">{text}</h1>"))[0]
    };
    // One line: the height decides. One px more would not fit.
    assert_eq!(fit("Hi", "height:80px;width:700px"), 80);
    assert_eq!(fit("Hi", "max-height:80px;width:700px"), 80);
    // Two lines of 40.
    assert_eq!(fit("AA<br>BB", "height:80px;width:700px"), 40);
    // A long word: the width decides, and it never breaks.
    let narrow = fit("Extraordinarily", "height:500px;width:300px");
    assert!((30..60).contains(&narrow), "{narrow}");
    assert_eq!(fit("Hi", "height:500px;width:700px"), 200);
}

#[test]
fn lines_are_capped_and_earlier_texts_are_served_first() {
    let text = "Small batch flower, slow cured in glass";
    let lines = |cap: &str| {
        fitted(&format!("<h1 data-fit=\"10-200\" {cap} style=\"margin:0;height:400px;width:600px\">{text}</h1>"))[0]
    };
    assert!(lines("data-lines=1") < lines("data-lines=2") && lines("data-lines=2") < lines(""));
    let column = "<div style=\"display:flex;flex-direction:column;height:300px\">\
        <h1 data-fit=\"20-100\" style=\"margin:0;line-height:1\">A</h1><h2 data-fit=\"20-300\" style=\"margin:0;line-height:1;flex:1;min-height:0\">B</h2></div>";
    assert_eq!(fitted(column), [100, 200]);
}

#[test]
fn a_text_that_does_not_fit_at_its_smallest_is_told() {
    let problems = page(
        "<p>x</p>\n<h1 data-fit=\"40-80\" style=\"height:50px;width:200px;margin:0\">A name that is much too long</h1>",
    )
    .refused();
    assert!(
        problems
            .starts_with("templates/card.html:3:5: “A name that is much too long” does not fit its box even at 40 px"),
        "{problems}"
    );
    let problems = page("<h1 data-fit=\"80\">x</h1>").refused();
    assert!(problems.starts_with("templates/card.html:2:5: `80` is no range of font sizes"), "{problems}");
}

#[test]
fn sizes_in_u_follow_the_format() {
    let fit = "<h1 data-fit=\"2u-5u\">x</h1>";
    assert_eq!(fitted(fit), [30]);
    let settled = Studio::template(fit).size(1000, 1600).settle();
    assert!(settled.html.contains("font-size:50px"), "{}", settled.html);
}

#[test]
fn words_out_of_sight_are_a_warning() {
    let told = |body: &str| tell(&page(body).paint().warnings);
    assert!(
        told("<p style=\"position:absolute;left:700px;white-space:nowrap\">Too far right</p>")
            .contains("“Too far right” reaches out of the picture")
    );
    assert_eq!(told("<p data-loose style=\"position:absolute;left:700px;white-space:nowrap\">Too far right</p>"), "");
    assert_eq!(told("<p>Inside</p>"), "");
    let safe = softbox::campaign::formats::SafeZone { top: 0.2, ..Default::default() };
    let mut studio = page("<p>At the top</p>");
    studio.format.safe = safe;
    let told = tell(&studio.paint().warnings);
    assert!(told.starts_with("templates/card.html:2:1: “At the top” stands outside the safe zone"), "{told}");
}

#[test]
fn the_same_page_gives_the_same_bytes_again_and_on_other_threads() {
    let body = "<h1 data-fit=\"20-90\" style=\"height:200px\">{{name}} 🌿 قهوة 日本</h1><img src=\"photo:photo\" style=\"width:333px;border-radius:20px;filter:blur(2px)\">";
    let first = page(body).paint().picture;
    assert_eq!(first, page(body).paint().picture);
    let others: Vec<_> = (0..3).map(|_| std::thread::spawn(move || page(body).paint().picture)).collect();
    assert!(others.into_iter().all(|other| other.join().unwrap() == first));
}

#[test]
fn a_canvas_too_large_is_refused_before_it_is_made() {
    let problems = page("<p>x</p>").size(100_000, 100_000).refused();
    assert!(problems.contains("a canvas of 100000×100000 pixels cannot be painted"), "{problems}");
}
