//! Learning rates over epochs.

use dartloom_train::Schedule;
use serde_json::Value;

use crate::golden::fields::Fields;
use crate::golden::manifest::Case;
use crate::golden::{GoldenError, Outcome};

/// The last values of cosine schedules, by the names that the methods give them; the manifest gives
/// no number (`learning_rate_min` is 1e-3 for DARTS and FairDARTS, 0 for PC-DARTS).
const LAST: [(&str, f64); 5] = [
    ("darts_weights", 1e-3),
    ("pcdarts_weights", 0.0),
    ("fairdarts_weights", 1e-3),
    ("ddarts_weights", 1e-3),
    ("ddarts_cell_adam", 1e-3),
];

pub(crate) fn run(case: &Case<'_>, value: &Value) -> Result<Vec<Outcome>, GoldenError> {
    let entries = value.as_object().ok_or_else(|| value.wrong("", "schedules by name"))?;
    let mut outcomes = Vec::new();
    for (name, entry) in entries.iter().filter(|(_, entry)| !entry.is_string()) {
        if entry.is_array() {
            let name_of_case = format!("{}/{name}", case.name);
            outcomes.push(Outcome::of(name_of_case, check_cosine(case, name, value)));
            continue;
        }
        for (part, entry) in entry.as_object().into_iter().flatten() {
            let name = format!("{}/{name}/{part}", case.name);
            outcomes.push(Outcome::of(name, check_cycles(case, entry)));
        }
    }
    Ok(outcomes)
}

fn check_cosine(case: &Case<'_>, name: &str, value: &Value) -> Result<Vec<String>, GoldenError> {
    let want = value.numbers(name)?;
    let last = LAST.iter().find(|(known, _)| *known == name).map(|(_, last)| *last);
    let to = last.ok_or_else(|| GoldenError::not_understood(format!("schedule `{name}`")))?;
    let from = *want.first().ok_or_else(|| value.wrong(name, "at least one rate"))?;
    Ok(compare(case, Schedule::Cosine { from, to }, want.len(), &want))
}

/// GAEA's, whose numbers are written beside it.
fn check_cycles(case: &Case<'_>, entry: &Value) -> Result<Vec<String>, GoldenError> {
    let schedule = Schedule::Cycles {
        from: entry.number("base_lr")?,
        to: entry.number("min_lr")?,
        cycles: entry.count("cycles")?,
        power: entry.number("power")?,
    };
    let epochs = entry.count("max_epoch")?;
    let rates = entry.numbers("lr_per_epoch")?;
    Ok(compare(case, schedule, epochs, &rates))
}

fn compare(case: &Case<'_>, schedule: Schedule, epochs: usize, want: &[f64]) -> Vec<String> {
    let off = |(epoch, &want): (usize, &f64)| {
        let got = schedule.at(epoch, epochs);
        let agrees = case.entry.tolerance.number(got, want);
        (!agrees).then(|| format!("epoch {epoch}: expected {want}, found {got}"))
    };
    want.iter().enumerate().filter_map(off).collect()
}
