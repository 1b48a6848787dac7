//! Evaluations that stand in the directory of a run.

use dartloom_record::{RecordError, Run};
use serde::Serialize;
use serde_json::Value;

/// The file of an evaluation, as `dartloom evaluate --out DIR` writes it.
const FILE: &str = "evaluation.json";

/// Tables of an evaluation: confusions, classes, labels or values.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Evaluation {
    /// The folder in which it stands, empty for that of the run.
    pub folder: String,
    /// Images judged.
    pub images: Option<u64>,
    /// Its tables.
    pub tables: Vec<Table>,
}

/// A table of an evaluation.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// Heads of its columns.
    pub columns: Vec<String>,
    /// Its rows.
    pub rows: Vec<Vec<Value>>,
}

/// The evaluations in the directory of the run and in its folders.
pub(crate) fn evaluations(run: &Run) -> Result<Vec<Evaluation>, RecordError> {
    let mut found = Vec::new();
    for folder in std::iter::once(String::new()).chain(run.folders()?) {
        let name = if folder.is_empty() { FILE.to_owned() } else { format!("{folder}/{FILE}") };
        let Some(value) = run.json(&name)? else { continue };
        let tables = value.get("tables").and_then(Value::as_array).into_iter().flatten();
        let images = value.get("images").and_then(Value::as_u64);
        found.push(Evaluation { folder, images, tables: tables.filter_map(table).collect() });
    }
    Ok(found)
}

fn table(value: &Value) -> Option<Table> {
    let columns = value.get("columns")?.as_array()?.iter();
    let rows = value.get("rows")?.as_array()?.iter();
    Some(Table {
        name: value.get("name")?.as_str()?.to_owned(),
        columns: columns.map(text).collect(),
        rows: rows.filter_map(|row| row.as_array().cloned()).collect(),
    })
}

/// A cell as text.
pub(crate) fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "-".to_owned(),
        Value::Number(number) => match (number.as_u64(), number.as_f64()) {
            (Some(count), _) => count.to_string(),
            (None, Some(number)) => super::number::short(number),
            (None, None) => number.to_string(),
        },
        other => other.to_string(),
    }
}
