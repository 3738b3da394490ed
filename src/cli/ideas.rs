//! `softbox ideas`: list what is shelved until a model can do it, and try an idea with a model.

use std::path::Path;
use std::time::{Instant, SystemTime};

use serde_json::json;

use super::ask::Ask;
use super::asking::Asking;
use super::show::{has_errors, say};
use super::{Common, Exit, MessageFormat};
use crate::campaign::ideas::{Idea, Tried};
use crate::campaign::names::unknown_hint;
use crate::campaign::reach::{self, Reach};
use crate::campaign::{Campaign, Loaded, Problem, load};
use crate::engine::Files;
use crate::models::timestamp;
use crate::plan::Folder;

#[derive(Debug, clap::Args)]
pub struct Ideas {
    #[command(subcommand)]
    task: Option<Task>,
}

#[derive(Debug, clap::Subcommand)]
enum Task {
    /// Have a model make takes of an idea, after telling what they cost. They are kept under takes/ideas/.
    Try(Try),
}

#[derive(Debug, clap::Args)]
struct Try {
    /// The idea, as in [idea.NAME].
    name: String,

    /// The model, as `softbox models` calls it.
    #[arg(long, value_name = "MODEL")]
    model: String,

    /// Another photo than the idea's own.
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    photo: Option<String>,

    /// The product whose fields the recipe shows.
    #[arg(long, value_name = "ID")]
    product: Option<String>,

    /// Answers to choose from. Each is paid for once.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=20))]
    takes: u32,

    #[command(flatten)]
    asking: Asking,
}

impl Ideas {
    pub fn run(self, common: &Common, began: Instant) -> Exit {
        let opened = common.campaign().and_then(|folder| {
            let unreadable = |error| Problem::error("unreadable", format!("cannot read {}: {error}", folder.display()));
            Ok((Files::open(&folder).map_err(unreadable)?, folder))
        });
        let (files, folder) = match opened {
            Ok(opened) => opened,
            Err(problem) => return common.refuse(problem),
        };
        let Loaded { campaign, problems } = load(&Folder(&files));
        if let Some(Task::Try(wanted)) = &self.task {
            return wanted.run(common, began, &campaign, &folder);
        }
        common.face(began).problems(&problems);
        match list(common, &campaign) {
            Ok(()) if has_errors(&problems) => Exit::Wrong,
            Ok(()) => Exit::Done,
            Err(problem) => common.refuse(problem),
        }
    }
}

impl Try {
    fn run(&self, common: &Common, began: Instant, campaign: &Campaign, folder: &Path) -> Exit {
        let (ask, doubts) = match self.ask(campaign, folder) {
            Ok(asked) => asked,
            Err(problem) => return common.refuse(problem),
        };
        if !doubts.is_empty() {
            common.face(began).problems(&doubts);
        }
        let exit = ask.run(common, began);
        if exit == Exit::Done && !self.asking.frozen && common.message_format != MessageFormat::Json {
            eprintln!("{}", self.reminder());
        }
        exit
    }

