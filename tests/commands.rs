//! What the commands say and how they end.

mod common;

use std::fs;
use std::process::Command;

use common::Campaign;

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn plan_tells_what_would_be_made_and_why_and_makes_nothing() {
    let shop = Campaign::shop();
    let planned = text(&shop.human(&["plan"]).stdout);
    assert!(planned.contains("make    dist/card/amber.small.wide.jpg"), "{planned}");
    assert!(!shop.at("dist").exists());
    shop.build();
    assert!(text(&shop.human(&["plan"]).stdout).starts_with("nothing to do"));
    shop.edit("products.csv", "$35", "$32");
    let planned = text(&shop.human(&["plan"]).stdout);
    assert!(planned.contains("dist/card/amber.small.wide.jpg  (price: $35 → $32)"), "{planned}");
    assert!(!planned.contains("dist/card/jar"), "{planned}");
}

#[test]
fn explain_goes_down_to_every_file_that_a_person_wrote() {
    let shop = Campaign::shop();
    shop.build();
    shop.edit("products.csv", "$35", "$32");
    shop.build();
    let told = text(&shop.human(&["explain", "card/amber.small.wide.jpg"]).stdout);
    for wanted in [
        "photos/amber.png",
        "templates/card.html",
        "templates/price.html",
        "templates/card.css",
        "price: $35 → $32",
        "up to date",
    ] {
        assert!(told.contains(wanted), "{wanted} is missing in\n{told}");
    }
}

#[test]
fn check_says_how_much_there_is_and_ends_with_2_where_something_is_wrong() {
    let shop = Campaign::shop();
    let checked = shop.human(&["check"]);
    assert_eq!(text(&checked.stdout), "no mistakes found: 2 products, 1 post, 12 assets\n");
    shop.edit("campaign.toml", "look = \"daylight\"", "look = \"dayligth\"");
    let checked = shop.human(&["check"]);
    assert_eq!(checked.status.code(), Some(2));
    let said = text(&checked.stderr);
    assert!(said.contains("did you mean `daylight`?") && said.contains("campaign.toml:14:8"), "{said}");
}

#[test]
fn a_folder_without_a_campaign_is_told_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_softbox")).arg("build").current_dir(folder.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("softbox init"), "{}", text(&output.stderr));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "nothing is left behind");
}

#[test]
fn init_makes_a_campaign_from_photos_that_builds_at_once() {
    let shop = Campaign::new().photo("IMG_0001 (2).png", 1).photo("Citrus Haze.png", 2);
    let made = shop.human(&["init"]);
    assert_eq!(made.status.code(), Some(0), "{}", text(&made.stderr));
    let built = shop.softbox(&["build"]);
    assert_eq!((built.code, built.problems()), (0, Vec::new()));
    assert!(shop.at("dist/card/citrus-haze.instagram.portrait.jpg").exists());
    assert!(shop.at("IMG_0001 (2).png").exists(), "originals stay");
    let again = shop.human(&["init"]);
    assert_eq!(again.status.code(), Some(2), "an existing campaign is never changed");
}

#[test]
fn schemas_and_completions_are_printed() {
    let shop = Campaign::new();
    assert!(text(&shop.human(&["schema"]).stdout).contains("campaign.schema.json"));
    let schema = text(&shop.human(&["schema", "campaign.schema.json"]).stdout);
    assert!(serde_json::from_str::<serde_json::Value>(&schema).is_ok());
    assert!(text(&shop.human(&["completions", "bash"]).stdout).contains("softbox"));
}

#[test]
fn colours_are_for_terminals_only() {
    let shop = Campaign::shop();
    shop.edit("campaign.toml", "look = \"daylight\"", "look = \"dayligth\"");
    assert!(!text(&shop.human(&["check"]).stderr).contains('\u{1b}'));
    assert!(text(&shop.human(&["check", "--color=always"]).stderr).contains('\u{1b}'));
}

#[test]
fn init_never_writes_over_a_photo() {
    let shop = Campaign::new().photo("photos/Jar 1.png", 1).photo("photos/jar-1.png", 2).photo("new/jar-1.png", 3);
    let before: Vec<Vec<u8>> =
        ["photos/Jar 1.png", "photos/jar-1.png"].map(|path| fs::read(shop.at(path)).unwrap()).into();
    let made = shop.human(&["init"]);
    assert_eq!(made.status.code(), Some(0), "{}", text(&made.stderr));
    let after: Vec<Vec<u8>> =
        ["photos/Jar 1.png", "photos/jar-1.png"].map(|path| fs::read(shop.at(path)).unwrap()).into();
    assert_eq!(before, after);
    assert!(shop.at("photos/jar-1-2.png").exists(), "the one with a space has a copy with a name of its own");
    assert_eq!(shop.softbox(&["build"]).code, 0);
}

#[test]
fn a_link_in_place_of_softbox_s_own_folders_is_refused() {
    let shop = Campaign::shop();
    shop.write("precious/letter.txt", "dear");
    fs::create_dir(shop.at(".softbox")).unwrap();
    std::os::unix::fs::symlink(shop.at("precious"), shop.at(".softbox/tmp")).unwrap();
    let built = shop.softbox(&["build"]);
    assert_eq!(built.code, 2);
    assert!(built.problems()[0].contains("is a link"), "{:?}", built.problems());
    assert!(shop.at("precious/letter.txt").exists());
}

