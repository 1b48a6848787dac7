//! Scores of values and of several labels, each of two shards added up.

use candle_core::{Device, Tensor};
use dartloom_metrics::{MultiLabel, Regression, Scorer};
use dartloom_record::Scores;
use serde_json::Value;

use crate::golden::fields::Fields;
use crate::golden::manifest::Case;
use crate::golden::numbers::{Numbers, mean, name_of};
use crate::golden::{GoldenError, Outcome};

pub(crate) fn run_regression(case: &Case<'_>, value: &Value) -> Result<Vec<Outcome>, GoldenError> {
    let mut outcomes = Vec::new();
    for (at, entry) in value.list("cases")?.iter().enumerate() {
        let result = regression(case, entry);
        outcomes.push(Outcome::of(name_of(&case.name, "", at, entry), result));
    }
    Ok(outcomes)
}

pub(crate) fn run_multi_label(case: &Case<'_>, value: &Value) -> Result<Vec<Outcome>, GoldenError> {
    let mut outcomes = Vec::new();
    for (at, entry) in value.list("cases")?.iter().enumerate() {
        let result = multi_label(case, entry);
        outcomes.push(Outcome::of(name_of(&case.name, "", at, entry), result));
    }
    Ok(outcomes)
}

/// The scores of both tables, of which two scorers see a part each.
fn scores<S: Scorer>(
    names: [&str; 2],
    entry: &Value,
    new: impl Fn(usize) -> Result<S, dartloom_metrics::MetricsError>,
) -> Result<Scores, GoldenError> {
    let output = entry.rows(names[0])?;
    let target = entry.rows(names[1])?;
    let rows = output.len();
    let width = output.first().map_or(0, Vec::len);
    let tensor =
        |rows: &[Vec<f64>]| Tensor::from_vec(rows.concat(), (rows.len(), width), &Device::Cpu);
    let mut sum = new(width)?;
    let cut = rows / 3;
    for part in [0..cut, cut..rows] {
        let mut shard = new(width)?;
        shard.update(&tensor(&output[part.clone()])?, &tensor(&target[part])?)?;
        sum.add(&shard.state())?;
    }
    Ok(sum.scores())
}

/// A score of each of so many columns; that of a single one has no number.
fn each(scores: &Scores, name: &str, columns: usize) -> Vec<Option<f64>> {
    let own = |column: usize| match columns {
        1 => scores.get(name),
        _ => scores.get(&format!("{name}_{column}")),
    };
    (0..columns).map(own).collect()
}

fn regression(case: &Case<'_>, entry: &Value) -> Result<Vec<String>, GoldenError> {
    let scores = scores(["prediction", "target"], entry, Regression::new)?;
    let columns = entry.list("r2")?.len();
    let mut numbers = Numbers::new(entry, &case.entry.tolerance);
    let r2 = each(&scores, "r2", columns);
    let rmse = each(&scores, "rmse", columns);
    numbers.list("r2", &r2)?;
    numbers.list("rmse", &rmse)?;
    let squares: Vec<_> = rmse.iter().map(|rmse| rmse.map(|rmse| rmse * rmse)).collect();
    numbers.list("mse", &squares)?;
    numbers.list("mae", &each(&scores, "mae", columns))?;
    numbers.number("rmse_mean_of_outputs", mean(rmse))?;
    for (name, own) in [("mse_all", "mse"), ("rmse_all", "rmse"), ("mae_all", "mae")] {
        numbers.number(name, scores.get(own))?;
    }
    // For constant targets scikit-learn has numbers of its own, 0 or 1, and we have none.
    if r2.iter().all(Option::is_some) {
        numbers.list("r2_scikit_learn", &r2)?;
        numbers.number("r2_mean_scikit_learn", scores.get("r2"))?;
        let weighted = scores.get(if columns == 1 { "r2" } else { "r2_weighted" });
        numbers.number("r2_variance_weighted_scikit_learn", weighted)?;
    }
    Ok(numbers.finish())
}

fn multi_label(case: &Case<'_>, entry: &Value) -> Result<Vec<String>, GoldenError> {
    let scores = scores(["logits", "target"], entry, MultiLabel::new)?;
    let labels = entry.list("roc_auc")?.len();
    let mut numbers = Numbers::new(entry, &case.entry.tolerance);
    for (name, own) in
        [("bce_by_label", "bce"), ("roc_auc", "auc"), ("average_precision", "ap"), ("f1", "f1")]
    {
        let found: Vec<_> = (0..labels).map(|at| scores.get(&format!("{own}_{at}"))).collect();
        numbers.list(name, &found)?;
    }
    for (name, own) in [
        ("bce", "bce"),
        ("roc_auc_macro", "mean_auc"),
        ("roc_auc_micro", "micro_auc"),
        ("average_precision_macro", "mean_ap"),
        ("average_precision_micro", "micro_ap"),
        ("f1_macro", "mean_f1"),
        ("f1_micro", "micro_f1"),
        ("subset_accuracy", "exact_match"),
        ("label_accuracy", "label_accuracy"),
    ] {
        numbers.number(name, scores.get(own))?;
    }
    let decisions: Vec<Vec<f64>> = entry
        .rows("logits")?
        .into_iter()
        .map(|row| row.into_iter().map(|logit| f64::from(u8::from(logit > 0.0))).collect())
        .collect();
    numbers.equal("decisions_at_half", &decisions, &entry.rows("decisions_at_half")?);
    Ok(numbers.finish())
}
