//! The search space and supernet that cases of DARTS describe.

use candle_core::Tensor;
use dartloom_decode::{Decoder, EdgeWeighted, TopK};
use dartloom_net::Supernet;
use dartloom_ops::Output;
use dartloom_ops::{Mode, Registry};
use dartloom_relax::Progress;
use dartloom_search::Architecture;
use dartloom_space::{Blueprint, Build, CellGraph, CellSpec, Chain, NodeOrder, Shape, Space, Stem};
use dartloom_task::{Classification, Task};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde_json::Value;

use super::plan::{names, nodes_of, op_set};
use crate::golden::GoldenError;
use crate::golden::check::Check;
use crate::golden::fields::Fields;
use crate::golden::genotypes::{difference, genotype};
use crate::golden::manifest::Case;
use crate::golden::names::{Place, candidate, in_network};

/// A search space with its supernet and what is learnt.
#[derive(Debug)]
pub(super) struct Searched {
    pub(super) space: Space,
    pub(super) net: Supernet,
    pub(super) task: Box<dyn Task>,
}

impl Searched {
    /// The supernet of `config` on images of `input`, with `table` (edges, operations) choices per
    /// cell.
    pub(super) fn new(
        config: &Value,
        input: Shape,
        table: (usize, usize),
    ) -> Result<Self, GoldenError> {
        Self::of(space(config, table)?, config, input)
    }

    /// The supernet of a space, sized as `config` says.
    pub(super) fn of(space: Space, config: &Value, input: Shape) -> Result<Self, GoldenError> {
        let channels = config.count("C")?;
        let classes = config.count("classes")?;
        let partial = config.count_or("k", 1)?;
        let build =
            Build { order: NodeOrder::FirstNamed, partial, ..Build::new(channels, classes, input) };
        let plan = Blueprint::supernet(&space, build)?;
        let mut rng = ChaCha8Rng::seed_from_u64(0);
        let registry = Registry::standard()?;
        let net = Supernet::new(&plan, &registry, &dartloom_ops::Place::default(), &mut rng)?;
        Ok(Self { space, net, task: Box::new(Classification::new(classes)?) })
    }

    /// The place in our network of a variable of the released network.
    pub(super) fn place(&self) -> impl Fn(&str) -> Option<Place> + use<> {
        let ops = names(self.space.op_set());
        move |name| in_network(name, &|_, rest| candidate(rest, &ops))
    }

    /// Runs the supernet with the weights of `architecture`.
    pub(super) fn forward(
        &self,
        x: &Tensor,
        architecture: &Architecture,
        (case, mode): (&Case<'_>, Mode),
    ) -> Result<Output, GoldenError> {
        let mut rng = ChaCha8Rng::seed_from_u64(0);
        let weights = architecture.weights(Progress::start(1), &mut rng)?;
        Ok(self.net.forward(x, &weights, &mut case.pass(mode, &mut rng))?)
    }
}

/// Decodes as the method does and compares with the written genotype.
pub(super) fn check_genotype(
    space: &Space,
    check: &mut Check<'_>,
    architecture: &Architecture,
    want: &Value,
) -> Result<(), GoldenError> {
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let table = architecture.table(Progress::start(1), &mut rng)?;
    let weighed = table.cells().iter().any(|cell| cell.edge_weights.is_some());
    let got = if weighed {
        EdgeWeighted::pc_darts().decode(space, &table)?
    } else {
        TopK::darts().decode(space, &table)?
    };
    if let Some(how) = difference(&got.genotype, &genotype(want)?) {
        check.complain(format!("genotype: {how}"));
    }
    Ok(())
}

fn space(config: &Value, (rows, columns): (usize, usize)) -> Result<Space, GoldenError> {
    let ops = op_set(config, "ops", columns)?;
    let layers = config.count("layers")?;
    let nodes = nodes_of(rows)?;
    let stem = Stem::cifar(config.count_or("stem_multiplier", 3)?);
    let multiplier = config.count_or("multiplier", nodes)?;
    let space = if multiplier == nodes {
        Space::darts(ops, layers, nodes, stem)?
    } else {
        let graph = CellGraph::darts(nodes)?.with_last(multiplier)?;
        let cell = |name: &str| CellSpec { name: name.to_owned(), graph: graph.clone() };
        let network = Chain::two_cells(layers, stem).network()?;
        Space::new("darts", ops, vec![cell("normal"), cell("reduce")], network)?
    };
    if config.field("reduction_layers").is_some() {
        let placed = space.network().placements().iter().enumerate();
        let ours: Vec<usize> =
            placed.filter(|(_, placed)| placed.reduction).map(|(index, _)| index).collect();
        if ours != config.counts("reduction_layers")? {
            return Err(config.wrong("reduction_layers", "the thirds of the layers"));
        }
    }
    Ok(space)
}
