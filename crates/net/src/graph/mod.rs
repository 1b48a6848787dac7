//! Networks laid out by hand.

mod memory;
mod taped;

use candle_core::{D, Tensor};
use dartloom_kernels::concat_channels;
use dartloom_ops::{Model, OpError, Output, Pass, Place, Sequence, Variables};
use dartloom_space::{Cost, Graph, GraphInput, GraphNode, Join, Outputs, Shape};
use rand::RngCore;

use crate::NetError;
use crate::identity::Identity;
use crate::memory::{Breakdown, Workload};
use taped::{Made, Route};

/// The network of a [`Graph`].
///
/// Nodes run in their order, and a value is let go behind its last reader. A watch sees the output
/// of every node under its name. Nodes that serve deep supervision alone are run where a pass
/// trains or probes, and not where it evaluates. Where a pass says that parameters are constant,
/// and nothing asks for the gradient of its images, nothing is kept for a backward pass.
///
/// ```
/// use dartloom_net::{GraphNetwork, NetError};
/// use dartloom_ops::{Model, Pass, Place};
/// use dartloom_space::hand_made::UNet;
/// use dartloom_space::{Outputs, Shape};
/// use rand::SeedableRng;
///
/// # fn main() -> Result<(), NetError> {
/// let graph = UNet { base: 2, depth: Some(1) };
/// let graph = graph.graph(Shape::new(3, 8, 8), Outputs::Plane { channels: 5 })?;
/// let mut noise = rand_chacha::ChaCha8Rng::seed_from_u64(0);
/// let net = GraphNetwork::new(graph, &Place::default(), &mut noise)?;
/// let variables = net.variables();
/// let x = candle_core::Tensor::zeros((2, 3, 8, 8), variables.dtype(), variables.device())?;
/// assert_eq!(net.forward(&x, &mut Pass::eval())?.main.dims(), [2, 5, 8, 8]);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct GraphNetwork {
    variables: Variables,
    graph: Graph,
    nodes: Vec<Sequence>,
    last_readers: Vec<Option<usize>>,
    training_only: Vec<bool>,
    route: Route,
    cost: Cost,
    identity: Identity,
}

impl GraphNetwork {
    /// Creates the network, weights drawn from `rng` in the order of nodes and layers.
    ///
    /// # Errors
    /// When a variable cannot be made.
    pub fn new(graph: Graph, place: &Place, rng: &mut dyn RngCore) -> Result<Self, NetError> {
        let identity = Identity::laid_out(&graph);
        Self::identified(graph, identity, place, rng)
    }

    /// The network with an identity of its own.
    pub(crate) fn identified(
        graph: Graph,
        identity: Identity,
        place: &Place,
        rng: &mut dyn RngCore,
    ) -> Result<Self, NetError> {
        let mut variables = Variables::new(place);
        let mut root = variables.builder(rng);
        let nodes = graph.nodes().iter();
        let nodes = nodes.map(|node| Sequence::new(node.layers(), &mut root.at(node.name())));
        let nodes = nodes.collect::<Result<Vec<_>, _>>()?;
        let last_readers = graph.last_readers();
        let training_only = graph.training_only();
        let cost = graph.cost()?;
        let route = Route::new(&graph, &nodes);
        Ok(Self { variables, graph, nodes, last_readers, training_only, route, cost, identity })
    }

    /// Its layers and shapes.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// Memory of a process that runs the network as `work` says, see
    /// [`crate::memory::predict_graph`]; activations are the largest number where nothing is
    /// counted.
    pub fn memory(&self, work: &Workload) -> Breakdown {
        let uncounted = Breakdown { activations: u64::MAX, ..Breakdown::default() };
        memory::predict_graph(&self.graph, work).unwrap_or(uncounted)
    }

    /// The value of a head, in the form of the network's outputs.
    fn answer(&self, value: &Tensor) -> Result<Tensor, OpError> {
        Ok(match self.graph.outputs() {
            Outputs::Vector(_) => value.flatten_from(1)?,
            _ => value.clone(),
        })
    }

