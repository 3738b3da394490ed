//! Captions that models are asked for other words for: asked once, held to rules, shown as differences, picked to the letter.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};

use crate::common::{Built, Campaign};
use crate::server::{Reaction, Seen, Server};
use crate::studio::KEY;

/// A shop whose captions models find other words for, at a stand-in that says what the test says.
struct Desk {
    server: Server,
    campaign: Campaign,
}

const ASKS: &str = r#"
models = ["writer", "poet"]
ask = ["a shorter hook", "start with the smell of {{name}}"]
must = ["{{price}}"]
never = ["elevate"]
keep = ["See you at the counter."]
networks = ["x", "instagram"]
"#;

const DRAFT: &str = "{{name}} is in, for {{price}}.\nSee you at the counter.\n";

/// What the writer answers to a draft of a jar.
const GOOD: &str = "Smell first. Jar, for $12.\nSee you at the counter.";
const OTHER: &str = "Jar, at last, for $12.\nSee you at the counter.";

fn answer(text: &str) -> Reaction {
    Reaction::json(
        200,
        &json!({
            "candidates": [{ "content": { "parts": [{ "text": text }] }, "finishReason": "STOP" }],
            "usageMetadata": { "promptTokenCount": 200, "candidatesTokenCount": 100 }, "modelVersion": "m",
        }),
    )
}

/// Variants as a service with a schema answers them.
fn variants(words: &[&str]) -> Reaction {
    let variants: Vec<Value> = words.iter().map(|words| json!({ "words": words, "change": "the hook" })).collect();
    answer(&json!({ "variants": variants }).to_string())
}

/// The writer has two good variants of a jar and some that break rules, the poet one good one; whatever else is asked gets nothing good.
fn usual(seen: &Seen) -> Reaction {
    let asked = prompt(seen);
    match (asked.contains("Jar is in, for $12."), seen.path.contains("poet")) {
        (true, false) => variants(&[
            GOOD,
            "Jar.\nSee you at the counter.",
            "Elevate your day: Jar, for $12.\nSee you at the counter.",
            "Jar, for $12. See you!",
            "Jar is in,  for $12.\nSee you at the counter.",
            OTHER,
        ]),
        (true, true) => answer(&format!("Sure:\n```json\n{}\n```", json!([OTHER, format!("Oh! {OTHER}")]))),
        (false, _) => variants(&[]),
    }
}

fn prompt(seen: &Seen) -> String {
    seen.json()["contents"][0]["parts"][0]["text"].as_str().unwrap().to_owned()
}

impl Desk {
    fn new(asks: &str) -> Desk {
        Desk::at(Server::start(|seen: &Seen, _: &str| usual(seen)), asks)
    }

    fn at(server: Server, asks: &str) -> Desk {
        let campaign = Campaign::shop()
            .file("captions/launch.md", DRAFT)
            .file("brand/voice/may.md", "Rain again. We have tea.\n")
            .file("brand/voice/june.md", "Peaches! Go on, squeeze one.\n");
        let base = &server.base;
        campaign.edit(
            "campaign.toml",
            "[brand]",
            "[brand]\nvoice = [\"brand/voice/*.md\"]\nnever = [\"game-changer\"]",
        );
        campaign.edit(
            "campaign.toml",
            "draft = \"captions/launch.md\"\n",
            &format!("draft = \"captions/launch.md\"\n{asks}\n"),
        );
        let models = format!(
            "\n[model.writer]\nprovider = \"gemini\"\nmodel = \"gemini-writer\"\nurl = \"{base}\"\n\
             can = [\"text.write\", \"text.json_schema\"]\nprice = {{ text_in = 1, text_out = 10 }}\n\
             [model.poet]\nprovider = \"gemini\"\nmodel = \"gemini-poet\"\nurl = \"{base}\"\ncan = [\"text.write\"]\n\
             price = {{ text_in = 1, text_out = 10 }}\n"
        );
        let manifest = std::fs::read_to_string(campaign.at("campaign.toml")).unwrap();
        campaign.write("campaign.toml", &format!("{manifest}{models}"));
        Desk { server, campaign }
    }

