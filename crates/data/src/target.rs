//! Targets: the values that a network learns to predict from an image.

use std::fmt::{self, Display};

use candle_core::{Device, Tensor};

use crate::{DataError, ImageShape};

/// The meaning of a data set's targets.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TargetSpec {
    /// One class out of `classes` per image: an index below `classes`. In a batch `[B]`, `u32`.
    Class {
        /// Number of classes.
        classes: usize,
    },
    /// This many labels, each 1 (present) or 0 (absent). In a batch `[B, labels]`, `f32`.
    Labels(usize),
    /// This many finite numbers. In a batch `[B, values]`, `f32`.
    Values(usize),
    /// One class per pixel, row by row: an index below `classes`, or `ignore` where the class is
    /// unknown. In a batch `[B, H, W]`, `u32`.
    Mask {
        /// Number of classes.
        classes: usize,
        /// The label of pixels that do not count, usually 255.
        ignore: Option<u32>,
    },
}

impl TargetSpec {
    /// Numbers in the target of one image of `shape`.
    ///
    /// # Errors
    /// [`DataError::UnusableTargets`] for none, and [`DataError::UnusableShape`].
    pub fn width(self, shape: ImageShape) -> Result<usize, DataError> {
        let width = match self {
            Self::Class { classes } => classes.min(1),
            Self::Labels(width) | Self::Values(width) => width,
            Self::Mask { classes: 0, .. } => 0,
            // Checks that height times width does not overflow.
            Self::Mask { .. } => shape.pixels()? / shape.channels,
        };
        if width == 0 {
            return Err(DataError::UnusableTargets { targets: self });
        }
        Ok(width)
    }

    /// Dimensions of the targets of `rows` images.
    fn dims(self, shape: ImageShape, rows: usize) -> Vec<usize> {
        match self {
            Self::Class { .. } => vec![rows],
            Self::Labels(width) | Self::Values(width) => vec![rows, width],
            Self::Mask { .. } => vec![rows, shape.height, shape.width],
        }
    }

    /// Refuses a target of sample `index` that is not of this kind.
    ///
    /// # Errors
    /// [`DataError::LabelTooLarge`], [`DataError::MaskLabel`], [`DataError::Label`] or
    /// [`DataError::Value`] with the place, [`DataError::TargetBuffer`] for a target of another
    /// kind.
    pub fn check(self, index: usize, target: &Target<'_>) -> Result<(), DataError> {
        match (self, target) {
            (Self::Class { classes }, Target::Indices([class])) => {
                let found = *class;
                let error = DataError::LabelTooLarge { index, classes, found };
                is_below(found, classes).then_some(()).ok_or(error)
            }
            (Self::Mask { classes, ignore }, Target::Indices(mask)) => {
                let wrong = |label: &u32| !is_below(*label, classes) && Some(*label) != ignore;
                match mask.iter().position(wrong) {
                    Some(pixel) => {
                        Err(DataError::MaskLabel { index, pixel, classes, found: mask[pixel] })
                    }
                    None => Ok(()),
                }
            }
            (Self::Labels(_), Target::Numbers(labels)) => {
                match labels.iter().position(|&label| ![0.0, 1.0].contains(&label)) {
                    Some(label) => Err(DataError::Label { index, label, found: labels[label] }),
                    None => Ok(()),
                }
            }
            (Self::Values(_), Target::Numbers(values)) => {
                match values.iter().position(|value| !value.is_finite()) {
                    Some(value) => Err(DataError::Value { index, value, found: values[value] }),
                    None => Ok(()),
                }
            }
            (_, target) => Err(target.refused(&self)),
        }
    }
}

fn is_below(label: u32, classes: usize) -> bool {
    usize::try_from(label).is_ok_and(|label| label < classes)
}

impl Display for TargetSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Class { classes } => write!(f, "one of {classes} classes"),
            Self::Labels(labels) => write!(f, "{labels} labels"),
            Self::Values(values) => write!(f, "{values} values"),
            Self::Mask { classes, ignore: None } => write!(f, "a mask of {classes} classes"),
            Self::Mask { classes, ignore: Some(label) } => {
                write!(f, "a mask of {classes} classes that ignores {label}")
            }
        }
    }
}

