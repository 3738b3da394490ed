//! What is sent for a request: one description that gives the digest, the record beside a take, and the bytes on the wire.
//!
//! Pictures stand in it as their digests. They become base64 only when it is sent, so that looking up a take that is already there costs
//! nothing, and what the digest covers is exactly what goes out.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::{Fault, Picture};

/// Raised when digests are made in another way, so that no old take is believed.
const DIGEST_FORMAT: &str = "softbox request 1";
/// The key of a JSON object that stands for a picture. No service has a field of that name.
const PICTURE: &str = "$picture";

/// BLAKE3 over everything that is sent and the number of the take, in hexadecimal; over no host, key, time or limit.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct RequestDigest(String);

impl RequestDigest {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first eight characters, for names of files.
    pub fn short(&self) -> &str {
        &self.0[..8]
    }

    /// `None` for what is not 64 hexadecimal characters.
    pub fn parse(text: &str) -> Option<RequestDigest> {
        (text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())).then(|| RequestDigest(text.to_owned()))
    }
}

impl fmt::Display for RequestDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A POST request without its host and key.
#[derive(Debug, Clone)]
pub struct Call {
    /// Below the base address, such as `/v1beta/models/x:generateContent`.
    pub path: String,
    /// Headers that are not secret.
    pub headers: Vec<(&'static str, String)>,
    pub body: Body,
    /// How long an answer may take as a whole.
    pub timeout: Duration,
    pictures: BTreeMap<String, Picture>,
}

#[derive(Debug, Clone)]
pub enum Body {
    Json(Value),
    /// multipart/form-data: fields with text, or with [`Call::picture`] of the form [`Form::File`].
    Multipart(Vec<(String, Value)>),
}

/// How a picture goes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    Base64,
    DataUrl,
    /// A part of a multipart body.
    File,
    /// Uploaded beforehand; what the service calls it then stands here.
    Uploaded,
}

impl Form {
    fn name(self) -> &'static str {
        match self {
            Form::Base64 => "base64",
            Form::DataUrl => "data-url",
            Form::File => "file",
            Form::Uploaded => "uploaded",
        }
    }
}

/// Bytes on the wire.
#[derive(Debug, Clone)]
pub struct Wire {
    pub content_type: String,
    pub body: Vec<u8>,
}

impl Call {
    pub fn new(path: impl Into<String>) -> Call {
        Call {
            path: path.into(),
            headers: Vec::new(),
            body: Body::Json(Value::Null),
            timeout: Duration::from_secs(300),
            pictures: BTreeMap::new(),
        }
    }

    pub fn json(mut self, body: Value) -> Call {
        self.body = Body::Json(body);
        self
    }

    pub fn multipart(mut self, fields: Vec<(String, Value)>) -> Call {
        self.body = Body::Multipart(fields);
        self
    }

    /// What stands for a picture in the body.
    pub fn picture(&mut self, picture: &Picture, form: Form) -> Value {
        self.pictures.insert(picture.digest.clone(), picture.clone());
        json!({ PICTURE: picture.digest, "as": form.name(), "type": picture.media_type() })
    }

    /// Merges the service's own parameters into a JSON body, or adds them to a multipart one.
    ///
    /// # Errors
    /// Parameters that look like pictures.
    pub fn with(mut self, extra: &Map<String, Value>) -> Result<Call, Fault> {
        if extra.values().any(has_picture) || extra.contains_key(PICTURE) {
            return Err(Fault::Unsupported {
                what: format!("a parameter with the name {PICTURE}"),
                who: "softbox".into(),
            });
        }
        match &mut self.body {
            Body::Json(body) => merge(body, extra),
            Body::Multipart(fields) => {
                for (name, value) in extra {
                    fields.retain(|(field, _)| field != name);
                    fields.push((name.clone(), value.clone()));
                }
            }
        }
        Ok(self)
    }

    /// The digest that a take is kept under.
    pub fn digest(&self, service: &str, model: &str, take: u32) -> RequestDigest {
        let mut hasher = blake3::Hasher::new();
        for text in [DIGEST_FORMAT, service, model, &self.path, &take.to_string()] {
            text_into(&mut hasher, text);
        }
        for (name, value) in &self.headers {
            text_into(&mut hasher, name);
            text_into(&mut hasher, value);
        }
        value_into(&mut hasher, &self.parameters());
        RequestDigest(hasher.finalize().to_hex().to_string())
    }

