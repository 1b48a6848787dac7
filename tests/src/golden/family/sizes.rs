//! Sizes of search spaces.

use dartloom_space::{SpaceSize, darts_size};
use serde_json::Value;

use crate::golden::fields::Fields;
use crate::golden::manifest::Case;
use crate::golden::{GoldenError, Outcome};

pub(crate) fn run(case: &Case<'_>, value: &Value) -> Result<Vec<Outcome>, GoldenError> {
    let outcome = |entry: &Value| -> Result<Outcome, GoldenError> {
        let k = entry.count("K")?;
        let n = entry.count("N")?;
        let cells = entry.count("cells")?;
        let name = format!("{}/K{k}_N{n}_cells{cells}", case.name);
        Ok(Outcome::of(name, check_size(case, entry, darts_size(k, n, cells)?)))
    };
    value.list("cases")?.iter().map(outcome).collect()
}

fn check_size(case: &Case<'_>, entry: &Value, got: SpaceSize) -> Result<Vec<String>, GoldenError> {
    let mut complaints = Vec::new();
    let found = got.exact.to_string();
    let want = entry.text("size")?;
    if found != want {
        complaints.push(format!("size: expected {want}, found {found}"));
    }
    let found = got.log10;
    let want = entry.number("log10")?;
    if !case.entry.tolerance.number(found, want) {
        complaints.push(format!("log10: expected {want}, found {found}"));
    }
    Ok(complaints)
}
