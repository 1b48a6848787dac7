//! Nested U-Net: every skip of a U-Net becomes a row of cells.

use super::unet::{cell, check_depth};
use super::{Head, LinkWeights, Network, Placement, Port, Source, Stem};
use crate::{Resize, SpaceError};

impl Network {
    /// A nested U-Net (UNet++) of two-input cells `X^{i,j}`, `0 <= i <= depth` the level below the
    /// stem, `0 <= j <= depth - i` the position along the skip.
    ///
    /// - `X^{0,0}` is a normal cell (cell 0) behind the stem; `X^{i,0}` is a reduction cell
    ///   (cell 1) that reads `X^{i-2,0}` and `X^{i-1,0}`, or the stem where they do not exist.
    /// - `X^{i,j}`, `j > 0`, is a normal cell. Port 0 chooses among `X^{i,0}` to `X^{i,j-1}`,
    ///   port 1 reads `X^{i+1,j-1}`, enlarged.
    /// - Cells at level `i` are `2^i` times as wide as the base channels; a per-pixel head reads
    ///   `X^{0,depth}`.
    ///
    /// Cells are placed column by column (`j` ascending, then `i`).
    ///
    /// # Errors
    /// [`SpaceError::Range`] unless `depth` is 1 to 12, and as [`Network::new`].
    pub fn nested_unet(stem: Stem, depth: usize) -> Result<Self, SpaceError> {
        nested(stem, depth, LinkWeights::WhereSeveral)
    }

    /// The nested U-Net with a weight on every link of the lattice: those into port 1 from other
    /// cells too, which are one to a port. So has the DARTS-UNet++ of the Preligens study
    /// (HAL-03343944, section 4.2). The second link that cells of DARTS have, to the cell before
    /// the parent, has none.
    ///
    /// # Errors
    /// As [`Network::nested_unet`].
    pub fn weighed_nested_unet(stem: Stem, depth: usize) -> Result<Self, SpaceError> {
        nested(stem, depth, LinkWeights::Always)
    }
}

fn nested(stem: Stem, depth: usize, weights: LinkWeights) -> Result<Network, SpaceError> {
    let port = |sources: Vec<Source>| Port { weights, ..Port::choice(sources) };
    let parent = |source: Source| match source {
        Source::Cell(_) => port(vec![source]),
        Source::Stem(_) => Port::one(source),
    };
    check_depth(depth)?;
    let last = stem.parts().len() - 1;
    let base = stem.level(last);
    let earlier = Source::Stem(last.saturating_sub(1));
    let mut placements: Vec<Placement> = Vec::new();
    for level in 0..=depth {
        let ports = match level {
            0 => [earlier, Source::Stem(last)],
            1 => [Source::Stem(last), Source::Cell(0)],
            _ => [Source::Cell(level - 2), Source::Cell(level - 1)],
        };
        let [earlier, before] = ports;
        let ports = vec![Port::one(earlier), parent(before)];
        placements.push(cell(usize::from(level > 0), level, base, ports));
    }
    for column in 1..=depth {
        for level in 0..=depth - column {
            let row = (0..column).map(|j| Source::Cell(index(depth, level, j)));
            let below = Source::Cell(index(depth, level + 1, column - 1));
            let ports = vec![port(row.collect()), port(vec![below])];
            placements.push(cell(0, level, base, ports));
        }
    }
    let sources = vec![Source::Cell(placements.len() - 1)];
    Network::new(stem, placements, Head::per_pixel(sources, Resize::Nearest), None)
}

/// The index of `X^{level,column}` among the placements: column `j` has `depth + 1 - j` cells.
fn index(depth: usize, level: usize, column: usize) -> usize {
    (0..column).map(|j| depth + 1 - j).sum::<usize>() + level
}
