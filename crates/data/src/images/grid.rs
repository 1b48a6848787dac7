//! Windows of one size that cover an image.

use super::Tiles;
use super::raster::Window;
use crate::window::starts;
use crate::{CropConfig, ImageShape};

/// Windows of one size that cover an image, evenly spread along each axis.
#[derive(Clone, Copy, Debug)]
pub(super) struct Grid {
    rows: Side,
    columns: Side,
}

/// Windows along one axis.
#[derive(Clone, Copy, Debug)]
struct Side {
    size: usize,
    /// The most that neighbours are apart.
    step: usize,
}

impl Side {
    fn new(size: usize, overlap: usize) -> Self {
        Self { size, step: size.saturating_sub(overlap).max(1) }
    }
}

impl Grid {
    pub(super) fn of_tiles(Tiles { size, overlap }: Tiles) -> Self {
        let side = Side::new(size, overlap);
        Self { rows: side, columns: side }
    }

    /// Windows of the size of crops, which overlap as [`Tiles`] do by default: by 180 of 512
    /// pixels.
    pub(super) fn of_crops(crops: CropConfig) -> Self {
        let usual = Tiles::default();
        let side = |size: usize| Side::new(size, size * usual.overlap / usual.size);
        Self { rows: side(crops.height), columns: side(crops.width) }
    }

    /// The shape of a window of images like `image`.
    pub(super) fn shape(self, image: ImageShape) -> ImageShape {
        ImageShape { height: self.rows.size, width: self.columns.size, ..image }
    }

    /// The windows of an image, row by row. They are of one size, and reach beyond a smaller image.
    pub(super) fn windows(self, image: ImageShape) -> impl Iterator<Item = Window> {
        let Self { rows, columns } = self;
        let lefts = starts(image.width, columns.size, columns.step);
        starts(image.height, rows.size, rows.step).into_iter().flat_map(move |top| {
            let window = move |left| Window { top, left, height: rows.size, width: columns.size };
            lefts.clone().into_iter().map(window)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_of_crops_overlap_as_tiles_do() {
        let grid = Grid::of_crops(CropConfig::new(128, 64));
        let image = ImageShape::new(3, 256, 100);
        assert_eq!(grid.shape(image), ImageShape::new(3, 128, 64));
        // 45 of 128 rows and 22 of 64 columns at least.
        let all: Vec<[usize; 2]> =
            grid.windows(image).map(|window| [window.top, window.left]).collect();
        assert_eq!(all, [[0, 0], [0, 36], [64, 0], [64, 36], [128, 0], [128, 36]]);
        assert_eq!(Grid::of_tiles(Tiles::default()).windows(image).count(), 1);
    }
}
