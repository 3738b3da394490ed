//! What is kept: shared between clones, counted, checked, and thrown away with care.

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use common::{Built, Campaign};
use serde_json::Value;

/// Runs softbox with a folder that campaigns share.
fn sharing(campaign: &Campaign, shared: &Path, arguments: &[&str]) -> Built {
    let mut command = campaign.command(arguments);
    let output = command.env("SOFTBOX_CACHE", shared).arg("--message-format=json").output().unwrap();
    let events = String::from_utf8(output.stdout).unwrap();
    let events = events.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    Built { code: output.status.code().unwrap(), events, said: String::from_utf8_lossy(&output.stderr).into_owned() }
}

/// A shop with a further post, large enough for files of their own in the store.
fn shop() -> Campaign {
    let campaign = Campaign::shop();
    campaign.edit(
        "campaign.toml",
        "[post.card]",
        "[post.plain]\nphoto = \"hero\"\nformats = [\"instagram.square\"]\n\n[post.card]",
    );
    campaign
}

/// How many outputs the campaign's own store has.
fn stored(campaign: &Campaign) -> u64 {
    only(&campaign.softbox(&["cache", "stats"]), "cache")["store"]["files"].as_u64().unwrap()
}

/// The stored outputs below a folder that have files of their own.
fn blobs(folder: PathBuf) -> Vec<PathBuf> {
    let list = |folder: PathBuf| fs::read_dir(folder).into_iter().flatten().map(|found| found.unwrap().path());
    let mut found: Vec<PathBuf> = list(folder).flat_map(list).collect();
    found.sort();
    found
}

fn only<'a>(built: &'a Built, name: &str) -> &'a Value {
    built.events(name).next().unwrap_or_else(|| panic!("{:#?}\n{}", built.events, built.said))
}

fn git(campaign: &Campaign, arguments: &[&str]) {
    let identity = ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "init.defaultBranch=main"];
    let done = Command::new("git").arg("-C").arg(campaign.path()).args(identity).args(arguments).output().unwrap();
    assert!(done.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
}

#[test]
fn a_clone_takes_what_another_made_and_nobody_keeps_a_second_copy() {
    let shared = tempfile::tempdir().unwrap();
    let (one, two) = (shop(), shop());
    let first = sharing(&one, shared.path(), &["build"]);
    assert!(first.code == 0 && first.ran().len() > 2, "{}", first.said);
    let second = sharing(&two, shared.path(), &["build"]);
    assert_eq!((second.code, second.ran()), (0, Default::default()), "{}", second.said);
    assert_eq!(one.dist(), two.dist());
    assert!(!one.dist().is_empty());
    for campaign in [&one, &two] {
        assert_eq!(blobs(campaign.at(".softbox/store")), Vec::<PathBuf>::new());
        let again = sharing(campaign, shared.path(), &["build"]);
        assert_eq!((again.ran(), again.wrote().len()), (Default::default(), 0));
    }
    // What a person does to a finished file reaches nobody else.
    let asset = two.dist().into_keys().next().unwrap();
    fs::OpenOptions::new().append(true).open(two.at("dist").join(&asset)).unwrap().set_len(3).unwrap();
    fs::remove_dir_all(one.at("dist")).unwrap();
    sharing(&one, shared.path(), &["build"]);
    sharing(&two, shared.path(), &["build"]);
    assert_eq!(one.dist(), two.dist());
    // Explanations work for what was taken over, too.
    let explained = sharing(&two, shared.path(), &["explain", &asset]);
    assert_eq!(only(&explained, "explained")["verdict"], "up-to-date");
}

#[test]
fn what_a_clone_found_to_need_must_be_the_same_here() {
    let shared = tempfile::tempdir().unwrap();
    let (one, two, three) = (shop(), shop(), shop());
    sharing(&one, shared.path(), &["build"]);
    // The same template, and another stylesheet and picture that only its page names.
    let page = format!("{}<img src=\"brand/seal.png\">", fs::read_to_string(one.at("templates/card.html")).unwrap());
    for (seed, campaign) in [&one, &two, &three].into_iter().enumerate() {
        campaign.write("templates/card.html", &page);
        campaign.shoot("brand/seal.png", if seed == 1 { 9 } else { 8 });
        campaign.edit("templates/card.css", "20px", if seed == 1 { "12px" } else { "24px" });
        sharing(campaign, shared.path(), &["build"]);
        let alone = shop();
        for path in ["templates/card.html", "templates/card.css", "brand/seal.png"] {
            fs::create_dir_all(alone.at("brand")).unwrap();
            fs::copy(campaign.at(path), alone.at(path)).unwrap();
        }
        alone.build();
        assert!(campaign.dist() == alone.dist(), "clone {seed} is not as it is alone");
    }
    fs::remove_dir_all(three.at(".softbox")).unwrap();
    let again = sharing(&three, shared.path(), &["build"]);
    assert_eq!((again.ran(), again.wrote().len()), (Default::default(), 0), "both results are kept");
}

