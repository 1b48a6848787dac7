//! How much of each class is seen.

use crate::{Batch, DataError};

/// Counts of what masks hold, added up over batches: the share of crops that have a class, and the
/// share of pixels that are of it.
///
/// ```
/// use candle_core::{Device, Tensor};
/// use dartloom_data::{Batch, ClassShares};
///
/// let inputs = Tensor::zeros((2, 1, 1, 2), candle_core::DType::F32, &Device::Cpu)?;
/// let masks = Tensor::new(&[[[0_u32, 1]], [[0, 255]]], &Device::Cpu)?;
/// let mut shares = ClassShares::new(2);
/// shares.add(&Batch::new(inputs, masks)?)?;
/// assert_eq!(shares.of_masks(), [1.0, 0.5]);
/// assert_eq!(shares.of_pixels(), [2.0 / 3.0, 1.0 / 3.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClassShares {
    masks: u64,
    /// Masks with each class.
    with: Vec<u64>,
    /// Pixels of each class.
    pixels: Vec<u64>,
}

impl ClassShares {
    /// Counts of so many classes, all 0.
    #[must_use]
    pub fn new(classes: usize) -> Self {
        Self { masks: 0, with: vec![0; classes], pixels: vec![0; classes] }
    }

    /// Adds the masks of a batch, `[B, H, W]`, `u32`. Labels that are no class are not counted.
    ///
    /// # Errors
    /// [`DataError::Tensor`] for targets of another kind.
    pub fn add(&mut self, batch: &Batch) -> Result<(), DataError> {
        let masks = batch.targets.flatten_from(1)?.to_vec2::<u32>()?;
        for mask in masks {
            let mut counts = vec![0_u64; self.with.len()];
            for label in mask {
                if let Some(count) = counts.get_mut(label as usize) {
                    *count += 1;
                }
            }
            self.masks += 1;
            for ((with, pixels), count) in self.with.iter_mut().zip(&mut self.pixels).zip(counts) {
                *with += u64::from(count > 0);
                *pixels += count;
            }
        }
        Ok(())
    }

    /// Masks counted.
    #[must_use]
    pub fn masks(&self) -> u64 {
        self.masks
    }

    /// The share of masks that have each class; zeros where no mask was counted.
    #[must_use]
    pub fn of_masks(&self) -> Vec<f64> {
        shares(&self.with, self.masks)
    }

    /// The share of each class in the pixels that have one; zeros where none was counted.
    #[must_use]
    pub fn of_pixels(&self) -> Vec<f64> {
        shares(&self.pixels, self.pixels.iter().sum())
    }
}

fn shares(counts: &[u64], of: u64) -> Vec<f64> {
    counts.iter().map(|&count| count as f64 / of.max(1) as f64).collect()
}
