//! What becomes of files in dist/: put right, kept aside, removed, left alone.

use std::fs;
use std::os::unix::fs::symlink;

use crate::campaign::{Campaign, Plan, names, shop};

#[test]
fn a_deleted_asset_comes_back_from_the_store() {
    let (campaign, plan) = shop();
    campaign.build(&plan);
    let dist = campaign.dist();
    campaign.remove("dist/card/a.jpg");
    let built = campaign.build(&plan);
    assert!(built.ran.is_empty() && built.told("restored dist/card/a.jpg"));
    fs::remove_dir_all(campaign.path("dist")).unwrap();
    let built = campaign.build(&plan);
    assert!(built.ran.is_empty() && built.report.restored == 4);
    assert_eq!(campaign.dist(), dist);
    assert!(campaign.build(&plan).noop);
}

#[test]
fn an_altered_asset_comes_back_and_what_somebody_made_of_it_is_kept() {
    let (campaign, plan) = shop();
    campaign.build(&plan);
    let dist = campaign.dist();
    for (round, kept) in ["a.jpg", "a.jpg.2"].iter().enumerate() {
        campaign.write("dist/card/a.jpg", &format!("retouched {round}"));
        let built = campaign.build(&plan);
        let kept = format!(".softbox/replaced/dist/card/{kept}");
        assert!(built.told(&format!("set aside dist/card/a.jpg as {kept}")), "{:?}", built.events);
        assert!(built.told("restored dist/card/a.jpg"));
        assert_eq!(campaign.read(&kept), format!("retouched {round}"));
    }
    assert_eq!(campaign.dist(), dist);
}

#[test]
fn an_asset_altered_in_place_with_its_size_and_mtime_kept_is_noticed() {
    let (campaign, plan) = shop();
    campaign.build(&plan);
    campaign.settle();
    campaign.build(&plan);
    let path = campaign.path("dist/card/a.jpg");
    let time = fs::metadata(&path).unwrap().modified().unwrap();
    let text = campaign.read("dist/card/a.jpg").to_uppercase();
    fs::write(&path, text).unwrap();
    fs::File::options().write(true).open(&path).unwrap().set_modified(time).unwrap();
    assert_eq!(campaign.build(&plan).report.restored, 1);
    assert_eq!(campaign.dist(), campaign.clean_dist(&plan));
}

#[test]
fn the_asset_of_a_removed_action_goes_and_so_do_empty_folders() {
    let (campaign, plan) = shop();
    campaign.build(&plan);
    let built = campaign.build(&plan.clone().without("card a").without("card b"));
    assert!(built.told("removed dist/card/a.jpg") && built.report.removed == 2);
    assert!(!campaign.exists("dist/card") && campaign.exists("dist/story"));
}

#[test]
fn a_persons_own_file_in_dist_stays_and_keeps_its_folder() {
    let (campaign, plan) = shop();
    campaign.build(&plan);
    campaign.write("dist/card/notes.txt", "mine");
    let built = campaign.build(&plan.clone().without("card a").without("card b"));
    assert_eq!(built.report.removed, 2);
    assert_eq!(campaign.read("dist/card/notes.txt"), "mine");
    assert_eq!(campaign.build(&Plan::default()).report.removed, 2);
    assert_eq!(campaign.dist().into_keys().collect::<Vec<_>>(), ["dist/card/notes.txt"]);
}

#[test]
fn an_altered_asset_whose_action_is_gone_is_left_and_told_once() {
    let (campaign, plan) = shop();
    campaign.build(&plan);
    campaign.write("dist/card/a.jpg", "retouched");
    let less = plan.without("card a");
    let built = campaign.build(&less);
    assert!(built.told("left dist/card/a.jpg") && built.report.removed == 0);
    assert_eq!(campaign.read("dist/card/a.jpg"), "retouched");
    assert!(campaign.build(&less).noop);
}

#[test]
fn a_foreign_file_where_a_new_asset_belongs_is_kept_aside() {
    let (campaign, plan) = shop();
    campaign.write("dist/card/a.jpg", "mine");
    let built = campaign.build(&plan);
    assert!(built.told("set aside dist/card/a.jpg as .softbox/replaced/dist/card/a.jpg"));
    assert_eq!(campaign.read(".softbox/replaced/dist/card/a.jpg"), "mine");
    assert_eq!(campaign.read("dist/card/a.jpg"), "card(develop(apple),card)");
}

