//! The weights of each edge and node, and their indecision.

use std::collections::BTreeMap;

use dartloom_record::{ArchitectureWeights, CellEntropy, EdgeWeights};
use dartloom_relax::entropy_of_rows;
use dartloom_space::{CellGraph, CellTable, Edge, Space, WeightTable};

use crate::SearchError;

/// The weights of `table`, a table of `space`, as a run tells them.
pub(crate) fn told(space: &Space, table: &WeightTable) -> ArchitectureWeights {
    let cells = space.cells().iter().zip(table.cells());
    let cells = cells.map(|(spec, weights)| (weights.name.clone(), edges(&spec.graph, weights)));
    ArchitectureWeights {
        operations: table.ops().to_vec(),
        cells: cells.collect(),
        links: table.links().to_vec(),
    }
}

fn edges(graph: &CellGraph, weights: &CellTable) -> Vec<EdgeWeights> {
    let rows = graph.edges().iter().zip(&weights.edges).enumerate();
    let edge = |(row, (edge, operations)): (usize, (&Edge, &Vec<f64>))| EdgeWeights {
        from: edge.from,
        to: edge.to,
        operations: operations.clone(),
        among: weights.edge_weights.as_ref().and_then(|all| all.get(row).copied()),
    };
    rows.map(edge).collect()
}

/// Entropies of every cell of `table`, a table of `space`, by the cells' names.
pub(crate) fn entropies(
    space: &Space,
    table: &WeightTable,
) -> Result<BTreeMap<String, CellEntropy>, SearchError> {
    let cells = space.cells().iter().zip(table.cells());
    let cells = cells.map(|(spec, weights)| {
        let edges = entropy_of_rows(weights.edges.iter().map(Vec::as_slice))?.rows;
        let nodes = nodes(&spec.graph, weights).transpose()?;
        Ok((weights.name.clone(), CellEntropy { edges, nodes }))
    });
    cells.collect()
}

/// Entropies of the weights of the edges into each node, if edges are weighed.
fn nodes(graph: &CellGraph, weights: &CellTable) -> Option<Result<Vec<f64>, SearchError>> {
    let weights = weights.edge_weights.as_ref()?;
    let nodes = graph.own_nodes().map(|node| graph.rows_into(node).collect::<Vec<_>>());
    // A node that nothing leads to has nothing to decide.
    let nodes = nodes.filter(|rows| !rows.is_empty());
    let rows: Vec<Vec<f64>> =
        nodes.map(|rows| rows.into_iter().map(|row| weights[row]).collect()).collect();
    let found = entropy_of_rows(rows.iter().map(Vec::as_slice));
    Some(found.map(|entropy| entropy.rows).map_err(SearchError::from))
}

#[cfg(test)]
mod tests {
    use approx::assert_relative_eq;
    use dartloom_space::{CellTable, OpSet, Space, Stem, WeightTable};

    use super::entropies;

    /// Two cells of two nodes with 2 and 3 in-edges.
    fn found(edge_weights: Option<Vec<f64>>) -> dartloom_record::CellEntropy {
        let ops = OpSet::builtin("S").unwrap();
        let space = Space::darts(ops.clone(), 3, 2, Stem::cifar(3)).unwrap();
        let uniform = vec![0.125; ops.len()];
        let mut decided = vec![0.0; ops.len()];
        decided[2] = 1.0;
        let mut even = vec![0.0; ops.len()];
        even[..2].fill(0.5);
        let edges = vec![uniform.clone(), decided, even, uniform.clone(), uniform];
        let cell = |name: &str| CellTable {
            name: name.to_owned(),
            edges: edges.clone(),
            edge_weights: edge_weights.clone(),
        };
        let names = ops.names().map(str::to_owned).collect();
        let cells = space.cells().iter().map(|spec| cell(&spec.name)).collect();
        let table = WeightTable::new(names, cells).unwrap();
        let found = entropies(&space, &table).unwrap();
        assert_eq!(found.keys().collect::<Vec<_>>(), ["normal", "reduce"]);
        found["reduce"].clone()
    }

    #[test]
    fn every_edge_has_the_entropy_of_its_operations() {
        let cell = found(None);
        let even = 2_f64.ln() / 7_f64.ln();
        for (found, expected) in cell.edges.iter().zip([1.0, 0.0, even, 1.0, 1.0]) {
            assert_relative_eq!(*found, expected, epsilon = 1e-12);
        }
        assert_eq!(cell.edges.len(), 5);
        assert_eq!(cell.nodes, None);
    }

    #[test]
    fn weighed_edges_have_one_for_every_node() {
        let nodes = found(Some(vec![1.0, 0.0, 0.25, 0.25, 0.5])).nodes.unwrap();
        let second = 1.5 * 2_f64.ln() / 3_f64.ln();
        assert_eq!(nodes.len(), 2);
        assert_relative_eq!(nodes[0], 0.0, epsilon = 1e-12);
        assert_relative_eq!(nodes[1], second, epsilon = 1e-12);
    }
}