    fn softbox(&self, arguments: &[&str]) -> Built {
        let output = self.command(arguments).arg("--message-format=json").output().unwrap();
        let events = String::from_utf8(output.stdout).unwrap();
        let events = events.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        Built { code: output.status.code().unwrap(), events, said: String::from_utf8(output.stderr).unwrap() }
    }

    fn command(&self, arguments: &[&str]) -> std::process::Command {
        let mut command = self.campaign.command(arguments);
        command.env("GEMINI_API_KEY", KEY);
        command
    }

    /// What a person reads on standard output.
    fn told(&self, arguments: &[&str]) -> String {
        String::from_utf8(self.command(arguments).output().unwrap().stdout).unwrap()
    }

    fn build(&self) -> Built {
        let built = self.softbox(&["build"]);
        assert_eq!(built.code, 0, "{:#?}\n{}", built.problems(), built.said);
        built
    }

    fn pick(&self, arguments: &[&str]) {
        let picked = self.softbox(&[&["pick", "launch/jar"], arguments].concat());
        assert_eq!(picked.code, 0, "{:?}\n{}", picked.problems(), picked.said);
    }

    /// The words beside the jar's posts; the same for all formats.
    fn words(&self) -> String {
        let of = |format: &str| {
            std::fs::read_to_string(self.campaign.at(&format!("dist/card/jar.small.{format}.txt"))).unwrap()
        };
        assert_eq!(of("square"), of("wide"));
        of("square")
    }

    fn variants(&self) -> Vec<Value> {
        self.softbox(&["pick", "launch/jar"]).events("variant").cloned().collect()
    }
}

#[test]
fn every_model_is_asked_once_a_product_with_the_rules_and_the_voice_of_the_writer() {
    let desk = Desk::new(ASKS);
    desk.build();
    let seen = desk.server.seen();
    assert_eq!(seen.len(), 4, "two products and two models; formats make no difference");
    let jar = seen.iter().find(|seen| seen.path.contains("writer") && prompt(seen).contains("Jar")).unwrap();
    let asked = prompt(jar);
    assert!(
        asked.contains("Jar is in, for $12.\nSee you at the counter.") && asked.contains("Write 4 variants"),
        "{asked}"
    );
    assert!(asked.contains("1. a shorter hook\n2. start with the smell of Jar"), "{asked}");
    let body = jar.json();
    let system = body["systemInstruction"]["parts"][0]["text"].as_str().unwrap();
    for told in [
        "\"$12\"",
        "\"elevate\"",
        "\"game-changer\"",
        "\"See you at the counter.\"",
        "at most 280",
        "Peaches!",
        "Rain again.",
    ] {
        assert!(system.contains(told), "{told}: {system}");
    }
    assert!(system.find("Peaches!") < system.find("Rain again."), "in the order of their names");
    assert!(body["generationConfig"]["responseJsonSchema"].is_object());
    let poet = seen.iter().find(|seen| seen.path.contains("poet")).unwrap();
    assert!(
        poet.json()["generationConfig"]["responseJsonSchema"].is_null() && prompt(poet).contains("Answer with JSON")
    );
    assert!(desk.build().wrote().is_empty());
    assert_eq!(desk.server.seen().len(), 4, "nothing is asked twice");
    let take =
        std::fs::read_dir(desk.campaign.at("takes/captions/launch")).unwrap().map(|entry| entry.unwrap().file_name());
    assert!(
        take.map(|name| name.to_string_lossy().into_owned())
            .any(|name| name.starts_with("jar-writer-1-") && name.ends_with(".json"))
    );
}

