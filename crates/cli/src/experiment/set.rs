//! Replacing values of an experiment from the command line.

use serde_json::{Map, Value};

use super::Experiment;
use super::method::MethodSpec;
use crate::error::CliError;

/// The experiment with one value replaced: `assignment` is `key=value`, the key a dotted path such
/// as `retrain.layers`, the value written as in an experiment file or in JSON. What belongs to
/// methods, such as `search.epochs`, is replaced in each of them; `method.1.search.epochs` in one.
pub(crate) fn set(experiment: &Experiment, assignment: &str) -> Result<Experiment, CliError> {
    let (key, text) = assignment
        .split_once('=')
        .filter(|(key, _)| !key.trim().is_empty())
        .ok_or_else(|| CliError::SetForm { found: assignment.to_owned() })?;
    let (key, text) = (key.trim(), text.trim());
    let refuse = |message: String| CliError::SetValue {
        key: key.to_owned(),
        value: text.to_owned(),
        message,
    };
    let mut whole = serde_json::to_value(experiment).map_err(|error| refuse(error.to_string()))?;
    for place in slots(&mut whole, key)? {
        *place = value(text);
    }
    let mut changed: Experiment =
        serde_json::from_value(whole).map_err(|error| refuse(error.to_string()))?;
    check_same_methods(experiment, &changed, text)?;
    for (before, after) in experiment.method.iter().zip(&mut changed.method) {
        follow(before, after)?;
    }
    // Here a relative directory starts where the user is.
    Ok(Experiment { data: changed.data.below(std::path::Path::new("")), ..changed })
}

/// A method is more than the values that are written down: another one is another experiment.
fn check_same_methods(before: &Experiment, after: &Experiment, text: &str) -> Result<(), CliError> {
    let presets =
        |all: &Experiment| all.method.iter().map(|m| m.preset.clone()).collect::<Vec<_>>();
    if presets(before) == presets(after) {
        return Ok(());
    }
    let expected = "the methods of the experiment, which --method NAME,... replaces";
    Err(CliError::OptionValue { option: "--set", expected, found: text.to_owned() })
}

/// A warm-up that is the preset's share of the epochs stays that share.
fn follow(before: &MethodSpec, after: &mut MethodSpec) -> Result<(), CliError> {
    let (old, new) = (before.search.bilevel.warm_up, after.search.bilevel.warm_up);
    let other_epochs = before.search.epochs != after.search.epochs;
    if other_epochs && old == new && old == before.warm_up()? {
        after.search.bilevel.warm_up = after.warm_up()?;
    }
    Ok(())
}

/// The places of a dotted key: one in the experiment, or one in each method.
fn slots<'a>(whole: &'a mut Value, key: &str) -> Result<Vec<&'a mut Value>, CliError> {
    let first = key.split('.').next().unwrap_or(key);
    let methods = || whole.get("method").and_then(Value::as_array);
    let in_methods = whole.get(first).is_none()
        && methods().is_some_and(|all| all.iter().any(|method| method.get(first).is_some()));
    if in_methods {
        let methods = whole.get_mut("method").and_then(Value::as_array_mut);
        return methods.into_iter().flatten().map(|method| slot(method, key)).collect();
    }
    let more: Vec<String> = methods()
        .and_then(|all| all.first())
        .and_then(Value::as_object)
        .map_or_else(Vec::new, |fields| fields.keys().cloned().collect());
    slot(whole, key).map(|place| vec![place]).map_err(|error| match error {
        // At the beginning of a key what belongs to methods is known, too.
        CliError::SetKey { key, part, mut known } if key.split('.').next() == Some(&part) => {
            known.extend(more);
            CliError::SetKey { key, part, known }
        }
        other => other,
    })
}

/// The place of a dotted key.
fn slot<'a>(whole: &'a mut Value, key: &str) -> Result<&'a mut Value, CliError> {
    let mut place = whole;
    for part in key.split('.') {
        let known: Vec<String> = match &*place {
            Value::Object(fields) => fields.keys().cloned().collect(),
            Value::Array(items) => (0..items.len()).map(|index| index.to_string()).collect(),
            _ => Vec::new(),
        };
        let found = match place {
            Value::Object(fields) => fields.get_mut(part),
            Value::Array(items) => {
                part.parse::<usize>().ok().and_then(|index| items.get_mut(index))
            }
            _ => None,
        };
        place = found.ok_or_else(|| CliError::SetKey {
            key: key.to_owned(),
            part: part.to_owned(),
            known: if known.is_empty() { vec!["nothing".to_owned()] } else { known },
        })?;
    }
    Ok(place)
}

/// A value in JSON, or as experiment files write it: `Full`, `Constant(0.1)`,
/// `Cosine(from: 0.1, to: 0.0)`. Anything else is a string.
fn value(text: &str) -> Value {
    let text = text.trim();
    if let Ok(value) = serde_json::from_str(text) {
        return value;
    }
    let word = |text: &str| {
        !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    match text.strip_suffix(')').and_then(|text| text.split_once('(')) {
        Some((name, inner)) if word(name) => {
            Value::Object(Map::from_iter([(name.to_owned(), arguments(inner))]))
        }
        _ => Value::String(text.to_owned()),
    }
}

/// What stands between the parentheses of a variant: named fields, or one value.
fn arguments(inner: &str) -> Value {
    let parts = parts(inner);
    let named: Option<Map<String, Value>> = parts
        .iter()
        .map(|part| {
            let (name, text) = part.split_once(':')?;
            // A quote before the colon means that the colon belongs to a string.
            (!name.contains(['"', '('])).then(|| (name.trim().to_owned(), value(text)))
        })
        .collect();
    match (named, &parts[..]) {
        (Some(fields), _) => Value::Object(fields),
        (None, [one]) => value(one),
        (None, many) => Value::Array(many.iter().map(|part| value(part)).collect()),
    }
}

/// Splits at commas outside parentheses, brackets, braces and strings; a last comma is allowed.
fn parts(text: &str) -> Vec<&str> {
    let (mut parts, mut depth, mut quoted, mut start) = (Vec::new(), 0_i32, false, 0);
    for (index, c) in text.char_indices() {
        match c {
            '"' => quoted = !quoted,
            _ if quoted => {}
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&text[start..index]);
                start = index + 1;
            }
            _ => {}
        }
    }
    if !text[start..].trim().is_empty() {
        parts.push(&text[start..]);
    }
    parts
}

#[cfg(test)]
mod tests;
