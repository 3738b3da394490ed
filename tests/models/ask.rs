//! `softbox models`, `softbox ask` and `softbox spend`, as a person types them, against the stand-ins.

use std::process::Output;

use serde_json::{Value, json};
use softbox::models::Kind;

use crate::common::Campaign;
use crate::contracts::{Stand, answered};
use crate::server::Reaction;
use crate::studio::{KEY, holds};

struct Shop {
    stand: Stand,
    campaign: Campaign,
}

impl Shop {
    /// The shop of the tests, with a model `banana` and a model `writer` at a stand-in.
    fn with(budget: &str) -> Shop {
        let (campaign, stand) = (Campaign::shop(), Stand::of(Kind::Gemini));
        let base = &stand.server.base;
        let models = format!(
            "{budget}\n[model.banana]\nprovider = \"gemini\"\nmodel = \"gemini-nano-banana-2.1\"\nurl = \"{base}\"\n\
             [model.writer]\nmodel = \"gemini-3.8-flash\"\nurl = \"{base}\"\n"
        );
        let manifest = std::fs::read_to_string(campaign.at("campaign.toml")).unwrap();
        campaign.write("campaign.toml", &format!("{manifest}\n{models}"));
        Shop { stand, campaign }
    }

    fn file(self, path: &str, text: &str) -> Shop {
        self.campaign.write(path, text);
        self
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = self.campaign.command(arguments);
        for kind in softbox::models::KINDS {
            kind.key_names().iter().chain(kind.base_names()).for_each(|name| {
                command.env_remove(name);
            });
        }
        command.env("GEMINI_API_KEY", KEY).output().unwrap()
    }

    fn ask(&self, arguments: &[&str]) -> (i32, String, String) {
        let output = self.run(&[&["ask"], arguments].concat());
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let told = (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr));
        assert!(!format!("{told:?}").contains(KEY), "{told:?}");
        assert_eq!(holds(self.campaign.path(), KEY.as_bytes()), None);
        told
    }

    fn posted(&self) -> Vec<Value> {
        self.stand.server.seen().iter().filter(|seen| seen.method == "POST").map(|seen| seen.json()).collect()
    }
}

const EDIT: [&str; 5] =
    ["banana", "{{name}} on wet marble", "--product=amber", "--picture=photos/amber.png", "--size=1080x1350"];

#[test]
fn a_picture_is_priced_asked_for_kept_and_costs_nothing_the_second_time() {
    let shop = Shop::with("");
    let (code, out, said) = shop.ask(&EDIT);
    assert_eq!(code, 0, "{said}");
    assert!(out.starts_with("takes/amber/banana-") && out.trim_end().ends_with(".png"), "{out}");
    assert_eq!(std::fs::read(shop.campaign.at(out.trim_end())).unwrap(), answered(), "untouched bytes");
    assert!(said.starts_with("banana (Gemini) will cost about $0.0504\n"), "{said}");
    assert!(shop.posted()[0].to_string().contains("Amber on wet marble"));
    let (code, again, said) = shop.ask(&EDIT);
    assert_eq!((code, again), (0, out), "{said}");
    assert!(said.contains("costs nothing now") && !said.contains("will cost"), "{said}");
    assert_eq!(shop.stand.billed(), 1);
    // Another take is another question.
    assert_eq!(shop.ask(&[&EDIT[..], &["--take=2", "--name=mine/best"]].concat()).0, 0);
    assert_eq!(shop.stand.billed(), 2);
    assert!(shop.campaign.at("takes/mine/best").is_dir());
}

#[test]
fn words_come_to_standard_output_and_are_kept() {
    let shop = Shop::with("").file("prompts/hook.md", "A hook for {{name}}, {{price}}.\n");
    let (code, out, said) = shop.ask(&["writer", "@prompts/hook.md", "--product", "jar"]);
    assert_eq!((code, out.as_str()), (0, "[\"Smell first.\"]\n"), "{said}");
    assert!(said.contains("kept in takes/jar/writer-"), "{said}");
    assert!(shop.posted()[0].to_string().contains("A hook for Jar, $12."));
}

