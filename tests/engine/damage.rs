//! Damage to any derived file costs time, never a wrong byte.

use std::fs;

use crate::campaign::{Campaign, Plan, shop};
use crate::shrink::Random;

fn campaign() -> (Campaign, Plan) {
    let (campaign, plan) = shop();
    campaign.write("templates/card.html", "card\n@templates/part.html");
    campaign.write("templates/part.html", "part");
    // What is made of one is kept among the small outputs, what is made of the other in files.
    campaign.write("photos/b.jpg", &large("berry"));
    (campaign, plan.edit("develop b", |step| step.keep = false))
}

fn large(text: &str) -> String {
    text.repeat(1000)
}

/// What becomes of a file's bytes; `None` if it goes.
type Damage = fn(Vec<u8>, &mut Random) -> Option<Vec<u8>>;

#[test]
fn each_derived_file_may_be_flipped_cut_or_deleted_and_the_next_build_is_right() {
    let damages: [(&str, Damage); 6] = [
        ("deleted", |_, _| None),
        ("emptied", |_, _| Some(Vec::new())),
        ("cut", |bytes, random| Some(bytes[..random.below(bytes.len().max(1))].to_vec())),
        ("longer", |bytes, _| Some([bytes, b"garbage".to_vec()].concat())),
        ("zeroed", |bytes, _| Some(vec![0; bytes.len()])),
        ("flipped", |mut bytes, random| {
            let at = random.below(bytes.len().max(1));
            bytes.get_mut(at).into_iter().for_each(|byte| *byte ^= 1);
            Some(bytes)
        }),
    ];
    let mut random = Random::new(7);
    for (name, damage) in damages {
        let (campaign, plan) = campaign();
        campaign.build(&plan);
        campaign.write("photos/a.jpg", "apricot");
        campaign.build(&plan);
        for (round, file) in campaign.derived().into_iter().enumerate() {
            let path = campaign.path(&file);
            let Ok(bytes) = fs::read(&path) else { continue }; // a blob that healing removed
            match damage(bytes, &mut random) {
                Some(bytes) => fs::write(&path, bytes).unwrap(),
                None => fs::remove_file(&path).unwrap(),
            }
            match round % 3 {
                0 => campaign.write("photos/b.jpg", &large(&format!("berry {round}"))),
                1 => fs::remove_dir_all(campaign.path("dist")).unwrap(),
                _ => campaign.write("templates/part.html", &format!("part {round}")),
            }
            let built = campaign.build(&plan);
            assert_eq!((built.report.failed, built.error.is_none()), (0, true), "{file} {name}");
            assert_eq!(campaign.dist(), campaign.clean_dist(&plan), "{file} {name}");
            assert!(campaign.build(&plan).is_idle(), "{file} {name}");
        }
    }
}

#[test]
fn traces_cut_at_any_byte_are_believed_up_to_there_and_never_wrongly() {
    let (campaign, plan) = campaign();
    campaign.build(&plan);
    campaign.write("templates/part.html", "other");
    campaign.build(&plan);
    let traces = fs::read(campaign.path(".softbox/traces")).unwrap();
    let state = fs::read(campaign.path(".softbox/state")).unwrap();
    let dist = campaign.dist();
    let mut ran = Vec::new();
    for cut in 0..traces.len() {
        fs::write(campaign.path(".softbox/traces"), &traces[..cut]).unwrap();
        fs::write(campaign.path(".softbox/state"), &state[..1]).unwrap();
        // What else tells of the last build.
        for name in ["last", "index"] {
            let _ = fs::remove_file(campaign.path(&format!(".softbox/{name}")));
        }
        ran.push(campaign.build(&plan).ran.len());
        assert_eq!(campaign.dist(), dist, "cut at {cut}");
    }
    assert!(ran.first() == Some(&6) && ran.is_sorted_by(|a, b| a >= b), "{ran:?}");
}

#[test]
fn without_the_derived_folder_everything_runs_and_comes_out_the_same() {
    let (campaign, plan) = campaign();
    campaign.build(&plan);
    let dist = campaign.dist();
    fs::remove_dir_all(campaign.path(".softbox")).unwrap();
    let built = campaign.build(&plan);
    assert_eq!((built.report.ran, built.report.wrote, built.report.unchanged), (6, 0, 4));
    assert_eq!(campaign.dist(), dist);
}

#[test]
fn a_derived_folder_that_vanishes_under_a_process_is_made_again() {
    let (campaign, plan) = campaign();
    let mut engine = campaign.engine();
    campaign.build_with(&mut engine, &plan);
    fs::remove_dir_all(campaign.path(".softbox")).unwrap();
    campaign.write("photos/a.jpg", "apricot");
    engine.refresh("test", |_| {}).unwrap();
    let built = campaign.build_with(&mut engine, &plan);
    assert_eq!((built.report.failed, built.error.is_none()), (0, true), "{:?}", built.events);
    assert_eq!(campaign.dist(), campaign.clean_dist(&plan));
    drop(engine);
    campaign.build(&plan);
    assert_eq!(campaign.dist(), campaign.clean_dist(&plan));
}

#[test]
fn damage_never_makes_softbox_remove_what_somebody_made() {
    let (campaign, plan) = campaign();
    campaign.build(&plan);
    campaign.write("dist/mine.txt", "mine");
    fs::write(campaign.path(".softbox/state"), "garbage").unwrap();
    campaign.build(&plan.without("card a"));
    assert_eq!(campaign.read("dist/mine.txt"), "mine");
}

