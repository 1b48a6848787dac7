//! Lattices: layers of cells at several levels, every transition between levels a choice.

use serde::{Deserialize, Serialize};

use super::unet::{cell, check_depth};
use super::{Head, Network, Placement, Port, Source, Stem, check_length};
use crate::{Resize, SpaceError};

/// A lattice with a cell on every transition between neighbouring levels.
///
/// Node `(l, s)` of layer `l` at level `s` is the sum of the cells on the transitions into it, each
/// times the weight of its link ([`Placement::sum`]):
///
/// ```text
/// h(l, s) = sum_t w(l, t, s) Cell(h(l-1, t), h(l-2, s))        t in {s-1, s, s+1}
/// ```
///
/// with `h(l-2, s)` only where cells [skip](Self::skips). Levels are counted from that of the last
/// part of the stem, or of the first of the `levels` last parts; level `s` is `2^s` times as wide
/// as the base channels. Layers stand in order, in a layer the cells by target and source level,
/// then the sums. A per-pixel head reads every level of the last layer.
///
/// Auto-DeepLab (Liu et al., CVPR 2019) and DiNTS (He et al., CVPR 2021) are two of
/// these.
///
/// # Differences from the papers
/// Layers begin at the levels that can be reached; a cell that skips reads the stem where there is
/// no node two layers before. Auto-DeepLab enlarges bilinearly and ends in pyramids of dilated
/// convolutions ([`Network::with_rates`] puts them there), DiNTS gives every level an image of its
/// own and adds levels up from the deepest: here cells align their inputs as in every other
/// network, the parts of the stem follow each other, and the head adds up one 1x1 convolution for
/// each level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lattice {
    /// Layers of transitions.
    pub layers: usize,
    /// Levels: 1 to 12.
    pub levels: usize,
    /// The levels that the stem feeds.
    pub begin: Begin,
    /// The cells that stand on the transitions.
    pub cells: LatticeCells,
    /// `true` if a cell's first input is the node two layers before at the level of its output; its
    /// last input is the node that it leads from.
    pub skips: bool,
}

/// The levels of a lattice that the stem feeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Begin {
    /// The finest: layer `l`, from 0, has levels up to `l + 1`.
    Finest,
    /// Each, from a part of the stem of its own ([`Stem::pyramid`]).
    EveryLevel,
}

/// The searchable cells of a lattice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum LatticeCells {
    /// One, on every transition.
    One,
    /// One for each transition of each layer, in order of placement.
    Each,
}

/// A transition between two levels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Transition {
    pub(crate) to: usize,
    pub(crate) from: usize,
}

impl Lattice {
    /// Auto-DeepLab's: one cell that skips, from the finest level; the paper has 12 layers and 4
    /// levels.
    pub const fn auto_deeplab(layers: usize, levels: usize) -> Self {
        let begin = Begin::Finest;
        Self { layers, levels, begin, cells: LatticeCells::One, skips: true }
    }

    /// That of DiNTS: a cell of its own for each transition, from every level; the paper has 12
    /// layers and 4 levels.
    pub const fn dints(layers: usize, levels: usize) -> Self {
        let begin = Begin::EveryLevel;
        Self { layers, levels, begin, cells: LatticeCells::Each, skips: false }
    }

    /// The transitions of a layer, by target, then source.
    pub(crate) fn transitions(&self, layer: usize) -> impl Iterator<Item = Transition> {
        let levels = self.levels;
        let from = match self.begin {
            Begin::Finest => levels.min(layer + 1),
            Begin::EveryLevel => levels,
        };
        (0..levels).flat_map(move |to| {
            let near = to.saturating_sub(1)..=to + 1;
            near.filter(move |&source| source < from).map(move |from| Transition { to, from })
        })
    }

    /// The number of searchable cells.
    pub(crate) fn cell_count(&self) -> usize {
        match self.cells {
            LatticeCells::One => 1,
            LatticeCells::Each => (0..self.layers).map(|l| self.transitions(l).count()).sum(),
        }
    }

    /// The network of the lattice behind `stem`.
    ///
    /// # Errors
    /// [`SpaceError::Range`] unless `levels` is 1 to 12, or for a stem of fewer parts than levels
    /// that are fed by it, and as [`Network::new`].
    pub fn network(&self, stem: Stem) -> Result<Network, SpaceError> {
        check_depth(self.levels)?;
        check_length(self.layers)?;
        let parts = stem.parts().len();
        let fed = match self.begin {
            Begin::Finest => 1,
            Begin::EveryLevel => self.levels,
        };
        if parts < fed {
            let what = "levels that a stem feeds";
            return Err(SpaceError::Range { what, most: parts, found: fed });
        }
        let base = stem.level(parts - fed);
        let last = Source::Stem(parts - 1);
        let mut placements: Vec<Placement> = Vec::new();
        let mut nodes: Vec<Option<Source>> = (0..self.levels)
            .map(|level| (level < fed).then_some(Source::Stem(parts - fed + level)))
            .collect();
        let mut before: Vec<Option<Source>> = vec![None; self.levels];
        for layer in 0..self.layers {
            let mut into: Vec<Vec<Source>> = vec![Vec::new(); self.levels];
            for Transition { to, from } in self.transitions(layer) {
                let Some(source) = nodes[from] else { continue };
                let skip = self.skips.then(|| Port::one(before[to].unwrap_or(last)));
                let ports = skip.into_iter().chain([Port::one(source)]).collect();
                into[to].push(Source::Cell(placements.len()));
                let index = match self.cells {
                    LatticeCells::One => 0,
                    LatticeCells::Each => {
                        (0..layer).map(|l| self.transitions(l).count()).sum::<usize>()
                            + into.iter().map(Vec::len).sum::<usize>()
                            - 1
                    }
                };
                placements.push(Placement { cell: Some(index), ..cell(0, to, base, ports) });
            }
            before = nodes;
            nodes = Vec::with_capacity(self.levels);
            for (level, sources) in into.into_iter().enumerate() {
                nodes.push((!sources.is_empty()).then(|| {
                    placements.push(Placement::sum(base + level, sources));
                    Source::Cell(placements.len() - 1)
                }));
            }
        }
        let sources = nodes.into_iter().flatten().collect();
        Network::new(stem, placements, Head::per_pixel(sources, Resize::Bilinear), None)
    }
}

impl Network {
    /// The network lattice of Auto-DeepLab (arXiv 1901.02985): `layers` layers of
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
        Self::new(stem, placements, Head::per_pixel(sources, Resize::Nearest), None)
    }
}

/// Cells of `row` one level finer than, at, and one level coarser than `level`.
fn neighbours(row: &[usize], level: usize) -> Vec<Source> {
    let levels = level.saturating_sub(1)..=level + 1;
    levels.filter_map(|level| row.get(level)).map(|&index| Source::Cell(index)).collect()
}
