//! Decoders that must have edge weights.

use dartloom_space::{Space, WeightTable};

use crate::{DecodeError, Decoded, Decoder, TopK, identity};

/// A decoder that refuses tables without edge weights.
///
/// [`TopK`] and [`Argmax`](crate::Argmax) multiply by edge weights if a table has any. A table that
/// lost the edge weights of its method (PC-DARTS, GAEA on its cells) would be decoded wrongly; this
/// decoder fails instead.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct EdgeWeighted<D>(pub D);

impl EdgeWeighted<TopK> {
    /// The rule of PC-DARTS: [`TopK::darts`] on rows times edge weights,
    /// `strength(i) = max_o softmax(beta)_i softmax(alpha_i)_o`.
    pub const fn pc_darts() -> Self {
        Self(TopK::darts())
    }
}

impl<D: Decoder> Decoder for EdgeWeighted<D> {
    /// # Errors
    /// [`DecodeError::NoEdgeWeights`] naming the cell, and the decoder's own.
    fn decode(&self, space: &Space, weights: &WeightTable) -> Result<Decoded, DecodeError> {
        match weights.cells().iter().find(|cell| cell.edge_weights.is_none()) {
            Some(cell) => Err(DecodeError::NoEdgeWeights { cell: cell.name.clone() }),
            None => self.0.decode(space, weights),
        }
    }

    fn identity(&self) -> Option<String> {
        identity::of("EdgeWeighted", &self.0.identity()?)
    }
}

#[cfg(test)]
mod tests {
    use super::EdgeWeighted;
    use crate::testing::{OPS, genes, space, table};
    use crate::{DecodeError, Decoder, TopK};

    const ROWS: [[f64; 3]; 5] =
        [[0.7, 0.1, 0.2], [0.1, 0.6, 0.3], [0.1, 0.3, 0.6], [0.5, 0.3, 0.2], [0.1, 0.8, 0.1]];

    #[test]
    fn the_product_decides() {
        // 0.3 * 0.9 on 1->3 outranks 0.6 * 0.1 on 0->3.
        let weights = table(ROWS, Some([0.5, 0.5, 0.1, 0.9, 0.9]));
        let decoded = EdgeWeighted::pc_darts().decode(&space(&OPS), &weights).unwrap();
        assert_eq!(genes(&decoded), ["max_ 1->2", "skip 0->2", "max_ 2->3", "max_ 1->3"]);
        assert_eq!(TopK::darts().decode(&space(&OPS), &weights).unwrap(), decoded);
    }

    #[test]
    fn a_table_without_edge_weights_is_refused() {
        let found = EdgeWeighted::pc_darts().decode(&space(&OPS), &table(ROWS, None));
        assert_eq!(found, Err(DecodeError::NoEdgeWeights { cell: "toy".to_owned() }));
    }
}
