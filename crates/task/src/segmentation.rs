//! One class for every pixel.

use candle_core::{DType, Tensor};
use dartloom_data::{Dataset, TargetSpec};
use dartloom_metrics::{Confusion, Scorer};
use dartloom_record::Objective;
use dartloom_space::Outputs;
use serde::Serialize;

use crate::check::{self, Expected};
use crate::constant::counts;
use crate::{Constant, Loss, Task, TaskError};

const NAME: &str = "segmentation";
const EXPECTED: Expected = Expected {
    task: NAME,
    shapes: "logits [batch, classes, height, width] with a mask [batch, height, width]",
};
/// The smoothing term that keeps the Dice coefficient of a class at 1 if it is neither present nor
/// predicted.
const SMOOTH: f64 = 1e-5;

/// One of `classes` classes for every pixel: cross-entropy, on request with a soft Dice loss,
/// judged by the mean intersection over union.
///
/// Over the pixels p whose label is not `ignore`: `sum = sum_p w(y_p) l_p(y_p)` and
/// `count = sum_p w(y_p)`, with `l = -log softmax(logits)` over the classes, labels y (`target`,
/// `[B, H, W]`) and w = `weights` of the classes, 1 where none are given. Outputs are logits
/// `[B, classes, H, W]`. With a Dice share `d` (`with_dice`), `d count (1 - mean_c D_c)` is added,
/// so that the mean is `cross-entropy + d (1 - Dice)`, where over the pixels of the whole batch
///
/// `D_c = (2 sum_p q_p(c) g_p(c) + e) / (sum_p q_p(c) + sum_p g_p(c) + e)`,
///
/// q = softmax(logits), g = 1 where the label is c and else 0, e = 1e-5 (Milletari et al. 2016,
/// arXiv:1606.04797, with denominators not squared, over the batch as in nnU-Net,
/// arXiv:1809.10486).
///
/// # Differences from the paper
/// nnU-Net leaves the background out of the Dice loss; here all classes count. A ratio of sums does
/// not add up: workers that share a batch weigh the Dice losses of their parts by count, which is
/// not the Dice loss of the whole.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Segmentation {
    classes: usize,
    ignore: Option<u32>,
    weights: Option<Vec<f64>>,
    dice: f64,
    #[serde(skip)]
    scorer: Confusion,
}

impl Segmentation {
    /// A segmentation by cross-entropy; pixels labelled `ignore` do not count.
    ///
    /// # Errors
    /// [`TaskError::Setting`] for fewer than 2 classes or more than 65,536, and for an ignored
    /// label that is a class.
    pub fn new(classes: usize, ignore: Option<u32>) -> Result<Self, TaskError> {
        check::some("classes", classes, 2)?;
        match ignore.filter(|&label| (label as usize) < classes) {
            Some(label) => Err(TaskError::Setting {
                field: "ignore",
                expected: format!("a label that is none of {classes} classes"),
                found: label.to_string(),
            }),
            None => {
                let scorer = Confusion::new(classes, ignore)?;
                Ok(Self { classes, ignore, weights: None, dice: 0.0, scorer })
            }
        }
    }

    /// The same with a weight for each class, for classes of very different areas.
    ///
    /// # Errors
    /// [`TaskError::Setting`] unless there is one finite weight of at least 0 for each class, and
    /// one above 0.
    pub fn with_weights(self, weights: Vec<f64>) -> Result<Self, TaskError> {
        check::weights(&weights, self.classes)?;
        Ok(Self { weights: Some(weights), ..self })
    }

    /// The same with a soft Dice loss of this share; 0 is none, 1 is usual.
    ///
    /// # Errors
    /// [`TaskError::Setting`] unless `dice` is finite and at least 0.
    pub fn with_dice(self, dice: f64) -> Result<Self, TaskError> {
        if dice.is_finite() && dice >= 0.0 {
            return Ok(Self { dice, ..self });
        }
        let expected = "a finite share of 0 or more".to_owned();
        Err(TaskError::Setting { field: "dice", expected, found: dice.to_string() })
    }

