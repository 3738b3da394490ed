//! ByteDance Ark (BytePlus ModelArk): Seedream and SeedEdit by `images/generations`.

use serde_json::{Map, Value, json};

use super::complaint::{body, words};
use super::{Complaint, Provider, list, number, refuse, text};
use crate::models::answer::{Answer, Content, Job, Refusal, Reply, Response, Usage};
use crate::models::call::Form;
use crate::models::{Ask, Call, Fault, ImageAsk, Request, Size};

pub(super) struct Ark;

impl Provider for Ark {
    fn call(&self, request: &Request) -> Result<Call, Fault> {
        let Ask::Image(ask) = &request.ask else {
            return Err(Fault::Unsupported { what: "text to be written".into(), who: request.model.clone() });
        };
        let is_layered = request.model.contains("seedream-5-5");
        refuse(
            &request.model,
            [
                (ask.mask.is_some(), "a mask"),
                (ask.markup.is_some(), "marks over the picture"),
                (ask.transparent && !is_layered, "a transparent background"),
                (ask.count > 1, "several pictures in one answer"),
                (ask.pictures.len() > 14, "more than 14 pictures"),
            ],
        )?;
        let mut call = Call::new("/api/v3/images/generations");
        let body = body_of(&mut call, &request.model, ask);
        call.json(Value::Object(body)).with(&request.extra)
    }

    fn read(&self, _: Option<&Job>, body: &Value) -> Result<Reply, Fault> {
        let usage = Usage { output_image_tokens: number(body, "/usage/output_tokens"), ..Usage::default() };
        let mut contents = Vec::new();
        for item in list(body, "/data") {
            // One picture of several can fail inside a success.
            if let Some(message) = text(item, "/error/message") {
                let code = text(item, "/error/code").unwrap_or_default();
                if contents.is_empty() && list(body, "/data").len() == 1 {
                    return if is_refusal(code) {
                        Ok(Reply::Refused(Refusal { reason: format!("{code}: {message}"), usage }))
                    } else {
                        Err(Fault::JobFailed { message: format!("{code}: {message}") })
                    };
                }
                continue;
            }
            contents.push(match (text(item, "/b64_json"), text(item, "/url")) {
                (Some(data), _) => Content::base64(data, None)?,
                (None, Some(url)) => Content::link(url)?,
                (None, None) => return Err(Fault::unusable("a picture in it has neither data nor an address")),
            });
        }
        let model = text(body, "/model").map(str::to_owned);
        Ok(Reply::Answer(Answer { contents, model, usage, ..Answer::default() }))
    }

    fn complaint(&self, response: &Response) -> Complaint {
        let message = words(response, &["/error/message"]);
        let body = body(response);
        let code = text(&body, "/error/code").unwrap_or_default();
        match response.status {
            _ if is_refusal(code) => Complaint::Refusal(format!("{code}: {message}")),
            _ if code.starts_with("QuotaExceeded") || code == "AccountOverdueError" => Complaint::Quota(message),
            status => Complaint::by_status(status, message),
        }
    }
}

fn is_refusal(code: &str) -> bool {
    code.contains("SensitiveContentDetected") || code.contains("RiskDetection")
}

fn body_of(call: &mut Call, model: &str, ask: &ImageAsk) -> Map<String, Value> {
    let mut body = Map::from_iter([
        ("model".to_owned(), json!(model)),
        ("prompt".to_owned(), json!(ask.prompt)),
        ("response_format".to_owned(), json!("b64_json")),
        // Left out, it would put a mark into the picture.
        ("watermark".to_owned(), json!(false)),
    ]);
    let mut pictures: Vec<Value> = ask.pictures.iter().map(|picture| call.picture(picture, Form::DataUrl)).collect();
    if pictures.len() > 1 {
        body.insert("image".into(), Value::Array(pictures));
    } else if let Some(picture) = pictures.pop() {
        body.insert("image".into(), picture);
    }
    let size = if model.contains("seededit") {
        Some("adaptive".to_owned())
    } else {
        ask.size.map(|wanted| size(model, wanted))
    };
    if let Some(size) = size {
        body.insert("size".into(), json!(size));
    }
    if let Some(seed) = ask.seed {
        body.insert("seed".into(), json!(seed));
    }
    if ask.transparent {
        body.insert("background".into(), json!("transparent"));
        body.insert("output_format".into(), json!("png"));
    }
    body
}

/// The shape that was asked for, within the pixels that each generation of models makes.
fn size(model: &str, wanted: Size) -> String {
    let squared = |side: u64| side * side;
    let (least, most) = match model {
        model if model.contains("5-0-pro") => (squared(1024), 4_190_000),
        model if model.contains("5-0") => (3_690_000, squared(3072)),
        model if model.contains("4-5") => (3_690_000, squared(4096)),
        model if model.contains("4-0") => (squared(1024), squared(4096)),
        _ => (squared(1024), squared(2048)),
    };
    wanted.fitted(2, least, most).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_keep_their_shape_within_what_each_model_makes() {
        let portrait = Size { width: 1080, height: 1350 };
        assert_eq!(size("seedream-5-5-261028", portrait), "1080x1350");
        assert_eq!(size("seedream-4-5-251128", portrait), "1720x2148");
        assert_eq!(size("seedream-5-0-260128", Size { width: 500, height: 500 }), "1922x1922");
    }
}
