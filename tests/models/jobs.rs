//! Work that takes its time at a service: looked at until it is done, taken up again by a later build, fetched without the key.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use softbox::models::{How, Kind, News, Patience, Request, Service};

use crate::server::{Reaction, Seen, Server};
use crate::studio::{KEY, build, client_with, edit, patience, png, service};

/// FLUX, whose answers to the questions how the job goes are `looks`, one after another, the last one for ever.
fn flux(looks: Vec<Reaction>) -> (Server, Service) {
    let asked = AtomicUsize::new(0);
    let server = Server::start(move |seen: &Seen, base: &str| match seen.path.as_str() {
        "/v1/flux-2-pro" => {
            Reaction::json(200, &json!({ "id": "b1", "polling_url": format!("{base}/v1/get_result?id=b1"), "cost": 3 }))
        }
        "/v1/get_result?id=b1" => {
            let at = asked.fetch_add(1, Ordering::SeqCst).min(looks.len() - 1);
            looks[at].clone()
        }
        "/moved" => Reaction::bytes(302, "text/plain", Vec::new()).with("location", "/result"),
        "/loop" => Reaction::bytes(302, "text/plain", Vec::new()).with("location", "/loop"),
        "/leak" => Reaction::bytes(302, "text/plain", Vec::new()).with("location", "file:///etc/passwd"),
        "/result" => Reaction::bytes(200, "image/png", png(9)),
        "/page" => Reaction::bytes(200, "text/html", b"<html></html>".to_vec()),
        _ => Reaction::bytes(404, "text/plain", Vec::new()),
    });
    let service = service(Kind::Bfl, &server.base);
    (server, service)
}

fn status(status: &str) -> Reaction {
    Reaction::json(200, &json!({ "status": status }))
}

fn ready(server_path: &str) -> Reaction {
    Reaction::json(200, &json!({ "status": "Ready", "result": { "sample": server_path } }))
}

fn request() -> Request {
    edit("flux-2-pro")
}

#[test]
fn looking_at_a_job_is_free_and_survives_failures() {
    let page = Reaction::bytes(200, "text/html", b"<html></html>".to_vec());
    let failing = Reaction::json(503, &json!({ "detail": "later" }));
    let (server, service) =
        flux(vec![status("Pending"), failing, Reaction::Reset, page, status("Pending"), ready("/result")]);
    let folder = tempfile::tempdir().unwrap();
    let take = build(folder.path(), &service, &request(), How::default()).0.unwrap();
    assert_eq!(take.read().unwrap(), [png(9)]);
    assert_eq!((server.count("POST"), take.record.lost), (1, 0));
    assert_eq!(take.record.cost.unwrap().to_string(), "$0.03", "as the service said when it took the job on");
}

#[test]
fn a_job_that_outlives_a_build_is_taken_up_by_the_next_one() {
    let (server, service) = flux(vec![status("Pending"), status("Pending"), ready("/result")]);
    let folder = tempfile::tempdir().unwrap();
    let impatient = Patience { job: Duration::ZERO, ..patience() };
    let client = client_with(folder.path(), Default::default(), impatient);
    let fault = client.ask(&service, &request(), "a", How::default(), &|_| {}).unwrap_err();
    assert!(fault.to_string().contains("the work goes on there"), "{fault}");
    drop(client);
    let (take, news) = build(folder.path(), &service, &request(), How::default());
    assert_eq!(take.unwrap().read().unwrap(), [png(9)]);
    assert!(news.contains(&News::Resumed { service: "Black Forest Labs" }));
    assert_eq!(server.count("POST"), 1);
    let spent = crate::studio::client(folder.path()).ledger().spent("");
    assert_eq!((spent.known[0].to_string().as_str(), spent.lost), ("$0.03", 0));
}

#[test]
fn a_job_that_is_refused_is_an_answer_and_one_that_fails_is_none() {
    let folder = tempfile::tempdir().unwrap();
    let (server, service) = flux(vec![status("Content Moderated")]);
    for _ in 0..2 {
        let take = build(folder.path(), &service, &request(), How::default()).0.unwrap();
        assert_eq!(take.record.refused.as_deref(), Some("Content Moderated"));
        assert_eq!(take.record.cost, None, "what a refusal costs here is unknown");
    }
    assert_eq!(server.count("POST"), 1);
    let folder = tempfile::tempdir().unwrap();
    let (server, service) = flux(vec![status("Error"), status("Task not found"), ready("/result")]);
    for words in ["Error", "Task not found"] {
        let fault = build(folder.path(), &service, &request(), How::default()).0.unwrap_err();
        assert_eq!(fault.to_string(), format!("the work failed at the service: {words}"));
    }
    build(folder.path(), &service, &request(), How::default()).0.unwrap();
    assert_eq!(server.count("POST"), 3, "what failed is asked for anew");
}

