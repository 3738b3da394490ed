//! Ideas that wait for a model: listed, tried as `ask` would, and told about once a model of the campaign can do them.

use std::process::Output;

use serde_json::{Value, json};
use softbox::models::Kind;

use crate::common::Campaign;
use crate::contracts::Stand;
use crate::studio::KEY;

struct Shop {
    stand: Stand,
    campaign: Campaign,
}

const IDEA: &str = r#"
[idea.melting-clock]
note = "the jar melts over the shelf edge"
needs = ["image.edit", "image.multi_reference(10)"]
prompt = "prompts/melt.md"
photo = "photos/jar.png"
"#;

impl Shop {
    fn new(ideas: &str) -> Shop {
        let (campaign, stand) = (Campaign::shop(), Stand::of(Kind::Gemini));
        let model = format!(
            "[model.banana]\nprovider = \"gemini\"\nmodel = \"gemini-nano-banana-2.1\"\nurl = \"{}\"\n",
            stand.server.base
        );
        let manifest = std::fs::read_to_string(campaign.at("campaign.toml")).unwrap();
        campaign.write("campaign.toml", &format!("{manifest}\n{model}\n{ideas}"));
        campaign.write("prompts/melt.md", "{{name}} melts.\n");
        Shop { stand, campaign }
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.campaign.command(arguments).env("GEMINI_API_KEY", KEY).output().unwrap()
    }

    fn told(&self, arguments: &[&str]) -> (i32, String, String) {
        let output = self.run(arguments);
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
    }

    /// Notes that a command tells.
    fn notes(&self, command: &str) -> Vec<String> {
        let output = self.run(&[command, "--message-format=json"]);
        assert_eq!(output.status.code(), Some(0), "a note is no mistake");
        let events = String::from_utf8(output.stdout).unwrap();
        let events = events.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let notes = events.filter(|event| event["severity"] == "note");
        notes.map(|event| event["message"].as_str().unwrap().to_owned()).collect()
    }
}

#[test]
fn ideas_are_listed_with_what_they_need_who_can_do_them_and_what_was_tried() {
    let ideas = format!(
        "{IDEA}tried = [{{ model = \"nano-banana\", on = 2026-11-23, verdict = \"the label melts too\" }}]\n\
         [idea.film]\nnote = \"a film of it\"\nneeds = [\"video.from_image\", \"video.audio\"]\n"
    );
    let shop = Shop::new(&ideas);
    let (code, told, said) = shop.told(&["ideas"]);
    assert_eq!(code, 0, "{said}");
    for line in [
        "melting-clock  the jar melts over the shelf edge\n  needs  image.edit, image.multi_reference(10)\n",
        "banana (of this campaign)",
        "nano-banana (tried)",
        "  tried  nano-banana on 2026-11-23: the label melts too\n",
        "film  a film of it\n  needs  video.from_image, video.audio\n  can    no model that softbox knows\n",
    ] {
        assert!(told.contains(line), "{line}: {told}");
    }
    let events = shop.told(&["ideas", "--message-format=json"]).1;
    let events = events.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let events: Vec<Value> = events.filter(|event| event["event"] == "idea").collect();
    assert_eq!((&events[0]["name"], &events[0]["can"]), (&json!("film"), &json!([])));
    assert!(events[1]["can"].as_array().unwrap().contains(&json!({ "model": "banana", "own": true, "tried": false })));
    assert!(Shop::new("").told(&["ideas"]).1.contains("no idea is shelved"));
}

#[test]
fn a_model_of_the_campaign_that_can_do_an_idea_is_told_until_it_was_tried() {
    let shop = Shop::new(IDEA);
    let note = "the model `banana` can do all that the idea `melting-clock` waits for";
    assert_eq!(shop.notes("build"), [note]);
    assert_eq!(shop.notes("check"), [note]);
    let (_, told, said) = shop.told(&["check"]);
    assert!(told.contains("no mistakes found"), "{told}");
    assert!(
        said.contains("note[idea-ready]") && said.contains("softbox ideas try melting-clock --model banana"),
        "{said}"
    );
    shop.campaign.edit("campaign.toml", "photo = \"photos/jar.png\"", "tried = [{ model = \"banana\" }]");
    assert_eq!(shop.notes("check"), [""; 0]);
    shop.campaign.edit("campaign.toml", "\"image.edit\", ", "\"image.mask\", ");
    shop.campaign.edit("campaign.toml", "tried = [{ model = \"banana\" }]", "");
    assert_eq!(shop.notes("check"), [""; 0], "it cannot do all of it");
}

