mod ratio;
mod totals;

use candle_core::{DType, Device, Tensor, Var};

pub(crate) use self::ratio::{Overlap, Ratio};
pub use self::totals::Totals;
use crate::{Loss, TaskError};

/// A batch's loss before its ratios: sums and counts that add up over the shards of the batch, and
/// the rule that makes them a loss.
///
/// A mean and a Dice loss over a batch are ratios of sums. Ratios of shards do not add up, their
/// sums do. Workers that share a batch therefore add [`sums`](Self::sums) and
/// [`counts`](Self::counts), put the totals into the rule ([`with_totals`](Self::with_totals)), and
/// each learns from its own [`share`](Self::share): the gradients of the shares, added over the
/// workers, are those of the loss of the whole batch.
///
/// | loss | sums | counts |
/// | --- | --- | --- |
/// | a mean | the sum of the losses | what they are divided by |
/// | Dice or Tversky over the batch | of each class `sum_p q_p(c) g_p(c)`, then of each class `sum_p q_p(c)` | of each class `sum_p g_p(c)` |
/// | several losses | one after the other | one after the other |
///
/// with predicted shares q and labels g, 1 where pixel p is of class c and else 0.
#[derive(Clone, Debug)]
pub struct Parts {
    /// Sums of what depends on the outputs, `[n]`, differentiable in them.
    pub sums: Tensor,
    /// Sums of what depends on the targets alone.
    pub counts: Vec<f64>,
    ratios: Vec<Ratio>,
}

impl Parts {
    pub(crate) fn new(
        sums: &[Tensor],
        counts: Vec<f64>,
        ratio: Ratio,
    ) -> Result<Self, candle_core::Error> {
        let sums = sums.iter().map(Tensor::flatten_all).collect::<Result<Vec<_>, _>>()?;
        Ok(Self { sums: Tensor::cat(&sums, 0)?, counts, ratios: vec![ratio] })
    }

    /// The parts of a loss that is a sum over counted items: both add up as they are.
    ///
    /// # Errors
    /// Those of the tensor library.
    pub fn of(loss: &Loss) -> Result<Self, candle_core::Error> {
        Self::new(std::slice::from_ref(&loss.sum), vec![loss.count], Ratio::Mean { weight: 1.0 })
    }

    /// The sum of losses, each with its weight.
    ///
    /// # Errors
    /// Those of the tensor library, one of them for no loss.
    pub fn weighted(losses: &[(f64, Self)]) -> Result<Self, candle_core::Error> {
        let sums: Vec<_> = losses.iter().map(|(_, parts)| parts.sums.clone()).collect();
        let counts = losses.iter().flat_map(|(_, parts)| parts.counts.clone()).collect();
        let weighted = |(weight, parts): &(f64, Self)| {
            parts.ratios.iter().map(|ratio| ratio.weighted(*weight)).collect::<Vec<_>>()
        };
        let ratios = losses.iter().flat_map(weighted).collect();
        Ok(Self { sums: Tensor::cat(&sums, 0)?, counts, ratios })
    }

    /// The same rule for other sums and counts, those of all shards.
    ///
    /// # Errors
    /// [`TaskError::Parts`] for sums or counts of another number.
    pub fn with_totals(&self, sums: Tensor, counts: Vec<f64>) -> Result<Self, TaskError> {
        if sums.dims() == self.sums.dims() && counts.len() == self.counts.len() {
            return Ok(Self { sums, counts, ratios: self.ratios.clone() });
        }
        Err(TaskError::Parts {
            expected: [self.sums.elem_count(), self.counts.len()],
            found: [sums.elem_count(), counts.len()],
        })
    }

    /// The loss, a scalar: 0 where nothing is counted.
    ///
    /// # Errors
    /// Those of the tensor library.
    pub fn mean(&self) -> Result<Tensor, candle_core::Error> {
        let mut sums = 0;
        let mut counts = &self.counts[..];
        let mut total: Option<Tensor> = None;
        for ratio in &self.ratios {
            let [width, own] = ratio.widths();
            let loss = ratio.close(&self.sums.narrow(0, sums, width)?, &counts[..own])?;
            counts = &counts[own..];
            sums += width;
            total = Some(match total {
                Some(total) => (total + loss)?,
                None => loss,
            });
        }
        match total {
            Some(total) => Ok(total),
            None => Tensor::zeros((), self.sums.dtype(), self.sums.device()),
        }
    }

    /// The loss of this part alone, as a sum and a count whose quotient is [`mean`](Self::mean).
    /// The count is that of the first loss, for a Dice loss the number of pixels.
    ///
    /// # Errors
    /// Those of the tensor library.
    pub fn close(&self) -> Result<Loss, candle_core::Error> {
        if let [Ratio::Mean { weight }] = self.ratios[..] {
            let sum = self.sums.squeeze(0)?;
            // A product with 1 would be a node of the graph for nothing.
            let sum = if (weight - 1.0).abs() > 0.0 { (sum * weight)? } else { sum };
            return Ok(Loss { sum, count: self.counts[0] });
        }
        let first = self.ratios.first().map_or(0, |ratio| ratio.widths()[1]);
        let count: f64 = self.counts[..first].iter().sum();
        Ok(Loss { sum: (self.mean()? * count)?, count })
    }

    /// A scalar whose gradient by the outputs of this shard is that of the loss of the `whole`, of
    /// which this is a part. Its value is not a loss.
    ///
    /// # Errors
    /// Those of the tensor library.
    pub fn share(&self, whole: &Self) -> Result<Tensor, candle_core::Error> {
        let totals = Var::from_tensor(&whole.sums.detach())?;
        let store = whole.closed_from(totals.as_tensor())?.backward()?;
        match store.get(totals.as_tensor()) {
            Some(slopes) => (&self.sums * slopes.detach())?.sum_all(),
            None => self.sums.zeros_like()?.sum_all(),
        }
    }

    fn closed_from(&self, sums: &Tensor) -> Result<Tensor, candle_core::Error> {
        let ratios = self.ratios.clone();
        Self { sums: sums.clone(), counts: self.counts.clone(), ratios }.mean()
    }
}

/// Numbers as a tensor of the type and on the device of another one.
pub(crate) fn like(numbers: &[f64], other: &Tensor) -> Result<Tensor, candle_core::Error> {
    Tensor::new(numbers, &Device::Cpu)?.to_dtype(other.dtype())?.to_device(other.device())
}

/// The sum of all elements, in `f64`.
pub(crate) fn total(tensor: &Tensor) -> Result<f64, candle_core::Error> {
    tensor.to_device(&Device::Cpu)?.to_dtype(DType::F64)?.sum_all()?.to_scalar()
}

#[cfg(test)]
mod tests;
