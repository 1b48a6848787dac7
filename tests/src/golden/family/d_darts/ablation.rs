//! The ablation loss as a formula, and what the loss of a cell is made of.

use candle_core::{Device, Tensor};
use dartloom_search::ablation_losses;
use serde_json::Value;

use crate::golden::fields::Fields;
use crate::golden::loss::cross_entropy;
use crate::golden::manifest::Case;
use crate::golden::{GoldenError, Outcome};

pub(crate) fn run(case: &Case<'_>, value: &Value) -> Result<Vec<Outcome>, GoldenError> {
    let outcome =
        |(index, entry)| Outcome::of(format!("{}/{index}", case.name), check_case(case, entry));
    Ok(value.list("cases")?.iter().enumerate().map(outcome).collect())
}

fn check_case(case: &Case<'_>, entry: &Value) -> Result<Vec<String>, GoldenError> {
    let mut complaints = Vec::new();
    let mut compare = |what: String, got: f64, want: f64| {
        if !case.entry.tolerance.number(got, want) {
            complaints.push(format!("{what}: expected {want}, found {got}"));
        }
    };
    let losses = ablation_losses(&entry.numbers("marginal_contributions")?);
    for (cell, want) in entry.numbers("ablation_loss_eq8")?.into_iter().enumerate() {
        compare(format!("loss of cell {cell}"), losses[cell], want);
    }
    let ce = f64::from(cross_entropy_of(entry)?);
    let (w01, weight) = (entry.number("w01")?, entry.number("wabl")?);
    for (cell, own) in entry.list("per_cell")?.iter().enumerate() {
        compare(format!("cross-entropy, cell {cell}"), ce, own.number("ce")?);
        compare(format!("third term of cell {cell}"), -losses[cell], own.number("minus_ablation")?);
        let total = ce + w01 * own.number("zero_one")? - weight * losses[cell];
        compare(format!("total of cell {cell}"), total, own.number("total")?);
    }
    Ok(complaints)
}

fn cross_entropy_of(entry: &Value) -> Result<f32, GoldenError> {
    let rows = entry.rows("logits")?;
    let shape = (rows.len(), rows.first().map_or(0, Vec::len));
    let logits: Vec<f32> = rows.concat().into_iter().map(|value| value as f32).collect();
    let labels = entry.counts("target")?.into_iter().map(|label| label as u32).collect::<Vec<_>>();
    let labels = Tensor::new(labels, &Device::Cpu)?;
    let logits = Tensor::from_vec(logits, shape, &Device::Cpu)?;
    Ok(cross_entropy(&logits, &labels)?.to_scalar()?)
}
