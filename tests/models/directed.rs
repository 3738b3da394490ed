//! Looks with steps that models do, built as a person builds them, against a stand-in: asked once, picked, noted, rebuilt without keys.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

use crate::common::{Built, Campaign};
use crate::contracts::gemini_picture;
use crate::server::{Reaction, Seen, Server};
use crate::studio::{KEY, encoded, pixels};

/// A shop whose photos models work on, at a stand-in that never answers twice the same.
pub struct Studio {
    pub server: Server,
    pub campaign: Campaign,
}

const STEPS: &str = r#"[{ edit = { prompt = "prompts/marble.md", models = ["banana", "kiwi"], takes = 2 } }]"#;

fn picture(seed: u8) -> Reaction {
    Reaction::json(200, &gemini_picture(&encoded(&pixels(seed, image::ImageFormat::Png, 90, 120))))
}

impl Studio {
    fn new(steps: &str) -> Studio {
        let count = AtomicU8::new(1);
        Studio::at(Server::start(move |_: &Seen, _: &str| picture(count.fetch_add(1, Ordering::SeqCst))), steps)
    }

    fn at(server: Server, steps: &str) -> Studio {
        let campaign = Campaign::new()
            .file("campaign.toml", &manifest(&server.base, steps))
            .file("prompts/marble.md", "{{name}} on wet marble.\n")
            .photo("photos/amber.png", 1)
            .photo("photos/jar.png", 2);
        Studio { server, campaign }
    }

    pub fn softbox(&self, arguments: &[&str]) -> Built {
        let output = self.command(arguments).arg("--message-format=json").output().unwrap();
        let events = String::from_utf8(output.stdout.clone()).unwrap();
        let events = events.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        Built { code: output.status.code().unwrap(), events, said: said(&output) }
    }

    fn command(&self, arguments: &[&str]) -> std::process::Command {
        let mut command = self.campaign.command(arguments);
        command.env("GEMINI_API_KEY", KEY);
        command
    }

    pub fn build(&self) -> Built {
        let built = self.softbox(&["build"]);
        assert_eq!(built.code, 0, "{:#?}\n{}", built.problems(), built.said);
        built
    }

    /// What `softbox pick` tells of a photo's takes.
    pub fn takes(&self, photo: &str) -> Vec<Value> {
        let told = self.softbox(&["pick", photo]);
        told.events("choice").cloned().collect()
    }

    /// Requests whose answer is on disk: takes, and what is not a take yet.
    fn arrived(&self) -> usize {
        let takes = walkdir(&self.campaign.at("takes"))
            .into_iter()
            .filter(|path| path.extension().is_some_and(|extension| extension == "toml"));
        let request = |path: PathBuf| {
            let record: toml::Table = std::fs::read_to_string(path).unwrap().parse().unwrap();
            record["request"].as_str().unwrap().to_owned()
        };
        // One that was being written when the process died had not arrived.
        let is_whole = |path: &PathBuf| path.extension().is_none_or(|extension| extension != "part");
        let answers = walkdir(&self.campaign.at(".softbox/answers")).into_iter().filter(is_whole);
        let answers = answers.map(|path| path.file_stem().unwrap().to_string_lossy().into_owned());
        takes.map(request).chain(answers).collect::<BTreeSet<_>>().len()
    }

    /// The words that were sent so far.
    fn asked(&self) -> Vec<String> {
        let words = |seen: &Seen| seen.json()["contents"][0]["parts"][0]["text"].as_str().unwrap().to_owned();
        self.server.seen().iter().map(words).collect()
    }
}

