//! One cell of a space with its weights.

use dartloom_space::{CellSpec, Gene, OpSet, Space, WeightTable};

use crate::policy::Place;
use crate::rank::Ranking;
use crate::{DecodeError, EdgeIn, TieBreak};

/// One cell with the weights that the decision uses.
pub(crate) struct Cell<'a> {
    pub(crate) index: usize,
    pub(crate) spec: &'a CellSpec,
    pub(crate) ops: &'a OpSet,
    /// Rows times their edge weights.
    pub(crate) rows: Vec<Vec<f64>>,
}

impl<'a> Cell<'a> {
    pub(crate) fn new(
        index: usize,
        space: &'a Space,
        table: &WeightTable,
    ) -> Result<Self, DecodeError> {
        let spec = &space.cells()[index];
        let weights = &table.cells()[index];
        let mut rows = weights.edges.clone();
        for (row, &found) in weights.edge_weights.iter().flatten().enumerate() {
            if found < 0.0 {
                return Err(DecodeError::EdgeWeight { cell: spec.name.clone(), row, found });
            }
            rows[row].iter_mut().for_each(|weight| *weight *= found);
        }
        Ok(Self { index, spec, ops: space.op_set(), rows })
    }

    pub(crate) fn edge(&self, row: usize) -> EdgeIn {
        let edge = self.spec.graph.edges()[row];
        EdgeIn { cell: self.spec.name.clone(), from: edge.from, to: edge.to }
    }

    pub(crate) fn op(&self, op: usize) -> String {
        self.ops.ops()[op].name.clone()
    }

    pub(crate) fn cuts(&self, op: usize) -> bool {
        self.ops.ops()[op].is_zero()
    }

    pub(crate) fn gene(&self, row: usize, op: usize) -> Gene {
        let edge = self.spec.graph.edges()[row];
        Gene { op: self.op(op), from: edge.from, to: edge.to }
    }

    /// Operations of a row, ranked; without those that cut unless `cutting`.
    pub(crate) fn ops_of(&self, row: usize, cutting: bool, ties: TieBreak) -> Ranking {
        let weights = self.rows[row].iter().copied().enumerate();
        let candidates: Vec<(usize, f64)> =
            weights.filter(|&(op, _)| cutting || !self.cuts(op)).collect();
        Ranking::new(&candidates, ties, Place::Row { cell: self.index, row })
    }

    /// Edges of a node, ranked by their best operation.
    pub(crate) fn edges_of(&self, node: usize, cutting: bool, ties: TieBreak) -> Ranking {
        let best = |row| self.ops_of(row, cutting, ties).best().map(|(_, weight)| (row, weight));
        let candidates: Vec<(usize, f64)> =
            self.spec.graph.rows_into(node).filter_map(best).collect();
        Ranking::new(&candidates, ties, Place::Node { cell: self.index, node })
    }
}
