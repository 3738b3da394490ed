//! Finds the partials that a template includes, and theirs, and compiles them all.

use handlebars::template::{Parameter, Template, TemplateElement, TemplateMapping};
use handlebars::{TemplateError, TemplateErrorReason};

use super::annotate::Annotated;
use super::{Files, markup, nearest};
use crate::campaign::templates::partial_paths;
use crate::campaign::{Place, Problem};

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

/// Blocks inside blocks, at most: more would overflow the stack of whoever walks them.
const DEEPEST: usize = 100;

/// An inclusion: the partial's name, where it is included, and whether it has words of its own for where there is no such partial.
struct Include {
    name: Result<String, &'static str>,
    start: usize,
    has_fallback: bool,
}

/// The template (file `main`) and all partials it reaches, the template first.
pub(super) fn collect(main: usize, files: &mut Files<'_>) -> Result<Vec<Part>, Vec<Problem>> {
    let main_path = files.sources[main].path.clone();
    let mut parts: Vec<Part> = Vec::new();
    let mut problems = Vec::new();
    // Each entry: name, file, and the names of those that include it, outermost first.
    let mut waiting = vec![(MAIN.to_string(), main, Vec::<String>::new())];
    while let Some((name, file, above)) = waiting.pop() {
        if parts.iter().any(|part| part.name == name) {
            continue;
        }
        let annotated = Annotated::new(&files.sources[file].text, file);
        if let Some(at) = too_deep(&files.sources[file].text) {
            let problem = Problem::error("too-deep", format!("more than {DEEPEST} blocks stand inside each other"));
            problems
                .push(problem.at(Place::span(&files.sources[file], at..at + 3)).hint("put parts of it into partials"));
            continue;
        }
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
            let name = match include.name {
                Ok(name) => name,
                Err(why) => {
                    problems.push(
                        Problem::error("bad-partial", why)
                            .at(place)
                            .hint("write the partial's name, such as {{> badge}}"),
                    );
                    continue;
                }
            };
            if chain.contains(&name) {
                let message = format!("the partial `{name}` includes itself");
                problems.push(Problem::error("partial-cycle", message).at(place));
            } else if parts.iter().any(|part| part.name == name) {
                // Compiled already. A cycle through it would have been met on the way down from it.
            } else {
                match find(&name, &main_path, files) {
                    Ok(found) => waiting.push((name, found, chain.clone())),
                    Err(problem) if include.has_fallback && problem.code == "missing-partial" => {}
                    Err(problem) if problem.place.is_none() => problems.push(problem.at(place)),
                    Err(problem) => problems.push(problem),
                }
            }
        }
    }
    if problems.is_empty() { Ok(parts) } else { Err(problems) }
}

fn find(name: &str, template: &str, files: &mut Files<'_>) -> Result<usize, Problem> {
    let paths = partial_paths(template, name);
    if paths.is_empty() {
        return Err(Problem::error("bad-partial", format!("`{name}` is no name for a partial")));
    }
    for path in &paths {
        if let Some(file) = files.read(path)? {
            return Ok(file);
        }
    }
    let tried: Vec<String> = paths.iter().map(|path| format!("`{path}`")).collect();
    let problem = Problem::error("missing-partial", format!("there is no partial `{name}`"));
    Err(problem.hint(format!("looked for {}", tried.join(" and "))))
}

/// The partials that a template includes, in the order they stand.
fn includes(template: &Template, annotated: &Annotated) -> Vec<Include> {
    named(template, |mapping| annotated.original(mapping.0, mapping.1))
}

/// The names of the partials that a text includes and that lie in files of their own.
///
/// # Errors
/// What keeps one from being found: a name that is computed, or one of Handlebars' own.
pub(in crate::actions) fn names(template: &Template) -> Result<Vec<String>, &'static str> {
    named(template, |_| 0).into_iter().map(|include| include.name).collect()
}

fn named(template: &Template, start: impl Fn(&TemplateMapping) -> usize) -> Vec<Include> {
    let mut found = Vec::new();
    let mut inline = Vec::new();
    walk(template, &mut |element, mapping| {
        let (include, has_fallback) = match element {
            TemplateElement::PartialExpression(include) => (include, false),
            TemplateElement::PartialBlock(include) => (include, true),
            TemplateElement::DecoratorBlock(decorator) => {
                return inline.extend(decorator.params.first().and_then(literal));
            }
            _ => return,
        };
        let name = match literal(&include.name).or_else(|| include.name.as_name().map(str::to_owned)) {
            Some(name) if name == "@partial-block" => return,
            // The template's own name is one of these: it would include itself for ever.
            Some(name) if name.starts_with('@') => Err("a partial's name cannot begin with @"),
            Some(name) => Ok(name),
            None => Err("a partial's name cannot be computed"),
        };
        found.push(Include { name, start: start(mapping), has_fallback });
    });
    found.retain(|include| !include.name.as_ref().is_ok_and(|name| inline.contains(name)));
    found
}

fn literal(parameter: &Parameter) -> Option<String> {
    match parameter {
        Parameter::Literal(value) => Some(value.as_str().map(str::to_string).unwrap_or_else(|| value.to_string())),
        _ => None,
    }
}

/// Where blocks stand inside each other more deeply than [`DEEPEST`].
pub(in crate::actions) fn too_deep(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, _) in text.match_indices("{{") {
        match text[at + 2..].trim_start_matches(['{', '~']).bytes().next() {
            Some(b'#') => depth += 1,
            Some(b'/') => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEEPEST {
            return Some(at);
        }
    }
    None
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
