//! Whole search cells.

use dartloom_net::Cell;
use dartloom_ops::{Mode, Place, Registry, Variables};
use dartloom_relax::{Groups, Progress, Softmax, ZeroOneNorm};
use dartloom_space::{CellGraph, CellPlan, CellWeights, Layer, OpSet, Shape, Source};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde_json::Value;

use super::flavour::Flavour;
use super::plan::{leaf, names, nodes_of, op_set, port, pulled, search_cell, shape_of};
use crate::golden::bundle::{Bundle, View};
use crate::golden::check::Check;
use crate::golden::fields::Fields;
use crate::golden::manifest::Case;
use crate::golden::names::{candidate, in_cell};
use crate::golden::parameters::Parameters;
use crate::golden::{GoldenError, Outcome};

/// The K of the released PC-DARTS code.
const PARTIAL: usize = 4;

pub(crate) fn run(case: &Case<'_>, bundle: &Bundle) -> Result<Vec<Outcome>, GoldenError> {
    let outcome = |name: String| {
        let settings = case.entry.extra.field(&name);
        let settings = settings.ok_or_else(|| case.entry.extra.wrong(&name, "a cell's settings"));
        let result = settings.and_then(|settings| check_cell(case, settings, bundle.group(&name)));
        Outcome::of(format!("{}/{name}", case.name), result)
    };
    Ok(bundle.groups().into_iter().map(outcome).collect())
}

fn check_cell(
    case: &Case<'_>,
    settings: &Value,
    view: View<'_>,
) -> Result<Vec<String>, GoldenError> {
    let mut check = Check::new(view.clone(), &case.entry.tolerance);
    let inputs = [leaf(&view.get("s0")?)?, leaf(&view.get("s1")?)?];
    let alpha = leaf(&view.get("alpha")?)?;
    let ops = op_set(settings, "ops", alpha.dim(1)?)?;
    let shapes = [shape_of(&inputs[0])?, shape_of(&inputs[1])?];
    let partial = settings.count_or("k", if view.has("beta") { PARTIAL } else { 1 })?;
    let plan = plan(settings, shapes, (alpha.dim(0)?, partial), &ops)?;
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let mut variables = Variables::new(&Place::default());
    let cell = Cell::new(0, &plan, &Registry::standard()?, &mut variables.builder(&mut rng))?;
    let list = names(&ops);
    let place = |name: &str| in_cell(name, &|rest| candidate(rest, &list));
    let parameters = Parameters::new(&variables, view.below("p/"), &place)?;
    parameters.load(&view, "p/")?;

    let flavour = Flavour::of(case, ZeroOneNorm::L2)?;
    let ops = flavour.relaxation.weights(&alpha, Progress::start(1), &mut rng)?;
    let beta = if view.has("beta") { Some(leaf(&view.get("beta")?)?) } else { None };
    let into: Vec<usize> = plan.edges.iter().map(|edge| edge.to).collect();
    let edges = beta.as_ref().map(|beta| {
        Groups::of(&into).weights(&Softmax::default(), beta, Progress::start(1), &mut rng)
    });
    let weights = CellWeights { ops, edges: edges.transpose()? };
    let read = |source: Source| match source {
        Source::Stem(part) | Source::Cell(part) => inputs[part].as_tensor().clone(),
    };
    let y = cell.forward(&read, Some(&weights), &mut case.pass(Mode::train(), &mut rng))?;
    check.tensor("y", &y)?;
    let gradients = pulled(&y, &view.get("gy")?)?.backward()?;
    check.gradient("gs0", gradients.get(inputs[0].as_tensor()))?;
    check.gradient("gs1", gradients.get(inputs[1].as_tensor()))?;
    check.gradient("galpha", gradients.get(alpha.as_tensor()))?;
    if let Some(beta) = &beta {
        check.gradient("gbeta", gradients.get(beta.as_tensor()))?;
    }
    parameters.check_gradients(&mut check, "g/", &gradients)?;
    if view.has("deactivated_y") {
        let random = CellWeights { ops: view.get("deactivated_random")?, edges: None };
        let y = cell.forward(&read, Some(&random), &mut case.pass(Mode::train(), &mut rng))?;
        check.tensor("deactivated_y", &y)?;
    }
    Ok(check.finish())
}

fn plan(
    settings: &Value,
    inputs: [Shape; 2],
    (rows, partial): (usize, usize),
    ops: &OpSet,
) -> Result<CellPlan, GoldenError> {
    let width = settings.count("C")?;
    for (name, input) in ["C_prev_prev", "C_prev"].into_iter().zip(inputs) {
        if settings.count(name)? != input.channels {
            return Err(settings.wrong(name, "the channels of the input"));
        }
    }
    let norm = Layer::Norm { channels: width, affine: false };
    let narrow = |inputs| vec![Layer::Relu, Layer::pointwise(inputs, width), norm.clone()];
    let first = if settings.flag("reduction_prev")? {
        let inputs = inputs[0].channels;
        vec![Layer::Relu, Layer::FactorizedReduce { inputs, outputs: width }, norm.clone()]
    } else {
        narrow(inputs[0].channels)
    };
    let ports = vec![port(0, inputs[0], first)?, port(1, inputs[1], narrow(inputs[1].channels))?];

    let nodes = settings.count_or("steps", nodes_of(rows)?)?;
    let graph = CellGraph::darts(nodes)?.with_last(settings.count_or("multiplier", nodes)?)?;
    let ends: Vec<(usize, usize)> = graph.edges().iter().map(|edge| (edge.from, edge.to)).collect();
    let concat = graph.concat().to_vec();
    let reduction = settings.flag("reduction")?;
    let halved = |size: usize| if reduction { size.div_ceil(2) } else { size };
    let entry = ports[0].output;
    let node = Shape::new(width, halved(entry.height), halved(entry.width));
    search_cell(ports, &ends, concat, ops, node, partial)
}
