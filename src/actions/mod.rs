//! One file for each kind of work. An action is plain data: it can be described, compared, and run wherever its inputs are.
//!
//! photo → [`cutout`] (the mask of its product) → [`develop`] (with [`backdrop`], a [scene](developed); of several products, with [`group`]) → [`encode`] (the photo alone), or with [`compose`] (words into HTML) → [`render`] (HTML into pixels);
//! draft → [`caption`], or, where models are asked for other words, draft → [`suggest`] (with a [`brief`]) → [`variants`], of which what somebody
//! picks is what [`publish`] puts out. Where models work on a photo: developed photo → [`send`] → [`edit`] (one take) → [`fidelity`] (with what [`read`] finds on the label) → [`pick`] → [`surround`] (a
//! scene), and on into the next [`develop`]. Models are asked at the [`desk`].

pub mod backdrop;
pub mod brief;
pub mod caption;
pub mod compose;
pub mod cutout;
pub mod desk;
pub mod develop;
pub mod developed;
pub mod edit;
pub mod encode;
pub mod errand;
pub mod fidelity;
pub mod group;
pub mod paint;
pub mod pick;
pub mod publish;
pub mod read;
pub mod render;
pub mod send;
pub mod suggest;
pub mod surround;
pub mod variants;

use serde::{Deserialize, Serialize};

use crate::campaign::{Place, Problem};
use crate::engine::{Action, EngineError, Lane, Output, Work};

/// Every kind of work, for the engine. Most actions of a campaign encode; what is larger is boxed.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Task {
    Cutout(Box<cutout::Cutout>),
    Develop(develop::Develop),
    Group(Box<group::Group>),
    Compose(Box<compose::ComposeInput>),
    Render(Box<render::Render>),
    Encode(encode::Encode),
    Caption(Box<caption::Caption>),
    /// What models are told: words with fields, as in a caption.
    Prompt(Box<caption::Caption>),
    Send(send::Send),
    Edit(Box<edit::Edit>),
    Read(read::Read),
    Fidelity(Box<fidelity::Fidelity>),
    Pick(Box<pick::Pick>),
    Surround(surround::Surround),
    Brief(Box<brief::Brief>),
    Suggest(Box<suggest::Suggest>),
    Variants(variants::Variants),
    Publish(Box<publish::Publish>),
}

impl Task {
    /// What the take is called that it asks a model for, if it asks one.
    pub fn take(&self) -> Option<&str> {
        match self {
            Task::Edit(edit) => Some(&edit.errand.name),
            Task::Suggest(suggest) => Some(&suggest.errand.name),
            _ => None,
        }
    }
}

/// Why an action could not do its work.
#[derive(Debug, Clone)]
pub struct Failed(pub Vec<Problem>);

impl From<Problem> for Failed {
    fn from(problem: Problem) -> Failed {
        Failed(vec![problem])
    }
}

impl From<EngineError> for Failed {
    fn from(error: EngineError) -> Failed {
        let message = error.to_string();
        let (code, path, hint) = match error {
            EngineError::Read { path, .. } => ("unreadable", Some(path), "check that the file may be read"),
            EngineError::Missing { path } => ("missing-file", Some(path), "put the file back, or change what names it"),
            EngineError::Write { path, .. } => {
                ("unwritable", Some(path), "check that there is room on the disk and that the folder may be written")
            }
            EngineError::Folder { path } => {
                ("unwritable", Some(path), "move that folder away, or change the post's `output`")
            }
            EngineError::Taken { path, .. } => ("taken", Some(path), "change the `output` of one of the two posts"),
            EngineError::Unsteady { path } => ("unsteady", Some(path), "build again when whatever writes it is done"),
            EngineError::Escapes { path } => (
                "leaves-campaign",
                Some(path),
                "copy the file into the campaign folder: a campaign must build on any machine",
            ),
            EngineError::Panicked { .. } | EngineError::Parameters { .. } => {
                ("internal", None, "this is a mistake in softbox: please report it, with this line")
            }
        };
        let problem = Problem::error(code, message).hint(hint);
        match path {
            Some(path) => problem.at(Place::file(path)),
            None => problem,
        }
        .into()
    }
}

impl Action for Task {
    type Failure = Failed;

