//! Facts about data, measured.

use dartloom::data::images::{ImageFiles, ImageSet, Size};
use dartloom::data::{Dataset, ImageShape, TargetSpec};

use super::is_mask;
use crate::catalog::{Catalog, Place};
use crate::error::EngineError;
use crate::experiment::{Data, ImageFolder, Named};

/// Facts about data.
#[derive(Debug)]
pub(super) struct Facts {
    pub(super) data: Named<Data>,
    /// Images to train with.
    pub(super) train: usize,
    /// Images to test with.
    pub(super) test: usize,
    pub(super) targets: TargetSpec,
    /// Channels, and the median of rows and of columns.
    pub(super) median: ImageShape,
    /// The fewest rows and the fewest columns of an image.
    pub(super) least: [usize; 2],
    /// The most of both.
    pub(super) most: [usize; 2],
}

/// Images are looked at in this size, which suits all of them.
const PROBE: Size = Size::Resize(8, 8);

impl Facts {
    pub(super) fn of(data: Named<Data>, origin: &str) -> Result<Self, EngineError> {
        if let Named::Known(Data::Images(ImageFolder(files))) = &data
            && is_free(files)
        {
            let probe = ImageFiles { size: PROBE, ..files.clone() }.open();
            let probe = probe.map_err(|error| EngineError::experiment(origin, error))?;
            let test = probe.test.as_ref().map_or(0, Dataset::len);
            return Ok(Self::of_files(&probe.train, data, test));
        }
        let sets = Catalog::standard().make_data(&data, Place { origin, field: "data" })?;
        let shape = sets.train.shape();
        let sides = [shape.height, shape.width];
        Ok(Self {
            data,
            train: sets.train.len(),
            test: sets.test.len(),
            targets: sets.train.targets(),
            median: shape,
            least: sides,
            most: sides,
        })
    }

    fn of_files(probe: &ImageSet, data: Named<Data>, test: usize) -> Self {
        let shapes = (0..probe.len()).filter_map(|index| Some(probe.origin(index)?.shape));
        let shapes: Vec<ImageShape> = shapes.collect();
        let axis = |side: fn(&ImageShape) -> usize| {
            let mut all: Vec<usize> = shapes.iter().map(side).collect();
            all.sort_unstable();
            all
        };
        let rows = axis(|shape| shape.height);
        let columns = axis(|shape| shape.width);
        let at = |all: &[usize], place: usize| all.get(place).copied().unwrap_or_default();
        let last = shapes.len().saturating_sub(1);
        let sides = |place: usize| [at(&rows, place), at(&columns, place)];
        let [height, width] = sides(shapes.len() / 2);
        let channels = probe.shape().channels;
        Self {
            data,
            train: probe.len(),
            test,
            targets: probe.targets(),
            median: ImageShape { channels, height, width },
            least: sides(0),
            most: sides(last),
        }
    }

    /// The folder of images whose tiles, crops or size are to be chosen; `None` where they are
    /// given.
    pub(super) fn free_files(&self) -> Option<&ImageFiles> {
        match &self.data {
            Named::Known(Data::Images(ImageFolder(files))) if is_free(files) => Some(files),
            _ => None,
        }
    }

    /// True where all training images have one size.
    pub(super) fn is_uniform(&self) -> bool {
        self.least == self.most
    }

    pub(super) fn has_masks(&self) -> bool {
        is_mask(self.targets)
    }
}

fn is_free(files: &ImageFiles) -> bool {
    files.tiles.is_none() && files.crops.is_none() && files.size == Size::AsStored
}
