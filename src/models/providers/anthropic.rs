//! Anthropic Messages: text, from words and pictures.

use std::time::Duration;

use serde_json::{Value, json};

use super::complaint::{body, words};
use super::{Complaint, Provider, list, number, text};
use crate::models::answer::{Answer, Content, Job, Refusal, Reply, Response, Usage};
use crate::models::call::Form;
use crate::models::{Ask, Call, Fault, Request};

pub(super) struct Anthropic;

impl Provider for Anthropic {
    fn authorization(&self) -> (&'static str, &'static str) {
        ("x-api-key", "")
    }

    fn call(&self, request: &Request) -> Result<Call, Fault> {
        let Ask::Text(ask) = &request.ask else {
            return Err(Fault::Unsupported { what: "a picture to be made".into(), who: request.model.clone() });
        };
        let mut call = Call::new("/v1/messages");
        call.timeout = Duration::from_secs(120);
        call.headers.push(("anthropic-version", "2026-10-21".into()));
        let mut content = Vec::new();
        for picture in &ask.pictures {
            let data = call.picture(picture, Form::Base64);
            let source = json!({ "type": "base64", "media_type": picture.media_type(), "data": data });
            content.push(json!({ "type": "image", "source": source }));
        }
        content.push(json!({ "type": "text", "text": ask.prompt }));
        let mut body = json!({
            "model": request.model,
            "max_tokens": ask.max_tokens,
            "messages": [{ "role": "user", "content": content }],
        });
        if !ask.system.is_empty() {
            body["system"] = json!(ask.system);
        }
        if let Some(schema) = &ask.schema {
            body["output_config"] = json!({ "format": { "type": "json_schema", "schema": schema } });
        }
        call.json(body).with(&request.extra)
    }

    fn read(&self, _: Option<&Job>, body: &Value) -> Result<Reply, Fault> {
        let cached = ["/usage/cache_creation_input_tokens", "/usage/cache_read_input_tokens"];
        let cached: u64 = cached.into_iter().filter_map(|pointer| number(body, pointer)).sum();
        let usage = Usage {
            input_text_tokens: number(body, "/usage/input_tokens").map(|tokens| tokens + cached),
            output_text_tokens: number(body, "/usage/output_tokens"),
            ..Usage::default()
        };
        let refused = |reason: String| Ok(Reply::Refused(Refusal { reason, usage }));
        let said: String = list(body, "/content").iter().filter_map(|part| text(part, "/text")).collect();
        match text(body, "/stop_reason") {
            Some("refusal") => {
                let why = text(body, "/stop_details/category").unwrap_or("no reason given");
                return refused(format!("the model refused ({why}) {said}").trim_end().to_owned());
            }
            Some("max_tokens" | "model_context_window_exceeded") => {
                return refused("the text is longer than the limit of tokens".into());
            }
            _ => {}
        }
        let contents = if said.is_empty() { Vec::new() } else { vec![Content::Text(said)] };
        let owned = |pointer| text(body, pointer).map(str::to_owned);
        Ok(Reply::Answer(Answer { contents, model: owned("/model"), usage, id: owned("/id"), seed: None }))
    }

    fn complaint(&self, response: &Response) -> Complaint {
        let message = words(response, &["/error/message"]);
        let kind = body(response);
        match text(&kind, "/error/type") {
            Some("billing_error") => Complaint::Quota(message),
            _ if message.contains("credit balance is too low") => Complaint::Quota(message),
            _ => Complaint::by_status(response.status, message),
        }
    }
}
