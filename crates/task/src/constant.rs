//! Answers that are the same for every image.

use candle_core::{Device, Tensor};
use dartloom_data::{Dataset, Loader, OwnedSample, Targets};
use dartloom_record::Scores;
use serde::{Deserialize, Serialize};

use crate::{Task, TaskError};

/// An answer that is the same for every image, and what it scores.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Constant {
    /// The answer, to stand behind "always": `class 3`.
    pub answer: String,
    /// Its scores on the images that networks are tested with.
    pub scores: Scores,
}

/// Images at once.
const BATCH: usize = 64;

impl Constant {
    /// Judges an answer with `test`. `output` is that for one image, with sides of 1 where the
    /// targets are planes.
    pub(crate) fn judged(
        task: &dyn Task,
        answer: String,
        output: &Tensor,
        test: &dyn Dataset,
    ) -> Result<Self, TaskError> {
        let loader = Loader::new(test, BATCH)?;
        let mut scorer = task.scorer();
        for step in 0..loader.batches_per_epoch() {
            let batch = loader.batch(0, step)?;
            let plane = &batch.inputs.dims()[2..];
            let sides = if output.rank() > 2 { plane } else { &[] };
            let dims = [&[batch.count, output.dims()[1]], sides].concat();
            scorer.update(&output.broadcast_as(dims)?.contiguous()?, &batch.targets)?;
        }
        Ok(Self { answer, scores: scorer.scores() })
    }

    /// The answer of one class: how often each is there, `counts`, says which; the first of equals.
    pub(crate) fn class(
        task: &dyn Task,
        counts: &[u64],
        test: &dyn Dataset,
    ) -> Result<Self, TaskError> {
        let all = counts.iter().enumerate().rev();
        let class = all.max_by_key(|(_, count)| **count).map_or(0, |(class, _)| class);
        let output = (0..counts.len()).map(|other| f32::from(u8::from(other == class)));
        let output = one_row(output.collect())?;
        let output = if let dartloom_space::Outputs::Plane { .. } = task.outputs() {
            output.unsqueeze(2)?.unsqueeze(3)?
        } else {
            output
        };
        Self::judged(task, format!("class {class}"), &output, test)
    }
}

/// One answer of so many numbers, `[1, numbers]`.
pub(crate) fn one_row(numbers: Vec<f32>) -> Result<Tensor, TaskError> {
    let columns = numbers.len();
    Ok(Tensor::from_vec(numbers, (1, columns), &Device::Cpu)?)
}

/// Shows the targets of every image to `see`.
pub(crate) fn targets(data: &dyn Dataset, mut see: impl FnMut(&Targets)) -> Result<(), TaskError> {
    for index in 0..data.len() {
        let mut sample = OwnedSample::read(data, index)?;
        data.targets().check(index, &sample.room().target)?;
        see(&sample.targets);
    }
    Ok(())
}

/// The number of times that each of `classes` classes is there.
pub(crate) fn counts(data: &dyn Dataset, classes: usize) -> Result<Vec<u64>, TaskError> {
    let mut counts = vec![0; classes];
    targets(data, |targets| {
        let Targets::Indices(indices) = targets else { return };
        for &index in indices {
            if let Some(count) = counts.get_mut(index as usize) {
                *count += 1;
            }
        }
    })?;
    Ok(counts)
}

/// The mean of each of `width` numbers.
pub(crate) fn means(data: &dyn Dataset, width: usize) -> Result<Vec<f64>, TaskError> {
    let mut sums = vec![0.0; width];
    targets(data, |targets| {
        let Targets::Numbers(numbers) = targets else { return };
        for (sum, &number) in sums.iter_mut().zip(numbers) {
            *sum += f64::from(number);
        }
    })?;
    let images = data.len().max(1) as f64;
    Ok(sums.into_iter().map(|sum| sum / images).collect())
}

#[cfg(test)]
mod tests;