    /// What is asked for, and why it may come to nothing.
    fn ask(&self, campaign: &Campaign, folder: &Path) -> Result<(Ask, Vec<Problem>), Problem> {
        let name = &self.name;
        let idea = campaign.ideas.get(name).ok_or_else(|| {
            let problem = Problem::error("unknown-idea", format!("there is no idea `{name}`"));
            problem.hint(unknown_hint(name, "idea", campaign.ideas.keys().map(String::as_str)))
        })?;
        let Some(words) = &idea.prompt else {
            let problem =
                Problem::error("missing-key", format!("the idea `{name}` has no recipe")).at(idea.place.clone());
            return Err(problem.hint("write a `prompt`: the words, or the path of a file such as \"prompts/melt.md\""));
        };
        let reach = reach::find(&campaign.models, &self.model)?;
        if idea.is_video() && !reach.model.can.iter().any(|can| can.name.starts_with("image.")) {
            let problem =
                Problem::error("no-videos", format!("the idea `{name}` is a video, and softbox asks for none yet"));
            return Err(problem
                .at(idea.place.clone())
                .hint("try it at the service, and write what came of it into `tried`"));
        }
        let lacking: Vec<String> =
            idea.needs.iter().filter(|need| !reach.model.can(need)).map(|need| format!("`{need}`")).collect();
        let mut doubts = Vec::new();
        if !lacking.is_empty() {
            let message =
                format!("nobody said that `{}` can do {}, which `{name}` needs", self.model, lacking.join(", "));
            let doubt = Problem::warning("lacks-capability", message).at(idea.place.clone());
            doubts.push(doubt.hint("`softbox models` tells what each can do"));
        }
        let own = || idea.photo.as_ref().map(|photo| folder.join(photo).to_string_lossy().into_owned());
        let photo = self.photo.clone().or_else(own);
        let ask = Ask {
            model: self.model.clone(),
            prompt: idea.prompt_file().map_or_else(|| words.clone(), |file| format!("@{file}")),
            pictures: photo.into_iter().collect(),
            mask: None,
            size: None,
            product: self.product.clone(),
            take: 1,
            takes: self.takes,
            name: Some(format!("ideas/{name}")),
            frozen: self.asking.frozen,
            retry: self.asking.retry,
            yes: self.asking.yes,
        };
        Ok((ask, doubts))
    }

    /// What a person may write down afterwards.
    fn reminder(&self) -> String {
        let today = timestamp(SystemTime::now());
        format!(
            "write what came of it into [idea.{}]: tried = [{{ model = \"{}\", on = {}, verdict = \"…\" }}]",
            self.name,
            self.model,
            &today[..10]
        )
    }
}

fn list(common: &Common, campaign: &Campaign) -> Result<(), Problem> {
    let all = reach::all(&campaign.models)?;
    if campaign.ideas.is_empty() && common.message_format != MessageFormat::Json {
        say("no idea is shelved: write one as a table [idea.NAME] with a `note` and what it `needs`");
    }
    for (id, idea) in &campaign.ideas {
        let able: Vec<(&str, &Reach)> = all
            .iter()
            .filter(|(_, reach)| idea.is_for(&reach.model))
            .map(|(name, reach)| (name.as_str(), reach))
            .collect();
        match common.message_format {
            MessageFormat::Json => say(&event(id, idea, &able)),
            MessageFormat::Human | MessageFormat::Github => show(id, idea, &able),
        }
    }
    Ok(())
}

fn show(id: &str, idea: &Idea, able: &[(&str, &Reach)]) {
    say(&format!("{id}  {}", idea.note));
    let needs: Vec<String> = idea.needs.iter().map(ToString::to_string).collect();
    say(&format!("  needs  {}", needs.join(", ")));
    let model = |(name, reach): &(&str, &Reach)| {
        let own = if reach.own.is_some() { " (of this campaign)" } else { "" };
        let tried = if idea.was_tried_with(name) { " (tried)" } else { "" };
        format!("{name}{own}{tried}")
    };
    let able: Vec<String> = able.iter().map(model).collect();
    say(&format!(
        "  can    {}",
        if able.is_empty() { "no model that softbox knows".to_owned() } else { able.join(", ") }
    ));
    for tried in &idea.tried {
        let on = tried.on.as_ref().map(|day| format!(" on {day}")).unwrap_or_default();
        let verdict = tried.verdict.as_ref().map(|verdict| format!(": {verdict}")).unwrap_or_default();
        say(&format!("  tried  {}{on}{verdict}", tried.model));
    }
}

fn event(id: &str, idea: &Idea, able: &[(&str, &Reach)]) -> String {
    let model = |(name, reach): &(&str, &Reach)| json!({ "model": name, "own": reach.own.is_some(), "tried": idea.was_tried_with(name) });
    let tried = |tried: &Tried| json!({ "model": tried.model, "on": tried.on, "verdict": tried.verdict });
    json!({
        "event": "idea",
        "name": id,
        "note": idea.note,
        "needs": idea.needs.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "can": able.iter().map(model).collect::<Vec<_>>(),
        "tried": idea.tried.iter().map(tried).collect::<Vec<_>>(),
    })
    .to_string()
}
