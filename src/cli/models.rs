//! `softbox models`: list the models that can be asked, what each can do and costs, and whether its key is there.

use std::collections::BTreeMap;
use std::time::{Instant, SystemTime};

use serde_json::json;

use super::keys::keys;
use super::show::{has_errors, say};
use super::{Common, Exit, MessageFormat};
use crate::campaign::reach::{self, Reach};
use crate::campaign::{Loaded, Problem, load};
use crate::engine::Files;
use crate::models::{Keys, Kind, Money, Service, timestamp};
use crate::plan::Folder;

#[derive(Debug, clap::Args)]
pub struct Models {}

impl Models {
    pub fn run(self, common: &Common, began: Instant) -> Exit {
        // Without a campaign there are still those that are built in.
        let folder = match common.campaign() {
            Ok(folder) => Some(folder),
            Err(problem) if common.directory.is_some() => return common.refuse(problem),
            Err(_) => None,
        };
        let Loaded { campaign, mut problems } = match folder.as_deref().map(Files::open) {
            None => Loaded::default(),
            Some(Ok(files)) => load(&Folder(&files)),
            Some(Err(error)) => {
                return common.refuse(Problem::error("unreadable", format!("cannot read the campaign: {error}")));
            }
        };
        // Other mistakes are for `softbox check`.
        problems.retain(is_about_models);
        let here = folder.unwrap_or_else(|| ".".into());
        let keys = keys(&here).unwrap_or_else(|problem| {
            problems.push(problem);
            Keys::default()
        });
        let all = match reach::all(&campaign.models) {
            Ok(all) => all,
            Err(problem) => return common.refuse(problem),
        };
        let today = timestamp(SystemTime::now());
        problems.extend(all.values().filter(|reach| reach.own.is_some()).filter_map(|reach| reach.over(&today[..10])));
        let mut services: BTreeMap<Kind, Vec<(&Reach, Service)>> = BTreeMap::new();
        for reach in all.values() {
            match reach.service(&keys) {
                Ok(service) => services.entry(reach.model.kind).or_default().push((reach, service)),
                Err(problem) => problems.push(problem),
            }
        }
        common.face(began).problems(&problems);
        for (kind, models) in &services {
            match common.message_format {
                MessageFormat::Json => models.iter().for_each(|(reach, service)| say(&event(reach, service))),
                MessageFormat::Human | MessageFormat::Github => show(*kind, models),
            }
        }
        if has_errors(&problems) { Exit::Wrong } else { Exit::Done }
    }
}

/// Whether a mistake is one in a model's table or in `.env`.
fn is_about_models(problem: &Problem) -> bool {
    problem.message.contains("`model.") || matches!(problem.code, "bad-key" | "bad-dotenv")
}

fn show(kind: Kind, models: &[(&Reach, Service)]) {
    say(kind.label());
    for (reach, service) in models {
        let model = &reach.model;
        let own = if reach.own.is_some() { " (of this campaign)" } else { "" };
        say(&format!("  {}{own}", model.name));
        say(&format!("    called  {}", model.id));
        let can: Vec<String> = model.can.iter().map(ToString::to_string).collect();
        let can = if can.is_empty() { "not known".to_owned() } else { can.join(", ") };
        say(&format!("    can     {can}"));
        say(&format!("    costs   {}", costs(reach)));
        say(&format!("    key     {}", key(service)));
        if let Some(ends) = &model.ends {
            let next = model.successor.as_ref().map(|name| format!(", then {name}")).unwrap_or_default();
            say(&format!("    until   {ends}{next}"));
        }
    }
    say("");
}

fn costs(reach: &Reach) -> String {
    let prices = &reach.model.prices;
    if !prices.is_known() {
        return "not known".to_owned();
    }
    if prices.iter().all(|(_, price)| price.micros == 0) {
        return "nothing".to_owned();
    }
    let amounts: Vec<String> = prices.iter().map(|(name, price)| cost(name, price)).collect();
    let day = prices.as_of.as_ref().map(|day| format!(" (on {day})")).unwrap_or_default();
    format!("{}{day}", amounts.join(", "))
}

/// `$0.0504 a picture up to 2K`
fn cost(name: &str, price: Money) -> String {
    let what = match name {
        "image" => "a picture".to_owned(),
        "input_image" => "a picture that is sent".to_owned(),
        "text_in" => "a million tokens of text read".to_owned(),
        "image_in" => "a million tokens of pictures read".to_owned(),
        "text_out" => "a million tokens of text written".to_owned(),
        "image_out" => "a million tokens of pictures made".to_owned(),
        "image_low" | "image_medium" | "image_high" => {
            format!("a picture of {} quality", name.trim_start_matches("image_"))
        }
        size => format!("a picture up to {}", size.trim_start_matches("image_").to_uppercase()),
    };
    format!("{price} {what}")
}

fn key(service: &Service) -> String {
    let names = service.key_names().join(" or ");
    match (names.is_empty(), service.has_key()) {
        (true, _) => "none is needed".to_owned(),
        (false, true) => "is set".to_owned(),
        (false, false) => format!("is missing: set {names}"),
    }
}

fn event(reach: &Reach, service: &Service) -> String {
    let model = &reach.model;
    let prices: BTreeMap<&str, String> = model.prices.iter().map(|(name, price)| (name, price.to_string())).collect();
    json!({
        "event": "model",
        "name": model.name,
        "service": model.kind.name(),
        "model": model.id,
        "own": reach.own.is_some(),
        "can": model.can.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "price": model.prices.is_known().then_some(prices),
        "as_of": model.prices.as_of,
        "key": service.has_key(),
        "keys": service.key_names(),
        "ends": model.ends,
        "successor": model.successor,
    })
    .to_string()
}