    /// The body with digests for pictures, as it is recorded beside a take.
    pub fn parameters(&self) -> Value {
        match &self.body {
            Body::Json(body) => body.clone(),
            // A list, since names of fields may repeat.
            Body::Multipart(fields) => {
                fields.iter().map(|(name, value)| json!({ "field": name, "value": value })).collect()
            }
        }
    }

    /// The pictures that have to be uploaded beforehand, in a fixed order.
    pub(super) fn uploads(&self) -> Vec<&Picture> {
        let mut wanted = Vec::new();
        if let Body::Json(body) = &self.body {
            collect_uploads(body, &mut wanted);
        }
        wanted.sort_unstable();
        wanted.dedup();
        wanted.into_iter().filter_map(|digest| self.pictures.get(digest)).collect()
    }

    /// The bytes that go out. `uploaded` has what the service calls the pictures that were uploaded, by digest.
    pub(super) fn wire(&self, uploaded: &BTreeMap<String, Value>) -> Wire {
        match &self.body {
            Body::Json(body) => {
                let mut body = body.clone();
                self.fill(&mut body, uploaded);
                Wire { content_type: "application/json".into(), body: body.to_string().into_bytes() }
            }
            Body::Multipart(fields) => self.multipart_bytes(fields),
        }
    }

    fn fill(&self, value: &mut Value, uploaded: &BTreeMap<String, Value>) {
        match value {
            Value::Object(object) => {
                let digest = object.get(PICTURE).and_then(Value::as_str);
                let Some(picture) = digest.and_then(|digest| self.pictures.get(digest)) else {
                    object.values_mut().for_each(|value| self.fill(value, uploaded));
                    return;
                };
                *value = match object.get("as").and_then(Value::as_str) {
                    Some("data-url") => {
                        format!("data:{};base64,{}", picture.media_type(), STANDARD.encode(&*picture.bytes)).into()
                    }
                    Some("uploaded") => uploaded.get(&picture.digest).cloned().unwrap_or_default(),
                    _ => STANDARD.encode(&*picture.bytes).into(),
                };
            }
            Value::Array(values) => values.iter_mut().for_each(|value| self.fill(value, uploaded)),
            _ => {}
        }
    }

    /// RFC 7578. The boundary is made from what it separates, so that the same request has the same bytes.
    fn multipart_bytes(&self, fields: &[(String, Value)]) -> Wire {
        let boundary = format!("softbox-{}", &self.digest("boundary", "", 0).0[..40]);
        let mut body = Vec::new();
        for (name, value) in fields {
            body.extend_from_slice(
                format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"").as_bytes(),
            );
            let picture = value.get(PICTURE).and_then(Value::as_str).and_then(|digest| self.pictures.get(digest));
            match picture {
                Some(picture) => {
                    let head = format!(
                        "; filename=\"{}.{}\"\r\nContent-Type: {}\r\n\r\n",
                        &picture.digest[..16],
                        picture.extension(),
                        picture.media_type()
                    );
                    body.extend_from_slice(head.as_bytes());
                    body.extend_from_slice(&picture.bytes);
                }
                None => {
                    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                    body.extend_from_slice(format!("\r\n\r\n{text}").as_bytes());
                }
            }
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
        Wire { content_type: format!("multipart/form-data; boundary={boundary}"), body }
    }
}

/// Objects are merged, everything else is replaced.
fn merge(into: &mut Value, extra: &Map<String, Value>) {
    let Value::Object(object) = into else { return };
    for (name, value) in extra {
        match (object.get_mut(name), value) {
            (Some(there @ Value::Object(_)), Value::Object(extra)) => merge(there, extra),
            _ => drop(object.insert(name.clone(), value.clone())),
        }
    }
}

fn has_picture(value: &Value) -> bool {
    match value {
        Value::Object(object) => object.contains_key(PICTURE) || object.values().any(has_picture),
        Value::Array(values) => values.iter().any(has_picture),
        _ => false,
    }
}

