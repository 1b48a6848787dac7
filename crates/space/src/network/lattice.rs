//! The lattice of Auto-DeepLab: layers of cells at several levels, every transition a choice.

use super::unet::{cell, check_depth};
use super::{Head, Network, Placement, Port, Source, Stem, check_length};
use crate::{Resize, SpaceError};

impl Network {
    /// The network lattice of Auto-DeepLab (arXiv 1901.02985, section 3.2): `layers` layers of
    /// two-input normal cells (cell 0) at up to `levels` levels.
    ///
    /// The first level is the stem's; each layer reaches one level further down, so layer `l`
    /// (from 0) has levels `0..=min(l + 1, levels - 1)`, level `s` being `2^s` times as wide as
    /// the base channels.
    ///
    /// - Port 0 reads the cell two layers before at the same level, or the stem where there is
    ///   none.
    /// - Port 1 chooses among the cells of the layer before at the finer, the same and the coarser
    ///   level, as far as they exist; in layer 0 it reads the stem.
    /// - A per-pixel head reads every level of the last layer.
    ///
    /// The paper has 12 layers, 4 levels and a stem of stride 4 ([`Stem::imagenet_quarter`]).
    ///
    /// # Errors
    /// [`SpaceError::Range`] unless `levels` is 1 to 12, and as [`Network::new`].
    pub fn auto_deeplab(stem: Stem, layers: usize, levels: usize) -> Result<Self, SpaceError> {
        check_depth(levels)?;
        check_length(layers)?;
        let last = Source::Stem(stem.parts().len() - 1);
        let base = stem.level(stem.parts().len() - 1);
        let mut placements: Vec<Placement> = Vec::new();
        let mut rows: Vec<Vec<usize>> = Vec::with_capacity(layers);
        for layer in 0..layers {
            let mut row = Vec::with_capacity(levels);
            for level in 0..levels.min(layer + 2) {
                let same = layer.checked_sub(2).and_then(|l| rows[l].get(level));
                let skip = Port::one(same.map_or(last, |&index| Source::Cell(index)));
                let step = match layer.checked_sub(1) {
                    Some(before) => Port::choice(neighbours(&rows[before], level)),
                    None => Port::one(last),
                };
                row.push(placements.len());
                placements.push(cell(0, level, base, vec![skip, step]));
            }
            rows.push(row);
        }
        let sources = rows.last().into_iter().flatten().map(|&index| Source::Cell(index)).collect();
        Self::new(stem, placements, Head::PerPixel { sources, resize: Resize::Nearest }, None)
    }
}

/// Cells of `row` one level finer than, at, and one level coarser than `level`.
fn neighbours(row: &[usize], level: usize) -> Vec<Source> {
    let levels = level.saturating_sub(1)..=level + 1;
    levels.filter_map(|level| row.get(level)).map(|&index| Source::Cell(index)).collect()
}