#[test]
fn variants_that_break_a_rule_are_left_out_by_name_and_none_goes_out_unpicked() {
    let desk = Desk::new(ASKS);
    let built = desk.build();
    let problems = built.problems().join("\n");
    for told in [
        "writer's variant 2 lacks \"$12\" of launch/jar",
        "writer's variant 3 says \"elevate\"",
        "writer's variant 4 changes \"See you at the counter.\"",
        "no variants can be read in what poet answered for launch/amber",
    ] {
        assert!(problems.contains(told), "{told}: {problems}");
    }
    let words: Vec<Value> = desk.variants().into_iter().map(|variant| variant["words"].clone()).collect();
    assert_eq!(
        words,
        [json!(GOOD), json!(OTHER), json!(format!("Oh! {OTHER}"))],
        "no copies of each other or of the draft"
    );
    assert_eq!(desk.words(), "Jar is in, for $12.\nSee you at the counter.\n");
    let all: Vec<u8> = desk.campaign.dist().into_values().flatten().collect();
    assert!(!String::from_utf8_lossy(&all).contains("Smell first"), "nobody picked");
}

#[test]
fn the_picked_words_go_out_to_the_letter_and_undo_brings_the_draft_back() {
    let desk = Desk::new(ASKS);
    desk.build();
    let before = desk.campaign.dist();
    desk.pick(&["1", "--why", "the smell"]);
    let file = std::fs::read_to_string(desk.campaign.at("picks/caption/launch/jar.toml")).unwrap();
    assert!(file.contains("why = \"the smell\"") && file.contains("Smell first."), "{file}");
    let built = desk.build();
    assert_eq!(built.wrote().into_iter().collect::<Vec<_>>(), ["card/jar.small.square.txt", "card/jar.small.wide.txt"]);
    assert_eq!(desk.words(), format!("{GOOD}\n"));
    assert_eq!(desk.variants()[0]["used"], json!(true));
    let explained = desk.told(&["explain", "card/jar.small.square.txt"]);
    assert!(explained.contains("picks/caption/launch/jar.toml (pick launch/jar)"), "{explained}");
    // Own words, with what would be a field elsewhere.
    desk.pick(&["--words", "Jar & {{name}}.\n\nMine."]);
    desk.build();
    assert_eq!(desk.words(), "Jar & {{name}}.\n\nMine.\n");
    // Parts: the hook of the first variant, the rest of the draft.
    desk.pick(&["1:1", "draft:2-"]);
    desk.build();
    assert_eq!(desk.words(), "Smell first. See you at the counter.\n");
    for words in ["Jar & {{name}}.\n\nMine.\n", &format!("{GOOD}\n")] {
        desk.pick(&["--undo"]);
        desk.build();
        assert_eq!(desk.words(), words);
    }
    desk.pick(&["--undo"]);
    desk.build();
    assert_eq!(desk.campaign.dist(), before);
    assert!(!desk.campaign.at("picks/caption/launch/jar.toml").exists());
    assert_eq!(desk.server.seen().len(), 4);
}

#[test]
fn a_changed_draft_is_told_and_the_picked_words_still_go_out() {
    let desk = Desk::new(ASKS);
    desk.build();
    desk.pick(&["1"]);
    assert!(!desk.build().problems().join("\n").contains("has changed"));
    desk.campaign.edit("captions/launch.md", "is in", "is back");
    let plan = desk.softbox(&["plan"]);
    let asks: Vec<&Value> = plan.events("forecast").filter(|event| event["verdict"] == "ask").collect();
    assert_eq!(asks.len(), 4);
    assert!(asks.iter().all(
        |event| event["path"].as_str().unwrap().starts_with("takes/captions/launch/") && event["cost"].is_string()
    ));
    let problems = desk.build().problems().join("\n");
    assert!(
        problems.contains("picks/caption/launch/jar.toml:null: the draft of launch/jar has changed since"),
        "{problems}"
    );
    assert_eq!(desk.words(), format!("{GOOD}\n"));
    assert_eq!(desk.server.seen().len(), 8);
    desk.campaign.edit("captions/launch.md", "is back", "is in");
    desk.build();
    assert_eq!(desk.server.seen().len(), 8, "what was asked before is there");
}

