//! An image and its mask, which move together.

use crate::{DataError, ImageShape};

/// A pixel's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    /// Row, from the top.
    pub row: usize,
    /// Column, from the left.
    pub column: usize,
}

/// One image with the mask that belongs to it, where there is one.
#[derive(Debug)]
pub struct Picture<'a> {
    shape: ImageShape,
    pixels: &'a mut [f32],
    mask: Option<Mask<'a>>,
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
        Ok(Self { shape, pixels, mask: None })
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

    /// Shape of the image.
    #[must_use]
    pub fn shape(&self) -> ImageShape {
        self.shape
    }

    /// The colour planes, row by row, to change values in. Use [`gather`](Self::gather) to move
    /// pixels.
    pub fn planes(&mut self) -> impl Iterator<Item = &mut [f32]> {
        self.pixels.chunks_exact_mut(self.shape.height * self.shape.width)
    }

    /// Moves pixels: each place gets the value that was at its `source`, in every plane and in the
    /// mask. If the source is `None` or outside, the image becomes 0 and the mask its ignored
    /// label.
    ///
    /// # Errors
    /// [`DataError::NoIgnoredLabel`] for a place without a source in a mask without such a label;
    /// nothing is moved then.
    pub fn gather(&mut self, source: impl Fn(Place) -> Option<Place>) -> Result<(), DataError> {
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
        self.planes().for_each(|plane| move_plane(plane, &from, 0.0));
        Ok(())
    }
}

fn move_plane<T: Copy>(plane: &mut [T], from: &[Option<usize>], empty: T) {
    let before = plane.to_vec();
    for (value, from) in plane.iter_mut().zip(from) {
        *value = from.map_or(empty, |at| before[at]);
    }
}
