//! Batches addressed by epoch and step.

use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use candle_core::{Device, Tensor};

use crate::random::{for_crop, for_sample, permutation, with_replacement};
use crate::{
    Batch, DataError, Dataset, Draw, ImageShape, Picture, Sample, Target, TargetSpec, Targets,
    Transform,
};

/// The order in which a [`Loader`] visits the samples.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum BatchOrder {
    /// As they are stored, the same in every epoch: for evaluation.
    #[default]
    Sequential,
    /// Each sample once per epoch, in an order drawn for that epoch: for training.
    Shuffled,
    /// Every batch drawn afresh with replacement, always full, at any step: for a validation queue
    /// that must answer as many steps as the training queue asks.
    Replacement,
}

/// Serves batches of a data set by (epoch, step).
///
/// A batch is a function of the data set, the settings, the epoch and the step: it does not depend
/// on the batches served before it. A run's position in its data is therefore two integers, and
/// nothing else has to be saved.
#[derive(Debug)]
pub struct Loader<'a> {
    dataset: &'a dyn Dataset,
    batch_size: usize,
    order: BatchOrder,
    seed: u64,
    drop_last: bool,
    augment: Option<Box<dyn Transform + 'a>>,
    // The order of the epoch served last: computing it for every batch would cost O(n) per step.
    epoch_order: Mutex<Option<(usize, Arc<[usize]>)>>,
}

impl<'a> Loader<'a> {
    /// Batches of `batch_size` samples: sequential, the last one possibly smaller, seed 0, no
    /// augmentation.
    ///
    /// # Errors
    /// [`DataError::EmptyDataset`], [`DataError::UnusableShape`], and [`DataError::BatchSize`] when
    /// the size is zero or a batch's pixels cannot be addressed.
    pub fn new(dataset: &'a dyn Dataset, batch_size: usize) -> Result<Self, DataError> {
        if dataset.is_empty() {
            return Err(DataError::EmptyDataset);
        }
        let bytes = dataset.shape().pixels()?.checked_mul(batch_size);
        let addressable = bytes.and_then(|pixels| pixels.checked_mul(size_of::<f32>()));
        if batch_size == 0 || addressable.is_none_or(|bytes| isize::try_from(bytes).is_err()) {
            return Err(DataError::BatchSize { found: batch_size });
        }
        Ok(Self {
            dataset,
            batch_size,
            order: BatchOrder::Sequential,
            seed: 0,
            drop_last: false,
            augment: None,
            epoch_order: Mutex::new(None),
        })
    }

    /// Visits the samples in this order.
    #[must_use]
    pub fn order(mut self, order: BatchOrder) -> Self {
        self.order = order;
        self
    }