#[test]
fn clones_that_build_at_once_make_what_one_makes() {
    let shared = tempfile::tempdir().unwrap();
    let clones: Vec<Campaign> = (0..4).map(|_| shop()).collect();
    std::thread::scope(|scope| {
        for clone in &clones {
            scope.spawn(|| assert_eq!(sharing(clone, shared.path(), &["build"]).code, 0));
        }
    });
    let alone = shop();
    alone.build();
    for clone in &clones {
        assert_eq!(clone.dist(), alone.dist());
    }
    assert_eq!(fs::read_dir(shared.path().join("tmp")).unwrap().count(), 0, "something half written was left");
}

#[test]
fn a_shared_folder_that_is_damaged_or_cannot_be_written_fails_no_build() {
    let shared = tempfile::tempdir().unwrap();
    let (one, two, three) = (shop(), shop(), shop());
    sharing(&one, shared.path(), &["build"]);
    for folder in ["store", "results"] {
        for path in blobs(shared.path().join(folder)) {
            let mut bytes = fs::read(&path).unwrap();
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
            fs::write(&path, bytes).unwrap();
        }
    }
    assert_eq!(sharing(&two, shared.path(), &["build"]).code, 0);
    assert_eq!(two.dist(), one.dist());
    let file = shared.path().join("file");
    fs::write(&file, "in the way").unwrap();
    let built = sharing(&three, &file, &["build"]);
    assert_eq!((built.code, three.dist()), (0, one.dist()), "{}", built.said);
    assert!(!blobs(three.at(".softbox/store")).is_empty(), "its own store serves instead");
}

#[test]
fn a_shared_folder_inside_the_campaign_is_refused() {
    let campaign = shop();
    let built = sharing(&campaign, &campaign.at("cache"), &["build"]);
    assert_eq!((built.code, built.problems().len()), (2, 1), "{:?}", built.events);
    assert!(built.problems()[0].starts_with("shared-inside "));
}

#[test]
fn gc_keeps_what_the_campaign_and_its_branches_need_and_removes_the_rest() {
    let campaign = shop();
    fs::write(campaign.at(".gitignore"), "dist/\n.softbox/\n").unwrap();
    git(&campaign, &["init", "-q"]);
    git(&campaign, &["add", "."]);
    git(&campaign, &["commit", "-qm", "first"]);
    campaign.build();
    git(&campaign, &["switch", "-qc", "sale"]);
    campaign.edit("products.csv", "$35", "$29");
    git(&campaign, &["commit", "-qam", "sale"]);
    campaign.build();
    git(&campaign, &["switch", "-q", "main"]);
    // A price that nobody keeps.
    campaign.edit("products.csv", "$35", "$31");
    campaign.build();
    campaign.edit("products.csv", "$31", "$35");
    campaign.build();
    let before = stored(&campaign);

    let dry = campaign.softbox(&["cache", "gc", "--days", "0", "--dry-run"]);
    let dry = only(&dry, "swept").clone();
    assert_eq!((&dry["branches"], &dry["dry_run"]), (&1.into(), &true.into()));
    assert_eq!(stored(&campaign), before);
    assert_eq!(
        campaign.softbox(&["cache", "gc"]).events("swept").next().unwrap()["removed"]["files"],
        0,
        "all is young"
    );

    let swept = campaign.softbox(&["cache", "gc", "--days", "0"]);
    let swept = only(&swept, "swept");
    assert_eq!(swept["removed"], dry["removed"]);
    assert_eq!(swept["removed"]["files"], 2, "the two cards with the third price: {swept}");
    assert_eq!(stored(&campaign), before - 2);

    let idle = campaign.build();
    assert!(idle.ran().is_empty() && idle.wrote().is_empty());
    git(&campaign, &["switch", "-q", "sale"]);
    let other = campaign.build();
    assert!(other.ran().is_empty() && other.wrote().len() == 2, "{:?}", other.ran());
    git(&campaign, &["switch", "-q", "main"]);
    campaign.edit("products.csv", "$35", "$31");
    assert!(campaign.build().ran().contains_key("render"), "what was thrown away is made again");
}

