//! `softbox pick`: look at the takes of a photo or the variants of a caption, and choose what goes on.

mod parts;
mod shelf;
mod show;
mod show_words;
mod wordings;

use std::path::Path;
use std::time::{Instant, SystemTime};

use super::place::{cannot_keep, open};
use super::show::{has_errors, say};
use super::{Common, Exit, MessageFormat};
use crate::actions::Failed;
use crate::campaign::picks::{Pick as Picking, Picked, file_of, shot_name};
use crate::campaign::{Campaign, Loaded, Problem, did_you_mean, load};
use crate::engine::{Engine, Event, Files};
use crate::models::timestamp;
use crate::plan::Folder;
use crate::report::Face;
use shelf::{Choice, Entry, Shelf};
use wordings::Wording;

#[derive(Debug, clap::Args)]
pub struct Pick {
    /// The photo or the caption, such as hero/citrus-haze or launch/citrus-haze. Left out: all that there is to choose from. Where both
    /// have one name, `photo/NAME` and `caption/NAME` tell them apart.
    name: Option<String>,

    /// The number of the take or of the variant that is to go on. Of a caption also `draft`, and sentences put together: `2:1 draft:2-` is the
    /// first sentence of variant 2 and the draft from its second sentence on.
    #[arg(requires = "name")]
    choice: Vec<String>,

    /// Your own words for a caption.
    #[arg(long, value_name = "WORDS", requires = "name", conflicts_with = "choice")]
    words: Option<String>,

    /// Why, for those who look at it later.
    #[arg(long, value_name = "WORDS", requires = "name")]
    why: Option<String>,

    /// Take the last pick back: the one before it counts again.
    #[arg(long, requires = "name", conflicts_with_all = ["choice", "words", "why"])]
    undo: bool,
}

/// What a name means.
enum Named {
    Photo(String),
    Caption(String),
}

impl Named {
    /// Its file of picks, below picks/ and without the ending.
    fn picks(&self) -> String {
        match self {
            Named::Photo(name) => format!("photo/{name}"),
            Named::Caption(name) => format!("caption/{name}"),
        }
    }
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
        let shelf = shelf::look(&mut engine, &campaign, &folder)?;
        let exit = if has_errors(&problems) { Exit::Wrong } else { Exit::Done };
        let Some(name) = &self.name else {
            if shelf.photos.is_empty() && shelf.captions.is_empty() && common.message_format != MessageFormat::Json {
                say("there is nothing to pick: no look and no caption asks a model");
            }
            show::all(common, &shelf.photos);
            show_words::all(common, &shelf.captions);
            let page = show::page(&engine, &folder, &campaign.name, &shelf.photos)?;
            show::where_to_look(common, page.as_deref());
            return Ok(exit);
        };
        let named = resolve(name, &shelf, &campaign)?;
        if self.undo {
            return undo(&folder, &named, campaign.picks.of(&named.picks()), common).map(|()| exit);
        }
        let pick = match &named {
            Named::Photo(photo) => self.of_photo(common, &engine, &folder, photo, &shelf.photos)?,
            Named::Caption(caption) => self.of_caption(common, caption, &shelf.captions)?,
        };
        if let Some((pick, told)) = pick {
            let mut picks = campaign.picks.of(&named.picks());
            let on = timestamp(SystemTime::now())[..10].parse().ok();
            // Older ones stay: the last one that fits counts.
            picks.pick.push(Picking { why: self.why.clone(), by: who(&folder), on, ..pick });
            write(&folder, &named.picks(), picks)?;
            if common.message_format != MessageFormat::Json {
                say(&format!("{told}; the choice is in {}", file_of(&named.picks())));
            }
        }
        Ok(exit)
    }

    /// The take that is picked, and what to tell about it; nothing where they are only shown.
    fn of_photo(
        &self,
        common: &Common,
        engine: &Engine,
        folder: &Path,
        photo: &str,
        choices: &[Choice],
    ) -> Result<Option<(Picking, String)>, Problem> {
        let own: Vec<&Choice> = choices.iter().filter(|choice| choice.photo == photo).collect();
        if self.words.is_some() {
            let problem = Problem::error("not-a-caption", format!("{photo} is a photo, and `--words` is for captions"));
            return Err(problem.hint(format!("`softbox pick {photo}` lists its takes")));
        }
        let [number] = self.choice.as_slice() else {
            if let [_, more, ..] = self.choice.as_slice() {
                let problem =
                    Problem::error("unknown-take", format!("of a photo one take goes on, and `{more}` is one more"));
                return Err(problem.hint(format!("`softbox pick {photo}` lists its takes")));
            }
            show::one(common, engine, folder, &own);
            return Ok(None);
        };
        let entries: Vec<&Entry> = own.iter().flat_map(|choice| &choice.takes).collect();
        let at = number.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
        let entry = at.and_then(|at| entries.get(at)).ok_or_else(|| {
            Problem::error("unknown-take", format!("{photo} has no take {number}"))
                .hint(format!("`softbox pick {photo}` lists its {} takes", entries.len()))
        })?;
        let Some(file) = &entry.file else {
            let missing = entry.missing.clone();
            let problem = Problem::error(
                "no-take",
                missing.unwrap_or_else(|| format!("take {number} of {photo} was not asked for yet")),
            );
            return Err(problem.hint("`softbox build` asks for takes that are missing"));
        };
        let pick = Picking { take: Some(file.clone()), ..Picking::default() };
        Ok(Some((pick, format!("{photo} goes on with {file}"))))
    }

    /// The words that are picked, and what to tell about them; nothing where they are only shown.
    fn of_caption(
        &self,
        common: &Common,
        caption: &str,
        wordings: &[Wording],
    ) -> Result<Option<(Picking, String)>, Problem> {
        let Some(wording) = wordings.iter().find(|wording| wording.name == caption) else {
            let problem = Problem::error("nobody-asked", format!("no model is asked for other words for {caption}"));
            return Err(problem.hint("its pick counts; take it back with `--undo`, or give the caption `models` again"));
        };
        let Some(draft) = &wording.draft else {
            let problem = Problem::error("no-draft", format!("the draft of {caption} cannot be filled in"));
            return Err(problem.hint("`softbox build` tells why"));
        };
        let words = match &self.words {
            Some(words) => words.trim_end().to_owned(),
            None if self.choice.is_empty() => {
                show_words::one(common, wording);
                return Ok(None);
            }
            None => {
                let variants: Vec<&str> = wording.variants.iter().map(|variant| variant.words.as_str()).collect();
                parts::chosen(&self.choice, draft, &variants)?
            }
        };
        if words.is_empty() {
            return Err(Problem::error("no-words", "nothing is left of the words").hint("write some, or pick others"));
        }
        let lengths = show_words::lengths(wording, &words);
        let pick = Picking { words: Some(words), draft: Some(draft.clone()), ..Picking::default() };
        Ok(Some((pick, format!("{caption} goes out with these words{lengths}"))))
    }
}