/// All files below a folder.
fn walkdir(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.map(|entry| entry.unwrap().path());
    paths.flat_map(|path| if path.is_dir() { walkdir(&path) } else { vec![path] }).collect()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn manifest(base: &str, steps: &str) -> String {
    format!(
        r#"
[campaign]
name = "Shop"
[product.amber]
name = "Amber"
[product.jar]
name = "Jar"
[look.directed]
steps = {steps}
[photo.hero]
source = "photos/{{product}}.png"
look = "directed"
[post.plain]
photo = "hero"
formats = ["instagram.square", "instagram.portrait"]
output = "{{product}}.{{format}}.png"
[format.small]
width = 60
height = 60
[model.banana]
provider = "gemini"
model = "gemini-nano-banana-2.1"
url = "{base}"
price = {{ image = 0.05 }}
[model.kiwi]
provider = "gemini"
model = "gemini-kiwi"
url = "{base}"
can = ["image.edit"]
price = {{ image = 0.10 }}
"#
    )
    .replace("\"instagram.square\", \"instagram.portrait\"", "\"small\"")
}

#[test]
fn every_take_is_asked_for_once_and_the_first_goes_on_until_somebody_picks() {
    let studio = Studio::new(STEPS);
    let built = studio.build();
    assert_eq!(studio.asked().len(), 8, "two products, two models, two takes");
    assert_eq!(studio.asked().iter().filter(|words| *words == "Jar on wet marble.").count(), 4);
    assert_eq!(built.wrote().len(), 2);
    let warnings: Vec<_> =
        built.problems().into_iter().filter(|problem| problem.contains("until somebody picks")).collect();
    assert_eq!(warnings.len(), 2, "{warnings:?}");
    let spent = built.events("spent").next().unwrap();
    assert_eq!(spent["known"], json!(["$0.60"]));
    assert!(studio.build().wrote().is_empty(), "nothing is asked or made twice");
    assert_eq!(studio.asked().len(), 8);

    let before = studio.campaign.dist();
    let takes = studio.takes("hero/jar");
    assert_eq!(takes.len(), 4);
    assert_eq!((&takes[0]["used"], &takes[2]["used"]), (&json!(true), &json!(false)));
    let picked = studio.softbox(&["pick", "hero/jar", "3", "--why", "the light"]);
    assert_eq!(picked.code, 0, "{}", picked.said);
    let file = std::fs::read_to_string(studio.campaign.at("picks/photo/hero/jar.toml")).unwrap();
    assert!(file.contains("why = \"the light\"") && file.contains(takes[2]["file"].as_str().unwrap()), "{file}");
    let built = studio.build();
    assert_eq!(built.wrote().into_iter().collect::<Vec<_>>(), ["jar.small.png"]);
    assert_eq!(studio.takes("hero/jar")[2]["used"], json!(true));
    // Taken back, it is as it was.
    assert_eq!(studio.softbox(&["pick", "hero/jar", "--undo"]).code, 0);
    studio.build();
    assert_eq!(studio.campaign.dist(), before);
    assert_eq!(studio.asked().len(), 8);
}

#[test]
fn a_fresh_clone_with_takes_and_picks_builds_the_same_without_keys_and_without_a_network() {
    let studio = Studio::new(STEPS);
    studio.build();
    studio.softbox(&["pick", "hero/jar", "2"]);
    studio.build();
    let before = studio.campaign.dist();
    for gone in ["dist", ".softbox"] {
        std::fs::remove_dir_all(studio.campaign.at(gone)).unwrap();
    }
    let built = studio.campaign.softbox(&["build", "--frozen"]);
    assert_eq!(built.code, 0, "{:?}", built.problems());
    assert_eq!(studio.campaign.dist(), before);
    assert_eq!(studio.asked().len(), 8);
}

#[test]
fn takes_are_found_on_a_machine_where_the_same_pictures_come_out_as_other_bytes() {
    let studio = Studio::new(STEPS);
    studio.build();
    let before = studio.campaign.dist();
    // As if all that was sent had been rounded another way.
    let records = walkdir(&studio.campaign.at("takes"));
    let records: Vec<_> =
        records.into_iter().filter(|path| path.extension().is_some_and(|extension| extension == "toml")).collect();
    assert_eq!(records.len(), 8);
    let change = |key: &str, value: &dyn Fn(usize) -> String| {
        for (at, path) in records.iter().enumerate() {
            let mut record: toml::Table = std::fs::read_to_string(path).unwrap().parse().unwrap();
            record.insert(key.to_owned(), value(at).into()).unwrap();
            std::fs::write(path, record.to_string()).unwrap();
        }
        std::fs::remove_dir_all(studio.campaign.at(".softbox")).unwrap();
    };
    change("request", &|at| format!("{at:064x}"));
    assert_eq!(studio.softbox(&["build", "--frozen"]).code, 0);
    assert_eq!((studio.campaign.dist() == before, studio.asked().len()), (true, 8));
    // Another photo is another question, and so are other words.
    for (path, rest) in [("photos/jar.png", 4), ("prompts/marble.md", 8)] {
        let old = std::fs::read(studio.campaign.at(path)).unwrap();
        match path.ends_with("png") {
            true => drop(std::fs::copy(studio.campaign.at("photos/amber.png"), studio.campaign.at(path)).unwrap()),
            false => studio.campaign.write(path, "On dry marble."),
        }
        let plan = studio.softbox(&["plan"]);
        assert_eq!(plan.events("forecast").filter(|event| event["verdict"] == "ask").count(), rest, "{path}");
        std::fs::write(studio.campaign.at(path), old).unwrap();
    }
    // Without it, these bytes were never asked for.
    change("recipe", &|at| format!("{at:064x}"));
    let frozen = studio.softbox(&["build", "--frozen"]);
    assert_eq!(frozen.problems().iter().filter(|problem| problem.contains("it would cost $0.")).count(), 8);
}

#[test]
fn a_changed_prompt_asks_for_its_takes_says_so_before_and_costs_nothing_when_it_is_taken_back() {
    let studio = Studio::new(STEPS);
    studio.build();
    let before = studio.campaign.dist();
    studio.campaign.write("prompts/marble.md", "{{name}} on {{#if (eq id \"jar\")}}dry{{else}}wet{{/if}} marble.\n");
    let plan = studio.softbox(&["plan"]);
    let asks: Vec<&Value> = plan.events("forecast").filter(|event| event["verdict"] == "ask").collect();
    assert_eq!(asks.len(), 4, "{:#?}", plan.events);
    assert!(asks.iter().all(|event| event["path"].as_str().unwrap().starts_with("takes/hero/jar/1-")));
    assert_eq!(studio.asked().len(), 8, "a plan asks nobody");
    assert_eq!(plan.events("began").count(), 1);
    let told = String::from_utf8(studio.command(&["plan"]).output().unwrap().stdout).unwrap();
    assert!(told.contains("a build would ask models for 4 takes for about $0.30"), "{told}");
    let frozen = studio.softbox(&["build", "--frozen"]);
    assert_eq!(frozen.code, 3, "{}", frozen.said);
    assert_eq!(frozen.problems().iter().filter(|problem| problem.contains("it would cost $0.")).count(), 4);
    assert_eq!(studio.build().wrote().len(), 1);
    assert_eq!(studio.asked().len(), 12);
    studio.campaign.write("prompts/marble.md", "{{name}} on wet marble.\n");
    assert!(studio.softbox(&["plan"]).events("forecast").all(|event| event["verdict"] != "ask"));
    studio.build();
    assert_eq!((studio.campaign.dist() == before, studio.asked().len()), (true, 12));
}

#[test]
fn a_note_works_on_the_pick_and_a_changed_note_asks_only_from_there() {
    let steps = r#"[
        { edit = { prompt = "prompts/marble.md", models = ["banana"], takes = 2 } },
        { edit = { note = "warmer light" } },
        { edit = { note = "less props" } },
    ]"#;
    let studio = Studio::new(steps);
    studio.build();
    let words = ["Jar on wet marble.", "warmer light", "less props"];
    let count = |studio: &Studio, word: &str| studio.asked().iter().filter(|asked| *asked == word).count();
    assert_eq!(
        words.map(|word| count(&studio, word)),
        [2, 2, 2],
        "a note has one take of the model before, for both products"
    );
    let manifest = std::fs::read_to_string(studio.campaign.at("campaign.toml")).unwrap();
    studio.campaign.write("campaign.toml", &manifest.replace("less props", "more props"));
    studio.build();
    assert_eq!(words.map(|word| count(&studio, word)), [2, 2, 2]);
    assert_eq!(count(&studio, "more props"), 2);
    // Another pick of the first step: its notes are asked for anew, for this product alone.
    studio.softbox(&["pick", "hero/jar", "2"]);
    studio.build();
    assert_eq!([count(&studio, "warmer light"), count(&studio, "more props")], [3, 3]);
}

