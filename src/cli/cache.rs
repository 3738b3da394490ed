//! `softbox cache`: what is kept so that nothing is made twice: how much it is, whether it is sound, and what may go.

use std::path::Path;
use std::time::Duration;

use serde_json::json;

use super::place::open;
use super::show::say;
use super::{Common, Exit, MessageFormat, branches};
use crate::actions::Failed;
use crate::campaign::{Loaded, Problem, load};
use crate::engine::sweep::{Reach, Rules};
use crate::engine::usage::Kept;
use crate::engine::{Engine, EngineError};
use crate::plan::{self, Folder};
use crate::report::progress::waiting;
use crate::report::words::{count, size as bytes};

#[derive(Debug, clap::Args)]
pub struct Cache {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Tell how much is kept, and what for.
    Stats,
    /// Read everything that is stored and remove what is damaged; it is made again when it is needed.
    Verify,
    /// Remove what neither the campaign nor its git branches need and nobody made lately.
    Gc(Gc),
}

#[derive(Debug, clap::Args)]
struct Gc {
    /// Keep what was made in the last so many days, whoever needs it.
    #[arg(long, default_value_t = 30, value_name = "N")]
    days: u32,

    /// Then remove more of what nobody needs, the oldest first, until no more than this is stored: 500M, 2G.
    #[arg(long, value_name = "SIZE", value_parser = parsed_size)]
    max_size: Option<u64>,

    /// Only tell what would go.
    #[arg(long)]
    dry_run: bool,
}

impl Cache {
    pub fn run(self, common: &Common) -> Exit {
        let engine = common.campaign().and_then(|folder| {
            let engine = open(&folder, "cache", |holder| eprintln!("{}", waiting(holder)))?;
            Ok((folder, engine))
        });
        let (folder, mut engine) = match engine {
            Ok(both) => both,
            Err(problem) => return common.refuse(problem),
        };
        let done = match self.command {
            Command::Stats => stats(common, &mut engine),
            Command::Verify => verify(common, &mut engine),
            Command::Gc(gc) => gc.run(common, &folder, &mut engine),
        };
        done.unwrap_or_else(|error| {
            for problem in Failed::from(error).0 {
                common.refuse(problem);
            }
            Exit::Failed
        })
    }
}

fn stats(common: &Common, engine: &mut Engine) -> Result<Exit, EngineError> {
    let usage = engine.usage()?;
    if common.message_format == MessageFormat::Json {
        let kept = |kept: Kept| json!({ "files": kept.files, "bytes": kept.bytes });
        let event = json!({
            "event": "cache",
            "results": usage.results,
            "store": kept(usage.store),
            "records": kept(usage.records),
            "replaced": kept(usage.replaced),
            "shared": usage.shared.map(kept),
        });
        say(&event.to_string());
        return Ok(Exit::Done);
    }
    let line = |name: &str, kept: Kept, what: &str| {
        say(&format!("{name:<9}{:>9}  {}{what}", bytes(kept.bytes), count(kept.files, "file", "files")));
    };
    line("store", usage.store, ": what was made");
    line(
        "records",
        usage.records,
        &format!(": {} and what they were made from", count(usage.results, "result", "results")),
    );
    if usage.replaced.files > 0 {
        line("replaced", usage.replaced, " of yours that lay where assets belong (.softbox/replaced/)");
    }
    if let Some(shared) = usage.shared {
        line("shared", shared, " in the folder that SOFTBOX_CACHE names");
    }
    Ok(Exit::Done)
}

