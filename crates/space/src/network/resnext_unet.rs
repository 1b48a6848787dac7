//! A U-Net of blocks with one input.

use super::unet::{cell, check_depth};
use super::{Head, Network, Port, Source, Stem};
use crate::{Resize, SpaceError};

impl Network {
    /// A U-Net of one-input cells (all cell 0) for blocks such as
    /// [`CellGraph::towers`](crate::CellGraph::towers): the ResNeXt-UNet of the Preligens study
    /// (HAL-03343944, section 4.2).
    ///
    /// Encoder cell `i` of `0..=depth` stands `i` levels below the stem, is `2^i` times as wide as
    /// the base channels and reads its predecessor, halved on the way. Decoder cell `j` of
    /// `depth - 1` down to 0 reads the sum of encoder cell `j` and of the cell below, enlarged,
    /// each through a 1x1 convolution of its own: what U-Net's concatenation before a 1x1
    /// convolution computes. A per-pixel head reads the last.
    ///
    /// # Errors
    /// [`SpaceError::Range`] unless `depth` is 1 to 12, and as [`Network::new`].
    pub fn resnext_unet(stem: Stem, depth: usize) -> Result<Self, SpaceError> {
        check_depth(depth)?;
        let last = stem.parts().len() - 1;
        let base = stem.level(last);
        let encoder = (0..=depth).map(|level| {
            let source = level.checked_sub(1).map_or(Source::Stem(last), Source::Cell);
            cell(0, level, base, vec![Port::one(source)])
        });
        let mut placements: Vec<_> = encoder.collect();
        for level in (0..depth).rev() {
            let below = Source::Cell(placements.len() - 1);
            placements.push(cell(0, level, base, vec![Port::sum([Source::Cell(level), below])]));
        }
        let sources = vec![Source::Cell(placements.len() - 1)];
        Self::new(stem, placements, Head::per_pixel(sources, Resize::Nearest), None)
    }
}
