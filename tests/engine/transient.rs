//! Outputs that are not stored: made again only when somebody really must run, and out of memory as soon as nobody needs them.

use std::fs;

use crate::campaign::{Campaign, Plan, names};

/// decode → develop, neither stored, and two cards.
fn two_levels() -> (Campaign, Plan) {
    let campaign = Campaign::new().file("photo", "apple").file("card", "1").file("story", "1");
    let plan = Plan::default()
        .step("decode", "decode", &["photo"], "")
        .transient()
        .step("develop", "develop", &["=decode"], "")
        .transient()
        .step("card", "card", &["=develop", "card"], "dist/card")
        .step("story", "story", &["=develop", "story"], "dist/story");
    (campaign, plan)
}

#[test]
fn it_is_made_again_only_when_something_that_needs_it_runs() {
    let (campaign, plan) = two_levels();
    campaign.build(&plan);
    assert!(campaign.build(&plan).noop);
    campaign.remove("dist/card");
    assert!(campaign.build(&plan).ran.is_empty(), "the card itself is stored");
    campaign.write("card", "2");
    assert_eq!(campaign.build(&plan).ran, names(&["card", "decode", "develop"]));
    campaign.write("card", "1");
    assert!(campaign.build(&plan).ran.is_empty());
    assert_eq!(campaign.dist(), campaign.clean_dist(&plan));
}

#[test]
fn every_action_counts_once_even_if_it_was_known_before_it_was_made_again() {
    let (campaign, plan) = two_levels();
    campaign.build(&plan);
    campaign.write("card", "2");
    let report = campaign.build(&plan).report;
    assert_eq!((report.ran, report.kept, report.failed, report.blocked), (3, 1, 0, 0));
}

#[test]
fn it_serves_all_that_need_it_with_one_run() {
    let (campaign, plan) = two_levels();
    campaign.build(&plan);
    campaign.write("card", "2");
    campaign.write("story", "2");
    assert_eq!(campaign.build(&plan).ran, names(&["card", "decode", "develop", "story"]));
    assert_eq!(campaign.dist(), campaign.clean_dist(&plan));
}

#[test]
fn the_same_bytes_from_another_source_need_no_second_look_downstream() {
    let campaign = Campaign::new().file("photo", "@part").file("part", "same").file("card", "1");
    let plan = Plan::default().step("decode", "decode", &["photo"], "").transient().step(
        "card",
        "card",
        &["=decode", "card"],
        "dist/card",
    );
    campaign.build(&plan);
    campaign.write("photo", "same");
    assert_eq!(campaign.build(&plan).ran, names(&["decode"]));
}

#[test]
fn a_lost_store_brings_back_whole_chains() {
    let (campaign, plan) = two_levels();
    campaign.build(&plan);
    let dist = campaign.dist();
    fs::remove_dir_all(campaign.path(".softbox/store")).unwrap();
    assert!(campaign.build(&plan).noop, "nothing needs the store");
    fs::remove_dir_all(campaign.path("dist")).unwrap();
    let built = campaign.build(&plan);
    assert_eq!(built.ran, names(&["card", "decode", "develop", "story"]));
    assert_eq!((built.report.ran, built.report.kept), (4, 0));
    assert_eq!(campaign.dist(), dist);
}

#[test]
fn a_stored_output_between_two_others_heals_when_its_blob_is_damaged() {
    let damages: [fn(&str); 3] = [
        |path| fs::write(path, "garbage").unwrap(),
        |path| fs::write(path, fs::read(path).unwrap().to_ascii_uppercase()).unwrap(),
        |path| fs::remove_file(path).unwrap(),
    ];
    // Kept among the small outputs, and in a file of its own.
    for photo in ["apple".to_owned(), "apple".repeat(1000)] {
        let campaign = Campaign::new().file("photo", &photo).file("card", "1");
        let plan = Plan::default()
            .step("decode", "decode", &["photo"], "")
            .transient()
            .step("develop", "develop", &["=decode"], "")
            .step("card", "card", &["=develop", "card"], "dist/card");
        for (round, damage) in damages.into_iter().enumerate() {
            campaign.write("card", &format!("{round} before"));
            campaign.build(&plan);
            for blob in campaign.derived().iter().filter(|name| name.starts_with(".softbox/store/")) {
                damage(campaign.path(blob).to_str().unwrap());
            }
            campaign.write("card", &format!("{round} after"));
            assert_eq!(campaign.build(&plan).ran, names(&["card", "decode", "develop"]), "round {round}");
            assert_eq!(campaign.dist(), campaign.clean_dist(&plan));
            assert!(campaign.build(&plan).noop);
        }
    }
}

