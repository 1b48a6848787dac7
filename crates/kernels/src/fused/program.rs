//! A graph of weighted sums, compiled once and run often.

use candle_core::{DType, Tensor};

use super::block::{Block, Compiler, Norm, Parameters, border};
use super::extent::Extent;
use super::stage::Stage;
use crate::{BatchNormSpec, PoolSpec};

/// A graph whose nodes are sums of branches: `node_j = sum_t f_t g_t branch_t(value_{s_t})`.
///
/// Values are numbered: the inputs first, then the nodes in the order they were added; a branch
/// reads an earlier value. Built by [`ProgramBuilder`], run by [`Program::run`].
#[derive(Clone, Debug)]
pub struct Program {
    pub(super) inputs: Vec<Extent>,
    pub(super) nodes: Vec<Node>,
    /// Nodes whose values are concatenated.
    pub(super) outputs: Vec<usize>,
    pub(super) output: Extent,
    pub(super) parameters: Parameters,
    pub(super) norms: Vec<Norm>,
    /// One more than the largest coefficient.
    pub(super) coefficients: usize,
    /// One more than the largest gate.
    pub(super) gates: usize,
}

#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) extent: Extent,
    /// Sorted by source.
    pub(super) terms: Vec<Term>,
}

/// One branch in the sum of a node.
#[derive(Clone, Debug)]
pub(super) struct Term {
    pub(super) source: usize,
    /// First channel it reads.
    pub(super) first: usize,
    pub(super) blocks: Vec<Block>,
    /// Its extent as it leaves the last block.
    pub(super) extent: Extent,
    /// Output channel `c` is added to channel `start + c * step` of the node.
    pub(super) scatter: (usize, usize),
    pub(super) coefficient: Option<usize>,
    pub(super) gate: Option<usize>,
}

/// A branch to be added to a node.
#[derive(Clone, Debug)]
pub struct Branch<'a> {
    /// The value it reads.
    pub source: usize,
    /// First channel and number of channels it reads; all of them when `None`.
    pub channels: Option<(usize, usize)>,
    /// Its stages, in order.
    pub stages: &'a [Stage],
    /// Output channel `c` is added to channel `start + c * step` of the node.
    pub scatter: (usize, usize),
    /// Place of its factor among the coefficients; 1 when `None`.
    pub coefficient: Option<usize>,
    /// Row of its factors per image among the gates; 1 when `None`.
    pub gate: Option<usize>,
}

impl<'a> Branch<'a> {
    /// A branch that reads all of `source` and is added as it is.
    pub fn new(source: usize, stages: &'a [Stage]) -> Self {
        Self { source, channels: None, stages, scatter: (0, 1), coefficient: None, gate: None }
    }
}

/// Builds a [`Program`].
#[derive(Clone, Debug)]
pub struct ProgramBuilder {
    program: Program,
    shared: Vec<Shared>,
}

/// A node of one branch without parameters, which later nodes may read again.
#[derive(Clone, Debug)]
struct Shared {
    source: usize,
    channels: Option<(usize, usize)>,
    steps: Vec<Step>,
    value: usize,
}

/// The part of other nodes in the work of a branch.
enum Sharing<'a> {
    /// It has no fused kernel.
    NoKernel,
    /// Nothing in it can be shared: it stays as it is.
    Own,
    /// A node of its own computes it; this branch reads that node's value.
    Reads(Branch<'a>),
}

/// A stage without parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Step {
    Relu,
    Max(PoolSpec),
    Average(PoolSpec),
    Norm(BatchNormSpec),
}

impl ProgramBuilder {
    /// A program without nodes.
    pub fn new(inputs: &[Extent]) -> Self {
        let program = Program {
            inputs: inputs.to_vec(),
            nodes: Vec::new(),
            outputs: Vec::new(),
            output: Extent::new(0, 0, 0),
            parameters: Parameters::default(),
            norms: Vec::new(),
            coefficients: 0,
            gates: 0,
        };
        Self { program, shared: Vec::new() }
    }

