//! Labels that are read: a take with other words is held back or told of, and networks that come later cost nothing again.

use std::sync::atomic::{AtomicU8, Ordering};

use serde_json::json;

use crate::directed::{Studio, isolated};
use crate::networks::{LINES, WORDS, network};
use crate::server::{Seen, Server};

const READING: &str = "[reading]\nlines = \"lines\"\nwords = \"words\"\n[photo.hero]";
const TOLD: &str = "the label says “Lavendel Seife”, the take says “Lavendel Seite”";

/// A shop whose model paints the soap as it is and then with another word, in turns.
fn studio(step: &str, fidelity: &str, takes: &[&str]) -> Studio {
    let answers: Vec<Vec<u8>> =
        takes.iter().map(|name| isolated::png(isolated::on([60, 150, 80], &isolated::cutout(name)))).collect();
    let count = AtomicU8::new(0);
    let server = Server::start(move |_: &Seen, _: &str| {
        isolated::answer(&answers[usize::from(count.fetch_add(1, Ordering::SeqCst)) % answers.len()])
    });
    let says = format!(r#"{{ prompt = "x", models = ["banana"], takes = {}, fidelity = {fidelity} }}"#, takes.len());
    isolated::studio(server, &format!(r#"["cutout", {{ {step} = {says} }}]"#), "soap")
}

/// Puts the networks into the campaign.
fn drop_in(studio: &Studio) {
    std::fs::create_dir_all(studio.campaign.at("models")).unwrap();
    for (name, file) in [("lines", LINES), ("words", WORDS)] {
        std::fs::write(studio.campaign.at(&format!("models/{name}.onnx")), network(file)).unwrap();
    }
    studio.campaign.edit("campaign.toml", "[photo.hero]", READING);
}

#[test]
fn a_take_with_another_word_is_held_back_and_said_to_be() {
    let studio = studio("edit", "{ min = 0.1 }", &["soap-lookalike", "soap"]);
    studio.build();
    // So small a change is worth a few percent: no low minimum would find it.
    assert!(studio.takes("hero/jar").iter().all(|take| take["words"].is_null()), "nothing is read yet");
    let asked = studio.server.seen().len();

    drop_in(&studio);
    studio.build();
    assert_eq!(studio.server.seen().len(), asked, "reading asks for nothing again");
    let takes = studio.takes("hero/jar");
    let (wrong, right): (Vec<_>, Vec<_>) = takes.iter().partition(|take| take["used"] == json!(false));
    assert_eq!((wrong.len(), right.len()), (1, 1), "{takes:#?}");
    assert_eq!(right[0]["words"], json!([]));
    assert_eq!(wrong[0]["words"], json!([{ "label": "Lavendel Seife", "take": "Lavendel Seite" }]));
    let listed = studio.campaign.human(&["pick", "hero/jar"]);
    assert!(String::from_utf8_lossy(&listed.stdout).contains(TOLD), "{listed:?}");
    let page = std::fs::read_to_string(studio.campaign.at(".softbox/takes.html")).unwrap();
    assert!(page.contains(TOLD) && page.matches("class=\"heat\"").count() == 1);
    // A pick is no way around it.
    assert_eq!(studio.softbox(&["pick", "hero/jar", &wrong[0]["number"].to_string()]).code, 0);
    let built = studio.softbox(&["build"]);
    assert_eq!(built.code, 1, "{}", built.said);
    assert!(built.problems().iter().any(|problem| problem.contains(TOLD)), "{:?}", built.problems());
}

#[test]
fn without_a_minimum_a_take_with_another_word_goes_on_and_is_told_of() {
    let studio = studio("edit", "{}", &["soap-lookalike"]);
    drop_in(&studio);
    let built = studio.build();
    assert_eq!(built.wrote().len(), 1);
    let told: Vec<String> = built.problems().into_iter().filter(|problem| problem.contains(TOLD)).collect();
    assert_eq!(told.len(), 1, "{:?}", built.problems());
}

#[test]
fn in_a_scene_the_photos_own_label_goes_on_whatever_the_model_painted() {
    let studio = studio("scene", "{ min = 0.1 }", &["soap-lookalike"]);
    drop_in(&studio);
    assert_eq!(studio.build().wrote().len(), 1);
    assert!(studio.takes("hero/jar")[0]["words"].is_null());
}

#[test]
fn where_all_takes_have_another_word_the_build_says_which() {
    let studio = studio("edit", "{ min = 0.1 }", &["soap-lookalike"]);
    drop_in(&studio);
    let built = studio.softbox(&["build"]);
    assert_eq!(built.code, 1, "{}", built.said);
    let wanted = format!("in no take of hero/jar is the product like the photographed one: {TOLD}");
    assert!(built.problems().iter().any(|problem| problem.contains(&wanted)), "{:?}", built.problems());
}

#[test]
fn a_network_that_cannot_read_is_named_and_no_take_passes_unread() {
    let studio = studio("edit", "{ min = 0.1 }", &["soap"]);
    drop_in(&studio);
    std::fs::write(studio.campaign.at("models/words.onnx"), network(LINES)).unwrap();
    let wanted =
        "bad-network models/words.onnx:null: the network that reads a line does not say which characters it knows";
    // Nothing is said of the take: nobody knows what to say.
    for picked in [false, true] {
        let built = studio.softbox(&["build"]);
        assert_eq!(built.code, 1, "{}", built.said);
        assert_eq!(built.problems(), [wanted], "picked: {picked}");
        assert!(built.wrote().is_empty());
        assert_eq!(studio.softbox(&["pick", "hero/jar", "1"]).code, 0);
    }
}
