//! OpenAI text: `responses`.

use std::time::Duration;

use serde_json::{Value, json};

use super::{list, number, text};
use crate::models::answer::{Answer, Content, Refusal, Reply, Usage};
use crate::models::call::Form;
use crate::models::{Call, Fault, TextAsk};

pub(super) fn call(model: &str, ask: &TextAsk) -> Call {
    let mut call = Call::new("/v1/responses");
    call.timeout = Duration::from_secs(120);
    let mut content = vec![json!({ "type": "input_text", "text": ask.prompt })];
    for picture in &ask.pictures {
        let url = call.picture(picture, Form::DataUrl);
        content.push(json!({ "type": "input_image", "image_url": url, "detail": "high" }));
    }
    let mut body = json!({
        "model": model,
        "input": [{ "role": "user", "content": content }],
        "max_output_tokens": ask.max_tokens.max(16),
        "store": false,
    });
    if !ask.system.is_empty() {
        body["instructions"] = json!(ask.system);
    }
    if let Some(schema) = &ask.schema {
        body["text"] =
            json!({ "format": { "type": "json_schema", "name": "answer", "strict": true, "schema": schema } });
    }
    call.json(body)
}

pub(super) fn read(body: &Value) -> Result<Reply, Fault> {
    let usage = Usage {
        input_text_tokens: number(body, "/usage/input_tokens"),
        output_text_tokens: number(body, "/usage/output_tokens"),
        ..Usage::default()
    };
    let refused = |reason: &str| Ok(Reply::Refused(Refusal { reason: reason.to_owned(), usage }));
    match text(body, "/status") {
        Some("failed") => {
            let message = text(body, "/error/message").unwrap_or("no reason given").to_owned();
            return Err(Fault::JobFailed { message });
        }
        Some("incomplete") => {
            return refused(match text(body, "/incomplete_details/reason") {
                Some("max_output_tokens") => "the text is longer than the limit of tokens",
                Some(reason) => reason,
                None => "the text is not complete",
            });
        }
        _ => {}
    }
    let messages = list(body, "/output").iter().filter(|item| text(item, "/type") == Some("message"));
    let parts: Vec<&Value> = messages.flat_map(|message| list(message, "/content")).collect();
    if let Some(reason) = parts.iter().find_map(|part| text(part, "/refusal")) {
        return refused(reason);
    }
    let said: String = parts.iter().filter_map(|part| text(part, "/text")).collect();
    let contents = if said.is_empty() { Vec::new() } else { vec![Content::Text(said)] };
    let owned = |pointer| text(body, pointer).map(str::to_owned);
    Ok(Reply::Answer(Answer { contents, model: owned("/model"), usage, id: owned("/id"), seed: None }))
}
