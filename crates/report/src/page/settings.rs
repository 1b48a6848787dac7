//! The settings of a run.

use dartloom_record::{RecordError, Run, RunLayout};
use serde::Serialize;
use serde_json::Value;

use super::told::Told;

/// The settings of a run, in short and in full.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Settings {
    /// The values that are asked for first.
    pub summary: Vec<Setting>,
    /// The experiment with every value filled in, as text; `None` where it is not there.
    pub experiment: Option<String>,
}

/// A setting.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Setting {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
}

impl Settings {
    pub(crate) fn of(run: &Run, told: &Told) -> Result<Self, RecordError> {
        let mark = match run.stored(RunLayout::RUN) {
            Ok(mark) => mark.unwrap_or(Value::Null),
            // What is damaged is written again when the run goes on.
            Err(RecordError::Damaged { .. } | RecordError::Version { .. }) => Value::Null,
            Err(error) => return Err(error),
        };
        let mut summary = Vec::new();
        let mut put = |name: &str, value: Option<&Value>| {
            if let Some(value) = value.filter(|value| !value.is_null()) {
                summary.push(Setting { name: name.to_owned(), value: plain(value) });
            }
        };
        for name in ["data", "task", "scale", "topology", "layers", "nodes", "stem", "baseline"] {
            put(name, told.config.get(name));
        }
        let methods = told.config.get("method").and_then(Value::as_array).into_iter().flatten();
        for method in methods {
            let title = method.get("title").and_then(Value::as_str).unwrap_or("method");
            for name in ["preset", "ops", "topology", "channels", "partial", "split"] {
                put(&format!("{title}: {name}"), method.get(name));
            }
            put(&format!("{title}: epochs"), method.pointer("/search/epochs"));
            put(&format!("{title}: batch"), method.pointer("/search/batch"));
        }
        put("final training: channels", told.config.pointer("/retrain/channels"));
        put("final training: layers", told.config.pointer("/retrain/layers"));
        put("final training: epochs", told.config.pointer("/retrain/fit/epochs"));
        put("final training: batch", told.config.pointer("/retrain/fit/batch"));
        put("seeds", mark.get("seeds").or_else(|| told.config.get("seeds")));
        put("program", mark.get("program"));
        put("threads", mark.get("threads"));
        put("system", mark.get("system"));
        let command = mark.get("command").and_then(Value::as_array);
        let words: Vec<&str> = command.into_iter().flatten().filter_map(Value::as_str).collect();
        if !words.is_empty() {
            let words: Value = words.join(" ").into();
            put("command", Some(&words));
        }
        Ok(Self { summary, experiment: run.text(RunLayout::EXPERIMENT)? })
    }
}

/// A value as people write it.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().map(plain).collect::<Vec<_>>().join(", "),
        Value::Object(fields) => {
            let fields = fields.iter().filter(|(_, value)| !value.is_null());
            let fields = fields.map(|(name, value)| match value {
                Value::Object(inner) if !inner.is_empty() => format!("{name} ({})", plain(value)),
                _ => format!("{name}: {}", plain(value)),
            });
            fields.collect::<Vec<_>>().join(", ")
        }
        other => other.to_string(),
    }
}