#[test]
fn a_refusal_or_a_fault_of_one_take_leaves_the_others_and_is_told() {
    let studio = Studio::new(STEPS);
    let refusal = json!({ "promptFeedback": { "blockReason": "SAFETY" } });
    studio.server.inject([Reaction::json(200, &refusal)]);
    let built = studio.softbox(&["build"]);
    assert_eq!(built.code, 1, "{}", built.said);
    assert_eq!(built.problems().iter().filter(|problem| problem.contains("SAFETY")).count(), 1);
    assert_eq!(built.wrote().len(), 2, "the takes that are there go on");
    let asked = studio.asked().len();
    let again = studio.softbox(&["build"]);
    assert_eq!((again.code, studio.asked().len()), (1, asked), "a refusal is an answer");
    assert_eq!(studio.softbox(&["build", "--retry"]).code, 0);
    assert_eq!(studio.asked().len(), asked + 1);
}

#[test]
fn assets_wait_for_a_pick_where_that_is_wanted() {
    let studio = Studio::new(STEPS);
    studio.campaign.edit("campaign.toml", "name = \"Shop\"", "name = \"Shop\"\npicks = \"required\"");
    let built = studio.softbox(&["build"]);
    assert_eq!((built.code, built.wrote().len()), (3, 0), "{}", built.said);
    studio.softbox(&["pick", "hero/jar", "4"]);
    let built = studio.softbox(&["build"]);
    assert_eq!((built.code, built.wrote().len()), (3, 1));
    studio.softbox(&["pick", "hero/amber", "1"]);
    assert_eq!(studio.softbox(&["build"]).code, 0);
}

