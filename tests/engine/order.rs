//! Threads, lanes and memory: they change when things happen, never what comes out.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::campaign::{Campaign, Plan};

fn many(campaign: &Campaign) -> Plan {
    let mut plan = Plan::default();
    for product in 0..40 {
        let photo = format!("photos/{product}");
        // Half of what is made of it has a file of its own in the store.
        let more = " and more".repeat(if product % 4 < 2 { 500 } else { 0 });
        campaign.write(&photo, &format!("photo {product}{more}\n@shared"));
        let develop = format!("develop {product}");
        plan = plan.step(&develop, "develop", &[&photo], "");
        if product % 2 == 0 {
            plan = plan.transient();
        }
        for size in 0..3 {
            let name = format!("{product} {size}");
            plan = plan.step(&name, &name, &[&format!("={develop}"), "style"], &format!("dist/{size}/{product}"));
            if product % 5 == 0 {
                plan = plan.request();
            }
        }
    }
    campaign.write("shared", "shared");
    campaign.write("style", "style");
    plan
}

#[test]
fn one_two_and_eight_jobs_make_the_same_bytes_and_know_the_same() {
    let mut seen: Vec<BTreeMap<String, Vec<u8>>> = Vec::new();
    let mut reports = Vec::new();
    for jobs in [1, 2, 8] {
        let mut campaign = Campaign::new();
        campaign.options.jobs = jobs;
        let plan = many(&campaign);
        reports.push(campaign.build(&plan).report);
        assert!(campaign.build(&plan).noop);
        // What is known goes by its names: stats and durations differ from run to run.
        let mut all = campaign.dist();
        let store = campaign.files_in(".softbox/store").into_iter().filter(|(name, _)| !name.contains("small"));
        all.extend(store);
        seen.push(all);
    }
    assert!(seen[0] == seen[1] && seen[1] == seen[2]);
    assert!(reports[0] == reports[1] && reports[1] == reports[2]);
}

#[test]
fn lanes_do_not_wait_for_each_other() {
    // With one job, each lane has an action that only ends when the other lane's has begun: twice, in both orders.
    let mut campaign = Campaign::new().file("a", "a");
    let (to_processor, from_request) = channel::<()>();
    let (to_request, from_processor) = channel::<()>();
    let wait = |receiver: std::sync::mpsc::Receiver<()>, sender: std::sync::mpsc::Sender<()>| {
        let both = Mutex::new((receiver, sender));
        move |_: &softbox::engine::Work<'_>| {
            let both = both.lock().unwrap();
            both.1.send(()).unwrap();
            both.0.recv_timeout(Duration::from_secs(10)).expect("the other lane stands still");
        }
    };
    let mut plan = Plan::default();
    for filler in 0..20 {
        plan = plan.step(&format!("filler {filler}"), "filler", &["a"], "");
    }
    plan = plan.step("processor", "p", &["a"], "dist/p").hook(wait(from_request, to_request));
    plan = plan.step("request", "r", &["a"], "dist/r").hook(wait(from_processor, to_processor)).request();
    campaign.options.jobs = 1;
    campaign.options.requests = 1;
    let built = campaign.build(&plan);
    assert_eq!((built.report.failed, built.report.ran), (0, 22), "{:?}", built.failures());
}

#[test]
fn no_more_requests_are_under_way_than_allowed_and_no_more_actions_than_jobs() {
    for (is_request, limit) in [(true, 3), (false, 2)] {
        let mut campaign = Campaign::new().file("a", "a");
        (campaign.options.requests, campaign.options.jobs) = (3, 2);
        let (under_way, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let mut plan = Plan::default();
        for number in 0..12 {
            let (under_way, most) = (under_way.clone(), most.clone());
            plan = plan.step(&format!("step {number}"), &format!("{number}"), &["a"], "").hook(move |_| {
                most.fetch_max(under_way.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                std::thread::sleep(Duration::from_millis(5));
                under_way.fetch_sub(1, Ordering::SeqCst);
            });
            if is_request {
                plan = plan.request();
            }
        }
        assert_eq!(campaign.build(&plan).report.ran, 12);
        assert_eq!(most.load(Ordering::SeqCst), limit);
    }
}

#[test]
fn actions_share_the_memory_budget_and_one_that_wants_more_than_all_goes_alone() {
    let mut campaign = Campaign::new().file("a", "a");
    (campaign.options.jobs, campaign.options.memory) = (8, 100);
    let (used, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let mut plan = Plan::default();
    for number in 0..24 {
        let wanted = if number == 7 { 1000 } else { 40 };
        let (used, most) = (used.clone(), most.clone());
        plan = plan.step(&format!("step {number}"), &format!("{number}"), &["a"], "").hook(move |work| {
            let _held = work.reserve(wanted);
            let now = used.fetch_add(wanted, Ordering::SeqCst) + wanted;
            assert!(now <= 100 || now == 1000, "{now} bytes are taken");
            most.fetch_max(now, Ordering::SeqCst);
            std::thread::sleep(Duration::from_millis(1));
            used.fetch_sub(wanted, Ordering::SeqCst);
        });
    }
    let built = campaign.build(&plan);
    assert_eq!(built.report.failed, 0, "{:?}", built.failures());
    assert_eq!(most.load(Ordering::SeqCst), 1000);
}

#[test]
fn an_action_that_splits_its_work_over_threads_while_it_holds_memory_cannot_block_itself() {
    use rayon::prelude::*;
    let mut campaign = Campaign::new().file("a", "a");
    (campaign.options.jobs, campaign.options.memory) = (2, 100);
    let mut plan = Plan::default();
    for number in 0..50 {
        plan = plan.step(&format!("step {number}"), &format!("{number}"), &["a"], "").hook(|work| {
            let _held = work.reserve(60);
            let sum: u64 = (0..2000u32).into_par_iter().with_min_len(1).map(u64::from).map(std::hint::black_box).sum();
            assert_eq!(sum, 1_999_000);
        });
    }
    let (done, over) = channel();
    std::thread::spawn(move || done.send(campaign.build(&plan).report.ran));
    assert_eq!(over.recv_timeout(Duration::from_secs(20)), Ok(50), "it stands still");
}
