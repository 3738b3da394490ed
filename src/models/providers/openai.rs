//! OpenAI pictures: `images/edits` (multipart, with a mask or marks) and `images/generations` (JSON). Text goes to `responses`.

use std::time::Duration;

use serde_json::{Value, json};

use super::complaint::{body, words};
use super::{Complaint, Provider, list, number, refuse, responses, text};
use crate::models::answer::{Answer, Content, Job, Reply, Response, Usage};
use crate::models::call::Form;
use crate::models::{Ask, Call, Fault, ImageAsk, Request, Size};

pub(super) struct OpenAi;

impl Provider for OpenAi {
    fn call(&self, request: &Request) -> Result<Call, Fault> {
        match &request.ask {
            Ask::Image(ask) => image(request, ask),
            Ask::Text(ask) => responses::call(&request.model, ask).with(&request.extra),
        }
    }

    fn read(&self, _: Option<&Job>, body: &Value) -> Result<Reply, Fault> {
        if body.get("output").is_some() {
            return responses::read(body);
        }
        let declared = text(body, "/output_format").map(|format| format!("image/{format}"));
        let mut contents = Vec::new();
        for item in list(body, "/data") {
            let data = text(item, "/b64_json").ok_or_else(|| Fault::unusable("a picture in it has no data"))?;
            contents.push(Content::base64(data, declared.as_deref())?);
        }
        let usage = Usage {
            input_text_tokens: number(body, "/usage/input_tokens_details/text_tokens"),
            input_image_tokens: number(body, "/usage/input_tokens_details/image_tokens"),
            output_text_tokens: number(body, "/usage/output_tokens_details/text_tokens"),
            output_image_tokens: number(body, "/usage/output_tokens_details/image_tokens")
                .or(number(body, "/usage/output_tokens")),
            cost: None,
        };
        Ok(Reply::Answer(Answer { contents, usage, ..Answer::default() }))
    }

    fn complaint(&self, response: &Response) -> Complaint {
        complaint(response)
    }
}

/// Also for servers that only resemble this one.
pub(super) fn complaint(response: &Response) -> Complaint {
    let message = words(response, &["/error/message", "/error", "/message", "/detail"]);
    let body = body(response);
    let is = |word: &str| text(&body, "/error/code") == Some(word) || text(&body, "/error/type") == Some(word);
    match response.status {
        _ if is("insufficient_quota") => Complaint::Quota(message),
        _ if is("moderation_blocked") || is("content_policy_violation") => Complaint::Refusal(message),
        400 if is("model_not_found") => Complaint::NoModel(message),
        status => Complaint::by_status(status, message),
    }
}

fn image(request: &Request, ask: &ImageAsk) -> Result<Call, Fault> {
    let model = request.model.as_str();
    refuse(
        model,
        [
            (ask.seed.is_some(), "a seed"),
            (ask.count > 10, "more than 10 pictures in one answer"),
            (ask.pictures.len() > 16, "more than 16 pictures"),
            (ask.mask.is_some() && ask.markup.is_some(), "a mask and marks at once"),
            (ask.pictures.is_empty() && (ask.mask.is_some() || ask.markup.is_some()), "a mask but no picture"),
        ],
    )?;
    for over in ask.mask.iter().chain(&ask.markup) {
        refuse(
            model,
            [
                (over.extension() != "png", "a mask that is no PNG"),
                (over.size != ask.pictures[0].size, "a mask of another size than the picture"),
                (over.bytes.len() >= 4 << 20, "a mask of 4 MB or more"),
            ],
        )?;
    }
    let mut fields = vec![("model".to_owned(), json!(model)), ("prompt".to_owned(), json!(ask.prompt))];
    if let Some(wanted) = ask.size {
        fields.push(("size".to_owned(), json!(size(model, wanted))));
    }
    if ask.count > 1 {
        fields.push(("n".to_owned(), json!(ask.count)));
    }
    if ask.transparent {
        fields.push(("background".to_owned(), json!("transparent")));
        fields.push(("output_format".to_owned(), json!("png")));
    }
    let mut call = if ask.pictures.is_empty() {
        Call::new("/v1/images/generations").json(fields.into_iter().collect())
    } else {
        let mut call = Call::new("/v1/images/edits");
        let name = if ask.pictures.len() == 1 { "image" } else { "image[]" };
        let pictures = ask.pictures.iter().map(|picture| (name, picture));
        let over = ask.mask.iter().map(|mask| ("mask", mask)).chain(ask.markup.iter().map(|markup| ("markup", markup)));
        for (name, picture) in pictures.chain(over) {
            fields.push((name.to_owned(), call.picture(picture, Form::File)));
        }
        call.multipart(fields)
    };
    let quality = request.extra.get("quality").and_then(Value::as_str);
    let is_large = ask.size.is_some_and(|size| size.pixels() > 2560 * 1440);
    if is_large || matches!(quality, Some("high" | "xhigh" | "max")) {
        call.timeout = Duration::from_secs(600);
    }
    call.with(&request.extra)
}

/// Any size with sides in steps of 16, up to 3840×2160 and 1:3; the older models have three.
fn size(model: &str, wanted: Size) -> String {
    if model.starts_with("gpt-image-1") || model.starts_with("chatgpt-image") {
        return match wanted.nearest_ratio(&["1:1", "3:2", "2:3"]) {
            Some("3:2") => "1536x1024".to_owned(),
            Some("2:3") => "1024x1536".to_owned(),
            _ => "1024x1024".to_owned(),
        };
    }
    let longest = u64::from(wanted.width.max(wanted.height)).max(1);
    let shrink = |side: u32| if longest > 3840 { (u64::from(side) * 3840 / longest) as u32 } else { side };
    let (width, height) = (shrink(wanted.width), shrink(wanted.height));
    let size = Size { width: width.max(height.div_ceil(3)), height: height.max(width.div_ceil(3)) };
    let fitted = size.fitted(16, 0, 3840 * 2160);
    // Rounding to steps can pass 1:3 by one of them.
    let side = |side: u32, other: u32| if side * 3 < other { side + 16 } else { side };
    Size { width: side(fitted.width, fitted.height), height: side(fitted.height, fitted.width) }.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_those_that_each_generation_of_models_takes() {
        let portrait = Size { width: 1080, height: 1350 };
        assert_eq!(size("gpt-image-1.5", portrait), "1024x1536");
        assert_eq!(size("gpt-image-2", portrait), "1088x1344");
        for (width, height) in [(8000, 1000), (1000, 8000), (9000, 9000), (1, 1), (2000, 667)] {
            let size = size("gpt-image-2", Size { width, height });
            let (width, height) = size.split_once('x').unwrap();
            let (width, height): (u64, u64) = (width.parse().unwrap(), height.parse().unwrap());
            assert!(width % 16 == 0 && height % 16 == 0 && width * height <= 3840 * 2160, "{size}");
            assert!(width.max(height) <= 3840 && width <= 3 * height && height <= 3 * width, "{size}");
        }
    }
}
