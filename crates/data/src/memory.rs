//! A data set held in memory as bytes.

use crate::digest::Cached;
use crate::{DataError, Dataset, ImageShape, Normalization, Task};

/// Images as unsigned bytes with their labels, normalised when a sample is taken.
///
/// This is what every reader of this crate returns. Bytes take a quarter of the room of `f32` pixels; the
/// normalisation is one table look-up per pixel.
#[derive(Clone, PartialEq)]
pub struct InMemory {
    shape: ImageShape,
    classes: usize,
    pixels: Vec<u8>,
    labels: Vec<u32>,
    normalization: Normalization,
    tables: Vec<[f32; 256]>,
    digest: Cached,
}

impl InMemory {
    /// `labels.len()` images of `shape` for a classification into `classes`.
    ///
    /// `pixels` holds the images one after the other, each channel by channel and row by row.
    ///
    /// # Errors
    /// [`DataError::UnusableShape`], [`DataError::PixelCount`] when the pixels do not fill exactly
    /// `labels.len()` images, [`DataError::ChannelCount`] when the normalisation is for another number of
    /// channels, [`DataError::LabelTooLarge`].
    pub fn new(
        shape: ImageShape,
        classes: usize,
        pixels: Vec<u8>,
        labels: Vec<u32>,
        normalization: Normalization,
    ) -> Result<Self, DataError> {
        let expected =
            shape.pixels()?.checked_mul(labels.len()).ok_or(DataError::UnusableShape { shape })?;
        if pixels.len() != expected {
            return Err(DataError::PixelCount { expected, found: pixels.len() });
        }
        if normalization.channels() != shape.channels {
            return Err(DataError::ChannelCount {
                expected: shape.channels,
                found: normalization.channels(),
            });
        }
        if let Some((index, &found)) =
            labels.iter().enumerate().find(|&(_, &label)| label as usize >= classes)
        {
            return Err(DataError::LabelTooLarge { index, classes, found });
        }
        let tables = normalization.tables();
        let digest = Cached::default();
        Ok(Self { shape, classes, pixels, labels, normalization, tables, digest })
    }

    /// The same bytes under other constants.
    ///
    /// # Errors
    /// [`DataError::ChannelCount`] when `normalization` is for another number of channels.
    pub fn with_normalization(self, normalization: Normalization) -> Result<Self, DataError> {
        Self::new(self.shape, self.classes, self.pixels, self.labels, normalization)
    }

    /// All pixels as stored, image after image.
    #[must_use]
    pub fn pixels(&self) -> &[u8] {
        &self.pixels
    }

    /// All labels, in sample order.
    #[must_use]
    pub fn labels(&self) -> &[u32] {
        &self.labels
    }

    /// Number of classes.
    #[must_use]
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// How bytes become pixel values.
    #[must_use]
    pub fn normalization(&self) -> &Normalization {
        &self.normalization
    }
}

// The derived form would print every pixel.
impl std::fmt::Debug for InMemory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("InMemory")
            .field("len", &self.labels.len())
            .field("shape", &self.shape)
            .field("classes", &self.classes)
            .field("normalization", &self.normalization)
            .finish_non_exhaustive()
    }
}

impl Dataset for InMemory {
    fn len(&self) -> usize {
        self.labels.len()
    }

    fn shape(&self) -> ImageShape {
        self.shape
    }

    fn task(&self) -> Task {
        Task::Classification { classes: self.classes }
    }

    fn sample(&self, index: usize, pixels: &mut [f32]) -> Result<u32, DataError> {
        let label = *self
            .labels
            .get(index)
            .ok_or(DataError::IndexOutOfRange { index, len: self.labels.len() })?;
        let image = self.pixels.len() / self.labels.len();
        if pixels.len() != image {
            return Err(DataError::PixelCount { expected: image, found: pixels.len() });
        }
        let plane = self.shape.height * self.shape.width;
        let bytes = &self.pixels[index * image..(index + 1) * image];
        for ((source, target), table) in
            bytes.chunks_exact(plane).zip(pixels.chunks_exact_mut(plane)).zip(&self.tables)
        {
            for (value, &byte) in target.iter_mut().zip(source) {
                *value = table[usize::from(byte)];
            }
        }
        Ok(label)
    }

    fn digest(&self) -> Result<String, DataError> {
        self.digest.of(self)
    }
}

/// A data set with its published division into training and test samples.
///
/// Search and choose on `train` (divided further by [`split`](crate::split)); report on `test`.
#[derive(Clone, Debug, PartialEq)]
pub struct Splits {
    /// For training and validation.
    pub train: InMemory,
    /// For the final report only.
    pub test: InMemory,
}
