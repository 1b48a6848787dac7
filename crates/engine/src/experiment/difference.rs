//! In which values two experiments differ.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Experiment;
use crate::error::EngineError;

/// One line per value that differs: `search.epochs: 12 there, 4 here`.
///
/// # Errors
/// [`EngineError::Encode`] for an experiment that has no text form.
pub fn differences(there: &Experiment, here: &Experiment) -> Result<Vec<String>, EngineError> {
    let there = leaves(there)?;
    let here = leaves(here)?;
    let keys: std::collections::BTreeSet<&String> = there.keys().chain(here.keys()).collect();
    let show = |value: Option<&String>| value.cloned().unwrap_or_else(|| "nothing".to_owned());
    Ok(keys
        .into_iter()
        .filter(|key| there.get(*key) != here.get(*key))
        .map(|key| format!("{key}: {} there, {} here", show(there.get(key)), show(here.get(key))))
        .collect())
}

/// The experiment as JSON.
///
/// # Errors
/// [`EngineError::Encode`] for an experiment that has no text form.
pub fn to_json(experiment: &Experiment) -> Result<Value, EngineError> {
    serde_json::to_value(experiment)
        .map_err(|error| EngineError::Encode { what: "the experiment", message: error.to_string() })
}

fn leaves(experiment: &Experiment) -> Result<BTreeMap<String, String>, EngineError> {
    let mut found = BTreeMap::new();
    collect("", &to_json(experiment)?, &mut found);
    Ok(found)
}

fn collect(key: &str, value: &Value, found: &mut BTreeMap<String, String>) {
    match value {
        Value::Object(fields) => {
            for (name, inner) in fields {
                collect(&below(key, name), inner, found);
            }
        }
        // Methods, a value of which `--set` can name; lists of numbers and names are one value.
        Value::Array(items) if items.iter().any(Value::is_object) => {
            for (index, inner) in items.iter().enumerate() {
                collect(&below(key, &index.to_string()), inner, found);
            }
        }
        other => {
            found.insert(key.to_owned(), other.to_string());
        }
    }
}

fn below(key: &str, name: &str) -> String {
    if key.is_empty() { name.to_owned() } else { format!("{key}.{name}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::{Data, Named};

    #[test]
    fn only_what_differs_is_listed() {
        let one = Experiment::on(Data::Digits).unwrap();
        let mut other = one.clone();
        other.method[0].search.epochs = 99;
        other.data = Named::Known(Data::Idx(std::path::PathBuf::from("images").into()));
        assert_eq!(differences(&one, &one).unwrap(), Vec::<String>::new());
        let listed = differences(&one, &other).unwrap();
        let epochs = one.method[0].search.epochs;
        let epochs = format!("method.0.search.epochs: {epochs} there, 99 here");
        assert!(listed.contains(&epochs), "{listed:?}");
        assert!(listed.iter().any(|line| line.starts_with("data")), "{listed:?}");
        assert_eq!(listed.len(), 3, "{listed:?}");
    }
}
