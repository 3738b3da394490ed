//! What goes out to each service, field by field, and what comes back from it.

use std::sync::Arc;

use serde_json::{Value, json};
use softbox::models::{Ask, How, Kind, Picture, Request, Take};

use crate::contracts::{Stand, answered};
use crate::studio::{build, data_url, edit, encoded, pixels, png, with, write};

/// Asks, checks that asking again asks nobody, and hands over the take.
fn asked(stand: &Stand, request: &Request) -> Take {
    let folder = tempfile::tempdir().unwrap();
    let take = build(folder.path(), &stand.service, request, How::default()).0.unwrap();
    assert_eq!(take.record.refused, None);
    let (billed, seen) = (stand.billed(), stand.server.seen().len());
    let again = build(folder.path(), &stand.service, request, How { frozen: true, retry: true }).0.unwrap();
    assert_eq!((again, stand.billed(), stand.server.seen().len()), (take.clone(), billed, seen), "a take is paid once");
    let expected = if matches!(request.ask, Ask::Image(_)) { answered() } else { b"[\"Smell first.\"]".to_vec() };
    assert_eq!(take.read().unwrap(), [expected], "untouched bytes");
    take
}

fn cost(take: &Take) -> String {
    take.record.cost.map_or_else(|| "unknown".into(), |cost| cost.to_string())
}

#[test]
fn gemini_edits_a_picture() {
    let stand = Stand::of(Kind::Gemini);
    let take = asked(&stand, &edit("gemini-nano-banana-2.1"));
    assert_eq!(
        stand.posted(),
        json!({
            "contents": [{ "role": "user", "parts": [
                { "text": "on wet marble" }, { "inlineData": { "mimeType": "image/png", "data": encoded(&png(1)) } },
            ] }],
            "generationConfig": { "responseModalities": ["IMAGE"], "imageConfig": { "aspectRatio": "4:5", "imageSize": "2K" } },
        })
    );
    assert_eq!(stand.server.seen()[0].path, "/v1beta/models/gemini-nano-banana-2.1:generateContent");
    assert_eq!(take.record.answered_by.as_deref(), Some("gemini-nano-banana-2.1"));
    assert_eq!((cost(&take).as_str(), take.record.id.as_deref()), ("$0.0504", Some("g1")));
    assert!(take.record.files[0].name.ends_with(".png"), "the service calls its PNG a JPEG: bytes tell");
    let old = Stand::of(Kind::Gemini);
    asked(&old, &edit("gemini-2.5-flash-image"));
    assert_eq!(
        old.posted()["generationConfig"]["imageConfig"],
        json!({ "aspectRatio": "4:5" }),
        "the oldest one knows no sizes"
    );
}

#[test]
fn gemini_writes_text() {
    let stand = Stand::of(Kind::Gemini);
    let take = asked(&stand, &write("gemini-3.8-flash"));
    assert_eq!(
        stand.posted(),
        json!({
            "contents": [{ "role": "user", "parts": [{ "text": "A shorter hook." }] }],
            "systemInstruction": { "parts": [{ "text": "Write plainly." }] },
            "generationConfig": {
                "maxOutputTokens": 800, "responseMimeType": "application/json",
                "responseJsonSchema": { "type": "array", "items": { "type": "string" } },
            },
        })
    );
    assert_eq!(cost(&take), "$0.000053");
}

#[test]
fn openai_edits_with_a_mask_as_a_form() {
    let stand = Stand::of(Kind::OpenAi);
    let mut request = with(edit("gpt-image-2"), json!({ "quality": "high" }));
    if let Ask::Image(ask) = &mut request.ask {
        ask.pictures.push(Picture::new(Arc::new(pixels(5, image::ImageFormat::WebP, 9, 9))).unwrap());
        ask.mask = Some(Picture::new(Arc::new(png(7))).unwrap());
    }
    let take = asked(&stand, &request);
    let seen = &stand.server.seen()[0];
    let kind = seen.header("content-type").unwrap();
    let boundary = kind.strip_prefix("multipart/form-data; boundary=").unwrap();
    let fields = form(&seen.body, boundary);
    let told: Vec<_> = fields.iter().map(|(head, body)| (head.as_str(), body.len())).collect();
    let file = |name: &str, bytes: &[u8], kind: &str| {
        let digest = blake3::hash(bytes).to_hex();
        format!("form-data; name=\"{name}\"; filename=\"{}.{kind}\"\r\nContent-Type: image/{kind}", &digest[..16])
    };
    let webp = pixels(5, image::ImageFormat::WebP, 9, 9);
    assert_eq!(
        told,
        [
            ("form-data; name=\"model\"", 11),
            ("form-data; name=\"prompt\"", 13),
            ("form-data; name=\"size\"", 9),
            (&*file("image[]", &png(1), "png"), png(1).len()),
            (&*file("image[]", &webp, "webp"), webp.len()),
            (&*file("mask", &png(7), "png"), png(7).len()),
            ("form-data; name=\"quality\"", 4),
        ]
    );
    assert_eq!(fields[2].1, b"1088x1344");
    assert_eq!(fields[5].1, png(7));
    assert_eq!(seen.path, "/v1/images/edits");
    assert_eq!(cost(&take), "$0.0589", "by its tokens");
}