#[test]
fn photos_go_out_upright_and_without_what_they_say_about_their_owner() {
    let shop = Shop::with("");
    let photo = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/pictures/private.jpg");
    let (code, _, said) = shop.ask(&["banana", "on marble", "--picture", photo, "--size", "1080x1350"]);
    assert_eq!(code, 0, "{said}");
    let sent = shop.posted()[0].to_string();
    let start = sent.find("\"data\":\"").unwrap() + 8;
    let data = sent[start..].split('"').next().unwrap();
    let bytes = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, data).unwrap();
    assert!(!bytes.windows(4).any(|part| part == b"Exif"));
}

#[test]
fn frozen_asks_nothing_and_says_what_it_would_cost() {
    let shop = Shop::with("");
    let (code, _, said) = shop.ask(&[&EDIT[..], &["--frozen"]].concat());
    assert_eq!(code, 3, "{said}");
    assert!(said.contains("not asked for yet: it would cost $0.0504"), "{said}");
    assert_eq!(shop.ask(&EDIT).0, 0);
    assert_eq!(shop.ask(&[&EDIT[..], &["--frozen"]].concat()).0, 0, "what is there needs no asking");
}

#[test]
fn budgets_hold_whatever_somebody_says() {
    let shop = Shop::with("[budget]\nconfirm_over = 0.01\nper_month = \"$0.08\"");
    assert_eq!(shop.ask(&EDIT).0, 0, "nobody is there to be asked");
    let (code, _, said) = shop.ask(&[&EDIT[..], &["--yes", "--take=2"]].concat());
    assert_eq!((code, shop.stand.billed()), (4, 1), "{said}");
    assert!(said.contains("this month"), "{said}");
}

#[test]
fn a_mistake_in_the_budget_stops_all_spending() {
    for budget in ["[budget]\nper_mont = 5", "[budget]\nper_month = \"five\"", "[budget]\nper_month = $5"] {
        let shop = Shop::with(budget);
        let (code, _, said) = shop.ask(&[&EDIT[..], &["--yes"]].concat());
        assert_eq!((code, shop.stand.billed()), (2, 0), "{said}");
        assert!(said.contains("campaign.toml:"), "{said}");
    }
}

#[test]
fn a_refusal_is_kept_with_its_reason_until_somebody_wants_to_try_again() {
    let shop = Shop::with("");
    let refusal = json!({ "promptFeedback": { "blockReason": "SAFETY" } });
    shop.stand.server.inject([Reaction::json(200, &refusal)]);
    for _ in 0..2 {
        let (code, _, said) = shop.ask(&EDIT);
        assert_eq!(code, 1, "{said}");
        assert!(said.contains("SAFETY") && said.contains("--retry"), "{said}");
    }
    assert_eq!(shop.posted().len(), 1);
    assert_eq!(shop.ask(&[&EDIT[..], &["--retry"]].concat()).0, 0);
    assert_eq!(shop.posted().len(), 2);
}

#[test]
fn mistakes_are_told_with_what_to_do_and_nothing_is_sent() {
    let shop = Shop::with("");
    for (arguments, code, words) in [
        (&["bananna", "x"][..], 2, "did you mean `banana`?"),
        (&["banana", "{{name}}"], 2, "--product ID"),
        (&["banana", "{{nam}}", "--product=jar"], 2, "`nam`"),
        (&["banana", "x", "--product=jarr"], 2, "did you mean `jar`?"),
        (&["banana", "@prompts/no.md"], 2, "there is no prompt `prompts/no.md`"),
        (&["banana", " "], 2, "the prompt is empty"),
        (&["banana", "x", "--picture=photos/no.png"], 2, "cannot read `photos/no.png`"),
        (&["banana", "x", "--picture=products.csv"], 2, "a picture cannot be sent"),
        (&["writer", "x", "--size=100x100"], 2, "takes no request with a size"),
        (&["claude-haiku", "x"], 2, "ANTHROPIC_API_KEY"),
    ] {
        let (found, _, said) = shop.ask(arguments);
        assert_eq!(found, code, "{arguments:?}: {said}");
        assert!(said.contains(words), "{arguments:?}: {said}");
    }
    assert_eq!(shop.posted().len(), 0);
}

