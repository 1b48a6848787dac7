//! An architecture that no longer moves (D-DARTS).

use dartloom_space::{Genotype, Space};
use serde::{Deserialize, Serialize};

use super::{ArchitectureDistance, Distance, Observed, Reason, StopRule, last};
use crate::SearchError;

/// Holds, from epoch `from` on, when the decoded architecture has moved by no more than `tolerance`
/// since each of the `epochs` epochs before.
///
/// ```text
/// move_k <= tolerance                                    for k = 1, ..., epochs
/// move_k = | d(G_t, reference) - d(G_(t - k), reference) |    with a reference
/// move_k = d(G_t, G_(t - k))                                  without
/// ```
///
/// where `G_t` is the architecture at the end of epoch `t` and `d` the `distance`. The reference is
/// the start of the search, such as an encoded ResNet. When `d` is a metric, the second form bounds
/// the first for every reference: an architecture can circle around its reference, but not around
/// itself.
///
/// Source: Heuillet et al., *D-DARTS*, section 5.4: the search ends when the distance to the
/// original architecture stays stable for 5 consecutive epochs, starting from epoch 10 with 5
/// epochs of pre-training among them.
///
/// # Differences from the paper
/// - The paper always has a reference, the hand-made architecture that it optimises, and does not
///   define stable; the tolerance is that of the released code.
/// - The released code compares with the 4 epochs before ([`epochs`](Self::epochs)) and does so
///   from the fifth epoch after pre-training on, which is epoch 10, too. Its rule cannot be run: it
///   compares architectures of different operation sets and fails.
/// - Any distance will do; [`Distance::Sets`] is the paper's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DistancePlateau<D = Distance> {
    /// The largest move that counts as none, in units of the distance.
    pub tolerance: f64,
    /// Epochs to look back: at least 1.
    pub epochs: usize,
    /// The first epoch in which the rule may hold, from 0 and with warm-up.
    pub from: usize,
    /// The architecture from which distances are measured; `None` for the epochs before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<Genotype>,
    /// The distance.
    pub distance: D,
}

impl Default for DistancePlateau {
    /// The rule of the paper, with [`Distance::Genes`].
    fn default() -> Self {
        Self::new(Distance::Genes)
    }
}

impl<D> DistancePlateau<D> {
    /// The rule of D-DARTS' paper with this distance and without a reference.
    pub fn new(distance: D) -> Self {
        Self { tolerance: 0.001, epochs: 5, from: 10, reference: None, distance }
    }
}

impl<D: ArchitectureDistance> StopRule for DistancePlateau<D> {
    fn verdict(&self, _: &Space, history: &[Observed]) -> Result<Option<Reason>, SearchError> {
        let Some((now, before)) = last(history, self.epochs) else { return Ok(None) };
        if now.epoch < self.from {
            return Ok(None);
        }
        let mut largest = 0.0_f64;
        for then in before {
            let moved = self.moved(&then.genotype, &now.genotype)?;
            if moved > self.tolerance || moved.is_nan() {
                return Ok(None);
            }
            largest = largest.max(moved);
        }
        let epochs = self.epochs;
        let tolerance = self.tolerance;
        let seen = format!("moved by {largest} in {epochs} epochs, at most {tolerance} stops");
        Ok(Some(Reason::new("distance plateau", seen)))
    }

    fn identity(&self) -> Option<String> {
        let Self { tolerance, epochs, from, reference, distance } = self;
        let numbers = (tolerance, epochs, from, reference, distance.identity()?);
        super::identity("DistancePlateau", &numbers)
    }
}

impl<D: ArchitectureDistance> DistancePlateau<D> {
    fn moved(&self, then: &Genotype, now: &Genotype) -> Result<f64, SearchError> {
        match &self.reference {
            None => self.distance.between(then, now),
            Some(reference) => {
                let then = self.distance.between(then, reference)?;
                let now = self.distance.between(now, reference)?;
                Ok((now - then).abs())
            }
        }
    }
}