fn collect_uploads<'a>(value: &'a Value, into: &mut Vec<&'a str>) {
    match value {
        Value::Object(object) => match object.get(PICTURE).and_then(Value::as_str) {
            Some(digest) if object.get("as").and_then(Value::as_str) == Some("uploaded") => into.push(digest),
            _ => object.values().for_each(|value| collect_uploads(value, into)),
        },
        Value::Array(values) => values.iter().for_each(|value| collect_uploads(value, into)),
        _ => {}
    }
}

fn text_into(hasher: &mut blake3::Hasher, text: &str) {
    hasher.update(&(text.len() as u64).to_le_bytes());
    hasher.update(text.as_bytes());
}

/// Names of fields in their order, whatever order the map has: dependencies can switch that.
fn value_into(hasher: &mut blake3::Hasher, value: &Value) {
    match value {
        Value::Object(object) => {
            hasher.update(b"{");
            hasher.update(&(object.len() as u64).to_le_bytes());
            let mut fields: Vec<_> = object.iter().collect();
            fields.sort_unstable_by_key(|(name, _)| name.as_str());
            for (name, value) in fields {
                text_into(hasher, name);
                value_into(hasher, value);
            }
        }
        Value::Array(values) => {
            hasher.update(b"[");
            hasher.update(&(values.len() as u64).to_le_bytes());
            values.iter().for_each(|value| value_into(hasher, value));
        }
        Value::String(text) => {
            hasher.update(b"\"");
            text_into(hasher, text);
        }
        other => {
            hasher.update(b"=");
            text_into(hasher, &other.to_string());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn picture(seed: u8) -> Picture {
        let mut bytes = std::io::Cursor::new(Vec::new());
        image::RgbImage::from_pixel(2, 2, image::Rgb([seed; 3])).write_to(&mut bytes, image::ImageFormat::Png).unwrap();
        Picture::new(Arc::new(bytes.into_inner())).unwrap()
    }

    fn call(seed: u8, prompt: &str) -> Call {
        let mut call = Call::new("/edit");
        let picture = call.picture(&picture(seed), Form::DataUrl);
        call.json(json!({ "prompt": prompt, "image": picture }))
    }

    #[test]
    fn the_digest_covers_words_pictures_headers_path_service_and_take() {
        let base = call(1, "warm").digest("fal", "m", 1);
        assert_eq!(base, call(1, "warm").digest("fal", "m", 1));
        let mut others = vec![
            call(2, "warm").digest("fal", "m", 1),
            call(1, "cold").digest("fal", "m", 1),
            call(1, "warm").digest("xai", "m", 1),
            call(1, "warm").digest("fal", "m", 2),
        ];
        let mut headed = call(1, "warm");
        headed.headers.push(("anthropic-version", "2026-10-21".into()));
        others.push(headed.digest("fal", "m", 1));
        let more = json!({ "seed": 1 });
        others.push(call(1, "warm").with(more.as_object().unwrap()).unwrap().digest("fal", "m", 1));
        assert!(!others.contains(&base));
        others.sort();
        others.dedup();
        assert_eq!(others.len(), 6);
    }

    #[test]
    fn how_long_it_may_take_is_no_part_of_the_digest() {
        let mut patient = call(1, "warm");
        patient.timeout = Duration::from_secs(1);
        assert_eq!(patient.digest("fal", "m", 1), call(1, "warm").digest("fal", "m", 1));
    }

    #[test]
    fn pictures_are_digests_in_the_record_and_base64_on_the_wire() {
        let call = call(1, "warm");
        assert!(!call.parameters().to_string().contains("base64,"));
        let sent: Value = serde_json::from_slice(&call.wire(&BTreeMap::new()).body).unwrap();
        let data = sent["image"].as_str().unwrap().strip_prefix("data:image/png;base64,").unwrap();
        assert_eq!(STANDARD.decode(data).unwrap(), *picture(1).bytes);
    }

    #[test]
    fn further_parameters_are_merged_and_cannot_pose_as_pictures() {
        let extra = json!({ "config": { "b": 2 }, "list": [3] });
        let call = Call::new("/x").json(json!({ "config": { "a": 1 }, "list": [1, 2] }));
        let call = call.with(extra.as_object().unwrap()).unwrap();
        assert_eq!(call.parameters(), json!({ "config": { "a": 1, "b": 2 }, "list": [3] }));
        let posing = json!({ "deep": [{ "$picture": "00" }] });
        assert!(Call::new("/x").with(posing.as_object().unwrap()).is_err());
    }
}
