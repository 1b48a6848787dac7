//! A data set held in memory as bytes.

use crate::digest::Cached;
use crate::{DataError, Dataset, ImageShape, Normalization, Sample, Target, TargetSpec, Targets};

/// Images as unsigned bytes with their targets, normalised when a sample is read.
///
/// This is what every reader of this crate returns. Bytes take a quarter of the room of `f32`
/// pixels; the normalisation is one table look-up per pixel. Masks of labels below 256 are held as
/// bytes, too.
#[derive(Clone, PartialEq)]
pub struct InMemory {
    shape: ImageShape,
    spec: TargetSpec,
    len: usize,
    pixels: Vec<u8>,
    targets: Held,
    normalization: Normalization,
    tables: Vec<[f32; 256]>,
    digest: Cached,
}

/// The targets of all samples.
#[derive(Clone, PartialEq)]
enum Held {
    Plain(Targets),
    /// Masks of labels below 256.
    Narrow(Vec<u8>),
}

impl Held {
    fn new(spec: TargetSpec, targets: Targets) -> Self {
        match (spec, targets) {
            (TargetSpec::Mask { .. }, Targets::Indices(mask)) if mask.iter().all(|&l| l < 256) => {
                Self::Narrow(mask.into_iter().map(|label| label as u8).collect())
            }
            (_, targets) => Self::Plain(targets),
        }
    }

    fn into_targets(self) -> Targets {
        match self {
            Self::Plain(targets) => targets,
            Self::Narrow(bytes) => Targets::Indices(bytes.into_iter().map(u32::from).collect()),
        }
    }

    /// Writes the target of `index`, of `width` numbers.
    fn write(&self, index: usize, width: usize, to: &mut Target<'_>) -> Result<(), DataError> {
        let range = index * width..(index + 1) * width;
        match self {
            Self::Plain(Targets::Indices(all)) => to.put_indices(&all[range]),
            Self::Plain(Targets::Numbers(all)) => to.put_numbers(&all[range]),
            Self::Narrow(all) => match to {
                Target::Indices(room) if room.len() == width => {
                    let bytes = room.iter_mut().zip(&all[range]);
                    bytes.for_each(|(label, &byte)| *label = u32::from(byte));
                    Ok(())
                }
                // Says what it expected.
                other => other.put_indices(&vec![0; width]),
            },
        }
    }
}

impl InMemory {
    /// `labels.len()` images of `shape`, each of one of `classes` classes.
    ///
    /// `pixels` holds the images one after the other, each channel by channel and row by row.
    ///
    /// # Errors
    /// [`DataError::UnusableShape`], [`DataError::PixelCount`] when the pixels do not fill exactly
    /// `labels.len()` images, [`DataError::ChannelCount`] when the normalisation is for another
    /// number of channels, [`DataError::UnusableTargets`] for no class,
    /// [`DataError::LabelTooLarge`].
    pub fn new(
        shape: ImageShape,
        classes: usize,
        pixels: Vec<u8>,
        labels: Vec<u32>,
        normalization: Normalization,
    ) -> Result<Self, DataError> {
        let spec = TargetSpec::Class { classes };
        let expected =
            shape.pixels()?.checked_mul(labels.len()).ok_or(DataError::UnusableShape { shape })?;
        if pixels.len() != expected {
            return Err(DataError::PixelCount { expected, found: pixels.len() });
        }
        Self::with_targets(shape, spec, pixels, Targets::Indices(labels), normalization)
    }