fn verify(common: &Common, engine: &mut Engine) -> Result<Exit, EngineError> {
    let verified = engine.verify()?;
    let (damaged, lost) = (verified.damaged, verified.lost);
    if common.message_format == MessageFormat::Json {
        let sound = json!({ "files": verified.sound.files, "bytes": verified.sound.bytes });
        say(&json!({ "event": "verified", "sound": sound, "damaged": damaged, "lost": lost }).to_string());
    } else {
        let sound = count(verified.sound.files, "file is", "files are");
        say(&format!("{sound} as they were stored ({})", bytes(verified.sound.bytes)));
        if damaged > 0 {
            let were = count(damaged, "file was damaged and is", "files were damaged and are");
            say(&format!("{were} removed; what they held is made again when it is needed"));
        }
        if lost > damaged {
            let are = count(lost - damaged, "output is", "outputs are");
            say(&format!("{are} missing from the store; they are made again when they are needed"));
        }
    }
    Ok(if damaged > 0 { Exit::Failed } else { Exit::Done })
}

impl Gc {
    fn run(&self, common: &Common, folder: &Path, engine: &mut Engine) -> Result<Exit, EngineError> {
        let mut reach = Reach::default();
        let Loaded { campaign, problems } = load(&Folder(engine.files()));
        if super::show::has_errors(&problems) {
            // What a mistake hides would be taken for needed by nobody.
            common.face(std::time::Instant::now()).problems(&problems);
            let problem = Problem::error("held-back", "nothing was removed: the campaign has mistakes");
            return Ok(common.refuse(problem.hint("mend them, or go back to a state without them, and try again")));
        }
        engine.reached_here(&plan::plan(&campaign, None), &mut reach)?;
        let branches = match branches::visit(folder, |files| {
            let Loaded { campaign, .. } = load(&Folder(files));
            engine.reached(files, &plan::plan(&campaign, None), &mut reach)
        }) {
            Ok(branches) => branches?,
            Err(problem) => return Ok(common.refuse(problem)),
        };
        let older_than = Duration::from_secs(24 * 60 * 60) * self.days;
        let rules = Rules { older_than: older_than.as_secs(), at_most: self.max_size, dry_run: self.dry_run };
        let swept = engine.sweep(&reach, &rules)?;
        let (removed, kept) = (swept.removed, swept.kept);
        if common.message_format == MessageFormat::Json {
            let amount = |amount: crate::engine::sweep::Amount| json!({ "results": amount.results, "files": amount.files, "bytes": amount.bytes });
            let event = json!({
                "event": "swept",
                "dry_run": self.dry_run,
                "branches": branches,
                "removed": amount(removed),
                "kept": amount(kept),
            });
            say(&event.to_string());
            return Ok(Exit::Done);
        }
        let verb = if self.dry_run { "would remove" } else { "removed" };
        let what = match (removed.results, removed.files) {
            (0, 0) => "nothing".to_owned(),
            (results, files) => {
                let (results, files) = (count(results, "result", "results"), count(files, "file", "files"));
                format!("{results} and {files} ({})", bytes(removed.bytes))
            }
        };
        say(&format!("{verb} {what}; {} stay", bytes(kept.bytes)));
        if branches > 0 {
            say(&format!("what {} needs was kept", count(branches, "other git branch", "other git branches")));
        }
        Ok(Exit::Done)
    }
}

/// `500M` in bytes.
fn parsed_size(text: &str) -> Result<u64, String> {
    let (number, unit) = text.split_at(text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len()));
    let factor = match unit.trim().to_ascii_uppercase().trim_end_matches('B').trim_end_matches('I') {
        "" => 1,
        "K" => 1 << 10,
        "M" => 1 << 20,
        "G" => 1 << 30,
        "T" => 1 << 40,
        _ => return Err("write a number with K, M, G or T behind it, such as 500M".to_owned()),
    };
    let number = number.parse::<u64>().ok().and_then(|number| number.checked_mul(factor));
    number.ok_or_else(|| "write a number with K, M, G or T behind it, such as 500M".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_people_write_them() {
        assert_eq!(parsed_size("500M"), Ok(500 << 20));
        assert_eq!(parsed_size("2g"), Ok(2 << 30));
        assert_eq!(parsed_size("2 GiB"), Ok(2 << 30));
        assert_eq!(parsed_size("12"), Ok(12));
        for text in ["", "G", "1.5G", "12X", "99999999999T"] {
            assert!(parsed_size(text).is_err(), "{text}");
        }
    }
}
