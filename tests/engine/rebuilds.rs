//! What runs again after which edit, and what does not.

use std::fs;

use softbox::engine::sweep::{Reach, Rules};

use crate::campaign::{Campaign, Plan, names, shop};

const ALL: [&str; 6] = ["card a", "card b", "develop a", "develop b", "story a", "story b"];

#[test]
fn a_second_build_runs_nothing_and_the_noop_says_so() {
    let (campaign, plan) = shop();
    let first = campaign.build(&plan);
    assert_eq!(first.ran, names(&ALL));
    assert_eq!((first.report.ran, first.report.wrote), (6, 4));
    assert_eq!(campaign.read("dist/card/a.jpg"), "card(develop(apple),card)");
    let second = campaign.build(&plan);
    assert!(second.noop && second.ran.is_empty());
}

#[test]
fn a_build_without_the_noop_runs_nothing_either() {
    let (campaign, plan) = shop();
    campaign.build(&plan);
    let options = campaign.options.clone();
    let report = campaign.engine().build(&plan.graph(&campaign.probe), &options, &mut |_| {}).unwrap();
    assert_eq!((report.kept, report.ran, report.unchanged), (6, 0, 4), "{report:?}");
}

#[test]
fn a_touch_of_every_file_runs_nothing_and_the_third_build_reads_nothing() {
    let (campaign, plan) = shop();
    campaign.build(&plan);
    for path in campaign.files_in("").into_keys() {
        campaign.touch(&path);
    }
    campaign.settle();
    let before = fs::read(campaign.path(".softbox/state")).unwrap();
    let second = campaign.build(&plan);
    assert!(second.noop && second.is_idle());
    let settled = fs::read(campaign.path(".softbox/state")).unwrap();
    assert_ne!(before, settled, "the new stats were not noted");
    let inode = |path: &str| std::os::unix::fs::MetadataExt::ino(&fs::metadata(campaign.path(path)).unwrap());
    let state = inode(".softbox/state");
    assert!(campaign.build(&plan).noop);
    assert_eq!(inode(".softbox/state"), state, "something was read again");
}

#[test]
fn a_changed_input_runs_only_what_depends_on_it() {
    let (campaign, plan) = shop();
    campaign.build(&plan);
    campaign.write("photos/a.jpg", "apricot");
    assert_eq!(campaign.build(&plan).ran, names(&["card a", "develop a", "story a"]));
    campaign.write("templates/story.html", "novel");
    assert_eq!(campaign.build(&plan).ran, names(&["story a", "story b"]));
    assert_eq!(campaign.dist(), campaign.clean_dist(&plan));
}

#[test]
fn a_changed_parameter_or_code_version_runs_that_action_and_what_its_new_output_reaches() {
    let (campaign, plan) = shop();
    campaign.build(&plan);
    let other = plan.clone().edit("develop a", |step| step.text = "crop".to_owned());
    assert_eq!(campaign.build(&other).ran, names(&["card a", "develop a", "story a"]));
    let newer = other.clone().edit("develop a", |step| step.version = 2);
    assert_eq!(campaign.build(&newer).ran, names(&["develop a"]), "the same bytes go no further");
    assert_eq!(campaign.dist(), campaign.clean_dist(&newer));
}

#[test]
fn an_upstream_that_makes_the_same_bytes_stops_the_rebuild_there() {
    let campaign = Campaign::new().file("a", "x\n@part").file("part", "same").file("b", "y");
    let plan = Plan::default().step("up", "up", &["a"], "").step("down", "down", &["=up", "b"], "dist/down");
    campaign.build(&plan);
    campaign.write("a", "x\nsame");
    assert_eq!(campaign.build(&plan).ran, names(&["up"]));
    assert!(campaign.build(&plan).noop);
}