#[test]
fn a_field_that_no_caption_shows_asks_nothing() {
    let desk = Desk::new(ASKS);
    desk.build();
    desk.campaign.edit(
        "products.csv",
        "id,name,price,tags\namber,Amber,$35,new\njar,Jar,$12,\n",
        "id,name,price,tags,thc\namber,Amber,$35,new,2\njar,Jar,$12,,3\n",
    );
    desk.build();
    assert_eq!(desk.server.seen().len(), 4);
}

#[test]
fn a_fresh_clone_builds_the_same_words_without_keys_and_without_a_network() {
    let desk = Desk::new(ASKS);
    desk.build();
    desk.pick(&["2"]);
    desk.build();
    let before = desk.campaign.dist();
    for gone in ["dist", ".softbox"] {
        std::fs::remove_dir_all(desk.campaign.at(gone)).unwrap();
    }
    let built = desk.campaign.softbox(&["build", "--frozen"]);
    assert_eq!(built.code, 0, "{:?}", built.problems());
    assert_eq!(desk.campaign.dist(), before);
    assert_eq!(desk.server.seen().len(), 4);
    // Without the takes it says what is missing, and the words go out all the same.
    std::fs::remove_dir_all(desk.campaign.at("takes")).unwrap();
    std::fs::remove_dir_all(desk.campaign.at(".softbox")).unwrap();
    let built = desk.campaign.softbox(&["build", "--frozen"]);
    assert_eq!(built.code, 3, "{:?}", built.problems());
    assert_eq!(
        built.problems().iter().filter(|problem| problem.contains("was not asked for yet: it would cost $")).count(),
        4
    );
    assert_eq!(desk.campaign.dist(), before);
}

#[test]
fn a_model_that_fails_leaves_the_others_and_the_posts() {
    let is_down = Arc::new(AtomicBool::new(true));
    let down = is_down.clone();
    let server =
        Server::start(move |seen: &Seen, _: &str| match down.load(Ordering::SeqCst) && seen.path.contains("writer") {
            true => Reaction::json(400, &json!({ "error": { "message": "no such thing" } })),
            false => usual(seen),
        });
    let desk = Desk::at(server, ASKS);
    let built = desk.softbox(&["build"]);
    assert_eq!(built.code, 1, "{}", built.said);
    assert_eq!(built.wrote().len(), 12, "every post and all words");
    assert_eq!(desk.variants().iter().map(|variant| variant["model"].clone()).collect::<Vec<_>>(), ["poet", "poet"]);
    is_down.store(false, Ordering::SeqCst);
    desk.build();
    assert_eq!(desk.variants().len(), 3);
}

#[test]
fn variants_are_shown_as_differences_with_lengths_as_networks_count() {
    let long = format!("{GOOD} {}", "long ".repeat(60));
    let server = Server::start(move |_: &Seen, _: &str| variants(&[&long]));
    let desk = Desk::at(server, &ASKS.replace(", \"poet\"", ""));
    desk.campaign.edit("captions/launch.md", "{{name}} is in", "😀 {{name}} is in");
    desk.build();
    let told = desk.told(&["pick", "launch/jar"]);
    for line in [
        "*draft  your words; x 46 of 280; instagram 46 of 2200",
        "80 % of your words kept; x 350 of 280, too long; instagram 350 of 2200, about 125 shown at first",
        "[-😀-]{+Smell first.+} Jar[- is in-], for $12.",
    ] {
        assert!(told.contains(line), "{line}: {told}");
    }
    let all = desk.told(&["pick"]);
    assert!(all.contains("launch/jar  1 variant, nobody picked; your draft goes out until then"), "{all}");
    let colored = desk.told(&["pick", "launch/jar", "--color=always"]);
    assert!(colored.contains("\x1b[31;9m😀\x1b[0m\x1b[32;1mSmell first.\x1b[0m Jar"), "{colored}");
}

