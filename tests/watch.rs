//! Watching: each save makes exactly its assets, a broken save is told and recovers.

mod common;

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use common::{Built, Campaign};
use serde_json::Value;

/// Long enough for a slow machine; a watch that does not react fails the test.
const PATIENCE: Duration = Duration::from_secs(120);

struct Watching {
    process: Child,
    events: Receiver<Value>,
}

impl Watching {
    fn start(shop: &Campaign) -> Watching {
        Watching::start_with(shop, &[])
    }

    fn start_with(shop: &Campaign, arguments: &[&str]) -> Watching {
        let mut command = shop.command(&["watch", "--message-format=json"]);
        command.args(arguments);
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let (sender, events) = channel();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                if sender.send(serde_json::from_str(&line).unwrap()).is_err() {
                    return;
                }
            }
        });
        Watching { process, events }
    }

    /// Everything up to the end of the next build.
    fn next(&self) -> Built {
        let mut events = Vec::new();
        loop {
            let event = self.events.recv_timeout(PATIENCE).expect("a build");
            let over = event["event"] == "done";
            events.push(event);
            if over {
                return Built { code: 0, events, said: String::new() };
            }
        }
    }

    /// Nothing is built for a while.
    fn rests(&self) -> bool {
        self.events.recv_timeout(Duration::from_millis(700)).is_err()
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

fn names(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn each_save_makes_exactly_its_assets_and_softbox_does_not_wake_itself() {
    let shop = Campaign::shop();
    let watching = Watching::start(&shop);
    assert_eq!(watching.next().done()["made"], 12);
    assert!(watching.rests());

    shop.edit("captions/launch.md", "is in", "is back");
    let words: Vec<String> = watching.next().wrote().into_iter().collect();
    assert_eq!(words.len(), 4);
    assert!(words.iter().all(|path| path.ends_with(".txt") && !path.ends_with("alt.txt")));

    shop.edit("templates/card.html", "<p>", "<p style=\"color: red\">");
    assert_eq!(watching.next().wrote().len(), 4);

    shop.shoot("photos/jar.png", 7);
    assert_eq!(watching.next().wrote(), names(&["card/jar.small.square.jpg", "card/jar.small.wide.jpg"]));

    shop.edit("campaign.toml", "New in", "Last days");
    assert_eq!(watching.next().wrote().len(), 4);
    assert!(watching.rests());
}

#[test]
fn a_broken_save_is_told_and_the_next_good_one_recovers() {
    let shop = Campaign::shop();
    let watching = Watching::start(&shop);
    watching.next();
    let before = shop.dist();

    shop.edit("templates/card.html", "{{name}}", "{{nmae}}");
    let broken = watching.next();
    assert!(
        broken.problems().iter().any(|problem| problem.contains("templates/card.html:2")),
        "{:?}",
        broken.problems()
    );
    assert_eq!(shop.dist(), before, "the last good files stay");

    shop.edit("campaign.toml", "[post.card]", "[post.card");
    assert!(!watching.next().problems().is_empty());
    assert_eq!(shop.dist(), before);

    shop.edit("campaign.toml", "[post.card", "[post.card]");
    watching.next();
    shop.edit("templates/card.html", "{{nmae}}", "{{name}}");
    let mended = watching.next();
    assert!(mended.problems().is_empty() && mended.wrote().is_empty());
    assert_eq!(shop.dist(), before);
}

#[test]
fn a_new_photo_is_noticed() {
    let shop = Campaign::shop();
    shop.edit("products.csv", "jar,Jar,$12,\n", "jar,Jar,$12,\ntin,Tin,$3,\n");
    let watching = Watching::start(&shop);
    let first = watching.next();
    assert!(first.problems().iter().any(|problem| problem.contains("tin")), "{:?}", first.problems());
    shop.shoot("photos/tin.png", 5);
    let wrote = watching.next().wrote();
    assert!(wrote.contains("card/tin.small.wide.jpg"), "{wrote:?}");
}

#[test]
fn a_build_beside_a_watch_waits_for_nobody_and_both_agree() {
    let shop = Campaign::shop();
    let watching = Watching::start(&shop);
    watching.next();
    assert_eq!(shop.build().done()["kept"], 12, "the watch does not hold the campaign");
    shop.edit("products.csv", "$12", "$11");
    shop.build();
    watching.next();
    shop.edit("products.csv", "$11", "$10");
    let wrote = watching.next().wrote();
    assert_eq!(wrote, names(&["card/jar.small.square.jpg", "card/jar.small.wide.jpg"]));
    assert!(shop.build().wrote().is_empty());
}

#[test]
fn an_asset_that_somebody_alters_or_deletes_is_put_right_at_once() {
    let shop = Campaign::shop();
    let watching = Watching::start(&shop);
    watching.next();
    let before = shop.dist();
    shop.remove("dist/card/jar.small.wide.jpg");
    assert_eq!(watching.next().wrote(), names(&["card/jar.small.wide.jpg"]));
    shop.write("dist/card/jar.small.wide.txt", "mine");
    assert_eq!(watching.next().wrote(), names(&["card/jar.small.wide.txt"]));
    assert_eq!(shop.dist(), before);
    shop.write("dist/notes.txt", "somebody's own file is nobody's business");
    assert!(watching.rests());
}

#[test]
fn an_asset_that_cannot_be_put_right_is_tried_once() {
    let shop = Campaign::shop();
    let watching = Watching::start(&shop);
    watching.next();
    shop.edit("templates/card.html", "{{name}}", "{{nmae}}");
    watching.next();
    shop.remove("dist/card/jar.small.wide.jpg");
    assert!(!watching.next().problems().is_empty());
    assert!(watching.rests());
    shop.edit("templates/card.html", "{{nmae}}", "{{name}}");
    assert_eq!(watching.next().wrote(), names(&["card/jar.small.wide.jpg"]));
}

#[test]
fn a_trace_in_the_campaign_does_not_wake_the_watch_and_is_whole_after_each_build() {
    let shop = Campaign::shop();
    let trace = shop.at("trace.json");
    let watching = Watching::start_with(&shop, &["--trace", trace.to_str().unwrap()]);
    let spans = || {
        let events: Vec<Value> = serde_json::from_slice(&std::fs::read(&trace).unwrap()).unwrap();
        events.iter().filter(|event| event["ph"] == "X").count()
    };
    watching.next();
    assert!(watching.rests());
    let first = spans();
    shop.edit("captions/launch.md", "is in", "is back");
    watching.next();
    assert!(watching.rests());
    assert!(spans() >= first + 4, "the second build comes after the first");
}
