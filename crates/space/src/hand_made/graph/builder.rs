//! Graphs put together node by node, and the rules that they keep.

use super::{Graph, GraphInput, GraphNode, Join};
use crate::layer::output_of;
use crate::{Layer, Outputs, Shape, SpaceError};

/// Most nodes of a graph.
const MOST_NODES: usize = 1 << 12;
/// Most channels, rows and columns of a value.
const MOST: usize = 1 << 16;

/// Puts a [`Graph`] together, node by node.
///
/// ```
/// use dartloom_space::{GraphBuilder, GraphInput, Layer, Outputs, Shape};
///
/// # fn main() -> Result<(), dartloom_space::SpaceError> {
/// let mut graph = GraphBuilder::new("residual", Shape::new(2, 8, 8))?;
/// let image = GraphInput::Image;
/// let inner = graph.node("inner", image, vec![Layer::square(2, 2, 3, 1), Layer::Relu])?;
/// let sum = graph.sum("sum", &[inner, image], vec![Layer::Relu])?;
/// graph.node("head", sum, vec![Layer::pointwise(2, 5)])?;
/// let graph = graph.finish(Outputs::Plane { channels: 5 })?;
/// assert_eq!(graph.cost()?.parameters, 2 * 2 * 9 + 2 * 5);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct GraphBuilder {
    name: String,
    input: Shape,
    nodes: Vec<GraphNode>,
}

impl GraphBuilder {
    /// A graph without nodes, for images of shape `input`.
    ///
    /// # Errors
    /// [`SpaceError::Range`] for an image that has no pixels, or too many.
    pub fn new(name: impl Into<String>, input: Shape) -> Result<Self, SpaceError> {
        for (what, found) in [
            ("image channels", input.channels),
            ("image height", input.height),
            ("image width", input.width),
        ] {
            if !(1..=MOST).contains(&found) {
                return Err(SpaceError::Range { what, most: MOST, found });
            }
        }
        Ok(Self { name: name.into(), input, nodes: Vec::new() })
    }

    /// Shape of a value; `None` for a node that does not exist yet.
    pub fn shape(&self, value: GraphInput) -> Option<Shape> {
        match value {
            GraphInput::Image => Some(self.input),
            GraphInput::Node(index) => self.nodes.get(index).map(GraphNode::shape),
        }
    }

    /// Channels of a value; 0 for a node that does not exist yet.
    pub fn channels(&self, value: GraphInput) -> usize {
        self.shape(value).map_or(0, |shape| shape.channels)
    }

    /// Adds a node that reads one value, and returns its output.
    ///
    /// # Errors
    /// As [`join`](Self::join).
    pub fn node(
        &mut self,
        name: impl Into<String>,
        input: GraphInput,
        layers: Vec<Layer>,
    ) -> Result<GraphInput, SpaceError> {
        self.join(name, &[input], Join::Single, layers)
    }

    /// Adds a node that reads the sum of values, and returns its output.
    ///
    /// # Errors
    /// As [`join`](Self::join).
    pub fn sum(
        &mut self,
        name: impl Into<String>,
        inputs: &[GraphInput],
        layers: Vec<Layer>,
    ) -> Result<GraphInput, SpaceError> {
        self.join(name, inputs, Join::Sum, layers)
    }

    /// Adds a node that reads the channels of several values, and returns its output.
    ///
    /// # Errors
    /// As [`join`](Self::join).
    pub fn concat(
        &mut self,
        name: impl Into<String>,
        inputs: &[GraphInput],
        layers: Vec<Layer>,
    ) -> Result<GraphInput, SpaceError> {
        self.join(name, inputs, Join::Concat, layers)
    }

