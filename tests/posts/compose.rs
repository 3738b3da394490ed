//! Templates become documents, or messages that say where and what to do.

use super::studio::{Studio, format, tell};
use softbox::campaign::Format;
use softbox::campaign::formats::SafeZone;

fn html(studio: &mut Studio) -> String {
    let html = studio.compose().unwrap_or_else(|problems| panic!("{}", tell(&problems))).html;
    let mut plain = String::new();
    let mut rest = html.as_str();
    while let Some((before, after)) = rest.split_once(" data-at=\"") {
        plain.push_str(before);
        rest = after.split_once('"').unwrap().1;
    }
    plain + rest
}

fn body(template: &str) -> String {
    let html = html(&mut Studio::template(template));
    let body = html.split_once("<body>").unwrap().1;
    body.strip_suffix("</body></html>").unwrap().to_string()
}

/// The one problem of a template: its place, what it says and its hint.
fn problem(template: &str) -> String {
    let problems = Studio::template(template).compose().expect_err("it was composed");
    assert_eq!(problems.len(), 1, "{}", tell(&problems));
    problems[0].to_string()
}

#[test]
fn values_are_escaped_and_those_in_three_braces_are_not() {
    let mut studio = Studio::template("<p title=\"{{name}}\">{{name}}</p>{{{code}}}")
        .field("name", "<b>\"A\" & B</b>")
        .field("code", "<i>x</i>");
    let html = html(&mut studio);
    assert!(html.contains("<p title=\"&lt;b&gt;&quot;A&quot; &amp; B&lt;/b&gt;\">&lt;b&gt;"), "{html}");
    assert!(html.contains("</p><i>x</i>"), "{html}");
}

#[test]
fn a_field_that_is_not_there_is_an_error_unless_it_is_asked_for() {
    assert_eq!(body("{{#if was}}{{was}}{{else}}-{{/if}}{{#unless was}}+{{/unless}}"), "-+");
    assert_eq!(body("{{default was price}}{{#if (and price was)}}no{{/if}}{{#if (or was price)}}yes{{/if}}"), "$35yes");
    assert_eq!(
        problem("<p>\n  {{nmae}}</p>"),
        "templates/card.html:2:3: there is no field `nmae` (did you mean `name`?)"
    );
    assert_eq!(
        problem("<p>{{name}} {{was}}</p>"),
        "templates/card.html:1:13: there is no field `was` (if only some have it, write {{#if was}}…{{/if}})"
    );
    assert_eq!(
        problem("<p>é {{upper clour}}</p>"),
        "templates/card.html:1:6: there is no field `clour` (if only some have it, write {{#if clour}}…{{/if}})"
    );
}

#[test]
fn a_field_of_a_field_is_told_with_its_parent() {
    let mut studio = Studio::template("{{post.headlin}}").field("post", serde_json::json!({ "headline": "x" }));
    let problems = studio.compose().unwrap_err();
    assert_eq!(
        tell(&problems),
        "templates/card.html:1:1: there is no field `post.headlin` (did you mean `post.headline`?)\n"
    );
}

#[test]
fn helpers_do_what_their_table_says() {
    assert_eq!(
        body("{{upper name}}|{{lower name}}|{{first tags}}|{{join tags \" · \"}}"),
        "CITRUS HAZE|citrus haze|flower|flower · new"
    );
    assert_eq!(
        body(
            "{{#if (eq format.network \"instagram\")}}ig{{/if}}{{#if (ne price \"$35\")}}no{{/if}}{{#if (not was)}}!{{/if}}"
        ),
        "ig!"
    );
    assert!(problem("{{shout name}}").starts_with("templates/card.html:1:1: there is no helper `shout`"));
    assert!(problem("{{uper name}}").ends_with("(did you mean `upper`?)"));
}

#[test]
fn partials_lie_beside_the_template_or_in_its_partials() {
    let mut studio = Studio::template("{{> badge}}{{> price}}")
        .file("templates/badge.html", "<b>{{name}}</b>")
        .file("templates/partials/price.html", "<i>{{price}}</i>");
    assert!(html(&mut studio).contains("<b>Citrus Haze</b><i>$35</i>"));
    // The absence of the nearer one counts as much as the presence of the other.
    assert_eq!(
        studio.reads,
        ["templates/card.html", "templates/badge.html", "templates/price.html", "templates/partials/price.html"]
    );
}

#[test]
fn a_mistake_in_a_partial_is_told_in_the_partial() {
    let mut studio = Studio::template("<p>{{> badge}}</p>")
        .file("templates/badge.html", "<b>\n{{#if name}}\n   <i>{{colour}}</i>{{/if}}</b>");
    let problems = studio.compose().unwrap_err();
    assert!(tell(&problems).starts_with("templates/badge.html:3:7: there is no field `colour`"), "{}", tell(&problems));
    assert_eq!(
        problem("a\n {{> nope}}"),
        "templates/card.html:2:2: there is no partial `nope` (looked for `templates/nope.html` and `templates/partials/nope.html`)"
    );
}

