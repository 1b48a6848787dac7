//! U-Net: an encoder of reduction cells, a decoder of normal cells, skips between them.

use super::{Head, MOST_LEVEL, Network, Placement, Port, Source, Stem};
use crate::{Resize, SpaceError};

impl Network {
    /// A U-Net of two-input cells: cell 0 (normal) decodes, cell 1 (reduce) encodes.
    ///
    /// Encoder cell `i` of `1..=depth` halves the plane, is `2^i` times as wide as the base
    /// channels and reads its grandparent and its parent (the stem where there is none). Decoder
    /// cell `j` of `depth - 1` down to 0 stands at the level and width of encoder cell `j` and
    /// reads the skip from there (`j = 0`: from the stem), then the decoder cell below, enlarged.
    /// A per-pixel head reads the last.
    ///
    /// # Errors
    /// [`SpaceError::Range`] unless `depth` is 1 to 12, and as [`Network::new`].
    pub fn unet(stem: Stem, depth: usize) -> Result<Self, SpaceError> {
        check_depth(depth)?;
        let last = stem.parts().len() - 1;
        let base = stem.level(last);
        let mut placements: Vec<Placement> = Vec::with_capacity(2 * depth);
        for level in 1..=depth {
            let ports =
                vec![Port::one(encoder(level, 2, last)), Port::one(encoder(level, 1, last))];
            placements.push(cell(1, level, base, ports));
        }
        for level in (0..depth).rev() {
            let below = Source::Cell(placements.len() - 1);
            let ports = vec![Port::one(encoder(level + 1, 1, last)), Port::one(below)];
            placements.push(cell(0, level, base, ports));
        }
        let sources = vec![Source::Cell(placements.len() - 1)];
        Self::new(stem, placements, Head::per_pixel(sources, Resize::Nearest), None)
    }
}

/// The encoder cell `steps` before that of `level`, or the part of the stem that takes its place.
pub(super) fn encoder(level: usize, steps: usize, last: usize) -> Source {
    match level.checked_sub(steps) {
        Some(0) => Source::Stem(last),
        Some(level) => Source::Cell(level - 1),
        None => Source::Stem(last.saturating_sub(1)),
    }
}

/// A cell `level` levels below the stem; cell 1 is the reduction cell.
pub(super) fn cell(cell: usize, level: usize, base: usize, ports: Vec<Port>) -> Placement {
    let reduction = cell == 1;
    Placement { cell: Some(cell), width: 1 << level, level: base + level, reduction, ports }
}

/// Keeps `1 << level` and the number of placements small before anything is computed from them.
pub(super) fn check_depth(found: usize) -> Result<(), SpaceError> {
    if (1..=MOST_LEVEL).contains(&found) {
        return Ok(());
    }
    Err(SpaceError::Range { what: "depth", most: MOST_LEVEL, found })
}
