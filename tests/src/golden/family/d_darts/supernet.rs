//! Supernets: one pass with gradients, then what every cell contributes.

use candle_core::{DType, Tensor};
use dartloom_net::{Mixing, Replaced};
use dartloom_noise::Noise;
use dartloom_ops::Mode;
use dartloom_relax::Progress;
use dartloom_search::Architecture;
use dartloom_space::{CellId, CellWeights, LogitId};

use super::{architecture, searched, tables};
use crate::golden::bundle::{Bundle, View};
use crate::golden::check::Check;
use crate::golden::family::plan::shape_of;
use crate::golden::family::searched::Searched;
use crate::golden::family::supernet::labels;
use crate::golden::family::trajectory::vector;
use crate::golden::loss::cross_entropy;
use crate::golden::manifest::Case;
use crate::golden::parameters::{Parameters, check_buffers};
use crate::golden::{GoldenError, Outcome};

pub(crate) fn run(case: &Case<'_>, bundle: &Bundle) -> Outcome {
    Outcome::of(&case.name, check_supernet(case, bundle))
}

fn check_supernet(case: &Case<'_>, bundle: &Bundle) -> Result<Vec<String>, GoldenError> {
    let view = bundle.root();
    let mut check = Check::new(view.clone(), &case.entry.tolerance);
    let x = view.get("x")?;
    let shape = tables(&view, "alpha", 1)?[0].dims2()?;
    let searched = searched(case, shape_of(&x)?, shape)?;
    let place = searched.place();
    let variables = searched.net.variables();
    let parameters = Parameters::new(variables, case.entry.parameter_names()?, &place)?;
    parameters.load_or_compute(&view, "p/", &case.entry)?;
    let cells = searched.space.cells().len();
    let own = architecture(&searched.space, tables(&view, "alpha", cells)?, 0.0)?;

    let output = searched.forward(&x, &own, (case, Mode::train()))?;
    check.tensor("logits", &output.main)?;
    let loss = cross_entropy(&output.main, &labels(&view)?)?;
    check.tensor("loss", &loss)?;
    let gradients = loss.backward()?;
    let want = tables(&view, "galpha", cells)?;
    for (cell, want) in want.iter().enumerate() {
        let logits = &own.logits()[&LogitId::Ops(CellId(cell))];
        let got = gradients.get(logits.as_tensor());
        let got = got.ok_or_else(|| GoldenError::not_understood("logits without a gradient"))?;
        check.against(&format!("galpha of cell {cell}"), got, want)?;
    }
    parameters.check_gradients(&mut check, "g/", &gradients)?;
    check.tensor_if_stored("g_norms", &parameters.gradient_norms(&gradients)?)?;
    check_buffers(&mut check, "b1/", variables, &place)?;
    if view.has("mc_random") {
        let whole = loss.to_dtype(DType::F64)?.to_scalar::<f64>()?;
        let marginal = contributions((case, &view), &searched, &own, (&x, whole))?;
        check.tensor("marginal_contributions", &vector(&marginal)?)?;
    }
    if view.has("logits_eval") {
        let output = searched.forward(&x, &own, (case, Mode::eval()))?;
        check.tensor("logits_eval", &output.main)?;
    }
    Ok(check.finish())
}

/// One more training pass per cell, with the stored random weights in its first place.
fn contributions(
    (case, view): (&Case<'_>, &View<'_>),
    searched: &Searched,
    own: &Architecture,
    (x, whole): (&Tensor, f64),
) -> Result<Vec<f64>, GoldenError> {
    let mut noise = Noise::new(0).stream("supernet", 0);
    let weights = own.weights(Progress::start(1), &mut noise)?;
    let random = tables(view, "mc_random", own.cells().len())?;
    // The released code runs the whole network once more, which batch norms see.
    searched.net.forward(x, &weights, &mut case.pass(Mode::train(), &mut noise))?;
    let mut marginal = Vec::new();
    for (cell, random) in random.into_iter().enumerate() {
        let mut pass = case.pass(Mode::train(), &mut noise);
        let place = searched.net.first_place(cell);
        let replaced = place.map(|place| {
            let weights = CellWeights { ops: random, edges: None };
            Replaced { place, weights }
        });
        let mixing = Mixing { replaced, ..Mixing::default() };
        let logits = searched.net.forward_with(x, &weights, &mixing, &mut pass)?.main;
        let loss = cross_entropy(&logits, &labels(view)?)?;
        marginal.push(whole - loss.to_dtype(DType::F64)?.to_scalar::<f64>()?);
    }
    Ok(marginal)
}