#[test]
fn a_budget_stops_before_it_is_broken_and_what_is_there_is_built() {
    let studio = Studio::new(STEPS);
    studio.campaign.edit("campaign.toml", "[campaign]", "[budget]\nper_build = 0.25\n[campaign]");
    let built = studio.softbox(&["build"]);
    assert_eq!(built.code, 4, "{}", built.said);
    assert!(studio.asked().len() < 8);
    let spent = built.events("spent").next().unwrap()["known"][0].as_str().unwrap().to_owned();
    assert!(spent.trim_start_matches('$').parse::<f64>().unwrap() <= 0.25, "{spent}");
}

#[test]
fn a_fresh_take_asks_each_model_once_more_for_one_photo_and_stays_wanted() {
    let studio = Studio::new(STEPS);
    studio.build();
    let built = studio.softbox(&["build", "--fresh-take", "hero/jar"]);
    assert_eq!((built.code, studio.asked().len()), (0, 10), "{:?}", built.problems());
    assert_eq!(studio.takes("hero/jar").len(), 6);
    studio.softbox(&["pick", "hero/jar", "3"]);
    let file = std::fs::read_to_string(studio.campaign.at("picks/photo/hero/jar.toml")).unwrap();
    assert!(file.contains("more = 1") && file.contains("1-banana-3-"), "{file}");
    studio.build();
    assert_eq!(studio.asked().len(), 10);
    let wrong = studio.softbox(&["build", "--fresh-take", "hero/jarr"]);
    assert_eq!((wrong.code, studio.asked().len()), (2, 10));
}

#[test]
fn a_build_that_is_killed_never_pays_again_for_what_had_arrived() {
    for moment in 0..8 {
        let count = AtomicU8::new(1);
        let server = Server::start(move |_: &Seen, _: &str| {
            Reaction::Late(Duration::from_millis(60), Box::new(picture(count.fetch_add(1, Ordering::SeqCst))))
        });
        let studio = Studio::at(server, STEPS);
        // More than are asked for at once, so that some arrive before the kill and some do not.
        studio.campaign.edit("campaign.toml", "takes = 2", "takes = 4");
        let mut build = studio.command(&["build"]).stderr(std::process::Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(40 + moment * 35));
        build.kill().unwrap();
        build.wait().unwrap();
        // What was on its way when the process died reaches the server all the same.
        std::thread::sleep(Duration::from_millis(400));
        let (arrived, sent) = (studio.arrived(), studio.asked().len());
        studio.build();
        let again = studio.asked().len() - sent;
        assert!(again <= 16 - arrived, "{arrived} of 16 had arrived when it was killed, and {again} were asked for");
        assert_eq!(studio.arrived(), 16);
        studio.build();
        assert_eq!(studio.asked().len(), sent + again);
    }
}

#[test]
fn where_nothing_may_be_spent_nothing_is_asked_and_only_the_mistake_is_told() {
    let studio = Studio::new(STEPS);
    studio.campaign.edit("campaign.toml", "[campaign]", "[budget]\nper_build = \"five\"\n[campaign]");
    let built = studio.softbox(&["build"]);
    assert_eq!((built.code, studio.asked().len()), (2, 0));
    let codes: Vec<_> = built.events("problem").map(|problem| problem["code"].clone()).collect();
    assert_eq!(codes, ["wrong-value", "no-budget"], "{:?}", built.problems());
}