    /// Images of `shape` with targets of any kind: the target of one image after the other, masks
    /// row by row.
    ///
    /// ```
    /// use dartloom_data::{ImageShape, InMemory, Normalization, TargetSpec, Targets};
    ///
    /// let shape = ImageShape::new(1, 1, 2);
    /// let spec = TargetSpec::Mask { classes: 2, ignore: Some(255) };
    /// let masks = Targets::Indices(vec![0, 1, 1, 255]);
    /// let normalization = Normalization::scaled(255.0, 1)?;
    /// InMemory::with_targets(shape, spec, vec![9, 8, 7, 6], masks, normalization)?;
    /// # Ok::<(), dartloom_data::DataError>(())
    /// ```
    ///
    /// # Errors
    /// [`DataError::UnusableShape`], [`DataError::PixelCount`] when the pixels are no whole number
    /// of images, [`DataError::ChannelCount`] when the normalisation is for another number of
    /// channels, [`DataError::TargetCount`] for targets of another number of images,
    /// [`DataError::TargetBuffer`] for another kind, and those of [`TargetSpec::check`] for the
    /// first sample whose target is wrong.
    pub fn with_targets(
        shape: ImageShape,
        spec: TargetSpec,
        pixels: Vec<u8>,
        mut targets: Targets,
        normalization: Normalization,
    ) -> Result<Self, DataError> {
        let image = shape.pixels()?;
        let width = spec.width(shape)?;
        if !pixels.len().is_multiple_of(image) {
            let expected = pixels.len().div_ceil(image).saturating_mul(image);
            return Err(DataError::PixelCount { expected, found: pixels.len() });
        }
        if normalization.channels() != shape.channels {
            return Err(DataError::ChannelCount {
                expected: shape.channels,
                found: normalization.channels(),
            });
        }
        let len = pixels.len() / image;
        let expected = len.saturating_mul(width);
        if targets.count() != expected {
            return Err(DataError::TargetCount { expected, found: targets.count() });
        }
        check_all(spec, &mut targets, len, width)?;
        let tables = normalization.tables();
        let targets = Held::new(spec, targets);
        let digest = Cached::default();
        Ok(Self { shape, spec, len, pixels, targets, normalization, tables, digest })
    }

    /// The same bytes under other constants.
    ///
    /// # Errors
    /// [`DataError::ChannelCount`] when `normalization` is for another number of channels.
    pub fn with_normalization(self, normalization: Normalization) -> Result<Self, DataError> {
        let targets = self.targets.into_targets();
        Self::with_targets(self.shape, self.spec, self.pixels, targets, normalization)
    }

    /// All pixels as stored, image after image.
    #[must_use]
    pub fn pixels(&self) -> &[u8] {
        &self.pixels
    }

    /// The classes of all samples, in order; empty if the targets are of another kind than
    /// [`TargetSpec::Class`].
    #[must_use]
    pub fn labels(&self) -> &[u32] {
        match (self.spec, &self.targets) {
            (TargetSpec::Class { .. }, Held::Plain(Targets::Indices(labels))) => labels,
            _ => &[],
        }
    }

    /// The rule that turns bytes into pixel values.
    #[must_use]
    pub fn normalization(&self) -> &Normalization {
        &self.normalization
    }
}

fn check_all(
    spec: TargetSpec,
    targets: &mut Targets,
    len: usize,
    width: usize,
) -> Result<(), DataError> {
    // Says the kind even where there is no sample.
    match (spec, &*targets) {
        (TargetSpec::Class { .. } | TargetSpec::Mask { .. }, Targets::Indices(_))
        | (TargetSpec::Labels(_) | TargetSpec::Values(_), Targets::Numbers(_)) => {}
        _ => return spec.check(0, &targets.whole()),
    }
    (0..len).try_for_each(|index| spec.check(index, &targets.row(index, width)))
}

// The derived form would print every pixel.
impl std::fmt::Debug for InMemory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("InMemory")
            .field("len", &self.len)
            .field("shape", &self.shape)
            .field("targets", &self.spec)
            .field("normalization", &self.normalization)
            .finish_non_exhaustive()
    }
}

impl Dataset for InMemory {
    fn len(&self) -> usize {
        self.len
    }

    fn shape(&self) -> ImageShape {
        self.shape
    }

    fn targets(&self) -> TargetSpec {
        self.spec
    }

    fn read(&self, index: usize, sample: &mut Sample<'_>) -> Result<(), DataError> {
        if index >= self.len {
            return Err(DataError::IndexOutOfRange { index, len: self.len });
        }
        sample.check_pixels(self.shape)?;
        let image = sample.pixels.len();
        let plane = self.shape.height * self.shape.width;
        let bytes = &self.pixels[index * image..(index + 1) * image];
        let planes = bytes.chunks_exact(plane).zip(sample.pixels.chunks_exact_mut(plane));
        for ((source, target), table) in planes.zip(&self.tables) {
            for (value, &byte) in target.iter_mut().zip(source) {
                *value = table[usize::from(byte)];
            }
        }
        self.targets.write(index, self.spec.width(self.shape)?, &mut sample.target)
    }

    fn normalization(&self) -> Option<&Normalization> {
        Some(&self.normalization)
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

#[cfg(test)]
mod tests;
