//! The [`Dataset`] trait and the small values around it.

use std::fmt::{self, Debug, Display};
use std::sync::Arc;

use crate::DataError;

/// What the labels of a data set mean.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Task {
    /// One class out of `classes` per image; labels are below `classes`.
    Classification {
        /// Number of classes.
        classes: usize,
    },
}

/// Channels, height and width of an image, in pixels. Displayed as `CxHxW`.
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

/// A finite, indexed collection of labelled images of one shape.
///
/// Equal indices give equal samples for the life of the value: whatever is random (order, augmentation) happens in
/// [`Loader`](crate::Loader), so that a position in a run is two integers.
pub trait Dataset: Send + Sync + Debug {
    /// Number of samples.
    fn len(&self) -> usize;

    /// Whether there are no samples.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Shape of every image.
    fn shape(&self) -> ImageShape;

    /// What the labels mean.
    fn task(&self) -> Task;

    /// Writes the normalised pixels of sample `index` into `pixels`, channel by channel and row by row
    /// (`channels * height * width` values), and returns its label.
    ///
    /// # Errors
    /// [`DataError::IndexOutOfRange`] when `index >= len()`, [`DataError::PixelCount`] when `pixels` has another
    /// length, and whatever the source of the data reports.
    fn sample(&self, index: usize, pixels: &mut [f32]) -> Result<u32, DataError>;

    /// A short name for the contents, 64 hexadecimal digits by default: what is stored for one data set is not
    /// used for another.
    ///
    /// By default the SHA-256 of task, shape, length, and the label and all pixels of every sample as
    /// [`sample`](Self::sample) gives them, so that equal contents have one digest whatever holds them, and where a
    /// file lies is no part of it. Cost: every sample is read once, and four bytes a pixel are hashed; for 50,000
    /// images of 3x32x32, 614 MB, about a second. It is asked for at the beginning of everything that is stored:
    /// implement it where reading is dear, with a text that changes whenever a sample does.
    ///
    /// # Errors
    /// Those of [`sample`](Self::sample), and [`DataError::UnusableShape`].
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
            fn task(&self) -> Task {
                (**self).task()
            }
            fn sample(&self, index: usize, pixels: &mut [f32]) -> Result<u32, DataError> {
                (**self).sample(index, pixels)
            }
            fn digest(&self) -> Result<String, DataError> {
                (**self).digest()
            }
        }
    )*};
}

forward!(&T, Box<T>, Arc<T>);

/// Refuses a data set that gives another first sample at the second reading: whatever is random in
/// it makes runs that nobody can repeat. Cost: a sample is read twice.
///
/// # Errors
/// [`DataError::Unrepeatable`], and those of [`Dataset::sample`] and [`ImageShape::pixels`]; none for
/// a set without samples.
pub fn check_repeats(data: &dyn Dataset) -> Result<(), DataError> {
    if data.is_empty() {
        return Ok(());
    }
    let count = data.shape().pixels()?;
    let read = || -> Result<(Vec<u32>, u32), DataError> {
        let mut pixels = vec![0.0; count];
        let label = data.sample(0, &mut pixels)?;
        Ok((pixels.into_iter().map(f32::to_bits).collect(), label))
    };
    if read()? == read()? { Ok(()) } else { Err(DataError::Unrepeatable { index: 0 }) }
}
