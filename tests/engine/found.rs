//! Inputs that an action finds while it runs.

use std::fs;
use std::os::unix::fs::symlink;

use softbox::engine::sweep::{Reach, Rules};

use crate::campaign::{Campaign, Plan, names};

fn page() -> (Campaign, Plan) {
    let campaign = Campaign::new().file("page", "head\n@style\n@maybe").file("style", "red").file("plain", "plain");
    let plan =
        Plan::default().step("page", "page", &["page"], "dist/page").step("plain", "plain", &["plain"], "dist/plain");
    (campaign, plan)
}

#[test]
fn a_found_file_that_changes_runs_the_action_again_and_a_revert_does_not() {
    let (campaign, plan) = page();
    campaign.build(&plan);
    assert_eq!(campaign.read("dist/page"), "page(head\nred\nnothing)");
    campaign.write("style", "blue");
    assert_eq!(campaign.build(&plan).ran, names(&["page"]));
    campaign.write("style", "red");
    let back = campaign.build(&plan);
    assert!(back.ran.is_empty() && back.report.wrote == 1);
    assert_eq!(campaign.dist(), campaign.clean_dist(&plan));
}

#[test]
fn a_found_file_that_vanishes_or_appears_runs_the_action_again() {
    let (campaign, plan) = page();
    campaign.build(&plan);
    campaign.write("maybe", "here");
    assert_eq!(campaign.build(&plan).ran, names(&["page"]));
    assert_eq!(campaign.read("dist/page"), "page(head\nred\nhere)");
    campaign.remove("style");
    assert_eq!(campaign.build(&plan).ran, names(&["page"]));
    assert_eq!(campaign.read("dist/page"), "page(head\nnothing\nhere)");
    campaign.write("style", "red");
    campaign.remove("maybe");
    assert!(campaign.build(&plan).ran.is_empty(), "all of this was there before");
    assert_eq!(campaign.dist(), campaign.clean_dist(&plan));
    assert!(campaign.build(&plan).noop);
}

#[test]
fn throwing_away_keeps_the_result_that_holds_though_a_newer_one_was_made_since() {
    let (campaign, plan) = page();
    for style in ["red", "blue", "red"] {
        campaign.write("style", style);
        campaign.build(&plan);
    }
    let (mut engine, mut reach) = (campaign.engine(), Reach::default());
    engine.reached_here(&plan.graph(&campaign.probe), &mut reach).unwrap();
    let swept = engine.sweep(&reach, &Rules { older_than: 0, at_most: None, dry_run: false }).unwrap();
    assert_eq!((swept.removed.results, swept.kept.results), (1, 2));
    drop(engine);
    fs::remove_dir_all(campaign.path("dist")).unwrap();
    assert!(campaign.build(&plan).ran.is_empty());
    assert_eq!(campaign.dist(), campaign.clean_dist(&plan));
    // What is kept still tells what it found to need, whether or not the shortcut does.
    campaign.remove(".softbox/last");
    campaign.write("style", "green");
    assert_eq!(campaign.build(&plan).ran, names(&["page"]));
    assert_eq!(campaign.dist(), campaign.clean_dist(&plan));
}

#[test]
fn a_found_file_that_only_was_touched_runs_nothing() {
    let (campaign, plan) = page();
    campaign.build(&plan);
    campaign.touch("style");
    assert!(campaign.build(&plan).is_idle());
}

#[test]
fn a_found_file_in_a_folder_that_becomes_a_link_out_of_the_campaign_is_refused() {
    let (campaign, plan) = page();
    campaign.write("page", "@parts/a");
    campaign.write("parts/a", "inside");
    let mut engine = campaign.engine();
    campaign.build_with(&mut engine, &plan);
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("a"), "secret").unwrap();
    fs::remove_dir_all(campaign.path("parts")).unwrap();
    symlink(outside.path(), campaign.path("parts")).unwrap();
    let refused = ["page: parts/a is a link that leaves the campaign"];
    // For one that watches, and knew the folder from before, as for one that starts now.
    engine.refresh("test", |_| {}).unwrap();
    assert_eq!(campaign.build_with(&mut engine, &plan).failures(), refused);
    drop(engine);
    assert_eq!(campaign.build(&plan).failures(), refused);
    assert_eq!(campaign.read("dist/page"), "page(inside)");
}

#[test]
fn a_file_that_could_not_be_read_is_asked_for_again_even_if_the_action_went_on_without_it() {
    let campaign = Campaign::new().file("a", "a");
    fs::create_dir(campaign.path("extra")).unwrap();
    let plan = Plan::default().step("one", "one", &["a"], "dist/one").hook(|work| {
        let _ = work.find("extra");
    });
    campaign.build(&plan);
    fs::remove_dir(campaign.path("extra")).unwrap();
    assert_eq!(campaign.build(&plan).ran, names(&["one"]), "not to be there is something else");
    campaign.write("extra", "now it can be read");
    assert_eq!(campaign.build(&plan).ran, names(&["one"]));
    assert!(campaign.build(&plan).noop);
}

