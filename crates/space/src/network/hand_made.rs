//! Networks laid out by hand as the networks of spaces.

use super::{Head, Network, Placement, Port, Source, Stem};
use crate::hand_made::SearchedGraph;
use crate::{Outputs, Resize, SpaceError};

impl Network {
    /// The network laid out by hand that is searched, each of its blocks being a cell of one edge.
    /// Stem, head and the order of placements stand for its graph, which is what is built.
    ///
    /// # Errors
    /// [`SpaceError::NetworkSize`] for more than 512 blocks.
    pub fn inside(searched: SearchedGraph) -> Result<Self, SpaceError> {
        let placed = |block: usize| {
            let source = block.checked_sub(1).map_or(Source::Stem(0), Source::Cell);
            let cell = Some(block);
            let ports = vec![Port::one(source)];
            Placement { cell, width: 1, level: 0, reduction: false, ports }
        };
        let blocks = searched.blocks().len();
        let last = Source::Cell(blocks.saturating_sub(1));
        let head = match searched.graph().outputs() {
            Outputs::Vector(_) => Head::pooled(last),
            Outputs::Plane { .. } => {
                Head::PerPixel { sources: vec![last], rates: Vec::new(), resize: Resize::default() }
            }
        };
        let network = Self::new(Stem::cifar(1), (0..blocks).map(placed).collect(), head, None)?;
        Ok(Self { hand_made: Some(Box::new(searched)), ..network })
    }

    /// The network laid out by hand that is searched, if this is one.
    pub fn hand_made(&self) -> Option<&SearchedGraph> {
        self.hand_made.as_deref()
    }
}
