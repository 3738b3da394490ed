//! Snapshots of every form that a problem is shown in.

use insta::assert_snapshot;

use super::*;

const MANIFEST: &str =
    "[campaign]\nname = \"Corner shop\"\n\n[product.amber]\nname = \"Amber\"\nprcie = \"$24\"\n\n[product.amber]\n";

fn at(source: &Arc<Source>, text: &str) -> Place {
    let start = source.text.find(text).unwrap();
    Place::span(source, start..start + text.len())
}

fn misspelt() -> Problem {
    let source = Source::new("campaign.toml", MANIFEST);
    Problem::error("unknown-key", "a product rarely has a field `prcie`")
        .at(at(&source, "prcie"))
        .hint("did you mean `price`?")
}

#[test]
fn a_mistake_shows_its_line_with_the_fault_underlined() {
    assert_snapshot!(show(&misspelt(), Style::PLAIN));
}

#[test]
fn a_related_place_in_the_same_file_is_shown_in_the_same_excerpt() {
    let source = Source::new("campaign.toml", MANIFEST);
    let last = MANIFEST.rfind("[product").unwrap();
    let problem = Problem::error("duplicate-id", "the product `amber` is there twice")
        .at(Place::span(&source, last..last + 15))
        .related(at(&source, "[product.amber]"), "first written here")
        .hint("give one of them another id");
    assert_snapshot!(show(&problem, Style::PLAIN));
}

#[test]
fn a_related_place_in_another_file_is_shown_below() {
    let manifest = Source::new("campaign.toml", MANIFEST);
    let table = Source::new("products.csv", "id,name\namber,Amber\n");
    let problem = Problem::warning("shadowed", "this name replaces the one in the table")
        .at(at(&manifest, "\"Amber\""))
        .related(at(&table, "Amber"), "the table says this");
    assert_snapshot!(show(&problem, Style::PLAIN));
}

#[test]
fn a_file_that_is_not_text_is_named() {
    let problem = Problem::error("unreadable-photo", "this photo ends in the middle")
        .at(Place::file("photos/jar.heic"))
        .related(Place::file("photos/jar.jpg"), "a readable photo of the same product")
        .hint("copy it from the phone again");
    assert_snapshot!(show(&problem, Style::PLAIN));
}

#[test]
fn a_place_of_many_lines_is_underlined_on_its_first() {
    let source = Source::new("campaign.toml", MANIFEST);
    let problem = Problem::error("empty-post", "this makes nothing").at(Place::span(&source, 0..MANIFEST.len()));
    assert_snapshot!(show(&problem, Style::PLAIN));
}

#[test]
fn a_place_outside_the_text_or_inside_a_letter_is_still_shown() {
    let source = Source::new("captions/x.md", "Grüße");
    for (start, end) in [(3, 3), (99, 120), (5, 2), (0, 4)] {
        let problem = Problem::error("bad-place", "somewhere here").at(Place::span(&source, start..end));
        assert!(show(&problem, Style::PLAIN).contains("1 | Grüße"), "{start}..{end}");
        assert!(Record::of(&problem).column.unwrap() <= 6, "{start}..{end}");
    }
    let empty = Problem::error("empty", "nothing in it").at(Place::span(&Source::new("captions/x.md", ""), 0..0));
    assert!(show(&empty, Style::PLAIN).contains("captions/x.md:1:1"));
}

#[test]
fn a_long_line_is_cut_around_the_fault() {
    let source = Source::new("products.csv", format!("id,name\n{},prcie,{}\n", "x".repeat(900), "y".repeat(900)));
    let problem = Problem::error("bad-price", "this is not a price").at(at(&source, "prcie"));
    let shown = show(&problem, Style { color: false, width: 60 });
    assert!(shown.contains("prcie") && shown.contains("^^^^^"), "{shown}");
    assert!(shown.lines().all(|line| line.chars().count() <= 64), "{shown}");
}

#[test]
fn what_a_file_says_cannot_steer_the_terminal() {
    let source = Source::new("campaign.toml", "name = \"\u{1b}[2Jx\u{202e}\"\n");
    let problem =
        Problem::error("control", "a name holds \u{1b}[2J").at(Place::span(&source, 7..12)).hint("\u{1b}[31m");
    let shown = show(&problem, Style::PLAIN);
    assert!(!shown.contains(['\u{1b}', '\u{202e}']), "{shown:?}");
}

#[test]
fn colours_come_only_when_asked_for() {
    let styled = show(&misspelt(), Style { color: true, width: 100 });
    assert!(styled.contains("\u{1b}["));
    assert_eq!(anstream::adapter::strip_str(&styled).to_string(), show(&misspelt(), Style::PLAIN));
}

#[test]
fn the_count_is_worded_for_none_one_and_many() {
    let error = || Problem::error("e", "e");
    let warning = || Problem::warning("w", "w");
    assert_eq!(summary([]), "no problems");
    assert_eq!(summary(&[error()]), "1 error");
    assert_eq!(summary(&[warning(), warning()]), "2 warnings");
    assert_eq!(summary(&[error(), warning(), error(), error()]), "3 errors, 1 warning");
}

#[test]
fn github_shows_it_beside_the_line_of_the_file() {
    let problem = Problem { message: "100% wrong\r\nhere".into(), ..misspelt() };
    assert_snapshot!(
        github_annotation(&problem, "shops/corner, one"),
        @"::error file=shops/corner%2C one/campaign.toml,line=6,endLine=6,col=1,endColumn=5,title=unknown-key::100%25 wrong%0D%0Ahere%0Ahelp: did you mean `price`?"
    );
    let photo = Problem::warning("small-photo", "this photo is small").at(Place::file("photos/a.jpg"));
    assert_snapshot!(github_annotation(&photo, ""), @"::warning file=photos/a.jpg,title=small-photo::this photo is small");
}

#[test]
fn machines_get_a_record_with_every_field() {
    let json = serde_json::to_string(&Record::of(&misspelt())).unwrap();
    assert_snapshot!(json, @r#"{"severity":"error","code":"unknown-key","message":"a product rarely has a field `prcie`","file":"campaign.toml","line":6,"column":1,"end_line":6,"end_column":6,"text":"prcie = \"$24\"","hint":"did you mean `price`?"}"#);
    let photo = Problem::warning("small-photo", "this photo is small").at(Place::file("photos/a.jpg"));
    let json = serde_json::to_string(&Record::of(&photo)).unwrap();
    assert_snapshot!(json, @r#"{"severity":"warning","code":"small-photo","message":"this photo is small","file":"photos/a.jpg","line":null,"column":null,"end_line":null,"end_column":null,"text":null,"hint":null}"#);
}