    /// Draws orders and augmentations from this seed.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self.epoch_order = Mutex::new(None);
        self
    }

    /// Leaves out an incomplete last batch. An epoch of fewer samples than a batch then has no
    /// batch at all.
    #[must_use]
    pub fn drop_last(mut self, drop_last: bool) -> Self {
        self.drop_last = drop_last;
        self
    }

    /// Changes every sample at random, image and mask together, after [`Dataset::draw`] has drawn
    /// its own part. A loader without a change reads samples as they are ([`Dataset::read`]).
    #[must_use]
    pub fn augment(mut self, transform: impl Transform + 'a) -> Self {
        self.augment = Some(Box::new(transform));
        self
    }

    /// The data set served.
    #[must_use]
    pub fn dataset(&self) -> &'a dyn Dataset {
        self.dataset
    }

    /// Samples in a full batch.
    #[must_use]
    pub fn batch_size(&self) -> usize {
        self.batch_size
    }

    /// Number of batches that cover the data set once: `len / batch_size`, rounded down with
    /// [`drop_last`](Self::drop_last) and up without.
    #[must_use]
    pub fn batches_per_epoch(&self) -> usize {
        let len = self.dataset.len();
        if self.drop_last { len / self.batch_size } else { len.div_ceil(self.batch_size) }
    }

    /// The indices of the samples in batch `step` of epoch `epoch`, in batch order.
    ///
    /// # Errors
    /// [`DataError::StepOutOfRange`] when `step >= batches_per_epoch()`; never in
    /// [`BatchOrder::Replacement`].
    pub fn indices(&self, epoch: usize, step: usize) -> Result<Vec<usize>, DataError> {
        let len = self.dataset.len();
        if self.order == BatchOrder::Replacement {
            return Ok(with_replacement(len, self.batch_size, self.seed, epoch, step));
        }
        let steps = self.batches_per_epoch();
        if step >= steps {
            return Err(DataError::StepOutOfRange { step, steps });
        }
        let start = step * self.batch_size;
        let end = start.saturating_add(self.batch_size).min(len);
        if self.order == BatchOrder::Sequential {
            return Ok((start..end).collect());
        }
        Ok(self.epoch_order(epoch)[start..end].to_vec())
    }

    /// Batch `step` of epoch `epoch`, both counted from 0.
    ///
    /// # Errors
    /// [`DataError::StepOutOfRange`], [`DataError::Pixel`] for a pixel that is not finite or was
    /// not written, those of [`TargetSpec::check`] for a target that is none of the data set's,
    /// both with the sample's index, and what the data set, the change or the tensor library
    /// reports.
    pub fn batch(&self, epoch: usize, step: usize) -> Result<Batch, DataError> {
        self.build(&self.indices(epoch, step)?, epoch, step, 0)
    }

    /// The given rows of batch `step` of epoch `epoch`: one worker's share of a batch divided among
    /// several.
    ///
    /// Rows equal those of [`batch`](Self::batch) byte for byte, augmentation included.
    ///
    /// # Errors
    /// [`DataError::RowsOutOfRange`] when `rows` is empty or reaches past the batch, and as
    /// [`batch`](Self::batch).
    pub fn batch_rows(
        &self,
        epoch: usize,
        step: usize,
        rows: Range<usize>,
    ) -> Result<Batch, DataError> {
        let indices = self.indices(epoch, step)?;
        match indices.get(rows.clone()) {
            Some(chosen) if !chosen.is_empty() => self.build(chosen, epoch, step, rows.start),
            _ => Err(DataError::RowsOutOfRange {
                start: rows.start,
                end: rows.end,
                len: indices.len(),
            }),
        }
    }

    fn epoch_order(&self, epoch: usize) -> Arc<[usize]> {
        let mut cached = self.epoch_order.lock().unwrap_or_else(PoisonError::into_inner);
        match &*cached {
            Some((known, order)) if *known == epoch => Arc::clone(order),
            _ => {
                let order: Arc<[usize]> = permutation(self.dataset.len(), self.seed, epoch).into();
                *cached = Some((epoch, Arc::clone(&order)));
                order
            }
        }
    }

    fn build(
        &self,
        indices: &[usize],
        epoch: usize,
        step: usize,
        first_row: usize,
    ) -> Result<Batch, DataError> {
        let shape = self.dataset.shape();
        let spec = self.dataset.targets();
        let image = shape.pixels()?;
        let width = spec.width(shape)?;
        // What a data set leaves unwritten is found by its not being a number.
        let mut pixels = vec![f32::NAN; image * indices.len()];
        let mut targets = Targets::unwritten(spec, shape, indices.len())?;
        // Positions wrap only after 2^64 samples of one epoch.
        let first =
            (step as u64).wrapping_mul(self.batch_size as u64).wrapping_add(first_row as u64);
        for (row, (&index, pixels)) in
            indices.iter().zip(pixels.chunks_exact_mut(image)).enumerate()
        {
            let mut sample = Sample { pixels, target: targets.row(row, width) };
            let position = first.wrapping_add(row as u64);
            if self.augment.is_some() {
                let random = &mut for_crop(self.seed, epoch, position);
                self.dataset.draw(index, &mut Draw { position, random }, &mut sample)?;
            } else {
                self.dataset.read(index, &mut sample)?;
            }
            spec.check(index, &sample.target)?;
            check_pixels(index, sample.pixels)?;
            if let Some(augment) = &self.augment {
                let mut random = for_sample(self.seed, epoch, position);
                let mut picture = picture(shape, spec, sample)?;
                if let Some(normalization) = self.dataset.normalization() {
                    picture = picture.with_normalization(normalization)?;
                }
                augment.apply(&mut picture, &mut random)?;
            }
        }
        let dims = (indices.len(), shape.channels, shape.height, shape.width);
        let inputs = Tensor::from_vec(pixels, dims, &Device::Cpu)?;
        let targets = targets.into_tensor(spec, shape, indices.len())?;
        Ok(Batch { inputs, targets, count: indices.len() })
    }
}

/// The image of a sample with its mask, where it has one.
fn picture<'a>(
    shape: ImageShape,
    targets: TargetSpec,
    sample: Sample<'a>,
) -> Result<Picture<'a>, DataError> {
    let picture = Picture::new(shape, sample.pixels)?;
    match (targets, sample.target) {
        (TargetSpec::Mask { ignore, .. }, Target::Indices(labels)) => {
            picture.with_mask(labels, ignore)
        }
        _ => Ok(picture),
    }
}

/// Refuses an image with a pixel that is not a finite number.
fn check_pixels(index: usize, pixels: &[f32]) -> Result<(), DataError> {
    match pixels.iter().position(|pixel| !pixel.is_finite()) {
        Some(pixel) => Err(DataError::Pixel { index, pixel, found: pixels[pixel] }),
        None => Ok(()),
    }
}