#[test]
fn a_full_disk_fails_what_it_must_tells_so_and_the_next_build_is_right() {
    // A file system of one megabyte, where this machine lets one be mounted.
    let folder = tempfile::tempdir().unwrap();
    let mounted = |arguments: &[&str]| {
        let done = std::process::Command::new(arguments[0]).args(&arguments[1..]).arg(folder.path()).output();
        done.is_ok_and(|done| done.status.success())
    };
    if !mounted(&["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs"]) {
        return;
    }
    let campaign = Campaign::at(folder.path());
    let mut plan = Plan::default();
    for photo in 0..40 {
        let (file, name) = (format!("photos/{photo}"), format!("photo {photo}"));
        campaign.write(&file, &name.repeat(400));
        plan = plan.step(&name, &name, &[&file], &format!("dist/{photo}"));
    }
    let ballast = folder.path().join("ballast");
    let free = |bytes: usize| {
        let _ = fs::remove_file(&ballast);
        let _ = fs::write(&ballast, vec![1; 1 << 20]);
        fs::File::options().write(true).open(&ballast).unwrap().set_len((1 << 20) - bytes as u64).unwrap();
        let _ = fs::write(&ballast, vec![1; (1 << 20) - bytes]);
    };
    let mut failed = 0;
    for room in [330_000, 370_000, 420_000, 500_000] {
        free(room);
        let attempt = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| campaign.build(&plan)));
        let told = attempt.as_ref().map_or(true, |built| built.report.failed > 0 || built.error.is_some());
        failed += usize::from(told);
        for (path, bytes) in campaign.dist() {
            let photo = path.rsplit('/').next().unwrap();
            let whole = format!("photo {photo}({})", format!("photo {photo}").repeat(400));
            assert_eq!(String::from_utf8_lossy(&bytes), whole, "{path} is torn");
        }
    }
    fs::remove_file(&ballast).unwrap();
    let built = campaign.build(&plan);
    let dist = campaign.dist();
    let clean = (built.report.failed, built.error.is_none(), dist.len());
    drop(campaign);
    assert!(mounted(&["umount"]));
    assert!(failed > 0, "the disk was never full");
    assert_eq!(clean, (0, true, 40));
}

#[test]
fn files_of_an_older_or_a_newer_softbox_cost_time_and_never_a_wrong_byte() {
    for name in ["state", "last", "traces", "index", "reasons", "journal"] {
        for version in [b'0', b'9'] {
            let (campaign, mut plan) = campaign();
            // So many that there are enough for an index.
            for more in 0..20 {
                let name = format!("more {more}");
                plan = plan.step(&name, &name, &["photos/b.jpg"], "");
            }
            campaign.build(&plan);
            campaign.write("photos/a.jpg", "apricot");
            let path = campaign.path(&format!(".softbox/{name}"));
            let mut bytes = fs::read(&path).unwrap();
            // The version is the last digit of the sixteen bytes that every file begins with.
            let digit = bytes[..16].iter().rposition(u8::is_ascii_digit).unwrap();
            bytes[digit] = version;
            fs::write(&path, bytes).unwrap();
            let built = campaign.build(&plan);
            assert_eq!((built.report.failed, built.error.is_none()), (0, true), "{name} {version}");
            assert_eq!(campaign.dist(), campaign.clean_dist(&plan), "{name} {version}");
            assert!(campaign.build(&plan).noop, "{name} {version}");
        }
    }
}

#[test]
fn an_index_of_other_traces_is_not_followed_into_the_wrong_ones() {
    let (mut campaign, mut other) = (Campaign::new(), Campaign::new());
    (campaign.options.jobs, other.options.jobs) = (1, 1);
    let mut plan = Plan::default();
    for number in 10..40 {
        let (file, name) = (format!("photos/{number}"), format!("photo {number}"));
        campaign.write(&file, &name);
        other.write(&file, &name);
        plan = plan.step(&name, &name, &[&file], &format!("dist/{number}"));
    }
    campaign.build(&plan);
    // The same actions in the other order: their records have the same lengths, and each lies where another one lies.
    other.build(&Plan(plan.0.iter().rev().cloned().collect()));
    fs::copy(other.path(".softbox/index"), campaign.path(".softbox/index")).unwrap();
    for name in ["last", "state"] {
        campaign.remove(&format!(".softbox/{name}"));
    }
    fs::remove_dir_all(campaign.path("dist")).unwrap();
    campaign.build(&plan);
    assert_eq!(campaign.dist(), campaign.clean_dist(&plan));
}

#[test]
fn a_store_with_another_layout_is_no_store_that_is_believed() {
    let (campaign, plan) = campaign();
    campaign.build(&plan);
    let stored = campaign.files_in(".softbox/store");
    fs::remove_dir_all(campaign.path(".softbox/store")).unwrap();
    // Flat, as an older softbox might have kept them, and each under the name of another.
    let names: Vec<&String> = stored.keys().collect();
    for (at, bytes) in stored.values().enumerate() {
        campaign.write(&names[(at + 1) % names.len()].clone(), &String::from_utf8_lossy(bytes));
        campaign.write(&format!(".softbox/store/{at}"), "flat");
    }
    fs::remove_dir_all(campaign.path("dist")).unwrap();
    assert_eq!(campaign.build(&plan).report.failed, 0);
    assert_eq!(campaign.dist(), campaign.clean_dist(&plan));
}
