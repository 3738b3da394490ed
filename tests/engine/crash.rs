//! Builds killed with SIGKILL at random points: nothing torn is ever seen, and the next build gives what a clean one gives.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::campaign::{Campaign, Plan};
use crate::shrink::{Random, setting};

/// Says to a child process which campaign to build, and as which plan.
const FOLDER: &str = "SOFTBOX_CRASH_FOLDER";
const ROUND: &str = "SOFTBOX_CRASH_ROUND";
/// How long a run takes, so that a kill meets builds in their middle.
const RUN: Duration = Duration::from_micros(300);

/// Every round has other products, other words and other sizes; half of the photos are not stored.
fn plan(round: usize) -> Plan {
    let mut plan = Plan::default();
    for product in (0..24).filter(|product| !(product + round).is_multiple_of(4)) {
        let photo = format!("photos/{}", product % 8);
        let develop = format!("develop {product}");
        let text = format!("{develop} {}", (round + product) % 3);
        plan = plan.step(&develop, &text, &[&photo, "shared"], "").hook(|_| std::thread::sleep(RUN));
        if product % 2 == 0 {
            plan = plan.transient();
        }
        for size in 0..3 {
            let (name, asset) = (format!("{product} {size}"), format!("dist/{}/{product}-{size}", product % 5));
            let text = format!("{name} {}", round % 2);
            plan = plan.step(&name, &text, &[&format!("={develop}")], &asset).hook(|_| std::thread::sleep(RUN));
        }
    }
    plan
}

fn child(folder: &Path, round: usize) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["crash::builds_for_the_tests_beside_it", "--exact", "--ignored", "--nocapture"])
        .env(FOLDER, folder)
        .env(ROUND, round.to_string())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

#[test]
#[ignore = "is the process that another test kills"]
fn builds_for_the_tests_beside_it() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let round = setting(ROUND).unwrap() as usize;
    let built = Campaign::at(Path::new(&folder)).build(&plan(round));
    assert!(built.error.is_none() && built.report.failed == 0);
}

/// Builds a round in a process of its own and kills that after a while; true if it was killed before it was done.
fn killed(campaign: &Campaign, round: usize, after: Duration) -> bool {
    let mut child = child(&campaign.folder, round);
    std::thread::sleep(after);
    let is_done = child.try_wait().unwrap().is_some();
    child.kill().unwrap();
    child.wait().unwrap();
    !is_done
}

fn same_or_explain(now: &BTreeMap<String, Vec<u8>>, wanted: &BTreeMap<String, Vec<u8>>, point: &str) {
    let all: std::collections::BTreeSet<&String> = now.keys().chain(wanted.keys()).collect();
    let odd: Vec<_> = all.into_iter().filter(|path| now.get(*path) != wanted.get(*path)).collect();
    assert!(odd.is_empty(), "{point}: {odd:?} are not as in a clean build");
}

/// What a kill at this moment would leave: all files as they are, in another folder.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

#[test]
fn an_edit_that_is_taken_back_after_its_build_was_killed_leaves_nothing_of_it() {
    let mut campaign = Campaign::new().file("a", "apple").file("b", "berry");
    campaign.options.jobs = 1;
    let plan = Plan::default().step("one", "one", &["a"], "dist/one").step("two", "two", &["=one", "b"], "dist/two");
    campaign.build(&plan);
    let killed = Campaign::new();
    let (from, to) = (campaign.folder.clone(), killed.folder.clone());
    campaign.write("a", "apricot");
    let meets_kill = plan.clone().edit("two", |step| step.hook = Some(Arc::new(move |_| copy(&from, &to))));
    campaign.build(&meets_kill);
    assert_eq!(killed.read("dist/one"), "one(apricot)");
    assert_eq!(killed.read("dist/two"), "two(one(apple),berry)");
    killed.write("a", "apple");
    let built = killed.build(&plan);
    assert!(built.ran.is_empty() && !built.noop, "{built:?}");
    same_or_explain(&killed.dist(), &killed.clean_dist(&plan), "taken back");
    assert!(!killed.exists(".softbox/replaced"));
}

#[test]
fn what_a_killed_build_wrote_beside_a_watch_that_rests_is_known_to_it_for_softboxs_own() {
    let mut campaign = Campaign::new().file("a", "apple").file("b", "berry");
    campaign.options.jobs = 1;
    let plan = Plan::default().step("one", "one", &["a"], "dist/one").step("two", "two", &["=one", "b"], "dist/two");
    let mut watch = campaign.engine();
    campaign.build_with(&mut watch, &plan);
    watch.rest();
    let [state, journal] = ["state", "journal"].map(|name| campaign.path(".softbox").join(name));
    let before = fs::read(&state).unwrap();
    let announced = Arc::new(Mutex::new(Vec::new()));
    let (from, to) = (journal.clone(), announced.clone());
    campaign.write("a", "apricot");
    let meets_kill = plan.clone().edit("two", |step| {
        step.hook = Some(Arc::new(move |_| *to.lock().unwrap() = fs::read(&from).unwrap()));
    });
    campaign.build(&meets_kill);
    // As it was when the second action ran, but for the asset of the second.
    fs::write(&state, before).unwrap();
    fs::write(&journal, &*announced.lock().unwrap()).unwrap();
    campaign.remove("dist/two");
    campaign.write("a", "avocado");
    watch.refresh("test", |_| {}).unwrap();
    campaign.build_with(&mut watch, &plan);
    same_or_explain(&campaign.dist(), &campaign.clean_dist(&plan), "beside a watch");
    assert!(!campaign.exists(".softbox/replaced"), "it was taken for somebody's");
}

