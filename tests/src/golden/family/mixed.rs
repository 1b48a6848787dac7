//! One mixed edge: the weighted sum of all operations, driven as a cell of one edge; for PC-DARTS
//! with partial channels, and its shuffle alone.

use candle_core::Tensor;
use dartloom_net::{Cell, channel_shuffle};
use dartloom_ops::{Mode, Registry, Variables};
use dartloom_relax::{Progress, ZeroOneNorm};
use dartloom_space::{CellWeights, OpSet};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::flavour::Flavour;
use super::plan::{leaf, names, op_set, port, pulled, search_cell, shape_of};
use crate::golden::bundle::{Bundle, View};
use crate::golden::check::Check;
use crate::golden::fields::Fields;
use crate::golden::manifest::Case;
use crate::golden::names::{Place, one_candidate};
use crate::golden::parameters::Parameters;
use crate::golden::{GoldenError, Outcome};

pub(crate) fn run(case: &Case<'_>, bundle: &Bundle) -> Result<Vec<Outcome>, GoldenError> {
    let outcome = |group: String| {
        let view = bundle.group(&group);
        let name = format!("{}/{group}", case.name);
        let result = if view.has("beta") {
            super::mixed_node::check(case, view)
        } else if view.has("alpha") {
            check_edge(case, &group, view)
        } else {
            check_shuffle(case, view)
        };
        Outcome::of(name, result)
    };
    Ok(bundle.groups().into_iter().map(outcome).collect())
}

fn check_shuffle(case: &Case<'_>, view: View<'_>) -> Result<Vec<String>, GoldenError> {
    let mut check = Check::new(view.clone(), &case.entry.tolerance);
    let y = channel_shuffle(&view.get("x")?, case.entry.config.count("k")?)?;
    let want = view.get("y")?;
    check.equal("y, shape", &y.dims(), &want.dims());
    let values = |y: &Tensor| y.flatten_all()?.to_vec1::<i64>();
    check.equal("y", &values(&y)?, &values(&want)?);
    Ok(check.finish())
}

fn check_edge(case: &Case<'_>, group: &str, view: View<'_>) -> Result<Vec<String>, GoldenError> {
    let mut check = Check::new(view.clone(), &case.entry.tolerance);
    let x = leaf(&view.get("x")?)?;
    let gy = view.get("gy")?;
    // One edge is one row.
    let alpha = leaf(&view.get("alpha")?.unsqueeze(0)?)?;
    // Files with several sets name them in their groups.
    let list = ["darts7", "so12"].into_iter().find(|name| group.contains(name));
    let ops = op_set(&case.entry.config, list.unwrap_or("ops_order"), alpha.dim(1)?)?;
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let mut variables = Variables::new(&dartloom_ops::Place::default());
    let partial = case.entry.config.count_or("k", 1)?;
    let edge = Edge::new(&ops, &x, &gy, partial, &mut variables)?;
    let list = names(&ops);
    let place = |name: &str| {
        let name = one_candidate(name.strip_prefix("_ops.")?, &list)?;
        Some(Place::Ours(format!("edges.0.{name}")))
    };
    let parameters = Parameters::new(&variables, view.below("p/"), &place)?;
    parameters.load(&view, "p/")?;

    let relaxation = Flavour::of(case, ZeroOneNorm::L2)?.relaxation;
    let mut weights = relaxation.weights(&alpha, Progress::start(1), &mut rng)?;
    if view.has("random_weights") {
        // A cell that D-DARTS' released code takes out: its logits are not read.
        weights = view.get("random_weights")?.unsqueeze(0)?;
    }
    check.tensor_if_stored("w", &weights.squeeze(0)?)?;
    let y = edge.forward(&x, &weights, (case, Mode::train()))?;
    check.tensor("y", &y)?;
    let gradients = pulled(&y, &gy)?.backward()?;
    check.gradient("gx", gradients.get(x.as_tensor()))?;
    check.gradient("galpha", row(gradients.get(alpha.as_tensor()))?.as_ref())?;
    parameters.check_gradients(&mut check, "g/", &gradients)?;
    if view.has("gw") {
        // Again with the weights themselves as leaves.
        let weights = leaf(&weights.detach())?;
        let y = edge.forward(&x, &weights, (case, Mode::probe()))?;
        let gradients = pulled(&y, &gy)?.backward()?;
        check.gradient("gw", row(gradients.get(weights.as_tensor()))?.as_ref())?;
    }
    Ok(check.finish())
}

fn row(table: Option<&Tensor>) -> Result<Option<Tensor>, GoldenError> {
    Ok(table.map(|table| table.squeeze(0)).transpose()?)
}

struct Edge(Cell);

impl Edge {
    fn new(
        ops: &OpSet,
        x: &Tensor,
        gy: &Tensor,
        partial: usize,
        variables: &mut Variables,
    ) -> Result<Self, GoldenError> {
        let ports = vec![port(0, shape_of(x)?, Vec::new())?];
        let plan = search_cell(ports, &[(0, 1)], vec![1], ops, shape_of(gy)?, partial)?;
        let mut rng = ChaCha8Rng::seed_from_u64(0);
        let mut builder = variables.builder(&mut rng);
        Ok(Self(Cell::new(0, &plan, &Registry::standard()?, &mut builder)?))
    }

    fn forward(
        &self,
        x: &Tensor,
        weights: &Tensor,
        (case, mode): (&Case<'_>, Mode),
    ) -> Result<Tensor, GoldenError> {
        let mut rng = ChaCha8Rng::seed_from_u64(0);
        let mut pass = case.pass(mode, &mut rng);
        let weights = CellWeights { ops: weights.clone(), edges: None };
        Ok(self.0.forward(&|_| x.clone(), Some(&weights), &mut pass)?)
    }
}
