//! Decoded images.

use crate::{DataError, ImageShape};

/// The type of an image's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SampleType {
    /// Unsigned bytes, 0 to 255.
    U8,
    /// Unsigned 16-bit numbers, 0 to 65,535.
    U16,
    /// Floats of any range.
    F32,
}

impl SampleType {
    /// The largest value of the type, which becomes 1; floats stay as they are, so 1 for them.
    #[must_use]
    pub const fn range(self) -> f32 {
        match self {
            Self::U8 => 255.0,
            Self::U16 => 65_535.0,
            Self::F32 => 1.0,
        }
    }

    /// Bytes of one value.
    #[must_use]
    pub const fn bytes(self) -> usize {
        match self {
            Self::U8 => 1,
            Self::U16 => 2,
            Self::F32 => 4,
        }
    }
}

impl std::fmt::Display for SampleType {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::U8 => "8 bits",
            Self::U16 => "16 bits",
            Self::F32 => "floats",
        })
    }
}

/// Values of an image in the type in which they are stored: nothing is rounded on the way.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// Unsigned bytes.
    U8(Vec<u8>),
    /// Unsigned 16-bit numbers.
    U16(Vec<u16>),
    /// Floats.
    F32(Vec<f32>),
}

/// Applies an expression to the vector inside, which keeps its type.
macro_rules! each {
    ($values:expr, $inner:ident => $result:expr) => {
        match $values {
            Values::U8($inner) => Values::U8($result),
            Values::U16($inner) => Values::U16($result),
            Values::F32($inner) => Values::F32($result),
        }
    };
}
pub(super) use each;

impl Values {
    /// Number of values.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::U8(values) => values.len(),
            Self::U16(values) => values.len(),
            Self::F32(values) => values.len(),
        }
    }

    /// `true` without values.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Their type.
    #[must_use]
    pub fn sample(&self) -> SampleType {
        match self {
            Self::U8(_) => SampleType::U8,
            Self::U16(_) => SampleType::U16,
            Self::F32(_) => SampleType::F32,
        }
    }

    /// All values as floats, not scaled.
    #[must_use]
    pub fn to_floats(&self) -> Vec<f32> {
        match self {
            Self::U8(values) => values.iter().map(|&value| f32::from(value)).collect(),
            Self::U16(values) => values.iter().map(|&value| f32::from(value)).collect(),
            Self::F32(values) => values.clone(),
        }
    }

    /// Bytes of all values, little end first.
    pub(crate) fn le_bytes(&self) -> Vec<u8> {
        match self {
            Self::U8(values) => values.clone(),
            Self::U16(values) => values.iter().flat_map(|value| value.to_le_bytes()).collect(),
            Self::F32(values) => values.iter().flat_map(|value| value.to_le_bytes()).collect(),
        }
    }
}

/// The bands of an image file, or some of them, read by [`Raster::banded`].
#[non_exhaustive]
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize,
)]
pub enum Bands {
    /// All bands as they are stored, an alpha channel included.
    #[default]
    AsStored,
    /// One band: grey as it is, colours as `(299 R + 587 G + 114 B) / 1000` (ITU-R BT.601), alpha
    /// dropped.
    Grey,
    /// Three bands: grey three times, colours as they are, alpha dropped.
    Rgb,
    /// The first so many bands.
    First(usize),
}

/// A decoded image: values channel by channel and row by row.
#[derive(Clone, Debug, PartialEq)]
pub struct Raster {
    shape: ImageShape,
    values: Values,
}

impl Raster {
    /// An image of `shape` with `values`, channel by channel and row by row.
    ///
    /// # Errors
    /// [`DataError::UnusableShape`], and [`DataError::PixelCount`] for values that do not fill it.
    pub fn new(shape: ImageShape, values: Values) -> Result<Self, DataError> {
        match (shape.pixels()?, values.len()) {
            (expected, found) if expected == found => Ok(Self { shape, values }),
            (expected, found) => Err(DataError::PixelCount { expected, found }),
        }
    }

    /// The same from values pixel by pixel, as most files hold them.
    pub(super) fn interleaved(shape: ImageShape, values: Values) -> Result<Self, DataError> {
        let channels = shape.channels;
        let planar =
            if channels == 1 { values } else { each!(values, all => planar(&all, channels)) };
        Self::new(shape, planar)
    }

    /// Channels, height and width.
    #[must_use]
    pub fn shape(&self) -> ImageShape {
        self.shape
    }

    /// The values.
    #[must_use]
    pub fn values(&self) -> &Values {
        &self.values
    }

