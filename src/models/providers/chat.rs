//! Any server with OpenAI's `chat/completions`: Ollama, LM Studio, vLLM, and OpenRouter, which makes pictures with it too.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::{Complaint, Provider, list, number, openai, refuse, text, without};
use crate::models::answer::{Answer, Content, Job, Refusal, Reply, Response, Usage};
use crate::models::call::Form;
use crate::models::{Ask, Call, Fault, Money, Picture, Request};

pub(super) struct Chat;

const RATIOS: [&str; 10] = ["1:1", "2:3", "3:2", "3:4", "4:3", "4:5", "5:4", "9:16", "16:9", "21:9"];
const TIERS: [(u64, &str); 3] = [(1024, "1K"), (2048, "2K"), (4096, "4K")];

impl Provider for Chat {
    fn call(&self, request: &Request) -> Result<Call, Fault> {
        let mut call = Call::new("/chat/completions");
        let mut body = Map::from_iter([("model".to_owned(), json!(request.model))]);
        match &request.ask {
            Ask::Image(ask) => {
                without(&request.model, ask)?;
                refuse(&request.model, [(ask.seed.is_some(), "a seed")])?;
                body.insert("messages".into(), json!([user(&mut call, &ask.prompt, &ask.pictures)]));
                body.insert("modalities".into(), json!(["image", "text"]));
                if let Some(size) = ask.size {
                    let shape = json!({ "aspect_ratio": size.nearest_ratio(&RATIOS), "image_size": size.tier(&TIERS) });
                    body.insert("image_config".into(), shape);
                }
            }
            Ask::Text(ask) => {
                // A small machine takes its time.
                call.timeout = Duration::from_secs(300);
                let mut messages = Vec::new();
                if !ask.system.is_empty() {
                    messages.push(json!({ "role": "system", "content": ask.system }));
                }
                messages.push(user(&mut call, &ask.prompt, &ask.pictures));
                body.insert("messages".into(), json!(messages));
                // The old name: local servers know no other.
                body.insert("max_tokens".into(), json!(ask.max_tokens));
                if let Some(schema) = &ask.schema {
                    let schema = json!({ "name": "answer", "strict": true, "schema": schema });
                    body.insert("response_format".into(), json!({ "type": "json_schema", "json_schema": schema }));
                }
            }
        }
        call.json(Value::Object(body)).with(&request.extra)
    }

    fn read(&self, _: Option<&Job>, body: &Value) -> Result<Reply, Fault> {
        let usage = Usage {
            input_text_tokens: number(body, "/usage/prompt_tokens"),
            output_text_tokens: number(body, "/usage/completion_tokens"),
            cost: body
                .pointer("/usage/cost")
                .and_then(Value::as_f64)
                .map(|dollars| Money::usd((dollars * 1e6).ceil() as u64)),
            ..Usage::default()
        };
        let refused = |reason: &str| Ok(Reply::Refused(Refusal { reason: reason.to_owned(), usage }));
        let message = "/choices/0/message";
        if let Some(reason) = text(body, &format!("{message}/refusal")).filter(|reason| !reason.is_empty()) {
            return refused(reason);
        }
        // OpenRouter tells some failures of the servers behind it with a status of 200.
        if let Some(why) = text(body, "/error/message") {
            return Err(Fault::JobFailed { message: why.to_owned() });
        }
        let mut contents = Vec::new();
        for image in list(body, &format!("{message}/images")) {
            let url = text(image, "/image_url/url").ok_or_else(|| Fault::unusable("a picture in it has no address"))?;
            contents.push(Content::link(url)?);
        }
        let said = text(body, &format!("{message}/content")).unwrap_or_default();
        match text(body, "/choices/0/finish_reason") {
            Some("content_filter") => return refused("the content filter stopped it"),
            Some("length") if contents.is_empty() => return refused("the text is longer than the limit of tokens"),
            _ => {}
        }
        if contents.is_empty() && !said.is_empty() {
            contents.push(Content::Text(said.to_owned()));
        }
        let owned = |pointer| text(body, pointer).map(str::to_owned);
        Ok(Reply::Answer(Answer { contents, model: owned("/model"), usage, id: owned("/id"), seed: None }))
    }

    fn complaint(&self, response: &Response) -> Complaint {
        openai::complaint(response)
    }
}

fn user(call: &mut Call, prompt: &str, pictures: &[Picture]) -> Value {
    // Some small servers know plain text only.
    if pictures.is_empty() {
        return json!({ "role": "user", "content": prompt });
    }
    let mut content = vec![json!({ "type": "text", "text": prompt })];
    for picture in pictures {
        let url = call.picture(picture, Form::DataUrl);
        content.push(json!({ "type": "image_url", "image_url": { "url": url } }));
    }
    json!({ "role": "user", "content": content })
}
