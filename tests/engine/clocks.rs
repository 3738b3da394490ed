//! Clocks that jump, cameras set to another year, and digests that claim to come from the future.

use std::fs;

use crate::campaign::{names, shop};

const YEAR_2099: u64 = 4_070_908_800;

#[test]
fn files_from_1970_and_from_2099_are_built_once_and_seen_when_they_change() {
    let (campaign, plan) = shop();
    campaign.date("photos/a.jpg", 0);
    campaign.date("photos/b.jpg", YEAR_2099);
    campaign.settle();
    campaign.build(&plan);
    assert!(campaign.build(&plan).noop);
    for (path, date) in [("photos/a.jpg", 0), ("photos/b.jpg", YEAR_2099)] {
        let product = &path[7..8];
        campaign.write(path, &format!("pear{product}"));
        campaign.date(path, date);
        let built = campaign.build(&plan).ran;
        assert_eq!(
            built,
            names(&[&format!("card {product}"), &format!("develop {product}"), &format!("story {product}")])
        );
    }
    assert_eq!(campaign.dist(), campaign.clean_dist(&plan));
}

#[test]
fn a_file_from_the_future_need_not_be_read_in_every_build() {
    let (campaign, plan) = shop();
    campaign.date("photos/b.jpg", YEAR_2099);
    campaign.settle();
    campaign.build(&plan);
    campaign.settle();
    campaign.build(&plan);
    let state = || fs::metadata(campaign.path(".softbox/state")).unwrap().modified().unwrap();
    let before = state();
    assert!(campaign.build(&plan).noop);
    assert_eq!(state(), before, "it was read again, and the state written");
}

#[test]
fn what_was_written_long_before_a_build_ended_need_not_be_read_by_the_next() {
    let (campaign, plan) = shop();
    campaign.settle();
    let plan = plan.step("last", "last", &["=card a", "=card b", "=story a", "=story b"], "");
    campaign.build(&plan.clone().hook(|_| std::thread::sleep(std::time::Duration::from_millis(60))));
    let state = || fs::metadata(campaign.path(".softbox/state")).unwrap().modified().unwrap();
    let before = state();
    assert!(campaign.build(&plan).noop);
    assert_eq!(state(), before, "assets were read again, and the state written");
}

#[test]
fn edits_in_every_tick_are_seen() {
    let (campaign, plan) = shop();
    for round in 0..60 {
        campaign.write("photos/a.jpg", &format!("{round:04}"));
        assert_eq!(campaign.build(&plan).ran.iter().filter(|name| *name == "develop a").count(), 1, "round {round}");
        assert_eq!(campaign.read("dist/card/a.jpg"), format!("card(develop({round:04}),card)"));
    }
}
