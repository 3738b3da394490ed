//! fal: models of many makers behind one queue.

use serde_json::{Map, Value, json};

use super::complaint::{body, words};
use super::{Complaint, Provider, list, refuse, segments, text};
use crate::models::answer::{Answer, Content, Job, Refusal, Reply, Response};
use crate::models::call::Form;
use crate::models::{Ask, Call, Fault, ImageAsk, Request};

pub(super) struct Fal;

const RATIOS: [&str; 10] = ["1:1", "2:3", "3:2", "3:4", "4:3", "4:5", "5:4", "9:16", "16:9", "21:9"];

impl Provider for Fal {
    fn authorization(&self) -> (&'static str, &'static str) {
        ("authorization", "Key ")
    }

    fn call(&self, request: &Request) -> Result<Call, Fault> {
        let Ask::Image(ask) = &request.ask else {
            return Err(Fault::Unsupported { what: "text to be written".into(), who: request.model.clone() });
        };
        let mut call = Call::new(format!("/{}", segments(&request.model)));
        let body = input(&mut call, &request.model, ask)?;
        call.json(Value::Object(body)).with(&request.extra)
    }

    fn read(&self, job: Option<&Job>, body: &Value) -> Result<Reply, Fault> {
        let Some(job) = job else {
            let next = text(body, "/status_url").ok_or_else(|| Fault::unusable("it has no status_url"))?;
            return Ok(Reply::Later(Job { next: next.to_owned(), is_done: false, cost: None }));
        };
        if !job.is_done {
            return match text(body, "/status").unwrap_or_default() {
                "IN_QUEUE" | "IN_PROGRESS" => Ok(Reply::Later(job.clone())),
                "COMPLETED" => {
                    let own = job.next.strip_suffix("/status").unwrap_or(&job.next);
                    let next = text(body, "/response_url").unwrap_or(own).to_owned();
                    Ok(Reply::Later(Job { next, is_done: true, cost: None }))
                }
                status => Err(Fault::JobFailed { message: format!("its status is {status:?}") }),
            };
        }
        let images = list(body, "/images").iter().chain(body.get("image"));
        let mut contents = Vec::new();
        for image in images {
            let url = text(image, "/url").ok_or_else(|| Fault::unusable("a picture in it has no address"))?;
            contents.push(Content::link(url)?);
        }
        let flagged = list(body, "/has_nsfw_concepts").contains(&Value::Bool(true));
        if flagged {
            return Ok(Reply::Refused(Refusal::new("the safety checker blacked the picture out")));
        }
        let seed = body.get("seed").and_then(Value::as_u64);
        Ok(Reply::Answer(Answer { contents, seed, ..Answer::default() }))
    }

    fn complaint(&self, response: &Response) -> Complaint {
        let message = words(response, &["/detail/0/msg", "/detail"]);
        let body = body(response);
        let kind = list(&body, "/detail").iter().find_map(|detail| text(detail, "/type")).unwrap_or_default();
        match response.status {
            _ if kind == "content_policy_violation" => Complaint::Refusal(message),
            403 if message.to_lowercase().contains("balance") => Complaint::Quota(message),
            status if status < 500 && response.header("x-fal-retryable") == Some("true") => Complaint::Server(message),
            status if status >= 500 && response.header("x-fal-retryable") == Some("false") => {
                Complaint::Rejected(message)
            }
            status => Complaint::by_status(status, message),
        }
    }
}

/// Each maker's endpoints have their own names for the same things.
fn input(call: &mut Call, app: &str, ask: &ImageAsk) -> Result<Map<String, Value>, Fault> {
    let has = |word: &str| app.contains(word);
    let (is_banana, is_gpt, is_kontext) = (has("nano-banana"), has("gpt-image"), has("kontext"));
    refuse(
        app,
        [
            (ask.mask.is_some() && !is_gpt, "a mask"),
            (ask.markup.is_some(), "marks over the picture"),
            (ask.transparent && !is_gpt, "a transparent background"),
            (ask.seed.is_some() && is_gpt, "a seed"),
            (is_kontext && ask.pictures.len() > 1, "more than one picture"),
            (is_kontext && ask.count > 1, "several pictures in one answer"),
        ],
    )?;
    let mut input = Map::from_iter([("prompt".to_owned(), json!(ask.prompt))]);
    let pictures: Vec<Value> = ask.pictures.iter().map(|picture| call.picture(picture, Form::DataUrl)).collect();
    match pictures.first() {
        Some(picture) if is_kontext => drop(input.insert("image_url".into(), picture.clone())),
        Some(_) => drop(input.insert("image_urls".into(), json!(pictures))),
        None => {}
    }
    if let Some(mask) = &ask.mask {
        input.insert("mask_image_url".into(), call.picture(mask, Form::DataUrl));
    }
    if let Some(size) = ask.size {
        if is_banana || is_kontext {
            input.insert("aspect_ratio".into(), json!(size.nearest_ratio(&RATIOS)));
        } else {
            input.insert("image_size".into(), json!({ "width": size.width, "height": size.height }));
        }
        if is_banana {
            let tiers: &[(u64, &str)] = if has("nano-banana-pro") {
                &[(1024, "1K"), (2048, "2K"), (4096, "4K")]
            } else {
                &[(512, "0.5K"), (1024, "1K"), (2048, "2K"), (4096, "4K")]
            };
            input.insert("resolution".into(), json!(size.tier(tiers)));
        }
    }
    if let Some(seed) = ask.seed {
        input.insert("seed".into(), json!(seed));
    }
    if ask.count > 1 {
        input.insert("num_images".into(), json!(ask.count));
    }
    if ask.transparent {
        input.insert("background".into(), json!("transparent"));
    }
    Ok(input)
}
