//! The command line: one file a command; each parses and prints, and decides nothing.

mod ask;
mod asking;
mod branches;
mod build;
mod cache;
mod check;
mod clean;
mod completions;
mod cutout;
mod explain;
mod faults;
mod graph;
mod ideas;
mod init;
mod keys;
mod models;
mod names;
mod pick;
mod place;
mod plan;
mod reasons;
mod schema;
mod show;
mod spend;
mod trace;
mod watch;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use clap::{Parser, Subcommand, ValueEnum};

use crate::report::Style;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    Done = 0,
    /// Something failed to build.
    Failed = 1,
    /// The campaign is wrong, or the command line is.
    Wrong = 2,
    /// Something is missing that may not be asked for now.
    Missing = 3,
    /// It would cost more than it may.
    OverBudget = 4,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit as u8)
    }
}

/// Make for marketing: turns phone photos, prices and words into finished posts, and makes only what changed again.
#[derive(Debug, Parser)]
#[command(name = "softbox", version, propagate_version = true, arg_required_else_help = true)]
pub struct Arguments {
    #[command(flatten)]
    pub common: Common,
    #[command(subcommand)]
    command: Command,
}

/// What every command takes.
#[derive(Debug, clap::Args)]
pub struct Common {
    /// The campaign folder. Left out: this folder, or the nearest one above it that has a campaign.toml.
    #[arg(short = 'C', long = "directory", global = true, value_name = "FOLDER", value_hint = clap::ValueHint::DirPath)]
    pub directory: Option<PathBuf>,

    /// Words for people, the same with annotations for GitHub Actions, or JSON lines for programs (docs/events.md).
    #[arg(long, global = true, value_enum, default_value_t, value_name = "FORMAT")]
    pub message_format: MessageFormat,

    /// When to use colours. `auto`: on a terminal, unless NO_COLOR is set.
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    pub color: Color,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum MessageFormat {
    #[default]
    Human,
    /// As for people, and problems beside the lines of files on GitHub.
    Github,
    Json,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Color {
    #[default]
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make a campaign from a folder of photos, ready to build.
    Init(init::Init),
    /// Make every asset that is missing or out of date.
    Build(build::Build),
    /// Build, and build again after every save.
    Watch(watch::Watch),
    /// Look for mistakes without building anything.
    Check(check::Check),
    /// Tell what a build would do, and why.
    Plan(plan::Plan),
    /// Tell where an asset comes from and what changed since last time.
    Explain(explain::Explain),
    /// Print the graph of files, actions and assets for Graphviz, or as JSON lines.
    Graph(graph::Graph),
    /// Isolate products in photos and show how well that went.
    Cutout(cutout::Cutout),
    /// Look at what models made of photos and captions, and pick what goes on.
    Pick(pick::Pick),
    /// List the models that can be asked: what each can do, what it costs, and whether its key is set.
    Models(models::Models),
    /// Ask a model once for a picture or for words, and keep what it answers.
    Ask(ask::Ask),
    /// List ideas that are shelved until a model can do them, and try one.
    Ideas(ideas::Ideas),
    /// Tell what models cost so far.
    Spend(spend::Spend),
    /// Look after what is kept so that nothing is made twice.
    Cache(cache::Cache),
    /// Remove the assets that softbox made, and what it remembers.
    Clean(clean::Clean),
    /// Print or write the JSON Schemas that editors use.
    Schema(schema::Schema),
    /// Print a script that completes softbox commands in a shell.
    Completions(completions::Completions),
}

/// Runs one command.
pub fn run(arguments: Arguments) -> Exit {
    let began = Instant::now();
    let common = &arguments.common;
    match arguments.command {
        Command::Init(init) => init.run(common),
        Command::Build(build) => build.run(common, began),
        Command::Watch(watch) => watch.run(common, began),
        Command::Check(check) => check.run(common, began),
        Command::Plan(plan) => plan.run(common, began),
        Command::Explain(explain) => explain.run(common),
        Command::Graph(graph) => graph.run(common, began),
        Command::Cutout(cutout) => cutout.run(common),
        Command::Pick(pick) => pick.run(common, began),
        Command::Models(models) => models.run(common, began),
        Command::Ask(ask) => ask.run(common, began),
        Command::Ideas(ideas) => ideas.run(common, began),
        Command::Spend(spend) => spend.run(common, began),
        Command::Cache(cache) => cache.run(common),
        Command::Clean(clean) => clean.run(common),
        Command::Schema(schema) => schema.run(),
        Command::Completions(completions) => completions.run(),
    }
}

impl Common {
    /// How text may look on standard error.
    fn style(&self) -> Style {
        Style { color: self.has_color(&std::io::stderr()), ..Style::PLAIN }
    }

    /// Whether what is written there has colours.
    fn has_color(&self, stream: &impl anstream::stream::RawStream) -> bool {
        match self.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => anstream::AutoStream::choice(stream) != anstream::ColorChoice::Never,
        }
    }
}