#[test]
fn a_file_replaced_by_one_with_an_older_mtime_is_a_change() {
    let (campaign, plan) = shop();
    campaign.settle();
    campaign.build(&plan);
    campaign.write("photos/a.jpg", "older");
    campaign.date("photos/a.jpg", 1_000_000_000);
    assert_eq!(campaign.build(&plan).ran, names(&["card a", "develop a", "story a"]));
    fs::write(campaign.path("new.jpg"), "newer").unwrap();
    campaign.date("new.jpg", 900_000_000);
    fs::rename(campaign.path("new.jpg"), campaign.path("photos/a.jpg")).unwrap();
    assert_eq!(campaign.build(&plan).ran, names(&["card a", "develop a", "story a"]));
}

#[test]
fn other_content_with_the_same_size_and_mtime_is_a_change() {
    let (campaign, plan) = shop();
    campaign.date("photos/a.jpg", 1_000_000_000);
    campaign.settle();
    campaign.build(&plan);
    campaign.write("photos/a.jpg", "peach");
    campaign.date("photos/a.jpg", 1_000_000_000);
    assert_eq!(campaign.build(&plan).ran, names(&["card a", "develop a", "story a"]));
    assert_eq!(campaign.dist(), campaign.clean_dist(&plan));
}

#[test]
fn an_edit_that_reverts_runs_nothing() {
    let (campaign, plan) = shop();
    campaign.build(&plan);
    campaign.write("photos/a.jpg", "apricot");
    campaign.build(&plan);
    campaign.write("photos/a.jpg", "apple");
    let back = campaign.build(&plan);
    assert!(back.ran.is_empty() && back.report.wrote == 2, "{back:?}");
    assert_eq!(campaign.dist(), campaign.clean_dist(&plan));
    assert!(campaign.build(&plan).noop);
}

#[test]
fn a_renamed_action_runs_nothing_and_its_asset_moves() {
    let (campaign, plan) = shop();
    campaign.build(&plan);
    let renamed = plan.edit("card a", |step| {
        step.name = "card apple".to_owned();
        step.asset = Some("dist/card/apple.jpg".to_owned());
    });
    let built = campaign.build(&renamed);
    assert!(built.ran.is_empty() && built.told("removed dist/card/a.jpg") && built.told("new dist/card/apple.jpg"));
    assert_eq!(campaign.dist(), campaign.clean_dist(&renamed));
}

#[test]
fn a_listed_folder_counts_and_so_does_one_that_is_not_there_yet() {
    let (campaign, plan) = shop();
    let build = || {
        let mut engine = campaign.engine();
        let fingerprint = campaign.options.fingerprint;
        let noop = engine.unchanged(fingerprint).unwrap().is_some();
        if !noop {
            for folder in ["", "photos", "captions", "templates/parts"] {
                engine.files().list(folder).unwrap();
            }
            engine.build(&plan.graph(&campaign.probe), &campaign.options, &mut |_| {}).unwrap();
        }
        noop
    };
    campaign.settle();
    assert!(!build());
    campaign.settle();
    assert!(build(), "dist/ and .softbox/ appeared, and nothing else");
    campaign.write("photos/c.jpg", "cherry");
    assert!(!build());
    assert!(build());
    campaign.write("captions/a.md", "text");
    assert!(!build());
    assert!(build());
    campaign.write("captions/b.md", "text");
    campaign.remove("captions/b.md");
    assert!(build(), "its listing is as it was");
    campaign.write("new.csv", "");
    assert!(!build());
    assert!(build());
    campaign.write("angles/a.jpg", "a folder more");
    assert!(!build());
    assert!(build());
    campaign.write("templates/parts/a.html", "its folder is listed, the one above is not");
    assert!(!build());
}

#[test]
fn a_file_that_nothing_asks_for_any_more_is_forgotten() {
    let (campaign, plan) = shop();
    campaign.build(&plan);
    let plan = plan.without("card b").without("story b").without("develop b");
    campaign.build(&plan);
    campaign.write("photos/b.jpg", "nobody cares");
    assert!(campaign.build(&plan).noop);
}