#[test]
fn a_model_past_its_day_is_a_warning_with_what_comes_after_it() {
    let shop = Shop::with("[model.old]\nprovider = \"gemini\"\nends = 2020-01-01\nsuccessor = \"banana\"");
    let said = String::from_utf8(shop.run(&["models"]).stderr).unwrap();
    assert!(said.contains("ended the model `old` on 2020-01-01") && said.contains("`banana` instead"), "{said}");
    assert!(said.contains("campaign.toml:"), "{said}");
}

#[test]
fn spend_tells_what_was_paid_by_model_and_clean_leaves_what_was_paid_for() {
    let shop = Shop::with("[budget]\nper_month = 20");
    let told = |arguments: &[&str]| String::from_utf8(shop.run(arguments).stdout).unwrap();
    assert_eq!(told(&["spend"]), "nothing was spent: no model was asked yet\n");
    assert_eq!(shop.ask(&EDIT).0, 0);
    let spent = told(&["spend"]);
    assert!(spent.contains("$0.0504 of $20.00\n  gemini-nano-banana-2.1 (gemini): $0.0504\n"), "{spent}");
    assert!(spent.contains("in all: $0.0504"), "{spent}");
    for command in [&["build"][..], &["cache", "gc", "--days=0"], &["clean"]] {
        assert!(shop.run(command).status.success(), "{command:?}");
    }
    assert!(!shop.campaign.at(".softbox/store").exists(), "clean did clean");
    assert_eq!(told(&["spend"]), spent);
    assert!(shop.campaign.at(".softbox/.gitignore").exists(), "the ledger stays out of git");
    assert_eq!(shop.ask(&EDIT).0, 0);
    assert_eq!(shop.stand.billed(), 1);
}

#[test]
fn spend_tells_a_request_that_was_stopped_in_the_middle() {
    let shop = Shop::with("");
    let line = json!({
        "at": "2026-11-01T12:00:00Z", "request": "a".repeat(64), "service": "gemini", "model": "banana", "what": "sent", "cost": "0.05 USD"
    });
    shop.campaign.write(".softbox/ledger", &format!("{line}\n"));
    let spent = String::from_utf8(shop.run(&["spend"]).stdout).unwrap();
    assert!(
        spent.contains("banana (gemini) was stopped in the middle and may be billed: $0.05 counts as spent"),
        "{spent}"
    );
}

#[test]
fn models_lists_what_can_be_asked() {
    let shop = Shop::with("");
    let listed = String::from_utf8(shop.run(&["models"]).stdout).unwrap();
    let gemini = listed.split("\n\n").find(|part| part.starts_with("Gemini\n")).unwrap();
    insta::with_settings!({ prepend_module_to_snapshot => false, snapshot_path => "../snapshots" }, {
        insta::assert_snapshot!("models_of_gemini", gemini);
    });
    let events = String::from_utf8(shop.run(&["models", "--message-format=json"]).stdout).unwrap();
    let events: Vec<Value> = events.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let own = events.iter().find(|event| event["name"] == "banana").unwrap();
    assert_eq!((&own["own"], &own["key"], &own["service"]), (&json!(true), &json!(true), &json!("gemini")));
    let unknown = events.iter().find(|event| event["name"] == "fal-seedream").unwrap();
    assert_eq!((&unknown["price"], &unknown["key"]), (&Value::Null, &json!(false)), "unknown is not nothing");
}