#[test]
fn a_link_in_place_of_an_asset_is_kept_aside_and_what_it_points_to_stays() {
    let (campaign, plan) = shop();
    campaign.build(&plan);
    let asset = campaign.path("dist/card/a.jpg");
    // The very same file behind a link, and twice a link to nothing.
    fs::rename(&asset, campaign.path("moved.jpg")).unwrap();
    symlink("../../moved.jpg", &asset).unwrap();
    assert!(campaign.build(&plan).told("restored dist/card/a.jpg"));
    assert!(fs::symlink_metadata(&asset).unwrap().is_file());
    assert_eq!(campaign.read("moved.jpg"), campaign.read("dist/card/a.jpg"));
    for target in ["nowhere", "nowhere else"] {
        fs::remove_file(&asset).unwrap();
        symlink(target, &asset).unwrap();
        campaign.build(&plan);
        assert!(fs::symlink_metadata(&asset).unwrap().is_file());
    }
    for (kept, target) in [("a.jpg.2", "nowhere"), ("a.jpg.3", "nowhere else")] {
        let kept = campaign.path(".softbox/replaced/dist/card").join(kept);
        assert_eq!(fs::read_link(kept).unwrap().to_str(), Some(target));
    }
}

#[test]
fn a_folder_where_an_asset_belongs_fails_that_asset_only() {
    let (campaign, plan) = shop();
    campaign.write("dist/card/a.jpg/inside.txt", "mine");
    let built = campaign.build(&plan);
    assert_eq!(built.failures(), ["card a: cannot write dist/card/a.jpg: a folder has that name"]);
    assert_eq!((built.report.failed, built.report.wrote, built.report.missing), (1, 3, 1));
    fs::remove_dir_all(campaign.path("dist/card/a.jpg")).unwrap();
    assert_eq!(campaign.build(&plan).report.wrote, 1);
    assert_eq!(campaign.dist(), campaign.clean_dist(&plan));
}

#[test]
fn a_file_where_a_folder_of_assets_belongs_fails_those_assets_only() {
    let (campaign, plan) = shop();
    campaign.write("dist/card", "mine");
    let built = campaign.build(&plan);
    assert_eq!(built.report.failed, 2);
    assert!(built.failures()[0].contains("cannot write dist/card/"), "{:?}", built.failures());
    assert_eq!(campaign.read("dist/card"), "mine");
    assert!(campaign.exists("dist/story/a.jpg"));
    campaign.remove("dist/card");
    campaign.build(&plan);
    assert_eq!(campaign.dist(), campaign.clean_dist(&plan));
}

#[test]
fn a_file_becomes_a_folder_of_assets_and_back() {
    let campaign = Campaign::new().file("a", "a");
    let file = Plan::default().step("one", "one", &["a"], "dist/x");
    let folder = Plan::default().step("two", "two", &["a"], "dist/x/y");
    for plan in [&file, &folder, &file, &folder] {
        let built = campaign.build(plan);
        assert_eq!(built.report.failed, 0, "{:?}", built.events);
        assert_eq!(campaign.dist(), campaign.clean_dist(plan));
    }
}

#[test]
fn two_actions_with_one_asset_fail_the_later_and_not_the_earlier() {
    let campaign = Campaign::new().file("a", "a");
    let plan = Plan::default().step("one", "one", &["a"], "dist/x").step("two", "two", &["a"], "dist/x").step(
        "three",
        "three",
        &["a"],
        "dist/x/y",
    );
    for _ in 0..2 {
        let built = campaign.build(&plan);
        let mut failures = built.failures();
        failures.sort_unstable();
        assert_eq!(
            failures,
            [
                "three: cannot write dist/x/y: one makes a file there",
                "two: cannot write dist/x: one makes a file there"
            ]
        );
        assert_eq!(campaign.read("dist/x"), "one(a)");
    }
}

#[test]
fn a_stale_asset_that_cannot_be_removed_is_told_after_all_else_is_done_and_tried_again() {
    let (campaign, plan) = shop();
    campaign.build(&plan);
    // Root may write anywhere; an immutable file stops even root, where the file system knows of that.
    let chattr = |flag: &str| {
        let path = campaign.path("dist/card/a.jpg");
        std::process::Command::new("chattr").arg(flag).arg(path).status().is_ok_and(|status| status.success())
    };
    if !chattr("+i") {
        return;
    }
    campaign.write("photos/b.jpg", "banana");
    let built = campaign.build(&plan.clone().without("card a"));
    chattr("-i");
    assert!(built.error.is_some_and(|error| error.to_string().contains("dist/card/a.jpg")));
    assert_eq!(campaign.read("dist/card/b.jpg"), "card(develop(banana),card)");
    assert_eq!(campaign.build(&plan.clone().without("card a")).report.removed, 1);
}