#[test]
fn a_file_that_takes_the_place_of_another_counts_from_then_on() {
    let (campaign, plan) = shop();
    campaign.write("photos/c.jpg", "cherry");
    campaign.build(&plan);
    let plan = plan.edit("develop b", |step| step.inputs = names(&["photos/c.jpg"]));
    campaign.build(&plan);
    assert!(campaign.build(&plan).noop);
    campaign.write("photos/c.jpg", "cranberry");
    assert_eq!(campaign.build(&plan).ran, names(&["card b", "develop b", "story b"]));
    assert_eq!(campaign.dist(), campaign.clean_dist(&plan));
}

#[test]
fn a_partial_graph_removes_nothing_and_leaves_no_noop_behind() {
    let (mut campaign, plan) = shop();
    campaign.build(&plan);
    campaign.options.whole = false;
    let part = campaign.build(&plan.clone().without("card b"));
    assert!(part.report.removed == 0 && campaign.exists("dist/card/b.jpg"));
    campaign.options.whole = true;
    campaign.write("photos/a.jpg", "apricot");
    campaign.write("photos/b.jpg", "banana");
    campaign.options.only = Some(vec![plan.id("card a")]);
    let part = campaign.build(&plan);
    assert_eq!(part.ran, names(&["card a", "develop a"]));
    campaign.options.only = None;
    let rest = campaign.build(&plan);
    assert!(!rest.noop);
    assert_eq!(rest.ran, names(&["card b", "develop b", "story a", "story b"]));
    assert_eq!(campaign.dist(), campaign.clean_dist(&plan));
}

#[test]
fn many_builds_in_one_process_see_every_edit() {
    let (campaign, plan) = shop();
    let mut engine = campaign.engine();
    campaign.build_with(&mut engine, &plan);
    for round in 0..20 {
        campaign.write("photos/a.jpg", &format!("{round:05}"));
        engine.refresh("test", |_| {}).unwrap();
        assert_eq!(campaign.build_with(&mut engine, &plan).ran, names(&["card a", "develop a", "story a"]));
        assert_eq!(campaign.read("dist/card/a.jpg"), format!("card(develop({round:05}),card)"));
        engine.refresh("test", |_| {}).unwrap();
        assert!(campaign.build_with(&mut engine, &plan).noop);
    }
}

#[test]
fn what_another_process_built_while_a_watch_rested_is_known_to_it_and_not_lost_by_it() {
    let (campaign, plan) = shop();
    let mut watch = campaign.engine();
    campaign.build_with(&mut watch, &plan);
    for round in 0..3 {
        watch.rest();
        campaign.write("photos/a.jpg", &format!("{round} elsewhere"));
        campaign.write("photos/b.jpg", &format!("{round} is longer than what the watch writes down next"));
        assert_eq!(campaign.build(&plan).ran.len(), 6);
        campaign.write("photos/a.jpg", &format!("{round} here"));
        watch.refresh("test", |_| {}).unwrap();
        assert_eq!(campaign.build_with(&mut watch, &plan).ran, names(&["card a", "develop a", "story a"]));
        campaign.write("photos/a.jpg", &format!("{round} elsewhere"));
        watch.refresh("test", |_| {}).unwrap();
        assert!(campaign.build_with(&mut watch, &plan).ran.is_empty(), "it was made before");
    }
    drop(watch);
    assert!(campaign.build(&plan).noop);
    assert!(!campaign.exists(".softbox/replaced"), "an asset of our own was taken for somebody's");
    assert_eq!(campaign.dist(), campaign.clean_dist(&plan));
}

#[test]
fn what_another_process_threw_away_while_a_watch_rested_is_gone_for_it_too() {
    let (campaign, plan) = shop();
    let mut watch = campaign.engine();
    campaign.build_with(&mut watch, &plan);
    watch.rest();
    let rules = Rules { older_than: 0, at_most: None, dry_run: false };
    let swept = campaign.engine().sweep(&Reach::default(), &rules).unwrap();
    assert_eq!((swept.removed.results, swept.kept.results), (6, 0));
    campaign.write("photos/a.jpg", "apricot");
    watch.refresh("test", |_| {}).unwrap();
    campaign.build_with(&mut watch, &plan);
    drop(watch);
    fs::remove_dir_all(campaign.path("dist")).unwrap();
    let built = campaign.build(&plan);
    assert!(built.ran.iter().all(|name| name.ends_with('b')), "what the watch made since is known: {:?}", built.ran);
    assert_eq!(campaign.dist(), campaign.clean_dist(&plan));
}

