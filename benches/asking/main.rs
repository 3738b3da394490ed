//! How long a build waits for models: fifty products, two models and two takes of each, at a service that answers in 300 ms and has eight
//! places: `cargo bench --bench asking`. Next to it the ideal: as if nothing but the service took time.

use std::error::Error;
use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use softbox::imaging::{Encoding, FileType, Picture, encode};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const PRODUCTS: usize = 50;
const TAKES: usize = 2;
const MODELS: usize = 2;
const PLACES: usize = 8;
const ANSWER: Duration = Duration::from_millis(300);

fn main() -> Result<()> {
    let ideal = ANSWER * (PRODUCTS * TAKES * MODELS).div_ceil(PLACES) as u32;
    println!(
        "{PRODUCTS} products × {MODELS} models × {TAKES} takes, {PLACES} at once, {ANSWER:?} each: ideal {ideal:?}"
    );
    for (width, height) in [(600, 800), (3024, 4032)] {
        for round in 0..3 {
            let (took, again, most, asked) = build(width, height)?;
            let ratio = took.as_secs_f64() / ideal.as_secs_f64();
            println!(
                "photos of {width}x{height}, round {}: {took:.2?}, {ratio:.2} of the ideal; {asked} asked, {most} at once; again: {again:.2?}",
                round + 1
            );
            assert_eq!(asked, PRODUCTS * TAKES * MODELS, "each take is asked for once");
        }
    }
    Ok(())
}

/// One build of a fresh campaign, and the one after it.
fn build(width: u32, height: u32) -> Result<(Duration, Duration, usize, usize)> {
    let folder = tempfile::tempdir()?;
    let (most, asked) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let base = serve(most.clone(), asked.clone())?;
    campaign(folder.path(), &base, width, height)?;
    let run = || -> Result<Duration> {
        let began = Instant::now();
        let output = Command::new(env!("CARGO_BIN_EXE_softbox"))
            .args(["build", "--message-format", "json", "-C"])
            .arg(folder.path())
            .env("GEMINI_API_KEY", "none")
            .output()?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stdout).into_owned().into());
        }
        Ok(began.elapsed())
    };
    let (took, again) = (run()?, run()?);
    Ok((took, again, most.load(Ordering::SeqCst), asked.load(Ordering::SeqCst)))
}

fn campaign(folder: &Path, base: &str, width: u32, height: u32) -> Result<()> {
    let mut manifest = format!(
        "[campaign]\nname = \"Shop\"\n\
         [look.marble]\nsteps = [{{ edit = {{ prompt = \"{{{{name}}}} on marble\", models = [\"one\", \"two\"], takes = {TAKES}, size = 1024 }} }}]\n\
         [photo.hero]\nsource = \"photos/{{product}}.jpg\"\nlook = \"marble\"\n\
         [post.plain]\nphoto = \"hero\"\nformats = [\"instagram.portrait\"]\noutput = \"{{product}}.jpg\"\n"
    );
    for model in ["one", "two"] {
        write!(
            manifest,
            "[model.{model}]\nprovider = \"gemini\"\nurl = \"{base}\"\ncan = [\"image.edit\"]\nprice = {{ image = 0.01 }}\n"
        )?;
    }
    std::fs::create_dir_all(folder.join("photos"))?;
    for number in 0..PRODUCTS {
        write!(manifest, "[product.p{number}]\nname = \"Product {number}\"\n")?;
        std::fs::write(folder.join(format!("photos/p{number}.jpg")), jpeg(width, height, number as u8)?)?;
    }
    Ok(std::fs::write(folder.join("campaign.toml"), manifest)?)
}

/// A soft picture, another one for each seed.
fn jpeg(width: u32, height: u32, seed: u8) -> Result<Vec<u8>> {
    let tone = |at: u32| [(at % width / 16) as u8, (at / width / 16) as u8, seed];
    let picture = Picture::from_pixels((0..width * height).flat_map(tone).collect(), width, height, 3)?;
    Ok(encode(&picture, &Encoding::plain(FileType::Jpeg, 90))?.bytes)
}

/// A service that takes its time, and never answers twice the same.
fn serve(most: Arc<AtomicUsize>, asked: Arc<AtomicUsize>) -> Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let base = format!("http://{}", listener.local_addr()?);
    let now = Arc::new(AtomicUsize::new(0));
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let (most, asked, now) = (most.clone(), asked.clone(), now.clone());
            std::thread::spawn(move || {
                let number = asked.fetch_add(1, Ordering::SeqCst);
                most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                let answered = answer(stream, number);
                now.fetch_sub(1, Ordering::SeqCst);
                answered
            });
        }
    });
    Ok(base)
}

fn answer(mut stream: TcpStream, number: usize) -> std::io::Result<()> {
    let (mut bytes, mut buffer) = (Vec::new(), [0; 65536]);
    let body = loop {
        let read = stream.read(&mut buffer)?;
        bytes.extend_from_slice(&buffer[..read]);
        if let Some(end) = bytes.windows(4).position(|part| part == b"\r\n\r\n") {
            break end + 4;
        }
        if read == 0 {
            return Ok(());
        }
    };
    let head = String::from_utf8_lossy(&bytes[..body]).to_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse::<usize>().ok());
    while bytes.len() < body + length.unwrap_or(0) {
        let read = stream.read(&mut buffer)?;
        if read == 0 {
            break;
        }
        bytes.extend_from_slice(&buffer[..read]);
    }
    std::thread::sleep(ANSWER);
    let picture = jpeg(768, 1024, number as u8).map_err(|error| std::io::Error::other(error.to_string()))?;
    let body = serde_json::json!({
        "candidates": [{ "content": { "parts": [
            { "inlineData": { "mimeType": "image/jpeg", "data": STANDARD.encode(picture) } },
        ] }, "finishReason": "STOP" }],
        "usageMetadata": { "promptTokenCount": 300, "candidatesTokenCount": 1680 },
        "modelVersion": "one", "responseId": number.to_string(),
    });
    let body = body.to_string();
    write!(
        stream,
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
}
