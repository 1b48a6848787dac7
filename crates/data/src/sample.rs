//! One image with its target.

use rand::RngCore;

use crate::{DataError, Dataset, ImageShape, Target, TargetSpec, Targets};

/// Room for one sample: what [`Dataset::read`] writes into.
#[derive(Debug)]
pub struct Sample<'a> {
    /// Normalised pixels, channel by channel and row by row: `channels * height * width` values.
    pub pixels: &'a mut [f32],
    /// The value to learn from it.
    pub target: Target<'a>,
}

impl Sample<'_> {
    /// Refuses a buffer of another size than one image of `shape`.
    ///
    /// # Errors
    /// [`DataError::PixelCount`], [`DataError::UnusableShape`].
    pub fn check_pixels(&self, shape: ImageShape) -> Result<(), DataError> {
        match (shape.pixels()?, self.pixels.len()) {
            (expected, found) if expected == found => Ok(()),
            (expected, found) => Err(DataError::PixelCount { expected, found }),
        }
    }
}

/// A place in a run, and the numbers that are drawn for it.
pub struct Draw<'a> {
    /// Position in the epoch, `step * batch size + row`.
    pub position: u64,
    /// Numbers of this place alone.
    pub random: &'a mut dyn RngCore,
}

impl std::fmt::Debug for Draw<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Draw").field("position", &self.position).finish_non_exhaustive()
    }
}

/// One sample that owns its numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct OwnedSample {
    /// Normalised pixels, channel by channel and row by row.
    pub pixels: Vec<f32>,
    /// The values to learn from it.
    pub targets: Targets,
}

impl OwnedSample {
    /// A sample of a data set of such images and targets in which nothing is written yet: pixels
    /// and numbers are NaN, indices `u32::MAX`.
    ///
    /// # Errors
    /// [`DataError::UnusableShape`] and [`DataError::UnusableTargets`].
    pub fn unwritten(shape: ImageShape, targets: TargetSpec) -> Result<Self, DataError> {
        let targets = Targets::unwritten(targets, shape, 1)?;
        Ok(Self { pixels: vec![f32::NAN; shape.pixels()?], targets })
    }

    /// Sample `index` of a data set.
    ///
    /// # Errors
    /// Those of [`Dataset::read`] and of [`unwritten`](Self::unwritten).
    pub fn read(data: &dyn Dataset, index: usize) -> Result<Self, DataError> {
        let mut sample = Self::unwritten(data.shape(), data.targets())?;
        data.read(index, &mut sample.room())?;
        Ok(sample)
    }

    /// Its numbers, to be written.
    pub fn room(&mut self) -> Sample<'_> {
        Sample { pixels: &mut self.pixels, target: self.targets.whole() }
    }

    /// Its class, where the target is one index.
    #[must_use]
    pub fn class(&self) -> Option<u32> {
        match &self.targets {
            Targets::Indices(indices) if indices.len() == 1 => Some(indices[0]),
            _ => None,
        }
    }

    /// Appends all numbers as bytes, target first, little end first.
    pub(crate) fn bytes(&self, to: &mut Vec<u8>) {
        match &self.targets {
            Targets::Indices(all) => to.extend(all.iter().flat_map(|index| index.to_le_bytes())),
            Targets::Numbers(all) => to.extend(all.iter().flat_map(|number| number.to_le_bytes())),
        }
        to.extend(self.pixels.iter().flat_map(|pixel| pixel.to_le_bytes()));
    }
}
