//! Tools that the cases of decoders share: spaces of their cells, relaxed tables, gene lists.

use candle_core::{DType, Device, Tensor};
use dartloom_relax::{Groups, Progress, Relaxation, Softmax};
use dartloom_space::{
    CellGenotype, CellGraph, CellSpec, CellTable, Gene, Network, OpSet, Space, Stem, WeightTable,
};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde_json::Value;

use super::plan::nodes_of;
use crate::golden::GoldenError;

/// A set of built-in operations.
pub(super) fn set_of(ops: &[String]) -> Result<OpSet, GoldenError> {
    Ok(OpSet::builtin("all")?.subset("case", ops)?)
}

/// A chain of one cell of its own, with the edges of DARTS and the given output.
pub(super) fn space_of_one(
    ops: &[String],
    rows: usize,
    concat: Vec<usize>,
) -> Result<Space, GoldenError> {
    let edges = CellGraph::darts(nodes_of(rows)?)?.edges().to_vec();
    let graph = CellGraph::new(2, nodes_of(rows)?, edges, concat)?;
    let network: Network = dartloom_space::Chain::individual(1, Stem::cifar(3)).network()?;
    let cell = CellSpec { name: "cell".to_owned(), graph };
    Ok(Space::new("case", set_of(ops)?, vec![cell], network)?)
}

/// The table of such a space.
pub(super) fn table_of_one(
    ops: &[String],
    edges: Vec<Vec<f64>>,
) -> Result<WeightTable, GoldenError> {
    let cell = CellTable { name: "cell".to_owned(), edges, edge_weights: None };
    Ok(WeightTable::new(ops.to_vec(), vec![cell])?)
}

/// A table in single precision, as a search has it.
pub(super) fn single(rows: &[Vec<f64>]) -> Result<Tensor, GoldenError> {
    let columns = rows.first().map_or(0, Vec::len);
    let flat: Vec<f32> = rows.iter().flatten().map(|&value| value as f32).collect();
    Ok(Tensor::from_vec(flat, (rows.len(), columns), &Device::Cpu)?)
}

/// Logits relaxed in single precision.
pub(super) fn relaxed(
    relaxation: &dyn Relaxation,
    logits: &[Vec<f64>],
) -> Result<Vec<Vec<f64>>, GoldenError> {
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let weights = relaxation.weights(&single(logits)?, Progress::start(1), &mut rng)?;
    Ok(weights.to_dtype(DType::F64)?.to_vec2()?)
}

/// Edge logits relaxed node by node in single precision (PC-DARTS).
pub(super) fn relaxed_edges(logits: &[f64]) -> Result<Vec<f64>, GoldenError> {
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let line: Vec<f32> = logits.iter().map(|&logit| logit as f32).collect();
    let line = Tensor::from_vec(line, logits.len(), &Device::Cpu)?;
    let groups = in_edges(logits.len())?;
    let weights = groups.weights(&Softmax::default(), &line, Progress::start(1), &mut rng)?;
    Ok(weights.to_dtype(DType::F64)?.to_vec1()?)
}

/// The in-edges of every node of a cell of that many edges.
pub(super) fn in_edges(rows: usize) -> Result<Groups, GoldenError> {
    let graph = CellGraph::darts(nodes_of(rows)?)?;
    let targets: Vec<usize> = graph.edges().iter().map(|edge| edge.to).collect();
    Ok(Groups::of(&targets))
}

/// The first place where a cell's genes differ from a written list of (op, input) or (op, node,
/// input); two of the former stand for each node.
pub(super) fn gene_difference(got: &[Gene], want: &Value) -> Result<Option<String>, GoldenError> {
    let bad = || GoldenError::not_understood("a list of genes");
    let want = want.as_array().ok_or_else(bad)?;
    for (index, written) in want.iter().enumerate() {
        let parts = written.as_array().ok_or_else(bad)?;
        let op = parts.first().and_then(Value::as_str).ok_or_else(bad)?;
        let numbers: Option<Vec<u64>> = parts[1..].iter().map(Value::as_u64).collect();
        let (to, from) = match numbers.ok_or_else(bad)?.as_slice() {
            [from] => (2 + index / 2, *from as usize),
            [to, from] => (*to as usize, *from as usize),
            _ => return Err(bad()),
        };
        let agrees = |gene: &Gene| gene.op == op && gene.from == from && gene.to == to;
        if !got.get(index).is_some_and(agrees) {
            let found = got.get(index);
            return Ok(Some(format!("gene {index}: expected {written}, found {found:?}")));
        }
    }
    let more = got.len() > want.len();
    Ok(more.then(|| format!("expected {} genes, found {}", want.len(), got.len())))
}

/// As [`gene_difference`], output list included. The released code lists nodes without genes, too,
/// and passes over them when it builds; here they are no part of the list.
pub(super) fn cell_difference(
    got: &CellGenotype,
    genes: &Value,
    concat: &[usize],
) -> Result<Option<String>, GoldenError> {
    let has_genes = |node: &usize| got.genes.iter().any(|gene| gene.to == *node);
    let built: Vec<usize> = concat.iter().copied().filter(has_genes).collect();
    if got.concat != built {
        return Ok(Some(format!("expected outputs {built:?}, found {:?}", got.concat)));
    }
    gene_difference(&got.genes, genes)
}
