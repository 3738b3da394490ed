//! Templates become documents.

use super::studio::{Studio, tell};

#[test]
fn values_are_escaped_and_braces_in_threes_are_not() {
    let document = Studio::template("<p>{{name}}</p><p>{{{raw}}}</p>").field("name", "<b>A & B</b>").field("raw", "<i>x</i>").compose().unwrap();
    assert!(document.html.contains("&lt;b&gt;A &amp; B&lt;/b&gt;"), "{}", document.html);
    assert!(document.html.contains("<i>x</i>"), "{}", document.html);
}

#[test]
fn x() {
    for t in ["<p>{{nmae}}</p>", "a\n<p>{{#if was}}{{was}}{{/if}}{{#if (and price was)}}x{{/if}}{{post.headlin}}</p>", "{{#each sizes}}x{{/each}}", "{{upper colour}}", "{{shout name}}", "{{#if x}}", "a {{> nope}}", "{{#with brand}}{{x}}{{/with}}", "<style>\n@import 'x';\n a{colr:red}\n</style><script src=x></script>", "<link rel=stylesheet href=/etc/x.css>", "<style>\na{colr:red; width: wide}\nb{{{{name}}}}</style><p style='colo:red;width:wide'>"] {
        match Studio::template(t).try_paint() {
            Ok(p) => println!("OK {t} {}", tell(&p.warnings)),
            Err(p) => println!("{t}\n   {}", tell(&p)),
        }
    }
}
