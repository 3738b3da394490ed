//! One build at a time: the second waits and is told for whom.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use softbox::engine::Engine;

use crate::campaign::{names, shop};

#[test]
fn a_second_engine_waits_and_is_told_who_holds_the_campaign() {
    let (campaign, plan) = shop();
    let first = Engine::open(&campaign.folder, "softbox watch", |_| panic!("nobody is there")).unwrap();
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let (told, holder) = std::sync::mpsc::channel();
        let (campaign, plan, is_over) = (&campaign, &plan, &is_over);
        let second = scope.spawn(move || {
            let mut engine =
                Engine::open(&campaign.folder, "softbox build", |who| told.send(who.to_owned()).unwrap()).unwrap();
            assert!(is_over.load(Ordering::Relaxed), "it did not wait");
            campaign.build_with(&mut engine, plan)
        });
        let told = holder.recv_timeout(Duration::from_secs(10)).unwrap();
        assert_eq!(told, format!("softbox watch, process {}", std::process::id()));
        is_over.store(true, Ordering::Relaxed);
        drop(first);
        assert_eq!(second.join().unwrap().ran.len(), 6);
    });
}

#[test]
fn a_hundred_builds_at_once_make_what_one_makes() {
    let (campaign, plan) = shop();
    std::thread::scope(|scope| {
        for _ in 0..10 {
            scope.spawn(|| {
                for _ in 0..10 {
                    let graph = plan.graph(&campaign.probe);
                    campaign.engine().build(&graph, &campaign.options, &mut |_| {}).unwrap();
                }
            });
        }
    });
    assert_eq!(campaign.probe.take().len(), 6);
    assert_eq!(campaign.dist(), campaign.clean_dist(&plan));
}

#[test]
fn who_waits_while_the_campaign_is_cleaned_does_not_end_up_with_a_lock_that_keeps_nobody_out() {
    let (campaign, _) = shop();
    let first = campaign.engine();
    std::thread::scope(|scope| {
        let (told, waits) = std::sync::mpsc::channel();
        let folder = &campaign.folder;
        let second = scope.spawn(move || Engine::open(folder, "second", |_| told.send(()).unwrap()).unwrap());
        waits.recv().unwrap();
        std::thread::sleep(Duration::from_millis(20));
        first.clean(|_, _| {}).unwrap();
        let second = second.join().unwrap();
        let (told, waits) = std::sync::mpsc::channel();
        let third = scope.spawn(move || Engine::open(folder, "third", |_| told.send(()).unwrap()).map(drop));
        waits.recv().unwrap();
        assert!(!third.is_finished());
        drop(second);
        third.join().unwrap().unwrap();
    });
}

#[test]
fn who_holds_the_campaign_is_told_without_a_rest_of_who_held_it_before() {
    let (campaign, _) = shop();
    drop(Engine::open(&campaign.folder, "softbox with a long name", |_| {}).unwrap());
    let holder = Engine::open(&campaign.folder, "softbox", |_| {}).unwrap();
    std::thread::scope(|scope| {
        let (told, waits) = std::sync::mpsc::channel();
        let folder = &campaign.folder;
        scope.spawn(move || Engine::open(folder, "other", |who| told.send(who.to_owned()).unwrap()).map(drop));
        assert_eq!(waits.recv().unwrap(), format!("softbox, process {}", std::process::id()));
        drop(holder);
    });
}

#[test]
fn a_damaged_lock_file_still_locks() {
    let (campaign, plan) = shop();
    campaign.build(&plan);
    std::fs::write(campaign.path(".softbox/lock"), b"\xff\xfe").unwrap();
    campaign.write("photos/a.jpg", "apricot");
    assert_eq!(campaign.build(&plan).ran, names(&["card a", "develop a", "story a"]));
}
