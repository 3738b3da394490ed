//! Every way in which a service fails ends in the picture, in a refusal that is kept, or in an error that says what to do.

use std::time::Duration;

use serde_json::{Value, json};
use softbox::models::{Fault, How, Keys, Kind, News, Patience, Request, Service, Size};

use crate::contracts::{Stand, answered, gemini_picture};
use crate::server::Reaction;
use crate::studio::{build, client_with, edit, encoded, patience, png, write};

/// How a request ends.
enum Ends {
    Answered,
    /// Kept as an answer, with these words.
    Refused(&'static str),
    /// No answer: these words, and the next build asks again.
    Asks(&'static str),
    /// No answer, but something that was paid: these words, and the next build asks nobody.
    Keeps(&'static str),
}

struct Case {
    kind: Kind,
    request: Request,
    reactions: Vec<Reaction>,
    ends: Ends,
    /// POST requests of the first build.
    posts: usize,
}

/// Builds once with the faults, once more without, and once more with `--retry`.
fn check(case: Case) {
    let (stand, folder) = (Stand::of(case.kind), tempfile::tempdir().unwrap());
    let injected = format!("{:?}", case.reactions.first()).chars().take(300).collect::<String>();
    stand.server.inject(case.reactions);
    let (result, _) = build(folder.path(), &stand.service, &case.request, How::default());
    assert_eq!(stand.server.count("POST"), case.posts, "{injected}\n{result:?}");
    let asked_again = |how: How| {
        let before = stand.server.count("POST");
        let (result, _) = build(folder.path(), &stand.service, &case.request, how);
        (stand.server.count("POST") - before, result)
    };
    let retry = How { retry: true, ..How::default() };
    match case.ends {
        Ends::Answered => {
            assert_eq!(result.unwrap().record.refused, None);
            assert_eq!(asked_again(retry).0, 0);
        }
        Ends::Refused(words) => {
            let take = result.unwrap();
            assert!(take.record.refused.as_ref().unwrap().contains(words), "{:?}", take.record.refused);
            let (posts, again) = asked_again(How::default());
            assert_eq!((posts, again.unwrap().record), (0, take.record), "a refusal is an answer");
            let (posts, again) = asked_again(retry);
            assert_eq!((posts, again.unwrap().record.refused), (1, None));
        }
        Ends::Asks(words) => {
            let fault = result.unwrap_err();
            assert!(fault.to_string().contains(words), "{fault}");
            assert_eq!(asked_again(How::default()).0, 1);
        }
        Ends::Keeps(words) => {
            let fault = result.unwrap_err();
            assert!(fault.to_string().contains(words), "{fault}");
            let frozen = asked_again(How { frozen: true, ..How::default() }).1.unwrap_err();
            assert!(matches!(frozen, Fault::Frozen { cost: Some(cost) } if cost.micros == 0), "it is paid already");
            let (posts, again) = asked_again(How::default());
            assert_eq!(
                (posts, again.unwrap_err().to_string()),
                (0, fault.to_string()),
                "what was paid is not paid again"
            );
            let (posts, again) = asked_again(retry);
            assert_eq!((posts, again.unwrap().record.refused), (1, None));
        }
    }
}

fn gemini(reactions: Vec<Reaction>, posts: usize, ends: Ends) {
    check(Case { kind: Kind::Gemini, request: edit("gemini-nano-banana-2.1"), reactions, ends, posts });
}

fn other(kind: Kind, request: Request, reactions: Vec<Reaction>, posts: usize, ends: Ends) {
    check(Case { kind, request, reactions, ends, posts });
}

fn error(status: u16, body: Value) -> Reaction {
    Reaction::json(status, &json!({ "error": body }))
}

fn page(status: u16) -> Reaction {
    Reaction::bytes(status, "text/html", b"<html><head><title>Sign in</title></head></html>".to_vec())
}

fn inline(data: &str) -> Vec<Reaction> {
    vec![Reaction::json(200, &gemini_picture(data))]
}

#[test]
fn too_many_requests_wait_as_long_as_the_service_wants() {
    let info = json!([{ "@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "0.02s" }]);
    let busy = error(429, json!({ "status": "RESOURCE_EXHAUSTED", "message": "slow down", "details": info }));
    gemini(vec![busy.clone(), busy], 3, Ends::Answered);
    gemini(vec![error(429, json!({ "message": "slow down" })).with("retry-after", "0")], 2, Ends::Answered);
    gemini(vec![error(429, json!({ "message": "slow down" })).with("retry-after-ms", "15")], 2, Ends::Answered);
    gemini(vec![error(429, json!({ "message": "slow down" }))], 2, Ends::Answered);
    let long = error(429, json!({ "message": "slow down" })).with("retry-after", "9999");
    gemini(vec![long], 1, Ends::Asks("wants 9999 s of rest"));
    let throttled = json!({ "detail": "Request was throttled. Your rate limit resets in ~0s." });
    other(Kind::Replicate, edit("google/nano-banana-pro"), vec![Reaction::json(429, &throttled)], 2, Ends::Answered);
}

#[test]
fn quotas_are_not_tried_again() {
    let daily = json!([{ "@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [{ "quotaId": "RequestsPerDayPerProject" }] }]);
    gemini(
        vec![error(429, json!({ "message": "quota", "details": daily }))],
        1,
        Ends::Asks("will not do more for this account"),
    );
    gemini(vec![error(429, json!({ "message": "Quota exceeded, limit: 0" }))], 1, Ends::Asks("limit: 0"));
    let empty = error(
        429,
        json!({ "message": "You exceeded your current quota", "type": "insufficient_quota", "code": "insufficient_quota" }),
    );
    other(Kind::OpenAi, edit("gpt-image-2"), vec![empty], 1, Ends::Asks("current quota"));
    let credits = Reaction::json(402, &json!({ "detail": "Insufficient credits" }));
    other(Kind::Bfl, edit("flux-2-pro"), vec![credits], 1, Ends::Asks("Insufficient credits"));
    let balance = Reaction::json(403, &json!({ "detail": "User is locked. Reason: Exhausted balance." }));
    other(Kind::Fal, edit("fal-ai/nano-banana-2/edit"), vec![balance], 1, Ends::Asks("Exhausted balance"));
}

#[test]
fn failures_of_the_service_are_tried_again_for_a_while() {
    let failed = |status| error(status, json!({ "message": "internal", "status": "INTERNAL" }));
    gemini(vec![failed(500), failed(503), failed(504)], 4, Ends::Answered);
    gemini(vec![page(502)], 2, Ends::Answered);
    let overloaded = Reaction::json(
        529,
        &json!({ "type": "error", "error": { "type": "overloaded_error", "message": "Overloaded" } }),
    );
    other(Kind::Anthropic, write("claude-sonnet-5-5"), vec![overloaded], 2, Ends::Answered);
    let never = failed(500).with("x-should-retry", "false");
    other(Kind::OpenAi, write("gpt-6.1-sol"), vec![never], 1, Ends::Asks("failed 1 times (500): internal"));
    let fal = Reaction::json(504, &json!({ "detail": "timeout" })).with("x-fal-retryable", "false");
    other(Kind::Fal, edit("fal-ai/nano-banana-2/edit"), vec![fal], 1, Ends::Asks("does not take the request (504)"));
}

#[test]
fn a_service_that_keeps_failing_is_left_alone_in_the_end() {
    let (stand, folder) = (Stand::of(Kind::Gemini), tempfile::tempdir().unwrap());
    stand.server.inject(std::iter::repeat_n(error(503, json!({ "message": "unavailable" })), 10_000));
    let short = Patience { total: Duration::from_millis(300), ..patience() };
    let client = client_with(folder.path(), Default::default(), short);
    let fault = client
        .ask(&stand.service, &edit("gemini-nano-banana-2.1"), "a", How::default(), &|_| {})
        .unwrap_err()
        .to_string();
    assert!(fault.starts_with("Gemini failed ") && fault.ends_with("(503): unavailable"), "{fault}");
    assert_eq!(client.ledger().spent(""), Default::default());
}

#[test]
fn a_silence_after_sending_is_made_good_once_and_counted() {
    for silence in [
        Reaction::Reset,
        Reaction::Cut { status: 200, body: gemini_picture(&encoded(&answered())).to_string().into_bytes(), at: 100 },
    ] {
        let (stand, folder) = (Stand::of(Kind::Gemini), tempfile::tempdir().unwrap());
        stand.server.inject([silence]);
        let (take, news) = build(folder.path(), &stand.service, &edit("gemini-nano-banana-2.1"), How::default());
        assert_eq!(take.unwrap().record.lost, 1);
        assert!(news.iter().any(|news| matches!(news, News::Lost { cost: Some(_), .. })), "{news:?}");
        let spent = crate::studio::client(folder.path()).ledger().spent("");
        assert_eq!((spent.lost, spent.known[0].to_string().as_str()), (1, "$0.1008"));
    }
    gemini(vec![Reaction::Reset, Reaction::Reset], 2, Ends::Asks("$0.1008 may have been billed for nothing"));
}

#[test]
fn a_picture_of_another_shape_is_kept_and_told() {
    let (stand, folder) = (Stand::of(Kind::Gemini), tempfile::tempdir().unwrap());
    let wide = crate::studio::pixels(1, image::ImageFormat::Png, 40, 30);
    stand.server.inject(inline(&encoded(&wide)));
    let (take, news) = build(folder.path(), &stand.service, &edit("gemini-nano-banana-2.1"), How::default());
    assert_eq!(take.unwrap().read().unwrap(), [wide]);
    let (asked, got) = (Size { width: 1080, height: 1350 }, Size { width: 40, height: 30 });
    assert!(news.contains(&News::OtherShape { service: "Gemini", asked, got }), "{news:?}");
}

#[test]
fn a_service_that_never_answers_is_waited_for_in_vain_twice_at_most() {
    let (stand, folder) = (Stand::of(Kind::Gemini), tempfile::tempdir().unwrap());
    stand.server.inject(std::iter::repeat_n(Reaction::Hang(Duration::from_secs(60)), 5));
    let short = Patience { answer: Duration::from_millis(100), ..patience() };
    let client = client_with(folder.path(), Default::default(), short);
    let fault = client.ask(&stand.service, &edit("gemini-nano-banana-2.1"), "a", How::default(), &|_| {}).unwrap_err();
    assert!(fault.to_string().contains("no answer in time"), "{fault}");
    assert_eq!(stand.server.count("POST"), 2);
}

#[test]
fn pages_of_somebody_else_are_no_answers() {
    gemini(vec![page(200)], 1, Ends::Asks("answered for by somebody else: a web page (sign in)"));
    gemini(vec![Reaction::bytes(200, "application/json", Vec::new())], 1, Ends::Asks("somebody else: nothing"));
    gemini(vec![Reaction::bytes(200, "text/plain", b"upstream ok".to_vec())], 1, Ends::Asks("text (upstream ok)"));
    let away = Reaction::bytes(307, "text/plain", Vec::new()).with("location", "http://127.0.0.1:1/stolen");
    gemini(vec![away], 1, Ends::Asks("another address, which is not followed"));
}

#[test]
fn answers_of_no_use_are_kept_and_not_paid_for_again() {
    let whole = gemini_picture(&encoded(&answered())).to_string().into_bytes();
    let half = Reaction::bytes(200, "application/json", whole[..whole.len() / 2].to_vec());
    gemini(vec![half], 1, Ends::Keeps("JSON that breaks off"));
    gemini(inline("iVBORw0KGgo!"), 1, Ends::Keeps("not base64"));
    gemini(inline("iVBORw0KGgo"), 1, Ends::Keeps("not base64"));
    let picture = answered();
    gemini(inline(&encoded(&picture[..picture.len() / 2])), 1, Ends::Keeps("cut off"));
    gemini(inline(&encoded(b"<html>404</html>")), 1, Ends::Keeps("this is a web page"));
    let mut bomb = png(1);
    bomb[16..24].copy_from_slice(&[0, 0, 0xff, 0xff, 0, 0, 0xff, 0xff]);
    let crc = crc32(&bomb[12..29]);
    bomb[29..33].copy_from_slice(&crc.to_be_bytes());
    gemini(inline(&encoded(&bomb)), 1, Ends::Keeps("megapixels"));
    gemini(vec![Reaction::json(200, &json!({ "usageMetadata": {} }))], 1, Ends::Keeps("no candidates"));
    let nothing = Reaction::json(200, &json!({ "created": 1, "data": [] }));
    other(Kind::OpenAi, edit("gpt-image-2"), vec![nothing], 1, Ends::Keeps("no picture in it"));
    let nothing = Reaction::json(200, &json!({ "choices": [{ "message": { "content": "" } }] }));
    other(Kind::Compatible, write("llama3.3"), vec![nothing], 1, Ends::Keeps("no text in it"));
}

/// ISO 3309, as PNG has it.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0_u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 })
    })
}

#[test]
fn refusals_of_every_shape_are_answers() {
    let blocked = json!({ "promptFeedback": { "blockReason": "PROHIBITED_CONTENT" }, "usageMetadata": { "promptTokenCount": 5 } });
    gemini(vec![Reaction::json(200, &blocked)], 1, Ends::Refused("PROHIBITED_CONTENT"));
    let finished = |candidate: Value| vec![Reaction::json(200, &json!({ "candidates": [candidate] }))];
    let unsafe_ = json!({ "finishReason": "IMAGE_SAFETY", "finishMessage": "Unable to show the generated image." });
    gemini(finished(unsafe_), 1, Ends::Refused("IMAGE_SAFETY: Unable to show"));
    gemini(finished(json!({ "finishReason": "STOP", "content": {} })), 1, Ends::Refused("NO_IMAGE"));
    let words = json!({ "finishReason": "STOP", "content": { "parts": [{ "text": "I can't change a label." }] } });
    gemini(finished(words), 1, Ends::Refused("I can't change a label."));
    let moderated = error(400, json!({ "message": "safety_violations=[violence]", "code": "moderation_blocked" }));
    other(Kind::OpenAi, edit("gpt-image-2"), vec![moderated], 1, Ends::Refused("safety_violations=[violence]"));
    let said = json!({ "status": "completed", "output": [{ "type": "message", "content": [{ "type": "refusal", "refusal": "I won't." }] }] });
    other(Kind::OpenAi, write("gpt-6.1-sol"), vec![Reaction::json(200, &said)], 1, Ends::Refused("I won't."));
    let filtered =
        json!({ "status": "incomplete", "incomplete_details": { "reason": "content_filter" }, "output": [] });
    other(Kind::OpenAi, write("gpt-6.1-sol"), vec![Reaction::json(200, &filtered)], 1, Ends::Refused("content_filter"));
    let stopped =
        json!({ "content": [], "stop_reason": "refusal", "stop_details": { "category": "drugs" }, "usage": {} });
    other(Kind::Anthropic, write("claude-sonnet-5-5"), vec![Reaction::json(200, &stopped)], 1, Ends::Refused("drugs"));
    let filter = json!({ "choices": [{ "message": { "content": null }, "finish_reason": "content_filter" }] });
    other(Kind::Compatible, write("llama3.3"), vec![Reaction::json(200, &filter)], 1, Ends::Refused("content filter"));
    let item = json!({ "data": [{ "error": { "code": "OutputImageSensitiveContentDetected", "message": "no" } }] });
    other(Kind::Ark, edit("seedream-5-5-261028"), vec![Reaction::json(200, &item)], 1, Ends::Refused("Sensitive"));
    let input = error(400, json!({ "code": "InputTextSensitiveContentDetected", "message": "no. Request id: 1" }));
    other(Kind::Ark, edit("seedream-5-5-261028"), vec![input], 1, Ends::Refused("InputText"));
    for body in
        [json!({ "data": [] }), json!({ "data": [{ "b64_json": encoded(&png(1)), "respect_moderation": false }] })]
    {
        other(
            Kind::Xai,
            edit("grok-imagine-image-2.0"),
            vec![Reaction::json(200, &body)],
            1,
            Ends::Refused("moderation"),
        );
    }
}

#[test]
fn wrong_keys_models_and_fields_are_told_in_the_services_own_words() {
    gemini(vec![error(401, json!({ "message": "no such key" }))], 1, Ends::Asks("Gemini refuses the key: no such key"));
    let invalid = json!({ "message": "API key not valid.", "details": [{ "reason": "API_KEY_INVALID" }] });
    gemini(vec![error(400, invalid)], 1, Ends::Asks("refuses the key: API key not valid."));
    gemini(vec![error(403, json!({ "message": "unregistered callers" }))], 1, Ends::Asks("unregistered callers"));
    gemini(
        vec![error(404, json!({ "message": "models/x is not found" }))],
        1,
        Ends::Asks("no model of that name: models/x"),
    );
    let unknown = "Invalid JSON payload received. Unknown name \"x\" at 'generation_config': Cannot find field.";
    gemini(
        vec![error(400, json!({ "message": unknown }))],
        1,
        Ends::Asks("does not take the request (400): Invalid JSON payload"),
    );
    let validation =
        Reaction::json(422, &json!({ "detail": [{ "loc": ["body"], "msg": "field required", "type": "missing" }] }));
    other(Kind::Bfl, edit("flux-2-pro"), vec![validation], 1, Ends::Asks("(422): field required"));
    let graph = Reaction::json(
        400,
        &json!({ "error": { "type": "x", "message": "Prompt has no outputs" }, "node_errors": { "3": { "errors": [] } } }),
    );
    let request = crate::studio::with(edit("marble"), json!({ "graph": {} }));
    let (stand, folder) = (Stand::of(Kind::ComfyUi), tempfile::tempdir().unwrap());
    stand.server.inject([graph]);
    let fault = build(folder.path(), &stand.service, &request, How::default()).0.unwrap_err().to_string();
    assert!(fault.contains("Prompt has no outputs: {\"3\""), "{fault}");
}

#[test]
fn without_a_key_or_a_server_nothing_is_spent() {
    let folder = tempfile::tempdir().unwrap();
    let stand = Stand::of(Kind::Gemini);
    let keyless = Service::new(Kind::Gemini, Some(&stand.server.base), None, &Keys::default()).unwrap();
    let fault = build(folder.path(), &keyless, &edit("gemini-nano-banana-2.1"), How::default()).0.unwrap_err();
    assert_eq!(fault.to_string(), "there is no key for Gemini: GOOGLE_API_KEY or GEMINI_API_KEY is not set");
    assert!(stand.server.seen().is_empty());
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let nowhere = crate::studio::service(Kind::Gemini, &format!("http://{closed}"));
    let fault = build(folder.path(), &nowhere, &edit("gemini-nano-banana-2.1"), How::default()).0.unwrap_err();
    assert!(fault.to_string().starts_with("Gemini cannot be reached: "), "{fault}");
    assert_eq!(crate::studio::client(folder.path()).ledger().spent(""), Default::default());
}
