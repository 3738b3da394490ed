//! Black Forest Labs: FLUX.2 and FLUX Kontext. The work is asked for once, then looked at until it is ready.

use serde_json::{Map, Value, json};

use super::complaint::{body, words};
use super::{Complaint, Provider, refuse, segments, text, without};
use crate::models::answer::{Answer, Content, Job, Refusal, Reply, Response, Usage};
use crate::models::call::Form;
use crate::models::{Ask, Call, Fault, Money, Request};

pub(super) struct Bfl;

/// FLUX.2: pixels that a picture has at most, and at least.
const MOST: u64 = 4_000_000;
const LEAST: u64 = 64 * 64;
const RATIOS: [&str; 9] = ["1:1", "2:3", "3:2", "3:4", "4:3", "4:5", "5:4", "9:16", "16:9"];

impl Provider for Bfl {
    fn authorization(&self) -> (&'static str, &'static str) {
        ("x-key", "")
    }

    fn call(&self, request: &Request) -> Result<Call, Fault> {
        let Ask::Image(ask) = &request.ask else {
            return Err(Fault::Unsupported { what: "text to be written".into(), who: request.model.clone() });
        };
        without(&request.model, ask)?;
        refuse(&request.model, [(ask.pictures.len() > 8, "more than 8 pictures")])?;
        let mut call = Call::new(format!("/v1/{}", segments(&request.model)));
        let mut body = Map::from_iter([("prompt".to_owned(), json!(ask.prompt))]);
        for (at, picture) in ask.pictures.iter().enumerate() {
            let name = if at == 0 { "input_image".to_owned() } else { format!("input_image_{}", at + 1) };
            body.insert(name, call.picture(picture, Form::Base64));
        }
        if let Some(size) = ask.size {
            if request.model.contains("kontext") {
                body.insert("aspect_ratio".into(), json!(size.nearest_ratio(&RATIOS)));
            } else {
                let size = size.fitted(16, LEAST, MOST);
                body.insert("width".into(), json!(size.width));
                body.insert("height".into(), json!(size.height));
            }
        }
        if let Some(seed) = ask.seed {
            body.insert("seed".into(), json!(seed));
        }
        // Left out, the answer is a JPEG, which loses what the next step needs.
        body.insert("output_format".into(), json!("png"));
        call.json(Value::Object(body)).with(&request.extra)
    }

    fn read(&self, job: Option<&Job>, body: &Value) -> Result<Reply, Fault> {
        let Some(job) = job else {
            let next = text(body, "/polling_url").ok_or_else(|| Fault::unusable("it has no polling_url"))?.to_owned();
            // Credits are cents of a dollar.
            let cents = body.get("cost").and_then(Value::as_f64);
            let cost = cents.map(|cents| Money::usd((cents * 10_000.0).ceil() as u64));
            return Ok(Reply::Later(Job { next, is_done: false, cost }));
        };
        let usage = Usage { cost: job.cost, ..Usage::default() };
        match text(body, "/status").unwrap_or_default() {
            "Ready" => {
                let url = text(body, "/result/sample").ok_or_else(|| Fault::unusable("it has no result.sample"))?;
                let owned = |pointer| text(body, pointer).map(str::to_owned);
                let seed = body.pointer("/result/seed").and_then(Value::as_u64);
                Ok(Reply::Answer(Answer {
                    contents: vec![Content::link(url)?],
                    usage,
                    id: owned("/id"),
                    seed,
                    model: None,
                }))
            }
            status @ ("Request Moderated" | "Content Moderated") => Ok(Reply::Refused(Refusal::new(status))),
            status @ ("Error" | "Failed" | "Task not found") => {
                let details = body.get("details").filter(|details| !details.is_null());
                let details = details.map(|details| format!(": {details}")).unwrap_or_default();
                Err(Fault::JobFailed { message: format!("{status}{details}") })
            }
            _ => Ok(Reply::Later(job.clone())),
        }
    }

    fn complaint(&self, response: &Response) -> Complaint {
        let message = words(response, &["/detail", "/detail/0/msg", "/message"]);
        match response.status {
            402 => Complaint::Quota(message),
            422 if body(response).to_string().to_lowercase().contains("moderat") => Complaint::Refusal(message),
            status => Complaint::by_status(status, message),
        }
    }
}