#[test]
fn templates_that_would_never_end_are_refused() {
    for endless in ["{{> @template}}", "{{> (lookup this \"name\")}}", &"{{#if name}}".repeat(300)] {
        let shop = Campaign::shop();
        shop.write("templates/price.html", endless);
        let built = shop.softbox(&["build"]);
        assert!(built.code == 1 || built.code == 2, "{endless}: {}", built.code);
        assert!(!built.problems().is_empty());
    }
}

#[test]
fn a_caption_s_partials_lie_beside_it() {
    let shop = Campaign::shop().file("captions/sign.md", "Yours, {{brand.name}}");
    shop.edit("captions/launch.md", "is in.", "is in. {{> sign}}");
    shop.build();
    assert_eq!(shop.dist()["card/jar.small.wide.txt"], b"Jar is in. Yours, Corner\n");
    shop.edit("captions/sign.md", "Yours", "Bye");
    shop.build();
    assert_eq!(shop.dist()["card/jar.small.wide.txt"], b"Jar is in. Bye, Corner\n");
}

#[test]
fn what_would_be_lost_in_silence_is_told() {
    // A capture that hides a field, words of two posts in one file, a folder that leaves the campaign.
    let shop = Campaign::shop();
    shop.edit("campaign.toml", "photos/{product}.*", "photos/{product}-{name}.*");
    assert!(shop.softbox(&["check"]).problems().iter().any(|problem| problem.contains("`{name}` cannot be captured")));

    let shop = Campaign::shop();
    let post = "[post.second]\ntemplate = \"templates/card.html\"\nphoto = \"hero\"\ncaption = \"launch\"\nformats = [\"small.wide\"]\nfields = { headline = \"x\" }\n";
    shop.edit(
        "campaign.toml",
        "[format.\"small.square\"]",
        &format!("{post}output = \"card/{{product}}.{{format}}.png\"\n\n[format.\"small.square\"]"),
    );
    assert!(shop.softbox(&["check"]).problems().iter().any(|problem| problem.starts_with("one-path")));

    let shop = Campaign::shop();
    let elsewhere = tempfile::tempdir().unwrap();
    fs::remove_dir_all(shop.at("photos")).unwrap();
    std::os::unix::fs::symlink(elsewhere.path(), shop.at("photos")).unwrap();
    let built = shop.softbox(&["check"]);
    assert_eq!(built.code, 2);
    assert!(built.problems().iter().any(|problem| problem.contains("leaves the campaign")), "{:?}", built.problems());
}

#[test]
fn the_example_has_the_templates_that_init_gives() {
    let read = |folder: &str| {
        let mut files = std::collections::BTreeMap::new();
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        for inner in ["", "partials"] {
            for entry in
                fs::read_dir(root.join(inner)).unwrap().map(Result::unwrap).filter(|entry| entry.path().is_file())
            {
                files.insert(entry.file_name(), fs::read_to_string(entry.path()).unwrap());
            }
        }
        files
    };
    assert_eq!(read("examples/corner-shop/templates"), read("src/cli/init/templates"));
}

#[test]
fn a_linked_folder_below_dist_is_not_written_through() {
    let shop = Campaign::shop();
    let elsewhere = tempfile::tempdir().unwrap();
    fs::create_dir(shop.at("dist")).unwrap();
    std::os::unix::fs::symlink(elsewhere.path(), shop.at("dist/card")).unwrap();
    let built = shop.softbox(&["build"]);
    assert_eq!(built.code, 1);
    assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 0);
}

#[test]
fn github_shows_mistakes_beside_their_lines() {
    let shop = Campaign::shop();
    shop.edit("campaign.toml", "look = \"daylight\"", "look = \"dayligth\"");
    let said = text(&shop.human(&["check", "--message-format=github"]).stderr);
    assert!(said.contains("::error file=") && said.contains("campaign.toml,line=14"), "{said}");
}

#[test]
fn init_leaves_out_what_is_no_picture_and_says_so() {
    let shop =
        Campaign::new().photo("jar.png", 1).file("._jar.png", "Mac").file("empty.jpg", "").file("film.png", "GIF89a");
    let made = text(&shop.human(&["init"]).stdout);
    assert!(made.contains("with 1 product in") && made.contains("empty.jpg") && made.contains("film.png"), "{made}");
    assert_eq!(shop.softbox(&["build"]).code, 0);
}

#[test]
fn plan_tells_what_a_build_would_remove() {
    let shop = Campaign::shop();
    shop.build();
    shop.write("products.csv", "id,name,price,tags\namber,Amber,$35,new\n");
    shop.remove("photos/jar.png");
    let planned = text(&shop.human(&["plan"]).stdout);
    assert_eq!(planned.matches("remove  dist/card/jar.").count(), 6, "{planned}");
    assert_eq!(shop.build().done()["removed"], 6);
}

#[test]
fn a_post_s_field_may_be_asked_for_where_there_is_none() {
    let shop = Campaign::shop();
    shop.edit(
        "templates/card.html",
        "{{post.headline}}",
        "{{#if post.headline}}{{post.headline}}{{else}}{{name}}{{/if}}",
    );
    shop.edit("campaign.toml", "fields = { headline = \"New in\" }\n", "");
    assert_eq!(shop.softbox(&["check"]).problems(), Vec::<String>::new());
    shop.build();
}