/// The parts of a form: the disposition with what follows it, and the bytes.
fn form(body: &[u8], boundary: &str) -> Vec<(String, Vec<u8>)> {
    let mark = format!("--{boundary}");
    let starts: Vec<usize> = (0..body.len()).filter(|at| body[*at..].starts_with(mark.as_bytes())).collect();
    assert!(body[*starts.last().unwrap()..].starts_with(format!("{mark}--\r\n").as_bytes()));
    let part = |pair: &[usize]| {
        let part = &body[pair[0] + mark.len() + 2..pair[1] - 2];
        let end = part.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
        let head = std::str::from_utf8(&part[..end]).unwrap().strip_prefix("Content-Disposition: ").unwrap();
        (head.to_owned(), part[end + 4..].to_vec())
    };
    starts.windows(2).map(part).collect()
}

#[test]
fn openai_makes_a_picture_from_words() {
    let stand = Stand::of(Kind::OpenAi);
    let mut request = edit("gpt-image-2.5-flare");
    if let Ask::Image(ask) = &mut request.ask {
        ask.pictures.clear();
        ask.transparent = true;
    }
    asked(&stand, &request);
    assert_eq!(
        stand.posted(),
        json!({
            "model": "gpt-image-2.5-flare", "prompt": "on wet marble", "size": "1088x1344", "background": "transparent", "output_format": "png",
        })
    );
}

#[test]
fn openai_writes_text() {
    let stand = Stand::of(Kind::OpenAi);
    let take = asked(&stand, &write("gpt-6.1-sol"));
    assert_eq!(
        stand.posted(),
        json!({
            "model": "gpt-6.1-sol", "instructions": "Write plainly.", "max_output_tokens": 800, "store": false,
            "input": [{ "role": "user", "content": [{ "type": "input_text", "text": "A shorter hook." }] }],
            "text": { "format": {
                "type": "json_schema", "name": "answer", "strict": true, "schema": { "type": "array", "items": { "type": "string" } },
            } },
        })
    );
    assert_eq!(cost(&take), "$0.0004");
}

#[test]
fn a_compatible_server_writes_text_without_a_key_and_paints() {
    let stand = Stand::of(Kind::Compatible);
    let take = asked(&stand, &write("llama3.3"));
    assert_eq!(
        stand.posted(),
        json!({
            "model": "llama3.3", "max_tokens": 800,
            "messages": [{ "role": "system", "content": "Write plainly." }, { "role": "user", "content": "A shorter hook." }],
            "response_format": { "type": "json_schema", "json_schema": {
                "name": "answer", "strict": true, "schema": { "type": "array", "items": { "type": "string" } },
            } },
        })
    );
    assert_eq!(stand.server.seen()[0].header("authorization"), None);
    assert_eq!((stand.server.seen()[0].path.as_str(), cost(&take).as_str()), ("/v1/chat/completions", "unknown"));
    let painter = Stand::of(Kind::Compatible);
    let take = asked(&painter, &edit("google/gemini-nano-banana"));
    assert_eq!(
        painter.posted(),
        json!({
            "model": "google/gemini-nano-banana", "modalities": ["image", "text"],
            "messages": [{ "role": "user", "content": [
                { "type": "text", "text": "on wet marble" }, { "type": "image_url", "image_url": { "url": data_url(&png(1)) } },
            ] }],
            "image_config": { "aspect_ratio": "4:5", "image_size": "2K" },
        })
    );
    assert_eq!(cost(&take), "$0.039", "as the server says");
}

