//! Replicate: models of many makers as predictions.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::complaint::words;
use super::{Complaint, Provider, refuse, segment, segments, text, without};
use crate::models::answer::{Answer, Content, Job, Refusal, Reply, Response};
use crate::models::call::Form;
use crate::models::{Ask, Call, Fault, ImageAsk, Picture, Request};

pub(super) struct Replicate;

const RATIOS: [&str; 10] = ["1:1", "2:3", "3:2", "3:4", "4:3", "4:5", "5:4", "9:16", "16:9", "21:9"];
/// Larger data URLs are not taken: the picture is uploaded.
const DATA_URL: usize = 256 << 10;

impl Provider for Replicate {
    fn call(&self, request: &Request) -> Result<Call, Fault> {
        let Ask::Image(ask) = &request.ask else {
            return Err(Fault::Unsupported { what: "text to be written".into(), who: request.model.clone() });
        };
        without(&request.model, ask)?;
        // `owner/name` for official models, `owner/name:version` for those of the community.
        let (mut call, version) = match request.model.split_once(':') {
            Some((_, version)) => (Call::new("/v1/predictions"), Some(version)),
            None => (Call::new(format!("/v1/models/{}/predictions", segments(&request.model))), None),
        };
        let mut input = input(&mut call, &request.model, ask)?;
        for (name, value) in &request.extra {
            input.insert(name.clone(), value.clone());
        }
        let mut body = Map::from_iter([("input".to_owned(), Value::Object(input))]);
        if let Some(version) = version {
            body.insert("version".into(), json!(version));
        }
        call.json(Value::Object(body)).with(&Map::new())
    }

    fn read(&self, job: Option<&Job>, body: &Value) -> Result<Reply, Fault> {
        match text(body, "/status").unwrap_or_default() {
            "starting" | "processing" | "queued" => {
                let id = text(body, "/id").map(|id| format!("/v1/predictions/{}", segment(id)));
                let next = text(body, "/urls/get").map(str::to_owned).or(id).or_else(|| Some(job?.next.clone()));
                let next = next.ok_or_else(|| Fault::unusable("it has no id"))?;
                Ok(Reply::Later(Job { next, is_done: false, cost: None }))
            }
            "succeeded" => {
                let output = body.get("output").unwrap_or(&Value::Null);
                let urls = output.as_array().map_or(std::slice::from_ref(output), Vec::as_slice);
                let contents = urls.iter().filter_map(Value::as_str).map(Content::link).collect::<Result<_, _>>()?;
                let owned = |pointer| text(body, pointer).map(str::to_owned);
                let model = owned("/model").or(owned("/version"));
                Ok(Reply::Answer(Answer { contents, model, id: owned("/id"), ..Answer::default() }))
            }
            status => {
                let error = text(body, "/error").unwrap_or(status).to_owned();
                let is_refusal = error.contains("E005") || error.to_lowercase().contains("flagged as sensitive");
                if is_refusal {
                    Ok(Reply::Refused(Refusal::new(error)))
                } else {
                    Err(Fault::JobFailed { message: error })
                }
            }
        }
    }

    fn complaint(&self, response: &Response) -> Complaint {
        let message = words(response, &["/detail", "/title"]);
        if response.status != 429 {
            return Complaint::by_status(response.status, message);
        }
        // "Request was throttled. Your rate limit resets in ~30s."
        let seconds = message.split_once('~').and_then(|(_, rest)| rest.split_once('s')?.0.parse().ok());
        Complaint::Busy(message, seconds.map(Duration::from_secs))
    }

    fn upload(&self, picture: &Picture) -> Option<Call> {
        let mut call = Call::new("/v1/files");
        let file = call.picture(picture, Form::File);
        Some(call.multipart(vec![("content".to_owned(), file)]))
    }

    fn uploaded(&self, body: &Value) -> Option<Value> {
        text(body, "/urls/get").map(|url| json!(url))
    }
}

fn input(call: &mut Call, model: &str, ask: &ImageAsk) -> Result<Map<String, Value>, Fault> {
    let is_flux = model.contains("flux");
    let is_seedream = model.contains("seedream");
    refuse(model, [(is_flux && ask.pictures.len() > 1, "more than one picture")])?;
    let mut input =
        Map::from_iter([("prompt".to_owned(), json!(ask.prompt)), ("output_format".to_owned(), json!("png"))]);
    let mut pictures: Vec<Value> = ask.pictures.iter().map(|picture| call.picture(picture, form(picture))).collect();
    if is_flux {
        pictures.pop().map(|picture| input.insert("input_image".into(), picture));
    } else if !pictures.is_empty() {
        input.insert("image_input".into(), Value::Array(pictures));
    }
    if let Some(size) = ask.size {
        input.insert("aspect_ratio".into(), json!(size.nearest_ratio(&RATIOS)));
        if is_seedream {
            input.insert("size".into(), json!(size.tier(&[(1024, "1K"), (2048, "2K")])));
        } else if !is_flux {
            input.insert("resolution".into(), json!(size.tier(&[(1024, "1K"), (2048, "2K"), (4096, "4K")])));
        }
    }
    match ask.seed {
        Some(seed) if is_flux => drop(input.insert("seed".into(), json!(seed))),
        seed => refuse(model, [(seed.is_some(), "a seed")])?,
    }
    Ok(input)
}

fn form(picture: &Picture) -> Form {
    let encoded = picture.bytes.len().div_ceil(3) * 4 + 32;
    if encoded <= DATA_URL { Form::DataUrl } else { Form::Uploaded }
}