#[test]
fn assets_that_were_right_when_the_memory_was_lost_are_softboxs_own_again_though_the_build_was_killed() {
    let mut campaign = Campaign::new().file("a", "apple").file("b", "berry");
    campaign.options.jobs = 1;
    let plan = Plan::default().step("one", "one", &["a"], "dist/one").step("two", "two", &["=one", "b"], "dist/two");
    campaign.build(&plan);
    fs::remove_dir_all(campaign.path(".softbox")).unwrap();
    let killed = Campaign::new();
    let (from, to) = (campaign.folder.clone(), killed.folder.clone());
    campaign.build(&plan.clone().edit("two", |step| step.hook = Some(Arc::new(move |_| copy(&from, &to)))));
    killed.write("a", "apricot");
    killed.build(&plan);
    same_or_explain(&killed.dist(), &killed.clean_dist(&plan), "edited");
    assert!(!killed.exists(".softbox/replaced/dist/one"), "it was taken for somebody's");
}

#[test]
fn assets_and_stored_files_that_a_power_cut_left_empty_are_put_right() {
    let plan = plan(0);
    for is_state_lost in [false, true] {
        let campaign = Campaign::new().file("shared", "shared");
        (0..8).for_each(|photo| {
            campaign.write(&format!("photos/{photo}"), &format!("{photo}").repeat(if photo < 4 { 50 } else { 5000 }));
        });
        campaign.build(&plan);
        let wanted = campaign.dist();
        let stored = campaign.files_in(".softbox/store");
        let paths: Vec<_> = wanted.keys().chain(stored.keys()).map(|path| campaign.path(path)).collect();
        paths.iter().step_by(2).for_each(|path| fs::write(path, "").unwrap());
        if is_state_lost {
            fs::write(campaign.path(".softbox/state"), "").unwrap();
        }
        campaign.build(&plan);
        same_or_explain(&campaign.dist(), &wanted, "after a power cut");
        assert!(campaign.build(&plan).noop);
    }
}

#[test]
fn a_build_killed_anywhere_leaves_nothing_torn_nothing_stale_and_nothing_to_do_twice() {
    let kills = setting("SOFTBOX_KILLS").unwrap_or(300) as usize;
    let mut random = Random::new(setting("SOFTBOX_SEED").unwrap_or(1));
    let campaign = Campaign::new().file("shared", "shared");
    for photo in 0..8 {
        campaign.write(&format!("photos/{photo}"), &format!("{photo}").repeat(1500 + 1000 * photo));
    }
    let mut before = campaign.dist();
    let (mut round, mut in_the_middle, mut redone) = (0, 0, 0);
    for kill in 0..kills {
        if kill % 7 != 0 {
            campaign.write("shared", &format!("shared {}", random.below(1000)));
        }
        let point = format!("kill {kill} of round {round}");
        let after = Duration::from_micros(random.below(30_000) as u64);
        in_the_middle += usize::from(killed(&campaign, round, after));
        let wanted = campaign.clean_dist(&plan(round));
        let dist = campaign.dist();
        for (path, bytes) in &dist {
            let is_whole = before.get(path) == Some(bytes) || wanted.get(path) == Some(bytes);
            assert!(is_whole, "{point}: {path} is torn or unknown");
        }
        match random.below(3) {
            // The same plan goes on where it was; what was in dist already need not run again, but for what was under way.
            0 => {
                let built = campaign.build(&plan(round));
                let was_there = |name: &String| {
                    let step = plan(round).0.into_iter().find(|step| step.name == *name);
                    let asset = step.and_then(|step| step.asset).unwrap_or_default();
                    dist.contains_key(&asset) && dist.get(&asset) == wanted.get(&asset)
                };
                let again = built.ran.iter().filter(|name| was_there(name)).count();
                assert!(again <= 2 * campaign.options.jobs, "{point}: {again} ran again");
                redone += again;
                same_or_explain(&campaign.dist(), &wanted, &point);
            }
            // Another plan: what the killed build wrote is stale now.
            1 => {
                round += 1 + random.below(3);
                campaign.build(&plan(round));
                same_or_explain(&campaign.dist(), &campaign.clean_dist(&plan(round)), &point);
            }
            // Killed again, and again.
            _ => {
                before = dist;
                round += random.below(2);
                continue;
            }
        }
        let leftovers: Vec<_> = fs::read_dir(campaign.path(".softbox/tmp")).unwrap().collect();
        assert!(leftovers.is_empty(), "{point} left {leftovers:?}");
        assert!(!campaign.exists(".softbox/replaced"), "{point}: an asset of our own was taken for somebody's");
        assert!(campaign.build(&plan(round)).noop, "{point}");
        before = campaign.dist();
    }
    campaign.build(&plan(round));
    same_or_explain(&campaign.dist(), &campaign.clean_dist(&plan(round)), "at last");
    assert!(in_the_middle * 3 > kills, "only {in_the_middle} of {kills} met a build");
    println!("{in_the_middle} of {kills} kills met a build; {redone} runs were done again");
}