    fn kind(&self) -> &'static str {
        match self {
            Task::Cutout(_) => "cutout",
            Task::Develop(_) => "develop",
            Task::Group(_) => "group",
            Task::Compose(_) => "compose",
            Task::Render(_) => "render",
            Task::Encode(_) => "encode",
            Task::Caption(_) => "caption",
            Task::Prompt(_) => "prompt",
            Task::Send(_) => "send",
            Task::Edit(_) => "edit",
            Task::Read(_) => "read",
            Task::Fidelity(_) => "fidelity",
            Task::Pick(_) => "pick",
            Task::Surround(_) => "surround",
            Task::Brief(_) => "brief",
            Task::Suggest(_) => "suggest",
            Task::Variants(_) => "variants",
            Task::Publish(_) => "publish",
        }
    }

    fn code_version(&self) -> u32 {
        match self {
            Task::Cutout(_) => cutout::VERSION,
            Task::Develop(_) => develop::VERSION,
            Task::Group(_) => group::VERSION,
            Task::Compose(_) => render::COMPOSE_VERSION,
            Task::Render(_) => render::VERSION,
            Task::Encode(_) => encode::VERSION,
            Task::Caption(_) | Task::Prompt(_) => caption::VERSION,
            Task::Send(_) => send::VERSION,
            Task::Edit(_) => edit::VERSION,
            Task::Read(_) => read::VERSION,
            Task::Fidelity(_) => fidelity::VERSION,
            Task::Pick(_) => pick::VERSION,
            Task::Surround(_) => surround::VERSION,
            Task::Brief(_) => brief::VERSION,
            Task::Suggest(_) => suggest::VERSION,
            Task::Variants(_) => variants::VERSION,
            Task::Publish(_) => publish::VERSION,
        }
    }

    fn lane(&self) -> Lane {
        if self.take().is_some() { Lane::Request } else { Lane::Processor }
    }

    fn is_exact(&self) -> bool {
        let is_words = matches!(self, Task::Caption(_) | Task::Prompt(_) | Task::Brief(_));
        is_words || self.take().is_some() || matches!(self, Task::Pick(_) | Task::Variants(_))
    }

    fn bears_gaps(&self) -> bool {
        matches!(self, Task::Pick(_) | Task::Variants(_))
    }

    fn is_quick(&self) -> bool {
        matches!(self, Task::Compose(_) | Task::Caption(_) | Task::Prompt(_) | Task::Brief(_) | Task::Publish(_))
    }

    fn run(&self, work: &Work<'_>) -> Result<Output<Failed>, Failed> {
        match self {
            Task::Cutout(action) => action.run(work),
            Task::Develop(action) => action.run(work),
            Task::Group(action) => action.run(work),
            Task::Compose(input) => render::run_compose(input, work),
            Task::Render(action) => action.run(work),
            Task::Encode(action) => action.run(work),
            Task::Caption(action) | Task::Prompt(action) => action.run(work),
            Task::Send(action) => action.run(work),
            Task::Edit(action) => action.run(work),
            Task::Read(action) => action.run(work),
            Task::Fidelity(action) => action.run(work),
            Task::Pick(action) => action.run(work),
            Task::Surround(action) => action.run(work),
            Task::Brief(action) => action.run(work),
            Task::Suggest(action) => action.run(work),
            Task::Variants(action) => action.run(work),
            Task::Publish(action) => action.run(work),
        }
    }

    fn fault(&self, error: EngineError) -> Failed {
        error.into()
    }
}

/// What only a mistake in softbox brings about.
fn internal(message: &str) -> Failed {
    Problem::error("internal", format!("a step was handed what it cannot read: {message}"))
        .hint("delete the folder .softbox and build again; if that does not help, please report it")
        .into()
}

/// Memory that a picture takes while it is made: its pixels, a copy on the way to the encoder, and the file.
fn canvas_bytes(width: u32, height: u32) -> usize {
    (width as usize).saturating_mul(height as usize).saturating_mul(4 * 3)
}

/// An output that is cheaper to make again than to store.
fn passing(bytes: Vec<u8>, warnings: Vec<Problem>) -> Output<Failed> {
    Output { bytes: bytes.into(), keep: false, remark: remark(warnings) }
}

/// An output that goes to the store.
fn kept(bytes: Vec<u8>, warnings: Vec<Problem>) -> Output<Failed> {
    Output { bytes: bytes.into(), keep: true, remark: remark(warnings) }
}

fn remark(warnings: Vec<Problem>) -> Option<Failed> {
    if warnings.is_empty() { None } else { Some(Failed(warnings)) }
}
