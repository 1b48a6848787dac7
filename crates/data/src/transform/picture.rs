//! An image and its mask, which move together.

use crate::{DataError, ImageShape, Normalization};

mod warp;

/// A pixel's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    /// Row, from the top.
    pub row: usize,
    /// Column, from the left.
    pub column: usize,
}

/// A place between pixels. The centre of the pixel in row r and column c is (r, c), so an image of H
/// rows reaches from -0.5 to H - 0.5.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// Row, from the top.
    pub row: f64,
    /// Column, from the left.
    pub column: f64,
}

/// One image with the mask that belongs to it, where there is one.
#[derive(Debug)]
pub struct Picture<'a> {
    shape: ImageShape,
    pixels: &'a mut [f32],
    mask: Option<Mask<'a>>,
    normalization: Option<&'a Normalization>,
}

#[derive(Debug)]
struct Mask<'a> {
    labels: &'a mut [u32],
    /// The mask value for places to which no pixel moved.
    empty: Option<u32>,
}

impl<'a> Picture<'a> {
    /// An image of `shape` without a mask.
    ///
    /// # Errors
    /// [`DataError::UnusableShape`], and [`DataError::PixelCount`] when `pixels` is not one image
    /// of `shape`.
    pub fn new(shape: ImageShape, pixels: &'a mut [f32]) -> Result<Self, DataError> {
        let expected = shape.pixels()?;
        if pixels.len() != expected {
            return Err(DataError::PixelCount { expected, found: pixels.len() });
        }
        Ok(Self { shape, pixels, mask: None, normalization: None })
    }

    /// The same image with its mask; `empty` is the label of pixels that come from outside, the
    /// ignored one.
    ///
    /// # Errors
    /// [`DataError::PixelCount`] when `labels` is not one plane of the image.
    pub fn with_mask(self, labels: &'a mut [u32], empty: Option<u32>) -> Result<Self, DataError> {
        let expected = self.shape.height * self.shape.width;
        if labels.len() != expected {
            return Err(DataError::PixelCount { expected, found: labels.len() });
        }
        Ok(Self { mask: Some(Mask { labels, empty }), ..self })
    }

    /// The same image with the rule that made its pixels of stored values. Changes that are defined
    /// on colours, such as [`AutoAugment`](crate::AutoAugment), undo it and do it again.
    ///
    /// # Errors
    /// [`DataError::ChannelCount`] when it is for another number of channels.
    pub fn with_normalization(self, normalization: &'a Normalization) -> Result<Self, DataError> {
        let expected = self.shape.channels;
        let found = normalization.channels();
        if found != expected {
            return Err(DataError::ChannelCount { expected, found });
        }
        Ok(Self { normalization: Some(normalization), ..self })
    }

    /// Shape of the image.
    #[must_use]
    pub fn shape(&self) -> ImageShape {
        self.shape
    }

    /// The rule that made the pixels of stored values, where it is known.
    #[must_use]
    pub fn normalization(&self) -> Option<&'a Normalization> {
        self.normalization
    }

    /// The colour planes, row by row, to change values in. Use [`gather`](Self::gather) or
    /// [`warp`](Self::warp) to move pixels.
    pub fn planes(&mut self) -> impl Iterator<Item = &mut [f32]> {
        self.pixels.chunks_exact_mut(self.shape.height * self.shape.width)
    }

    /// All colour planes, one after the other.
    pub(super) fn pixels(&mut self) -> &mut [f32] {
        self.pixels
    }

    /// Moves pixels: each place gets the value that was at its `source`, in every plane and in the
    /// mask. If the source is `None` or outside, the image becomes 0 and the mask its ignored
    /// label.
    ///
    /// # Errors
    /// [`DataError::NoIgnoredLabel`] for a place without a source in a mask without such a label;
    /// nothing is moved then.
    pub fn gather(&mut self, source: impl Fn(Place) -> Option<Place>) -> Result<(), DataError> {
        self.gather_onto(source, |_| 0.0)
    }

    /// As [`gather`](Self::gather), with the value `fill` of each channel for what comes from
    /// outside.
    pub(super) fn gather_onto(
        &mut self,
        source: impl Fn(Place) -> Option<Place>,
        fill: impl Fn(usize) -> f32,
    ) -> Result<(), DataError> {
        let ImageShape { height, width, .. } = self.shape;
        let inside = |place: &Place| place.row < height && place.column < width;
        let places =
            (0..height).flat_map(|row| (0..width).map(move |column| Place { row, column }));
        let from: Vec<Option<usize>> = places
            .map(|place| source(place).filter(inside).map(|at| at.row * width + at.column))
            .collect();
        if let Some(mask) = &mut self.mask {
            if mask.empty.is_none() && from.contains(&None) {
                return Err(DataError::NoIgnoredLabel);
            }
            move_plane(mask.labels, &from, mask.empty.unwrap_or_default());
        }
        for (channel, plane) in self.planes().enumerate() {
            move_plane(plane, &from, fill(channel));
        }
        Ok(())
    }
}

fn move_plane<T: Copy>(plane: &mut [T], from: &[Option<usize>], empty: T) {
    let before = plane.to_vec();
    for (value, from) in plane.iter_mut().zip(from) {
        *value = from.map_or(empty, |at| before[at]);
    }
}
