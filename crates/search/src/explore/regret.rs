//! How far from the best a search is, evaluation by evaluation.

use super::{ExploreError, Table, Trial};

/// The regret after each trial: with `b_t` the best of the first `t` trials by the quality that the
/// search saw, `regret_t = max(reported) - reported(b_t)`, in the unit of the table.
///
/// It may rise: what looks better to the search may be reported to be worse. Before anything was
/// measured it is that of the table's worst architecture.
///
/// # Errors
/// [`ExploreError::NotInTable`] for a measured trial that the table does not have.
pub fn regrets(table: &Table, trials: &[Trial]) -> Result<Vec<f64>, ExploreError> {
    let best_of_all = table.best_reported();
    let worst = table.rows().map(|row| row.reported).fold(f64::INFINITY, f64::min);
    let mut best = f64::NEG_INFINITY;
    let mut reported = worst;
    let mut curve = Vec::with_capacity(trials.len());
    for Trial { proposal, outcome } in trials {
        if let Some(quality) = outcome.quality().filter(|quality| *quality > best) {
            let row = table.row(&proposal.genotype);
            let row = row.ok_or(ExploreError::NotInTable { task: proposal.task })?;
            best = quality;
            reported = row.reported;
        }
        curve.push(best_of_all - reported);
    }
    Ok(curve)
}

/// Regrets of several seeds, evaluation by evaluation.
#[derive(Clone, Debug, PartialEq)]
pub struct RegretCurve {
    /// Mean over the seeds.
    pub mean: Vec<f64>,
    /// Standard deviation of the seeds around the mean, with `n - 1`; 0 for one seed.
    pub deviation: Vec<f64>,
    /// Seeds.
    pub seeds: usize,
}

impl RegretCurve {
    /// The curve over some seeds ([`regrets`]); it is as long as the longest of them, and a search
    /// that ended earlier keeps its last regret.
    ///
    /// # Errors
    /// [`ExploreError::Config`] when there is no seed, or one without a trial.
    pub fn of(runs: &[Vec<f64>]) -> Result<Self, ExploreError> {
        let shortest = runs.iter().map(Vec::len).min().unwrap_or(0);
        if shortest == 0 {
            let (field, expected) = ("runs", "one with trials for each of one or more seeds");
            let found = format!("{} runs, the shortest of {shortest} trials", runs.len());
            return Err(ExploreError::Config { field, expected, found });
        }
        let longest = runs.iter().map(Vec::len).max().unwrap_or(0);
        let count = runs.len() as f64;
        let at = |step: usize| runs.iter().map(move |run| run[step.min(run.len() - 1)]);
        let mean: Vec<f64> = (0..longest).map(|step| at(step).sum::<f64>() / count).collect();
        let deviation = mean.iter().enumerate().map(|(step, mean)| {
            let squares: f64 = at(step).map(|regret| (regret - mean).powi(2)).sum();
            (squares / (count - 1.0).max(1.0)).sqrt()
        });
        let deviation = deviation.collect();
        Ok(Self { mean, deviation, seeds: runs.len() })
    }
}
