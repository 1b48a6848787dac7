//! Weights that no longer become clearer.

use dartloom_relax::entropy_of_rows;
use dartloom_space::Space;
use serde::{Deserialize, Serialize};

use super::{Observed, Reason, StopRule, last};
use crate::SearchError;

/// Holds when the mean entropy of the weights has fallen and no longer falls.
///
/// ```text
/// | b | <= threshold    and    H_0 - H_t >= fall
///
/// b = sum_s (s - mean s) (H_s - mean H) / sum_s (s - mean s)^2     over the last `window` epochs s
/// ```
///
/// where `H_s` is the mean over all edges of the normalised entropy of their weights at the end of
/// epoch `s` ([`entropy_of_rows`]), in `[0, 1]`, and `H_0` that of the first epoch of the history.
/// `b` is the slope of the least-squares line, in entropy per epoch.
///
/// Source: the Preligens study of differentiable search measures the progress of a search by the
/// entropy of its weights; no rule has been published. The slope and the defaults are ours.
/// Entropies start flat, too: `fall` tells the beginning from the end.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EntropySlope {
    /// Epochs that the line is fitted to: at least 2.
    pub window: usize,
    /// The steepest slope that counts as flat, in entropy per epoch.
    pub threshold: f64,
    /// The fall of the entropy since the first epoch that is required.
    pub fall: f64,
}

impl Default for EntropySlope {
    /// Five epochs, a slope of 0.001, a fall of 0.05.
    fn default() -> Self {
        Self { window: 5, threshold: 0.001, fall: 0.05 }
    }
}

impl StopRule for EntropySlope {
    fn verdict(&self, _: &Space, history: &[Observed]) -> Result<Option<Reason>, SearchError> {
        let window = self.window.saturating_sub(1);
        let (Some(first), Some(_)) = (history.first(), last(history, window)) else {
            return Ok(None);
        };
        let recent = &history[history.len() - 1 - window..];
        let entropies = recent.iter().map(entropy).collect::<Result<Vec<f64>, _>>()?;
        let slope = slope(&entropies);
        let now = entropies.last().copied().unwrap_or(1.0);
        let fallen = entropy(first)? - now;
        let holds = slope.abs() <= self.threshold && fallen >= self.fall;
        Ok(holds.then(|| {
            let window = self.window;
            let threshold = self.threshold;
            let seen = format!(
                "slope {slope:.2e} per epoch over {window} epochs, at most {threshold} stops; \
                 entropy {now:.3}"
            );
            Reason::new("entropy slope", seen)
        }))
    }

    fn identity(&self) -> Option<String> {
        super::identity("EntropySlope", self)
    }
}

/// Mean normalised entropy over all edges of all cells.
fn entropy(at: &Observed) -> Result<f64, SearchError> {
    let rows = at.weights.cells().iter().flat_map(|cell| &cell.edges).map(Vec::as_slice);
    Ok(entropy_of_rows(rows)?.mean)
}

/// Slope of the least-squares line through `(0, values[0])`, `(1, values[1])`, ...; NaN for fewer
/// than two.
fn slope(values: &[f64]) -> f64 {
    let count = values.len() as f64;
    let middle = (count - 1.0) / 2.0;
    let mean = values.iter().sum::<f64>() / count;
    let offsets = || (0..values.len()).map(|index| index as f64 - middle);
    let product: f64 = offsets().zip(values).map(|(offset, value)| offset * (value - mean)).sum();
    product / offsets().map(|offset| offset * offset).sum::<f64>()
}
