//! Replacing values of an experiment from the command line.

use dartloom::space::Hidden;
use dartloom::train::{AdamConfig, WeightStep};
use serde_json::Value;

use super::Experiment;
use super::method::MethodSpec;
use super::value::value;
use crate::error::EngineError;

/// The experiment with one value replaced: `assignment` is `key=value`, the key a dotted path such
/// as `retrain.layers`, the value written as in an experiment file or in JSON. What belongs to
/// methods, such as `search.epochs`, is replaced in each of them; `method.1.search.epochs` in one.
///
/// # Errors
/// A key that is not there, or a value that does not fit it.
pub fn set(experiment: &Experiment, assignment: &str) -> Result<Experiment, EngineError> {
    let (key, text) = assignment
        .split_once('=')
        .filter(|(key, _)| !key.trim().is_empty())
        .ok_or_else(|| EngineError::SetForm { found: assignment.to_owned() })?;
    let key = key.trim();
    let text = text.trim();
    let refuse = |message: String| EngineError::SetValue {
        key: key.to_owned(),
        value: text.to_owned(),
        message,
    };
    let given = value(text).map_err(refuse)?;
    let replaced = |value: &Value| replaced(experiment, key, value);
    let mut changed = match replaced(&given) {
        // A variant may have the name of nothing at all.
        Err(Refused::Value(message)) if given.is_null() => {
            let word = Value::String(text.to_owned());
            replaced(&word).map_err(|_| Refused::Value(message))
        }
        other => other,
    }
    .map_err(|refused| match refused {
        Refused::Key(error) => error,
        Refused::Value(message) => refuse(message),
    })?;
    check_same_methods(experiment, &changed, text)?;
    for (before, after) in experiment.method.iter().zip(&mut changed.method) {
        follow(before, after)?;
    }
    // Here a relative directory starts where the user is.
    let data = changed.data.below(std::path::Path::new(""), "--set")?;
    Ok(Experiment { data, ..changed })
}

/// A reason for which a value cannot be replaced.
enum Refused {
    /// The key is not there.
    Key(EngineError),
    /// The value does not fit its place.
    Value(String),
}

impl From<serde_json::Error> for Refused {
    fn from(error: serde_json::Error) -> Self {
        Self::Value(error.to_string())
    }
}

/// The experiment with `value` at the places of a key.
fn replaced(experiment: &Experiment, key: &str, value: &Value) -> Result<Experiment, Refused> {
    let mut finite = experiment.clone();
    let clips = clips(&mut finite);
    let unlimited: Vec<bool> = clips.iter().map(|clip| clip.is_infinite()).collect();
    // JSON has no infinite numbers, and gradients that are not clipped have one.
    clips.into_iter().filter(|clip| clip.is_infinite()).for_each(|clip| *clip = f64::MAX);
    let mut whole = serde_json::to_value(&finite)?;
    write_out(&mut whole)?;
    for place in slots(&mut whole, key).map_err(Refused::Key)? {
        *place = value.clone();
    }
    let mut changed: Experiment = serde_json::from_value(whole)?;
    for (clip, unlimited) in self::clips(&mut changed).into_iter().zip(unlimited) {
        if unlimited && *clip >= f64::MAX {
            *clip = f64::INFINITY;
        }
    }
    Ok(changed)
}

/// Writes the usual values that files leave out, so that they have a place.
fn write_out(whole: &mut Value) -> Result<(), serde_json::Error> {
    let step = serde_json::to_value(WeightStep::default())?;
    let adam = serde_json::to_value(AdamConfig::default())?;
    let none = Value::Array(Vec::new());
    let put = |place: Option<&mut Value>, key: &str, usual: &Value| {
        if let Some(fields) = place.and_then(Value::as_object_mut) {
            fields.entry(key).or_insert_with(|| usual.clone());
        }
    };
    put(Some(whole), "hidden", &serde_json::to_value(Hidden::default())?);
    for part in ["random", "retrain"] {
        put(whole.pointer_mut(&format!("/{part}/fit")), "weight_step", &step);
        put(whole.pointer_mut(&format!("/{part}/fit")), "adam", &adam);
        put(whole.pointer_mut(&format!("/{part}/fit")), "transforms", &none);
    }
    let methods = whole.get_mut("method").and_then(Value::as_array_mut);
    for method in methods.into_iter().flatten() {
        put(method.pointer_mut("/search/bilevel"), "weight_step", &step);
        put(method.pointer_mut("/search/bilevel"), "weight_adam", &adam);
        put(method.pointer_mut("/search"), "transforms", &none);
    }
    Ok(())
}

/// All norms that gradients are clipped at.
fn clips(experiment: &mut Experiment) -> Vec<&mut f64> {
    let Experiment { method, random, retrain, .. } = experiment;
    let methods = method.iter_mut().map(|method| &mut method.search.bilevel.clip);
    methods.chain([&mut random.fit.clip, &mut retrain.fit.clip]).collect()
}

/// A method is more than the values that are written down: another one is another experiment.
fn check_same_methods(
    before: &Experiment,
    after: &Experiment,
    text: &str,
) -> Result<(), EngineError> {
    let presets =
        |all: &Experiment| all.method.iter().map(|m| m.preset.clone()).collect::<Vec<_>>();
    if presets(before) == presets(after) {
        return Ok(());
    }
    Err(EngineError::SetMethods { found: text.to_owned() })
}

/// A warm-up that is the preset's share of the epochs stays that share.
fn follow(before: &MethodSpec, after: &mut MethodSpec) -> Result<(), EngineError> {
    let old = before.search.bilevel.warm_up;
    let new = after.search.bilevel.warm_up;
    let other_epochs = before.search.epochs != after.search.epochs;
    if other_epochs && old == new && old == before.warm_up()? {
        after.search.bilevel.warm_up = after.warm_up()?;
    }
    Ok(())
}

/// The places of a dotted key: one in the experiment, or one in each method.
fn slots<'a>(whole: &'a mut Value, key: &str) -> Result<Vec<&'a mut Value>, EngineError> {
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
        EngineError::SetKey { key, part, mut known } if key.split('.').next() == Some(&part) => {
            known.extend(more);
            EngineError::SetKey { key, part, known }
        }
        other => other,
    })
}

/// The place of a dotted key.
fn slot<'a>(whole: &'a mut Value, key: &str) -> Result<&'a mut Value, EngineError> {
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
        place = found.ok_or_else(|| EngineError::SetKey {
            key: key.to_owned(),
            part: part.to_owned(),
            known: if known.is_empty() { vec!["nothing".to_owned()] } else { known },
        })?;
    }
    Ok(place)
}

#[cfg(test)]
mod tests;
