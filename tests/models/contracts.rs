//! Stand-ins for the services, strict as they are: an unknown field, a missing key or a wrong type is refused, and work is counted as billed.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};
use softbox::models::{Kind, Service};

use crate::server::{Reaction, Seen, Server};
use crate::studio::{KEY, data_url, encoded, png, service};

pub struct Stand {
    pub server: Server,
    pub service: Service,
    billed: Arc<AtomicUsize>,
}

impl Stand {
    pub fn of(kind: Kind) -> Stand {
        let billed: Arc<AtomicUsize> = Arc::default();
        let count = billed.clone();
        let server = Server::start(move |seen, base| match allowed(kind, seen) {
            Err((status, why)) => complaint(kind, status, &why),
            Ok(()) => {
                if seen.method == "POST" && !seen.path.ends_with("/files") && !seen.path.starts_with("/upload") {
                    count.fetch_add(1, Ordering::SeqCst);
                }
                work(kind, seen, base)
            }
        });
        let base = match kind {
            Kind::Compatible => format!("{}/v1", server.base),
            _ => server.base.clone(),
        };
        Stand { service: service(kind, &base), server, billed }
    }

    /// How often work was done, and is to be paid.
    pub fn billed(&self) -> usize {
        self.billed.load(Ordering::SeqCst)
    }

    /// The JSON of the only POST request.
    pub fn posted(&self) -> Value {
        let posts: Vec<Seen> = self.server.seen().into_iter().filter(|seen| seen.method == "POST").collect();
        assert_eq!(posts.len(), 1, "{posts:#?}");
        posts[0].json()
    }
}

/// The picture that every stand-in answers with.
pub fn answered() -> Vec<u8> {
    png(200)
}

fn only(value: &Value, place: &str, names: &[&str]) -> Result<(), (u16, String)> {
    let object = value.as_object().ok_or((400, format!("{place} is no object")))?;
    match object.keys().find(|name| !names.contains(&name.as_str())) {
        Some(name) => Err((400, format!("Unknown name \"{name}\" at '{place}': Cannot find field."))),
        None => Ok(()),
    }
}

fn need(value: &Value, names: &[&str]) -> Result<(), (u16, String)> {
    match names.iter().find(|name| value.get(**name).is_none_or(Value::is_null)) {
        Some(name) => Err((400, format!("{name} is required"))),
        None => Ok(()),
    }
}

fn allowed(kind: Kind, seen: &Seen) -> Result<(), (u16, String)> {
    let header = |name: &str| seen.header(name).unwrap_or_default();
    let has_key = match kind {
        Kind::Gemini => header("x-goog-api-key") == KEY,
        Kind::Anthropic => header("x-api-key") == KEY && header("anthropic-version") == "2026-10-21",
        Kind::Bfl => header("x-key") == KEY || seen.path.starts_with("/result"),
        Kind::Fal => header("authorization") == format!("Key {KEY}") || seen.path.starts_with("/result"),
        Kind::Compatible | Kind::ComfyUi | Kind::A1111 => true,
        _ => header("authorization") == format!("Bearer {KEY}") || seen.path.starts_with("/result"),
    };
    // Results are fetched by a client that has no key.
    if !has_key || (seen.path.starts_with("/result") && seen.headers.iter().any(|(_, value)| value.contains(KEY))) {
        return Err((401, "the key is wrong".into()));
    }
    if seen.method == "GET" {
        return Ok(());
    }
    let is_form = header("content-type").starts_with("multipart/form-data; boundary=");
    let body = seen.json();
    if body.is_null() && !is_form {
        return Err((400, "this is no JSON".into()));
    }
    match kind {
        Kind::Gemini => gemini(&body),
        Kind::OpenAi if is_form => Ok(()),
        Kind::OpenAi if seen.path.ends_with("/responses") => {
            need(&body, &["model", "input"])?;
            only(&body, "", &["model", "instructions", "input", "text", "reasoning", "max_output_tokens", "store"])
        }
        Kind::OpenAi => {
            need(&body, &["prompt", "model"])?;
            only(
                &body,
                "",
                &[
                    "prompt",
                    "model",
                    "background",
                    "complexity",
                    "n",
                    "quality",
                    "size",
                    "output_format",
                    "output_compression",
                    "partial_images",
                    "stream",
                    "moderation",
                    "safety_identifier",
                ],
            )
        }
        Kind::Compatible => {
            need(&body, &["model", "messages"])?;
            only(
                &body,
                "",
                &[
                    "model",
                    "messages",
                    "max_tokens",
                    "response_format",
                    "n",
                    "seed",
                    "temperature",
                    "modalities",
                    "image_config",
                ],
            )
        }
        Kind::Anthropic => {
            need(&body, &["model", "messages", "max_tokens"])?;
            only(
                &body,
                "",
                &[
                    "max_tokens",
                    "messages",
                    "model",
                    "metadata",
                    "output_config",
                    "system",
                    "thinking",
                    "stop_sequences",
                ],
            )
        }
        Kind::Ark => {
            need(&body, &["model", "prompt"])?;
            only(
                &body,
                "",
                &[
                    "model",
                    "prompt",
                    "image",
                    "size",
                    "response_format",
                    "watermark",
                    "seed",
                    "guidance_scale",
                    "output_format",
                    "background",
                ],
            )
        }
        Kind::Bfl => {
            need(&body, &["prompt"])?;
            only(
                &body,
                "",
                &[
                    "prompt",
                    "input_image",
                    "input_image_2",
                    "width",
                    "height",
                    "seed",
                    "output_format",
                    "safety_tolerance",
                ],
            )
        }
        Kind::Fal => {
            need(&body, &["prompt", "image_urls"])?;
            only(
                &body,
                "",
                &[
                    "prompt",
                    "image_urls",
                    "num_images",
                    "aspect_ratio",
                    "resolution",
                    "output_format",
                    "seed",
                    "sync_mode",
                ],
            )
        }
        Kind::Replicate if is_form => Ok(()),
        Kind::Replicate => {
            only(&body, "", &["input", "version"])?;
            only(&body["input"], "input", &["prompt", "image_input", "aspect_ratio", "resolution", "output_format"])
        }
        Kind::Xai => {
            need(&body, &["model", "prompt"])?;
            only(
                &body,
                "",
                &["model", "prompt", "n", "response_format", "aspect_ratio", "resolution", "image", "images"],
            )
        }
        Kind::ComfyUi if is_form => Ok(()),
        Kind::ComfyUi => only(&body, "", &["prompt", "client_id"]),
        Kind::A1111 => only(
            &body,
            "",
            &[
                "init_images",
                "prompt",
                "negative_prompt",
                "mask",
                "denoising_strength",
                "seed",
                "steps",
                "cfg_scale",
                "width",
                "height",
                "batch_size",
            ],
        ),
    }
}

