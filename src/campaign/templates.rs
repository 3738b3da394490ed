//! Templates, checked before anything is rendered: their syntax, and that every field they show is there.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use handlebars::template::{BlockParam, DecoratorTemplate, HelperTemplate, Parameter, TemplateElement};
use handlebars::{Path, PathSeg, Template, TemplateError, TemplateErrorReason};

use super::fields::Fields;
use super::names::{did_you_mean, list, unknown_hint};
use super::{Folder, Place, Problem, RelPath, Source};

/// Checks a template and the partials that it uses. Each unknown field is told once, where it is first used.
///
/// Inside `{{#each}}` and `{{#with}}` only names that reach out of it (`../name`, `@root.name`) are checked: what an item has is not known
/// before there is one.
pub fn check_template(folder: &dyn Folder, source: &Arc<Source>, fields: &Fields) -> Vec<Problem> {
    let main = &source.path;
    let mut check = Check { folder, main, fields, problems: Vec::new(), seen: BTreeSet::new(), told: BTreeSet::new() };
    check.file(source, &Scope::default());
    check.problems
}

struct Check<'a> {
    folder: &'a dyn Folder,
    /// The template's own path: partials of partials lie beside it too.
    main: &'a str,
    fields: &'a Fields,
    problems: Vec<Problem>,
    /// Files that were checked: a partial may use itself.
    seen: BTreeSet<String>,
    told: BTreeSet<String>,
}

/// What a template wants of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Need {
    /// Rendering fails without it.
    Shown,
    /// `{{#if}}` or a helper asks whether it is there.
    Tested,
    /// A helper or a partial gets it, and knows what to do without.
    Handed,
}

/// What is known at one place of a template.
#[derive(Debug, Clone, Default)]
struct Scope {
    /// Blocks around it that change what a bare name means. Empty: names are those of [`Fields`].
    inside: usize,
    /// Further names: block parameters and a partial's arguments.
    locals: BTreeSet<String>,
    /// Fields that an `{{#if}}` around it found to be there.
    guarded: BTreeSet<String>,
    /// Partials that the template defines itself.
    inline: BTreeSet<String>,
}

impl Scope {
    fn deeper(&self) -> Scope {
        Scope { inside: self.inside + 1, ..self.clone() }
    }

    fn guarded_by(&self, names: &BTreeSet<String>) -> Scope {
        let mut scope = self.clone();
        scope.guarded.extend(names.iter().cloned());
        scope
    }
}

