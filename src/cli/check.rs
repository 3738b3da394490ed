//! `softbox check`: look for mistakes without building anything.

use std::time::Instant;

use super::show::{has_errors, say};
use super::{Common, Exit, MessageFormat};
use crate::actions::Failed;
use crate::campaign::{Loaded, Problem, ideas, load};
use crate::engine::{Files, rehearse};
use crate::plan::{Folder, plan};
use crate::report::problems::{once, summary};
use crate::report::words::count;

#[derive(Debug, clap::Args)]
pub struct Check {}

impl Check {
    pub fn run(self, common: &Common, began: Instant) -> Exit {
        let folder = match common.campaign() {
            Ok(folder) => folder,
            Err(problem) => return common.refuse(problem),
        };
        let files = match Files::open(&folder) {
            Ok(files) => files,
            Err(error) => {
                return common
                    .refuse(Problem::error("unreadable", format!("cannot read {}: {error}", folder.display())));
            }
        };
        let Loaded { campaign, mut problems } = load(&Folder(&files));
        let mut face = common.face(began);
        face.problems(&problems);
        let graph = plan(&campaign, None);
        let told: Vec<Problem> = rehearse(&files, &graph).into_iter().flat_map(|Failed(told)| told).collect();
        // One slip of the pen in a draft comes with every asset that it makes.
        let told: Vec<Problem> = once(&told).into_iter().filter(|one| !problems.contains(one)).cloned().collect();
        face.problems(&told);
        problems.extend(told);
        face.problems(&ideas::ready(&campaign));
        if common.message_format != MessageFormat::Json {
            let assets = graph.nodes().filter(|(_, node)| node.asset.is_some()).count();
            let has = format!(
                "{}, {}, {}",
                count(campaign.products.len(), "product", "products"),
                count(campaign.posts.len(), "post", "posts"),
                count(assets, "asset", "assets"),
            );
            match problems.is_empty() {
                true => say(&format!("no mistakes found: {has}")),
                false => say(&format!("{}; what can be built: {has}", summary(&problems))),
            }
        }
        if has_errors(&problems) { Exit::Wrong } else { Exit::Done }
    }
}