#[test]
fn mistakes_in_a_step_are_told_at_their_place_and_nothing_is_asked() {
    for (steps, words) in [
        (r#"[{ edit = { note = "warmer" } }]"#, "no step before it makes one"),
        (r#"[{ edit = { prompt = "x", note = "y", models = ["banana"] } }]"#, "a `prompt` and a `note`"),
        (r#"[{ edit = { prompt = "x" } }]"#, "which models are asked"),
        (r#"[{ edit = { models = ["banana"] } }]"#, "what the models are to do"),
        (r#"[{ edit = { prompt = "x", models = ["bananna"] } }]"#, "there is no model `bananna`"),
        (
            r#"[{ edit = { prompt = "prompts/marbel.md", models = ["banana"] } }]"#,
            "there is no prompt `prompts/marbel.md`",
        ),
        (r#"[{ edit = { prompt = "x", models = ["claude-haiku"] } }]"#, "makes no pictures"),
        (r#"[{ edit = { prompt = "x", models = ["banana", "banana"] } }]"#, "named twice"),
        (r#"[{ scene = { prompt = "x", models = ["banana"] } }]"#, "was not isolated"),
        (r#"[{ edit = { prompt = "x", models = ["banana"] } }, "cutout"]"#, "after models changed"),
        (r#"[{ edit = { prompt = "x", models = ["banana"] } }, { backdrop = "white" }]"#, "set on a backdrop"),
        (r#"[{ edit = { prompt = "x", models = ["banana"], takes = 0 } }]"#, "takes"),
    ] {
        let studio = Studio::new(steps);
        let built = studio.softbox(&["build"]);
        assert_eq!((built.code, studio.asked().len()), (2, 0), "{steps}: {:?}", built.problems());
        let problems = built.problems().join("\n");
        assert!(problems.contains(words), "{steps}: {problems}");
    }
}

#[test]
fn the_key_is_in_no_file_and_no_message_of_a_build() {
    let studio = Studio::new(STEPS);
    studio.server.inject([Reaction::json(401, &json!({ "error": { "message": format!("bad key {KEY}") } }))]);
    let output = studio.command(&["build", "--trace"]).arg(studio.campaign.at("trace.json")).output().unwrap();
    let told = format!("{}{}", said(&output), String::from_utf8_lossy(&output.stdout));
    assert!(!told.contains(KEY), "{told}");
    assert_eq!(crate::studio::holds(studio.campaign.path(), KEY.as_bytes()), None);
}

/// Products that were isolated, on grey paper, with their masks; in front of green, as they are or altered, as a model answers.
pub mod isolated {
    use super::*;

    pub fn cutout(name: &str) -> image::RgbaImage {
        let path = format!("{}/tests/fixtures/fidelity/{name}.webp", env!("CARGO_MANIFEST_DIR"));
        let product = image::load_from_memory(&std::fs::read(path).unwrap()).unwrap();
        product.resize_exact(450, 600, image::imageops::FilterType::Triangle).to_rgba8()
    }

    pub fn on(colour: [u8; 3], product: &image::RgbaImage) -> image::RgbImage {
        let blend = |x: u32, y: u32| {
            let own = product.get_pixel(x, y).0;
            let value = |at: usize| {
                ((u32::from(own[at]) * u32::from(own[3]) + u32::from(colour[at]) * (255 - u32::from(own[3]))) / 255)
                    as u8
            };
            image::Rgb([value(0), value(1), value(2)])
        };
        image::RgbImage::from_fn(product.width(), product.height(), blend)
    }

    pub fn png(picture: impl Into<image::DynamicImage>) -> Vec<u8> {
        let mut bytes = std::io::Cursor::new(Vec::new());
        picture.into().write_to(&mut bytes, image::ImageFormat::Png).unwrap();
        bytes.into_inner()
    }

    pub fn answer(picture: &[u8]) -> Reaction {
        Reaction::json(200, &gemini_picture(&encoded(picture)))
    }

    /// A shop with one product alone, called jar, in whose posts one pixel is one of the photo.
    pub fn studio(server: Server, steps: &str, name: &str) -> Studio {
        let own = cutout(name);
        let studio = Studio::at(server, steps);
        for gone in ["photos/amber.png", "photos/jar.png"] {
            studio.campaign.remove(gone);
        }
        std::fs::write(studio.campaign.at("photos/jar.png"), png(on([130, 128, 126], &own))).unwrap();
        let mask = image::GrayImage::from_fn(450, 600, |x, y| image::Luma([own.get_pixel(x, y).0[3]]));
        std::fs::write(studio.campaign.at("photos/mask.png"), png(mask)).unwrap();
        studio.campaign.edit("campaign.toml", "width = 60\nheight = 60", "width = 450\nheight = 600");
        studio.campaign.edit(
            "campaign.toml",
            "[photo.hero]",
            "[cutout.jar]\nphoto = \"photos/jar.png\"\nmask = \"photos/mask.png\"\n[photo.hero]",
        );
        studio.campaign.edit("campaign.toml", "[product.amber]\nname = \"Amber\"\n", "");
        studio
    }
}

#[test]
fn a_take_whose_product_strayed_is_held_back_and_an_honest_one_goes_on() {
    let own = isolated::cutout("jar");
    let (honest, mirrored) =
        (isolated::on([60, 150, 80], &own), isolated::on([60, 150, 80], &image::imageops::flip_horizontal(&own)));
    let answers = [isolated::png(mirrored), isolated::png(honest)];
    let count = AtomicU8::new(0);
    let server = Server::start(move |_: &Seen, _: &str| {
        isolated::answer(&answers[usize::from(count.fetch_add(1, Ordering::SeqCst)) % 2])
    });
    let steps = r#"["cutout", { edit = { prompt = "x", models = ["banana"], takes = 2, fidelity = { min = 0.9 } } }]"#;
    let studio = isolated::studio(server, steps, "jar");
    let built = studio.build();
    assert_eq!(built.wrote().len(), 1);
    let mut takes = studio.takes("hero/jar");
    takes.sort_by(|a, b| a["fidelity"].as_f64().unwrap().total_cmp(&b["fidelity"].as_f64().unwrap()));
    assert!(takes[0]["fidelity"].as_f64().unwrap() < 0.3 && takes[1]["fidelity"].as_f64().unwrap() > 0.9, "{takes:#?}");
    assert_eq!((&takes[0]["used"], &takes[1]["used"]), (&json!(false), &json!(true)));
    studio.softbox(&["pick"]);
    let page = std::fs::read_to_string(studio.campaign.at(".softbox/takes.html")).unwrap();
    assert_eq!(page.matches("class=\"heat\"").count(), 1, "the one that strayed shows where");
    // A pick is no way around it.
    let strayed = takes[0]["number"].to_string();
    assert_eq!(studio.softbox(&["pick", "hero/jar", &strayed]).code, 0);
    let built = studio.softbox(&["build"]);
    assert_eq!(built.code, 1, "{}", built.said);
    assert!(built.problems().iter().any(|problem| problem.contains("is not like the photographed one")));
}

#[test]
fn a_scene_keeps_the_products_own_pixels_and_takes_the_rest_from_the_model() {
    let own = isolated::cutout("jar");
    let answered = isolated::png(isolated::on([60, 150, 80], &own));
    let server = Server::start(move |_: &Seen, _: &str| isolated::answer(&answered));
    let studio =
        isolated::studio(server, r#"["cutout", { scene = { prompt = "a green wall", models = ["banana"] } }]"#, "jar");
    studio.build();
    let words = &studio.asked()[0];
    assert!(words.contains("Paint only what is around it") && words.ends_with("a green wall"), "{words}");
    let photo = image::open(studio.campaign.at("photos/jar.png")).unwrap().to_rgb8();
    let made = image::load_from_memory(&studio.campaign.dist()["jar.small.png"]).unwrap().to_rgb8();
    let (mut sure, mut around) = (0, 0);
    for (x, y, alpha) in own.enumerate_pixels().map(|(x, y, pixel)| (x, y, pixel.0[3])) {
        if alpha == 255 {
            sure += 1;
            assert_eq!(made.get_pixel(x, y), photo.get_pixel(x, y), "{x}, {y}");
        } else if x < 60 || y < 60 {
            around += 1;
            assert_eq!(made.get_pixel(x, y).0, [60, 150, 80]);
        }
    }
    assert!(sure > 20_000 && around > 20_000, "{sure} {around}");
}
