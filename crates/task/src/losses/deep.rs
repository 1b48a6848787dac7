//! Losses of several heads.

use candle_core::Tensor;

use crate::{Parts, Task, TaskError};

/// Deep supervision: the losses of several heads of one network, each weighed.
///
/// `loss = sum_i v_i loss_i` over the heads i, the main one, of the finest planes, first. By
/// default `v_i = 2^-i / s` with `v = 0` for the coarsest of several heads and s such that the
/// weights sum to 1, as in nnU-Net (Isensee et al. 2018, arXiv:1809.10486; its code for the
/// weights); deep supervision itself is Lee et al. 2015, arXiv:1409.5185. The mask of a head with
/// smaller planes has its nearest pixels, `floor(row H / h)` of H rows for h, and columns alike.
#[derive(Clone, Debug, PartialEq)]
pub struct DeepSupervision {
    weights: Vec<f64>,
}

impl DeepSupervision {
    /// The usual weights of so many heads; a single one has 1.
    ///
    /// # Errors
    /// [`TaskError::Setting`] for no head, or more than 64.
    pub fn new(heads: usize) -> Result<Self, TaskError> {
        if !(1..=64).contains(&heads) {
            let expected = "from 1 to 64".to_owned();
            return Err(TaskError::Setting { field: "heads", expected, found: heads.to_string() });
        }
        let last = heads - 1;
        let weight =
            |head: usize| if head == last && last > 0 { 0.0 } else { 0.5_f64.powi(head as i32) };
        let weights: Vec<f64> = (0..heads).map(weight).collect();
        let sum: f64 = weights.iter().sum();
        Ok(Self { weights: weights.into_iter().map(|weight| weight / sum).collect() })
    }

    /// Weights of your own, used as they are.
    ///
    /// # Errors
    /// [`TaskError::Setting`] unless they are finite numbers of at least 0, not all 0.
    pub fn with_weights(weights: Vec<f64>) -> Result<Self, TaskError> {
        crate::check::weights(&weights, weights.len())?;
        Ok(Self { weights })
    }

    /// The weight of each head, the main one's first.
    #[must_use]
    pub fn weights(&self) -> &[f64] {
        &self.weights
    }

    /// The loss of the outputs of all heads, the main one's first, as parts that add up over
    /// shards. Heads of weight 0 are not looked at.
    ///
    /// # Errors
    /// [`TaskError::Setting`] for another number of heads, and those of the task's
    /// [`parts`](Task::parts).
    pub fn parts(
        &self,
        task: &dyn Task,
        outputs: &[&Tensor],
        target: &Tensor,
    ) -> Result<Parts, TaskError> {
        if outputs.len() != self.weights.len() {
            let expected = format!("{} heads", self.weights.len());
            let found = outputs.len().to_string();
            return Err(TaskError::Setting { field: "heads", expected, found });
        }
        let heads = outputs.iter().zip(&self.weights).filter(|(_, weight)| **weight > 0.0);
        let parts = heads.map(|(output, &weight)| {
            let target = of_planes(target, output)?;
            Ok((weight, task.parts(output, &target)?))
        });
        let parts = parts.collect::<Result<Vec<_>, TaskError>>()?;
        Ok(Parts::weighted(&parts)?)
    }
}

/// A mask `[batch, H, W]` with the nearest pixels of planes `[batch, .., h, w]`; whatever is no
/// mask stays as it is.
fn of_planes(target: &Tensor, output: &Tensor) -> Result<Tensor, candle_core::Error> {
    let (&[_, height, width], &[_, _, rows, columns]) = (target.dims(), output.dims()) else {
        return Ok(target.clone());
    };
    if [height, width] == [rows, columns] {
        return Ok(target.clone());
    }
    let nearest = |from: usize, to: usize| {
        let places: Vec<u32> = (0..to).map(|place| (place * from / to) as u32).collect();
        Tensor::from_vec(places, to, target.device())
    };
    let rows = target.index_select(&nearest(height, rows)?, 1)?;
    rows.index_select(&nearest(width, columns)?, 2)
}

#[cfg(test)]
mod tests;