#[test]
fn one_that_fails_when_it_is_made_again_blocks_who_waits_for_it_and_nobody_else() {
    let (campaign, plan) = two_levels();
    let fails = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let now = fails.clone();
    let plan = plan.edit("decode", |step| {
        step.hook =
            Some(std::sync::Arc::new(move |_| assert!(!now.load(std::sync::atomic::Ordering::Relaxed), "no luck")));
    });
    campaign.build(&plan);
    fails.store(true, std::sync::atomic::Ordering::Relaxed);
    campaign.write("card", "2");
    campaign.remove("dist/story");
    let built = campaign.build(&plan);
    assert_eq!(built.failures(), ["decode: decode stopped in the middle: no luck"]);
    let report = &built.report;
    assert_eq!((report.failed, report.blocked, report.kept, report.ran), (1, 2, 1, 0), "{:?}", built.events);
    assert!(built.told("restored dist/story") && report.missing == 1);
    assert_eq!(campaign.read("dist/card"), "card(develop(decode(apple)),1)", "the last good one stays");
    fails.store(false, std::sync::atomic::Ordering::Relaxed);
    campaign.build(&plan);
    assert_eq!(campaign.dist(), campaign.clean_dist(&plan));
}

#[test]
fn one_that_failed_when_it_was_made_again_blocks_those_that_ask_for_it_later_too() {
    let campaign = Campaign::new().file("photo", "apple").file("card", "1").file("slow", "1");
    let fails = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let now = fails.clone();
    let plan = Plan::default()
        .step("decode", "decode", &["photo"], "")
        .transient()
        .hook(move |_| assert!(!now.load(std::sync::atomic::Ordering::Relaxed), "no luck"))
        .step("slow", "slow", &["slow"], "")
        .hook(|_| std::thread::sleep(std::time::Duration::from_millis(50)))
        .step("card", "card", &["=decode", "card"], "dist/card")
        .step("late", "late", &["=decode", "=slow"], "dist/late");
    campaign.build(&plan);
    fails.store(true, std::sync::atomic::Ordering::Relaxed);
    campaign.write("card", "2");
    campaign.write("slow", "2");
    let report = campaign.build(&plan).report;
    assert_eq!((report.failed, report.blocked, report.ran), (1, 2, 1));
}

#[test]
fn one_that_comes_out_otherwise_when_it_is_made_again_carries_on_and_is_looked_at_again() {
    let (campaign, plan) = two_levels();
    // Not a pure action: its second run, and every later one, says something else than its first.
    let plan = plan.edit("decode", |step| step.text = "run COUNT".to_owned());
    campaign.build(&plan);
    assert_eq!(campaign.read("dist/card"), "card(develop(run 1(apple)),1)");
    campaign.write("card", "2");
    let built = campaign.build(&plan);
    assert_eq!(built.report.failed, 0, "{:?}", built.events);
    assert_eq!(campaign.read("dist/card"), "card(develop(run 2(apple)),2)");
    let settled = campaign.build(&plan);
    assert!(!settled.noop, "two states are mixed");
    assert_eq!(campaign.read("dist/story"), "story(develop(run 2(apple)),1)");
    assert!(campaign.build(&plan).noop);
    // What was made of the second is not remembered for what was made of the first.
    let plan = plan.edit("decode", |step| step.text = "run 1".to_owned());
    campaign.build(&plan);
    assert_eq!(campaign.read("dist/card"), "card(develop(run 1(apple)),2)");
}

#[test]
fn of_fifty_photos_with_six_sizes_each_only_a_handful_is_in_memory_at_once() {
    let photos = |levels: usize, round: &str| {
        let campaign = Campaign::new();
        let mut plan = Plan::default();
        for photo in 0..50 {
            let file = format!("photos/{photo}");
            campaign.write(&file, &format!("photo {photo}"));
            let mut input = file;
            for level in 0..levels {
                let name = format!("level {level} of {photo}");
                plan = plan.step(&name, &name, &[&input], "").transient();
                input = format!("={name}");
            }
            for size in 0..6 {
                let name = format!("{photo} {size}");
                plan = plan.step(&name, &format!("{round} {name}"), &[&input], &format!("dist/{photo}/{size}"));
            }
        }
        (campaign, plan)
    };
    let (campaign, plan) = photos(1, "first");
    campaign.build(&plan);
    assert!(campaign.probe.most_alive() <= 8, "{} alive", campaign.probe.most_alive());
    let (mut campaign, plan) = photos(2, "first");
    campaign.build(&plan);
    // And when all of them are made again, through two levels.
    campaign.probe = crate::toy::Probe::default();
    let (_, again) = photos(2, "second");
    assert_eq!(campaign.build(&again).report.ran, 400);
    assert!(campaign.probe.most_alive() <= 16, "{} alive", campaign.probe.most_alive());
}

#[test]
fn a_watching_process_remembers_what_it_may() {
    let (campaign, plan) = two_levels();
    let mut engine = campaign.engine();
    engine.remember(1 << 20);
    campaign.build_with(&mut engine, &plan);
    campaign.write("card", "2");
    engine.refresh("test", |_| {}).unwrap();
    assert_eq!(campaign.build_with(&mut engine, &plan).ran, names(&["card"]));
    engine.remember(0);
    campaign.write("card", "3");
    engine.refresh("test", |_| {}).unwrap();
    assert_eq!(campaign.build_with(&mut engine, &plan).ran, names(&["card", "decode", "develop"]));
    assert_eq!(campaign.dist(), campaign.clean_dist(&plan));
}
