//! Caption: a person's draft with the product's fields filled in, as plain text.

use handlebars::{Handlebars, Template, no_escape};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Failed, compose, kept};
use crate::campaign::networks;
use crate::campaign::templates::partial_paths;
use crate::campaign::{Place, Problem, Source};
use crate::engine::{Bytes, EngineError, Output, Work};

/// Raised when the same draft would give other words.
pub const VERSION: u32 = 1;

/// Fills in a draft. Its one input is the draft file, unless the text is given here.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Caption {
    /// A short text from the manifest, such as alternative text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    pub data: Map<String, Value>,
    /// Where it is posted as it is: it should not be longer than that network takes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network: Option<String>,
    /// The file that the text comes from, for messages.
    #[serde(skip)]
    pub path: String,
}

impl Caption {
    pub(super) fn run(&self, work: &Work<'_>) -> Result<Output<Failed>, Failed> {
        let words = Words { path: &self.path, is_file: self.text.is_none(), data: &self.data };
        let draft = match (&self.text, work.inputs()) {
            (Some(text), _) => text.clone(),
            (None, inputs) => words.read(inputs.first().map_or(&[][..], |bytes| bytes.as_slice()))?,
        };
        let filled = words.fill(&draft, &mut |path| work.find(path))?;
        let words = filled.trim_end();
        let long = self.network.as_ref().and_then(|network| {
            let hint = format!(
                "shorten it, or give {network} words of its own: {{{{#if (eq format.network \"{network}\")}}}}"
            );
            Some(too_long(words, network)?.at(Place::file(&self.path)).hint(hint))
        });
        Ok(kept((words.to_owned() + "\n").into_bytes(), long.into_iter().collect()))
    }
}

/// Words that a network would not take, as it counts.
pub(super) fn too_long(words: &str, name: &str) -> Option<Problem> {
    let network = networks::all().get(name).filter(|network| network.is_over(words))?;
    let start: String = words.chars().take(24).collect();
    let message = format!(
        "“{}…” is {} long as {name} counts, and it takes {}",
        start.trim_end(),
        network.length(words),
        network.most
    );
    Some(Problem::warning("too-long", message))
}

/// How further files of the campaign are asked for; `None` where there is none.
pub type Find<'a> = dyn FnMut(&str) -> Result<Option<Bytes>, EngineError> + 'a;

/// Words with places for fields.
#[derive(Debug, Clone, Copy)]
pub struct Words<'a> {
    /// Where they come from, for messages and for the partials beside it.
    pub path: &'a str,
    /// They are the whole file, so that places in them are places in it.
    pub is_file: bool,
    pub data: &'a Map<String, Value>,
}

impl Words<'_> {
    /// A file of words, whatever editor wrote it.
    ///
    /// # Errors
    /// What is not UTF-8.
    pub fn read(&self, bytes: &[u8]) -> Result<String, Failed> {
        let text = std::str::from_utf8(bytes).map_err(|error| {
            Problem::error("not-text", format!("this is not UTF-8 text (byte {})", error.valid_up_to()))
                .at(Place::file(self.path))
                .hint("save it as UTF-8")
        })?;
        Ok(text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n"))
    }

    /// Partials lie beside the file, or in `partials/` there. What does not compile is told when the words are filled in.
    fn register_partials(
        &self,
        handlebars: &mut Handlebars<'_>,
        text: &str,
        find: &mut Find<'_>,
        chain: &mut Vec<String>,
    ) -> Result<(), Failed> {
        let refuse = |message: String| Failed::from(Problem::error("bad-partial", message).at(Place::file(self.path)));
        if compose::partials::too_deep(text).is_some() {
            return Err(refuse("too many blocks stand inside each other".to_owned()));
        }
        let Ok(template) = Template::compile(text) else { return Ok(()) };
        for name in compose::partials::names(&template).map_err(|why| refuse(why.to_owned()))? {
            if chain.contains(&name) {
                return Err(refuse(format!("the partial `{name}` includes itself")));
            }
            for path in partial_paths(self.path, &name) {
                let Some(bytes) = find(path.as_str())? else { continue };
                let partial = self.read(&bytes)?;
                chain.push(name.clone());
                self.register_partials(handlebars, &partial, find, chain)?;
                chain.pop();
                let registered = handlebars.register_partial(&name, &partial);
                registered.map_err(|error| refuse(format!("in `{path}`: {error}")))?;
                break;
            }
        }
        Ok(())
    }

    /// The words with the fields filled in. No HTML here: `&` stays `&`.
    ///
    /// # Errors
    /// A field that is not there, or words that are no Handlebars; at their place.
    pub fn fill(&self, text: &str, find: &mut Find<'_>) -> Result<String, Failed> {
        let mut handlebars = Handlebars::new();
        handlebars.set_strict_mode(true);
        handlebars.register_escape_fn(no_escape);
        compose::helpers::register(&mut handlebars);
        self.register_partials(&mut handlebars, text, find, &mut Vec::new())?;
        handlebars.render_template(text, self.data).map_err(|error| {
            let problem = compose::reason(&error, self.data);
            let place = match (error.line_no, error.column_no) {
                (Some(line), Some(column)) if self.is_file => {
                    let source = Source::new(self.path, text);
                    let start = source.offset(line, column);
                    let end = compose::markup::mustache_end(text, start).unwrap_or(start);
                    Place::span(&source, start..end)
                }
                _ => Place::file(self.path),
            };
            problem.at(place).into()
        })
    }
}
