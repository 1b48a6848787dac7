//! A network with every number known, from which tensors are built and costs are counted.

mod build;
mod cell;
mod cost;
mod halving;
mod hand_made;
mod head;
mod partial;

pub use cost::Cost;
pub use partial::PartialPlan;

use serde::{Deserialize, Serialize};

use crate::{Layer, Network, NodeOrder, OpSpec, Outputs, Shape, Source};

/// The use of a network: to be searched, or to be trained on its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Phase {
    /// Supernet: norms without scale and shift, pooled values normalised.
    Search,
    /// Derived network: norms with scale and shift, pooling alone.
    Retrain,
}

/// The numbers that turn a space or genotype into a [`Blueprint`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Build {
    /// Base channels C: nodes of cells before the first reduction are C wide.
    pub channels: usize,
    /// The outputs of the network for one image.
    pub outputs: Outputs,
    /// Shape of one image.
    pub input: Shape,
    /// The order in which nodes of derived cells run.
    pub order: NodeOrder,
    /// K of [partial channel connections](PartialPlan): the operations of a supernet's edges see
    /// one in `partial` channels; 1 for all of them. A derived network has 1.
    pub partial: usize,
}

impl Build {
    /// A network of `channels` base channels that puts out a vector of `numbers` for images of
    /// shape `input`, such as one number for each class; nodes run in the papers' order, and
    /// operations see all channels.
    pub const fn new(channels: usize, numbers: usize, input: Shape) -> Self {
        let outputs = Outputs::Vector(numbers);
        Self { channels, outputs, input, order: NodeOrder::Listed, partial: 1 }
    }

    /// The same numbers with other outputs.
    #[must_use]
    pub const fn with_outputs(self, outputs: Outputs) -> Self {
        Self { outputs, ..self }
    }

    /// The same numbers with outputs of the kind that the head of `network` has: for counts without
    /// a task.
    #[must_use]
    pub fn for_network(self, network: &Network) -> Self {
        self.with_outputs(network.outputs(self.outputs.channels()))
    }
}

/// A network with every shape and layer known.
///
/// A supernet has one candidate per operation on every edge, a derived network exactly one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Blueprint {
    /// Numbers it was built with.
    pub build: Build,
    /// Searched or derived.
    pub phase: Phase,
    /// Parts of the stem, each reading the one before.
    pub stem: Vec<StemPlan>,
    /// Cells in order of execution.
    pub cells: Vec<CellPlan>,
    /// Auxiliary classifier.
    pub aux: Option<AuxPlan>,
    /// The head, which computes the result.
    pub head: HeadPlan,
}

/// A part of the stem.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StemPlan {
    /// Its layers.
    pub layers: Vec<Layer>,
    /// Shape of its input.
    pub input: Shape,
    /// Shape of its output.
    pub output: Shape,
}

/// A placed cell, or a sum: no edges, and its port is its output.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CellPlan {
    /// Index of the searchable cell or genotype cell, which selects the logits of its edges; `None`
    /// for a sum.
    pub cell: Option<usize>,
    /// Channels of every node.
    pub width: usize,
    /// `true` if edges from inputs have stride 2.
    pub reduction: bool,
    /// `true` if a supernet's weights multiply the candidates.
    pub weighted: bool,
    /// One per input.
    pub ports: Vec<PortPlan>,
    /// Edges, in row order of the cell (supernet) or gene order (derived network).
    pub edges: Vec<EdgePlan>,
    /// Nodes that are concatenated.
    pub concat: Vec<usize>,
    /// `true` if they are added up instead, and input 0 with them.
    pub residual: bool,
    /// Shape of every own node.
    pub node: Shape,
    /// Shape of the output.
    pub output: Shape,
}

/// An input of a cell: the (weighted) sum of transformed sources.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PortPlan {
    /// One per link.
    pub links: Vec<TransformPlan>,
    /// `true` if a supernet's weights multiply the links.
    pub weighed: bool,
    /// Shape after the transformation.
    pub output: Shape,
}

/// A source and the layers that bring it to the width and level of its reader.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TransformPlan {
    /// The source of the value.
    pub source: Source,
    /// The layers that it passes, in order.
    pub layers: Vec<Layer>,
    /// Shape of the value.
    pub input: Shape,
}

/// The surroundings of an operation: all that a custom operation needs to be built.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct InputPlan {
    /// Shape of the edge's input.
    pub shape: Shape,
    /// Channels of the edge's output.
    pub width: usize,
    /// Stride of the edge.
    pub stride: usize,
    /// Searched or derived.
    pub phase: Phase,
}

/// An edge of a placed cell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EdgePlan {
    /// Source node.
    pub from: usize,
    /// Target node.
    pub to: usize,
    /// The input of every candidate: one in K channels on a partial edge.
    pub input: InputPlan,
    /// The path of the channels that no candidate gets; `None` if there are none.
    pub partial: Option<PartialPlan>,
    /// Candidate operations.
    pub candidates: Vec<Candidate>,
    /// False for a gene that starts at a node that does not exist: it has a cost (the released
    /// networks allocate it) but is never built or run.
    pub live: bool,
}

/// A candidate operation on an edge.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Candidate {
    /// The operation.
    pub op: OpSpec,
    /// Its layers here; `None` for an operation that a factory builds.
    pub layers: Option<Vec<Layer>>,
}

impl Candidate {
    /// `true` if the candidate passes its input on unchanged.
    pub fn is_identity(&self) -> bool {
        let idle = |layer: &Layer| matches!(layer, Layer::Identity);
        self.layers.as_ref().is_some_and(|layers| layers.iter().all(idle))
    }
}

/// An auxiliary classifier.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AuxPlan {
    /// Index of the cell it reads.
    pub after: usize,
    /// Its layers.
    pub layers: Vec<Layer>,
    /// Shape of its input.
    pub input: Shape,
    /// `true` if its input is large enough to run it. Its parameters count either way, as in the
    /// released code, which fails only when it runs.
    pub fits: bool,
}

/// The head: branches whose outputs are summed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HeadPlan {
    /// One per source.
    pub branches: Vec<TransformPlan>,
    /// Shape of the output, that of [`Build::outputs`].
    pub output: Shape,
}

impl Blueprint {
    /// Shape of a value.
    pub fn shape(&self, source: Source) -> Option<Shape> {
        match source {
            Source::Stem(part) => self.stem.get(part).map(|stem| stem.output),
            Source::Cell(index) => self.cells.get(index).map(|cell| cell.output),
        }
    }
}
