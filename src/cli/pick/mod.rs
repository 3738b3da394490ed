//! `softbox pick`: look at the takes of a photo, and choose the one that goes on.

mod shelf;
mod show;

use std::path::Path;
use std::time::{Instant, SystemTime};

use super::place::{cannot_keep, open};
use super::show::{has_errors, say};
use super::{Common, Exit, MessageFormat};
use crate::actions::Failed;
use crate::campaign::picks::{Pick as Picking, Picked, file_of, shot_name};
use crate::campaign::{Loaded, Problem, did_you_mean, load};
use crate::engine::{Event, Files};
use crate::models::timestamp;
use crate::plan::Folder;
use crate::report::Face;
use shelf::{Choice, Entry};

#[derive(Debug, clap::Args)]
pub struct Pick {
    /// The photo, such as hero/citrus-haze. Left out: all that have takes to choose from.
    photo: Option<String>,

    /// The number of the take that is to go on.
    #[arg(requires = "photo")]
    take: Option<usize>,

    /// Why, for those who look at it later.
    #[arg(long, value_name = "WORDS", requires = "take")]
    why: Option<String>,

    /// Take the last pick of the photo back: the one before it counts again.
    #[arg(long, requires = "photo", conflicts_with = "take")]
    undo: bool,
}

impl Pick {
    pub fn run(self, common: &Common, began: Instant) -> Exit {
        let mut face = common.face(began);
        match self.picked(common, face.as_mut()) {
            Ok(exit) => exit,
            Err(problem) => {
                face.problems(&[problem]);
                Exit::Wrong
            }
        }
    }

    fn picked(&self, common: &Common, face: &mut dyn Face<Failed>) -> Result<Exit, Problem> {
        let folder = common.campaign()?;
        let mut engine = open(&folder, "pick", |holder| face.tell(&Event::Waiting { holder }))?;
        let Loaded { campaign, problems } = load(&Folder(engine.files()));
        face.problems(&problems);
        let choices = shelf::choices(&mut engine, &campaign, &folder)?;
        let exit = if has_errors(&problems) { Exit::Wrong } else { Exit::Done };
        let Some(photo) = &self.photo else {
            show::all(common, &choices);
            let page = show::page(&engine, &folder, &campaign.name, &choices)?;
            show::where_to_look(common, page.as_deref());
            return Ok(exit);
        };
        let own: Vec<&Choice> = choices.iter().filter(|choice| choice.photo == *photo).collect();
        if own.is_empty() {
            return Err(unknown(photo, choices.iter().map(|choice| choice.photo.as_str())));
        }
        let name = format!("photo/{photo}");
        let picks = campaign.picks.of(&name);
        if self.undo {
            return undo(&folder, &name, picks, common).map(|()| exit);
        }
        let Some(number) = self.take else {
            show::one(common, &engine, &folder, &own);
            return Ok(exit);
        };
        let entries: Vec<&Entry> = own.iter().flat_map(|choice| &choice.takes).collect();
        let entry = number.checked_sub(1).and_then(|at| entries.get(at)).ok_or_else(|| {
            Problem::error("unknown-take", format!("{photo} has no take {number}"))
                .hint(format!("`softbox pick {photo}` lists its {} takes", entries.len()))
        })?;
        let Some(file) = &entry.file else {
            let why = entry.missing.clone().unwrap_or_else(|| "it was not asked for yet".to_owned());
            let problem = Problem::error("no-take", format!("take {number} of {photo} is not there: {why}"));
            return Err(problem.hint("`softbox build` asks for takes that are missing"));
        };
        self.keep(&folder, &name, picks, file)?;
        if common.message_format != MessageFormat::Json {
            say(&format!("{photo} goes on with {file}; the choice is in {}", file_of(&name)));
        }
        Ok(exit)
    }

    /// Adds a pick to the file of its photo. Older ones stay: the last one that is a take of a step counts for it.
    fn keep(&self, folder: &Path, name: &str, mut picks: Picked, file: &str) -> Result<(), Problem> {
        picks.pick.push(Picking {
            take: Some(file.to_owned()),
            why: self.why.clone(),
            by: who(folder),
            on: timestamp(SystemTime::now())[..10].parse().ok(),
            ..Picking::default()
        });
        write(folder, name, picks)
    }
}

fn undo(folder: &Path, name: &str, mut picks: Picked, common: &Common) -> Result<(), Problem> {
    let Some(last) = picks.pick.pop() else {
        let problem = Problem::error("no-pick", format!("nothing was picked of {}", name.trim_start_matches("photo/")));
        return Err(problem.hint("`softbox pick` lists what there is to pick"));
    };
    let before = picks.pick.last().and_then(|pick| pick.take.clone());
    write(folder, name, picks)?;
    if common.message_format != MessageFormat::Json {
        let taken = last.take.unwrap_or_default();
        match before {
            Some(before) => say(&format!("{taken} is no longer picked; {before} was picked before it")),
            None => say(&format!("{taken} is no longer picked; nothing is")),
        }
    }
    Ok(())
}

/// Writes a file of picks, beside it first; one without picks goes away.
fn write(folder: &Path, name: &str, picks: Picked) -> Result<(), Problem> {
    let file = file_of(name);
    let path = folder.join(&file);
    let failed = |error: std::io::Error| cannot_keep(folder, &error);
    if picks == Picked::default() {
        return std::fs::remove_file(&path).map_err(failed);
    }
    let text = toml::to_string(&picks).map_err(|error| failed(std::io::Error::other(error)))?;
    let text =
        format!("# What was picked; the last line that fits counts. Written by `softbox pick`, and by hand.\n\n{text}");
    crate::models::write_durably(&path, text.as_bytes()).map_err(failed)
}

/// Wants one more take of each model at the last step of a photo that models do: `softbox build --fresh-take`.
pub fn want_more(folder: &Path, photos: &[String]) -> Result<(), Problem> {
    if photos.is_empty() {
        return Ok(());
    }
    let files = Files::open(folder).map_err(|error| cannot_keep(folder, &error))?;
    let Loaded { campaign, .. } = load(&Folder(&files));
    let is_directed = |look: &String| {
        campaign.looks.get(look).is_some_and(|look| look.steps.iter().any(|step| step.direction().is_some()))
    };
    let directed = campaign.photos.values().filter(|photo| photo.look.as_ref().is_some_and(is_directed));
    let known: Vec<String> =
        directed.flat_map(|photo| photo.shots.iter().map(|shot| shot_name(&photo.id, &shot.path))).collect();
    for photo in photos {
        if !known.contains(photo) {
            return Err(unknown(photo, known.iter().map(String::as_str)));
        }
    }
    for photo in photos {
        let name = format!("photo/{photo}");
        let picks = campaign.picks.of(&name);
        write(folder, &name, Picked { more: picks.more + 1, ..picks })?;
    }
    Ok(())
}

/// Who picks, as git knows them; `None` where nobody told.
fn who(folder: &Path) -> Option<String> {
    let asked = std::process::Command::new("git").arg("-C").arg(folder).args(["config", "user.name"]).output().ok()?;
    let name = String::from_utf8(asked.stdout).ok()?.trim().to_owned();
    (!name.is_empty()).then_some(name)
}

fn unknown<'a>(photo: &str, known: impl Iterator<Item = &'a str>) -> Problem {
    let problem = Problem::error("unknown-photo", format!("there are no takes of a photo `{photo}`"));
    match did_you_mean(photo, known) {
        Some(near) => problem.hint(format!("did you mean `{near}`?")),
        None => problem.hint("`softbox pick` lists what there is to pick"),
    }
}
