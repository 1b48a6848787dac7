//! A decoder.

use dartloom::decode::{DecodeError, Decoded, Decoder};
use dartloom::space::{CellSpec, CellTable, Gene, OpSpec, Space, WeightTable};

use crate::Count;

/// The first edges into every node, each with the heaviest operation that does not cut it; of equal
/// ones the last.
#[derive(Clone, Debug)]
pub struct FirstEdges {
    /// Edges kept of each node.
    pub edges: usize,
    /// Tables decoded.
    pub uses: Count,
}

impl FirstEdges {
    fn genes(&self, spec: &CellSpec, table: &CellTable, ops: &[OpSpec]) -> Vec<Gene> {
        let heaviest = |row: &[f64]| {
            let chosen = (0..ops.len()).filter(|&op| !ops[op].is_zero());
            chosen.max_by(|&a, &b| row[a].total_cmp(&row[b]))
        };
        let rows =
            spec.graph.own_nodes().flat_map(|node| spec.graph.rows_into(node).take(self.edges));
        let gene = |row: usize| {
            let edge = spec.graph.edges()[row];
            let op = heaviest(&table.edges[row])?;
            Some(Gene { op: ops[op].name.clone(), from: edge.from, to: edge.to })
        };
        rows.filter_map(gene).collect()
    }
}

impl Decoder for FirstEdges {
    fn decode(&self, space: &Space, weights: &WeightTable) -> Result<Decoded, DecodeError> {
        self.uses.one_more();
        weights.check(space).map_err(DecodeError::Table)?;
        let cells = space.cells().iter().zip(weights.cells());
        let cells =
            cells.map(|(spec, table)| spec.genotype(self.genes(spec, table, space.op_set().ops())));
        let genotype = space.genotype(cells.collect()).map_err(DecodeError::Genotype)?;
        Ok(Decoded { genotype, notes: Vec::new() })
    }

    fn identity(&self) -> Option<String> {
        Some(format!("FirstEdges, version 1, {}", self.edges))
    }
}