    /// The labels with class 0 for those that are ignored, and 1 or 0 for those that count or not.
    fn counted(&self, target: &Tensor, dtype: DType) -> Result<Counted, TaskError> {
        let target = target.to_dtype(DType::U32)?;
        let Some(ignore) = self.ignore else {
            EXPECTED.labels(&target, self.classes)?;
            let mask = Tensor::ones(target.dims(), dtype, target.device())?;
            return Ok(Counted { labels: target, mask });
        };
        let valid = target.ne(ignore)?;
        let labels = valid.where_cond(&target, &target.zeros_like()?)?;
        EXPECTED.labels(&labels, self.classes)?;
        Ok(Counted { labels, mask: valid.to_dtype(dtype)? })
    }

    /// One less the mean soft Dice coefficient of the classes; `log` is `[B, C, H, W]`.
    fn dice_loss(&self, log: &Tensor, of: &Counted) -> Result<Tensor, TaskError> {
        let classes = Tensor::arange(0_u32, self.classes as u32, log.device())?;
        let classes = classes.reshape((1, self.classes, 1, 1))?;
        let mask = of.mask.unsqueeze(1)?;
        let there = of.labels.unsqueeze(1)?.broadcast_eq(&classes)?.to_dtype(log.dtype())?;
        let there = there.broadcast_mul(&mask)?;
        let said = log.exp()?.broadcast_mul(&mask)?;
        let over = |tensor: Tensor| tensor.sum(3)?.sum(2)?.sum(0);
        let both = over((&said * &there)?)?.affine(2.0, SMOOTH)?;
        let either = (over(said)? + over(there)?)?.affine(1.0, SMOOTH)?;
        Ok((both / either)?.mean_all()?.affine(-1.0, 1.0)?)
    }
}

/// Labels that can be gathered, and which of them count.
struct Counted {
    labels: Tensor,
    mask: Tensor,
}

impl Task for Segmentation {
    fn outputs(&self) -> Outputs {
        Outputs::Plane { channels: self.classes }
    }

    fn check(&self, targets: &TargetSpec) -> Result<(), TaskError> {
        let expected = TargetSpec::Mask { classes: self.classes, ignore: self.ignore };
        check::targets(NAME, expected, targets)
    }

    fn loss(&self, output: &Tensor, target: &Tensor) -> Result<Loss, TaskError> {
        let fits = match (output.dims(), target.dims()) {
            (&[batch, classes, height, width], found) => {
                classes == self.classes && found == [batch, height, width]
            }
            _ => false,
        };
        if !fits {
            return Err(EXPECTED.refused(self.classes, output, target));
        }
        let counted = self.counted(target, output.dtype())?;
        let log = candle_nn::ops::log_softmax(output, 1)?;
        let picked = log.gather(&counted.labels.unsqueeze(1)?, 1)?.squeeze(1)?;
        let weights = match &self.weights {
            Some(weights) => {
                let all = check::tensor(weights, output)?;
                let own = all.index_select(&counted.labels.flatten_all()?, 0)?;
                (own.reshape(target.dims())? * &counted.mask)?
            }
            None => counted.mask.clone(),
        };
        let count = check::number(&weights.to_dtype(DType::F64)?.sum_all()?)?;
        let sum = (picked * weights)?.sum_all()?.neg()?;
        if self.dice <= 0.0 || count <= 0.0 {
            return Ok(Loss { sum, count });
        }
        let dice = (self.dice_loss(&log, &counted)? * (self.dice * count))?;
        Ok(Loss { sum: (sum + dice)?, count })
    }

    fn scorer(&self) -> Box<dyn Scorer> {
        Box::new(self.scorer.clone())
    }

    fn objective(&self) -> Objective {
        Objective::share("mean_iou")
    }

    fn constant(
        &self,
        train: &dyn Dataset,
        test: &dyn Dataset,
    ) -> Result<Option<Constant>, TaskError> {
        Constant::class(self, &counts(train, self.classes)?, test).map(Some)
    }

    fn identity(&self) -> Option<String> {
        check::identity(NAME, self)
    }
}

#[cfg(test)]
mod tests;