#[test]
fn what_lies_below_a_file_or_behind_a_link_to_itself_is_not_there() {
    let (campaign, plan) = page();
    campaign.write("page", "@parts/a\n@loop");
    campaign.write("parts/a", "part");
    symlink("loop", campaign.path("loop")).unwrap();
    campaign.build(&plan);
    assert_eq!(campaign.read("dist/page"), "page(part\nnothing)");
    fs::remove_dir_all(campaign.path("parts")).unwrap();
    campaign.write("parts", "a file now");
    fs::remove_file(campaign.path("loop")).unwrap();
    campaign.write("loop", "a file too");
    assert_eq!(campaign.build(&plan).failures(), Vec::<&str>::new());
    assert_eq!(campaign.read("dist/page"), "page(nothing\na file too)");
    assert!(campaign.build(&plan).noop);
}

#[test]
fn a_pipe_is_refused_instead_of_waited_for() {
    let (campaign, plan) = page();
    campaign.remove("plain");
    let made = std::process::Command::new("mkfifo").arg(campaign.path("plain")).status().unwrap();
    assert!(made.success());
    assert_eq!(campaign.build(&plan).failures(), ["plain: cannot read plain: it is not a file"]);
}

#[test]
fn a_file_that_changes_between_two_looks_of_one_action_poisons_nothing() {
    let (campaign, plan) = page();
    // Too large to be kept in memory, so that every look reads it.
    let large = |letter: &str| letter.repeat(17 << 20);
    campaign.write("large", &large("a"));
    campaign.write("page", "@large");
    let (path, first) = (campaign.path("large"), std::sync::atomic::AtomicBool::new(true));
    let plan = plan.without("page").step("page", "page", &["page"], "dist/page").hook(move |work| {
        assert!(work.find("large").unwrap().is_some());
        if first.swap(false, std::sync::atomic::Ordering::Relaxed) {
            fs::write(&path, "b".repeat(17 << 20)).unwrap();
        }
    });
    campaign.build(&plan);
    assert_eq!(campaign.read("dist/page"), format!("page({})", large("b")));
    campaign.write("large", &large("a"));
    campaign.build(&plan);
    assert!(campaign.read("dist/page") == format!("page({})", large("a")), "b was taken for what a gives");
}

#[test]
fn a_file_that_changes_between_hashing_and_running_ends_in_the_right_bytes() {
    let (campaign, plan) = page();
    campaign.write("large", &"a".repeat(17 << 20));
    // While the first action runs, the input of the second, hashed already, is replaced.
    let path = campaign.path("large");
    let plan = plan
        .step("first", "first", &["plain"], "")
        .hook(move |_| fs::write(&path, "b".repeat(17 << 20)).unwrap())
        .step("second", "second", &["=first", "large"], "dist/second");
    campaign.build(&plan);
    assert_eq!(campaign.read("dist/second"), format!("second(first(plain),{})", "b".repeat(17 << 20)));
    let after = campaign.build(&plan);
    assert!(after.is_idle() || after.ran == names(&["first"]), "{:?}", after.ran);
    assert_eq!(campaign.dist(), campaign.clean_dist(&plan));
}

#[test]
fn who_read_a_file_before_it_changed_under_the_build_is_looked_at_again_in_the_next() {
    let (campaign, plan) = page();
    let (path, first) = (campaign.path("large"), std::sync::atomic::AtomicBool::new(true));
    campaign.write("large", &"a".repeat(17 << 20));
    let plan = plan
        .step("early", "early", &["large"], "dist/early")
        .step("change", "change", &["=early"], "")
        .hook(move |_| {
            if first.swap(false, std::sync::atomic::Ordering::Relaxed) {
                fs::write(&path, "b".repeat(17 << 20)).unwrap();
            }
        })
        .step("late", "late", &["=change", "large"], "dist/late");
    let mut engine = campaign.engine();
    campaign.build_with(&mut engine, &plan);
    // A watch, as any later build, does not take that for a whole one; and then it rests.
    engine.refresh("test", |_| {}).unwrap();
    assert!(!campaign.build_with(&mut engine, &plan).noop);
    assert_eq!(campaign.dist(), campaign.clean_dist(&plan));
    engine.refresh("test", |_| {}).unwrap();
    assert!(campaign.build_with(&mut engine, &plan).noop);
}
