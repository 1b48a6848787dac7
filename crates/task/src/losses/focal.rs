//! Focal losses.

use candle_core::Tensor;
use serde::{Deserialize, Serialize};

use super::labels::Read;
use crate::parts::Ratio;
use crate::{Parts, TaskError};

/// Focal loss of one class out of several: `sum_p w(y_p) (1 - q_p(y_p))^g l_p(y_p) / n`, with
/// `l = -log q`, g = `gamma` and n the number of places that count (Lin et al. 2017,
/// arXiv:1708.02002). Its sum and its count add up over shards.
///
/// # Differences from the paper
/// The paper has a sigmoid for each class ([`BinaryFocal`]) and divides by the number of anchors
/// with an object.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Focal {
    /// The power of what is missing to certainty, 0 or more; 0 is the cross-entropy.
    pub gamma: f64,
}

impl Default for Focal {
    /// The paper's 2.
    fn default() -> Self {
        Self { gamma: 2.0 }
    }
}

/// Focal loss of labels that are each there or not: `sum a_t (1 - p_t)^g l / n` over all n elements
/// that count, with p = sigmoid(logit), `p_t = p` and `a_t = a` where the label is there,
/// `p_t = 1 - p` and `a_t = 1 - a` where not, `l = -log p_t`, g = `gamma` and a = `alpha` (Lin et
/// al. 2017, arXiv:1708.02002). Its sum and its count add up over shards.
///
/// # Differences from the paper
/// The paper divides by the number of anchors with an object; here, as in torchvision's mean, every
/// element counts.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BinaryFocal {
    /// The power of what is missing to certainty, 0 or more.
    pub gamma: f64,
    /// The weight of labels that are there, from 0 to 1; `None` weighs both alike with 1.
    pub alpha: Option<f64>,
}

impl Default for BinaryFocal {
    /// The paper's 2 and 0.25.
    fn default() -> Self {
        Self { gamma: 2.0, alpha: Some(0.25) }
    }
}

impl Focal {
    pub(super) fn of(&self, read: &Read<'_>) -> Result<Parts, TaskError> {
        let log = read.own_log()?;
        let cost = (modulated(&log, self.gamma)? * read.own_weights()?)?;
        Ok(Parts::new(&[cost.sum_all()?], vec![read.places()], Ratio::Mean { weight: 1.0 })?)
    }
}

/// `-(1 - exp(log))^gamma log`.
///
/// Below the rounding of 1 the difference from it is kept positive, since a power below 1 has no
/// slope at 0.
pub(super) fn modulated(log: &Tensor, gamma: f64) -> Result<Tensor, candle_core::Error> {
    if gamma <= 0.0 {
        return log.neg();
    }
    const LEAST: f64 = 1e-8;
    let missing = log.exp()?.affine(-1.0, 1.0)?.maximum(LEAST)?;
    missing.powf(gamma)? * log.neg()?
}
