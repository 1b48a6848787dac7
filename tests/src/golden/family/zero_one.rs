//! The zero-one loss of FairDARTS beside a cross-entropy, with all gradients.

use candle_core::{DType, Device, Tensor, Var};
use dartloom_relax::{Progress, Regulariser, Relaxation, Sigmoid, ZeroOne, ZeroOneNorm};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde_json::Value;

use super::decoding::single;
use crate::golden::fields::Fields;
use crate::golden::loss::cross_entropy;
use crate::golden::manifest::Case;
use crate::golden::{GoldenError, Outcome, Tolerance};

pub(crate) fn run(case: &Case<'_>, value: &Value) -> Result<Vec<Outcome>, GoldenError> {
    let mut outcomes = Vec::new();
    for (index, entry) in value.list("cases")?.iter().enumerate() {
        for (part, norm) in [("l1", ZeroOneNorm::L1), ("l2", ZeroOneNorm::L2)] {
            let name = format!("{}/{index}/{part}", case.name);
            let result = entry.field(part).ok_or_else(|| entry.wrong(part, "losses"));
            let result =
                result.and_then(|want| check_case(entry, want, norm, &case.entry.tolerance));
            outcomes.push(Outcome::of(name, result));
        }
    }
    Ok(outcomes)
}

fn check_case(
    entry: &Value,
    want: &Value,
    norm: ZeroOneNorm,
    tolerance: &Tolerance,
) -> Result<Vec<String>, GoldenError> {
    let logits = Var::from_tensor(&single(&entry.rows("logits")?)?)?;
    let alpha = Var::from_tensor(&single(&entry.rows("alpha")?)?)?;
    let labels: Vec<u32> = entry.counts("target")?.into_iter().map(|label| label as u32).collect();
    let count = labels.len();
    let labels = Tensor::from_vec(labels, count, &Device::Cpu)?;

    let (at, mut rng) = (Progress::start(1), ChaCha8Rng::seed_from_u64(0));
    let weights = Sigmoid.weights(alpha.as_tensor(), at, &mut rng)?;
    let zero_one = ZeroOne { norm }.loss(alpha.as_tensor(), &weights, at)?;
    let entropy = cross_entropy(logits.as_tensor(), &labels)?;
    let total = entropy.add(&zero_one.affine(entry.number("weight")?, 0.0)?)?;
    let gradients = total.backward()?;

    let mut complaints = Vec::new();
    let mut compare = |name: &str, got: &Tensor, want: &[f64]| -> Result<(), GoldenError> {
        let got: Vec<f64> = got.to_dtype(DType::F64)?.flatten_all()?.to_vec1()?;
        if got.len() != want.len() {
            complaints.push(format!("{name}: {} numbers, not {}", got.len(), want.len()));
        }
        for (index, (&got, &want)) in got.iter().zip(want).enumerate() {
            if !tolerance.number(got, want) {
                complaints.push(format!("{name}, {index}: expected {want}, found {got}"));
            }
        }
        Ok(())
    };
    for (name, got) in [("total", &total), ("ce", &entropy), ("zero_one", &zero_one)] {
        compare(name, got, &[want.number(name)?])?;
    }
    for (name, var) in [("grad_alpha", &alpha), ("grad_logits", &logits)] {
        let zeros = var.zeros_like()?;
        let got = gradients.get(var.as_tensor()).unwrap_or(&zeros);
        compare(name, got, &want.rows(name)?.concat())?;
    }
    Ok(complaints)
}