    /// Adds a node, and returns its output.
    ///
    /// # Errors
    /// [`SpaceError::Node`] for a name that is empty, taken or no name, for a value that is no
    /// earlier one, for a number of values that the join does not take, and for a layer that
    /// contradicts itself; [`SpaceError::Meeting`] for values whose shapes cannot be joined, and
    /// [`SpaceError::LayerInput`] inside [`SpaceError::At`] for a layer that cannot take its input.
    /// All of them name the node.
    pub fn join(
        &mut self,
        name: impl Into<String>,
        inputs: &[GraphInput],
        join: Join,
        layers: Vec<Layer>,
    ) -> Result<GraphInput, SpaceError> {
        let name = name.into();
        self.check_name(&name)?;
        let joined = self.joined(&name, inputs, join)?;
        for layer in &layers {
            consistent(layer).map_err(|found| {
                let expected = format!("a {} of numbers that fit each other", layer.name());
                SpaceError::Node { node: name.clone(), expected, found }
            })?;
        }
        let at_node = |error: SpaceError| error.at(format!("node `{name}`"));
        let shape = output_of(&layers, joined).map_err(at_node)?;
        self.check_shape(&name, shape)?;
        let inputs = inputs.to_vec();
        self.nodes.push(GraphNode { name, inputs, join, layers, joined, shape });
        Ok(GraphInput::Node(self.nodes.len() - 1))
    }

    /// The graph, whose output is that of the last node, without deep supervision.
    ///
    /// # Errors
    /// [`SpaceError::Node`] for no nodes, and for a node that nothing reads but the last;
    /// [`SpaceError::Meeting`] where the last node's shape is not that of `outputs`.
    pub fn finish(self, outputs: Outputs) -> Result<Graph, SpaceError> {
        self.finish_with(outputs, &[])
    }

    /// The same with heads of deep supervision, the finest first: nodes that put out the channels
    /// of `outputs` on planes of which none is larger than the one before, nor than that of
    /// `outputs`.
    ///
    /// # Errors
    /// As [`finish`](Self::finish), [`SpaceError::Node`] for a head that is no node, the last node
    /// or named twice, and [`SpaceError::Meeting`] for one of other channels or a larger plane.
    pub fn finish_with(self, outputs: Outputs, deep: &[GraphInput]) -> Result<Graph, SpaceError> {
        let deep = self.heads(outputs, deep)?;
        let Self { name, input, nodes } = self;
        let graph = Graph { name, input, outputs, nodes, deep };
        let Some(last) = graph.nodes.last() else {
            return Err(SpaceError::Node {
                node: graph.name,
                expected: "at least one node".to_owned(),
                found: "none".to_owned(),
            });
        };
        let expected = outputs.shape(input);
        if last.shape != expected {
            let place = format!("output of node `{}`", last.name);
            return Err(SpaceError::Meeting { place, expected, found: last.shape });
        }
        let readers = graph.last_readers();
        let lost = |at: &usize| readers[*at].is_none() && !graph.deep.contains(at);
        if let Some(at) = (0..readers.len() - 1).find(lost) {
            let node = &graph.nodes[at];
            return Err(SpaceError::Node {
                node: node.name.clone(),
                expected: "a later node that reads it".to_owned(),
                found: "none".to_owned(),
            });
        }
        graph.cost().map(|_| graph)
    }

    /// Positions of the heads of deep supervision.
    fn heads(&self, outputs: Outputs, deep: &[GraphInput]) -> Result<Vec<usize>, SpaceError> {
        let mut heads = Vec::with_capacity(deep.len());
        let mut largest = outputs.shape(self.input);
        for head in deep {
            let refuse = |found: &str| SpaceError::Node {
                node: self.name.clone(),
                expected: "nodes before the last one as heads of deep supervision, each once"
                    .to_owned(),
                found: format!("{} {found}", self.said(*head)),
            };
            let GraphInput::Node(at) = *head else { return Err(refuse("among them")) };
            let shape = self.shape(*head).ok_or_else(|| refuse("among them"))?;
            if at + 1 == self.nodes.len() {
                return Err(refuse("at the end"));
            }
            if heads.contains(&at) {
                return Err(refuse("twice"));
            }
            let fits = shape.height <= largest.height && shape.width <= largest.width;
            if shape.channels != largest.channels || !fits {
                let place = format!("head of deep supervision {}", self.said(*head));
                return Err(SpaceError::Meeting { place, expected: largest, found: shape });
            }
            heads.push(at);
            largest = shape;
        }
        Ok(heads)
    }

