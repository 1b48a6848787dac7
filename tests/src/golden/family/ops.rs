//! Single operations: forward, backward, one step, evaluation.

use std::collections::BTreeSet;

use dartloom_ops::{Mode, OpError, Operation, Sequence, Variables};
use dartloom_space::{Layer, Lowering, OpSet, Phase, Recipe, Shape, Stage, Stride, When, Width};
use dartloom_train::{Gradients, Optimiser, Sgd, SgdConfig};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde_json::Value;

use super::plan::{leaf, pulled, shape_of};
use crate::golden::bundle::{Bundle, View};
use crate::golden::check::Check;
use crate::golden::fields::Fields;
use crate::golden::manifest::Case;
use crate::golden::names::{Place, stage};
use crate::golden::parameters::{Parameters, check_buffers};
use crate::golden::{GoldenError, Outcome};

pub(crate) fn run(case: &Case<'_>, bundle: &Bundle) -> Result<Vec<Outcome>, GoldenError> {
    let listed = case.entry.extra.field("cases").and_then(Value::as_object);
    let listed = listed.ok_or_else(|| case.entry.extra.wrong("cases", "settings by name"))?;
    let mut names: BTreeSet<String> = bundle.groups().into_iter().collect();
    names.extend(listed.keys().cloned());
    let outcome = |name: String| {
        let settings = listed
            .get(&name)
            .ok_or_else(|| GoldenError::not_understood("tensors of an operation without settings"));
        let view = bundle.group(&name);
        let result = settings.and_then(|settings| check_op(case, &name, settings, view));
        Outcome::of(format!("{}/{name}", case.name), result)
    };
    Ok(names.into_iter().map(outcome).collect())
}

fn check_op(
    case: &Case<'_>,
    name: &str,
    settings: &Value,
    view: View<'_>,
) -> Result<Vec<String>, GoldenError> {
    let mut check = Check::new(view.clone(), &case.entry.tolerance);
    let x = leaf(&view.get("x")?)?;
    let gy = view.get("gy")?;
    let layers = layers(name, settings, shape_of(&x)?, shape_of(&gy)?)?;
    let mut variables = Variables::new(&dartloom_ops::Place::default());
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let op = Sequence::new(&layers, &mut variables.builder(&mut rng))?;
    let place = |name: &str| stage(name).map(Place::Ours);
    let parameters = Parameters::new(&variables, view.below("p/"), &place)?;
    parameters.load(&view, "p/")?;

    let y = op.forward(&x, Mode::train())?;
    check.tensor("y", &y)?;
    let mut gradients = pulled(&y, &gy)?.backward()?;
    check.gradient("gx", gradients.get(x.as_tensor()))?;
    parameters.check_gradients(&mut check, "g/", &gradients)?;
    check_buffers(&mut check, "b1/", &variables, &place)?;
    if view.has("x_eval") {
        step(case, &variables, &Gradients::take(&mut gradients, variables.parameters()))?;
        for name in view.below("p1/") {
            if let Some(var) = parameters.var(&name)? {
                check.tensor(&format!("p1/{name}"), var.as_tensor())?;
            }
        }
        check.tensor("y_eval", &op.forward(&view.get("x_eval")?, Mode::eval())?)?;
    }
    Ok(check.finish())
}

/// One step of momentum SGD at rest, with the numbers of the case.
fn step(case: &Case<'_>, variables: &Variables, gradients: &Gradients) -> Result<(), GoldenError> {
    let config = &case.entry.config;
    let sgd = config.field("sgd_after_backward");
    let sgd = sgd.ok_or_else(|| config.wrong("sgd_after_backward", "an optimiser"))?;
    let settings =
        SgdConfig { momentum: sgd.number("momentum")?, weight_decay: sgd.number("weight_decay")? };
    Sgd::new(settings).step(variables.parameters(), gradients, sgd.number("lr")?)?;
    Ok(())
}

/// The layers of `family.operation[+bn].rest`.
fn layers(
    name: &str,
    settings: &Value,
    input: Shape,
    output: Shape,
) -> Result<Vec<Layer>, GoldenError> {
    let mut parts = name.split('.');
    let family = parts.next().unwrap_or_default();
    let op = parts.next().unwrap_or_default();
    // Pooling is normalised in supernets only, which is what `+bn` stands for.
    let (op, phase) = match op.strip_suffix("+bn") {
        Some(op) => (op, Phase::Search),
        None => (op, Phase::Retrain),
    };
    let affine = settings.field("affine").and_then(Value::as_bool).unwrap_or(false);
    let stride = settings.count("stride")?;
    let at = Lowering { inputs: input.channels, width: output.channels, stride, affine, phase };
    let recipe = match (family, op) {
        ("block", "factorized_reduce") => block(Stage::FactorizedReduce { out: Width::Same }),
        ("block", "relu_conv_bn_1x1") => {
            block(Stage::Pointwise { out: Width::Same, stride: Stride::Edge })
        }
        ("darts" | "ddarts", op) => {
            let spec = OpSet::builtin("all")?.get(op)?.clone();
            let unknown = || OpError::NoFactory { op: op.to_owned() };
            spec.recipe_at(stride).ok_or_else(unknown)?.clone()
        }
        _ => return Err(GoldenError::not_understood(format!("operation `{family}.{op}`"))),
    };
    Ok(recipe.lower(at)?)
}

/// ReLU, a convolution, a norm: what brings values into a cell.
fn block(convolution: Stage) -> Recipe {
    Recipe(vec![Stage::Relu, convolution, Stage::Norm { when: When::Always }])
}