#[test]
fn anthropic_writes_text() {
    let stand = Stand::of(Kind::Anthropic);
    let take = asked(&stand, &write("claude-sonnet-5-5"));
    assert_eq!(
        stand.posted(),
        json!({
            "model": "claude-sonnet-5-5", "max_tokens": 800, "system": "Write plainly.",
            "messages": [{ "role": "user", "content": [{ "type": "text", "text": "A shorter hook." }] }],
            "output_config": { "format": { "type": "json_schema", "schema": { "type": "array", "items": { "type": "string" } } } },
        })
    );
    assert_eq!((stand.server.seen()[0].path.as_str(), cost(&take).as_str()), ("/v1/messages", "$0.0004"));
}

#[test]
fn ark_edits_a_picture_without_its_mark() {
    let stand = Stand::of(Kind::Ark);
    let take = asked(&stand, &edit("seedream-5-5-261028"));
    assert_eq!(
        stand.posted(),
        json!({
            "model": "seedream-5-5-261028", "prompt": "on wet marble", "image": data_url(&png(1)), "size": "1080x1350",
            "response_format": "b64_json", "watermark": false,
        })
    );
    assert_eq!((stand.server.seen()[0].path.as_str(), cost(&take).as_str()), ("/api/v3/images/generations", "$0.043"));
}

#[test]
fn flux_is_asked_once_and_looked_at_until_it_is_ready() {
    let stand = Stand::of(Kind::Bfl);
    let take = asked(&stand, &edit("flux-2-pro"));
    assert_eq!(
        stand.posted(),
        json!({
            "prompt": "on wet marble", "input_image": encoded(&png(1)), "width": 1088, "height": 1344, "output_format": "png",
        })
    );
    let paths: Vec<_> = stand.server.seen().into_iter().map(|seen| seen.path).collect();
    assert_eq!(paths, ["/v1/flux-2-pro", "/v1/get_result?id=b1", "/result/b1"]);
    assert_eq!((cost(&take).as_str(), take.record.seed), ("$0.03", Some(7)));
}

#[test]
fn fal_is_queued_and_asked_under_the_addresses_that_it_names() {
    let stand = Stand::of(Kind::Fal);
    let take = asked(&stand, &edit("fal-ai/nano-banana-2/edit"));
    assert_eq!(
        stand.posted(),
        json!({
            "prompt": "on wet marble", "image_urls": [data_url(&png(1))], "aspect_ratio": "4:5", "resolution": "2K",
        })
    );
    let paths: Vec<_> = stand.server.seen().into_iter().map(|seen| seen.path).collect();
    let job = "/fal-ai/nano-banana-2/requests/f1";
    assert_eq!(paths, ["/fal-ai/nano-banana-2/edit", &format!("{job}/status"), job, "/result/f1"]);
    assert_eq!((cost(&take).as_str(), take.record.seed), ("$0.12", Some(11)));
}

#[test]
fn replicate_predicts_and_gets_large_pictures_as_uploads() {
    let stand = Stand::of(Kind::Replicate);
    let take = asked(&stand, &edit("google/nano-banana-pro"));
    assert_eq!(
        stand.posted(),
        json!({ "input": {
        "prompt": "on wet marble", "image_input": [data_url(&png(1))], "aspect_ratio": "4:5", "resolution": "2K", "output_format": "png",
    } })
    );
    assert_eq!(cost(&take), "unknown", "what nobody published is unknown, not zero");
    let large = Stand::of(Kind::Replicate);
    let mut request = edit("google/nano-banana-pro");
    let noise = image::RgbImage::from_fn(400, 400, |x, y| {
        let hash = blake3::hash(&[x.to_le_bytes(), y.to_le_bytes()].concat());
        image::Rgb(*hash.as_bytes().first_chunk().unwrap())
    });
    let mut bytes = std::io::Cursor::new(Vec::new());
    noise.write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    if let Ask::Image(ask) = &mut request.ask {
        ask.pictures = vec![Picture::new(Arc::new(bytes.into_inner())).unwrap()];
    }
    asked(&large, &request);
    let posts: Vec<_> = large.server.seen().into_iter().filter(|seen| seen.method == "POST").collect();
    assert_eq!(posts[0].path, "/v1/files");
    assert_eq!(posts[1].json()["input"]["image_input"], json!([format!("{}/v1/files/x", large.server.base)]));
}