impl Check<'_> {
    fn file(&mut self, source: &Arc<Source>, scope: &Scope) {
        if !self.seen.insert(source.path.clone()) {
            return;
        }
        match Template::compile(&source.text) {
            Ok(template) => {
                let mut scope = scope.clone();
                inline_partials(&template, &mut scope.inline);
                self.elements(source, &template, &scope, 0);
            }
            Err(error) => self.problems.push(syntax_problem(source, &error)),
        }
    }

    fn elements(&mut self, source: &Arc<Source>, template: &Template, scope: &Scope, above: usize) {
        for (number, element) in template.elements.iter().enumerate() {
            let at = match template.mapping.get(number) {
                Some(mapping) => source.offset(mapping.0, mapping.1),
                // `{{else if}}` has no place of its own.
                None => above,
            };
            match element {
                TemplateElement::Expression(helper) | TemplateElement::HtmlExpression(helper) => {
                    self.expression(source, helper, scope, at);
                }
                TemplateElement::HelperBlock(helper) => self.block(source, helper, scope, at),
                TemplateElement::PartialExpression(partial) => self.partial(source, partial, scope, at, true),
                TemplateElement::PartialBlock(partial) => {
                    self.partial(source, partial, scope, at, false);
                    if let Some(body) = &partial.template {
                        self.elements(source, body, scope, at);
                    }
                }
                TemplateElement::DecoratorBlock(decorator) => {
                    if let Some(body) = &decorator.template {
                        self.elements(source, body, &scope.deeper(), at);
                    }
                }
                _ => {}
            }
        }
    }

    fn expression(&mut self, source: &Arc<Source>, helper: &HelperTemplate, scope: &Scope, at: usize) {
        let bare = helper.params.is_empty() && helper.hash.is_empty();
        if bare {
            self.parameter(source, &helper.name, scope, at, Need::Shown);
        }
        let need = match helper.name.as_name() {
            // These may be asked about fields that are not there.
            Some("eq" | "ne" | "not" | "and" | "or" | "default") => Need::Tested,
            Some("upper" | "lower" | "first" | "join") => Need::Shown,
            _ => Need::Handed,
        };
        self.parameters(source, helper, scope, at, need);
    }

    fn parameters(&mut self, source: &Arc<Source>, helper: &HelperTemplate, scope: &Scope, at: usize, need: Need) {
        for parameter in &helper.params {
            self.parameter(source, parameter, scope, at, need);
        }
        for parameter in helper.hash.iter().collect::<BTreeMap<_, _>>().into_values() {
            self.parameter(source, parameter, scope, at, need);
        }
    }

    fn parameter(&mut self, source: &Arc<Source>, parameter: &Parameter, scope: &Scope, at: usize, need: Need) {
        match parameter {
            Parameter::Path(path) => self.path(source, path, scope, at, need),
            Parameter::Name(name) => {
                if let Ok(path) = Path::parse(name) {
                    self.path(source, &path, scope, at, need);
                }
            }
            Parameter::Subexpression(expression) => {
                if let TemplateElement::Expression(helper) = expression.as_element() {
                    self.expression(source, helper, scope, at);
                }
            }
            Parameter::Literal(_) => {}
            _ => {}
        }
    }

    fn block(&mut self, source: &Arc<Source>, helper: &HelperTemplate, scope: &Scope, at: usize) {
        let name = helper.name.as_name().unwrap_or("").to_owned();
        let need = match name.as_str() {
            "if" | "unless" => Need::Tested,
            "each" | "with" => Need::Shown,
            _ => Need::Handed,
        };
        self.parameters(source, helper, scope, at, need);
        let mut tested = BTreeSet::new();
        helper.params.iter().for_each(|parameter| names_in(parameter, &mut tested));
        let (inner, outer) = match name.as_str() {
            "if" => (scope.guarded_by(&tested), scope.clone()),
            "unless" => (scope.clone(), scope.guarded_by(&tested)),
            "each" | "with" => (scope.deeper(), scope.clone()),
            _ => (scope.deeper(), scope.deeper()),
        };
        let mut inner = inner;
        match &helper.block_param {
            Some(BlockParam::Single(one)) => inner.locals.extend(one.as_name().map(str::to_owned)),
            Some(BlockParam::Pair((one, two))) => {
                inner.locals.extend([one, two].into_iter().filter_map(|p| p.as_name()).map(str::to_owned));
            }
            _ => {}
        }
        if let Some(body) = &helper.template {
            self.elements(source, body, &inner, at);
        }
        if let Some(body) = &helper.inverse {
            self.elements(source, body, &outer, at);
        }
    }

    fn path(&mut self, source: &Arc<Source>, path: &Path, scope: &Scope, at: usize, need: Need) {
        let Path::Relative((segments, raw)) = path else { return };
        let names: Vec<&str> = segments
            .iter()
            .filter_map(|segment| match segment {
                PathSeg::Named(name) => Some(name.as_str()),
                _ => None,
            })
            .collect();
        let Some((first, rest)) = names.split_first() else { return };
        let up = raw.matches("../").count();
        let at_top = raw.starts_with("@root") || up == scope.inside;
        let guarded = scope.guarded.contains(*first);
        if !at_top || raw.starts_with('@') && !raw.starts_with("@root") || up == 0 && scope.locals.contains(*first) {
            return;
        }
        let span = find_name(&source.text, at, raw);
        match (self.fields.top.get(*first), self.fields.below.get(*first), rest.first()) {
            (None, ..) if self.fields.unsure => {}
            (None, ..) => self.unknown(source, span, first, need == Need::Tested || guarded),
            (Some(_), Some(below), Some(second)) if !below.contains(*second) => {
                self.unknown_below(source, span, (first, second), below, need == Need::Tested || guarded);
            }
            (Some(lacking), ..) if need == Need::Shown && !lacking.is_empty() && !guarded => {
                self.missing(source, span, first, lacking);
            }
            _ => {}
        }
    }

    fn unknown_below(
        &mut self,
        source: &Arc<Source>,
        span: Range<usize>,
        names: (&str, &str),
        known: &BTreeSet<String>,
        only_asked: bool,
    ) {
        let (first, second) = names;
        if only_asked {
            let Some(near) = did_you_mean(second, known.iter().map(String::as_str)) else { return };
            if self.told.insert(format!("{first}.{second}")) {
                let message =
                    format!("`{first}` has no field `{second}` in {}, so this is never shown", self.fields.owner);
                let problem = Problem::warning("unknown-field", message).at(Place::span(source, span));
                self.problems.push(problem.hint(format!("did you mean `{near}`?")));
            }
            return;
        }
        if self.told.insert(format!("{first}.{second}")) {
            let message = format!("`{first}` has no field `{second}` in {}", self.fields.owner);
            let hint = unknown_hint(second, "field", known.iter().map(String::as_str));
            self.problems.push(Problem::error("unknown-field", message).at(Place::span(source, span)).hint(hint));
        }
    }

    fn missing(&mut self, source: &Arc<Source>, span: Range<usize>, name: &str, lacking: &[String]) {
        if self.told.insert(name.to_owned()) {
            let who = list(lacking.iter().map(String::as_str), 3);
            let has = if lacking.len() > 1 { "have" } else { "has" };
            let message = format!("{who} of {} {has} no field `{name}`", self.fields.owner);
            let problem = Problem::warning("missing-field", message).at(Place::span(source, span));
            let hint = format!("give it one, or write {{{{#if {name}}}}}…{{{{/if}}}} around what shows it");
            self.problems.push(problem.hint(hint));
        }
    }

    /// An unknown field that is only asked for makes no asset fail: templates ask for what some shops have and others do not. It is a
    /// warning only where it looks like a slip of the keyboard.
    fn unknown(&mut self, source: &Arc<Source>, span: Range<usize>, name: &str, only_asked: bool) {
        if !self.told.insert(name.to_owned()) {
            return;
        }
        let meant = did_you_mean(name, self.fields.top.keys().map(String::as_str));
        if only_asked && meant.is_none() {
            return;
        }
        let (message, hint) = match self.fields.of_products {
            true => (
                format!("no product of {} has a field `{name}`", self.fields.owner),
                unknown_hint(name, "field", self.fields.top.keys().map(String::as_str)),
            ),
            false => (
                format!("there is no `{name}` in {}", self.fields.owner),
                format!(
                    "it is made for the whole shop, so no product's fields are known; {}",
                    unknown_hint(name, "field", self.fields.top.keys().map(String::as_str))
                ),
            ),
        };
        let problem = match only_asked {
            true => Problem::warning("unknown-field", format!("{message}, so this is never shown")),
            false => Problem::error("unknown-field", message),
        };
        self.problems.push(problem.at(Place::span(source, span)).hint(hint));
    }

    fn partial(&mut self, source: &Arc<Source>, partial: &DecoratorTemplate, scope: &Scope, at: usize, needed: bool) {
        for parameter in partial.params.iter().chain(partial.hash.iter().collect::<BTreeMap<_, _>>().into_values()) {
            self.parameter(source, parameter, scope, at, Need::Handed);
        }
        let Some(name) = partial.name.as_name() else { return };
        if name.starts_with('@') || scope.inline.contains(name) {
            return;
        }
        let mut scope = if partial.params.is_empty() { scope.clone() } else { scope.deeper() };
        scope.locals.extend(partial.hash.keys().cloned());
        let (tried, found) = self.find_partial(name);
        match found {
            Some(found) => self.file(&found, &scope),
            None if needed && self.told.insert(format!("> {name}")) => {
                let span = find_name(&source.text, at, name);
                let problem = Problem::error("missing-partial", format!("there is no partial `{name}`"));
                let files: Vec<String> = tried.iter().map(|path| format!("`{path}`")).collect();
                let hint = format!("it would be {}", files.join(" or "));
                self.problems.push(problem.at(Place::span(source, span)).hint(hint));
            }
            None => {}
        }
    }

    /// A partial lies beside its template or in `partials/` there, with the template's own ending.
    fn find_partial(&self, name: &str) -> (Vec<RelPath>, Option<Arc<Source>>) {
        let tried = partial_paths(self.main, name);
        let read = |path: &RelPath| {
            let bytes = self.folder.read(path).ok()?;
            Some(Source::new(path.as_str(), String::from_utf8_lossy(&bytes)))
        };
        let found = tried.iter().find_map(read);
        (tried, found)
    }
}

