//! Many requests at once: as many as the service takes, each paid once, in whatever storm.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::json;
use softbox::models::{Ask, How, Kind, Request};

use crate::contracts::gemini_picture;
use crate::server::{Reaction, Seen, Server};
use crate::studio::{client, edit, encoded, png, service};

fn numbered(number: usize) -> Request {
    let mut request = edit("gemini-nano-banana-2.1");
    if let Ask::Image(ask) = &mut request.ask {
        ask.prompt = format!("picture {number}");
    }
    request
}

/// How often each prompt was worked on.
fn worked(server: &Server, of: impl Fn(usize) -> bool) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for (_, seen) in server.seen().iter().enumerate().filter(|(at, _)| of(*at)) {
        let prompt = seen.json()["contents"][0]["parts"][0]["text"].as_str().unwrap().to_owned();
        *counts.entry(prompt).or_insert(0) += 1;
    }
    counts
}

fn picture(_: &Seen, _: &str) -> Reaction {
    Reaction::Late(Duration::from_millis(20), Box::new(Reaction::json(200, &gemini_picture(&encoded(&png(9))))))
}

#[test]
fn no_more_requests_are_under_way_than_the_service_takes() {
    let server = Server::start(picture);
    let folder = tempfile::tempdir().unwrap();
    let mut service = service(Kind::Gemini, &server.base);
    service.at_once = 3;
    let client = client(folder.path());
    std::thread::scope(|threads| {
        for number in 0..24 {
            let (client, service) = (&client, &service);
            threads.spawn(move || client.ask(service, &numbered(number), "a", How::default(), &|_| {}).unwrap());
        }
    });
    assert_eq!(server.most.load(Ordering::SeqCst), 3);
    assert_eq!(worked(&server, |_| true).len(), 24);
}

#[test]
fn a_storm_of_429_loses_and_repeats_no_answer() {
    let count = AtomicUsize::new(0);
    let server = Server::start(move |seen, base| {
        if !count.fetch_add(1, Ordering::SeqCst).is_multiple_of(3) {
            return Reaction::json(429, &json!({ "error": { "message": "slow down" } })).with("retry-after-ms", "3");
        }
        picture(seen, base)
    });
    let folder = tempfile::tempdir().unwrap();
    let (service, client) = (service(Kind::Gemini, &server.base), client(folder.path()));
    std::thread::scope(|threads| {
        for number in 0..24 {
            let (client, service) = (&client, &service);
            threads.spawn(move || client.ask(service, &numbered(number), "a", How::default(), &|_| {}).unwrap());
        }
    });
    assert_eq!(client.ledger().spent("").known[0].to_string(), "$1.2096", "24 × $0.0504");
    assert_eq!(client.takes().all().len(), 24);
}

#[test]
fn the_same_question_asked_by_many_at_once_is_asked_once() {
    let server = Server::start(picture);
    let folder = tempfile::tempdir().unwrap();
    let (service, client) = (service(Kind::Gemini, &server.base), client(folder.path()));
    std::thread::scope(|threads| {
        for _ in 0..8 {
            let (client, service) = (&client, &service);
            threads.spawn(move || client.ask(service, &numbered(1), "a", How::default(), &|_| {}).unwrap());
        }
    });
    assert_eq!(server.count("POST"), 1);
}
