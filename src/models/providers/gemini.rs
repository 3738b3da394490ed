//! Google Gemini: `models/{model}:generateContent`, for pictures and for text.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::complaint::{body, words};
use super::{Complaint, Provider, list, number, refuse, segment, text, without};
use crate::models::answer::{Answer, Content, Job, Refusal, Reply, Response, Usage};
use crate::models::call::Form;
use crate::models::{Ask, Call, Fault, ImageAsk, Picture, Request, TextAsk};

pub(super) struct Gemini;

const RATIOS: [&str; 10] = ["1:1", "2:3", "3:2", "3:4", "4:3", "4:5", "5:4", "9:16", "16:9", "21:9"];
const TIERS: [(u64, &str); 3] = [(1024, "1K"), (2048, "2K"), (4096, "4K")];

impl Provider for Gemini {
    fn authorization(&self) -> (&'static str, &'static str) {
        ("x-goog-api-key", "")
    }

    fn call(&self, request: &Request) -> Result<Call, Fault> {
        let mut call = Call::new(format!("/v1beta/models/{}:generateContent", segment(&request.model)));
        let body = match &request.ask {
            Ask::Image(ask) => image(&mut call, &request.model, ask)?,
            Ask::Text(ask) => written(&mut call, ask),
        };
        call.json(body).with(&request.extra)
    }

    fn read(&self, _: Option<&Job>, body: &Value) -> Result<Reply, Fault> {
        let usage = usage(body);
        let refused = |reason: String| Ok(Reply::Refused(Refusal { reason, usage }));
        if let Some(reason) = text(body, "/promptFeedback/blockReason") {
            let more = text(body, "/promptFeedback/blockReasonMessage").map(|more| format!(": {more}"));
            return refused(format!("the prompt is blocked ({reason}){}", more.unwrap_or_default()));
        }
        if list(body, "/candidates").is_empty() {
            return Err(Fault::unusable("it has no candidates"));
        }
        let parts = list(body, "/candidates/0/content/parts");
        let shown = || parts.iter().filter(|part| part.get("thought") != Some(&Value::Bool(true)));
        let said: String = shown().filter_map(|part| text(part, "/text")).collect();
        let reason = text(body, "/candidates/0/finishReason").unwrap_or("STOP");
        let picture = shown().rfind(|part| part.get("inlineData").is_some());
        let content = match picture {
            Some(part) => {
                let data = text(part, "/inlineData/data").ok_or_else(|| Fault::unusable("its picture has no data"))?;
                Content::base64(data, text(part, "/inlineData/mimeType"))?
            }
            None if reason == "STOP" && !said.is_empty() => Content::Text(said),
            None => {
                let why = text(body, "/candidates/0/finishMessage").map(|why| format!(": {why}"));
                let reason = if reason == "STOP" { "NO_IMAGE" } else { reason };
                return refused(format!("{reason}{}", why.unwrap_or_default()));
            }
        };
        Ok(Reply::Answer(Answer {
            contents: vec![content],
            model: text(body, "/modelVersion").map(str::to_owned),
            id: text(body, "/responseId").map(str::to_owned),
            usage,
            seed: None,
        }))
    }

    fn complaint(&self, response: &Response) -> Complaint {
        let message = words(response, &["/error/message"]);
        let body = body(response);
        let details = list(&body, "/error/details");
        if details.iter().any(|detail| text(detail, "/reason") == Some("API_KEY_INVALID")) {
            return Complaint::Denied(message);
        }
        if response.status != 429 {
            return Complaint::by_status(response.status, message);
        }
        // A quota of a day, or one of nothing at all, does not fill up while we wait.
        let is_daily = |detail: &Value| {
            list(detail, "/violations").iter().any(|violation| {
                let id = text(violation, "/quotaId").unwrap_or_default().to_lowercase();
                id.contains("perday") || text(violation, "/quotaValue") == Some("0")
            })
        };
        if details.iter().any(is_daily) || message.contains("limit: 0") || message.to_lowercase().contains("per day") {
            return Complaint::Quota(message);
        }
        let seconds = |delay: &str| delay.strip_suffix('s').and_then(|number| number.parse::<f64>().ok());
        let delay = details.iter().find_map(|detail| seconds(text(detail, "/retryDelay")?));
        Complaint::Busy(message, delay.and_then(|delay| Duration::try_from_secs_f64(delay).ok()))
    }
}

fn image(call: &mut Call, model: &str, ask: &ImageAsk) -> Result<Value, Fault> {
    without(model, ask)?;
    refuse(model, [(ask.pictures.len() > 14, "more than 14 pictures")])?;
    let mut generation = Map::from_iter([("responseModalities".to_owned(), json!(["IMAGE"]))]);
    if let Some(size) = ask.size {
        let mut shape = Map::from_iter([("aspectRatio".to_owned(), json!(size.nearest_ratio(&RATIOS)))]);
        // The oldest of these models has one size and refuses the field.
        if !model.contains("2.5-flash-image") {
            shape.insert("imageSize".to_owned(), json!(size.tier(&TIERS)));
        }
        generation.insert("imageConfig".to_owned(), Value::Object(shape));
    }
    if let Some(seed) = ask.seed {
        generation.insert("seed".to_owned(), json!(seed));
    }
    Ok(json!({ "contents": [turn(call, &ask.prompt, &ask.pictures)], "generationConfig": generation }))
}

fn written(call: &mut Call, ask: &TextAsk) -> Value {
    call.timeout = Duration::from_secs(120);
    let mut generation = Map::from_iter([("maxOutputTokens".to_owned(), json!(ask.max_tokens))]);
    if let Some(schema) = &ask.schema {
        generation.insert("responseMimeType".to_owned(), json!("application/json"));
        generation.insert("responseJsonSchema".to_owned(), schema.clone());
    }
    let mut body = json!({ "contents": [turn(call, &ask.prompt, &ask.pictures)], "generationConfig": generation });
    if !ask.system.is_empty() {
        body["systemInstruction"] = json!({ "parts": [{ "text": ask.system }] });
    }
    body
}

fn turn(call: &mut Call, prompt: &str, pictures: &[Picture]) -> Value {
    let mut parts = vec![json!({ "text": prompt })];
    for picture in pictures {
        let data = call.picture(picture, Form::Base64);
        parts.push(json!({ "inlineData": { "mimeType": picture.media_type(), "data": data } }));
    }
    json!({ "role": "user", "parts": parts })
}

fn usage(body: &Value) -> Usage {
    let of = |pointer: &str, modality: &str| {
        let details = list(body, pointer).iter().filter(|detail| text(detail, "/modality") == Some(modality));
        let counts: Vec<u64> = details.filter_map(|detail| number(detail, "/tokenCount")).collect();
        (!counts.is_empty()).then(|| counts.iter().sum())
    };
    let (sent, made) = ("/usageMetadata/promptTokensDetails", "/usageMetadata/candidatesTokensDetails");
    let image = of(made, "IMAGE");
    // What it thought is billed as text that it wrote.
    let thought = number(body, "/usageMetadata/thoughtsTokenCount");
    let wrote = of(made, "TEXT").or(number(body, "/usageMetadata/candidatesTokenCount").filter(|_| image.is_none()));
    Usage {
        input_text_tokens: of(sent, "TEXT").or(number(body, "/usageMetadata/promptTokenCount")),
        input_image_tokens: of(sent, "IMAGE"),
        output_text_tokens: wrote.map(|wrote| wrote + thought.unwrap_or(0)).or(thought),
        output_image_tokens: image,
        cost: None,
    }
}