/// Where the partial `name` of a template may lie, in the order in which it is looked for: beside the template, then in `partials/` there.
pub fn partial_paths(template: &str, name: &str) -> Vec<RelPath> {
    let Ok(template) = RelPath::parse(template) else { return Vec::new() };
    let ending = template.extension().unwrap_or_else(|| "html".to_owned());
    let file = if name.ends_with(&format!(".{ending}")) { name.to_owned() } else { format!("{name}.{ending}") };
    let folder = template.parent();
    [file.clone(), format!("partials/{file}")].iter().filter_map(|path| RelPath::parse_in(&folder, path).ok()).collect()
}

fn inline_partials(template: &Template, names: &mut BTreeSet<String>) {
    for element in &template.elements {
        match element {
            TemplateElement::DecoratorBlock(decorator) => {
                if let Some(Parameter::Literal(serde_json::Value::String(name))) = decorator.params.first() {
                    names.insert(name.clone());
                }
            }
            TemplateElement::HelperBlock(helper) => {
                helper.template.iter().chain(&helper.inverse).for_each(|body| inline_partials(body, names));
            }
            _ => {}
        }
    }
}

/// The first names of all paths in a parameter.
fn names_in(parameter: &Parameter, names: &mut BTreeSet<String>) {
    match parameter {
        Parameter::Path(Path::Relative((segments, _))) => {
            let first = segments.iter().find_map(|segment| match segment {
                PathSeg::Named(name) => Some(name.clone()),
                _ => None,
            });
            names.extend(first);
        }
        Parameter::Subexpression(expression) => {
            expression.params().into_iter().flatten().for_each(|parameter| names_in(parameter, names));
        }
        _ => {}
    }
}

