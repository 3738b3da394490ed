//! Money: the price before, the cost after, limits that stop in time, and takes that need neither key nor network.

use std::fs;

use softbox::models::{Budget, Fault, How, Keys, Kind, Money, Service, What};

use crate::contracts::{Stand, answered};
use crate::studio::{build, client, client_with, edit, patience, with};

#[test]
fn a_budget_stops_before_the_request_that_would_break_it() {
    let (stand, folder) = (Stand::of(Kind::Gemini), tempfile::tempdir().unwrap());
    let budget = Budget { per_build: Some(Money::usd(120_000)), per_month: None };
    let client = client_with(folder.path(), budget, patience());
    let ask = |take: u32| {
        let request = softbox::models::Request { take, ..edit("gemini-nano-banana-2.1") };
        client.ask(&stand.service, &request, "a", How::default(), &|_| {})
    };
    ask(1).unwrap();
    ask(2).unwrap();
    let fault = ask(3).unwrap_err();
    assert_eq!(
        fault.to_string(),
        "this would cost $0.0504; $0.1008 of the $0.12 for this build are spent or under way"
    );
    assert_eq!(stand.billed(), 2);
    ask(2).unwrap();
}

#[test]
fn an_unknown_price_breaks_any_budget_and_is_said_to_be_unknown() {
    let (stand, folder) = (Stand::of(Kind::Gemini), tempfile::tempdir().unwrap());
    let budget = Budget { per_build: None, per_month: Some(Money::usd(1_000_000)) };
    let request = edit("gemini-of-tomorrow");
    let asked =
        client_with(folder.path(), budget, patience()).ask(&stand.service, &request, "a", How::default(), &|_| {});
    assert_eq!(
        asked.unwrap_err().to_string(),
        "what gemini-of-tomorrow costs is not known, and there is a budget for this month to keep"
    );
    assert!(stand.server.seen().is_empty());
    let fault = build(folder.path(), &stand.service, &request, How { frozen: true, retry: false }).0.unwrap_err();
    assert_eq!(fault.to_string(), "this take was not asked for yet: it would cost an unknown amount");
    let take = build(folder.path(), &stand.service, &request, How::default()).0.unwrap();
    assert_eq!(take.record.cost, None);
    assert_eq!(client(folder.path()).ledger().spent("2026-11").unknown, 1);
}

#[test]
fn a_fresh_clone_with_its_takes_needs_no_key_and_no_network() {
    let (stand, folder, clone) = (Stand::of(Kind::Gemini), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let request = edit("gemini-nano-banana-2.1");
    let take = build(folder.path(), &stand.service, &request, How::default()).0.unwrap();
    fs::create_dir_all(clone.path().join("takes/hero")).unwrap();
    for file in take.files().chain([take.path.clone()]) {
        fs::copy(&file, clone.path().join("takes/hero").join(file.file_name().unwrap())).unwrap();
    }
    let elsewhere = Service::new(Kind::Gemini, None, None, &Keys::default()).unwrap();
    let found = build(clone.path(), &elsewhere, &request, How { frozen: true, retry: false }).0.unwrap();
    assert_eq!(found.read().unwrap(), [answered()]);
    assert_eq!(found.record, take.record);
}

#[test]
fn a_changed_request_is_priced_before_it_is_asked_and_going_back_costs_nothing() {
    let (stand, folder) = (Stand::of(Kind::Gemini), tempfile::tempdir().unwrap());
    let (old, new) = (
        edit("gemini-nano-banana-2.1"),
        with(edit("gemini-nano-banana-2.1"), serde_json::json!({ "serviceTier": "flex" })),
    );
    build(folder.path(), &stand.service, &old, How::default()).0.unwrap();
    let client = client(folder.path());
    assert!(client.find(&stand.service, &new).unwrap().is_none());
    assert_eq!(client.estimate(&stand.service, &new).unwrap().to_string(), "$0.0504");
    drop(client);
    build(folder.path(), &stand.service, &new, How::default()).0.unwrap();
    build(folder.path(), &stand.service, &old, How::default()).0.unwrap();
    assert_eq!(stand.billed(), 2);
}

#[test]
fn every_request_has_its_end_in_the_ledger() {
    let (stand, folder) = (Stand::of(Kind::Gemini), tempfile::tempdir().unwrap());
    build(folder.path(), &stand.service, &edit("gemini-nano-banana-2.1"), How::default()).0.unwrap();
    let lines = client(folder.path()).ledger().lines();
    let told: Vec<_> = lines.iter().map(|line| (line.what, line.cost.unwrap().to_string())).collect();
    assert_eq!(told, [(What::Sent, "$0.0504".to_owned()), (What::Paid, "$0.0504".to_owned())]);
    assert_eq!(lines[0].at, "2026-11-23T12:00:00Z");
    assert!(
        !folder.path().join(".softbox/answers").read_dir().unwrap().any(|_| true),
        "what became a take is not kept twice"
    );
}

#[test]
fn an_answer_that_cannot_become_a_take_yet_is_kept_until_it_can() {
    let (stand, folder) = (Stand::of(Kind::Gemini), tempfile::tempdir().unwrap());
    let client = client(folder.path());
    // A file where the folder of takes belongs.
    fs::write(folder.path().join("takes"), "").unwrap();
    let fault = client.ask(&stand.service, &edit("gemini-nano-banana-2.1"), "a", How::default(), &|_| {}).unwrap_err();
    assert!(matches!(fault, Fault::Disk { .. }), "{fault}");
    fs::remove_file(folder.path().join("takes")).unwrap();
    let take = build(folder.path(), &stand.service, &edit("gemini-nano-banana-2.1"), How::default()).0.unwrap();
    assert_eq!((take.read().unwrap(), stand.billed()), (vec![answered()], 1), "the raw answer was safe");
}
