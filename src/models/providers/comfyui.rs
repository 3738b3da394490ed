//! ComfyUI: a graph, exported in API format, with placeholders that are filled in. It runs on the person's own machine.
//!
//! The graph is the parameter `graph`. Its texts may hold `{{prompt}}`, `{{image}}`, `{{image_2}}`, …, `{{mask}}`, `{{seed}}`, `{{width}}`
//! and `{{height}}`; one that is a placeholder and nothing else becomes the value itself, a number where it is one.

use serde_json::{Map, Value, json};

use super::complaint::{body, words};
use super::{Complaint, Provider, list, refuse, segment, text};
use crate::models::answer::{Answer, Content, Job, Reply, Response};
use crate::models::call::Form;
use crate::models::{Ask, Call, Fault, ImageAsk, Picture, Request};

pub(super) struct ComfyUi;

impl Provider for ComfyUi {
    fn call(&self, request: &Request) -> Result<Call, Fault> {
        let Ask::Image(ask) = &request.ask else {
            return Err(Fault::Unsupported { what: "text to be written".into(), who: request.model.clone() });
        };
        refuse(
            "ComfyUI",
            [
                (ask.markup.is_some(), "marks over the picture"),
                (ask.count > 1, "several pictures in one answer"),
                (!request.extra.get("graph").is_some_and(Value::is_object), "no `graph`"),
            ],
        )?;
        let mut call = Call::new("/prompt");
        let values = values(&mut call, request.take, ask);
        let mut graph = request.extra.get("graph").cloned().unwrap_or_default();
        let mut unknown = None;
        fill(&mut graph, &values, &mut unknown);
        if let Some(name) = unknown {
            return Err(Fault::Unsupported {
                what: format!("nothing to put in the place of {{{{{name}}}}}"),
                who: "its graph".into(),
            });
        }
        let others = request.extra.iter().filter(|(name, _)| *name != "graph");
        let others: Map<String, Value> = others.map(|(name, value)| (name.clone(), value.clone())).collect();
        call.json(json!({ "prompt": graph, "client_id": "softbox" })).with(&others)
    }

    fn read(&self, job: Option<&Job>, body: &Value) -> Result<Reply, Fault> {
        let Some(job) = job else {
            let id = text(body, "/prompt_id").ok_or_else(|| Fault::unusable("it has no prompt_id"))?;
            return Ok(Reply::Later(Job { next: format!("/history/{}", segment(id)), is_done: false, cost: None }));
        };
        // Empty until it is done.
        let Some(done) = body.as_object().and_then(|all| all.values().next()) else {
            return Ok(Reply::Later(job.clone()));
        };
        if text(done, "/status/status_str") == Some("error") {
            let messages = list(done, "/status/messages").iter();
            let why = messages.filter_map(|message| text(message, "/1/exception_message")).next_back();
            return Err(Fault::JobFailed { message: why.unwrap_or("the graph failed").trim().to_owned() });
        }
        let nodes = done.get("outputs").and_then(Value::as_object);
        let images = nodes.into_iter().flat_map(Map::values).flat_map(|node| list(node, "/images"));
        let saved = images.filter(|image| text(image, "/type") == Some("output"));
        let view = |image: &Value| {
            let part = |name: &str| segment(text(image, &format!("/{name}")).unwrap_or_default());
            Content::Link(format!("/view?filename={}&subfolder={}&type=output", part("filename"), part("subfolder")))
        };
        Ok(Reply::Answer(Answer { contents: saved.map(view).collect(), ..Answer::default() }))
    }

    fn complaint(&self, response: &Response) -> Complaint {
        let message = words(response, &["/error/message", "/error"]);
        let errors = body(response)
            .get("node_errors")
            .filter(|errors| errors.as_object().is_some_and(|all| !all.is_empty()))
            .map(ToString::to_string);
        match errors {
            Some(errors) => Complaint::Rejected(crate::models::fault::brief(&format!("{message}: {errors}"))),
            None => Complaint::by_status(response.status, message),
        }
    }

