//! In which values two experiments differ.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Experiment;

/// One line per value that differs: `search.epochs: 12 there, 4 here`.
pub(crate) fn differences(there: &Experiment, here: &Experiment) -> Vec<String> {
    let (there, here) = (leaves(there), leaves(here));
    let keys: std::collections::BTreeSet<&String> = there.keys().chain(here.keys()).collect();
    let show = |value: Option<&String>| value.cloned().unwrap_or_else(|| "nothing".to_owned());
    keys.into_iter()
        .filter(|key| there.get(*key) != here.get(*key))
        .map(|key| format!("{key}: {} there, {} here", show(there.get(key)), show(here.get(key))))
        .collect()
}

fn leaves(experiment: &Experiment) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    // An experiment that has no JSON form has no digest either and is refused before.
    collect("", &serde_json::to_value(experiment).unwrap_or_default(), &mut found);
    found
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
    use crate::experiment::Data;

    #[test]
    fn only_what_differs_is_listed() {
        let one = Experiment::on(Data::Digits).unwrap();
        let mut other = one.clone();
        other.method[0].search.epochs = 99;
        other.data = Data::Idx("images".into());
        assert_eq!(differences(&one, &one), Vec::<String>::new());
        let listed = differences(&one, &other);
        let epochs = one.method[0].search.epochs;
        let epochs = format!("method.0.search.epochs: {epochs} there, 99 here");
        assert!(listed.contains(&epochs), "{listed:?}");
        assert!(listed.iter().any(|line| line.starts_with("data")), "{listed:?}");
        assert_eq!(listed.len(), 3, "{listed:?}");
    }
}
