//! Broken campaigns under tests/fixtures/broken: each says where and what to do, none panics, and the rest is still there.
//!
//! `UPDATE_EXPECT=1 cargo test --test campaign broken` writes the expected messages anew.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;

use softbox::campaign::{Asset, Loaded, Severity, load};

use super::folders::{Disk, Memory};

/// The messages, and what is left of the campaign.
fn told(loaded: &Loaded) -> String {
    let mut told = String::new();
    for problem in &loaded.problems {
        let kind = if problem.severity == Severity::Error { "error" } else { "warning" };
        writeln!(told, "{kind}[{}]: {problem}", problem.code).unwrap();
    }
    let outputs: Vec<&str> = loaded.campaign.assets.iter().map(|asset| asset.output.as_str()).collect();
    writeln!(told, "---\nassets: {}", outputs.join(", ")).unwrap();
    told
}

#[test]
fn each_broken_campaign_says_where_and_what_to_do_and_keeps_the_rest() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/broken");
    let mut names: Vec<_> = std::fs::read_dir(&root).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.sort();
    assert!(names.len() >= 20, "only {} fixtures", names.len());
    let mut wrong = Vec::new();
    let mut codes = BTreeSet::new();
    for folder in names {
        let loaded = load(&Disk(folder.clone()));
        codes.extend(loaded.problems.iter().map(|problem| problem.code));
        let found = told(&loaded);
        let expected = folder.join("expected.txt");
        if std::env::var_os("UPDATE_EXPECT").is_some() {
            std::fs::write(&expected, &found).unwrap();
        }
        let wanted = std::fs::read_to_string(&expected).unwrap_or_default();
        if found != wanted {
            wrong.push(format!("{}\n--- wanted\n{wanted}--- found\n{found}", folder.display()));
        }
        for problem in &loaded.problems {
            assert!(problem.place.is_some(), "{}: no place: {problem}", folder.display());
            assert!(!problem.message.ends_with('.') && !problem.message.contains('\n'), "{problem}");
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    assert!(codes.len() >= 20, "{codes:?}");
}

/// One good post with its photo, product and template, for tests that add a mistake beside it.
const GOOD: &str = r#"
[campaign]
name = "Spring"
[product.jam]
name = "Jam"
[photo.hero]
source = "photos/{product}.*"
[post.card]
template = "templates/card.html"
photo = "hero"
formats = ["x.square"]
"#;

fn good_with(more: &str) -> Memory {
    Memory::campaign(&format!("{GOOD}{more}"))
        .file("templates/card.html", "<h1>{{name}}</h1><img src='{{photo}}'>")
        .photos(&["photos/jam.jpg"])
}

#[test]
fn every_cut_of_a_manifest_is_survived() {
    let text = r##"
include = ["more/*.toml"]
[campaign]
name = "Zoë’s"
products = { file = "p.csv", id = "sku" }
[brand]
colors = { ink = "#1b1b1b" }
[product."jam"]
tags = ["a", 'b']
price = 3.5
[look.a]
steps = [{ crop = { ratio = "4:5", focus = [0.5, 0.5] } }]
[photo.hero]
source = "photos/{product}-{angle}.*"
[post.card]
photo = { photo = "hero" }
formats = ["x.square"]
output = "{post}/{product}-{angle}.{format}.{ext}"
"##;
    for end in (0..text.len()).filter(|end| text.is_char_boundary(*end)) {
        Memory::campaign(&text[..end]).photos(&["photos/jam-front.jpg"]).load();
        // A hole in the middle, as while typing.
        let hole = (end + 7..text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len());
        Memory::campaign(&format!("{}{}", &text[..end], &text[hole..])).load();
    }
}

#[test]
fn every_cut_of_a_template_is_survived() {
    let template = "{{#if a}}{{b.c}}{{else if (eq d \"x\")}}{{~> p q r=1~}}{{else}}{{{e}}}{{/if}}{{#each f as |g h|}}{{../i}}{{@index}}{{/each}}{{!-- j --}}{{{{raw}}}}{{{{/raw}}}}";
    for start in 0..template.len() {
        for end in [start + 3, start + 11, template.len()] {
            let Some(part) = template.get(start..end) else { continue };
            good_with("").file("templates/card.html", part).load();
        }
    }
}

#[test]
fn a_mistake_leaves_the_rest_of_the_campaign_as_it_was() {
    let good = good_with("").good();
    assert_eq!(good.assets.len(), 1);
    for mistake in [
        "[post.other]\nphoto = \"her\"\nformats = [\"x.square\"]\n",
        "[post.other]\nphoto = \"hero\"\nformats = [\"x.sqare\"]\n",
        "[product.tea]\nname = Tea\n",
        "[photo.tea]\nsource = 5\n[post.tea]\nphoto = \"tea\"\nformats = [\"x.square\"]\n",
        "[unheard]\nof = 1\n",
        "[look.x]\nsteps = [{ crop = { ratio = \"4x5\" } }]\n",
        "[caption.c]\ndraft = \"nowhere.md\"\n",
        "[post.typing]\n]]]",
    ] {
        let loaded = good_with(mistake).load();
        assert!(loaded.problems.iter().any(|p| p.severity == Severity::Error), "{mistake}");
        let is_there = |good: &Asset| {
            let same = loaded.campaign.assets.iter().find(|asset| asset.output == good.output);
            same.is_some_and(|same| same.scene == good.scene && same.format == good.format)
        };
        assert!(good.assets.iter().all(is_there), "{mistake}\n{}", told(&loaded));
    }
}

#[test]
fn one_mistake_is_told_once() {
    // The look is wrong; the photo that wants it and the post that wants the photo say nothing more.
    let folder = good_with(
        "[look.a]\nsteps = [{ crop = { zoom = 0.5 } }]\n[photo.b]\nsource = \"photos/jam.jpg\"\nlook = \"a\"\n[post.c]\nphoto = \"b\"\nformats = [\"x.square\"]\n",
    );
    assert_eq!(
        folder.problems(),
        ["campaign.toml:13:28: `zoom` of crop, value 1 of `steps` of `look.a` is 0.5, but it must be from 1 to 20"]
    );
}

#[test]
fn names_that_a_mac_takes_for_one_are_told() {
    let folder = good_with("").photos(&["photos/jam.JPG"]);
    assert_eq!(
        folder.problems(),
        [
            "campaign.toml:7:10: `photos/jam.JPG` and `photos/jam.jpg` are one file on a Mac or on Windows (delete one of them, or give it another name)"
        ]
    );
    let two = good_with("[post.Card2]\nphoto = \"hero\"\nformats = [\"x.square\"]\n").problems();
    assert_eq!(
        two,
        [
            "campaign.toml:12:7: `Card2` cannot be the id of a post (ids are lower-case letters, digits, `.`, `_` and `-`; write `card2`)"
        ]
    );
    let paths = good_with(
        "[post.b]\nphoto = \"hero\"\nformats = [\"x.square\"]\noutput = \"A/é.jpg\"\n[post.c]\nphoto = \"hero\"\nformats = [\"x.square\"]\noutput = \"a/e\u{301}.jpg\"\n",
    );
    assert_eq!(
        paths.problems(),
        [
            "campaign.toml:19:10: `post.b` jam x.square and `post.c` jam x.square have one path, `a/e\u{301}.jpg` but for upper and lower case or accents (give one of the posts another `output`, such as \"{post}/{product}.{format}.{ext}\")"
        ]
    );
}

#[test]
fn bytes_that_are_not_text_are_told() {
    let folder = good_with("").file("templates/card.html", b"one\n\xff\xfe");
    assert_eq!(
        folder.problems(),
        [
            "campaign.toml:9:12: `templates/card.html` is not UTF-8 text: line 2 has other bytes (save it with the encoding UTF-8)"
        ]
    );
    assert_eq!(Memory::default().file("campaign.toml", b"\xff").problems().len(), 1);
    assert_eq!(Memory::default().problems().len(), 1);
}