    /// The type of the values.
    #[must_use]
    pub fn sample(&self) -> SampleType {
        self.values.sample()
    }

    /// Bytes that it occupies.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.values.len() * self.sample().bytes()
    }

    /// Values of one channel.
    pub(super) fn plane(&self) -> usize {
        self.shape.height * self.shape.width
    }

    /// The part of `height` rows from `top` and `width` columns from `left`; what lies outside of
    /// the image is left out.
    #[must_use]
    pub fn region(&self, window: Window) -> Self {
        let window = window.within(self.shape);
        let shape = ImageShape::new(self.shape.channels, window.height, window.width);
        let values = each!(&self.values, all => cut(all, self.shape, window));
        Self { shape, values }
    }

    /// The same image with other bands.
    ///
    /// # Errors
    /// The bands that it has, where these cannot be made of them.
    pub fn banded(self, bands: Bands) -> Result<Self, usize> {
        let channels = self.shape.channels;
        let shape = |channels| ImageShape { channels, ..self.shape };
        let plane = self.plane();
        Ok(match (bands, channels) {
            (Bands::AsStored, _) => self,
            (Bands::First(0), _) => return Err(channels),
            (Bands::First(count), _) if count > channels => return Err(channels),
            (Bands::First(count), _) => {
                let values = each!(self.values, all => head(all, count * plane));
                Self { shape: shape(count), values }
            }
            (Bands::Grey, 1 | 2) => {
                Self { shape: shape(1), values: each!(self.values, all => head(all, plane)) }
            }
            (Bands::Grey, 3 | 4) => Self { shape: shape(1), values: luma(&self.values, plane) },
            (Bands::Rgb, 1 | 2) => {
                let values = each!(self.values, all => head(all, plane).repeat(3));
                Self { shape: shape(3), values }
            }
            (Bands::Rgb, 3 | 4) => {
                Self { shape: shape(3), values: each!(self.values, all => head(all, 3 * plane)) }
            }
            _ => return Err(channels),
        })
    }
}

/// A rectangle in an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Window {
    /// First row.
    pub top: usize,
    /// First column.
    pub left: usize,
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
}

impl Window {
    /// All of an image.
    #[must_use]
    pub const fn whole(shape: ImageShape) -> Self {
        Self { top: 0, left: 0, height: shape.height, width: shape.width }
    }

    /// The part of it that lies in an image.
    pub(super) fn within(self, shape: ImageShape) -> Self {
        let top = self.top.min(shape.height);
        let left = self.left.min(shape.width);
        let height = self.height.min(shape.height - top);
        let width = self.width.min(shape.width - left);
        Self { top, left, height, width }
    }
}

fn planar<T: Copy>(pixels: &[T], channels: usize) -> Vec<T> {
    let channel = |channel| pixels.iter().skip(channel).step_by(channels).copied();
    (0..channels).flat_map(channel).collect()
}

fn head<T>(mut values: Vec<T>, count: usize) -> Vec<T> {
    values.truncate(count);
    values
}

fn cut<T: Copy>(values: &[T], shape: ImageShape, window: Window) -> Vec<T> {
    let mut part = Vec::with_capacity(shape.channels * window.height * window.width);
    for plane in values.chunks_exact((shape.height * shape.width).max(1)) {
        for row in plane.chunks_exact(shape.width).skip(window.top).take(window.height) {
            part.extend_from_slice(&row[window.left..window.left + window.width]);
        }
    }
    part
}

/// Weights of red, green and blue in thousandths.
const LUMA: [u32; 3] = [299, 587, 114];

fn luma(values: &Values, plane: usize) -> Values {
    let whole = |at: &dyn Fn(usize) -> u32| -> Vec<u32> {
        let sum = |pixel| (0..3).map(|band| LUMA[band] * at(band * plane + pixel)).sum::<u32>();
        (0..plane).map(|pixel| (sum(pixel) + 500) / 1000).collect()
    };
    match values {
        Values::U8(all) => {
            let grey = whole(&|index| u32::from(all[index]));
            Values::U8(grey.into_iter().map(|value| value as u8).collect())
        }
        Values::U16(all) => {
            let grey = whole(&|index| u32::from(all[index]));
            Values::U16(grey.into_iter().map(|value| value as u16).collect())
        }
        Values::F32(all) => {
            let weight = |band: usize| LUMA[band] as f32 / 1000.0;
            let sum = |pixel| (0..3).map(|band| weight(band) * all[band * plane + pixel]).sum();
            Values::F32((0..plane).map(sum).collect())
        }
    }
}
