//! xAI pictures: `images/edits` and `images/generations`, both JSON.

use serde_json::{Map, Value, json};

use super::{Complaint, Provider, list, number, openai, refuse, text};
use crate::models::answer::{Answer, Content, Job, Refusal, Reply, Response, Usage};
use crate::models::call::Form;
use crate::models::{Ask, Call, Fault, Money, Request};

pub(super) struct Xai;

const RATIOS: [&str; 9] = ["1:1", "2:3", "3:2", "3:4", "4:3", "9:16", "16:9", "1:2", "2:1"];
/// `usage.cost_in_usd_ticks`: so many ticks are a millionth of a dollar.
const TICKS: u64 = 10_000;

impl Provider for Xai {
    fn call(&self, request: &Request) -> Result<Call, Fault> {
        let Ask::Image(ask) = &request.ask else {
            return Err(Fault::Unsupported { what: "text to be written".into(), who: request.model.clone() });
        };
        refuse(
            &request.model,
            [
                (ask.mask.is_some(), "a mask"),
                (ask.markup.is_some(), "marks over the picture"),
                (ask.transparent, "a transparent background"),
                (ask.seed.is_some(), "a seed"),
            ],
        )?;
        let mut call = Call::new(if ask.pictures.is_empty() { "/v1/images/generations" } else { "/v1/images/edits" });
        let mut body = Map::from_iter([
            ("model".to_owned(), json!(request.model)),
            ("prompt".to_owned(), json!(ask.prompt)),
            ("n".to_owned(), json!(ask.count.max(1))),
            ("response_format".to_owned(), json!("b64_json")),
        ]);
        let mut one = |picture| json!({ "url": call.picture(picture, Form::DataUrl), "type": "image_url" });
        let mut pictures: Vec<Value> = ask.pictures.iter().map(&mut one).collect();
        if pictures.len() > 1 {
            body.insert("images".into(), Value::Array(pictures));
        } else if let Some(picture) = pictures.pop() {
            body.insert("image".into(), picture);
        }
        if let Some(size) = ask.size {
            body.insert("aspect_ratio".into(), json!(size.nearest_ratio(&RATIOS)));
            body.insert("resolution".into(), json!(size.tier(&[(1024, "1k"), (2048, "2k")])));
        }
        call.json(Value::Object(body)).with(&request.extra)
    }

    fn read(&self, _: Option<&Job>, body: &Value) -> Result<Reply, Fault> {
        let cost = number(body, "/usage/cost_in_usd_ticks").map(|ticks| Money::usd(ticks.div_ceil(TICKS)));
        let usage = Usage { cost, ..Usage::default() };
        let items = list(body, "/data");
        let is_moderated = |value: &Value| value.get("respect_moderation") == Some(&Value::Bool(false));
        if items.is_empty() || is_moderated(body) || items.iter().any(is_moderated) {
            let reason = "the picture did not pass moderation".to_owned();
            return Ok(Reply::Refused(Refusal { reason, usage }));
        }
        let mut contents = Vec::new();
        for item in items {
            contents.push(match (text(item, "/b64_json"), text(item, "/url")) {
                (Some(data), _) => Content::base64(data, text(item, "/mime_type"))?,
                (None, Some(url)) => Content::link(url)?,
                (None, None) => return Err(Fault::unusable("a picture in it has neither data nor an address")),
            });
        }
        let model = text(body, "/model").map(str::to_owned);
        Ok(Reply::Answer(Answer { contents, model, usage, ..Answer::default() }))
    }

    fn complaint(&self, response: &Response) -> Complaint {
        openai::complaint(response)
    }
}