fn gemini(body: &Value) -> Result<(), (u16, String)> {
    need(body, &["contents"])?;
    only(body, "", &["contents", "systemInstruction", "safetySettings", "tools", "generationConfig", "serviceTier"])?;
    if let Some(config) = body.get("generationConfig") {
        only(
            config,
            "generation_config",
            &[
                "temperature",
                "topP",
                "topK",
                "candidateCount",
                "maxOutputTokens",
                "seed",
                "responseMimeType",
                "responseJsonSchema",
                "responseModalities",
                "imageConfig",
                "thinkingConfig",
            ],
        )?;
        if let Some(image) = config.get("imageConfig") {
            only(image, "image_config", &["aspectRatio", "imageSize"])?;
            let size = image.get("imageSize").and_then(Value::as_str).unwrap_or("1K");
            if !["512", "1K", "2K", "4K"].contains(&size) {
                return Err((400, format!("Invalid value at 'image_config.image_size': {size}")));
            }
        }
    }
    for part in body["contents"][0]["parts"].as_array().ok_or((400, "no parts".to_owned()))? {
        only(part, "contents[0].parts", &["text", "inlineData"])?;
        if let Some(data) = part.get("inlineData") {
            only(data, "inline_data", &["mimeType", "data"])?;
        }
    }
    Ok(())
}

/// An error as each service writes it.
pub fn complaint(kind: Kind, status: u16, why: &str) -> Reaction {
    let body = match kind {
        Kind::Gemini => json!({ "error": { "code": status, "message": why, "status": "INVALID_ARGUMENT" } }),
        Kind::Anthropic => json!({ "type": "error", "error": { "type": "invalid_request_error", "message": why } }),
        Kind::Fal | Kind::Bfl | Kind::Replicate => json!({ "detail": why }),
        _ => json!({ "error": { "message": why, "type": "invalid_request_error", "param": null, "code": null } }),
    };
    Reaction::json(status, &body)
}

