//! Networks laid out by hand some of whose blocks are searched.

use serde::{Deserialize, Serialize};

use super::graph::RawGraph;
use crate::layer::output_of;
use crate::text::suggestion;
use crate::{Graph, GraphBuilder, GraphNode, Layer, Lowering, OpSpec, Phase, SpaceError};

/// A network laid out by hand, and those of its nodes whose layers are searched, the blocks.
///
/// Any node before the output is a block that has parameters and keeps the plane or halves it. In
/// text it is `(graph: (..), blocks: ["encoder.1", "decoder.0"])`.
///
/// ```
/// use dartloom_space::hand_made::{SearchedGraph, UNet};
/// use dartloom_space::{Outputs, Shape};
///
/// # fn main() -> Result<(), dartloom_space::SpaceError> {
/// let unet = UNet { base: 4, depth: Some(2) };
/// let graph = unet.graph(Shape::new(3, 16, 16), Outputs::Plane { channels: 2 })?;
/// let searched = SearchedGraph::new(graph, &["encoder.*", "decoder.0"])?;
/// let names: Vec<&str> = searched.blocks().map(|block| block.name()).collect();
/// assert_eq!(names, ["encoder.0", "encoder.1", "encoder.2", "decoder.0"]);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "RawSearched", into = "WrittenSearched")]
pub struct SearchedGraph {
    graph: Graph,
    /// Positions of the searched nodes, ascending.
    blocks: Vec<usize>,
}

#[derive(Deserialize)]
#[serde(rename = "SearchedGraph", deny_unknown_fields)]
struct RawSearched {
    graph: RawGraph,
    blocks: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename = "SearchedGraph")]
struct WrittenSearched {
    graph: Graph,
    blocks: Vec<String>,
}

impl TryFrom<RawSearched> for SearchedGraph {
    type Error = SpaceError;

    fn try_from(raw: RawSearched) -> Result<Self, SpaceError> {
        Self::new(Graph::try_from(raw.graph)?, &raw.blocks)
    }
}

impl From<SearchedGraph> for WrittenSearched {
    fn from(searched: SearchedGraph) -> Self {
        let blocks = searched.blocks().map(|block| block.name().to_owned()).collect();
        Self { blocks, graph: searched.graph }
    }
}

impl SearchedGraph {
    /// The blocks of `graph` that `patterns` name. In a pattern `*` stands for any text: it names
    /// the blocks that fit and passes other nodes by. A pattern without `*` names one node.
    ///
    /// # Errors
    /// [`SpaceError::Node`] for a pattern that no block fits, and for a node that is named and
    /// cannot be replaced.
    pub fn new(graph: Graph, patterns: &[impl AsRef<str>]) -> Result<Self, SpaceError> {
        let mut blocks = Vec::new();
        for pattern in patterns.iter().map(AsRef::as_ref) {
            let before = blocks.len();
            for (at, node) in graph.nodes().iter().enumerate() {
                if !fits(pattern, node.name()) {
                    continue;
                }
                match replaceable(&graph, at) {
                    Ok(()) => blocks.push(at),
                    Err(error) if !pattern.contains('*') => return Err(error),
                    Err(_) => {}
                }
            }
            if blocks.len() == before {
                return Err(no_block(&graph, pattern));
            }
        }
        if blocks.is_empty() {
            return Err(no_block(&graph, ""));
        }
        blocks.sort_unstable();
        blocks.dedup();
        Ok(Self { graph, blocks })
    }

    /// The network as it was laid out.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// The searched nodes, in order of execution.
    pub fn blocks(&self) -> impl ExactSizeIterator<Item = &GraphNode> {
        self.blocks.iter().map(|&at| &self.graph.nodes()[at])
    }

    /// The searched block that the node at a position of the graph is, counted from 0.
    pub fn block_at(&self, node: usize) -> Option<usize> {
        self.blocks.binary_search(&node).ok()
    }

