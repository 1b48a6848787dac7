//! Networks of published genotypes: logits, loss, gradients, evaluation.

use candle_core::Tensor;
use dartloom_net::DerivedNetwork;
use dartloom_ops::Model;
use dartloom_ops::{Mode, Place, Registry};
use dartloom_space::{AuxHead, Blueprint, Build, Genotype, NodeOrder, OpSet, Repeats, Stem};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde_json::Value;

use super::plan::shape_of;
use super::supernet::labels;
use crate::golden::bundle::{Bundle, View};
use crate::golden::check::Check;
use crate::golden::fields::Fields;
use crate::golden::genotypes::{by_name, genotype};
use crate::golden::loss::cross_entropy;
use crate::golden::manifest::Case;
use crate::golden::names::{gene, in_network};
use crate::golden::parameters::{Parameters, check_buffers};
use crate::golden::{GoldenError, Outcome, formula};

/// The share of the auxiliary loss where the entry gives none: the default of the released code.
const AUXILIARY_WEIGHT: f64 = 0.4;

pub(crate) fn run(case: &Case<'_>, bundle: &Bundle) -> Outcome {
    Outcome::of(&case.name, check_network(case, bundle))
}

fn check_network(case: &Case<'_>, bundle: &Bundle) -> Result<Vec<String>, GoldenError> {
    let view = bundle.root();
    let mut check = Check::new(view.clone(), &case.entry.tolerance);
    let x = input(case, &view)?;
    let plan = plan(case, &x)?;
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let registry = Registry::standard()?;
    let net = DerivedNetwork::new(&plan, &registry, &Place::default(), &mut rng)?;
    let place = |name: &str| {
        let edge = |cell: usize, rest: &str| gene(rest, plan.cells.get(cell)?);
        in_network(name, &edge)
    };
    let names = case.entry.parameter_names()?;
    let parameters = Parameters::new(net.variables(), names, &place)?;
    parameters.load_or_compute(&view, "p/", &case.entry)?;

    let output = net.forward(&x, &mut case.pass(Mode::train(), &mut rng))?;
    check.tensor("logits", &output.main)?;
    let labels = labels(&view)?;
    let mut loss = cross_entropy(&output.main, &labels)?;
    if let Some(auxiliary) = &output.auxiliary {
        check.tensor_if_stored("logits_aux", auxiliary)?;
        let weight = case.entry.config.field("auxiliary_weight").and_then(Value::as_f64);
        let weight = weight.unwrap_or(AUXILIARY_WEIGHT);
        loss = (loss + (cross_entropy(auxiliary, &labels)? * weight)?)?;
    }
    check.tensor("loss", &loss)?;
    let gradients = loss.backward()?;
    parameters.check_gradients(&mut check, "g/", &gradients)?;
    check.tensor_if_stored("g_norms", &parameters.gradient_norms(&gradients)?)?;
    check_buffers(&mut check, "b1/", net.variables(), &place)?;
    let output = net.forward(&x, &mut case.pass(Mode::eval(), &mut rng))?;
    check.tensor("logits_eval", &output.main)?;
    Ok(check.finish())
}

fn plan(case: &Case<'_>, x: &Tensor) -> Result<Blueprint, GoldenError> {
    let config = &case.entry.config;
    let genotype = match config.field("genotype") {
        Some(Value::String(name)) => by_name(case.folder, name)?,
        Some(written) => genotype(written)?,
        None => return Err(config.wrong("genotype", "a genotype, or the name of one")),
    };
    if drop_path(config)? > 0.0 {
        return Err(GoldenError::not_understood("random drop-path in a derived network"));
    }
    let large = case.entry.parameter_names()?.iter().any(|name| name.starts_with("stem0."));
    let build = Build {
        order: NodeOrder::FirstNamed,
        ..Build::new(config.count("C")?, config.count("classes")?, shape_of(x)?)
    };
    let auxiliary = config.field("auxiliary").and_then(Value::as_bool).unwrap_or(false);
    let network = network(&genotype, config.count("layers")?, large, auxiliary)?;
    Ok(Blueprint::derived(&genotype, &network, &OpSet::builtin("all")?, build)?)
}

/// The probability of drop-path: a number, or the first word of a sentence; 0 where none is given.
fn drop_path(config: &Value) -> Result<f64, GoldenError> {
    let name = "drop_path_prob";
    match config.field(name) {
        None => Ok(0.0),
        Some(Value::String(said)) => {
            let first = said.split_whitespace().next().and_then(|word| word.parse().ok());
            first.ok_or_else(|| config.wrong(name, "a number at the beginning"))
        }
        Some(_) => config.number(name),
    }
}

fn network(
    genotype: &Genotype,
    layers: usize,
    large: bool,
    auxiliary: bool,
) -> Result<dartloom_space::Network, GoldenError> {
    let two_cells = genotype.layers().is_none();
    let (stem, head) = match (large, two_cells) {
        (false, _) => (Stem::cifar(3), AuxHead::Cifar),
        (true, true) => (Stem::imagenet(), AuxHead::ImageNet),
        (true, false) => (Stem::imagenet_quarter(), AuxHead::ImageNetNormed),
    };
    let mut chain = genotype.chain(layers, stem, None, Repeats::MostlyFirst)?;
    if auxiliary {
        chain = chain.with_aux(head);
    }
    Ok(chain.network()?)
}

/// The stored input, or the one a sentence in the entry gives: "... t = 1000, shape [2,3,224,224]".
fn input(case: &Case<'_>, view: &View<'_>) -> Result<Tensor, GoldenError> {
    if view.has("x") {
        return view.get("x");
    }
    let config = &case.entry.config;
    let bad = || config.wrong("input", "f32(h) with t = NUMBER, shape [LIST]");
    let sentence = config.text("input")?;
    let (_, rest) = sentence.split_once("t = ").ok_or_else(bad)?;
    let (number, rest) = rest.split_once(',').ok_or_else(bad)?;
    let (_, rest) = rest.split_once('[').ok_or_else(bad)?;
    let (list, _) = rest.split_once(']').ok_or_else(bad)?;
    let shape: Result<Vec<usize>, _> = list.split(',').map(|part| part.trim().parse()).collect();
    formula::raw(number.trim().parse().map_err(|_| bad())?, &shape.map_err(|_| bad())?)
}