fn work(kind: Kind, seen: &Seen, base: &str) -> Reaction {
    let made = encoded(&answered());
    if seen.path.starts_with("/result") || seen.path.starts_with("/view") {
        return Reaction::bytes(200, "image/png", answered());
    }
    Reaction::json(
        200,
        &match (kind, seen.method.as_str()) {
            (Kind::Gemini, _) if seen.json()["generationConfig"]["responseModalities"] == json!(["IMAGE"]) => {
                gemini_picture(&made)
            }
            (Kind::Gemini, _) => json!({
                "candidates": [{ "content": { "parts": [{ "text": "[\"Smell first.\"]" }] }, "finishReason": "STOP" }],
                "usageMetadata": { "promptTokenCount": 20, "candidatesTokenCount": 10 }, "modelVersion": "gemini-3.8-flash",
            }),
            (Kind::OpenAi, _) if seen.path.ends_with("/responses") => json!({
                "id": "resp_1", "status": "completed", "model": "gpt-6.1-sol",
                "output": [{ "type": "reasoning" }, { "type": "message", "content": [{ "type": "output_text", "text": "[\"Smell first.\"]" }] }],
                "usage": { "input_tokens": 100, "output_tokens": 20 },
            }),
            (Kind::OpenAi, _) => json!({
                "created": 1, "output_format": "png", "data": [{ "b64_json": made }],
                "usage": { "input_tokens": 1100, "input_tokens_details": { "image_tokens": 1000, "text_tokens": 100 }, "output_tokens": 1680 },
            }),
            (Kind::Compatible, _) if seen.json().get("modalities").is_some() => json!({
                "choices": [{ "message": { "content": "", "images": [{ "image_url": { "url": data_url(&answered()) } }] }, "finish_reason": "stop" }],
                "usage": { "cost": 0.039 },
            }),
            (Kind::Compatible, _) => {
                json!({ "choices": [{ "message": { "content": "[\"Smell first.\"]" }, "finish_reason": "stop" }] })
            }
            (Kind::Anthropic, _) => json!({
                "id": "msg_1", "type": "message", "model": "claude-sonnet-5-5", "stop_reason": "end_turn",
                "content": [{ "type": "text", "text": "[\"Smell first.\"]" }], "usage": { "input_tokens": 100, "output_tokens": 20 },
            }),
            (Kind::Ark, _) => {
                json!({ "model": "seedream-5-5-261028", "data": [{ "b64_json": made, "size": "24x30" }], "usage": { "generated_images": 1 } })
            }
            (Kind::Bfl, "POST") => {
                json!({ "id": "b1", "polling_url": format!("{base}/v1/get_result?id=b1"), "cost": 3.0 })
            }
            (Kind::Bfl, _) => {
                json!({ "id": "b1", "status": "Ready", "result": { "sample": format!("{base}/result/b1"), "seed": 7 } })
            }
            (Kind::Fal, "POST") => json!({
                "status": "IN_QUEUE", "request_id": "f1", "queue_position": 0,
                "response_url": format!("{base}/fal-ai/nano-banana-2/requests/f1"),
                "status_url": format!("{base}/fal-ai/nano-banana-2/requests/f1/status"),
            }),
            (Kind::Fal, _) if seen.path.ends_with("/status") => json!({ "status": "COMPLETED" }),
            (Kind::Fal, _) => {
                json!({ "images": [{ "url": format!("{base}/result/f1"), "content_type": "image/png" }], "seed": 11 })
            }
            (Kind::Replicate, "POST") if seen.path.ends_with("/files") => {
                json!({ "id": "x", "urls": { "get": format!("{base}/v1/files/x") } })
            }
            (Kind::Replicate, "POST") => {
                json!({ "id": "r1", "status": "starting", "urls": { "get": format!("{base}/v1/predictions/r1") } })
            }
            (Kind::Replicate, _) => {
                json!({ "id": "r1", "status": "succeeded", "output": format!("{base}/result/r1"), "model": "google/nano-banana-pro" })
            }
            (Kind::Xai, _) => json!({ "data": [{ "b64_json": made }], "usage": { "cost_in_usd_ticks": 600_000_000 } }),
            (Kind::ComfyUi, "POST") if seen.path == "/upload/image" => {
                json!({ "name": "up.png", "subfolder": "in", "type": "input" })
            }
            (Kind::ComfyUi, "POST") => json!({ "prompt_id": "c1", "number": 1, "node_errors": {} }),
            (Kind::ComfyUi, _) => json!({ "c1": {
            "outputs": { "9": { "images": [{ "filename": "a b.png", "subfolder": "", "type": "output" }, { "filename": "t.png", "subfolder": "", "type": "temp" }] } },
            "status": { "status_str": "success", "completed": true, "messages": [] },
        } }),
            (Kind::A1111, _) => {
                json!({ "images": [made], "parameters": {}, "info": "{\"seed\": 5, \"sd_model_name\": \"juggernaut\"}" })
            }
        },
    )
}

pub fn gemini_picture(made: &str) -> Value {
    json!({
        "candidates": [{ "content": { "parts": [
            { "text": "thinking", "thought": true },
            { "inlineData": { "mimeType": "image/png", "data": encoded(&png(3)) }, "thought": true },
            { "inlineData": { "mimeType": "image/jpeg", "data": made }, "thoughtSignature": "x" },
        ] }, "finishReason": "STOP" }],
        "usageMetadata": { "promptTokenCount": 300, "candidatesTokenCount": 1680, "thoughtsTokenCount": 50 },
        "modelVersion": "gemini-nano-banana-2.1", "responseId": "g1",
    })
}