    /// Adds a node, the sum of `branches`; returns the number of its value.
    ///
    /// A weighted branch without parameters is computed once for all nodes that weigh it, see
    /// [`Program::is_consistent`].
    ///
    /// `None` when a branch holds a stage that has no fused kernel, reads a value that does not
    /// exist, or does not fit the node: such a sum has to run stage by stage.
    pub fn node(&mut self, extent: Extent, branches: &[Branch<'_>]) -> Option<usize> {
        let mut terms = Vec::with_capacity(branches.len());
        for branch in branches {
            // Branches of one source share its padded planes, so all get the widest border.
            let shared = branches.iter().filter(|other| other.source == branch.source);
            let border = shared.map(|other| border(other.stages));
            let border = border.fold((0, 0), |a, b| (a.0.max(b.0), a.1.max(b.1)));
            let term = match self.share(branch) {
                Sharing::NoKernel => None,
                Sharing::Own => self.term(Some(extent), branch, border),
                Sharing::Reads(value) => self.term(Some(extent), &value, border),
            };
            terms.push(term?);
        }
        terms.sort_by_key(|term| term.source);
        self.program.nodes.push(Node { extent, terms });
        Some(self.program.inputs.len() + self.program.nodes.len() - 1)
    }

    /// Computes a weighted branch without parameters once for all who weigh it.
    fn share<'a>(&mut self, branch: &Branch<'a>) -> Sharing<'a> {
        let steps = branch.coefficient.and_then(|_| steps(branch.stages));
        let Some(steps) = steps.filter(|steps| !steps.is_empty()) else { return Sharing::Own };
        let same = |shared: &&Shared| {
            (shared.source, shared.channels) == (branch.source, branch.channels)
                && shared.steps == steps
        };
        let known = self.shared.iter().find(same).map(|shared| shared.value);
        let value = if let Some(value) = known {
            // Each branch has norms of its own; that they are computed once must not show in their
            // running statistics.
            self.follow(value, branch.stages);
            value
        } else {
            // Without its weight, so that others can weigh the value differently.
            let own = Branch { coefficient: None, gate: None, scatter: (0, 1), ..branch.clone() };
            let Some(term) = self.term(None, &own, border(branch.stages)) else {
                return Sharing::NoKernel;
            };
            self.program.nodes.push(Node { extent: term.extent, terms: vec![term] });
            let value = self.program.inputs.len() + self.program.nodes.len() - 1;
            let source = branch.source;
            let channels = branch.channels;
            self.shared.push(Shared { source, channels, steps, value });
            value
        };
        Sharing::Reads(Branch { source: value, channels: None, stages: &[], ..branch.clone() })
    }

    /// Lets the running statistics of `stages` follow those of a shared node.
    fn follow(&mut self, value: usize, stages: &[Stage]) {
        let node = &self.program.nodes[value - self.program.inputs.len()];
        let norms = node.terms.iter().flat_map(|term| &term.blocks).filter_map(|block| block.norm);
        let own = stages.iter().filter_map(|stage| match stage {
            Stage::Norm { mean, variance, .. } => Some((mean.clone(), variance.clone())),
            _ => None,
        });
        for (norm, running) in norms.zip(own) {
            self.program.norms[norm].running.push(running);
        }
    }

    fn term(
        &mut self,
        node: Option<Extent>,
        branch: &Branch<'_>,
        border: (usize, usize),
    ) -> Option<Term> {
        let whole = self.program.extent(branch.source)?;
        let (first, channels) = branch.channels.unwrap_or((0, whole.channels));
        if channels == 0 || first.checked_add(channels)? > whole.channels {
            return None;
        }
        let Program { parameters, norms, .. } = &mut self.program;
        let mut compiler = Compiler { parameters, norms, border };
        let blocks = compiler.blocks(branch.stages, Extent { channels, ..whole })?;
        let extent = blocks.last().map_or(Extent { channels, ..whole }, |block| block.output);
        let (start, step) = branch.scatter;
        let last = (extent.channels - 1).checked_mul(step)?.checked_add(start)?;
        let fits = |node: Extent| {
            (extent.height, extent.width) == (node.height, node.width) && last < node.channels
        };
        if !node.is_none_or(fits) {
            return None;
        }
        let most = |old: usize, new: Option<usize>| old.max(new.map_or(0, |new| new + 1));
        self.program.coefficients = most(self.program.coefficients, branch.coefficient);
        self.program.gates = most(self.program.gates, branch.gate);
        Some(Term {
            source: branch.source,
            first,
            blocks,
            extent,
            scatter: branch.scatter,
            coefficient: branch.coefficient,
            gate: branch.gate,
        })
    }

    /// The program that puts out the given nodes, concatenated along channels.
    ///
    /// `None` for no input, no output, an output that is no node or appears twice,
    /// outputs of different planes, or parameters that are not `f32` on the CPU.
    pub fn finish(mut self, outputs: &[usize]) -> Option<Program> {
        let inputs = self.program.inputs.len();
        if inputs == 0 || outputs.is_empty() {
            return None;
        }
        let mut whole = Extent { channels: 0, ..self.program.extent(outputs[0])? };
        for (at, &output) in outputs.iter().enumerate() {
            let extent = self.program.extent(output)?;
            // Nodes read earlier ones, which must lie before them in the output.
            if at > 0 && output < outputs[at - 1] {
                return None;
            }
            let plane = (extent.height, extent.width) == (whole.height, whole.width);
            if output < inputs || !plane || outputs[..at].contains(&output) {
                return None;
            }
            whole.channels += extent.channels;
        }
        let fits = |tensor: &Tensor| tensor.dtype() == DType::F32 && tensor.device().is_cpu();
        if !self.program.parameters.tensors.iter().all(fits) {
            return None;
        }
        self.program.outputs = outputs.to_vec();
        self.program.output = whole;
        Some(self.program)
    }
}

