//! The benchmark campaign: P photos, each developed and rendered to six formats by five templates. Seven actions a photo, each a copy of a tiny
//! file, so that what is measured is everything but the actions. The same for softbox and for ninja.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use serde::Serialize;
use softbox::engine::{Action, Digest, Engine, EngineError, Event, Graph, Input, Node, Options, Output, Work};

pub const FORMATS: usize = NAMES.len();
const NAMES: [&str; 6] = ["0", "1", "2", "3", "4", "5"];
pub const TEMPLATES: usize = 5;

/// Copies its first input, with its own name behind so that no two assets are the same.
#[derive(Serialize)]
struct Copy {
    format: &'static str,
}

impl Action for Copy {
    type Failure = EngineError;

    fn kind(&self) -> &'static str {
        "copy"
    }

    fn code_version(&self) -> u32 {
        1
    }

    fn run(&self, work: &Work<'_>) -> Result<Output<EngineError>, EngineError> {
        let mut bytes = work.inputs().iter().flat_map(|input| input.iter().copied()).collect::<Vec<u8>>();
        bytes.extend_from_slice(self.format.as_bytes());
        Ok(Output { bytes: Arc::new(bytes), keep: true, remark: None })
    }

    fn fault(&self, error: EngineError) -> EngineError {
        error
    }
}

/// Writes the sources of a campaign with so many photos.
pub fn write_sources(folder: &Path, photos: usize) -> io::Result<()> {
    for name in ["photos", "templates"] {
        fs::create_dir_all(folder.join(name))?;
    }
    for photo in 0..photos {
        write_photo(folder, photo, "first")?;
    }
    (0..TEMPLATES).try_for_each(|template| write_template(folder, template, "first"))
}

pub fn write_photo(folder: &Path, photo: usize, text: &str) -> io::Result<()> {
    fs::write(folder.join(format!("photos/{photo:06}.jpg")), format!("photo {photo} {text}\n"))
}

pub fn write_template(folder: &Path, template: usize, text: &str) -> io::Result<()> {
    fs::write(folder.join(format!("templates/{template}.html")), format!("template {template} {text}\n"))
}

/// One build as the command line does it: lock, no-op, plan from a listing, build. Tells how many actions ran.
pub fn build(folder: &Path) -> Result<usize, Box<dyn std::error::Error>> {
    let mut engine = Engine::open(folder, "bench", |_| {})?;
    if engine.unchanged(fingerprint())?.is_some() {
        return Ok(0);
    }
    let graph = plan(&engine)?;
    let report = engine.build(&graph, &options(), &mut |_| {})?;
    // The process ends: the system frees memory sooner than we do.
    std::mem::forget((graph, engine));
    match report.failed {
        0 => Ok(report.ran),
        failed => Err(format!("{failed} actions failed").into()),
    }
}

/// Builds, and builds again after saves, as `softbox watch` does; prints how long it took from a save to the first action.
pub fn watch(folder: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let mut engine = Engine::open(folder, "bench", |_| {})?;
    engine.unchanged(fingerprint())?;
    let graph = plan(&engine)?;
    engine.build(&graph, &options(), &mut |_| {})?;
    engine.rest();
    let mut times = Vec::new();
    for round in 0..9 {
        let photo = "photos/000007.jpg";
        std::thread::sleep(std::time::Duration::from_millis(50));
        write_photo(folder, 7, &format!("watched {round} by {}", std::process::id()))?;
        let saved = Instant::now();
        engine.refresh("bench", |_| {})?;
        if !engine.plan_holds() {
            return Err("the plan does not hold".into());
        }
        let mut first = None;
        let options = Options { saved: [photo.to_owned()].into(), ..options() };
        engine.build(&graph, &options, &mut |event| {
            if matches!(event, Event::Started { .. }) {
                first.get_or_insert_with(|| saved.elapsed());
            }
        })?;
        engine.rest();
        times.extend(first);
    }
    times.sort_unstable();
    println!("{:.1} ms", times[times.len() / 2].as_secs_f64() * 1e3);
    Ok(())
}

fn fingerprint() -> Digest {
    Digest::of(b"bench")
}

fn options() -> Options {
    Options {
        jobs: 2,
        requests: 4,
        memory: 1 << 30,
        fingerprint: fingerprint(),
        only: None,
        saved: BTreeSet::new(),
        whole: true,
        quiet: true,
    }
}

fn plan(engine: &Engine) -> Result<Graph<Copy>, EngineError> {
    let mut graph = Graph::default();
    let templates: Vec<Arc<str>> = (0..TEMPLATES).map(|number| format!("templates/{number}.html").into()).collect();
    let photos = engine.files().list("photos")?;
    graph.reserve(photos.len() * (1 + FORMATS));
    for photo in photos {
        let product = photo.trim_end_matches(".jpg");
        let developed = graph.add(Node {
            name: ["develop ", product].concat(),
            action: Copy { format: "developed" },
            inputs: vec![Input::File(format!("photos/{photo}").into())],
            asset: None,
        });
        for (format, name) in NAMES.into_iter().enumerate() {
            graph.add(Node {
                name: ["post ", product, " ", name].concat(),
                action: Copy { format: name },
                inputs: vec![Input::Action(developed), Input::File(templates[format % TEMPLATES].clone())],
                asset: Some(["dist/", product, "/", name, ".jpg"].concat()),
            });
        }
    }
    Ok(graph)
}

/// The same campaign as a `build.ninja` and as a `Makefile`, with `cat` for the copies.
pub fn write_rules(folder: &Path, photos: usize) -> io::Result<()> {
    let mut ninja = String::from("rule join\n  command = cat $in > $out\n");
    let mut make = String::from("all:\n");
    for photo in 0..photos {
        // Writing to a string cannot fail.
        let _ = writeln!(ninja, "build developed/{photo:06}: join photos/{photo:06}.jpg");
        let _ = writeln!(make, "developed/{photo:06}: photos/{photo:06}.jpg\n\tcat $^ > $@");
        for format in 0..FORMATS {
            let (template, asset) = (format % TEMPLATES, format!("dist/{photo:06}/{format}.jpg"));
            let inputs = format!("developed/{photo:06} templates/{template}.html");
            let _ = writeln!(ninja, "build {asset}: join {inputs}");
            let _ = writeln!(make, "all: {asset}\n{asset}: {inputs}\n\tcat $^ > $@");
        }
    }
    fs::write(folder.join("build.ninja"), ninja)?;
    fs::write(folder.join("Makefile"), make)
}
