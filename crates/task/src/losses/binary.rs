//! Losses of labels that are each there or not.

use candle_core::{D, Tensor};
use serde::{Deserialize, Serialize};

use super::BinaryFocal;
use super::focal::modulated;
use crate::check::{self, Expected};
use crate::parts::{Ratio, like, total};
use crate::{Parts, TaskError};

const EXPECTED: Expected = Expected {
    task: "binary loss",
    shapes: "logits [batch, labels, ..] with labels of the same shape",
};

/// The loss of logits for labels that are each there or not.
///
/// With logits x and labels y, 0 or 1, both `[batch, labels, ..]`, the mean over all elements that
/// count of the loss of each. Sum and count add up over shards.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum BinaryLoss {
    /// Cross-entropy, `-[v_i y log sigmoid(x) + (1 - y) log sigmoid(-x)]` with the positive weights
    /// v of the labels i ([`BinaryLabels`]).
    #[default]
    CrossEntropy,
    /// [`BinaryFocal`].
    Focal(BinaryFocal),
}

/// The labels of a [`BinaryLoss`].
#[derive(Clone, Copy, Debug, Default)]
pub struct BinaryLabels<'a> {
    /// The weight of each label where it is there; `None` for 1.
    pub positive: Option<&'a [f64]>,
    /// 1 for places that count and 0 for others, `[batch, 1, ..]` or as the labels; `None` for all.
    pub valid: Option<&'a Tensor>,
}

impl BinaryLoss {
    /// The loss of a batch, as parts that add up over shards.
    ///
    /// # Errors
    /// [`TaskError::Shape`], [`TaskError::Setting`], or the tensor library's.
    pub fn parts(
        &self,
        logits: &Tensor,
        target: &Tensor,
        about: BinaryLabels<'_>,
    ) -> Result<Parts, TaskError> {
        self.check()?;
        let labels = logits.dims().get(1).copied().unwrap_or_default();
        if logits.dims() != target.dims() || labels == 0 {
            return Err(EXPECTED.refused(labels, logits, target));
        }
        // log sigmoid(x) is the log-softmax of (0, x): no exponential of either overflows, and the
        // slope at 0 is right.
        let pairs = Tensor::stack(&[logits.zeros_like()?, logits.clone()], logits.rank())?;
        let log = candle_nn::ops::log_softmax(&pairs, D::Minus1)?;
        let side = |at: usize| log.narrow(D::Minus1, at, 1)?.squeeze(D::Minus1);
        let there = target.to_dtype(logits.dtype())?;
        let absent = there.affine(-1.0, 1.0)?;
        let cost = |side: Tensor| match self {
            Self::CrossEntropy => side.neg(),
            Self::Focal(focal) => modulated(&side, focal.gamma),
        };
        let mut found = (cost(side(1)?)? * &there)?;
        let mut missed = (cost(side(0)?)? * &absent)?;
        if let Some(alpha) = self.alpha() {
            found = (found * alpha)?;
            missed = (missed * (1.0 - alpha))?;
        }
        if let Some(positive) = about.positive {
            check::weights(positive, labels)?;
            let mut dims = vec![1; logits.rank()];
            dims[1] = labels;
            found = found.broadcast_mul(&like(positive, logits)?.reshape(dims)?)?;
        }
        let costs = (found + missed)?;
        let Some(valid) = about.valid else {
            let count = logits.elem_count() as f64;
            return Ok(Parts::new(&[costs.sum_all()?], vec![count], Ratio::Mean { weight: 1.0 })?);
        };
        let valid = valid.to_dtype(logits.dtype())?.broadcast_as(logits.dims())?;
        let sum = (costs * &valid)?.sum_all()?;
        Ok(Parts::new(&[sum], vec![total(&valid)?], Ratio::Mean { weight: 1.0 })?)
    }

    /// Refuses settings that make no sense.
    ///
    /// # Errors
    /// [`TaskError::Setting`] with the name of the field.
    pub fn check(&self) -> Result<(), TaskError> {
        let Self::Focal(BinaryFocal { gamma, alpha }) = *self else { return Ok(()) };
        check::at_least("gamma", gamma, 0.0)?;
        match alpha {
            Some(alpha) if !(0.0..=1.0).contains(&alpha) => Err(TaskError::Setting {
                field: "alpha",
                expected: "from 0 to 1".to_owned(),
                found: alpha.to_string(),
            }),
            _ => Ok(()),
        }
    }

    fn alpha(&self) -> Option<f64> {
        match self {
            Self::CrossEntropy => None,
            Self::Focal(focal) => focal.alpha,
        }
    }
}
