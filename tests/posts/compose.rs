//! Templates become documents.

use super::studio::{Studio, tell};

#[test]
fn x() {
    for css in ["a{colr:red}\nb{color:blue}", "a{color:red}\nb{width:wide}", "a{color:red;}\n b{ color blue; }", "a{color:red;\n b{color:blue", "a:foo(3){x:y}\nc{d:e}", "@media (foo){}\n", "@container (min-width: 3px){a{color:red}}", "@layer x;\n@supports (x:y){}", "@font-feature-values Inter{}", "}\n} a{color:red}", "a{color:var(--x)}", "a{background:url(foo.png", "a{-webkit-font-smoothing:antialiased; cursor:pointer; transition: all 1s; color:oklch(0.5 0.1 20)}", "a{container-type:inline-size; will-change:x}", "a{width:calc(3px +4px)}", "a::selection{color:red}", "a{color:red}\n\nfoo bar\n\nb{c:d}", "a { &:hover {color:red} }"] {
        println!("{css:?}\n   {:?}", takumi::prelude::StyleSheet::parse(css).map(|_| "ok"));
    }
}