#[test]
fn a_result_that_cannot_be_fetched_is_fetched_by_the_next_build_without_paying() {
    let (server, service) = flux(vec![ready("/gone"), ready("/result")]);
    let folder = tempfile::tempdir().unwrap();
    let fault = build(folder.path(), &service, &request(), How::default()).0.unwrap_err();
    assert!(fault.to_string().contains("no longer there (404)"), "{fault}");
    build(folder.path(), &service, &request(), How::default()).0.unwrap();
    assert_eq!(server.count("POST"), 1);
}

#[test]
fn results_are_fetched_without_the_key_along_few_redirects_and_from_nowhere_odd() {
    for (path, words) in [
        ("/moved", ""),
        ("/loop", "from one address to the next"),
        ("/leak", "not https"),
        ("/page", "this is a web page"),
        ("http://10.1.2.3.example.com/x", "not https"),
        ("ftp://127.0.0.1/x", "private network"),
        ("https://user:pw@127.0.0.1/x", "a name or a password"),
    ] {
        let (server, service) = flux(vec![ready(path)]);
        let folder = tempfile::tempdir().unwrap();
        match build(folder.path(), &service, &request(), How::default()).0 {
            Ok(take) => assert_eq!((take.read().unwrap(), words), (vec![png(9)], "")),
            Err(fault) => assert!(!words.is_empty() && fault.to_string().contains(words), "{path}: {fault}"),
        }
        for seen in server.seen() {
            let is_result = !seen.path.starts_with("/v1/");
            assert_eq!(seen.headers.iter().any(|(_, value)| value.contains(KEY)), !is_result, "{}", seen.path);
        }
    }
}

#[test]
fn a_job_on_a_strange_host_is_not_asked_for_with_the_key() {
    let thief = Server::start(|_, _| status("Pending"));
    let there = format!("{}/v1/get_result", thief.base);
    let server = Server::start(move |_, _| Reaction::json(200, &json!({ "id": "b1", "polling_url": there })));
    let folder = tempfile::tempdir().unwrap();
    let fault = build(folder.path(), &service(Kind::Bfl, &server.base), &request(), How::default()).0.unwrap_err();
    assert!(fault.to_string().contains("another host, which must not see the key"), "{fault}");
    assert!(thief.seen().is_empty());
}

/// A queue whose job ends with this response.
fn queue(kind: Kind, end: Reaction) -> (Server, Service) {
    let server = Server::start(move |seen: &Seen, base: &str| {
        let body: Value = match (kind, seen.method.as_str()) {
            (Kind::Fal, "POST") => {
                json!({ "request_id": "f1", "status_url": format!("{base}/a/b/requests/f1/status") })
            }
            (Kind::Fal, _) if seen.path.ends_with("/status") => json!({ "status": "COMPLETED" }),
            (Kind::Replicate, "POST") => {
                json!({ "id": "r1", "status": "starting", "urls": { "get": format!("{base}/v1/predictions/r1") } })
            }
            (Kind::ComfyUi, "POST") => json!({ "prompt_id": "c1" }),
            _ => return end.clone(),
        };
        Reaction::json(if seen.path.ends_with("/status") { 202 } else { 201 }, &body)
    });
    let service = service(kind, &server.base);
    (server, service)
}

#[test]
fn refusals_and_failures_of_every_queue_are_told_apart() {
    let policy = json!({ "detail": [{ "loc": ["body"], "msg": "flagged by a content checker", "type": "content_policy_violation" }] });
    let load =
        json!({ "detail": [{ "loc": ["body"], "msg": "Could not load the image", "type": "image_load_error" }] });
    let flagged = json!({ "status": "failed", "error": "The input was flagged as sensitive. (E005)" });
    let memory = json!({ "status": "failed", "error": "CUDA out of memory" });
    let graph = json!({ "c1": { "status": { "status_str": "error", "messages": [["execution_error", { "exception_message": "no such checkpoint" }]] } } });
    let comfy = crate::studio::with(edit("m"), json!({ "graph": { "1": "x" } }));
    let (fal, replicate) = (edit("fal-ai/nano-banana-2/edit"), edit("google/nano-banana-pro"));
    for (kind, request, status, body, refused, words) in [
        (Kind::Fal, &fal, 422, policy, true, "flagged by a content checker"),
        (Kind::Fal, &fal, 422, load, false, "Could not load the image"),
        (Kind::Replicate, &replicate, 200, flagged, true, "E005"),
        (Kind::Replicate, &replicate, 200, memory, false, "CUDA out of memory"),
        (Kind::ComfyUi, &comfy, 200, graph, false, "no such checkpoint"),
    ] {
        let (server, service) = queue(kind, Reaction::json(status, &body));
        let folder = tempfile::tempdir().unwrap();
        match build(folder.path(), &service, request, How::default()).0 {
            Ok(take) => assert!(refused && take.record.refused.unwrap().contains(words)),
            Err(fault) => assert!(!refused && fault.to_string().contains(words), "{fault}"),
        }
        assert_eq!(server.count("POST"), 1);
    }
}
