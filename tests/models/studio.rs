//! What the tests of models share: pictures, requests, a folder for takes, and a client whose patience is short.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};
use softbox::models::{
    Ask, Budget, Catalogue, Client, Environment, Fault, How, ImageAsk, Keys, Kind, News, Patience, Picture, Request,
    Service, Settings, Size, Take, TextAsk,
};

/// The key of every service here. It must turn up nowhere but in one header.
pub const KEY: &str = "sk-planted-4f1d";

/// A picture file of a kind, different for each seed.
pub fn pixels(seed: u8, format: image::ImageFormat, width: u32, height: u32) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    let picture = image::RgbImage::from_fn(width, height, |x, y| image::Rgb([seed, (x * 7) as u8, (y * 5) as u8]));
    picture.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

pub fn png(seed: u8) -> Vec<u8> {
    pixels(seed, image::ImageFormat::Png, 24, 30)
}

pub fn encoded(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

pub fn data_url(bytes: &[u8]) -> String {
    format!("data:image/png;base64,{}", encoded(bytes))
}

pub fn picture(seed: u8) -> Picture {
    Picture::new(Arc::new(png(seed))).unwrap()
}

pub fn edit(model: &str) -> Request {
    let size = Some(Size { width: 1080, height: 1350 });
    let ask = ImageAsk { prompt: "on wet marble".into(), pictures: vec![picture(1)], size, ..ImageAsk::default() };
    request(model, Ask::Image(ask))
}

pub fn write(model: &str) -> Request {
    let schema = serde_json::json!({ "type": "array", "items": { "type": "string" } });
    let ask = TextAsk {
        system: "Write plainly.".into(),
        prompt: "A shorter hook.".into(),
        pictures: Vec::new(),
        schema: Some(schema),
        max_tokens: 800,
    };
    request(model, Ask::Text(ask))
}

fn request(model: &str, ask: Ask) -> Request {
    Request { model: model.into(), ask, take: 1, extra: Map::new(), recipe: None }
}

pub fn with(mut request: Request, extra: Value) -> Request {
    request.extra = extra.as_object().unwrap().clone();
    request
}

/// All keys are set.
pub fn keys() -> Keys {
    let names = softbox::models::KINDS.into_iter().flat_map(Kind::key_names);
    Keys::new(names.map(|name| ((*name).to_owned(), KEY.to_owned())))
}

pub fn service(kind: Kind, base: &str) -> Service {
    Service::new(kind, Some(base), None, &keys()).unwrap()
}

/// Waits that a test can wait for.
pub fn patience() -> Patience {
    Patience {
        first: Duration::from_millis(4),
        longest: Duration::from_millis(30),
        total: Duration::from_secs(60),
        rest: Duration::from_secs(2),
        look: Duration::from_millis(4),
        job: Duration::from_secs(60),
        answer: Duration::from_secs(60),
    }
}

pub fn client_with(folder: &Path, budget: Budget, patience: Patience) -> Client {
    let settings = Settings {
        takes: folder.join("takes"),
        derived: folder.join(".softbox"),
        budget,
        catalogue: Catalogue::built_in().unwrap(),
        patience,
    };
    let noon = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_435_200);
    let environment = Environment { now: Arc::new(move || noon), jitter: Arc::new(|| 0.5) };
    Client::open(settings, environment).unwrap()
}

pub fn client(folder: &Path) -> Client {
    client_with(folder, Budget::default(), patience())
}

/// A build of one request in a process of its own, as far as anything on disk can tell.
pub fn build(folder: &Path, service: &Service, request: &Request, how: How) -> (Result<Take, Fault>, Vec<News>) {
    let news = Mutex::new(Vec::new());
    let tell = |told: News| news.lock().unwrap().push(told);
    let result = client(folder).ask(service, request, "hero/jar", how, &tell);
    (result, news.into_inner().unwrap())
}

/// Whether any file below a folder holds some bytes.
pub fn holds(folder: &Path, needle: &[u8]) -> Option<std::path::PathBuf> {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let found = match path.is_dir() {
            true => holds(&path, needle),
            false => {
                let bytes = std::fs::read(&path).unwrap();
                bytes.windows(needle.len()).any(|part| part == needle).then_some(path)
            }
        };
        if found.is_some() {
            return found;
        }
    }
    None
}
