//! What a template can call: few helpers, each a pure function of its arguments.
//!
//! | helper | gives |
//! |---|---|
//! | `eq a b`, `ne a b` | whether two values are the same (a missing field equals nothing but a missing field) |
//! | `not a` | whether a value is missing, empty, false or 0 |
//! | `and a b …` | the last value if all are there, else the first that is not |
//! | `or a b …` | the first value that is there |
//! | `default a b` | `a`, or `b` where `a` is missing or empty |
//! | `upper text`, `lower text` | the text in capitals, in small letters |
//! | `first list` | the first entry of a list |
//! | `join list ", "` | the entries with the separator between them |
//!
//! `eq`, `ne`, `not`, `and`, `or` and `default` may be asked about fields that a product does not have; the others may not.

use handlebars::{Context, Handlebars, Helper, HelperDef, PathAndJson, RenderContext, RenderError, RenderErrorReason};
use handlebars::{JsonRender, ScopedJson};
use serde_json::Value;

type Compute = fn(&[Argument<'_>]) -> Result<Value, RenderErrorReason>;

/// One value given to a helper.
struct Argument<'a> {
    value: &'a Value,
    missing: bool,
    path: Option<&'a String>,
}

impl Argument<'_> {
    fn is_there(&self) -> bool {
        match self.value {
            _ if self.missing => false,
            Value::Null => false,
            Value::Bool(value) => *value,
            Value::Number(number) => number.as_f64() != Some(0.0),
            Value::String(text) => !text.is_empty(),
            Value::Array(list) => !list.is_empty(),
            Value::Object(_) => true,
        }
    }

    fn required(&self) -> Result<&Value, RenderErrorReason> {
        match self.missing {
            true => Err(RenderErrorReason::MissingVariable(self.path.cloned())),
            false => Ok(self.value),
        }
    }
}

struct Pure {
    name: &'static str,
    least: usize,
    compute: Compute,
}

impl HelperDef for Pure {
    fn call_inner<'reg: 'rc, 'rc>(
        &self,
        helper: &Helper<'rc>,
        _: &'reg Handlebars<'reg>,
        _: &'rc Context,
        _: &mut RenderContext<'reg, 'rc>,
    ) -> Result<ScopedJson<'rc>, RenderError> {
        let argument = |param: &'_ PathAndJson<'_>| (param.is_value_missing(), param.relative_path().cloned());
        let about: Vec<(bool, Option<String>)> = helper.params().iter().map(argument).collect();
        let arguments: Vec<Argument<'_>> = helper
            .params()
            .iter()
            .zip(&about)
            .map(|(param, (missing, path))| Argument { value: param.value(), missing: *missing, path: path.as_ref() })
            .collect();
        if arguments.len() < self.least {
            return Err(RenderErrorReason::ParamNotFoundForIndex(self.name, arguments.len()).into());
        }
        Ok(ScopedJson::Derived((self.compute)(&arguments)?))
    }
}

/// The name of every helper above.
pub(super) const NAMES: [&str; 10] = ["eq", "ne", "not", "and", "or", "default", "upper", "lower", "first", "join"];

/// Registers the helpers of this file.
pub(in crate::actions) fn register(handlebars: &mut Handlebars<'_>) {
    let mut add = |name: &'static str, least: usize, compute: Compute| {
        handlebars.register_helper(name, Box::new(Pure { name, least, compute }));
    };
    add("eq", 2, |a| Ok(same(&a[0], &a[1]).into()));
    add("ne", 2, |a| Ok((!same(&a[0], &a[1])).into()));
    add("not", 1, |a| Ok((!a[0].is_there()).into()));
    add("and", 1, |a| Ok(a.iter().find(|x| !x.is_there()).or(a.last()).map_or(Value::Null, value)));
    add("or", 1, |a| Ok(a.iter().find(|x| x.is_there()).or(a.last()).map_or(Value::Null, value)));
    add("default", 2, |a| Ok(if a[0].is_there() { value(&a[0]) } else { a[1].required()?.clone() }));
    add("upper", 1, |a| Ok(a[0].required()?.render().to_uppercase().into()));
    add("lower", 1, |a| Ok(a[0].required()?.render().to_lowercase().into()));
    add("first", 1, |a| match a[0].required()? {
        Value::Array(list) => Ok(list.first().cloned().unwrap_or(Value::Null)),
        other => Ok(other.clone()),
    });
    add("join", 1, |a| match a[0].required()? {
        Value::Array(list) => {
            let separator = a.get(1).map_or(", ".into(), |text| text.value.render());
            Ok(list.iter().map(JsonRender::render).collect::<Vec<_>>().join(&separator).into())
        }
        other => Ok(other.clone()),
    });
}

fn value(argument: &Argument<'_>) -> Value {
    argument.value.clone()
}

fn same(a: &Argument<'_>, b: &Argument<'_>) -> bool {
    a.missing == b.missing && a.value == b.value
}
