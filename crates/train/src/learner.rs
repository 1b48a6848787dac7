//! The way from a loss to gradients.

use std::collections::BTreeMap;

use candle_core::{Tensor, Var};
use dartloom_task::Loss;

use crate::evaluate::scalar;
use crate::gradients::gradients_of_groups;
use crate::reduce::{Alone, Reduce, ReduceError};
use crate::{Finite, Gradients, TrainError};

/// The mean loss of this rank's part of a batch.
#[derive(Clone, Debug)]
pub struct MeanLoss {
    /// A scalar, regularisers included.
    pub mean: Tensor,
    /// The number of things that the mean is taken over: images, labels, pixels, or their weights.
    /// Means of ranks are weighted by it.
    pub count: f64,
}

impl TryFrom<&Loss> for MeanLoss {
    type Error = candle_core::Error;

    fn try_from(loss: &Loss) -> Result<Self, candle_core::Error> {
        Ok(Self { mean: loss.mean()?, count: loss.count })
    }
}

/// A loss and its gradients, over all ranks.
#[derive(Clone, Debug)]
pub struct Learnt<const N: usize> {
    /// The loss: `sum_r c_r l_r / sum_r c_r` over ranks `r` with means `l_r` of counts `c_r`.
    pub loss: f64,
    /// Its gradients by each group of variables that was asked for, in their order.
    pub gradients: [Gradients; N],
}

/// The way from a loss to gradients: finite check, backward pass, and the mean over all ranks,
/// weighted by the count of each.
///
/// With a single rank, nothing is multiplied.
#[derive(Clone, Copy, Debug)]
pub struct Learner<'a> {
    /// Sums over ranks.
    pub reduce: &'a dyn Reduce,
    /// The step that errors name.
    pub guard: Finite<'a>,
}

impl<'a> Learner<'a> {
    /// One rank, which learns from the whole batch.
    pub fn alone(guard: Finite<'a>) -> Self {
        Self { reduce: &Alone, guard }
    }

    /// The gradients of a loss by the variables of each group; `pass` names the loss in errors, and
    /// `locate` finds where a number that is not finite came from.
    ///
    /// # Errors
    /// [`TrainError::NotFinite`] before anything is computed from such a loss,
    /// [`TrainError::Reduce`] when another rank fails, or the error of the backward pass.
    pub fn gradients<const N: usize>(
        &self,
        pass: &str,
        loss: &MeanLoss,
        of: [&BTreeMap<String, Var>; N],
        locate: impl FnOnce() -> Option<String>,
    ) -> Result<Learnt<N>, TrainError> {
        let value = self.guard.check(pass, scalar(&loss.mean)?, locate)?;
        let learnt = Learnt { loss: value, gradients: gradients_of_groups(&loss.mean, of)? };
        match self.reduce.rank().size {
            1 => Ok(learnt),
            _ => Ok(self.reduced(learnt, loss.count)?),
        }
    }

    /// Scales gradients so that their norm is at most `most` and returns the norm before, as
    /// [`Gradients::clip_norm`] does; `what` names it in errors.
    ///
    /// # Errors
    /// [`TrainError::NotFinite`] with the first variable whose gradient is not finite.
    pub fn clip(
        &self,
        what: &str,
        gradients: &mut Gradients,
        most: f64,
    ) -> Result<f64, TrainError> {
        let norm = gradients.clip_norm(most)?;
        self.guard.check(what, norm, || gradients.first_not_finite().map(str::to_owned))
    }

    fn reduced<const N: usize>(
        &self,
        learnt: Learnt<N>,
        count: f64,
    ) -> Result<Learnt<N>, ReduceError> {
        let Learnt { loss, mut gradients } = learnt;
        let names = fingerprint(&gradients);
        let mut tensors = gradients.iter().flat_map(|group| group.0.values());
        let mut tensors: Vec<Tensor> =
            tensors.by_ref().map(|gradient| gradient * count).collect::<Result<_, _>>()?;
        let mut numbers = [count, count * loss, names];
        self.reduce.sum(&mut tensors, &mut numbers)?;
        let [total, sum, all] = numbers;
        let rank = self.reduce.rank();
        if (all - names * rank.size as f64).abs() > 0.5 {
            return Err(ReduceError::Names { rank: rank.index });
        }
        let slots = gradients.iter_mut().flat_map(|group| group.0.values_mut());
        for (slot, tensor) in slots.zip(tensors) {
            *slot = (tensor / total)?;
        }
        Ok(Learnt { loss: sum / total, gradients })
    }
}

/// A whole number below 2^40 computed from the names of all gradients (FNV-1a), so that sums of it
/// over ranks are exact.
fn fingerprint(gradients: &[Gradients]) -> f64 {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for group in gradients {
        let names = group.0.keys().flat_map(|name| name.bytes().chain([0]));
        for byte in names.chain([1]) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    (hash >> 24) as f64
}
