//! One file for each service: how a request is put into its words, and how its answers are read. Nothing here touches the network.

mod a1111;
mod anthropic;
mod ark;
mod bfl;
mod chat;
mod comfyui;
mod complaint;
mod fal;
mod gemini;
mod openai;
mod replicate;
mod responses;
mod xai;

use std::fmt;
use std::str::FromStr;

use serde_json::Value;

use super::answer::{Job, Reply, Response};
use super::{Call, Fault, ImageAsk, Picture, Request};

pub use complaint::Complaint;

/// A service that answers requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    Gemini,
    OpenAi,
    /// Any server that speaks OpenAI's chat/completions: Ollama, LM Studio, vLLM, OpenRouter.
    Compatible,
    Anthropic,
    /// ByteDance: Seedream, SeedEdit.
    Ark,
    /// Black Forest Labs: FLUX.
    Bfl,
    Fal,
    Replicate,
    Xai,
    ComfyUi,
    /// AUTOMATIC1111 and Forge.
    A1111,
}

/// How a service is spoken to.
pub trait Provider: Sync {
    /// What is sent for a request.
    ///
    /// # Errors
    /// [`Fault::Unsupported`] for what the service cannot do: nothing that was asked is left out silently.
    fn call(&self, request: &Request) -> Result<Call, Fault>;

    /// The header that carries the key, and what stands before it.
    fn authorization(&self) -> (&'static str, &'static str) {
        ("authorization", "Bearer ")
    }

    /// Reads a successful response to the call itself (no job), or to the question how a job goes.
    ///
    /// # Errors
    /// [`Fault::Unusable`] and [`Fault::JobFailed`].
    fn read(&self, job: Option<&Job>, body: &Value) -> Result<Reply, Fault>;

    /// Reads an unsuccessful response.
    fn complaint(&self, response: &Response) -> Complaint;

    /// How a picture that has to be there beforehand is uploaded; `None` where services take pictures in requests.
    fn upload(&self, _picture: &Picture) -> Option<Call> {
        None
    }

    /// What an uploaded picture is called in requests.
    fn uploaded(&self, _body: &Value) -> Option<Value> {
        None
    }
}

/// All that is fixed about a service besides its words.
struct Facts {
    name: &'static str,
    label: &'static str,
    base: &'static str,
    /// Variables that may hold the key; none where no key is needed.
    keys: &'static [&'static str],
    /// Variables that may hold another address.
    bases: &'static [&'static str],
    /// Other hosts of the service that may be asked how a job goes, with the key: these and all below them.
    hosts: &'static [&'static str],
    provider: &'static dyn Provider,
}

/// All services.
pub const KINDS: [Kind; 11] = [
    Kind::Gemini,
    Kind::OpenAi,
    Kind::Compatible,
    Kind::Anthropic,
    Kind::Ark,
    Kind::Bfl,
    Kind::Fal,
    Kind::Replicate,
    Kind::Xai,
    Kind::ComfyUi,
    Kind::A1111,
];

impl Kind {
    fn facts(self) -> Facts {
        // Addresses and variables as the official clients have them.
        let (name, label, base, keys, bases, hosts, provider): (_, _, _, &[_], &[_], &[_], &'static dyn Provider) =
            match self {
                Kind::Gemini => (
                    "gemini",
                    "Gemini",
                    "https://generativelanguage.googleapis.com",
                    &["GOOGLE_API_KEY", "GEMINI_API_KEY"],
                    &["GEMINI_API_BASE"],
                    &[],
                    &gemini::Gemini,
                ),
                Kind::OpenAi => (
                    "openai",
                    "OpenAI",
                    "https://api.openai.com/v1",
                    &["OPENAI_API_KEY"],
                    &["OPENAI_BASE_URL"],
                    &[],
                    &openai::OpenAi,
                ),
                Kind::Compatible => (
                    "openai-compatible",
                    "the OpenAI-compatible server",
                    "http://localhost:11434/v1",
                    &[],
                    &[],
                    &[],
                    &chat::Chat,
                ),
                Kind::Anthropic => (
                    "anthropic",
                    "Anthropic",
                    "https://api.anthropic.com",
                    &["ANTHROPIC_API_KEY"],
                    &["ANTHROPIC_BASE_URL"],
                    &[],
                    &anthropic::Anthropic,
                ),
                Kind::Ark => (
                    "ark",
                    "ByteDance Ark",
                    "https://ark.ap-southeast.bytepluses.com/api/v3",
                    &["ARK_API_KEY"],
                    &["ARK_BASE_URL"],
                    &[],
                    &ark::Ark,
                ),
                Kind::Bfl => {
                    ("bfl", "Black Forest Labs", "https://api.bfl.ai/v1", &["BFL_API_KEY"], &[], &["bfl.ai"], &bfl::Bfl)
                }
                Kind::Fal => (
                    "fal",
                    "fal",
                    "https://queue.fal.run",
                    &["FAL_KEY"],
                    &["FAL_QUEUE_RUN_HOST"],
                    &["fal.run"],
                    &fal::Fal,
                ),
                Kind::Replicate => (
                    "replicate",
                    "Replicate",
                    "https://api.replicate.com/v1",
                    &["REPLICATE_API_TOKEN"],
                    &["REPLICATE_BASE_URL"],
                    &["replicate.com"],
                    &replicate::Replicate,
                ),
                Kind::Xai => ("xai", "xAI", "https://api.x.ai/v1", &["XAI_API_KEY"], &[], &[], &xai::Xai),
                Kind::ComfyUi => ("comfyui", "ComfyUI", "http://127.0.0.1:8188", &[], &[], &[], &comfyui::ComfyUi),
                Kind::A1111 => ("a1111", "A1111", "http://127.0.0.1:7860", &[], &[], &[], &a1111::A1111),
            };
        Facts { name, label, base, keys, bases, hosts, provider }
    }

    /// As manifests write it.
    pub fn name(self) -> &'static str {
        self.facts().name
    }

