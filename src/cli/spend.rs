//! `softbox spend`: what models cost so far, from the ledger.

use std::time::{Instant, SystemTime};

use serde_json::json;

use super::faults::exit;
use super::place::open;
use super::show::say;
use super::{Common, Exit, MessageFormat};
use crate::campaign::load;
use crate::campaign::models::problem;
use crate::models::{Budget, Ledger, Spent, price, timestamp};
use crate::plan::Folder;
use crate::report::progress::waiting;
use crate::report::words::count;

#[derive(Debug, clap::Args)]
pub struct Spend {}

impl Spend {
    pub fn run(self, common: &Common, began: Instant) -> Exit {
        let opened = common.campaign().and_then(|folder| {
            let engine = open(&folder, "spend", |holder| eprintln!("{}", waiting(holder)))?;
            Ok((folder, engine))
        });
        let (folder, engine) = match opened {
            Ok(opened) => opened,
            Err(problem) => return common.refuse(problem),
        };
        let budget = load(&Folder(engine.files())).campaign.budget.unwrap_or_default().limits;
        let ledger = match Ledger::open(&folder.join(".softbox/ledger"), budget) {
            Ok(ledger) => ledger,
            Err(fault) => {
                common.refuse(problem(&fault));
                return exit(&fault);
            }
        };
        let now = timestamp(SystemTime::now());
        match common.message_format {
            MessageFormat::Json => {
                // The first line says which format this is.
                drop(common.face(began));
                events(&ledger, &now[..7]);
            }
            MessageFormat::Human | MessageFormat::Github => show(&ledger, &now[..7], &budget),
        }
        Exit::Done
    }
}

fn show(ledger: &Ledger, month: &str, budget: &Budget) {
    let all = ledger.spent("");
    if all == Spent::default() {
        say("nothing was spent: no model was asked yet");
        return;
    }
    let limit = budget.per_month.map(|limit| format!(" of {limit}")).unwrap_or_default();
    say(&format!("this month ({month}): {}{limit}", words(&ledger.spent(month))));
    table(ledger, month);
    say(&format!("in all: {}", words(&all)));
    table(ledger, "");
    for line in ledger.open_lines() {
        let cost = price(line.cost);
        say(&format!(
            "{}: a request to {} ({}) was stopped in the middle and may be billed: {cost} counts as spent",
            line.at, line.model, line.service
        ));
    }
}

fn table(ledger: &Ledger, date: &str) {
    for ((service, model), spent) in ledger.by_model(date) {
        say(&format!("  {model} ({service}): {}", words(&spent)));
    }
}

/// `$1.20, 2.00 EUR and 1 request of unknown cost, 1 of them perhaps for nothing`
pub fn words(spent: &Spent) -> String {
    let known: Vec<String> = spent.known.iter().map(ToString::to_string).collect();
    let mut parts = if known.is_empty() && spent.unknown == 0 { vec!["nothing".to_owned()] } else { known };
    if spent.unknown > 0 {
        parts.push(format!(
            "{} of unknown cost",
            count(usize::try_from(spent.unknown).unwrap_or(usize::MAX), "request", "requests")
        ));
    }
    let lost = match spent.lost {
        0 => String::new(),
        1 => " (1 request went out without an answer and may have been billed)".to_owned(),
        lost => format!(" ({lost} requests went out without an answer and may have been billed)"),
    };
    format!("{}{lost}", parts.join(", "))
}

fn events(ledger: &Ledger, month: &str) {
    for (period, date) in [("month", month), ("all", "")] {
        for ((service, model), spent) in ledger.by_model(date) {
            let known: Vec<String> = spent.known.iter().map(ToString::to_string).collect();
            let event = json!({
                "event": "spent",
                "period": period,
                "service": service,
                "model": model,
                "known": known,
                "unknown": spent.unknown,
                "lost": spent.lost,
            });
            say(&event.to_string());
        }
    }
    for line in ledger.open_lines() {
        let event =
            json!({ "event": "open", "at": line.at, "service": line.service, "model": line.model, "cost": line.cost });
        say(&event.to_string());
    }
}