#[test]
fn clean_removes_what_softbox_wrote_and_nothing_else() {
    let (campaign, plan) = shop();
    campaign.build(&plan);
    campaign.write("dist/card/a.jpg", "retouched");
    campaign.write("dist/mine.txt", "mine");
    let mut told = Vec::new();
    campaign.engine().clean(|path, removed| told.push(format!("{path} {removed}"))).unwrap();
    assert!(told.contains(&"dist/card/a.jpg false".to_owned()) && told.contains(&"dist/card/b.jpg true".to_owned()));
    assert_eq!(campaign.dist().into_keys().collect::<Vec<_>>(), ["dist/card/a.jpg", "dist/mine.txt"]);
    assert!(!campaign.exists(".softbox"));
    assert!(campaign.exists("photos/a.jpg"));
}

#[test]
fn clean_keeps_what_was_set_aside() {
    let (campaign, plan) = shop();
    campaign.write("dist/card/a.jpg", "mine");
    campaign.build(&plan);
    campaign.engine().clean(|_, _| {}).unwrap();
    assert_eq!(campaign.read(".softbox/replaced/dist/card/a.jpg"), "mine");
    assert!(campaign.dist().is_empty());
    assert_eq!(campaign.build(&plan).ran.len(), 6);
}

#[test]
fn a_touched_asset_that_is_not_stored_is_not_made_again() {
    let campaign = Campaign::new().file("a", "a").file("b", "b");
    let plan =
        Plan::default().step("one", "one", &["a"], "dist/one").transient().step("two", "two", &["b"], "dist/two");
    campaign.build(&plan);
    campaign.touch("dist/one");
    campaign.write("b", "other");
    assert_eq!(campaign.build(&plan).ran, names(&["two"]));
    campaign.remove("dist/one");
    assert_eq!(campaign.build(&plan).ran, names(&["one"]));
    assert_eq!(campaign.dist(), campaign.clean_dist(&plan));
}

#[test]
fn whoever_has_an_asset_open_while_it_is_replaced_reads_the_old_one_to_its_end() {
    let elsewhere = tempfile::tempdir().unwrap();
    for is_elsewhere in [false, true] {
        let (campaign, plan) = shop();
        if is_elsewhere {
            symlink(elsewhere.path(), campaign.path("dist")).unwrap();
        }
        campaign.build(&plan);
        let open = fs::File::open(campaign.path("dist/card/a.jpg")).unwrap();
        campaign.write("photos/a.jpg", "apricot");
        campaign.build(&plan);
        assert_eq!(std::io::read_to_string(open).unwrap(), "card(develop(apple),card)");
        assert_eq!(campaign.read("dist/card/a.jpg"), "card(develop(apricot),card)");
    }
}

#[test]
fn assets_on_another_file_system_are_written_whole_and_leave_nothing_beside() {
    let (campaign, plan) = shop();
    let elsewhere = tempfile::tempdir().unwrap();
    symlink(elsewhere.path(), campaign.path("dist")).unwrap();
    for photo in ["apple", "apricot"] {
        campaign.write("photos/a.jpg", photo);
        campaign.build(&plan);
        assert_eq!(campaign.read("dist/card/a.jpg"), format!("card(develop({photo}),card)"));
    }
    campaign.write("dist/card/a.jpg", "mine");
    campaign.build(&plan);
    assert_eq!(campaign.read(".softbox/replaced/dist/card/a.jpg"), "mine");
    assert_eq!(campaign.dist().len(), 4);
    assert_eq!(fs::read_dir(campaign.path(".softbox/tmp")).unwrap().count(), 0);
    assert!(campaign.build(&plan).noop);
}

#[test]
fn a_folder_that_became_a_link_gets_no_assets_while_those_beside_it_are_restored() {
    let campaign = Campaign::new().file("a", "apple");
    let assets: Vec<String> = (0..60).map(|number| format!("dist/{}/{number}", ["one", "two"][number % 2])).collect();
    let plan = assets.iter().fold(Plan::default(), |plan, asset| plan.step(asset, asset, &["a"], asset));
    campaign.build(&plan);
    let elsewhere = tempfile::tempdir().unwrap();
    fs::remove_dir_all(campaign.path("dist")).unwrap();
    fs::create_dir(campaign.path("dist")).unwrap();
    symlink(elsewhere.path(), campaign.path("dist/two")).unwrap();
    let built = campaign.build(&plan);
    assert_eq!((built.report.restored, built.report.failed), (30, 30));
    assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 0);
}

#[test]
fn what_comes_to_the_place_of_a_missing_asset_while_a_build_runs_is_kept() {
    let campaign = Campaign::new().file("a", "apple");
    let theirs = campaign.path("dist/one");
    let plan = Plan::default().step("one", "one", &["a"], "dist/one").hook(move |_| {
        fs::create_dir_all(theirs.parent().unwrap()).unwrap();
        fs::write(&theirs, "theirs").unwrap();
    });
    campaign.build(&plan);
    assert_eq!(campaign.read("dist/one"), "one(apple)");
    assert_eq!(campaign.read(".softbox/replaced/dist/one"), "theirs");
}