#[test]
fn what_a_watch_makes_after_another_process_mended_the_store_is_kept() {
    let (campaign, plan) = shop();
    let mut watch = campaign.engine();
    campaign.build_with(&mut watch, &plan);
    watch.rest();
    let small = campaign.path(".softbox/store/small");
    let mut bytes = fs::read(&small).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&small, bytes).unwrap();
    assert_eq!(campaign.engine().verify().unwrap().damaged, 1);
    campaign.write("photos/a.jpg", "apricot");
    watch.refresh("test", |_| {}).unwrap();
    assert_eq!(campaign.build_with(&mut watch, &plan).ran.len(), 3);
    drop(watch);
    fs::remove_dir_all(campaign.path("dist")).unwrap();
    let built = campaign.build(&plan);
    assert!(built.ran.iter().all(|name| name.ends_with('b')), "it was written to a file that is gone: {:?}", built.ran);
}

#[test]
fn a_watch_shares_what_it_makes_after_another_process_built_too() {
    let (campaign, plan) = shop();
    let shared = tempfile::tempdir().unwrap();
    let mut watch = campaign.engine();
    watch.share(shared.path());
    campaign.build_with(&mut watch, &plan);
    watch.rest();
    campaign.write("photos/a.jpg", "elsewhere");
    campaign.build(&plan);
    campaign.write("photos/a.jpg", "here");
    watch.refresh("test", |_| {}).unwrap();
    assert_eq!(campaign.build_with(&mut watch, &plan).ran.len(), 3);
    drop(watch);
    fs::remove_dir_all(campaign.path(".softbox")).unwrap();
    let mut other = campaign.engine();
    other.share(shared.path());
    assert!(campaign.build_with(&mut other, &plan).ran.is_empty(), "what the watch made was not shared");
}

#[test]
fn what_an_action_made_at_last_is_told_of_it_and_of_no_other() {
    let campaign = Campaign::new().file("a", "apple").file("b", "berry");
    let plan = Plan::default().step("one", "one", &["a"], "").step("two", "two", &["b"], "");
    campaign.build(&plan);
    // The same two, the other way round; and the first one fails.
    let turned = Plan(plan.0.into_iter().rev().collect());
    campaign.write("b", "BAD");
    let mut engine = campaign.engine();
    campaign.build_with(&mut engine, &turned);
    assert_eq!(engine.output(turned.id("two")).as_deref(), Some(&b"two(berry)".to_vec()));
    assert_eq!(engine.output(turned.id("one")).as_deref(), Some(&b"one(apple)".to_vec()));
}

#[test]
fn a_build_that_only_repeats_transient_work_does_not_make_the_traces_grow() {
    let campaign = Campaign::new().file("a", "a").file("b", "0");
    let plan = Plan::default().step("up", "up", &["a"], "").transient().step("down", "down", &["=up", "b"], "dist/d");
    campaign.build(&plan);
    campaign.write("b", "1");
    campaign.build(&plan);
    let size = |name: &str| fs::metadata(campaign.path(name)).unwrap().len();
    let (traces, reasons) = (size(".softbox/traces"), size(".softbox/reasons"));
    campaign.write("b", "0");
    campaign.remove("dist/d");
    fs::remove_dir_all(campaign.path(".softbox/store")).unwrap();
    assert_eq!(campaign.build(&plan).ran, names(&["down", "up"]));
    assert!(size(".softbox/traces") <= traces + 60, "one name may be noted");
    assert_eq!(size(".softbox/reasons"), reasons);
}

