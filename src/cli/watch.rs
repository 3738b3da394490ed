//! `softbox watch`: build, and build again after every save.

use std::collections::BTreeSet;
use std::time::Instant;

use super::asking::Asking;
use super::build::{Limits, Planned, Ways, once};
use super::place::{cannot_keep, open};
use super::trace::Timeline;
use super::{Common, Exit, MessageFormat};
use crate::campaign::Problem;
use crate::engine::{DERIVED, Event, watch};
use crate::plan::DIST;
use crate::report::{Face, Traced};

/// Developed photos stay in memory between builds, up to so many bytes: changing a word redoes no photo.
const REMEMBERED: usize = 512 << 20;

#[derive(Debug, clap::Args)]
pub struct Watch {
    #[command(flatten)]
    limits: Limits,

    /// Ask models for takes that are missing. Left out: what they would cost is told, and `softbox build` asks.
    #[arg(long)]
    ask: bool,

    #[command(flatten)]
    timeline: Timeline,
}

impl Watch {
    pub fn run(self, common: &Common, began: Instant) -> Exit {
        let folder = match common.campaign() {
            Ok(folder) => folder,
            Err(problem) => return common.refuse(problem),
        };
        let trace = match self.timeline.start(began) {
            Ok(trace) => trace,
            Err(problem) => return common.refuse(problem),
        };
        self.limits.hold();
        let mut ignored = vec![folder.join(DERIVED)];
        ignored.extend(self.timeline.path.clone());
        // Watching starts before the first build, so that nothing saved meanwhile is missed.
        let saves = match watch::Watch::new(&folder, &ignored) {
            Ok(saves) => saves,
            Err(error) => {
                let problem = Problem::error("watch", format!("cannot watch {}: {error}", folder.display()));
                return common
                    .refuse(problem.hint("where the limit of watches is reached, raise fs.inotify.max_user_watches"));
            }
        };
        // A prompt that is saved half written must cost nothing.
        let asking = Asking { frozen: !self.ask, yes: true, ..Asking::default() };
        let mut ways = Ways { limits: &self.limits, asking: &asking, has_news: true };
        let mut face = Traced { face: common.face(began), trace };
        let mut engine = match open(&folder, "watch", |holder| face.tell(&Event::Waiting { holder })) {
            Ok(engine) => engine,
            Err(problem) => return common.refuse(problem),
        };
        engine.remember(REMEMBERED);
        // Assets that a build could not put right: nothing is gained by trying until they change again.
        let mut hopeless = BTreeSet::new();
        let (mut saved, mut plan) = (BTreeSet::new(), None::<Planned>);
        loop {
            // Most saves change a photo or a style, and leave the plan as it is.
            match plan.take().filter(|plan| plan.is_whole() && !saved.is_empty() && engine.plan_holds()) {
                Some(same) => {
                    same.build(&mut engine, &mut face, &self.limits, saved);
                    plan = Some(same);
                }
                None => (_, plan) = once(&mut engine, &folder, &mut face, &ways, &[]),
            }
            ways.has_news = false;
            if let Err(problem) = self.timeline.close(face.trace.as_mut()) {
                return common.refuse(problem);
            }
            // The campaign is held only while something is built: `plan` and `explain` work beside a watch.
            engine.rest();
            if common.message_format != MessageFormat::Json {
                eprintln!("watching {} for changes; Ctrl-C ends", folder.display());
            }
            let saved_at;
            (saved_at, saved) = loop {
                let Some(saved) = saves.next() else { return Exit::Done };
                let saved_at = Instant::now();
                if !is_below_dist(&saved) {
                    break (saved_at, saved);
                }
                // softbox's own writes, or somebody who altered an asset.
                if let Err(error) = engine.refresh("softbox watch", |_| ()) {
                    return common.refuse(cannot_keep(&folder, &error));
                }
                let altered = engine.altered();
                engine.rest();
                let is_news = !altered.is_subset(&hopeless);
                hopeless = altered;
                if is_news {
                    break (saved_at, saved);
                }
            };
            face.face = common.face(saved_at);
            if let Err(error) = engine.refresh("softbox watch", |holder| face.tell(&Event::Waiting { holder })) {
                return common.refuse(cannot_keep(&folder, &error));
            }
        }
    }
}

/// Whether all that was saved lies where only softbox writes. An empty batch is everything.
fn is_below_dist(saved: &BTreeSet<String>) -> bool {
    let is_dist = |path: &String| path.strip_prefix(DIST).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    !saved.is_empty() && saved.iter().all(is_dist)
}