#[test]
fn partials_that_include_each_other_are_refused() {
    let mut studio =
        Studio::template("{{> a}}").file("templates/a.html", "{{> b}}").file("templates/b.html", "x {{> a}}");
    let problems = studio.compose().unwrap_err();
    assert_eq!(tell(&problems), "templates/b.html:1:3: the partial `a` includes itself\n");
}

#[test]
fn handlebars_that_cannot_be_read_is_placed() {
    let unclosed = problem("<p>\n{{#if name}}</p>");
    assert!(unclosed.starts_with("templates/card.html:2:") && unclosed.contains("left open"), "{unclosed}");
    let crossed = problem("{{#if name}}x{{/each}}");
    assert!(crossed.contains("{{#if}} is closed by {{/each}}"), "{crossed}");
}

#[test]
fn styles_are_pulled_out_and_know_their_lines() {
    let mut studio = Studio::template(
        "<link rel=stylesheet href=templates/a.css>\n<style>\n.x { color: {{ink}}; }\n</style><p>hi</p>",
    )
    .file("templates/a.css", "p { margin: 0; }\n")
    .field("ink", "#123456");
    let document = studio.compose().unwrap();
    assert!(!document.html.contains("<style") && !document.html.contains("<link"), "{}", document.html);
    assert!(!document.css.contains("/*@"), "{}", document.css);
    let line = |needle: &str| document.css.lines().position(|line| line.contains(needle)).unwrap();
    assert_eq!(document.files, ["templates/card.html", "templates/a.css"]);
    assert_eq!(document.css_lines[line("margin: 0; }")], Some((1, 1)));
    assert_eq!(document.css_lines[line("#123456")], Some((0, 3)));
    assert_eq!(document.css_lines[0], None);
    assert_eq!(document.css.lines().count(), document.css_lines.len());
}

#[test]
fn what_runs_or_comes_from_elsewhere_is_refused() {
    for (template, place, word) in [
        ("a\n<script>x</script>", "2:1", "<script>"),
        ("<div><iframe src=x></iframe></div>", "1:6", "<iframe>"),
        ("<video src=x></video>", "1:1", "<video>"),
        ("<link rel=stylesheet href='https://fonts.example/x.css'>", "1:1", "on the network"),
        ("<link rel=stylesheet href=../x.css>", "1:1", "leaves the campaign folder"),
        ("<link rel=stylesheet href=templates/no.css>", "1:1", "no stylesheet `templates/no.css`"),
        ("<style>\n\n  @import 'x.css';</style>", "3:3", "@import"),
        ("<style>a{}\n@font-face{}</style>", "2:1", "@font-face"),
        ("<style>a{width: max(1px, 2px)}</style>", "1:17", "max()"),
    ] {
        let told = problem(template);
        assert!(told.starts_with(&format!("templates/card.html:{place}: ")) && told.contains(word), "{told}");
    }
}

#[test]
fn a_page_knows_its_format_its_margins_and_the_brands_colours() {
    let story = Format {
        safe: SafeZone { top: 0.14, right: 0.06, bottom: 0.35, left: 0.06 },
        ..format("instagram.story", 1080, 1920)
    };
    let document = Studio::template("<p>x</p>").format(story).color("ink", "#1b1b1b").compose().unwrap();
    assert!(
        document.html.contains("class=\"portrait tall format-instagram-story network-instagram\""),
        "{}",
        document.html
    );
    for line in [
        "--safe-top: 269px",
        "--safe-bottom: 672px",
        "--margin-left: 65px",
        "--u: 10.8px",
        "--ink: #1b1b1b;",
        "--width: 1080px",
    ] {
        assert!(document.css.contains(line), "{line} in {}", document.css);
    }
    let print = Format { bleed: 35, ..format("print.a5", 1819, 2551) };
    let document = Studio::template("<html class='mine'><body><p>x</p></body></html>").format(print).compose().unwrap();
    assert!(document.html.contains("class=\"mine portrait print format-print-a5 network-print\""), "{}", document.html);
    assert!(
        document.css.contains("--margin-top: 140px") && document.css.contains("--safe-top: 35px"),
        "{}",
        document.css
    );
}

#[test]
fn a_field_that_no_template_uses_changes_no_byte() {
    let document = |studio: &mut Studio| serde_json::to_string(&studio.compose().unwrap()).unwrap();
    let plain = document(&mut Studio::template("<p>{{name}}</p>"));
    assert_eq!(plain, document(&mut Studio::template("<p>{{name}}</p>").field("stock", 12).field("price", "$36")));
    assert_ne!(plain, document(&mut Studio::template("<p>{{name}}</p>").field("name", "Other")));
}
