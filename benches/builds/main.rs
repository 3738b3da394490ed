//! Whole builds by the program itself: a product card beside Chromium and satori, and many photos in six formats beside the sum of their parts.
//!
//! `cargo bench --bench builds`; for the comparison, `npm install` in this folder first and Chromium as `chromium` (or its path in `CHROMIUM`).
//! Every build starts with nothing: the photos are read, everything is made, and files are written. The middle of three rounds counts.

#[path = "../engine/measure.rs"]
mod measure;
#[path = "../imaging/photo.rs"]
mod photo;

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use measure::{Taken, median, run};

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/builds");

/// Longer than its two lines, and without a comma: it goes into a table.
const TAGLINE: &str = "One amber bottle of calendula and chamomile from our own garden steeped for six weeks and bottled by hand in \
    small batches for evenings that should end a little sooner than they do";

/// Cards of a round.
const CARDS: usize = 24;

const ROUNDS: usize = 3;

fn main() -> Outcome<()> {
    let photo = photo::phone_like(4032, 3024)?;
    // As it is stored: lying on its side.
    let small = photo::phone_like(1350, 1080)?;
    for (photo, size, format, file_type) in [
        (&photo, "12 MP", "instagram.portrait", "jpeg"),
        (&photo, "12 MP", "bench.png", "png"),
        (&small, "1080×1350", "bench.png", "png"),
    ] {
        cards(photo, size, format, file_type)?;
    }
    for photos in [25, 100] {
        many(&photo, photos)?;
    }
    Ok(())
}

/// A campaign of so many products, each with a 12-megapixel photo of its own, and a card of each in these formats.
fn campaign(photo: &[u8], products: usize, formats: &str) -> Outcome<tempfile::TempDir> {
    let folder = tempfile::tempdir()?;
    let at = |name: &str| folder.path().join(name);
    fs::create_dir_all(at("photos"))?;
    let mut rows = "id,name,price,tagline\n".to_owned();
    for number in 0..products {
        // A comment makes it another file.
        let comment = format!("{number:06}");
        let mut bytes = photo[..2].to_vec();
        bytes.extend([0xff, 0xfe, 0, 8]);
        bytes.extend(comment.as_bytes());
        bytes.extend(&photo[2..]);
        fs::write(at(&format!("photos/p{number}.jpg")), bytes)?;
        rows += &format!("p{number},Calming Tincture {number},$24,{TAGLINE}\n");
    }
    fs::write(at("products.csv"), rows)?;
    fs::write(at("tagline.txt"), TAGLINE)?;
    for name in ["card.html", "card.css", "logo.svg"] {
        fs::copy(Path::new(FOLDER).join(name), at(name))?;
    }
    let manifest = format!(
        "[campaign]\nname = \"Bench\"\nproducts = \"products.csv\"\n\n[photo.hero]\nsource = \"photos/{{product}}.jpg\"\n\n\
         [format.\"bench.png\"]\nwidth = 1080\nheight = 1350\naccepts = [\"png\"]\n\n\
         [post.card]\nphoto = \"hero\"\ntemplate = \"card.html\"\nformats = [{formats}]\n"
    );
    fs::write(at("campaign.toml"), manifest)?;
    Ok(folder)
}

/// A build from nothing; its trace lies in the folder.
fn build(folder: &Path) -> Outcome<Taken> {
    for gone in ["dist", ".softbox"] {
        if folder.join(gone).exists() {
            fs::remove_dir_all(folder.join(gone))?;
        }
    }
    let mut command = Command::new(env!("CARGO_BIN_EXE_softbox"));
    // Nothing comes from the builds of other campaigns on this machine.
    command
        .args(["build", "--jobs=2", "--trace=trace.json"])
        .current_dir(folder)
        .env("XDG_CACHE_HOME", folder.join("cache"));
    let taken = run(command.stderr(std::process::Stdio::null()))?;
    fs::remove_dir_all(folder.join("cache")).or_else(|error| match error.kind() {
        std::io::ErrorKind::NotFound => Ok(()),
        _ => Err(error),
    })?;
    Ok(taken)
}

