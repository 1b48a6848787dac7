//! Labels of classes that can be gathered.

use candle_core::{DType, Device, Tensor};

use crate::TaskError;
use crate::check::{self, Expected};

const EXPECTED: Expected =
    Expected { task: "class loss", shapes: "logits [batch, classes, ..] with labels [batch, ..]" };

/// The classes that labels `[batch, ..]` are about.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClassLabels<'a> {
    /// Number of classes.
    pub classes: usize,
    /// The label of places that do not count.
    pub ignore: Option<u32>,
    /// A weight for each class; `None` for 1.
    pub weights: Option<&'a [f64]>,
}

/// A batch that was read: places of an image in one dimension.
pub(super) struct Read<'a> {
    /// Log of the softmax of the logits, `[batch, classes, places]`.
    pub(super) log: Tensor,
    /// Labels, `[batch, places]`, class 0 where a place does not count.
    pub(super) labels: Tensor,
    /// 1 where a place counts and else 0, `[batch, places]`.
    pub(super) counted: Tensor,
    /// Weights of the classes, `[classes]`.
    pub(super) weights: Option<Tensor>,
    pub(super) about: ClassLabels<'a>,
    /// Of each image, the places of each class.
    pub(super) there: Vec<Vec<f64>>,
}

impl<'a> ClassLabels<'a> {
    /// Labels of `classes` classes, all of which count.
    #[must_use]
    pub fn new(classes: usize) -> Self {
        Self { classes, ignore: None, weights: None }
    }

    pub(super) fn read(self, logits: &Tensor, target: &Tensor) -> Result<Read<'a>, TaskError> {
        let dims = logits.dims();
        let fits = dims.len() == target.rank() + 1
            && dims.get(1) == Some(&self.classes)
            && dims.first() == target.dims().first()
            && dims.get(2..) == target.dims().get(1..);
        if !fits {
            return Err(EXPECTED.refused(self.classes, logits, target));
        }
        if let Some(weights) = self.weights {
            check::weights(weights, self.classes)?;
        }
        let batch = dims[0];
        let places: usize = dims[2..].iter().product();
        let logits = logits.reshape((batch, self.classes, places))?;
        let target = target.reshape((batch, places))?.to_dtype(DType::U32)?;
        let [labels, counted] = self.counted(&target, logits.dtype())?;
        EXPECTED.labels(&labels, self.classes)?;
        let there = self.there(&target)?;
        let weights = self.weights.map(|weights| check::tensor(weights, &logits)).transpose()?;
        let log = candle_nn::ops::log_softmax(&logits, 1)?;
        Ok(Read { log, labels, counted, weights, about: self, there })
    }

    /// The labels with class 0 for those that are ignored, and 1 or 0 for those that count or not.
    fn counted(&self, target: &Tensor, dtype: DType) -> Result<[Tensor; 2], TaskError> {
        let Some(ignore) = self.ignore else {
            let counted = Tensor::ones(target.dims(), dtype, target.device())?;
            return Ok([target.clone(), counted]);
        };
        let valid = target.ne(ignore)?;
        let labels = valid.where_cond(target, &target.zeros_like()?)?;
        Ok([labels, valid.to_dtype(dtype)?])
    }

    fn there(&self, target: &Tensor) -> Result<Vec<Vec<f64>>, TaskError> {
        let rows = target.to_device(&Device::Cpu)?.to_vec2::<u32>()?;
        let count = |row: &Vec<u32>| {
            let mut counts = vec![0.0; self.classes];
            for &label in row {
                if let Some(count) = counts.get_mut(label as usize) {
                    *count += 1.0;
                }
            }
            counts
        };
        Ok(rows.iter().map(count).collect())
    }
}

impl Read<'_> {
    /// Of each class, the places in the whole batch.
    pub(super) fn counts(&self) -> Vec<f64> {
        let sum = |class| self.there.iter().map(|counts| counts[class]).sum();
        (0..self.about.classes).map(sum).collect()
    }

    /// The number of places that count.
    pub(super) fn places(&self) -> f64 {
        self.there.iter().flatten().sum()
    }

    /// The sum of the weights of the places that count.
    pub(super) fn weight(&self) -> f64 {
        match self.about.weights {
            Some(weights) => {
                self.counts().iter().zip(weights).map(|(count, weight)| count * weight).sum()
            }
            None => self.places(),
        }
    }

    /// The weight of each place's own class, 0 where a place does not count, `[batch, places]`.
    pub(super) fn own_weights(&self) -> Result<Tensor, candle_core::Error> {
        let Some(weights) = &self.weights else { return Ok(self.counted.clone()) };
        let own = weights.index_select(&self.labels.flatten_all()?, 0)?;
        own.reshape(self.labels.dims())? * &self.counted
    }

    /// The log of the softmax of each place's own class, `[batch, places]`.
    pub(super) fn own_log(&self) -> Result<Tensor, candle_core::Error> {
        self.log.gather(&self.labels.unsqueeze(1)?, 1)?.squeeze(1)
    }
}
