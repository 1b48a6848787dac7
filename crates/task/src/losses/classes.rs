//! Losses of one class out of several.

use candle_core::Tensor;
use serde::{Deserialize, Serialize};

use super::labels::Read;
use super::{ClassLabels, Dice, Focal, Over, Tversky};
use crate::parts::Ratio;
use crate::{Parts, TaskError, check};

/// The loss of logits for one class out of several, for each pixel or image.
///
/// With logits x, `[batch, classes, ..]`, `q = softmax(x)` over the classes, labels y,
/// `[batch, ..]`, and w the weights of the classes ([`ClassLabels`]); sums go over the places p
/// that count.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum ClassLoss {
    /// [`CrossEntropy`].
    CrossEntropy(CrossEntropy),
    /// [`Focal`].
    Focal(Focal),
    /// [`Dice`].
    Dice(Dice),
    /// [`Tversky`].
    Tversky(Tversky),
    /// [`DiceCrossEntropy`].
    DiceCrossEntropy(DiceCrossEntropy),
}

impl Default for ClassLoss {
    /// Cross-entropy without smoothing.
    fn default() -> Self {
        Self::CrossEntropy(CrossEntropy::default())
    }
}

/// Cross-entropy: `sum_p [(1 - s) w(y_p) l_p(y_p) + (s / C) sum_c w(c) l_p(c)] / sum_p w(y_p)` with
/// `l = -log q`, C classes and s = `smoothing` (Szegedy et al. 2015, arXiv:1512.00567, section 7).
/// Its sum and its count add up over shards.
///
/// # Differences from the paper
/// Weights of classes are as in PyTorch; the paper has none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CrossEntropy {
    /// Label smoothing, 0 or more and less than 1.
    pub smoothing: f64,
}

/// Cross-entropy and `share` times a [`Dice`] loss, the usual loss of nnU-Net (Isensee et al. 2018,
/// arXiv:1809.10486).
///
/// # Differences from the paper
/// nnU-Net leaves the background out of the Dice loss, `background: false`; here it counts unless
/// that is set.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DiceCrossEntropy {
    /// Label smoothing of the cross-entropy, 0 or more and less than 1.
    pub smoothing: f64,
    /// The weight of the Dice loss beside the cross-entropy, 0 or more.
    pub share: f64,
    /// The pixels over which the Dice coefficient is taken.
    pub over: Over,
    /// True where class 0 counts in the Dice loss.
    pub background: bool,
    /// The smoothing term of the Dice coefficient, above 0.
    pub smooth: f64,
}

impl Default for DiceCrossEntropy {
    /// The cross-entropy and one Dice loss with its defaults.
    fn default() -> Self {
        let Dice { over, background, smooth } = Dice::default();
        Self { smoothing: 0.0, share: 1.0, over, background, smooth }
    }
}

impl ClassLoss {
    /// The loss of a batch, as parts that add up over shards.
    ///
    /// # Errors
    /// [`TaskError::Shape`], [`TaskError::Label`], [`TaskError::Setting`], or the tensor library's.
    pub fn parts(
        &self,
        logits: &Tensor,
        target: &Tensor,
        about: ClassLabels<'_>,
    ) -> Result<Parts, TaskError> {
        self.check(about.classes)?;
        let read = about.read(logits, target)?;
        match self {
            Self::CrossEntropy(loss) => loss.of(&read),
            Self::Focal(loss) => loss.of(&read),
            Self::Dice(loss) => loss.of(&read),
            Self::Tversky(loss) => loss.of(&read),
            Self::DiceCrossEntropy(loss) => {
                let entropy = loss.entropy().of(&read)?;
                Ok(Parts::weighted(&[(1.0, entropy), (loss.share, loss.dice().of(&read)?)])?)
            }
        }
    }

    /// Refuses settings that make no sense.
    ///
    /// # Errors
    /// [`TaskError::Setting`] with the name of the field.
    pub fn check(&self, classes: usize) -> Result<(), TaskError> {
        match self {
            Self::CrossEntropy(loss) => check::smoothing(loss.smoothing),
            Self::Focal(loss) => check::at_least("gamma", loss.gamma, 0.0),
            Self::Dice(loss) => loss.check(classes),
            Self::Tversky(loss) => loss.check(classes),
            Self::DiceCrossEntropy(loss) => {
                check::smoothing(loss.smoothing)?;
                check::at_least("share", loss.share, 0.0)?;
                loss.dice().check(classes)
            }
        }
    }

    /// The same without what only helps learning: label smoothing.
    #[must_use]
    pub fn judged(&self) -> Self {
        let mut own = self.clone();
        match &mut own {
            Self::CrossEntropy(CrossEntropy { smoothing })
            | Self::DiceCrossEntropy(DiceCrossEntropy { smoothing, .. }) => *smoothing = 0.0,
            _ => {}
        }
        own
    }

    /// True if losses of parts of a batch add up to that of the whole: a ratio of sums over the
    /// batch does not.
    #[must_use]
    pub fn adds_up(&self) -> bool {
        match self {
            Self::CrossEntropy(_) | Self::Focal(_) => true,
            Self::Dice(Dice { over, .. }) | Self::Tversky(Tversky { over, .. }) => {
                *over == Over::Image
            }
            Self::DiceCrossEntropy(_) => false,
        }
    }
}

impl DiceCrossEntropy {
    fn entropy(&self) -> CrossEntropy {
        CrossEntropy { smoothing: self.smoothing }
    }

    fn dice(&self) -> Dice {
        Dice { over: self.over, background: self.background, smooth: self.smooth }
    }
}

impl CrossEntropy {
    pub(super) fn of(&self, read: &Read<'_>) -> Result<Parts, TaskError> {
        let hard = (read.own_log()? * read.own_weights()?)?.sum_all()?.neg()?;
        let sum = if self.smoothing > 0.0 {
            let all = match &read.weights {
                Some(weights) => read.log.broadcast_mul(&weights.reshape((1, (), 1))?)?,
                None => read.log.clone(),
            };
            let soft = (all.sum(1)? * &read.counted)?.sum_all()?.neg()?;
            let share = self.smoothing / read.about.classes as f64;
            ((hard * (1.0 - self.smoothing))? + (soft * share)?)?
        } else {
            hard
        };
        Ok(Parts::new(&[sum], vec![read.weight()], Ratio::Mean { weight: 1.0 })?)
    }
}
