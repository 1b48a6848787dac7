//! A rule for links beside one for cells.

use dartloom_space::{Space, WeightTable};

use super::{PathDecoder, decode_network};
use crate::{ConfiguredPaths, DecodeError, Decoded, Decoder, identity};

/// A decoder of cells and, where a network leaves choices of them, of links: one architecture that
/// names the links it keeps ([`decode_network`]).
#[derive(Clone, Copy, Debug)]
pub struct Linked<P, D> {
    /// The rule for links; `None` for spaces that leave no choice.
    pub links: Option<P>,
    /// The rule for cells.
    pub cells: D,
}

impl Linked<ConfiguredPaths, Box<dyn Decoder>> {
    /// A rule for cells alone.
    pub fn cells(cells: impl Decoder + 'static) -> Self {
        Self { links: None, cells: Box::new(cells) }
    }

    /// The same with a rule for links.
    #[must_use]
    pub fn with_links(self, links: ConfiguredPaths) -> Self {
        Self { links: Some(links), ..self }
    }
}

impl<P: PathDecoder, D: Decoder> Decoder for Linked<P, D> {
    /// # Errors
    /// Those of both rules, and [`DecodeError::NoLinkRule`] for a network that leaves choices of
    /// links to a decoder without a rule for them.
    fn decode(&self, space: &Space, weights: &WeightTable) -> Result<Decoded, DecodeError> {
        let choices = space.network().choices().count();
        match &self.links {
            _ if choices == 0 => self.cells.decode(space, weights),
            Some(links) => decode_network(space, weights, links, &self.cells),
            None => Err(DecodeError::NoLinkRule { choices }),
        }
    }

    fn identity(&self) -> Option<String> {
        let cells = self.cells.identity()?;
        match &self.links {
            None => Some(cells),
            Some(links) => identity::of("Linked", &(links.identity()?, cells)),
        }
    }
}