    /// Values that a tape makes of each node; none where no tape serves.
    fn taped(&self, x: &Tensor, pass: &Pass<'_>) -> Result<Vec<Made>, OpError> {
        if !taped::serves(x, pass) {
            return Ok(Vec::new());
        }
        self.route.run(self, x, pass)
    }

    fn check_input(&self, x: &Tensor) -> Result<(), NetError> {
        let expected = self.graph.input();
        let Shape { channels, height, width } = expected;
        if x.rank() == 4 && x.dims()[1..] == [channels, height, width] {
            return Ok(());
        }
        Err(NetError::Input { expected, found: x.dims().to_vec() })
    }
}

pub use memory::predict_graph;

/// Values of nodes, as long as they are needed.
struct Held<'a> {
    image: &'a Tensor,
    nodes: Vec<Option<Tensor>>,
}

impl Held<'_> {
    fn get(&self, input: GraphInput) -> Result<&Tensor, OpError> {
        match input {
            GraphInput::Image => Ok(self.image),
            GraphInput::Node(index) => self.nodes[index].as_ref().ok_or_else(|| {
                OpError::Tensor(candle_core::Error::Msg(format!("node {index} has no value")))
            }),
        }
    }

    /// Lets the values go that node `index` is the last to read.
    fn let_go(&mut self, index: usize, node: &GraphNode, last_readers: &[Option<usize>]) {
        for input in node.inputs() {
            if let GraphInput::Node(source) = *input
                && last_readers[source] == Some(index)
            {
                self.nodes[source] = None;
            }
        }
    }

    fn joined(&self, node: &GraphNode) -> Result<Tensor, OpError> {
        let inputs = node.inputs().iter().map(|&input| self.get(input));
        let inputs = inputs.collect::<Result<Vec<_>, _>>()?;
        let first = inputs[0].clone();
        Ok(match node.join() {
            Join::Single => first,
            Join::Sum => inputs[1..].iter().try_fold(first, |sum, &value| sum + value)?,
            Join::Concat => match inputs[..] {
                [first, second] => concat_channels(first, second)?,
                _ => Tensor::cat(&inputs, D::Minus(3))?,
            },
        })
    }
}

impl Model for GraphNetwork {
    fn variables(&self) -> &Variables {
        &self.variables
    }

    fn forward(&self, x: &Tensor, pass: &mut Pass<'_>) -> Result<Output, OpError> {
        self.check_input(x)?;
        let apart = pass.constant_parameters && !x.track_op();
        let trains = pass.mode.is_training();
        let heads = if trains { self.graph.deep() } else { &[] };
        let mut deep: Vec<Option<Tensor>> = vec![None; heads.len()];
        let mut held = Held { image: x, nodes: Vec::with_capacity(self.nodes.len()) };
        let mut taped = self.taped(x, pass)?.into_iter();
        for (index, (node, layers)) in self.graph.nodes().iter().zip(&self.nodes).enumerate() {
            let value = match taped.next().unwrap_or(Made::Nothing) {
                Made::Inside => None,
                Made::Part { value, layers: done } => Some(layers.run_behind(done, &value, pass)?),
                Made::Nothing if trains || !self.training_only[index] => {
                    Some(layers.run(&held.joined(node)?, pass)?)
                }
                Made::Nothing => None,
            };
            let value = value.map(|value| if apart { value.detach() } else { value });
            if let Some(value) = &value {
                pass.see(&node.name(), value)?;
                if let Some(head) = heads.iter().position(|&head| head == index) {
                    deep[head] = Some(self.answer(value)?);
                }
            }
            held.nodes.push(value);
            held.let_go(index, node, &self.last_readers);
        }
        let last = GraphInput::Node(self.nodes.len() - 1);
        let main = self.answer(held.get(last)?)?;
        Ok(Output { deep: deep.into_iter().flatten().collect(), ..main.into() })
    }

    fn cost(&self) -> Cost {
        self.cost
    }

    fn identity(&self) -> Option<String> {
        self.identity.with(&self.variables)
    }

    fn outputs(&self) -> Option<Outputs> {
        Some(self.graph.outputs())
    }
}