#[test]
fn an_idea_is_tried_for_its_price_once_a_take() {
    let shop = Shop::new(IDEA);
    let tries = ["ideas", "try", "melting-clock", "--model", "banana", "--product", "jar", "--takes", "2"];
    let (code, told, said) = shop.told(&tries);
    assert_eq!(code, 0, "{said}");
    assert!(said.starts_with("banana (Gemini) will cost about $0."), "{said}");
    assert!(
        said.contains("write what came of it into [idea.melting-clock]: tried = [{ model = \"banana\", on = 2"),
        "{said}"
    );
    assert_eq!((told.lines().count(), shop.stand.billed()), (2, 2));
    assert!(
        told.lines()
            .all(|file| file.starts_with("takes/ideas/melting-clock/banana-") && shop.campaign.at(file).is_file())
    );
    let bodies: Vec<Value> = shop.stand.server.seen().iter().map(|seen| seen.json()).collect();
    assert!(bodies.iter().all(|body| body["contents"][0]["parts"][0]["text"] == "Jar melts."), "{bodies:?}");
    assert!(bodies.iter().all(|body| body["contents"][0]["parts"][1]["inlineData"]["data"].is_string()));
    assert_eq!((shop.told(&tries).0, shop.stand.billed()), (0, 2), "both are there");
    // A third take alone.
    let more = [&tries[..8], &["3"]].concat();
    assert_eq!((shop.told(&more).0, shop.stand.billed()), (0, 3));
}

#[test]
fn what_cannot_be_tried_is_told_and_nothing_is_asked() {
    let shop = Shop::new(
        "[idea.bare]\nnote = \"x\"\nneeds = [\"image.mask\"]\n[idea.film]\nnote = \"x\"\nneeds = [\"video.audio\"]\nprompt = \"x\"\n\
         [idea.masked]\nnote = \"x\"\nneeds = [\"image.mask\"]\nprompt = \"x\"\n",
    );
    for (arguments, words) in [
        (&["bar", "--model", "banana"][..], "did you mean `bare`?"),
        (&["bare", "--model", "banana"], "has no recipe"),
        (&["film", "--model", "gemini-flash"], "softbox asks for none yet"),
        (&["masked", "--model", "bananna"], "there is no model `bananna`"),
    ] {
        let (code, _, said) = shop.told(&[&["ideas", "try"], arguments].concat());
        assert!(code == 2 && said.contains(words), "{arguments:?}: {said}");
    }
    let (code, _, said) = shop.told(&["ideas", "try", "masked", "--model", "banana", "--frozen"]);
    assert!(code == 3 && said.contains("nobody said that `banana` can do `image.mask`"), "{code} {said}");
    assert_eq!(shop.stand.billed(), 0);
    for (idea, words) in [
        ("note = \"x\"\nneeds = [\"image.edt\"]", "did you mean `image.edit`?"),
        ("note = \"x\"\nneeds = []", "needs"),
        ("note = \"x\"\nneeds = [\"local\"]\nphoto = \"photos/jarr.png\"", "there is no photo `photos/jarr.png`"),
        ("note = \"x\"\nneeds = [\"local\"]\nprompt = \"prompts/melted.md\"", "there is no prompt"),
        ("needs = [\"local\"]", "has no `note`"),
    ] {
        let shop = Shop::new(&format!("[idea.x]\n{idea}\n"));
        let (code, _, said) = shop.told(&["check"]);
        assert!(code == 2 && said.contains(words), "{idea}: {said}");
    }
}
