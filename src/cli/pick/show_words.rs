//! Shows the variants of a caption: each as its difference to the draft, with lengths as networks count.

use std::io::stdout;

use serde_json::{Map, Value, json};

use super::wordings::Wording;
use crate::campaign::networks;
use crate::cli::show::say;
use crate::cli::{Common, MessageFormat};
use crate::report::Style;
use crate::report::rewording::Rewording;
use crate::report::words::count;

/// A line for each caption.
pub fn all(common: &Common, wordings: &[Wording]) {
    for wording in wordings {
        if common.message_format == MessageFormat::Json {
            events(wording);
            continue;
        }
        let there = count(wording.variants.len(), "variant", "variants");
        let left_out = match wording.left_out.len() {
            0 => String::new(),
            left_out => format!(" ({left_out} left out)"),
        };
        let state = match &wording.picked {
            Some(_) => "picked words go out",
            None => "nobody picked; your draft goes out until then",
        };
        say(&format!("{}  {there}{left_out}, {state}", wording.name));
    }
}

/// The draft of a caption and all its variants, each with its number.
pub fn one(common: &Common, wording: &Wording) {
    if common.message_format == MessageFormat::Json {
        return events(wording);
    }
    let style = Style { color: common.has_color(&stdout()), ..Style::PLAIN };
    let draft = wording.draft.as_deref().unwrap_or_default();
    let mark = |words: &str| if wording.published() == Some(words) { "*" } else { " " };
    say(&format!("{}draft  your words{}", mark(draft), lengths(wording, draft)));
    say(&indented(draft));
    for (at, variant) in wording.variants.iter().enumerate() {
        let rewording = Rewording::of(draft, &variant.words);
        let change = variant.change.as_ref().map(|change| format!(": {change}")).unwrap_or_default();
        let kept = format!("{} % of your words kept", rewording.kept);
        say("");
        say(&format!("{}{:>5}  {}{change}", mark(&variant.words), at + 1, variant.model));
        say(&format!("       {kept}{}", lengths(wording, &variant.words)));
        say(&indented(&rewording.shown(style)));
    }
    let is_listed =
        |words: &&String| **words != draft && wording.variants.iter().all(|variant| variant.words != **words);
    if let Some(picked) = wording.picked.as_ref().filter(is_listed) {
        say("");
        say(&format!(
            "*picked  {} % of your words kept{}",
            Rewording::of(draft, picked).kept,
            lengths(wording, picked)
        ));
        say(&indented(picked));
    }
    if !wording.left_out.is_empty() || !wording.missing.is_empty() {
        say("");
    }
    wording.left_out.iter().for_each(|what| say(&format!("left out: {what}")));
    wording.missing.iter().for_each(|why| say(&format!("not there: {why}")));
    let name = &wording.name;
    say("");
    say(&format!("* goes out. Pick other words: softbox pick {name} NUMBER --why \"…\""));
    say(&format!(
        "Put some together (the first sentence of 2, the rest of your draft): softbox pick {name} 2:1 draft:2-"
    ));
    say(&format!("Write your own: softbox pick {name} --words \"…\""));
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("       {line}")).collect::<Vec<_>>().join("\n")
}

/// `; x 96 of 280, instagram 96 of 2200 (shows about 125)`; what is too long says so.
pub fn lengths(wording: &Wording, words: &str) -> String {
    let length = |name: &String| {
        let network = networks::all().get(name)?;
        let length = network.length(words);
        let note = match network.shown {
            _ if network.is_over(words) => ", too long".to_owned(),
            Some(shown) if length > shown => format!(", about {shown} shown at first"),
            _ => String::new(),
        };
        Some(format!("; {name} {length} of {}{note}", network.most))
    };
    wording.networks.iter().filter_map(length).collect()
}

/// One for each variant, and one for what goes out.
fn events(wording: &Wording) {
    let lengths = |words: &str| {
        let length = |name: &String| {
            let network = networks::all().get(name)?;
            let about =
                json!({ "length": network.length(words), "most": network.most, "over": network.is_over(words) });
            Some((name.clone(), about))
        };
        wording.networks.iter().filter_map(length).collect::<Map<String, Value>>()
    };
    let draft = wording.draft.as_deref().unwrap_or_default();
    say(&json!({
        "event": "caption",
        "caption": wording.name,
        "draft": wording.draft,
        "picked": wording.picked,
        "lengths": wording.published().map(lengths),
        "left_out": wording.left_out,
        "missing": wording.missing,
    })
    .to_string());
    for (at, variant) in wording.variants.iter().enumerate() {
        say(&json!({
            "event": "variant",
            "caption": wording.name,
            "number": at + 1,
            "model": variant.model,
            "words": variant.words,
            "change": variant.change,
            "kept": Rewording::of(draft, &variant.words).kept,
            "lengths": lengths(&variant.words),
            "used": wording.picked.as_ref() == Some(&variant.words),
        })
        .to_string());
    }
}
