//! Genotypes that DARTS decodes, ties included.

use dartloom_decode::{Decoder, TopK};
use dartloom_relax::{Progress, Relaxation, Softmax};
use dartloom_space::{CellWeights, OpSet, Space, Stem, WeightTable};
use candle_core::{DType, Device, Tensor};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde_json::Value;

use super::plan::nodes_of;
use crate::golden::fields::Fields;
use crate::golden::genotypes::genotype;
use crate::golden::manifest::Case;
use crate::golden::{GoldenError, Outcome};

pub(crate) fn run(case: &Case<'_>, value: &Value) -> Result<Vec<Outcome>, GoldenError> {
    let ops = value.texts("ops")?;
    let outcome = |(index, entry): (usize, &Value)| {
        Outcome::of(format!("{}/{index}", case.name), check_case(&ops, entry))
    };
    Ok(value.list("cases")?.iter().enumerate().map(outcome).collect())
}

fn check_case(ops: &[String], entry: &Value) -> Result<Vec<String>, GoldenError> {
    let normal = entry.rows("alphas_normal")?;
    let nodes = nodes_of(normal.len())?;
    let all = OpSet::builtin("all")?;
    let specs: Result<Vec<_>, _> = ops.iter().map(|op| all.get(op).cloned()).collect();
    // Decoding looks at cells only; any length of chain has both.
    let space = Space::darts(OpSet::new("case", specs?)?, 8, nodes, Stem::cifar(3))?;
    let cells = vec![cell("normal", &normal)?, cell("reduce", &entry.rows("alphas_reduce")?)?];
    let table = WeightTable::new(ops.to_vec(), cells)?;
    let got = TopK::darts().decode(&space, &table)?.genotype;
    let written = entry.field("genotype").ok_or_else(|| entry.wrong("genotype", "a genotype"))?;
    let want = genotype(written)?;
    if got.cells() == want.cells() {
        return Ok(Vec::new());
    }
    Ok(vec![format!("expected {:?}, found {:?}", want.cells(), got.cells())])
}

/// Relaxed in single precision, as a search does.
fn cell(name: &str, logits: &[Vec<f64>]) -> Result<CellWeights, GoldenError> {
    let columns = logits.first().map_or(0, Vec::len);
    let flat: Vec<f32> = logits.iter().flatten().map(|&logit| logit as f32).collect();
    let logits = Tensor::from_vec(flat, (logits.len(), columns), &Device::Cpu)?;
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let weights = Softmax::default().weights(&logits, Progress::start(1), &mut rng)?;
    let edges = weights.to_dtype(DType::F64)?.to_vec2()?;
    Ok(CellWeights { name: name.to_owned(), edges, edge_weights: None })
}
