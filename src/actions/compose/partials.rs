//! Finds the partials that a template includes, and theirs, and compiles them all.

use handlebars::template::{Parameter, Template, TemplateElement, TemplateMapping};
use handlebars::{TemplateError, TemplateErrorReason};

use super::annotate::Annotated;
use super::{Files, markup, nearest};
use crate::campaign::{Place, Problem, RelPath};

/// The name that the template itself is registered under; no partial can have it.
pub(super) const MAIN: &str = "@template";

/// The template or a partial, compiled.
pub(super) struct Part {
    /// [`MAIN`], or the name it is included by.
    pub name: String,
    pub file: usize,
    pub annotated: Annotated,
    pub template: Template,
}

/// An inclusion: the partial's name and where it is included.
struct Include {
    name: String,
    start: usize,
}

/// The template (file `main`) and all partials it reaches, the template first.
pub(super) fn collect(main: usize, files: &mut Files<'_>) -> Result<Vec<Part>, Vec<Problem>> {
    let folder =
        RelPath::parse(&files.sources[main].path).map(|path| path.parent()).unwrap_or_else(|_| RelPath::root());
    let mut parts: Vec<Part> = Vec::new();
    let mut problems = Vec::new();
    // Each entry: name, file, and the names of those that include it, outermost first.
    let mut waiting = vec![(MAIN.to_string(), main, Vec::<String>::new())];
    while let Some((name, file, above)) = waiting.pop() {
        if parts.iter().any(|part| part.name == name) {
            continue;
        }
        let annotated = Annotated::new(&files.sources[file].text, file);
        let mut template = match Template::compile(&annotated.text) {
            Ok(template) => template,
            Err(error) => {
                problems.push(syntax(&error, &annotated, file, files));
                continue;
            }
        };
        template.name = Some(name.clone());
        let includes = includes(&template, &annotated);
        name_inner(&mut template, &name);
        let mut chain = above;
        chain.push(name.clone());
        parts.push(Part { name, file, annotated, template });
        for include in includes {
            let end = markup::mustache_end(&files.sources[file].text, include.start).unwrap_or(include.start);
            let place = Place::span(&files.sources[file], include.start..end);
            if chain.contains(&include.name) {
                let message = format!("the partial `{}` includes itself", include.name);
                problems.push(Problem::error("partial-cycle", message).at(place));
            } else if parts.iter().any(|part| part.name == include.name) {
                // Compiled already. A cycle through it would have been met on the way down from it.
            } else {
                match find(&include.name, &folder, files) {
                    Ok(found) => waiting.push((include.name, found, chain.clone())),
                    Err(problem) if problem.place.is_none() => problems.push(problem.at(place)),
                    Err(problem) => problems.push(problem),
                }
            }
        }
    }
    if problems.is_empty() { Ok(parts) } else { Err(problems) }
}

fn find(name: &str, folder: &RelPath, files: &mut Files<'_>) -> Result<usize, Problem> {
    let file_name = if name.ends_with(".html") { name.to_string() } else { format!("{name}.html") };
    let mut tried = Vec::new();
    for candidate in [file_name.clone(), format!("partials/{file_name}")] {
        let path = RelPath::parse_in(folder, &candidate)
            .map_err(|error| Problem::error("bad-partial", format!("`{name}` is no name for a partial: {error}")))?;
        if let Some(file) = files.read(&path)? {
            return Ok(file);
        }
        tried.push(format!("`{path}`"));
    }
    let problem = Problem::error("missing-partial", format!("there is no partial `{name}`"));
    Err(problem.hint(format!("looked for {}", tried.join(" and "))))
}

/// The partials that a template includes, in the order they stand.
fn includes(template: &Template, annotated: &Annotated) -> Vec<Include> {
    let mut found = Vec::new();
    walk(template, &mut |element, mapping| {
        let (TemplateElement::PartialExpression(include) | TemplateElement::PartialBlock(include)) = element else {
            return;
        };
        let name = match &include.name {
            Parameter::Literal(value) => value.as_str().map(str::to_string).unwrap_or_else(|| value.to_string()),
            other => match other.as_name() {
                Some(name) => name.to_string(),
                None => return,
            },
        };
        if !name.starts_with('@') {
            found.push(Include { name, start: annotated.original(mapping.0, mapping.1) });
        }
    });
    found
}

fn walk(template: &Template, visit: &mut dyn FnMut(&TemplateElement, &TemplateMapping)) {
    for (element, mapping) in template.elements.iter().zip(&template.mapping) {
        visit(element, mapping);
        match element {
            TemplateElement::HelperBlock(helper) => {
                helper.template.iter().chain(&helper.inverse).for_each(|inner| walk(inner, visit));
            }
            TemplateElement::PartialBlock(block) | TemplateElement::DecoratorBlock(block) => {
                block.template.iter().for_each(|inner| walk(inner, visit));
            }
            _ => {}
        }
    }
}

/// Gives the blocks inside a template its name, so that an error in them says which file it is in.
fn name_inner(template: &mut Template, name: &str) {
    template.name = Some(name.into());
    for element in &mut template.elements {
        match element {
            TemplateElement::HelperBlock(helper) => {
                helper.template.iter_mut().chain(&mut helper.inverse).for_each(|inner| name_inner(inner, name));
            }
            TemplateElement::PartialBlock(block) | TemplateElement::DecoratorBlock(block) => {
                block.template.iter_mut().for_each(|inner| name_inner(inner, name));
            }
            _ => {}
        }
    }
}

/// Tells a mistake in Handlebars' own syntax.
fn syntax(error: &TemplateError, annotated: &Annotated, file: usize, files: &Files<'_>) -> Problem {
    let problem = match error.reason() {
        TemplateErrorReason::MismatchingClosedHelper(open, close) => {
            let hint = nearest(close, [open.as_str()].into_iter()).map(|open| format!("did you mean {{{{/{open}}}}}?"));
            let problem = Problem::error("template-syntax", format!("{{{{#{open}}}}} is closed by {{{{/{close}}}}}"));
            problem.hint(hint.unwrap_or(format!("close {{{{#{open}}}}} first, with {{{{/{open}}}}}")))
        }
        TemplateErrorReason::InvalidSyntax(_) => Problem::error("template-syntax", "this is not valid Handlebars")
            .hint("is a {{…}} or a {{#block}}…{{/block}} left open?"),
        other => Problem::error("template-syntax", other.to_string()),
    };
    let source = &files.sources[file];
    match error.pos() {
        Some((line, column)) => {
            let start = annotated.original(line, column).min(source.text.len());
            let end = markup::mustache_end(&source.text, start).unwrap_or(start);
            problem.at(Place::span(source, start..end))
        }
        None => problem.at(Place::file(source.path.as_str())),
    }
}
