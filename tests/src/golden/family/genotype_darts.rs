//! Genotypes that DARTS decodes, ties included.

use candle_core::{DType, Device, Tensor};
use dartloom_decode::{Decoder, TopK};
use dartloom_relax::{Progress, Relaxation, Softmax};
use dartloom_space::{CellWeights, Genotype, OpSet, Space, Stem, WeightTable};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde_json::Value;

use super::plan::nodes_of;
use crate::golden::fields::Fields;
use crate::golden::genotypes::{difference, genotype};
use crate::golden::manifest::Case;
use crate::golden::{GoldenError, Outcome};

pub(crate) fn run(case: &Case<'_>, value: &Value) -> Result<Vec<Outcome>, GoldenError> {
    let ops = value.texts("ops")?;
    let entries = value.list("cases")?;
    let outcome = |(index, entry): (usize, &Value)| {
        let name = format!("{}/{index}", case.name);
        match check_case(&ops, entry, entries) {
            Ok(Finding::Agrees) => Outcome::of(name, Ok(Vec::new())),
            Ok(Finding::Differs(how)) => Outcome::fail(name, how),
            Ok(Finding::InputLost(how)) => Outcome::pending(name, how),
            Err(error) => Outcome::of(name, Err(error)),
        }
    };
    Ok(entries.iter().enumerate().map(outcome).collect())
}

enum Finding {
    Agrees,
    Differs(String),
    /// The file gives the same logits to a case with another genotype, and that one agrees.
    InputLost(String),
}

/// A genotype is a function of its logits. Where a file gives several genotypes to one table of
/// logits, at most one of them can be right, and the logits of the others are missing.
fn check_case(ops: &[String], entry: &Value, all: &[Value]) -> Result<Finding, GoldenError> {
    let got = decode(ops, entry)?;
    let Some(how) = difference(&got, &wanted(entry)?) else { return Ok(Finding::Agrees) };
    for (index, other) in all.iter().enumerate().filter(|(_, other)| same_logits(entry, other)) {
        if difference(&got, &wanted(other)?).is_none() {
            let how = format!(
                "its logits: the file gives it those of case {index}, which has another genotype"
            );
            return Ok(Finding::InputLost(how));
        }
    }
    Ok(Finding::Differs(how))
}

fn same_logits(a: &Value, b: &Value) -> bool {
    ["alphas_normal", "alphas_reduce"].iter().all(|name| a.get(name) == b.get(name))
}

fn wanted(entry: &Value) -> Result<Genotype, GoldenError> {
    genotype(entry.field("genotype").ok_or_else(|| entry.wrong("genotype", "a genotype"))?)
}

fn decode(ops: &[String], entry: &Value) -> Result<Genotype, GoldenError> {
    let normal = entry.rows("alphas_normal")?;
    let nodes = nodes_of(normal.len())?;
    let all = OpSet::builtin("all")?;
    let specs: Result<Vec<_>, _> = ops.iter().map(|op| all.get(op).cloned()).collect();
    // Decoding looks at cells only; any length of chain has both.
    let space = Space::darts(OpSet::new("case", specs?)?, 8, nodes, Stem::cifar(3))?;
    let cells = vec![cell("normal", &normal)?, cell("reduce", &entry.rows("alphas_reduce")?)?];
    let table = WeightTable::new(ops.to_vec(), cells)?;
    Ok(TopK::darts().decode(&space, &table)?.genotype)
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