/// The stages as steps, if none has parameters.
fn steps(stages: &[Stage]) -> Option<Vec<Step>> {
    let stages = stages.iter().filter(|stage| !matches!(stage, Stage::Identity));
    stages
        .map(|stage| match stage {
            Stage::Relu => Some(Step::Relu),
            Stage::MaxPool(spec) => Some(Step::Max(*spec)),
            Stage::AvgPool(spec) => Some(Step::Average(*spec)),
            Stage::Norm { affine: None, spec, .. } => Some(Step::Norm(*spec)),
            _ => None,
        })
        .collect()
}

impl Program {
    /// The extent of a value.
    pub(super) fn extent(&self, value: usize) -> Option<Extent> {
        match self.inputs.get(value) {
            Some(extent) => Some(*extent),
            None => self.nodes.get(value - self.inputs.len()).map(|node| node.extent),
        }
    }

    /// Extent of the output of one image.
    pub fn output(&self) -> Extent {
        self.output
    }

    /// `true` if branches that are computed once have equal running statistics, which they have
    /// when they always ran together. Only then may a run normalise with running statistics.
    ///
    /// # Errors
    /// When the statistics cannot be read.
    pub fn is_consistent(&self) -> crate::Result<bool> {
        for norm in &self.norms {
            let mut running = norm.running.iter();
            let Some(first) = running.next() else { continue };
            let first = (first.0.to_vec1::<f32>()?, first.1.to_vec1::<f32>()?);
            for (mean, variance) in running {
                if (mean.to_vec1::<f32>()?, variance.to_vec1::<f32>()?) != first {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    /// Number of coefficients a run needs.
    pub fn coefficients(&self) -> usize {
        self.coefficients
    }

    /// Number of gates a run needs.
    pub fn gates(&self) -> usize {
        self.gates
    }
}

impl Node {
    /// Terms with a common source, as ranges of `terms`.
    pub(super) fn groups(&self) -> Vec<std::ops::Range<usize>> {
        let mut groups = Vec::new();
        let mut start = 0;
        for end in 1..=self.terms.len() {
            if end == self.terms.len() || self.terms[end].source != self.terms[start].source {
                groups.push(start..end);
                start = end;
            }
        }
        groups
    }
}

impl Term {
    /// `true` if anything in it can be trained.
    pub(super) fn has_parameters(&self) -> bool {
        self.blocks.iter().any(|block| block.parameters.1 > block.parameters.0 || block.affine)
    }

    /// The extent that it reads.
    pub(super) fn input(&self) -> Extent {
        self.blocks.first().map_or(self.extent, |block| block.input)
    }

    /// Its channel that is added to channel `channel` of the node.
    pub(super) fn channel(&self, channel: usize) -> Option<usize> {
        let (start, step) = self.scatter;
        let distance = channel.checked_sub(start)?;
        let own = distance / step.max(1);
        (distance % step.max(1) == 0 && own < self.extent.channels).then_some(own)
    }
}
