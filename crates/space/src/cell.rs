//! The graph inside a cell.

use serde::{Deserialize, Serialize};

use crate::SpaceError;
use crate::network::is_false;

/// A directed edge between two nodes of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Edge {
    /// Source: a cell input or an earlier node.
    pub from: usize,
    /// Target node.
    pub to: usize,
}

/// A cell as a directed acyclic graph.
///
/// Nodes `0..inputs` are the cell's inputs, `inputs..inputs + nodes` its own nodes; a node is the
/// sum of its in-edges, the output is the concatenation of the nodes in `concat`. A residual cell
/// puts out their sum and that of input 0 instead. Edges lead from lower to higher numbers and are
/// kept node by node, sources ascending: this is the row order of every logit table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "RawCell")]
pub struct CellGraph {
    inputs: usize,
    nodes: usize,
    edges: Vec<Edge>,
    concat: Vec<usize>,
    #[serde(skip_serializing_if = "is_false")]
    residual: bool,
}

#[derive(Deserialize)]
#[serde(rename = "CellGraph", deny_unknown_fields)]
struct RawCell {
    inputs: usize,
    nodes: usize,
    edges: Vec<Edge>,
    concat: Vec<usize>,
    #[serde(default)]
    residual: bool,
}

impl TryFrom<RawCell> for CellGraph {
    type Error = SpaceError;

    fn try_from(raw: RawCell) -> Result<Self, SpaceError> {
        let graph = Self::new(raw.inputs, raw.nodes, raw.edges, raw.concat)?;
        Ok(Self { residual: raw.residual, ..graph })
    }
}

/// More nodes than any published cell, few enough that edge tables stay small.
pub(crate) const MOST_NODES: usize = 64;

impl CellGraph {
    /// A cell with the given edges; they are sorted into row order.
    ///
    /// # Errors
    /// [`SpaceError::CellSize`], [`SpaceError::CellEdge`], [`SpaceError::NodeWithoutInput`] or
    /// [`SpaceError::Concat`] naming the offending node or edge.
    pub fn new(
        inputs: usize,
        nodes: usize,
        mut edges: Vec<Edge>,
        concat: Vec<usize>,
    ) -> Result<Self, SpaceError> {
        let range = 1..=MOST_NODES;
        if !range.contains(&inputs) || !range.contains(&nodes) {
            return Err(SpaceError::CellSize { inputs, nodes, most: MOST_NODES });
        }
        let end = inputs + nodes;
        edges.sort_by_key(|edge| (edge.to, edge.from));
        for (row, &edge) in edges.iter().enumerate() {
            let known = edge.from < edge.to && (inputs..end).contains(&edge.to);
            if !known || (row > 0 && edges[row - 1] == edge) {
                return Err(SpaceError::CellEdge { from: edge.from, to: edge.to, inputs, nodes });
            }
        }
        if let Some(node) = (inputs..end).find(|&node| edges.iter().all(|edge| edge.to != node)) {
            return Err(SpaceError::NodeWithoutInput { node });
        }
        check_concat(&concat, inputs, end)?;
        Ok(Self { inputs, nodes, edges, concat, residual: false })
    }

    /// Every node receives both inputs and all earlier nodes; the output concatenates all nodes
    /// (DARTS, section 2.1). Four nodes make 14 edges.
    ///
    /// # Errors
    /// [`SpaceError::CellSize`] unless `nodes` is 1 to 64.
    pub fn darts(nodes: usize) -> Result<Self, SpaceError> {
        Self::dense(2, nodes)
    }

