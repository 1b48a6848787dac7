//! The distance of a search from the best architecture, evaluation by evaluation.

use dartloom_record::Refused;
use dartloom_record::statistics::{mean, sample_sd};

use super::{ExploreError, Table, Trial};

/// The regret after each trial: with `b_t` the best of the first `t` trials by the quality that the
/// search saw, `regret_t = max(reported) - reported(b_t)`, in the unit of the table; `None` before
/// anything was measured.
///
/// It may rise: an architecture that looks better to the search may have a worse reported value.
///
/// # Errors
/// [`ExploreError::NotInTable`] for a measured trial that the table does not have.
pub fn regrets(table: &Table, trials: &[Trial]) -> Result<Vec<Option<f64>>, ExploreError> {
    let best_of_all = table.best_reported();
    let mut best = f64::NEG_INFINITY;
    let mut regret = None;
    let mut curve = Vec::with_capacity(trials.len());
    for Trial { proposal, outcome } in trials {
        if let Some(quality) = outcome.quality().filter(|quality| *quality > best) {
            let row = table.row(&proposal.genotype);
            let row = row.ok_or(ExploreError::NotInTable { task: proposal.task })?;
            best = quality;
            regret = Some(best_of_all - row.reported);
        }
        curve.push(regret);
    }
    Ok(curve)
}

/// Regrets of several seeds, evaluation by evaluation.
#[derive(Clone, Debug, PartialEq)]
pub struct RegretCurve {
    /// Mean over the seeds; `None` while one of them has measured nothing.
    pub mean: Vec<Option<f64>>,
    /// Standard deviation of the seeds around the mean, with `n - 1`; `None` if there is no mean or
    /// only one seed.
    pub deviation: Vec<Option<f64>>,
    /// Number of seeds.
    pub seeds: usize,
}

impl RegretCurve {
    /// The curve over some seeds ([`regrets`]). It is as long as the longest of them; a search that
    /// ended earlier keeps its last regret.
    ///
    /// # Errors
    /// [`ExploreError::Config`] when there is no seed, or one without a trial.
    pub fn of(runs: &[Vec<Option<f64>>]) -> Result<Self, ExploreError> {
        let shortest = runs.iter().map(Vec::len).min().unwrap_or(0);
        if shortest == 0 {
            let field = "runs";
            let expected = "one with trials for each of one or more seeds";
            let found = format!("{} runs, the shortest of {shortest} trials", runs.len());
            return Err(Refused::new(field, expected, found).into());
        }
        let longest = runs.iter().map(Vec::len).max().unwrap_or(0);
        let at = |step: usize| -> Option<Vec<f64>> {
            runs.iter().map(|run| run[step.min(run.len() - 1)]).collect()
        };
        let steps: Vec<Option<Vec<f64>>> = (0..longest).map(at).collect();
        let over = |statistic: fn(&[f64]) -> Option<f64>| {
            steps.iter().map(|step| step.as_deref().and_then(statistic)).collect()
        };
        Ok(Self { mean: over(mean), deviation: over(sample_sd), seeds: runs.len() })
    }
}