#[test]
fn a_name_that_means_nothing_or_two_things_is_told() {
    let desk = Desk::new(ASKS);
    desk.build();
    for (arguments, word) in [
        (&["pick", "launch/jarr"][..], "did you mean `launch/jar`?"),
        (&["pick", "launch/jar", "9"], "there is no variant 9"),
        (&["pick", "launch/jar", "--words", " "], "nothing is left"),
        (&["pick", "launch/jar", "--undo"], "nothing was picked of launch/jar"),
        (&["pick", "launch/jar", "1", "--words", "x"], "cannot be used with"),
    ] {
        let output = desk.command(arguments).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && said.contains(word), "{arguments:?}: {said}");
    }
    // A photo of that name, by the writer of the manifest.
    let more = "[photo.launch]\nsource = \"photos/{product}.png\"\nlook = \"marble\"\n[look.marble]\nsteps = [{ edit = { prompt = \"marble\", \
                models = [\"nano-banana\"] } }]\n[post.plain]\nphoto = \"launch\"\nformats = [\"small.square\"]\n";
    let manifest = std::fs::read_to_string(desk.campaign.at("campaign.toml")).unwrap();
    desk.campaign.write("campaign.toml", &format!("{manifest}{more}"));
    let told = desk.softbox(&["pick", "launch/jar"]).problems().join("\n");
    assert!(told.contains("launch/jar is a photo, and a caption too"), "{told}");
    assert!(desk.told(&["pick", "caption/launch/jar"]).contains("*draft"));
    assert!(desk.told(&["pick", "photo/launch/jar"]).contains("was not asked for yet"));
}

#[test]
fn mistakes_are_told_at_their_place_and_nothing_is_asked() {
    for (asks, words) in [
        ("models = [\"writr\"]", "there is no model `writr`"),
        ("models = [\"writer\", \"writer\"]", "the model `writer` is named twice"),
        ("models = [\"nano-banana\"]", "the model `nano-banana` writes no words"),
        ("models = [\"writer\"]\nvariants = 11", "from 1 to 10"),
        ("models = [\"writer\"]\nmust = [\"{{prize}}\"]", "has a field `prize`"),
        ("models = [\"writer\"]\nmust = [\" \"]", "this text is empty"),
        ("models = [\"writer\"]\nnetworks = [\"instagran\"]", "cannot be `instagran`"),
    ] {
        let desk = Desk::new(asks);
        let built = desk.softbox(&["build"]);
        let problems = built.problems().join("\n");
        assert_eq!((built.code, desk.server.seen().len()), (2, 0), "{asks}: {problems}");
        assert!(problems.contains(words), "{asks}: {problems}");
    }
    let desk = Desk::new("models = [\"writer\"]");
    desk.campaign.write("captions/launch.md", "{{name}} on {{format.network}}\n");
    let built = desk.softbox(&["build"]);
    let problems = built.problems().join("\n");
    assert_eq!((built.code, desk.server.seen().len()), (2, 0), "{problems}");
    assert!(problems.contains("varying-field captions/launch.md:1: `format.network` is not the same"), "{problems}");
    let words = std::fs::read_to_string(desk.campaign.at("dist/card/jar.small.square.txt")).unwrap();
    assert!(words.starts_with("Jar on small"), "the draft goes out");
    // Said when the draft is filled in: what it is to keep is not there.
    let desk = Desk::new("models = [\"writer\"]\nkeep = [\"See you soon.\"]");
    let built = desk.softbox(&["build"]);
    assert_eq!((built.code, desk.server.seen().len()), (1, 0));
    assert!(
        built.problems().join("\n").contains("\"See you soon.\" is to be kept, and is not in the draft of launch/jar")
    );
    assert!(desk.words().starts_with("Jar is in"));
}
