//! `softbox plan`: tell what a build would do, and why.

use std::time::Instant;

use serde_json::json;

use super::asking::{Bill, desk};
use super::build::Limits;
use super::place::open;
use super::reasons::{self, Reason};
use super::show::{has_errors, say};
use super::{Common, Exit, MessageFormat};
use crate::actions::Task;
use crate::campaign::{Loaded, load};
use crate::engine::{ActionId, Forecast, Graph, Verdict};
use crate::models::How;
use crate::plan::{self, Folder, Written};
use crate::report::progress::waiting;
use crate::report::words::count;

#[derive(Debug, clap::Args)]
pub struct Plan {}

impl Plan {
    pub fn run(self, common: &Common, began: Instant) -> Exit {
        let opened = common.campaign().and_then(|folder| {
            let engine = open(&folder, "plan", |holder| eprintln!("{}", waiting(holder)))?;
            Ok((engine, folder))
        });
        let (mut engine, folder) = match opened {
            Ok(opened) => opened,
            Err(problem) => return common.refuse(problem),
        };
        let Loaded { campaign, problems } = load(&Folder(engine.files()));
        let mut face = common.face(began);
        face.problems(&problems);
        let desk = desk(&campaign, &folder, How::default(), &mut |warnings| face.problems(warnings));
        let desk = desk.unwrap_or_else(|problem| {
            face.problems(&[problem]);
            None
        });
        let bill =
            desk.map(|desk| Bill::of(&mut engine, &campaign, &desk, &Limits::default().part(None))).unwrap_or_default();
        let graph = plan::plan(&campaign, None);
        let forecasts = engine.forecast(&graph);
        let mut written = Written::of(&campaign);
        let assets = graph.nodes().filter_map(|(id, node)| Some((id, node.asset.as_deref()?)));
        let (mut changing, mut same) = (0, 0);
        for (id, path) in assets {
            let verdict = verdict(&graph, &forecasts, id);
            if verdict == Verdict::UpToDate {
                same += 1;
                continue;
            }
            changing += 1;
            let reasons = reasons::of_asset(&graph, &forecasts, &mut written, id);
            match common.message_format {
                MessageFormat::Json => {
                    say(&json!({ "event": "forecast", "path": path, "verdict": verdict, "reasons": reasons })
                        .to_string());
                }
                MessageFormat::Human | MessageFormat::Github => {
                    say(&format!("{} {path}{}", word(verdict), because(&reasons)))
                }
            }
        }
        // A mistake keeps parts out of the graph: then nothing counts as stale.
        let stale = if has_errors(&problems) { Vec::new() } else { engine.stale(&graph) };
        for path in &stale {
            match common.message_format {
                MessageFormat::Json => {
                    say(&json!({ "event": "forecast", "path": path, "verdict": "remove", "reasons": [] }).to_string())
                }
                MessageFormat::Human | MessageFormat::Github => {
                    say(&format!("remove  {path}  (no post makes it any more)"))
                }
            }
        }
        tell_bill(&bill, common.message_format);
        if common.message_format != MessageFormat::Json {
            let up_to_date = match same {
                0 => String::new(),
                same => format!("; {same} up to date"),
            };
            match changing {
                0 if !stale.is_empty() => {
                    say(&format!("a build would remove {}{up_to_date}", count(stale.len(), "asset", "assets")))
                }
                0 if has_errors(&problems) => {
                    say(&format!("a build would make nothing{up_to_date}; the mistakes above hold back others"))
                }
                0 if same == 0 => say("nothing to do: no post makes an asset yet"),
                0 => say(&format!("nothing to do: {} up to date", count(same, "asset is", "assets are"))),
                changing => {
                    let removed = if stale.is_empty() { String::new() } else { format!(", remove {}", stale.len()) };
                    let others = if has_errors(&problems) { "; the mistakes above hold back others" } else { "" };
                    let made = count(changing, "asset", "assets");
                    say(&format!("a build would make {made}{removed}{up_to_date}{others}"));
                }
            }
        }
        if has_errors(&problems) { Exit::Wrong } else { Exit::Done }
    }
}

/// Takes that would be asked for, each with its price, and what all of them would cost.
fn tell_bill(bill: &Bill, format: MessageFormat) {
    for (name, cost) in &bill.takes {
        match format {
            MessageFormat::Json => say(&json!({ "event": "forecast", "path": format!("takes/{name}"), "verdict": "ask", "reasons": [], "cost": cost }).to_string()),
            MessageFormat::Human | MessageFormat::Github => {
                let price = match cost {
                    Some(cost) if cost.micros == 0 => "for nothing".to_owned(),
                    Some(cost) => format!("for about {cost}"),
                    None => "nobody knows for how much".to_owned(),
                };
                say(&format!("ask     {name}  ({price})"));
            }
        }
    }
    if !bill.is_empty() && format != MessageFormat::Json {
        say(&format!("a build would ask models for {}", bill.told()));
    }
}

/// What becomes of an asset. One whose composing runs may turn out the same.
fn verdict(graph: &Graph<Task>, forecasts: &[Forecast], id: ActionId) -> Verdict {
    let own = &forecasts[id.0 as usize];
    let new_inputs = graph.node(id).depends_on().any(|on| forecasts[on.0 as usize].is_new);
    match own.verdict {
        Verdict::Depends if own.is_new || new_inputs => Verdict::Run,
        verdict => verdict,
    }
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::UpToDate => "keep   ",
        Verdict::Restore => "restore",
        Verdict::Run => "make   ",
        Verdict::Depends => "perhaps",
        Verdict::Missing => "cannot ",
    }
}

fn because(reasons: &[Reason]) -> String {
    match reasons {
        [] => String::new(),
        [first] => format!("  ({})", first.told()),
        [first, second] => format!("  ({}; {})", first.told(), second.told()),
        [first, others @ ..] => format!("  ({}; {} more)", first.told(), others.len()),
    }
}
