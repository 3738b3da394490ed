//! `softbox watch`: build, and build again after every save.

use std::time::Instant;

use super::build::{Limits, once};
use super::place::{cannot_keep, open};
use super::{Common, Exit, MessageFormat};
use crate::campaign::Problem;
use crate::engine::{DERIVED, Event, watch};
use crate::plan::DIST;

/// Developed photos stay in memory between builds, up to so many bytes: changing a word redoes no photo.
const REMEMBERED: usize = 512 << 20;

#[derive(Debug, clap::Args)]
pub struct Watch {
    #[command(flatten)]
    limits: Limits,
}

impl Watch {
    pub fn run(self, common: &Common, began: Instant) -> Exit {
        let folder = match common.campaign() {
            Ok(folder) => folder,
            Err(problem) => return common.refuse(problem),
        };
        self.limits.hold();
        // Watching starts before the first build, so that nothing saved meanwhile is missed.
        let saves = match watch::Watch::new(&folder, &[DERIVED, DIST]) {
            Ok(saves) => saves,
            Err(error) => {
                let problem = Problem::error("watch", format!("cannot watch {}: {error}", folder.display()));
                return common
                    .refuse(problem.hint("where the limit of watches is reached, raise fs.inotify.max_user_watches"));
            }
        };
        let mut face = common.face(began);
        let mut engine = match open(&folder, "watch", |holder| face.tell(&Event::Waiting { holder })) {
            Ok(engine) => engine,
            Err(problem) => return common.refuse(problem),
        };
        engine.remember(REMEMBERED);
        loop {
            once(&mut engine, face.as_mut(), &self.limits, &[]);
            // The campaign is held only while something is built: `plan` and `explain` work beside a watch.
            engine.rest();
            if common.message_format != MessageFormat::Json {
                eprintln!("watching {} for changes; Ctrl-C ends", folder.display());
            }
            if saves.next().is_none() {
                return Exit::Done;
            }
            face = common.face(Instant::now());
            if let Err(error) = engine.refresh("softbox watch", |holder| face.tell(&Event::Waiting { holder })) {
                return common.refuse(cannot_keep(&folder, &error));
            }
        }
    }
}
