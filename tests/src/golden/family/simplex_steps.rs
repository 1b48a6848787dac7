//! Steps of GAEA: exponentiated gradients of operations and edges, normalisation, starting points.

use std::collections::BTreeMap;

use candle_core::{DType, Tensor, Var};
use dartloom_relax::{
    AccumulatedRate, ExponentiatedGradient, Floor, Geometry, NegativeEntropy, Progress,
    Regulariser, Relaxation, Simplex,
};
use dartloom_train::Gradients;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde_json::Value;

use super::decoding::{in_edges, single};
use crate::golden::fields::Fields;
use crate::golden::manifest::Case;
use crate::golden::{GoldenError, Outcome, Tolerance};

const CELLS: [&str; 2] = ["normal", "reduce"];

pub(crate) fn run(case: &Case<'_>, value: &Value) -> Result<Vec<Outcome>, GoldenError> {
    let tolerance = &case.entry.tolerance;
    let mut outcomes = Vec::new();
    for (index, entry) in value.list("cases")?.iter().enumerate() {
        let name = format!("{}/{index}", case.name);
        outcomes.push(Outcome::of(name, check_step(entry, tolerance)));
    }
    for (index, entry) in value.list("normalize")?.iter().enumerate() {
        let name = format!("{}/normalize/{index}", case.name);
        outcomes.push(Outcome::of(name, check_normalised(entry, tolerance)));
    }
    let rates = "adaptive_lr_base_0p1_min_0p001_max_0p3";
    let name = format!("{}/adaptive_rate", case.name);
    outcomes.push(Outcome::of(name, check_rates(value.list(rates)?, tolerance)));
    Ok(outcomes)
}

/// One cell's parameters and what the case says of them.
struct Cell<'a> {
    entry: &'a Value,
    theta: Var,
    gradient: Tensor,
}

/// The loss of the case is linear in the parameters, plus the entropic term. Gradients are clipped
/// over both cells together, those of edges never.
fn check_step(entry: &Value, tolerance: &Tolerance) -> Result<Vec<String>, GoldenError> {
    let field = |name: &str| entry.field(name).ok_or_else(|| entry.wrong(name, "an object"));
    let spec = field("spec")?;
    let cells = field("cells")?;
    let mut found = Vec::new();
    for name in CELLS {
        let cell = cells.field(name).ok_or_else(|| cells.wrong(name, "a cell"))?;
        let theta = Var::from_tensor(&single(&cell.rows("theta")?)?)?;
        let gradient = single(&cell.rows("loss_grad_theta")?)?;
        found.push(Cell { entry: cell, theta, gradient });
    }
    let gradients = gradients(spec, &found)?;
    let (step, edge_step) = steps(spec)?;
    let mut complaints = Vec::new();
    for (name, cell) in CELLS.iter().zip(&found) {
        step.step(&cell.theta, &gradients.0[*name])?;
        let want = cell.entry.rows("theta_after")?.concat();
        complaints.extend(compare(tolerance, name, &cell.theta, &want)?);
        let edges = edges_after(spec, cell.entry, edge_step)?;
        let want = cell.entry.numbers("edges_after")?;
        complaints.extend(compare(tolerance, &format!("edges of {name}"), &edges, &want)?);
    }
    let learned = spec.flag("learn_edges")?;
    complaints.extend(check_start(field("official_init")?, learned, tolerance)?);
    Ok(complaints)
}

