//! Processes killed with SIGKILL at random points: nothing that had arrived is ever asked for again, and the ledger accounts for the rest.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::json;
use softbox::models::{Ask, How, Kind, Request, RequestDigest, What};

use crate::contracts::gemini_picture;
use crate::server::{Reaction, Server};
use crate::studio::{client, edit, encoded, png, service};

/// Say to a child process where to build and whom to ask.
const FOLDER: &str = "SOFTBOX_MODELS_FOLDER";
const BASE: &str = "SOFTBOX_MODELS_BASE";
const REQUESTS: usize = 8;

/// Half of the requests are answered at once, half are jobs.
fn requests() -> Vec<(Kind, Request)> {
    let one = |number: usize| {
        let (kind, model) =
            if number.is_multiple_of(2) { (Kind::Gemini, "gemini-nano-banana-2.1") } else { (Kind::Bfl, "flux-2-pro") };
        let mut request = edit(model);
        if let Ask::Image(ask) = &mut request.ask {
            ask.prompt = format!("picture {number}");
        }
        (kind, request)
    };
    (0..REQUESTS).map(one).collect()
}

fn digest(kind: Kind, request: &Request) -> RequestDigest {
    kind.provider().call(request).unwrap().digest(kind.name(), &request.model, request.take)
}

#[test]
#[ignore = "is the process that another test kills"]
fn asks_for_the_test_beside_it() {
    let (Ok(folder), Ok(base)) = (std::env::var(FOLDER), std::env::var(BASE)) else { return };
    let client = client(Path::new(&folder));
    std::thread::scope(|threads| {
        for half in 0..2 {
            let (client, base) = (&client, &base);
            threads.spawn(move || {
                for (kind, request) in requests().into_iter().skip(half * REQUESTS / 2).take(REQUESTS / 2) {
                    client.ask(&service(kind, base), &request, "a", How::default(), &|_| {}).unwrap();
                }
            });
        }
    });
}

fn child(folder: &Path, base: &str) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["crash::asks_for_the_test_beside_it", "--exact", "--ignored", "--nocapture"])
        .env(FOLDER, folder)
        .env(BASE, base)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// The requests whose answer, or whose job, is on disk.
fn arrived(folder: &Path) -> BTreeSet<RequestDigest> {
    let there = std::fs::read_dir(folder.join(".softbox/answers")).into_iter().flatten();
    let names = there.filter_map(|entry| RequestDigest::parse(entry.unwrap().file_name().to_str()?));
    let takes = softbox::models::Takes::open(&folder.join("takes")).unwrap();
    names.chain(takes.all().into_iter().map(|take| take.record.request)).collect()
}

fn studio() -> Server {
    let slow = |reaction| Reaction::Late(Duration::from_millis(8), Box::new(reaction));
    Server::start(move |seen, base| match (seen.method.as_str(), seen.path.as_str()) {
        ("POST", "/v1/flux-2-pro") => {
            let id = seen.json()["prompt"].as_str().unwrap().replace(' ', "-");
            slow(Reaction::json(
                200,
                &json!({ "id": id, "polling_url": format!("{base}/v1/get_result?id={id}"), "cost": 3 }),
            ))
        }
        ("POST", _) => slow(Reaction::json(200, &gemini_picture(&encoded(&png(9))))),
        (_, "/result") => slow(Reaction::bytes(200, "image/png", png(8))),
        _ => slow(Reaction::json(200, &json!({ "status": "Ready", "result": { "sample": format!("{base}/result") } }))),
    })
}

#[test]
fn nothing_that_had_arrived_is_asked_for_again_after_sigkill() {
    let (server, folder) = (studio(), tempfile::tempdir().unwrap());
    let by_prompt: BTreeMap<String, RequestDigest> = requests()
        .iter()
        .map(|(kind, request)| match &request.ask {
            Ask::Image(ask) => (ask.prompt.clone(), digest(*kind, request)),
            Ask::Text(_) => unreachable!(),
        })
        .collect();
    let mut random = blake3::Hasher::new().update(b"softbox crash 1").finalize_xof();
    let mut kills = 0;
    loop {
        let (before, posted) = (arrived(folder.path()), server.seen().len());
        let mut child = child(folder.path(), &server.base);
        let mut byte = [0];
        random.fill(&mut byte);
        // The first rounds are killed early and late, the last ones run to their end.
        let killed = kills < 25 && {
            std::thread::sleep(Duration::from_micros(u64::from(byte[0]) * 600));
            child.try_wait().unwrap().is_none() && child.kill().is_ok()
        };
        let status = child.wait().unwrap();
        for seen in server.seen().split_off(posted).iter().filter(|seen| seen.method == "POST") {
            let body = seen.json();
            let prompt =
                body["prompt"].as_str().or(body["contents"][0]["parts"][0]["text"].as_str()).unwrap().to_owned();
            assert!(!before.contains(&by_prompt[&prompt]), "{prompt} had arrived and was asked for again");
        }
        assert!(arrived(folder.path()).is_superset(&before), "what had arrived is lost");
        if !killed {
            assert!(status.success());
            break;
        }
        kills += 1;
    }
    let client = client(folder.path());
    assert_eq!(client.takes().all().len(), REQUESTS);
    let lines = client.ledger().lines();
    for digest in by_prompt.values() {
        let ends = |wanted: What| lines.iter().filter(|line| line.request == *digest && line.what == wanted).count();
        assert_eq!(ends(What::Paid), 1);
        assert_eq!(ends(What::Sent), 1 + ends(What::Lost), "every request has its end");
        assert_eq!(client.ledger().is_open(digest), None);
    }
    let posts = server.count("POST");
    assert!(posts <= lines.iter().filter(|line| line.what == What::Sent).count(), "nothing goes out unannounced");
}