/// A buffer for the target of one sample; [`TargetSpec`] describes its contents.
#[derive(Debug, PartialEq)]
pub enum Target<'a> {
    /// A class, or a mask row by row.
    Indices(&'a mut [u32]),
    /// Labels or values.
    Numbers(&'a mut [f32]),
}

impl Target<'_> {
    /// Writes the class of an image.
    ///
    /// # Errors
    /// [`DataError::TargetBuffer`] if the buffer is not for exactly one index.
    pub fn put_class(&mut self, class: u32) -> Result<(), DataError> {
        self.put_indices(&[class])
    }

    /// Writes a mask, row by row.
    ///
    /// # Errors
    /// [`DataError::TargetBuffer`] if the buffer is not for exactly this many indices.
    pub fn put_indices(&mut self, indices: &[u32]) -> Result<(), DataError> {
        match self {
            Self::Indices(room) if room.len() == indices.len() => {
                room.copy_from_slice(indices);
                Ok(())
            }
            _ => Err(self.refused(&format_args!("{} indices", indices.len()))),
        }
    }

    /// Writes labels or values.
    ///
    /// # Errors
    /// [`DataError::TargetBuffer`] if the buffer is not for exactly this many numbers.
    pub fn put_numbers(&mut self, numbers: &[f32]) -> Result<(), DataError> {
        match self {
            Self::Numbers(room) if room.len() == numbers.len() => {
                room.copy_from_slice(numbers);
                Ok(())
            }
            _ => Err(self.refused(&format_args!("{} numbers", numbers.len()))),
        }
    }

    /// The class, where there is one index.
    #[must_use]
    pub fn class(&self) -> Option<u32> {
        match self {
            Self::Indices([class]) => Some(*class),
            _ => None,
        }
    }

    fn refused(&self, expected: &dyn Display) -> DataError {
        let found = match self {
            Self::Indices(room) => format!("{} indices", room.len()),
            Self::Numbers(room) => format!("{} numbers", room.len()),
        };
        DataError::TargetBuffer { expected: expected.to_string(), found }
    }
}

/// The targets of several samples, one after the other.
#[derive(Clone, Debug, PartialEq)]
pub enum Targets {
    /// Classes, or masks row by row.
    Indices(Vec<u32>),
    /// Labels or values.
    Numbers(Vec<f32>),
}

impl Targets {
    /// A buffer for the targets of `rows` images, filled with values that are not targets:
    /// `u32::MAX` or NaN.
    ///
    /// # Errors
    /// Those of [`TargetSpec::width`].
    pub fn unwritten(
        targets: TargetSpec,
        shape: ImageShape,
        rows: usize,
    ) -> Result<Self, DataError> {
        let count = targets.width(shape)?.saturating_mul(rows);
        Ok(match targets {
            TargetSpec::Class { .. } | TargetSpec::Mask { .. } => {
                Self::Indices(vec![u32::MAX; count])
            }
            TargetSpec::Labels(_) | TargetSpec::Values(_) => Self::Numbers(vec![f32::NAN; count]),
        })
    }

    /// Numbers in all.
    pub(crate) fn count(&self) -> usize {
        match self {
            Self::Indices(indices) => indices.len(),
            Self::Numbers(numbers) => numbers.len(),
        }
    }

    /// Target `row` of those with `width` numbers each; an empty target past the end.
    pub(crate) fn row(&mut self, row: usize, width: usize) -> Target<'_> {
        match self {
            Self::Indices(all) => {
                Target::Indices(all.chunks_exact_mut(width).nth(row).unwrap_or_default())
            }
            Self::Numbers(all) => {
                Target::Numbers(all.chunks_exact_mut(width).nth(row).unwrap_or_default())
            }
        }
    }

    /// All numbers as one target.
    pub(crate) fn whole(&mut self) -> Target<'_> {
        match self {
            Self::Indices(all) => Target::Indices(all),
            Self::Numbers(all) => Target::Numbers(all),
        }
    }

    /// The tensor of a batch, on the CPU.
    pub(crate) fn into_tensor(
        self,
        targets: TargetSpec,
        shape: ImageShape,
        rows: usize,
    ) -> Result<Tensor, DataError> {
        let dims = targets.dims(shape, rows);
        Ok(match self {
            Self::Indices(indices) => Tensor::from_vec(indices, dims, &Device::Cpu)?,
            Self::Numbers(numbers) => Tensor::from_vec(numbers, dims, &Device::Cpu)?,
        })
    }
}

#[cfg(test)]
mod tests;