#[test]
fn gc_by_size_lets_the_oldest_go_first_and_never_what_is_needed() {
    let campaign = shop();
    for (before, after) in [("$35", "$36"), ("$36", "$37"), ("$37", "$38")] {
        campaign.build();
        campaign.edit("products.csv", before, after);
    }
    campaign.build();
    let stats = campaign.softbox(&["cache", "stats"]);
    let bytes = only(&stats, "cache")["store"]["bytes"].as_u64().unwrap();
    let some = campaign.softbox(&["cache", "gc", "--max-size", &(bytes - 1).to_string()]);
    let some = only(&some, "swept").clone();
    assert!(
        some["removed"]["files"].as_u64().unwrap() >= 1 && some["kept"]["bytes"].as_u64().unwrap() < bytes,
        "{some}"
    );
    let all = campaign.softbox(&["cache", "gc", "--max-size", "0"]);
    assert_eq!(only(&all, "swept")["kept"]["files"], stored(&campaign));
    fs::remove_dir_all(campaign.at("dist")).unwrap();
    let restored = campaign.build();
    assert!(restored.ran().is_empty(), "what the campaign needs was still there: {:?}", restored.ran());
}

#[test]
fn gc_touches_nothing_while_the_campaign_has_mistakes_and_never_what_was_set_aside() {
    let campaign = shop();
    campaign.build();
    let asset = campaign.dist().into_keys().next().unwrap();
    campaign.write(&format!("dist/{asset}"), "mine");
    campaign.build();
    let text = fs::read_to_string(campaign.at("campaign.toml")).unwrap();
    campaign.write("campaign.toml", &format!("{text}\n[post.oops"));
    let refused = campaign.softbox(&["cache", "gc", "--days", "0"]);
    assert_eq!(refused.code, 2);
    assert!(refused.problems().iter().any(|problem| problem.starts_with("held-back ")), "{:?}", refused.problems());
    campaign.write("campaign.toml", &text);
    assert_eq!(campaign.softbox(&["cache", "gc", "--days", "0"]).code, 0);
    assert_eq!(fs::read_to_string(campaign.at(&format!(".softbox/replaced/dist/{asset}"))).unwrap(), "mine");
    assert!(campaign.build().ran().is_empty());
}

#[test]
fn verify_finds_a_flipped_bit_and_the_next_build_heals_it() {
    let campaign = shop();
    campaign.build();
    let sound = campaign.softbox(&["cache", "verify"]);
    assert_eq!((sound.code, &only(&sound, "verified")["damaged"]), (0, &0.into()));
    let dist = campaign.dist();
    let blob = blobs(campaign.at(".softbox/store")).remove(0);
    let small = campaign.at(".softbox/store/small");
    let before = stored(&campaign);
    for path in [&blob, &small] {
        let mut bytes = fs::read(path).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        fs::write(path, bytes).unwrap();
    }
    let found = campaign.softbox(&["cache", "verify"]);
    assert_eq!((found.code, &only(&found, "verified")["damaged"]), (1, &2.into()));
    assert!(!blob.exists());
    assert_eq!(stored(&campaign), before - 2);
    fs::remove_dir_all(campaign.at("dist")).unwrap();
    campaign.build();
    assert_eq!(campaign.dist(), dist);
    assert_eq!(only(&campaign.softbox(&["cache", "verify"]), "verified")["lost"], 0);
}

#[test]
fn people_are_told_in_words() {
    let campaign = shop();
    campaign.build();
    let said = |arguments: &[&str]| String::from_utf8(campaign.human(arguments).stdout).unwrap();
    let stats = said(&["cache", "stats"]);
    assert!(stats.lines().next().unwrap().starts_with("store ") && stats.contains(" results and what"), "{stats}");
    assert!(said(&["cache", "verify"]).contains(" files are as they were stored ("));
    let swept = said(&["cache", "gc"]);
    assert!(swept.starts_with("removed nothing; ") && swept.ends_with(" stay\n"), "{swept}");
    campaign.edit("products.csv", "$35", "$34");
    campaign.build();
    let swept = said(&["cache", "gc", "--days=0", "--dry-run"]);
    assert!(swept.starts_with("would remove ") && swept.contains(" results and 2 files ("), "{swept}");
}
