//! `softbox clean`: remove the assets that softbox made, and what it remembers.

use super::place::open;
use super::show::say;
use super::{Common, Exit};
use crate::actions::Failed;
use crate::report::progress::waiting;
use crate::report::words::count;

#[derive(Debug, clap::Args)]
pub struct Clean {}

impl Clean {
    pub fn run(self, common: &Common) -> Exit {
        let engine =
            common.campaign().and_then(|folder| open(&folder, "clean", |holder| eprintln!("{}", waiting(holder))));
        let engine = match engine {
            Ok(engine) => engine,
            Err(problem) => return common.refuse(problem),
        };
        let (mut removed, mut left) = (0, Vec::new());
        let cleaned = engine.clean(|path, gone| match gone {
            true => removed += 1,
            false => left.push(path.to_owned()),
        });
        for path in &left {
            say(&format!("left {path}: somebody changed it since softbox made it"));
        }
        match cleaned {
            Ok(()) => {
                say(&format!("removed {}", count(removed, "asset", "assets")));
                Exit::Done
            }
            Err(error) => {
                for problem in Failed::from(error).0 {
                    common.refuse(problem);
                }
                Exit::Failed
            }
        }
    }
}