    fn upload(&self, picture: &Picture) -> Option<Call> {
        let mut call = Call::new("/upload/image");
        let file = call.picture(picture, Form::File);
        let fields = [("image", file), ("type", json!("input")), ("overwrite", json!("true"))];
        Some(call.multipart(fields.map(|(name, value)| (name.to_owned(), value)).into()))
    }

    fn uploaded(&self, body: &Value) -> Option<Value> {
        let name = text(body, "/name")?;
        let folder = text(body, "/subfolder").filter(|folder| !folder.is_empty());
        Some(json!(folder.map_or_else(|| name.to_owned(), |folder| format!("{folder}/{name}"))))
    }
}

fn values(call: &mut Call, take: u32, ask: &ImageAsk) -> Map<String, Value> {
    // Takes differ by their seed, and the same take comes out the same.
    let seed = ask.seed.unwrap_or(u64::from(take));
    let mut values = Map::from_iter([("prompt".to_owned(), json!(ask.prompt)), ("seed".to_owned(), json!(seed))]);
    for (at, picture) in ask.pictures.iter().enumerate() {
        let name = if at == 0 { "image".to_owned() } else { format!("image_{}", at + 1) };
        values.insert(name, call.picture(picture, Form::Uploaded));
    }
    if let Some(mask) = &ask.mask {
        values.insert("mask".into(), call.picture(mask, Form::Uploaded));
    }
    if let Some(size) = ask.size {
        values.insert("width".into(), json!(size.width));
        values.insert("height".into(), json!(size.height));
    }
    values
}

fn fill(value: &mut Value, values: &Map<String, Value>, unknown: &mut Option<String>) {
    match value {
        Value::Object(object) => object.values_mut().for_each(|value| fill(value, values, unknown)),
        Value::Array(list) => list.iter_mut().for_each(|value| fill(value, values, unknown)),
        Value::String(text) => {
            if let Some(whole) = placeholder(text).and_then(|name| values.get(name)) {
                *value = whole.clone();
                return;
            }
            *text = filled(text, values, unknown);
        }
        _ => {}
    }
}

fn placeholder(text: &str) -> Option<&str> {
    let name = text.trim().strip_prefix("{{")?.strip_suffix("}}")?.trim();
    name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_').then_some(name)
}

/// In one pass, so that a prompt that holds braces is left alone.
fn filled(text: &str, values: &Map<String, Value>, unknown: &mut Option<String>) -> String {
    let (mut rest, mut out) = (text, String::new());
    while let Some((before, (name, after))) =
        rest.split_once("{{").and_then(|(before, rest)| Some((before, rest.split_once("}}")?)))
    {
        out.push_str(before);
        match values.get(name.trim()) {
            Some(Value::String(text)) => out.push_str(text),
            Some(Value::Number(number)) => out.push_str(&number.to_string()),
            _ => *unknown = Some(name.trim().to_owned()),
        }
        rest = after;
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_become_numbers_texts_and_pictures_in_one_pass() {
        let values =
            Map::from_iter([("prompt".to_owned(), json!("a {{seed}} \"jar\"")), ("seed".to_owned(), json!(7))]);
        let mut graph =
            json!({ "3": { "seed": "{{seed}}", "text": "photo of {{ prompt }}, {{seed}}" }, "4": ["3", 0] });
        let mut unknown = None;
        fill(&mut graph, &values, &mut unknown);
        assert_eq!(graph, json!({ "3": { "seed": 7, "text": "photo of a {{seed}} \"jar\", 7" }, "4": ["3", 0] }));
        assert_eq!(unknown, None);
        fill(&mut json!("{{mask}}"), &values, &mut unknown);
        assert_eq!(unknown.as_deref(), Some("mask"));
    }
}