    /// As people call it.
    pub fn label(self) -> &'static str {
        self.facts().label
    }

    pub fn provider(self) -> &'static dyn Provider {
        self.facts().provider
    }

    pub fn default_base(self) -> &'static str {
        self.facts().base
    }

    pub fn key_names(self) -> &'static [&'static str] {
        self.facts().keys
    }

    pub fn base_names(self) -> &'static [&'static str] {
        self.facts().bases
    }

    pub(super) fn hosts(self) -> &'static [&'static str] {
        self.facts().hosts
    }

    /// The most bytes that each of `count` pictures in one request may have. Base64 adds a third, and services limit the whole, too.
    pub fn picture_bytes(self, count: usize) -> u64 {
        let (each, all) = match self {
            // 100 MB a request.
            Kind::Gemini => (20_000_000, 70_000_000),
            // 50 MB a file, 16 of them.
            Kind::OpenAi => (20_000_000, 200_000_000),
            // 5 MB a picture in base64, 32 MB a request.
            Kind::Anthropic => (3_500_000, 20_000_000),
            // 30 MB a picture.
            Kind::Ark => (10_000_000, 40_000_000),
            _ => (7_000_000, 30_000_000),
        };
        each.min(all / count.max(1) as u64)
    }

    /// Whether it runs on the person's own machine and costs nothing.
    pub fn is_local(self) -> bool {
        matches!(self, Kind::ComfyUi | Kind::A1111)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Kind {
    type Err = String;

    fn from_str(text: &str) -> Result<Kind, String> {
        let known = || KINDS.map(Kind::name).join(", ");
        let found = KINDS.into_iter().find(|kind| kind.name() == text);
        found.ok_or_else(|| format!("`{text}` is no provider (there are {})", known()))
    }
}

/// Refuses what a model or service cannot do.
fn refuse<'a>(who: &str, wanted: impl IntoIterator<Item = (bool, &'a str)>) -> Result<(), Fault> {
    match wanted.into_iter().find(|(is_wanted, _)| *is_wanted) {
        Some((_, what)) => Err(Fault::Unsupported { what: what.to_owned(), who: who.to_owned() }),
        None => Ok(()),
    }
}

/// The things that most image models have no field for.
fn without(who: &str, ask: &ImageAsk) -> Result<(), Fault> {
    refuse(
        who,
        [
            (ask.mask.is_some(), "a mask"),
            (ask.markup.is_some(), "marks over the picture"),
            (ask.transparent, "a transparent background"),
            (ask.count > 1, "several pictures in one answer"),
        ],
    )
}

/// Text at a JSON pointer.
fn text<'a>(value: &'a Value, pointer: &str) -> Option<&'a str> {
    value.pointer(pointer).and_then(Value::as_str)
}

fn number(value: &Value, pointer: &str) -> Option<u64> {
    value.pointer(pointer).and_then(Value::as_u64)
}

/// The elements of a list at a JSON pointer; none where there is no list.
fn list<'a>(value: &'a Value, pointer: &str) -> &'a [Value] {
    value.pointer(pointer).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// A name in a path: what people write there may hold anything.
fn segment(name: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    name.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

/// A name of several parts, such as `fal-ai/nano-banana-2/edit`.
fn segments(name: &str) -> String {
    name.split('/')
        .filter(|part| !part.is_empty() && *part != "." && *part != "..")
        .map(segment)
        .collect::<Vec<_>>()
        .join("/")
}
