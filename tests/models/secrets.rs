//! A planted key turns up in one header and nowhere else: no file, message, error or debug output has it, even where a service repeats it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::json;
use softbox::models::{How, KINDS, Kind, Patience, Service};

use crate::contracts::Stand;
use crate::server::{Reaction, Server};
use crate::studio::{KEY, client, client_with, edit, holds, keys, patience, write};

#[test]
fn a_planted_key_is_found_in_no_file_and_no_message() {
    let echo = |status: u16| {
        let words = format!("Incorrect API key provided: {KEY}.");
        Reaction::json(status, &json!({
            "error": { "message": words, "code": KEY }, "detail": words, "candidates": [{ "finishReason": words, "finishMessage": words }],
            "choices": [{ "message": { "content": words } }], "id": KEY, "content": [{ "text": words }], "status": words, "model": KEY,
            "output": [{ "type": "message", "content": [{ "text": words }] }], "data": [], "images": [KEY], "prompt_id": KEY,
        }))
        .with("x-request-id", KEY)
    };
    for status in [200, 400, 401, 403, 404, 422, 429, 500] {
        let reaction = echo(status);
        let server = Server::start(move |_, _| reaction.clone());
        // Those without a key know none to repeat.
        for kind in KINDS.into_iter().filter(|kind| !kind.is_local()) {
            let folder = tempfile::tempdir().unwrap();
            let service = Service::new(kind, Some(&server.base), Some("FAL_KEY"), &keys()).unwrap();
            let said = Arc::new(Mutex::new(format!("{service:?} {:?}", keys())));
            let client = client_with(
                folder.path(),
                Default::default(),
                Patience { total: Duration::from_millis(40), ..patience() },
            );
            let retry = How { retry: true, ..How::default() };
            for request in [edit("gpt-image-2"), write("gpt-image-2")] {
                let tell = |news| said.lock().unwrap().push_str(&format!("{news:?}"));
                let result = client.ask(&service, &request, "a", retry, &tell);
                let words = match &result {
                    Ok(take) => format!("{take:?}"),
                    Err(fault) => format!("{fault} {fault:?} {}", fault.hint()),
                };
                said.lock().unwrap().push_str(&words);
            }
            said.lock().unwrap().push_str(&format!("{client:?}"));
            assert!(!said.lock().unwrap().contains(KEY), "{kind} {status}: {}", said.lock().unwrap());
            assert_eq!(holds(folder.path(), KEY.as_bytes()), None, "{kind} {status}");
        }
    }
}

#[test]
fn the_key_goes_into_one_header_and_never_into_an_address() {
    for kind in KINDS {
        let request = match kind {
            Kind::Anthropic => write("m"),
            Kind::ComfyUi => crate::studio::with(edit("m"), json!({ "graph": { "1": "{{image}}" } })),
            Kind::Fal => edit("fal-ai/nano-banana-2/edit"),
            _ => edit("m"),
        };
        let (stand, folder) = (Stand::of(kind), tempfile::tempdir().unwrap());
        client(folder.path()).ask(&stand.service, &request, "a", How::default(), &|_| {}).unwrap();
        for seen in stand.server.seen() {
            assert!(!seen.path.contains(KEY), "{kind}");
            assert!(seen.headers.iter().filter(|(_, value)| value.contains(KEY)).count() <= 1, "{kind}");
            assert!(!seen.body.windows(KEY.len()).any(|part| part == KEY.as_bytes()), "{kind}");
        }
        assert_eq!(holds(folder.path(), KEY.as_bytes()), None, "{kind}");
    }
}
