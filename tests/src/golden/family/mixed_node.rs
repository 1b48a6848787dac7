//! A node with partial channels on all of its in-edges, and edge normalisation.

use candle_core::Var;
use dartloom_net::Cell;
use dartloom_ops::{Mode, Registry, Variables};
use dartloom_relax::{Groups, Progress, Relaxation as _, Softmax};
use dartloom_space::{CellWeights, Source};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::plan::{leaf, names, op_set, port, pulled, search_cell, shape_of};
use crate::golden::GoldenError;
use crate::golden::bundle::View;
use crate::golden::check::Check;
use crate::golden::fields::Fields;
use crate::golden::manifest::Case;
use crate::golden::names::{Place, one_candidate};
use crate::golden::parameters::Parameters;

pub(super) fn check(case: &Case<'_>, view: View<'_>) -> Result<Vec<String>, GoldenError> {
    let mut check = Check::new(view.clone(), &case.entry.tolerance);
    let alpha = leaf(&view.get("alpha")?)?;
    let beta = leaf(&view.get("beta")?)?;
    let (rows, columns) = alpha.dims2()?;
    let inputs: Vec<Var> =
        (0..rows).map(|input| leaf(&view.get(&format!("x{input}"))?)).collect::<Result<_, _>>()?;
    let gy = view.get("gy")?;
    let ops = op_set(&case.entry.config, "ops_order", columns)?;
    let ports = inputs.iter().enumerate();
    let ports = ports.map(|(index, x)| port(index, shape_of(x)?, Vec::new()));
    let ends: Vec<(usize, usize)> = (0..rows).map(|input| (input, rows)).collect();
    let partial = case.entry.config.count_or("k", 1)?;
    let ports = ports.collect::<Result<Vec<_>, _>>()?;
    let plan = search_cell(ports, &ends, vec![rows], &ops, shape_of(&gy)?, partial)?;
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let mut variables = Variables::new(&dartloom_ops::Place::default());
    let cell = Cell::new(0, &plan, &Registry::standard()?, &mut variables.builder(&mut rng))?;
    let list = names(&ops);
    let place = |name: &str| {
        let (edge, rest) = name.split_once('.')?;
        let rest = one_candidate(rest.strip_prefix("_ops.")?, &list)?;
        Some(Place::Ours(format!("edges.{edge}.{rest}")))
    };
    let parameters = Parameters::new(&variables, view.below("p/"), &place)?;
    parameters.load(&view, "p/")?;

    let at = Progress::start(1);
    let softmax = Softmax::default();
    let edges = Groups::new(vec![rows])?.weights(&softmax, &beta, at, &mut rng)?;
    let ops = softmax.weights(&alpha, at, &mut rng)?;
    let weights = CellWeights { ops, edges: Some(edges) };
    let read = |source: Source| match source {
        Source::Stem(part) | Source::Cell(part) => inputs[part].as_tensor().clone(),
    };
    let y = cell.forward(&read, Some(&weights), &mut case.pass(Mode::train(), &mut rng))?;
    check.tensor("y", &y)?;
    let gradients = pulled(&y, &gy)?.backward()?;
    for (input, x) in inputs.iter().enumerate() {
        check.gradient(&format!("gx{input}"), gradients.get(x.as_tensor()))?;
    }
    check.gradient("galpha", gradients.get(alpha.as_tensor()))?;
    check.gradient("gbeta", gradients.get(beta.as_tensor()))?;
    parameters.check_gradients(&mut check, "g/", &gradients)?;
    Ok(check.finish())
}