fn gradients(spec: &Value, cells: &[Cell<'_>]) -> Result<Gradients, GoldenError> {
    let entropy = spec.number("entropy_weight")?;
    let mut loss: Option<Tensor> = None;
    let mut variables = BTreeMap::new();
    for (name, cell) in CELLS.iter().zip(cells) {
        let theta = cell.theta.as_tensor();
        let term = NegativeEntropy.loss(theta, theta, Progress::start(1))?.affine(entropy, 0.0)?;
        let term = theta.mul(&cell.gradient)?.sum_all()?.add(&term)?;
        loss = Some(match loss {
            Some(loss) => loss.add(&term)?,
            None => term,
        });
        variables.insert((*name).to_owned(), cell.theta.clone());
    }
    let loss = loss.ok_or_else(|| GoldenError::not_understood("a step of no cells"))?;
    let mut gradients = dartloom_train::gradients_of(&loss, &variables)?;
    if spec.field("alpha_grad_clip").is_some() {
        gradients.clip_norm(spec.number("alpha_grad_clip")?)?;
    }
    Ok(gradients)
}

/// The steps of operations and of edges.
fn steps(spec: &Value) -> Result<(ExponentiatedGradient, ExponentiatedGradient), GoldenError> {
    let relative = spec.flag("divide_lr_by_grad_inf_norm")?;
    let plain = spec.flag("gradient_descent_instead")?;
    let geometry = if plain { Geometry::Additive } else { Geometry::Exponentiated };
    let step = ExponentiatedGradient {
        rate: spec.number("arch_lr")?,
        relative,
        geometry,
        ..ExponentiatedGradient::darts()
    };
    let edges = ExponentiatedGradient {
        rate: spec.number("edge_lr")?,
        relative,
        geometry,
        ..ExponentiatedGradient::edges()
    };
    Ok((step, edges))
}

fn edges_after(
    spec: &Value,
    cell: &Value,
    step: ExponentiatedGradient,
) -> Result<Var, GoldenError> {
    let line = |name: &str| -> Result<Tensor, GoldenError> {
        Ok(single(&[cell.numbers(name)?])?.squeeze(0)?)
    };
    let edges = Var::from_tensor(&line("edges")?)?;
    if spec.flag("learn_edges")? {
        let groups = in_edges(edges.elem_count())?;
        step.step_groups(&edges, &line("loss_grad_edges")?, &groups)?;
    }
    Ok(edges)
}

/// Checks the initial values of operations and edges.
fn check_start(
    init: &Value,
    learned: bool,
    tolerance: &Tolerance,
) -> Result<Vec<String>, GoldenError> {
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let alphas = init.rows("alphas")?;
    let start = Simplex.initial(alphas.len(), alphas.first().map_or(0, Vec::len), &mut rng);
    let mut complaints = differing(tolerance, "start", &start, &alphas.concat());
    let edges = init.numbers("edges")?;
    // Edges that are not learnt weigh 1 in the released code.
    let start = if learned {
        in_edges(edges.len())?.initial(&Simplex, &mut rng)?
    } else {
        vec![1.0; edges.len()]
    };
    complaints.extend(differing(tolerance, "start of edges", &start, &edges));
    Ok(complaints)
}

/// A step without a gradient is the normalisation alone, in both released orders.
fn check_normalised(entry: &Value, tolerance: &Tolerance) -> Result<Vec<String>, GoldenError> {
    let mut complaints = Vec::new();
    for (name, floor) in [("edarts", Floor::BeforeSum(1e-5)), ("egdas", Floor::AfterSum(1e-5))] {
        let theta = Var::from_tensor(&single(&entry.rows("x")?)?)?;
        let step = ExponentiatedGradient { floor, ..ExponentiatedGradient::new(0.0) };
        step.step(&theta, &theta.zeros_like()?)?;
        complaints.extend(compare(tolerance, name, &theta, &entry.rows(name)?.concat())?);
    }
    Ok(complaints)
}

fn check_rates(entries: &[Value], tolerance: &Tolerance) -> Result<Vec<String>, GoldenError> {
    let mut rate = AccumulatedRate::new(0.1, 0.001, 0.3);
    let mut complaints = Vec::new();
    for (index, entry) in entries.iter().enumerate() {
        let got = rate.next(entry.number("inf_norm")?);
        let want = entry.number("lr")?;
        if !tolerance.number(got, want) {
            complaints.push(format!("step {index}: expected {want}, found {got}"));
        }
    }
    Ok(complaints)
}

fn compare(
    tolerance: &Tolerance,
    what: &str,
    got: &Var,
    want: &[f64],
) -> Result<Vec<String>, GoldenError> {
    let got: Vec<f32> = got.flatten_all()?.to_dtype(DType::F32)?.to_vec1()?;
    Ok(differing(tolerance, what, &got, want))
}

fn differing(tolerance: &Tolerance, what: &str, got: &[f32], want: &[f64]) -> Vec<String> {
    if got.len() != want.len() {
        return vec![format!("{what}: expected {} numbers, found {}", want.len(), got.len())];
    }
    let pairs = got.iter().zip(want).enumerate();
    let off = pairs.filter(|(_, (got, want))| !tolerance.number(f64::from(**got), **want));
    off.map(|(index, (got, want))| format!("{what}, {index}: expected {want}, found {got}"))
        .collect()
}