/// One card of each product, from photos of this size, and its cost beside that of peers: CPU and wall milliseconds a card.
fn cards(photo: &[u8], size: &str, format: &str, file_type: &str) -> Outcome<()> {
    let folder = campaign(photo, CARDS, &format!("{format:?}"))?;
    let path = folder.path().to_str().ok_or("a temporary folder without a name")?;
    let count = CARDS.to_string();
    let chromium = std::env::var("CHROMIUM").unwrap_or_else(|_| "/usr/bin/chromium".to_owned());
    let peers = [
        ("Chromium, warm page", vec!["peer-chromium.mjs", path, &count, file_type, &chromium]),
        ("satori + resvg-js", vec!["peer-satori.mjs", path, &count]),
    ];
    let mut ours = Vec::new();
    let mut theirs: Vec<Vec<Taken>> = vec![Vec::new(); peers.len()];
    for _ in 0..ROUNDS {
        let taken = build(folder.path())?;
        ours.push(Taken { wall: taken.wall / CARDS as u32, cpu: taken.cpu / CARDS as u32, ..taken });
        for ((_, arguments), rounds) in peers.iter().zip(&mut theirs) {
            let output = Command::new("node").args(arguments).current_dir(FOLDER).output();
            let said = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
            let times: Vec<f64> = said.split_whitespace().filter_map(|word| word.parse().ok()).collect();
            if let [cpu, wall] = times[..] {
                let time = |ms: f64| Duration::from_secs_f64(ms / 1e3);
                rounds.push(Taken { cpu: time(cpu), wall: time(wall), memory: 0 });
            }
        }
    }
    let ours = median(&ours);
    println!(
        "A card of 1080×1350 from a photo of {size}, loaded, to {file_type} (ours: the whole build from nothing, {CARDS} cards; satori to png):"
    );
    println!("  {:<22} {}", "softbox", told(&ours));
    for ((name, _), rounds) in peers.iter().zip(&theirs) {
        let them = median(rounds);
        let ratio = |of: fn(&Taken) -> Duration| of(&ours).as_secs_f64() / of(&them).as_secs_f64();
        match rounds.is_empty() {
            true => println!("  {name:<22} not there: it needs node, and `npm install` in benches/builds"),
            false => println!(
                "  {name:<22} {}; ours is {:.3} of its CPU, {:.3} of its wall",
                told(&them),
                ratio(|taken| taken.cpu),
                ratio(|taken| taken.wall)
            ),
        }
    }
    Ok(())
}

fn told(taken: &Taken) -> String {
    let ms = |time: Duration| time.as_secs_f64() * 1e3;
    format!("{:>6.0} ms CPU {:>6.0} ms wall", ms(taken.cpu), ms(taken.wall))
}

/// Six formats of each photo: the build's wall time beside what its actions took, spread over two processors.
fn many(photo: &[u8], photos: usize) -> Outcome<()> {
    let formats = r#""instagram.portrait", "instagram.story", "instagram.square", "facebook.link", "x.landscape", "pinterest.pin""#;
    let folder = campaign(photo, photos, formats)?;
    let taken = build(folder.path())?;
    let trace: serde_json::Value = serde_json::from_slice(&fs::read(folder.path().join("trace.json"))?)?;
    let events = trace.get("traceEvents").unwrap_or(&trace).as_array().ok_or("the trace is no list")?;
    let actions = events.iter().filter(|event| event["ph"] == "X" && event["cat"] != "build");
    let parts: f64 = actions.filter_map(|event| event["dur"].as_f64()).sum::<f64>() / 1e6;
    let wall = taken.wall.as_secs_f64();
    println!(
        "{photos} photos × 6 formats: {wall:.1} s wall, {:.1} s CPU, {} MB; {:.2} of the sum of its parts on two processors ({:.1} s)",
        taken.cpu.as_secs_f64(),
        taken.memory >> 20,
        wall / (parts / 2.0),
        parts / 2.0
    );
    Ok(())
}
