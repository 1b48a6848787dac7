//! The part of a graph that runs on a tape.

use candle_core::{DType, Tensor};
use dartloom_kernels::tape::{At, Tape};
use dartloom_ops::{Execution, OpError, Pass, Sequence};
use dartloom_space::{Graph, GraphInput, GraphNode, Join};

use super::GraphNetwork;

/// The stretches of all nodes of a graph, which do not depend on what flows through it.
#[derive(Debug)]
pub(super) struct Route {
    nodes: Vec<Stretch>,
}

/// The part of a node that a tape runs.
#[derive(Clone, Copy, Debug, Default)]
struct Stretch {
    /// Its first layers, where all inputs are on the tape.
    layers: Option<usize>,
    /// True if these are all.
    whole: bool,
    /// True if somebody reads the value behind them as a tensor.
    leaves: bool,
}

/// The work of a tape on a node.
#[derive(Debug)]
pub(super) enum Made {
    /// Nothing.
    Nothing,
    /// All of it, and no tensor is needed.
    Inside,
    /// The value behind its first layers.
    Part { value: Tensor, layers: usize },
}

/// True if a tape may run a pass: nobody looks inside, and the values are `f32` on the CPU.
pub(super) fn serves(x: &Tensor, pass: &Pass<'_>) -> bool {
    let kernels = x.device().is_cpu() && x.dtype() == DType::F32;
    kernels && pass.unseen() && pass.execution != Execution::Staged
}

impl Route {
    pub(super) fn new(graph: &Graph, sequences: &[Sequence]) -> Self {
        let mut nodes: Vec<Stretch> = Vec::with_capacity(sequences.len());
        for (node, sequence) in graph.nodes().iter().zip(sequences) {
            let inside = |input: &GraphInput| match *input {
                GraphInput::Image => true,
                GraphInput::Node(source) => nodes[source].whole,
            };
            let layers = node.inputs().iter().all(inside).then(|| sequence.tapable());
            let whole = layers == Some(node.layers().len());
            nodes.push(Stretch { layers, whole, leaves: layers.is_some() && !whole });
        }
        for (index, node) in graph.nodes().iter().enumerate() {
            if nodes[index].layers.is_none() {
                for input in node.inputs() {
                    if let GraphInput::Node(source) = *input {
                        nodes[source].leaves |= nodes[source].whole;
                    }
                }
            }
        }
        for &head in graph.deep().iter().chain(&graph.nodes().len().checked_sub(1)) {
            nodes[head].leaves |= nodes[head].whole;
        }
        Self { nodes }
    }

    /// Runs all nodes on a tape as far as they get there.
    pub(super) fn run(
        &self,
        net: &GraphNetwork,
        x: &Tensor,
        pass: &Pass<'_>,
    ) -> Result<Vec<Made>, OpError> {
        let trains = pass.mode.is_training();
        let constant = pass.constant_parameters;
        let mut tape = if constant { Tape::with_constant_parameters() } else { Tape::default() };
        let image = tape.input(x)?;
        let mut places: Vec<Option<At>> = vec![None; net.nodes.len()];
        for (index, (node, sequence)) in net.graph.nodes().iter().zip(&net.nodes).enumerate() {
            let runs = trains || !net.training_only[index];
            if runs && self.nodes[index].layers.is_some() {
                let joined = join(&mut tape, node, image, &places)?;
                places[index] = joined
                    .map(|joined| sequence.on_tape(&mut tape, joined, pass.mode))
                    .transpose()?;
            }
            for input in node.inputs() {
                if let GraphInput::Node(source) = *input
                    && let Some(place) = places[source]
                    && !self.is_read_behind(index, place, &places, net)
                {
                    tape.let_go(place);
                }
            }
        }
        self.handed_out(tape, &places)
    }

    /// True if somebody behind node `index` reads a place; nodes without layers share that of their
    /// input.
    fn is_read_behind(
        &self,
        index: usize,
        place: At,
        places: &[Option<At>],
        net: &GraphNetwork,
    ) -> bool {
        places.iter().enumerate().any(|(node, own)| {
            let later = net.last_readers[node].is_some_and(|reader| reader > index);
            *own == Some(place) && (later || self.nodes[node].leaves)
        })
    }

    fn handed_out(&self, tape: Tape, places: &[Option<At>]) -> Result<Vec<Made>, OpError> {
        let leaving = self.nodes.iter().zip(places).filter(|(node, _)| node.leaves);
        let leaving: Vec<At> = leaving.filter_map(|(_, place)| *place).collect();
        let mut tensors = tape.finish(&leaving)?.into_iter();
        let made = self.nodes.iter().zip(places).map(|(node, place)| match place {
            Some(_) if node.leaves => tensors.next().map_or(Made::Nothing, |value| Made::Part {
                value,
                layers: node.layers.unwrap_or_default(),
            }),
            Some(_) => Made::Inside,
            None => Made::Nothing,
        });
        Ok(made.collect())
    }
}

/// The inputs of a node as one value; `None` where one of them was not run.
fn join(
    tape: &mut Tape,
    node: &GraphNode,
    image: At,
    places: &[Option<At>],
) -> Result<Option<At>, OpError> {
    let place = |input: &GraphInput| match *input {
        GraphInput::Image => Some(image),
        GraphInput::Node(source) => places[source],
    };
    let Some(inputs) = node.inputs().iter().map(place).collect::<Option<Vec<At>>>() else {
        return Ok(None);
    };
    let Some((&first, rest)) = inputs.split_first() else { return Ok(None) };
    let mut joined = first;
    for &next in rest {
        joined = match node.join() {
            Join::Concat => tape.concat_channels(joined, next)?,
            Join::Sum | Join::Single => tape.sum(joined, next)?,
        };
    }
    Ok(Some(joined))
}
