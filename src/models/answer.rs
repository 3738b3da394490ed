//! What a service said: a response as bytes, and what a provider reads in it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Fault, Money};

/// A response whose status says that it is an answer. Kept on disk before anything reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    pub status: u16,
    /// Those in [`KEPT_HEADERS`], names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

/// The headers of a response that anything here reads.
pub const KEPT_HEADERS: [&str; 8] = [
    "content-type",
    "retry-after",
    "retry-after-ms",
    "x-should-retry",
    "x-fal-retryable",
    "x-request-id",
    "request-id",
    "x-fal-request-id",
];

impl Response {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The body as JSON.
    ///
    /// # Errors
    /// What else it is, in words: a page, nothing, JSON that breaks off.
    pub fn json(&self) -> Result<Value, String> {
        serde_json::from_slice(&self.body).map_err(|error| {
            self.what_else().unwrap_or_else(|| format!("JSON that breaks off or is damaged ({error})"))
        })
    }

    /// Names a body that is no JSON at all.
    fn what_else(&self) -> Option<String> {
        let start = String::from_utf8_lossy(&self.body[..self.body.len().min(512)]).trim().to_lowercase();
        if start.is_empty() {
            return Some("nothing".into());
        }
        if start.starts_with('<') {
            let title = start.split_once("<title>").and_then(|(_, rest)| rest.split_once("</title>"));
            let title = title.map(|(title, _)| format!(" ({})", title.trim())).unwrap_or_default();
            return Some(format!("a web page{title}"));
        }
        (!start.starts_with(['{', '['])).then(|| format!("text ({})", super::fault::brief(&start)))
    }

    /// Whether this cannot come from the service itself, but from something on the way to it (a proxy, a sign-in page).
    pub fn is_foreign(&self) -> bool {
        self.what_else().is_some()
    }

    pub fn request_id(&self) -> Option<&str> {
        ["x-request-id", "request-id", "x-fal-request-id"].into_iter().find_map(|name| self.header(name))
    }
}

/// What a response means.
#[derive(Debug, Clone, PartialEq)]
pub enum Reply {
    Answer(Answer),
    /// The service will not do it, and why. An answer like any other: it is kept.
    Refused(Refusal),
    /// The work goes on: look at `next`.
    Later(Job),
}

/// Why a service refused, in its own words where it has any.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Refusal {
    pub reason: String,
    pub usage: Usage,
}

impl Refusal {
    pub fn new(reason: impl Into<String>) -> Refusal {
        Refusal { reason: reason.into(), usage: Usage::default() }
    }
}

/// Work under way at a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// The address to ask next: absolute, or below the base.
    pub next: String,
    /// The work is done and `next` has the result: no need to wait.
    pub is_done: bool,
    /// What the service said that it costs when it took the work on.
    pub cost: Option<Money>,
}

/// Everything that was read in an answer.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Answer {
    pub contents: Vec<Content>,
    /// The model as the service names it.
    pub model: Option<String>,
    pub usage: Usage,
    pub id: Option<String>,
    pub seed: Option<u64>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// Bytes that should be a picture, and what the service says they are.
    Picture {
        bytes: Vec<u8>,
        declared: Option<String>,
    },
    /// Where a picture can be had: absolute, or below the base.
    Link(String),
    Text(String),
}

impl Content {
    /// Base64, strictly: padding and alphabet as they have to be.
    pub fn base64(text: &str, declared: Option<&str>) -> Result<Content, Fault> {
        let bytes =
            STANDARD.decode(text).map_err(|error| Fault::unusable(format!("its picture is not base64: {error}")))?;
        Ok(Content::Picture { bytes, declared: declared.map(str::to_owned) })
    }

    /// A link, or the picture itself where it is a data URL.
    pub fn link(url: &str) -> Result<Content, Fault> {
        match url.strip_prefix("data:") {
            Some(data) => {
                let (kind, text) =
                    data.split_once(";base64,").ok_or_else(|| Fault::unusable("its data URL is not base64"))?;
                Content::base64(text, Some(kind))
            }
            None => Ok(Content::Link(url.to_owned())),
        }
    }
}

/// What the service counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Usage {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input_text_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input_image_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_text_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_image_tokens: Option<u64>,
    /// What the service says that it costs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost: Option<Money>,
}
