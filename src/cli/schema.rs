//! `softbox schema`: print or write the JSON Schemas that editors use.

use std::path::PathBuf;

use super::Exit;
use super::show::say;
use crate::campaign::schemas;

#[derive(Debug, clap::Args)]
pub struct Schema {
    /// The schema to print, such as campaign.schema.json. Left out: the names of all.
    name: Option<String>,

    /// Write all of them into this folder instead.
    #[arg(long, value_name = "FOLDER", conflicts_with = "name", value_hint = clap::ValueHint::DirPath)]
    write: Option<PathBuf>,
}

impl Schema {
    pub fn run(self) -> Exit {
        let schemas = schemas();
        if let Some(folder) = self.write {
            let write = |(name, text): &(&str, String)| std::fs::write(folder.join(name), text);
            return match std::fs::create_dir_all(&folder).and_then(|()| schemas.iter().try_for_each(write)) {
                Ok(()) => Exit::Done,
                Err(error) => {
                    eprintln!("cannot write the schemas into {}: {error}", folder.display());
                    Exit::Failed
                }
            };
        }
        match self.name {
            None => schemas.iter().for_each(|(name, _)| say(name)),
            Some(name) => match schemas.iter().find(|(known, _)| *known == name) {
                Some((_, text)) => say(text.trim_end()),
                None => {
                    eprintln!(
                        "there is no schema {name}; there are: {}",
                        schemas.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
                    );
                    return Exit::Wrong;
                }
            },
        }
        Exit::Done
    }
}