    /// The layers of a candidate in the place of a block: those of `block` itself for the
    /// operation that [is laid out by hand](OpSpec::hand_made), else those of its recipe.
    ///
    /// A recipe that does not change the number of channels where the block does stands behind a
    /// 1x1 convolution with norm.
    ///
    /// # Errors
    /// [`SpaceError::Node`] for an operation in code, and inside [`SpaceError::At`] what is wrong
    /// with a recipe, such as [`SpaceError::Meeting`] where it puts out another shape.
    pub fn candidate(
        block: &GraphNode,
        op: &OpSpec,
        phase: Phase,
    ) -> Result<Vec<Layer>, SpaceError> {
        if op.is_hand_made() {
            return Ok(block.layers().to_vec());
        }
        let stride = stride(block).unwrap_or(1);
        let Some(recipe) = op.recipe_at(stride).filter(|recipe| !recipe.is_zero()) else {
            return Err(SpaceError::Node {
                node: block.name().to_owned(),
                expected: "candidates that have a recipe and put out more than zeros".to_owned(),
                found: format!("`{}`", op.name),
            });
        };
        let place = |error: SpaceError| {
            error.at(format!("node `{}`, candidate `{}`", block.name(), op.name))
        };
        let width = block.shape().channels;
        let affine = phase == Phase::Retrain;
        let lower = |inputs| recipe.lower(Lowering { inputs, width, stride, affine, phase });
        let joined = block.joined();
        let own = lower(joined.channels).map_err(place)?;
        let found = output_of(&own, joined);
        if found.as_ref().is_ok_and(|found| *found == block.shape()) {
            return Ok(own);
        }
        let mut layers = Vec::new();
        if joined.channels != width {
            layers.push(Layer::pointwise(joined.channels, width));
            layers.push(Layer::Norm { channels: width, affine });
        }
        layers.extend(lower(width).map_err(place)?);
        let found = output_of(&layers, joined).map_err(place)?;
        if found != block.shape() {
            let expected = block.shape();
            return Err(place(SpaceError::Meeting { place: "output".to_owned(), expected, found }));
        }
        Ok(layers)
    }

    /// The network with one operation in the place of each block, in their order, with the layers
    /// of a network that is trained from the beginning.
    ///
    /// # Errors
    /// [`SpaceError::Mismatch`] for another number of operations, and as
    /// [`candidate`](Self::candidate).
    pub fn rebuilt(&self, ops: &[&OpSpec]) -> Result<Graph, SpaceError> {
        if ops.len() != self.blocks.len() {
            return Err(SpaceError::Mismatch {
                place: format!("operations of the blocks of `{}`", self.graph.name()),
                expected: self.blocks.len().to_string(),
                found: ops.len().to_string(),
            });
        }
        let mut builder = GraphBuilder::new(self.graph.name(), self.graph.input())?;
        let mut values = Vec::with_capacity(self.graph.nodes().len());
        for (at, node) in self.graph.nodes().iter().enumerate() {
            let layers = match self.block_at(at) {
                Some(block) => Self::candidate(node, ops[block], Phase::Retrain)?,
                None => node.layers().to_vec(),
            };
            values.push(builder.join(node.name(), node.inputs(), node.join(), layers)?);
        }
        let deep: Vec<_> = self.graph.deep().iter().map(|&head| values[head]).collect();
        builder.finish_with(self.graph.outputs(), &deep)
    }
}

/// The step of a block that keeps the plane, 1, or halves it, 2; `None` for any other node.
pub(crate) fn stride(block: &GraphNode) -> Option<usize> {
    let before = block.joined();
    let after = block.shape();
    let steps = |step: &usize| {
        (before.height.div_ceil(*step), before.width.div_ceil(*step)) == (after.height, after.width)
    };
    [1, 2].into_iter().find(steps)
}

/// Refuses a node that can hold nothing else.
fn replaceable(graph: &Graph, at: usize) -> Result<(), SpaceError> {
    let node = &graph.nodes()[at];
    let refuse = |expected: &str, found: String| {
        Err(SpaceError::Node { node: node.name().to_owned(), expected: expected.to_owned(), found })
    };
    let head = graph.deep().contains(&at) || graph.training_only()[at];
    if head || at + 1 == graph.nodes().len() {
        return refuse("a block before the outputs", "an output".to_owned());
    }
    if node.layers().iter().all(|layer| layer.parameters() == 0) {
        return refuse("a block with parameters", "none".to_owned());
    }
    if stride(node).is_none() {
        let found = format!("{} made {}", node.joined(), node.shape());
        return refuse("a block that keeps the plane or halves it", found);
    }
    Ok(())
}

fn no_block(graph: &Graph, pattern: &str) -> SpaceError {
    let at = 0..graph.nodes().len();
    let known = at.filter(|&at| replaceable(graph, at).is_ok());
    let known: Vec<&str> = known.map(|at| graph.nodes()[at].name()).collect();
    SpaceError::Node {
        node: pattern.to_owned(),
        expected: format!("the name of a block of `{}`, or a pattern", graph.name()),
        found: format!("no block of that name; {}", suggestion(pattern, &known)),
    }
}

/// `true` if `name` fits `pattern`, in which `*` stands for any text.
fn fits(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = name.strip_prefix(first) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests;