    /// Every node receives all inputs and all earlier nodes; the output concatenates all nodes.
    ///
    /// # Errors
    /// [`SpaceError::CellSize`] unless both numbers are 1 to 64.
    pub fn dense(inputs: usize, nodes: usize) -> Result<Self, SpaceError> {
        if !(1..=MOST_NODES).contains(&inputs) || !(1..=MOST_NODES).contains(&nodes) {
            return Err(SpaceError::CellSize { inputs, nodes, most: MOST_NODES });
        }
        let end = inputs + nodes;
        let edges =
            (inputs..end).flat_map(|to| (0..to).map(move |from| Edge { from, to })).collect();
        Self::new(inputs, nodes, edges, (inputs..end).collect())
    }

    /// A block of ResNeXt: `towers` chains of `depth` nodes each, which all begin at the one input.
    /// The output is the sum of their ends and of the input (`x + sum_t T_t(x)`, Xie et al.,
    /// *Aggregated residual transformations*, CVPR 2017, equation 3). A node has one in-edge.
    ///
    /// # Errors
    /// [`SpaceError::CellSize`] unless there are 1 to 64 nodes.
    pub fn towers(towers: usize, depth: usize) -> Result<Self, SpaceError> {
        let nodes = towers.saturating_mul(depth);
        if !(1..=MOST_NODES).contains(&nodes) {
            return Err(SpaceError::CellSize { inputs: 1, nodes, most: MOST_NODES });
        }
        let begins = |node: usize| (node - 1).is_multiple_of(depth);
        let edge = |to: usize| Edge { from: if begins(to) { 0 } else { to - 1 }, to };
        let ends = (1..=towers).map(|tower| tower * depth).collect();
        let graph = Self::new(1, nodes, (1..=nodes).map(edge).collect(), ends)?;
        Ok(Self { residual: true, ..graph })
    }

    /// The cell whose output concatenates only the last `count` of its nodes (`multiplier` in the
    /// code of DARTS).
    ///
    /// # Errors
    /// [`SpaceError::Range`] unless `count` is 1 to the number of nodes.
    pub fn with_last(self, count: usize) -> Result<Self, SpaceError> {
        if !(1..=self.nodes).contains(&count) {
            let what = "nodes in the output of a cell";
            return Err(SpaceError::Range { what, most: self.nodes, found: count });
        }
        let end = self.inputs + self.nodes;
        Ok(Self { concat: (end - count..end).collect(), ..self })
    }

    /// Number of inputs.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// Number of own nodes.
    pub fn nodes(&self) -> usize {
        self.nodes
    }

    /// Edges in row order.
    pub fn edges(&self) -> &[Edge] {
        &self.edges
    }

    /// `true` if the output is the sum of [`concat`](Self::concat) and of input 0.
    pub fn residual(&self) -> bool {
        self.residual
    }

    /// Nodes whose concatenation is the output.
    pub fn concat(&self) -> &[usize] {
        &self.concat
    }

    /// Row of an edge.
    pub fn row(&self, edge: Edge) -> Option<usize> {
        self.edges.iter().position(|&known| known == edge)
    }

    /// Rows of the edges into `node`, sources ascending.
    pub fn rows_into(&self, node: usize) -> impl Iterator<Item = usize> {
        self.edges.iter().enumerate().filter(move |(_, edge)| edge.to == node).map(|(row, _)| row)
    }

    /// Numbers of the cell's own nodes.
    pub fn own_nodes(&self) -> std::ops::Range<usize> {
        self.inputs..self.inputs + self.nodes
    }
}

/// Refuses an empty, repeated or unknown node in an output list.
pub(crate) fn check_concat(concat: &[usize], first: usize, end: usize) -> Result<(), SpaceError> {
    let bad = |position: usize| {
        concat[..position].contains(&concat[position]) || !(first..end).contains(&concat[position])
    };
    if concat.is_empty() || (0..concat.len()).any(bad) {
        return Err(SpaceError::Concat { found: concat.to_vec(), first, end });
    }
    Ok(())
}

/// A searchable cell: a graph with a name under which its weights are stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CellSpec {
    /// Name, unique in a space: "normal", "reduce", "cell_3".
    pub name: String,
    /// Its graph.
    pub graph: CellGraph,
}