/// The photo or the caption that a name means.
fn resolve(name: &str, shelf: &Shelf, campaign: &Campaign) -> Result<Named, Problem> {
    let is_photo = |name: &str| shelf.photos.iter().any(|choice| choice.photo == name);
    let is_caption = |name: &str| {
        let picks = || campaign.picks.of(&format!("caption/{name}"));
        shelf.captions.iter().any(|wording| wording.name == name) || !picks().pick.is_empty()
    };
    if let Some(photo) = name.strip_prefix("photo/").filter(|name| is_photo(name)) {
        return Ok(Named::Photo(photo.to_owned()));
    }
    if let Some(caption) = name.strip_prefix("caption/").filter(|name| is_caption(name)) {
        return Ok(Named::Caption(caption.to_owned()));
    }
    match (is_photo(name), is_caption(name)) {
        (true, false) => Ok(Named::Photo(name.to_owned())),
        (false, true) => Ok(Named::Caption(name.to_owned())),
        (true, true) => Err(Problem::error("two-meanings", format!("{name} is a photo, and a caption too"))
            .hint(format!("write photo/{name} or caption/{name}"))),
        (false, false) => {
            let known = shelf.photos.iter().map(|choice| choice.photo.as_str());
            let known = known.chain(shelf.captions.iter().map(|wording| wording.name.as_str()));
            let message = format!("there are no takes of a photo `{name}`, and no variants of a caption");
            let problem = Problem::error("unknown-photo", message);
            Err(match did_you_mean(name, known) {
                Some(near) => problem.hint(format!("did you mean `{near}`?")),
                None => problem.hint("`softbox pick` lists what there is to pick"),
            })
        }
    }
}

fn undo(folder: &Path, named: &Named, mut picks: Picked, common: &Common) -> Result<(), Problem> {
    let (Named::Photo(name) | Named::Caption(name)) = named;
    let Some(last) = picks.pick.pop() else {
        let problem = Problem::error("no-pick", format!("nothing was picked of {name}"));
        return Err(problem.hint("`softbox pick` lists what there is to pick"));
    };
    let before = picks.pick.last().cloned();
    write(folder, &named.picks(), picks)?;
    if common.message_format != MessageFormat::Json {
        let (last, before) = (picked_in_words(&last), before.as_ref().map(picked_in_words));
        match before {
            Some(before) => say(&format!("{last} is no longer picked; {before} was picked before it")),
            None => say(&format!("{last} is no longer picked; nothing is")),
        }
    }
    Ok(())
}

/// The take, or the beginning of the words.
fn picked_in_words(pick: &Picking) -> String {
    let begins = |words: &String| {
        let first: Vec<&str> = words.split_whitespace().take(6).collect();
        let more = if words.split_whitespace().nth(6).is_some() { " …" } else { "" };
        format!("\"{}{more}\"", first.join(" "))
    };
    pick.take.clone().or_else(|| pick.words.as_ref().map(begins)).unwrap_or_else(|| "nothing".to_owned())
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
            let problem = Problem::error("unknown-photo", format!("no model works on a photo `{photo}`"));
            return Err(match did_you_mean(photo, known.iter().map(String::as_str)) {
                Some(near) => problem.hint(format!("did you mean `{near}`?")),
                None => problem.hint("`softbox pick` lists what there is to pick"),
            });
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
