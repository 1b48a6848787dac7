//! Supernets: logits, loss, gradients of architecture parameters and weights, statistics, genotype.

use candle_core::{DType, Tensor};
use dartloom_noise::Noise;
use dartloom_ops::Mode;

use dartloom_relax::{Progress, ZeroOneNorm};
use dartloom_search::Architecture;

use super::flavour::{Flavour, table_of};
use super::plan::{shape_of, zero_one_weight};
use super::searched::{Searched, check_genotype};
use crate::golden::bundle::{Bundle, View};
use crate::golden::check::Check;
use crate::golden::fields::Fields;
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
    let table = view.get(&format!("alpha/{}", table_of(&view, "alpha", "normal")))?.dims2()?;
    let searched = Searched::new(&case.entry.config, shape_of(&x)?, table)?;
    let place = searched.place();
    let variables = searched.net.variables();
    let parameters = Parameters::new(variables, case.entry.parameter_names()?, &place)?;
    parameters.load_or_compute(&view, "p/", &case.entry)?;
    let flavour = Flavour::of(case, ZeroOneNorm::L2)?;
    let (architecture, stored) = flavour.architecture(&searched.space, &view, "alpha", None)?;

    let output = searched.forward(&x, &architecture, (case, Mode::train()))?;
    check.tensor("logits", &output.main)?;
    let mut loss = cross_entropy(&output.main, &labels(&view)?)?;
    if let Some(penalty) = penalty(&architecture)? {
        check.tensor("loss_ce", &loss)?;
        // Stored without its weight.
        let weight = zero_one_weight(&case.entry.config)?;
        check.tensor("loss_zero_one", &(&penalty / weight)?)?;
        loss = (loss + penalty)?;
    }
    check.tensor("loss", &loss)?;
    let gradients = loss.backward()?;
    for (name, logits) in architecture.named() {
        let name = format!("galpha/{}", stored.0[name]);
        check.gradient(&name, gradients.get(logits.as_tensor()))?;
    }
    parameters.check_gradients(&mut check, "g/", &gradients)?;
    check.tensor_if_stored("g_norms", &parameters.gradient_norms(&gradients)?)?;
    check_buffers(&mut check, "b1/", variables, &place)?;
    if view.has("logits_eval") {
        let output = searched.forward(&x, &architecture, (case, Mode::eval()))?;
        check.tensor("logits_eval", &output.main)?;
    }
    if let Some(genotype) = case.entry.extra.field("genotype") {
        check_genotype(&searched.space, &mut check, &architecture, genotype)?;
    }
    Ok(check.finish())
}

/// Class numbers as the losses take them.
pub(super) fn labels(view: &View<'_>) -> Result<Tensor, GoldenError> {
    Ok(view.get("target")?.to_dtype(DType::U32)?)
}

/// The zero-one loss of the case, with its weight.
fn penalty(architecture: &Architecture) -> Result<Option<Tensor>, GoldenError> {
    let mut noise = Noise::new(0).stream("penalty", 0);
    Ok(architecture.penalty(Progress::start(1), &mut noise)?)
}
