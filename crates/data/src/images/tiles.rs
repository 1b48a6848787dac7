//! Tiles of images.

use serde::{Deserialize, Serialize};

use super::ImageError;
use super::grid::Grid;
use super::raster::Window;
use crate::ImageShape;
use crate::window::starts;

/// Square tiles that cover an image, with overlap.
///
/// An image of `L` rows has `n = ceil((L - size) / (size - overlap)) + 1` rows of tiles, one where
/// `L <= size`. Tile `i` begins at `round(i * (L - size) / (n - 1))`: evenly spread, the last one
/// ends where the image does, and no two overlap by less than `overlap`. The same holds for
/// columns. An image smaller than a tile is filled up at its lower right edge: with the training
/// images' mean, and in masks with the ignored label.
///
/// Default: 512 pixels with an overlap of 180, as in the study of helicopters in satellite images.
///
/// *Differences from the paper*: it does not say where tiles begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Tiles {
    /// Rows and columns of a tile.
    pub size: usize,
    /// Least overlap of neighbours.
    pub overlap: usize,
}

impl Default for Tiles {
    fn default() -> Self {
        Self { size: 512, overlap: 180 }
    }
}

impl Tiles {
    pub(super) fn check(self) -> Result<(), ImageError> {
        let refuse = |field, expected: String, found: usize| {
            Err(ImageError::Setting { field, expected, found: found.to_string() })
        };
        if self.size == 0 {
            return refuse("tiles.size", "at least 1 pixel".to_owned(), self.size);
        }
        if self.overlap >= self.size {
            let expected = format!("less than the size {}", self.size);
            return refuse("tiles.overlap", expected, self.overlap);
        }
        Ok(())
    }

    /// The first pixels of tiles along a side of `length` pixels.
    #[must_use]
    pub fn starts(self, length: usize) -> Vec<usize> {
        starts(length, self.size, self.size.saturating_sub(self.overlap).max(1))
    }

    /// The tiles of an image, row by row. They are of one size, and reach beyond a smaller image.
    pub fn windows(self, shape: ImageShape) -> impl Iterator<Item = Window> {
        Grid::of_tiles(self).windows(shape)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn starts_are_spread_evenly_and_end_at_the_border() {
        let tiles = Tiles::default();
        for length in [512, 513, 844, 1000, 5000, 20_000] {
            let starts = tiles.starts(length);
            assert_eq!(starts[0], 0);
            assert_eq!(starts.last(), Some(&(length - 512)));
            let gaps: Vec<usize> = starts.windows(2).map(|pair| pair[1] - pair[0]).collect();
            let widest = gaps.iter().max().copied().unwrap_or(0);
            assert!(widest <= 332, "{length}: {gaps:?}");
            assert!(gaps.iter().all(|gap| widest - gap <= 1), "{length}: {gaps:?}");
        }
    }

    #[test]
    fn settings_that_cover_nothing_are_refused() {
        for tiles in [Tiles { size: 0, overlap: 0 }, Tiles { size: 64, overlap: 64 }] {
            assert!(matches!(tiles.check(), Err(ImageError::Setting { .. })));
        }
    }
}