#[test]
fn xai_edits_with_json() {
    let stand = Stand::of(Kind::Xai);
    let take = asked(&stand, &edit("grok-imagine-image-2.0"));
    assert_eq!(
        stand.posted(),
        json!({
            "model": "grok-imagine-image-2.0", "prompt": "on wet marble", "n": 1, "response_format": "b64_json",
            "image": { "url": data_url(&png(1)), "type": "image_url" }, "aspect_ratio": "3:4", "resolution": "2k",
        })
    );
    assert_eq!(cost(&take), "$0.06");
}

#[test]
fn comfyui_runs_a_graph_with_its_placeholders_filled() {
    let stand = Stand::of(Kind::ComfyUi);
    let graph = json!({
        "1": { "class_type": "LoadImage", "inputs": { "image": "{{image}}" } },
        "3": { "class_type": "KSampler", "inputs": { "seed": "{{seed}}", "model": ["4", 0], "text": "studio photo, {{prompt}}" } },
    });
    let take = asked(&stand, &with(edit("marble"), json!({ "graph": graph })));
    let seen = stand.server.seen();
    let paths: Vec<_> = seen.iter().map(|seen| seen.path.as_str()).collect();
    assert_eq!(paths, ["/upload/image", "/prompt", "/history/c1", "/view?filename=a%20b.png&subfolder=&type=output"]);
    assert_eq!(
        seen[1].json(),
        json!({ "client_id": "softbox", "prompt": {
        "1": { "class_type": "LoadImage", "inputs": { "image": "in/up.png" } },
        "3": { "class_type": "KSampler", "inputs": { "seed": 1, "model": ["4", 0], "text": "studio photo, on wet marble" } },
    } })
    );
    assert_eq!(cost(&take), "$0.00");
}

#[test]
fn a1111_is_asked_with_base64() {
    let stand = Stand::of(Kind::A1111);
    let take = asked(&stand, &with(edit("juggernaut"), json!({ "steps": 30, "denoising_strength": 0.4 })));
    assert_eq!(
        stand.posted(),
        json!({
            "prompt": "on wet marble", "init_images": [encoded(&png(1))], "seed": 1, "width": 1080, "height": 1352, "steps": 30,
            "denoising_strength": 0.4,
        })
    );
    assert_eq!((take.record.seed, take.record.answered_by.as_deref()), (Some(5), Some("juggernaut")));
}

#[test]
fn the_record_beside_a_take_says_what_was_sent_with_digests_for_pictures() {
    let stand = Stand::of(Kind::Gemini);
    let take = asked(&stand, &edit("gemini-nano-banana-2.1"));
    let sent: Value = serde_json::from_str(&take.record.sent).unwrap();
    let picture = &sent["contents"][0]["parts"][1]["inlineData"]["data"];
    assert_eq!(picture["$picture"], json!(blake3::hash(&png(1)).to_hex().as_str()));
    assert_eq!(sent["contents"][0]["parts"][0]["text"], "on wet marble");
}

#[test]
fn what_a_service_has_no_words_for_is_told_before_anything_is_sent() {
    let folder = tempfile::tempdir().unwrap();
    let masked = |model: &str| {
        let mut request = edit(model);
        if let Ask::Image(ask) = &mut request.ask {
            ask.mask = Some(Picture::new(Arc::new(png(7))).unwrap());
        }
        request
    };
    for (kind, request, words) in [
        (Kind::Gemini, masked("gemini-nano-banana-2.1"), "takes no request with a mask"),
        (Kind::Anthropic, edit("claude-sonnet-5-5"), "takes no request with a picture to be made"),
        (Kind::Bfl, write("flux-2-pro"), "takes no request with text to be written"),
        (Kind::ComfyUi, edit("marble"), "takes no request with no `graph`"),
        (
            Kind::ComfyUi,
            with(edit("m"), json!({ "graph": { "1": "{{mask}}" } })),
            "nothing to put in the place of {{mask}}",
        ),
    ] {
        let stand = Stand::of(kind);
        let fault = build(folder.path(), &stand.service, &request, How::default()).0.unwrap_err().to_string();
        assert!(fault.contains(words), "{fault}");
        assert!(stand.server.seen().is_empty());
    }
}