    fn check_name(&self, name: &str) -> Result<(), SpaceError> {
        let refuse = |expected: &str| {
            let expected = expected.to_owned();
            let found = format!("`{name}`");
            Err(SpaceError::Node { node: name.to_owned(), expected, found })
        };
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
        if name.is_empty() || !name.chars().all(plain) {
            return refuse("a name of letters, digits, `_`, `-` and `.`");
        }
        if name == IMAGE || self.nodes.iter().any(|node| node.name == name) {
            return refuse("a name that nothing else has");
        }
        if self.nodes.len() == MOST_NODES {
            return refuse("at most 4096 nodes");
        }
        Ok(())
    }

    fn joined(&self, name: &str, inputs: &[GraphInput], join: Join) -> Result<Shape, SpaceError> {
        let refuse = |expected: &str, found: String| {
            let expected = expected.to_owned();
            SpaceError::Node { node: name.to_owned(), expected, found }
        };
        match (join, inputs.len()) {
            (Join::Single, 1) | (Join::Sum | Join::Concat, 2..) => {}
            (Join::Single, found) => return Err(refuse("one value to read", found.to_string())),
            (_, found) => return Err(refuse("two values to read, or more", found.to_string())),
        }
        let mut shapes = Vec::with_capacity(inputs.len());
        for input in inputs {
            let shape = self.shape(*input);
            let earlier = "the image and earlier nodes as what it reads";
            shapes.push(shape.ok_or_else(|| refuse(earlier, format!("{input:?}")))?);
        }
        let mut joined = shapes[0];
        for (shape, input) in shapes.iter().zip(inputs).skip(1) {
            let expected = match join {
                Join::Concat => Shape { channels: shape.channels, ..shapes[0] },
                Join::Single | Join::Sum => shapes[0],
            };
            if *shape != expected {
                let place = format!("node `{name}` from {}", self.said(*input));
                return Err(SpaceError::Meeting { place, expected, found: *shape });
            }
            if join == Join::Concat {
                joined.channels = joined.channels.saturating_add(shape.channels);
            }
        }
        self.check_shape(name, joined).map(|()| joined)
    }

    fn check_shape(&self, name: &str, shape: Shape) -> Result<(), SpaceError> {
        let Shape { channels, height, width } = shape;
        if [channels, height, width].iter().all(|side| (1..=MOST).contains(side)) {
            return Ok(());
        }
        Err(SpaceError::Node {
            node: name.to_owned(),
            expected: format!("values of 1 to {MOST} channels, rows and columns"),
            found: shape.to_string(),
        })
    }

    fn said(&self, input: GraphInput) -> String {
        match input {
            GraphInput::Image => "the image".to_owned(),
            GraphInput::Node(index) => match self.nodes.get(index) {
                Some(node) => format!("`{}`", node.name),
                None => format!("node {index}"),
            },
        }
    }
}

/// The name of the image among sources.
pub(super) const IMAGE: &str = "image";

/// Refuses a layer whose own numbers contradict each other, with the contradiction.
fn consistent(layer: &Layer) -> Result<(), String> {
    match *layer {
        Layer::Conv { inputs, outputs, groups, .. } => {
            let divides = |channels: usize| groups > 0 && channels.is_multiple_of(groups);
            if divides(inputs) && divides(outputs) {
                return Ok(());
            }
            Err(format!("{groups} groups of {inputs} and {outputs} channels"))
        }
        Layer::FactorizedReduce { outputs, .. } if !outputs.is_multiple_of(2) => {
            Err(format!("{outputs} channels in two halves"))
        }
        Layer::MaxPool { kernel, padding, .. } | Layer::AvgPool { kernel, padding, .. }
            if padding.height >= kernel.height || padding.width >= kernel.width =>
        {
            Err(format!("a window of {kernel} with a border of {padding}"))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
