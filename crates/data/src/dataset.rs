//! The [`Dataset`] trait and the small values around it.

use std::fmt::{self, Debug, Display};
use std::sync::Arc;

use crate::{DataError, Draw, Normalization, OwnedSample, Sample, TargetSpec, Targets};

/// Channels, height and width of an image, in pixels. Displayed as `CxHxW`.
///
/// The crates of data and of spaces do not know each other, so each has its own type of shape. Code
/// that knows both converts between them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ImageShape {
    /// Colour planes.
    pub channels: usize,
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
}

impl ImageShape {
    /// A shape of `channels` planes of `height` rows and `width` columns.
    #[must_use]
    pub const fn new(channels: usize, height: usize, width: usize) -> Self {
        Self { channels, height, width }
    }

    /// Number of values of one image, `channels * height * width`.
    ///
    /// # Errors
    /// [`DataError::UnusableShape`] when a dimension is zero or the product overflows.
    pub fn pixels(self) -> Result<usize, DataError> {
        self.channels
            .checked_mul(self.height)
            .and_then(|plane| plane.checked_mul(self.width))
            .filter(|&count| count > 0)
            .ok_or(DataError::UnusableShape { shape: self })
    }
}

impl Display for ImageShape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}x{}", self.channels, self.height, self.width)
    }
}

/// A finite, indexed collection of images of one shape with their targets.
///
/// Equal indices give equal samples for the life of the value. All randomness (order, augmentation)
/// happens in [`Loader`](crate::Loader), so that a position in a run is two integers.
pub trait Dataset: Send + Sync + Debug {
    /// Number of samples.
    fn len(&self) -> usize;

    /// `true` if there are no samples.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Shape of every image.
    fn shape(&self) -> ImageShape;

    /// The meaning of the targets.
    fn targets(&self) -> TargetSpec;

    /// Writes sample `index`: all of its normalised pixels, channel by channel and row by row, and
    /// its target.
    ///
    /// # Errors
    /// [`DataError::IndexOutOfRange`] when `index >= len()`, [`DataError::PixelCount`]
    /// ([`Sample::check_pixels`]) and [`DataError::TargetBuffer`] when the buffers do not fit a
    /// sample of this set, and the errors of the data's source.
    fn read(&self, index: usize, sample: &mut Sample<'_>) -> Result<(), DataError>;

    /// Writes sample `index` as it is trained on at one place of a run: as [`read`](Self::read), by
    /// default. Data sets whose samples are random parts of something larger, such as
    /// [`Crops`](crate::Crops), draw another part each time.
    ///
    /// A [`Loader`](crate::Loader) that augments calls this one. Equal indices, positions and numbers
    /// drawn give equal samples.
    ///
    /// # Errors
    /// Those of [`read`](Self::read).
    fn draw(
        &self,
        index: usize,
        draw: &mut Draw<'_>,
        sample: &mut Sample<'_>,
    ) -> Result<(), DataError> {
        let _ = draw;
        self.read(index, sample)
    }

    /// The rule that makes pixels of stored values, where all images have one. Changes of colours,
    /// such as [`AutoAugment`](crate::AutoAugment), need it; it is stored with what is learnt. By
    /// default there is none.
    fn normalization(&self) -> Option<&Normalization> {
        None
    }

    /// A short name for the contents, 64 hexadecimal digits by default. It keeps results that were
    /// stored for one data set from being used for another.
    ///
    /// By default it is the SHA-256 of the meaning of the targets, the shape, the length, and the
    /// target and all pixels of every sample as [`read`](Self::read) gives them. Equal contents
    /// thus have one digest, whatever type holds them and wherever their files lie. Cost: every
    /// sample is read once, and four bytes a pixel are hashed; for 50,000 images of 3x32x32, 614
    /// MB, about a second. Everything that is stored asks for it at the beginning: if reading is
    /// slow, implement it with a text that changes whenever a sample does.
    ///
    /// # Errors
    /// Those of [`read`](Self::read), [`DataError::UnusableShape`] and
    /// [`DataError::UnusableTargets`].
    fn digest(&self) -> Result<String, DataError> {
        crate::digest::of(self)
    }
}

macro_rules! forward {
    ($($pointer:ty),*) => {$(
        impl<T: Dataset + ?Sized> Dataset for $pointer {
            fn len(&self) -> usize {
                (**self).len()
            }
            fn is_empty(&self) -> bool {
                (**self).is_empty()
            }
            fn shape(&self) -> ImageShape {
                (**self).shape()
            }
            fn targets(&self) -> TargetSpec {
                (**self).targets()
            }
            fn read(&self, index: usize, sample: &mut Sample<'_>) -> Result<(), DataError> {
                (**self).read(index, sample)
            }
            fn draw(
                &self,
                index: usize,
                draw: &mut Draw<'_>,
                sample: &mut Sample<'_>,
            ) -> Result<(), DataError> {
                (**self).draw(index, draw, sample)
            }
            fn normalization(&self) -> Option<&Normalization> {
                (**self).normalization()
            }
            fn digest(&self) -> Result<String, DataError> {
                (**self).digest()
            }
        }
    )*};
}

forward!(&T, Box<T>, Arc<T>);

/// Refuses a data set whose first sample differs between two readings: runs on random samples
/// cannot be repeated. Cost: a sample is read twice.
///
/// # Errors
/// [`DataError::Unrepeatable`], those of [`Dataset::read`], [`DataError::UnusableShape`] and
/// [`DataError::UnusableTargets`]; none for a set without samples.
pub fn check_repeats(data: &dyn Dataset) -> Result<(), DataError> {
    if data.is_empty() {
        return Ok(());
    }
    let read = || OwnedSample::read(data, 0).map(|sample| bits(&sample));
    if read()? == read()? { Ok(()) } else { Err(DataError::Unrepeatable { index: 0 }) }
}

/// All numbers of a sample as they are stored, so that NaN equals itself.
pub(crate) fn bits(sample: &OwnedSample) -> Vec<u32> {
    let target: Vec<u32> = match &sample.targets {
        Targets::Indices(indices) => indices.clone(),
        Targets::Numbers(numbers) => numbers.iter().map(|number| number.to_bits()).collect(),
    };
    target.into_iter().chain(sample.pixels.iter().map(|pixel| pixel.to_bits())).collect()
}