/// The bytes of a name inside the tag that starts at `at`.
fn find_name(text: &str, at: usize, name: &str) -> Range<usize> {
    let part_of_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '$' | ':');
    let mut from = at;
    while let Some(found) = text.get(from..).and_then(|rest| rest.find(name)) {
        let start = from + found;
        let end = start + name.len();
        let before = text[..start].chars().next_back().is_some_and(part_of_name);
        let after = text[end..].chars().next().is_some_and(part_of_name);
        if !before && !after {
            return start..end;
        }
        from = start + name.chars().next().map_or(1, char::len_utf8);
    }
    at..at
}

fn syntax_problem(source: &Arc<Source>, error: &TemplateError) -> Problem {
    let at = error.pos().map_or(0, |(line, column)| source.offset(line, column));
    let open = |name: &str| name.trim_matches('"').to_owned();
    let (message, hint) = match error.reason() {
        TemplateErrorReason::MismatchingClosedHelper(opened, closed) => {
            let (opened, closed) = (open(opened), open(closed));
            let message = format!("`{{{{#{opened}}}}}` is closed by `{{{{/{closed}}}}}`");
            (message, format!("write {{{{/{opened}}}}}"))
        }
        _ if source.text[at.min(source.text.len())..].trim().is_empty() => (
            "the template ends inside a block or a tag".to_owned(),
            "close every {{#if …}} with {{/if}}, and every {{ with }}".to_owned(),
        ),
        _ => (
            "this is not Handlebars".to_owned(),
            "write {{name}}, {{#if name}}…{{/if}} or {{#each tags}}…{{/each}}; for two braces as they are, \\{{"
                .to_owned(),
        ),
    };
    Problem::error("template-syntax", message).at(Place::span(source, at..at)).hint(hint)
}
