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
    assert!(planned.contains("dist/card/amber.small.wide.jpg  (products.csv, line 2: price $35 → $32)"), "{planned}");
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
        "products.csv, line 2: price $35 → $32",
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
fn check_fills_in_drafts_and_templates_and_tells_words_that_a_network_does_not_take() {
    let shop = Campaign::shop();
    shop.edit("campaign.toml", "\"small.wide\"", "\"x.landscape\"");
    shop.write("captions/launch.md", &format!("{{{{name}}}} is in. {}", "Soft. ".repeat(50)));
    let checked = shop.softbox(&["check"]);
    let told = checked.problems();
    assert_eq!((checked.code, told.len()), (0, 2), "{told:?}");
    assert!(told[0].contains("Soft.…” is 312 long as x counts, and it takes 280"), "{told:?}");
    shop.write("captions/launch.md", "{{#if (eq format.network \"x\")}}Short.{{else}}{{name}}{{/if}}");
    assert!(shop.softbox(&["check"]).problems().is_empty());
    shop.edit("templates/card.html", "templates/card.css", "templates/crad.css");
    let checked = shop.softbox(&["check"]);
    assert_eq!(checked.code, 2);
    assert!(checked.problems().iter().any(|problem| problem.contains("crad.css")), "{:?}", checked.problems());
    assert!(!shop.at("dist").exists() && !shop.at(".softbox/store").exists());
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

/// A shop whose values come from everywhere: a table, the manifest and a file that it includes.
fn explained_shop() -> Campaign {
    let shop = Campaign::shop().file("more.toml", "[product.jar]\nsize = \"small\"\n");
    shop.edit("campaign.toml", "\n[campaign]", "include = [\"more.toml\"]\n[campaign]");
    shop.edit("templates/card.html", "<h1>", "{{#if size}}{{size}}{{/if}}<h1>");
    shop.build();
    shop
}

/// How long something took is no part of what a snapshot shows.
fn timeless(text: &str) -> String {
    let mut lines = Vec::new();
    for line in text.lines() {
        match line.split_once("took ") {
            Some((before, after)) => lines.push(format!("{before}took …{}", &after[after.find(')').unwrap_or(0)..])),
            None => lines.push(line.to_owned()),
        }
    }
    lines.join("\n")
}

#[test]
fn explain_tells_the_file_the_line_and_both_values_of_what_changed() {
    let shop = explained_shop();
    shop.edit("products.csv", "$12", "$11");
    let asset = "card/jar.small.wide.jpg";
    let before = timeless(&text(&shop.human(&["explain", asset]).stdout));
    shop.build();
    let after = timeless(&text(&shop.human(&["explain", asset]).stdout));
    insta::assert_snapshot!(format!("{before}\n\n{after}"));
}

#[test]
fn plan_tells_for_every_kind_of_value_where_it_was_changed() {
    let shop = explained_shop();
    let mut told = String::new();
    for (file, from, to) in [
        ("products.csv", "$12", "$11"),
        ("more.toml", "small", "large"),
        ("campaign.toml", "New in", "Last days"),
        ("campaign.toml", "#224466", "#664422"),
        ("campaign.toml", "exposure = 0.2", "exposure = 0.3"),
        ("campaign.toml", "on a table", "on a shelf"),
        ("campaign.toml", "height = 90", "height = 100"),
        ("campaign.toml", "Corner", "Bend"),
        ("templates/price.html", "<b>", "<i>"),
    ] {
        shop.edit(file, from, to);
        let planned = text(&shop.human(&["plan"]).stdout);
        let jar = planned.lines().find(|line| line.contains("jar.small.wide")).unwrap_or("nothing about the jar");
        told.push_str(&format!("{from} → {to}: {jar}\n"));
        shop.edit(file, to, from);
    }
    insta::assert_snapshot!(told);
}

#[test]
fn an_asset_can_be_named_from_the_present_folder_or_in_full() {
    let shop = Campaign::shop();
    shop.build();
    let run = |folder: &str, asset: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_softbox"));
        let output = command.args(["explain", asset]).current_dir(shop.at(folder)).output().unwrap();
        text(&output.stdout).lines().next().unwrap_or_default().split(':').next().unwrap_or_default().to_owned()
    };
    let wanted = "dist/card/jar.small.wide.jpg";
    let full = shop.at(wanted).to_str().unwrap().to_owned();
    for (folder, asset) in [
        ("", wanted),
        ("", "card/jar.small.wide.jpg"),
        ("", "./dist/card/jar.small.wide.jpg"),
        ("dist", "card/jar.small.wide.jpg"),
        ("dist/card", "jar.small.wide.jpg"),
        ("dist/card", "jar.small.w*.jpg"),
        ("photos", "../dist/card/jar.small.wide.jpg"),
        ("photos", "card/jar.small.wide.jpg"),
        ("templates", full.as_str()),
    ] {
        assert_eq!(run(folder, asset), wanted, "{asset} in {folder:?}");
    }
    let parent = shop.path().parent().unwrap();
    let here = format!("{}/{wanted}", shop.path().file_name().unwrap().to_str().unwrap());
    let mut command = Command::new(env!("CARGO_BIN_EXE_softbox"));
    let built = command.arg("-C").arg(shop.path()).args(["build", &here]).current_dir(parent).output().unwrap();
    assert_eq!(built.status.code(), Some(0), "{}", text(&built.stderr));
    assert_eq!(shop.softbox(&["explain", "card/jra.small.wide.jpg"]).code, 2);
}

