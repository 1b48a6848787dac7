//! Parts added up over a set.

use candle_core::{DType, Device, Tensor};

use crate::{Parts, TaskError};

/// The parts of a loss added up over the batches of a set, in `f64`: the loss of the set does not
/// depend on how it is cut into batches, even where it is a ratio of sums.
///
/// ```
/// use candle_core::{Device, Tensor};
/// use dartloom_task::{Segmentation, Task, Totals};
///
/// let task = Segmentation::new(2, None)?.with_dice(1.0)?;
/// let outputs = Tensor::arange(0.0, 72.0, &Device::Cpu)?.sin()?.reshape((4, 2, 3, 3))?;
/// let masks = Tensor::zeros((4, 3, 3), candle_core::DType::U32, &Device::Cpu)?;
/// let mut totals = Totals::default();
/// for image in 0..4 {
///     let parts = task.parts(&outputs.narrow(0, image, 1)?, &masks.narrow(0, image, 1)?)?;
///     totals.add(&parts)?;
/// }
/// let whole = task.loss(&outputs, &masks)?.mean()?.to_scalar::<f64>()?;
/// assert!((totals.loss()?.unwrap_or(f64::NAN) - whole).abs() < 1e-12);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Totals {
    known: Option<Sums>,
}

/// Sums and counts so far.
#[derive(Clone, Debug)]
struct Sums {
    /// The first parts, whose rule makes the sums a loss.
    rule: Parts,
    sums: Vec<f64>,
    counts: Vec<f64>,
}

impl Totals {
    /// Adds the parts of a batch. One in which nothing is counted is left out, whatever its sums
    /// are.
    ///
    /// # Errors
    /// [`TaskError::Parts`] for another number of sums or counts than before, and those of the
    /// tensor library.
    pub fn add(&mut self, parts: &Parts) -> Result<(), TaskError> {
        let sums: Vec<f64> = parts.sums.to_device(&Device::Cpu)?.to_dtype(DType::F64)?.to_vec1()?;
        if !parts.counts.iter().any(|&count| count > 0.0) {
            return Ok(());
        }
        let Some(known) = &mut self.known else {
            let rule = Parts { sums: parts.sums.detach(), ..parts.clone() };
            self.known = Some(Sums { rule, sums, counts: parts.counts.clone() });
            return Ok(());
        };
        let expected = [known.sums.len(), known.counts.len()];
        let found = [sums.len(), parts.counts.len()];
        if expected != found {
            return Err(TaskError::Parts { expected, found });
        }
        let add = |to: &mut [f64], from: &[f64]| {
            to.iter_mut().zip(from).for_each(|(to, from)| *to += from);
        };
        add(&mut known.sums, &sums);
        add(&mut known.counts, &parts.counts);
        Ok(())
    }

    /// The loss of everything that was added; `None` where nothing was counted.
    ///
    /// # Errors
    /// Those of the tensor library.
    pub fn loss(&self) -> Result<Option<f64>, TaskError> {
        let Some(Sums { rule, sums, counts }) = &self.known else { return Ok(None) };
        let sums = Tensor::new(sums.as_slice(), &Device::Cpu)?;
        let loss = rule.with_totals(sums, counts.clone())?.mean()?;
        Ok(Some(loss.to_scalar()?))
    }
}
