//! Small networks and their inputs.

use candle_core::{DType, Tensor};
use dartloom_kernels::testkit::filled;
pub(crate) use dartloom_kernels::testkit::values;
use dartloom_net::{Cell, DerivedNetwork, NetError, Supernet};
use dartloom_ops::{Mode, Place, Registry};
use dartloom_ops::{Model, Output, Pass};
use dartloom_space::{
    ArchWeights, Aux, AuxHead, Blueprint, Build, CellWeights, Chain, Genotype, OpSet, Repeats,
    Shape, Space, Stem,
};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

pub(crate) fn rng(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

pub(crate) fn build(channels: usize, side: usize) -> Build {
    let input = Shape::new(3, side, side);
    Build::new(channels, 5, input)
}

pub(crate) fn ops(names: &[&str]) -> OpSet {
    Registry::standard().unwrap().op_set("test", names).unwrap()
}

/// The plan of a genotype in a chain; its own length where it has one.
pub(crate) fn plan(genotype: &Genotype, layers: usize, build: Build) -> Blueprint {
    chain_plan(genotype, &chain(genotype, layers), build)
}

pub(crate) fn chain(genotype: &Genotype, layers: usize) -> Chain {
    let layers = genotype.layers().unwrap_or(layers);
    genotype.chain(layers, Stem::cifar(3), None, Repeats::InTurn).unwrap()
}

pub(crate) fn chain_plan(genotype: &Genotype, chain: &Chain, build: Build) -> Blueprint {
    let network = chain.network().unwrap();
    Blueprint::derived(genotype, &network, &OpSet::builtin("all").unwrap(), build).unwrap()
}

/// DARTS_V2 in three cells with an auxiliary head behind the last.
pub(crate) fn with_auxiliary(head: AuxHead, side: usize) -> Blueprint {
    let genotype = Genotype::published("DARTS_V2").unwrap();
    let chain = chain(&genotype, 3);
    let chain = Chain { aux: Some(Aux { head, after: 2 }), ..chain };
    chain_plan(&genotype, &chain, build(4, side))
}

/// A genotype of two equal cells, from genes `(op, from, to)`.
pub(crate) fn genotype(genes: &[(&str, usize, usize)], concat: &[usize]) -> Genotype {
    let cell = |name: &str| dartloom_space::CellGenotype {
        name: name.to_owned(),
        inputs: 2,
        genes: genes
            .iter()
            .map(|&(op, from, to)| dartloom_space::Gene { op: op.to_owned(), from, to })
            .collect(),
        concat: concat.to_vec(),
        residual: false,
    };
    let cells = vec![cell("normal"), cell("reduce")];
    Genotype::new(dartloom_space::Layout::TwoCells, cells).unwrap()
}

pub(crate) fn derived(plan: &Blueprint, seed: u64) -> DerivedNetwork {
    let registry = Registry::standard().unwrap();
    DerivedNetwork::new(plan, &registry, &Place::from(DType::F64), &mut rng(seed)).unwrap()
}

pub(crate) fn supernet(plan: &Blueprint, seed: u64) -> Supernet {
    let registry = Registry::standard().unwrap();
    Supernet::new(plan, &registry, &Place::from(DType::F64), &mut rng(seed)).unwrap()
}

/// Two cells, `normal` at full and `reduce` at half resolution.
pub(crate) fn small_space(ops: OpSet, nodes: usize) -> Space {
    let chain =
        Chain { stem: Stem::cifar(3), assignment: vec![0, 1], reductions: vec![1], aux: None };
    let space = Space::darts(ops, 3, nodes, Stem::cifar(3)).unwrap();
    space.with_network(chain.network().unwrap()).unwrap()
}

/// Fixed positive weights, one tensor per cell of the space.
pub(crate) fn weights(space: &Space) -> ArchWeights<Tensor> {
    ArchWeights::of_ops(tables(space))
}

/// Weights of every cell's operations.
pub(crate) fn tables(space: &Space) -> Vec<Tensor> {
    let cells = space.cells().iter().enumerate();
    let cells = cells.map(|(i, cell)| {
        let shape = [cell.graph.edges().len(), space.op_set().len()];
        (filled(&shape, 50 + i as u64).unwrap() + 1.5).unwrap()
    });
    cells.collect()
}

pub(crate) fn images(batch: usize, side: usize) -> Tensor {
    filled(&[batch, 3, side, side], 7).unwrap()
}

pub(crate) fn run(net: &dyn Model, x: &Tensor, mode: Mode) -> Result<Output, NetError> {
    Ok(net.forward(x, &mut Pass::new(mode, &mut rng(0)))?)
}

/// The output of a cell whose inputs are all `x`, with weights of its operations.
pub(crate) fn run_cell(cell: &Cell, x: &Tensor, weights: &Tensor) -> Tensor {
    let mut noise = rng(0);
    let mut pass = Pass::new(Mode::probe(), &mut noise);
    cell.forward(
        &|_| x.clone(),
        Some(&CellWeights { ops: weights.clone(), edges: None }),
        &mut pass,
    )
    .unwrap()
}

pub(crate) fn finite(tensor: &Tensor) -> bool {
    values(tensor).iter().all(|value| value.is_finite())
}
