//! A network as a flat graph of named nodes.

mod builder;
mod text;

pub use builder::GraphBuilder;
pub(crate) use text::RawGraph;

use serde::{Deserialize, Serialize};

use crate::{Cost, Layer, Outputs, Shape, SpaceError};

/// A network with every layer and shape known, as a list of named nodes: networks that nobody
/// searched for, and any network that is laid out by hand.
///
/// A node joins the values that it reads and sends the result through its layers. It reads the
/// image and earlier nodes alone, so that the list is an order of execution. The last node is the
/// output; every other one has a reader, or is a head of deep supervision. Made by [`GraphBuilder`]
/// or read from a text, a graph is valid.
///
/// A network may have further heads, which put out what the last node does, on planes that get
/// coarser: those of deep supervision ([`deep`](Graph::deep)). They are run in training alone.
///
/// The variables of a node's layer are named `"{node}.{position of the layer}.{variable}"`, such as
/// `encoder.0.1.running_mean`.
///
/// # Text form
/// RON and JSON name the sources, `image` being the image. `join` is left out where there is one
/// source, and shapes follow from the layers. The heads of deep supervision are named behind the
/// nodes, `deep: ["fine", "coarse"]`, where there are some.
///
/// ```
/// use dartloom_space::Graph;
///
/// # fn main() -> Result<(), dartloom_space::SpaceError> {
/// let graph = Graph::from_ron(
///     r#"(
///         version: 1,
///         name: "small",
///         input: (channels: 1, height: 4, width: 4),
///         outputs: Plane(channels: 2),
///         nodes: [
///             (name: "wide", inputs: ["image"], layers: [Bias(channels: 1), Relu]),
///             (name: "both", inputs: ["image", "wide"], join: Concat, layers: []),
///         ],
///     )"#,
/// )?;
/// assert_eq!(graph.nodes()[1].shape().channels, 2);
/// assert_eq!(graph.cost()?.parameters, 1);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Graph {
    name: String,
    input: Shape,
    outputs: Outputs,
    nodes: Vec<GraphNode>,
    deep: Vec<usize>,
}

/// A value inside a [`Graph`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum GraphInput {
    /// The image.
    Image,
    /// The output of the node at this position of [`Graph::nodes`].
    Node(usize),
}

/// The join of the values that a node of a [`Graph`] reads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Join {
    /// The one value, as it is.
    #[default]
    Single,
    /// The sum of values of one shape.
    Sum,
    /// The channels of all values in their order; their planes are of one size.
    Concat,
}

/// A node of a [`Graph`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GraphNode {
    name: String,
    inputs: Vec<GraphInput>,
    join: Join,
    layers: Vec<Layer>,
    joined: Shape,
    shape: Shape,
}

impl Graph {
    /// The name of the network.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Shape of one image.
    pub fn input(&self) -> Shape {
        self.input
    }

    /// The outputs for one image.
    pub fn outputs(&self) -> Outputs {
        self.outputs
    }

    /// Nodes in order of execution.
    pub fn nodes(&self) -> &[GraphNode] {
        &self.nodes
    }

    /// Positions of the nodes that are heads of deep supervision, the finest first.
    pub fn deep(&self) -> &[usize] {
        &self.deep
    }

    /// For every node, `true` if the output does not depend on it: it serves deep supervision
    /// alone, and is run in training alone.
    pub fn training_only(&self) -> Vec<bool> {
        let mut only = vec![true; self.nodes.len()];
        if let Some(last) = only.last_mut() {
            *last = false;
        }
        for (reader, node) in self.nodes.iter().enumerate().rev() {
            for input in &node.inputs {
                if let GraphInput::Node(source) = *input {
                    only[source] &= only[reader];
                }
            }
        }
        only
    }

    /// Shape of a value; `None` for a node that does not exist.
    pub fn shape(&self, value: GraphInput) -> Option<Shape> {
        match value {
            GraphInput::Image => Some(self.input),
            GraphInput::Node(index) => self.nodes.get(index).map(|node| node.shape),
        }
    }

    /// For every node, the position of the last node that reads it: its value is not needed
    /// beyond. `None` for the output, and for heads of deep supervision that nothing reads.
    pub fn last_readers(&self) -> Vec<Option<usize>> {
        let mut last = vec![None; self.nodes.len()];
        for (reader, node) in self.nodes.iter().enumerate() {
            for input in &node.inputs {
                if let GraphInput::Node(source) = *input {
                    last[source] = Some(reader);
                }
            }
        }
        last
    }

    /// Parameters and multiply-adds of one image, counted as those of a
    /// [`Blueprint`](crate::Blueprint): joins are not counted. What serves deep supervision alone
    /// is counted as an auxiliary head is.
    ///
    /// # Errors
    /// [`SpaceError::Uncountable`] for a number beyond 64 bits.
    pub fn cost(&self) -> Result<Cost, SpaceError> {
        let mut cost = Cost::default();
        let mut heads = Cost::default();
        for (node, only) in self.nodes.iter().zip(self.training_only()) {
            let own = if only { &mut heads } else { &mut cost };
            own.add(&node.layers, node.joined)?;
        }
        cost.auxiliary_parameters = heads.parameters;
        cost.auxiliary_macs = heads.macs;
        cost.check().map(|()| cost)
    }
}

impl GraphNode {
    /// The name, unique in its graph.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The values that it reads, in order.
    pub fn inputs(&self) -> &[GraphInput] {
        &self.inputs
    }

    /// The join of these values.
    pub fn join(&self) -> Join {
        self.join
    }

    /// The layers that follow the join.
    pub fn layers(&self) -> &[Layer] {
        &self.layers
    }

    /// Shape after the join, before the layers.
    pub fn joined(&self) -> Shape {
        self.joined
    }

    /// Shape of the output.
    pub fn shape(&self) -> Shape {
        self.shape
    }
}