#[test]
fn what_was_saved_goes_first_and_everything_else_is_looked_at_all_the_same() {
    let (mut campaign, plan) = shop();
    let mut engine = campaign.engine();
    campaign.build_with(&mut engine, &plan);
    campaign.write("photos/a.jpg", "apricot");
    campaign.write("photos/b.jpg", "blueberry");
    // One save that is known, one that nobody told of, and a path that is no file.
    campaign.options.saved = ["photos/b.jpg", "photos"].map(str::to_owned).into();
    campaign.options.jobs = 1;
    engine.refresh("test", |_| {}).unwrap();
    let graph = plan.graph(&campaign.probe);
    let mut started = Vec::new();
    engine
        .build(&graph, &campaign.options, &mut |event| {
            if let softbox::engine::Event::Started { name, .. } = event {
                started.push(name.to_owned());
            }
        })
        .unwrap();
    assert_eq!(started[0], "develop b");
    assert_eq!(started.len(), 6);
    assert_eq!(campaign.dist(), campaign.clean_dist(&plan));
    // What reads a saved file may have to wait for others all the same.
    campaign.write("photos/a.jpg", "avocado");
    campaign.write("templates/card.html", "paper");
    campaign.options.saved = ["templates/card.html".to_owned()].into();
    engine.refresh("test", |_| {}).unwrap();
    assert_eq!(campaign.build_with(&mut engine, &plan).ran, names(&["card a", "card b", "develop a", "story a"]));
    assert_eq!(campaign.dist(), campaign.clean_dist(&plan));
}

#[test]
fn a_plan_holds_until_something_that_it_read_or_listed_is_another() {
    let (campaign, plan) = shop();
    campaign.settle();
    let mut engine = campaign.engine();
    let look = |engine: &softbox::engine::Engine| {
        engine.files().read("templates/card.html").unwrap();
        engine.files().read("nowhere.toml").unwrap();
        engine.files().list("photos").unwrap();
    };
    let build = |engine: &mut softbox::engine::Engine| {
        look(engine);
        engine.build(&plan.graph(&campaign.probe), &campaign.options, &mut |_| {}).unwrap();
        engine.rest();
        campaign.settle();
    };
    build(&mut engine);
    let mut holds_after = |edit: &dyn Fn()| {
        edit();
        engine.refresh("test", |_| {}).unwrap();
        let holds = engine.plan_holds();
        build(&mut engine);
        holds
    };
    assert!(holds_after(&|| {}));
    assert!(holds_after(&|| campaign.write("photos/a.jpg", "apricot")), "only an action read it");
    assert!(holds_after(&|| campaign.touch("templates/card.html")));
    assert!(!holds_after(&|| campaign.write("templates/card.html", "paper")));
    assert!(!holds_after(&|| campaign.write("photos/c.jpg", "cherry")), "a listed folder has one more");
    assert!(!holds_after(&|| campaign.write("nowhere.toml", "here")), "it was not there");
    assert!(holds_after(&|| campaign.write("templates/other.html", "other")));
}

#[test]
fn a_build_of_a_plan_that_holds_leaves_a_state_that_knows_what_the_plan_read() {
    let (campaign, plan) = shop();
    campaign.settle();
    let mut engine = campaign.engine();
    let graph = plan.graph(&campaign.probe);
    engine.files().read("templates/story.html").unwrap();
    engine.files().read("campaign.toml").unwrap();
    engine.files().list("photos").unwrap();
    engine.build(&graph, &campaign.options, &mut |_| {}).unwrap();
    campaign.write("photos/a.jpg", "apricot");
    engine.refresh("test", |_| {}).unwrap();
    assert!(engine.plan_holds());
    engine.build(&graph, &campaign.options, &mut |_| {}).unwrap();
    drop(engine);
    let is_unchanged = || campaign.engine().unchanged(campaign.options.fingerprint).unwrap().is_some();
    assert!(is_unchanged());
    campaign.write("photos/c.jpg", "cherry");
    assert!(!is_unchanged());
    campaign.remove("photos/c.jpg");
    assert!(is_unchanged());
    campaign.write("campaign.toml", "new");
    assert!(!is_unchanged());
}
