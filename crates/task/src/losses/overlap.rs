//! Losses of the overlap of predicted and true areas.

use candle_core::Tensor;
use serde::{Deserialize, Serialize};

use super::labels::Read;
use crate::parts::{Overlap, Ratio, like};
use crate::{Parts, TaskError, check};

/// The pixels over which an overlap is taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Over {
    /// Those of the whole batch. The overlaps of parts of a batch do not add up to that of the
    /// whole; their sums do ([`Parts`]).
    #[default]
    Batch,
    /// Those of each image; the loss is the mean over the images with a pixel that counts, and adds
    /// up over shards.
    Image,
}

/// Soft Dice loss: `1 - mean_c D_c` with
/// `D_c = (2 sum_p q_p(c) g_p(c) + e) / (sum_p q_p(c) + sum_p g_p(c) + e)`, shares q = softmax of
/// the logits, g = 1 where the label is c and else 0, e = `smooth`, over pixels p that count
/// (Milletari et al. 2016, arXiv:1606.04797). Weights of classes have no part in it.
///
/// # Differences from the paper
/// The denominators are not squared, and the sums go over the batch by default, both as in nnU-Net
/// (arXiv:1809.10486), which further leaves the background out: `background: false`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Dice {
    /// The pixels over which a coefficient is taken.
    pub over: Over,
    /// True where class 0 counts.
    pub background: bool,
    /// The smoothing term, above 0: a class that is neither there nor predicted has coefficient 1.
    pub smooth: f64,
}

impl Default for Dice {
    /// Over the batch and all classes, with 1e-5.
    fn default() -> Self {
        Self { over: Over::Batch, background: true, smooth: 1e-5 }
    }
}

/// Tversky loss: `1 - mean_c T_c` with `T_c = (tp + e) / (tp + a fp + b fn + e)`, where
/// `tp = sum_p q_p(c) g_p(c)`, `fp = sum_p q_p(c) (1 - g_p(c))`, `fn = sum_p (1 - q_p(c)) g_p(c)`,
/// a = `alpha`, b = `beta` and e = `smooth` (Salehi et al. 2017, arXiv:1706.05721); q, g and p as
/// in [`Dice`]. With a = b = 1/2 it is the Dice loss of twice the smoothing term; a larger b finds
/// more of rare classes.
///
/// # Differences from the paper
/// The paper has two classes and no smoothing term.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Tversky {
    /// The weight of wrongly predicted pixels, 0 or more.
    pub alpha: f64,
    /// The weight of missed pixels, 0 or more.
    pub beta: f64,
    /// The pixels over which an index is taken.
    pub over: Over,
    /// True where class 0 counts.
    pub background: bool,
    /// The smoothing term, above 0.
    pub smooth: f64,
}

impl Default for Tversky {
    /// The best of the paper, 0.3 and 0.7, over the batch and all classes, with 1e-5.
    fn default() -> Self {
        let Dice { over, background, smooth } = Dice::default();
        Self { alpha: 0.3, beta: 0.7, over, background, smooth }
    }
}

impl Dice {
    pub(super) fn check(&self, classes: usize) -> Result<(), TaskError> {
        check::above("smooth", self.smooth)?;
        foreground(self.background, classes)
    }

    pub(super) fn of(&self, read: &Read<'_>) -> Result<Parts, TaskError> {
        // Twice the overlap with half the weights: half the smoothing term.
        let Self { over, background, smooth } = *self;
        let overlap = Overlap { alpha: 0.5, beta: 0.5, smooth: smooth / 2.0, background };
        parts(read, over, overlap)
    }
}

impl Tversky {
    pub(super) fn check(&self, classes: usize) -> Result<(), TaskError> {
        check::at_least("alpha", self.alpha, 0.0)?;
        check::at_least("beta", self.beta, 0.0)?;
        check::above("smooth", self.smooth)?;
        foreground(self.background, classes)
    }

    pub(super) fn of(&self, read: &Read<'_>) -> Result<Parts, TaskError> {
        let Self { alpha, beta, over, background, smooth } = *self;
        parts(read, over, Overlap { alpha, beta, smooth, background })
    }
}

/// Refuses a loss without any class.
fn foreground(background: bool, classes: usize) -> Result<(), TaskError> {
    if background || classes > 1 {
        return Ok(());
    }
    let expected = "true, for a single class".to_owned();
    Err(TaskError::Setting { field: "background", expected, found: "false".to_owned() })
}

fn parts(read: &Read<'_>, over: Over, overlap: Overlap) -> Result<Parts, TaskError> {
    let classes = read.about.classes;
    let all = Tensor::arange(0_u32, classes as u32, read.log.device())?;
    let mask = read.counted.unsqueeze(1)?;
    let there = read.labels.unsqueeze(1)?.broadcast_eq(&all.reshape((1, classes, 1))?)?;
    let there = there.to_dtype(read.log.dtype())?.broadcast_mul(&mask)?;
    let said = read.log.exp()?.broadcast_mul(&mask)?;
    // [batch, classes]
    let both = (&said * &there)?.sum(2)?;
    let said = said.sum(2)?;
    if over == Over::Batch {
        let ratio = Ratio::Overlap { weight: 1.0, classes, overlap };
        return Ok(Parts::new(&[both.sum(0)?, said.sum(0)?], read.counts(), ratio)?);
    }
    let counts: Vec<f64> = read.there.concat();
    let there = like(&counts, &both)?.reshape(both.dims())?;
    let losses = overlap.loss([&both, &said, &there])?;
    // An image without a pixel that counts says nothing.
    let known = |counts: &Vec<f64>| f64::from(u8::from(counts.iter().any(|&count| count > 0.0)));
    let known: Vec<f64> = read.there.iter().map(known).collect();
    let sum = (losses * like(&known, &both)?)?.sum_all()?;
    Ok(Parts::new(&[sum], vec![known.iter().sum()], Ratio::Mean { weight: 1.0 })?)
}
