//! AUTOMATIC1111's Stable Diffusion web UI and Forge, on the person's own machine.

use serde_json::{Map, Value, json};

use super::complaint::words;
use super::{Complaint, Provider, list, refuse, text};
use crate::models::answer::{Answer, Content, Job, Reply, Response};
use crate::models::call::Form;
use crate::models::{Ask, Call, Fault, Request};

pub(super) struct A1111;

impl Provider for A1111 {
    fn call(&self, request: &Request) -> Result<Call, Fault> {
        let Ask::Image(ask) = &request.ask else {
            return Err(Fault::Unsupported { what: "text to be written".into(), who: request.model.clone() });
        };
        refuse(
            "A1111",
            [
                (ask.markup.is_some(), "marks over the picture"),
                (ask.transparent, "a transparent background"),
                (ask.pictures.len() > 1, "more than one picture"),
                (ask.pictures.is_empty() && ask.mask.is_some(), "a mask but no picture"),
            ],
        )?;
        let mut call = Call::new(if ask.pictures.is_empty() { "/sdapi/v1/txt2img" } else { "/sdapi/v1/img2img" });
        let mut body = Map::from_iter([
            ("prompt".to_owned(), json!(ask.prompt)),
            // Takes differ by their seed, and the same take comes out the same.
            ("seed".to_owned(), json!(ask.seed.unwrap_or(u64::from(request.take)))),
        ]);
        if let Some(picture) = ask.pictures.first() {
            body.insert("init_images".into(), json!([call.picture(picture, Form::Base64)]));
        }
        if let Some(mask) = &ask.mask {
            // Where it has transparency, what is opaque would be painted.
            body.insert("mask".into(), call.picture(&mask.white_where_clear()?, Form::Base64));
        }
        if let Some(size) = ask.size {
            let size = size.fitted(8, 64 * 64, 4096 * 4096);
            body.insert("width".into(), json!(size.width));
            body.insert("height".into(), json!(size.height));
        }
        if ask.count > 1 {
            body.insert("batch_size".into(), json!(ask.count));
        }
        call.json(Value::Object(body)).with(&request.extra)
    }

    fn read(&self, _: Option<&Job>, body: &Value) -> Result<Reply, Fault> {
        let images = list(body, "/images").iter().filter_map(Value::as_str);
        // Older versions answer with data URLs.
        let one = |data: &str| {
            if data.starts_with("data:") { Content::link(data) } else { Content::base64(data, Some("image/png")) }
        };
        let contents = images.map(one).collect::<Result<_, _>>()?;
        let info: Value = text(body, "/info").and_then(|info| serde_json::from_str(info).ok()).unwrap_or_default();
        let model = text(&info, "/sd_model_name").map(str::to_owned);
        Ok(Reply::Answer(Answer {
            contents,
            model,
            seed: info.get("seed").and_then(Value::as_u64),
            ..Answer::default()
        }))
    }

    fn complaint(&self, response: &Response) -> Complaint {
        Complaint::by_status(response.status, words(response, &["/detail", "/errors", "/error"]))
    }
}