#[test]
fn graph_prints_the_plan_for_graphviz_and_for_programs() {
    let shop = Campaign::shop();
    shop.edit("products.csv", "Amber", "Am\\\"\"ber");
    let dot = text(&shop.human(&["graph", "card/jar.small.wide.jpg", "card/jar.small.wide.alt.txt"]).stdout);
    insta::assert_snapshot!(dot);
    let all = shop.softbox(&["graph"]);
    assert_eq!(all.code, 0);
    let assets = all.events("action").filter(|action| action["path"].is_string()).count();
    assert_eq!(assets, 12);
    let names: Vec<&str> = all.events("action").filter_map(|action| action["action"].as_str()).collect();
    for input in all.events("action").flat_map(|action| action["inputs"].as_array().unwrap()) {
        let is_known = input["action"].as_str().is_none_or(|on| names.contains(&on));
        assert!(is_known && (input["file"].is_string() || input["action"].is_string()), "{input}");
    }
}

#[test]
fn a_trace_shows_the_parts_of_a_build_and_every_action_that_ran_once_on_a_worker() {
    let shop = Campaign::shop();
    let path = shop.at(".softbox-trace.json");
    let built = shop.softbox(&["build", "--trace", path.to_str().unwrap()]);
    let ran: usize = built.ran().values().sum();
    let events: Vec<serde_json::Value> = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    let spans: Vec<_> = events.iter().filter(|event| event["ph"] == "X").collect();
    let parts: Vec<&str> =
        spans.iter().filter(|span| span["tid"] == 0).filter_map(|span| span["name"].as_str()).collect();
    assert_eq!(parts, ["lock", "look for changes", "load", "plan", "recall", "look at files", "schedule", "save"]);
    let worked: Vec<_> = spans.iter().filter(|span| span["tid"] != 0).collect();
    assert_eq!(worked.len(), ran);
    for (at, span) in worked.iter().enumerate() {
        let end = |span: &serde_json::Value| span["ts"].as_f64().unwrap() + span["dur"].as_f64().unwrap();
        let overlaps = worked[..at].iter().any(|other| {
            other["tid"] == span["tid"]
                && other["ts"].as_f64() < Some(end(span))
                && span["ts"].as_f64() < Some(end(other))
        });
        assert!(!overlaps, "a worker does one thing at a time: {span}");
    }
    let refused = shop.softbox(&["build", "--trace", "/nowhere/trace.json"]);
    assert_eq!((refused.code, refused.problems().len()), (2, 1));
}

#[test]
fn the_closing_line_does_not_call_up_to_date_what_a_mistake_held_back() {
    let shop = Campaign::shop();
    shop.build();
    shop.edit("campaign.toml", "template = \"templates/card.html\"", "template = \"templates/crad.html\"");
    let said = text(&shop.human(&["build"]).stderr);
    assert!(said.contains("made nothing: mend the mistakes above first"), "{said}");
    shop.edit("campaign.toml", "templates/crad.html", "templates/card.html");
    shop.edit("captions/launch.md", "{{name}}", "{{nmae}}");
    let said = text(&shop.human(&["build"]).stderr);
    assert!(said.contains("kept 8 assets; the mistakes above hold back others"), "{said}");
    let planned = text(&shop.human(&["plan"]).stdout);
    assert!(planned.contains("make nothing; 8 up to date; the mistakes above hold back others"), "{planned}");
}

#[test]
fn a_mistake_in_a_caption_or_in_alternative_words_is_told_once() {
    for (file, from, to) in [
        ("captions/launch.md", "{{name}}", "{{nmae}}"),
        ("captions/launch.md", "{{name}}", "{{name"),
        ("captions/launch.md", "{{name}}", "{{> nowhere}}"),
        ("campaign.toml", "{{name}} on a table", "{{nmae}} on a table"),
        ("campaign.toml", "{{name}} on a table", "{{#if}} on a table"),
    ] {
        let shop = Campaign::shop();
        shop.build();
        shop.edit(file, from, to);
        let built = shop.softbox(&["build"]);
        assert_eq!(built.problems().len(), 1, "{to}: {:#?}", built.problems());
        assert_eq!(built.code, 2);
        assert_eq!(shop.dist().len(), 12, "the last good texts stay");
        shop.edit(file, to, from);
        assert_eq!(shop.build().wrote().len(), 0);
    }
}
