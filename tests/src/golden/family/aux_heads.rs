//! Auxiliary heads with formula weights.

use candle_core::Tensor;
use dartloom_ops::{Mode, Operation, Sequence, Variables};
use dartloom_space::{
    Aux, AuxHead, Blueprint, Build, CellGenotype, Gene, Genotype, Head, Layer, Layout, Network,
    NodeOrder, OpSet, Placement, Port, Shape, Source, Stem,
};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::plan::{leaf, pulled, shape_of};
use crate::golden::bundle::{Bundle, View};
use crate::golden::check::Check;
use crate::golden::manifest::Case;
use crate::golden::names::{Place, in_auxiliary};
use crate::golden::parameters::Parameters;
use crate::golden::{GoldenError, Outcome, formula};

/// Heads that the released code cannot run have a recorded error and no tensors: no case.
pub(crate) fn run(case: &Case<'_>, bundle: &Bundle) -> Result<Vec<Outcome>, GoldenError> {
    let outcome = |name: String| {
        let result = check_head(case, &name, bundle.group(&name));
        Outcome::of(format!("{}/{name}", case.name), result)
    };
    Ok(bundle.groups().into_iter().map(outcome).collect())
}

fn check_head(case: &Case<'_>, name: &str, view: View<'_>) -> Result<Vec<String>, GoldenError> {
    let mut check = Check::new(view.clone(), &case.entry.tolerance);
    let x = leaf(&view.get("x")?)?;
    let gy = view.get("gy")?;
    let kind = kind(name, view.get("g_norms")?.dim(0)?)?;
    let layers = layers(kind, shape_of(&x)?, gy.dim(1)?)?;
    let mut variables = Variables::new(&dartloom_ops::Place::default());
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let head = Sequence::new(&layers, &mut variables.builder(&mut rng))?;
    let place = |name: &str| in_auxiliary(name).map(Place::Ours);
    let parameters = Parameters::new(&variables, their_names(&layers), &place)?;
    parameters.set(&|number, name| {
        let var = parameters.var(name)?.map(|var| var.dims()).unwrap_or_default();
        formula::parameter(number as u64, name, var)
    })?;

    let forward = |x: &Tensor, mode| Ok::<_, GoldenError>(head.forward(x, mode)?.flatten_from(1)?);
    let y = forward(&x, Mode::train())?;
    check.tensor("y", &y)?;
    let gradients = pulled(&y, &gy)?.backward()?;
    check.gradient("gx", gradients.get(x.as_tensor()))?;
    check.tensor("g_norms", &parameters.gradient_norms(&gradients)?)?;
    check.tensor("y_eval", &forward(&x, Mode::eval())?)?;
    Ok(check.finish())
}

/// By name, and for ImageNet by the number of parameters: the second norm has two.
fn kind(name: &str, parameters: usize) -> Result<AuxHead, GoldenError> {
    match (name.contains("imagenet"), name.contains("cifar"), parameters) {
        (false, true, 8) => Ok(AuxHead::Cifar),
        (true, false, 6) => Ok(AuxHead::ImageNet),
        (true, false, 8) => Ok(AuxHead::ImageNetNormed),
        _ => {
            let what = format!("an auxiliary head `{name}` of {parameters} parameters");
            Err(GoldenError::not_understood(what))
        }
    }
}

/// The layers of the head in a network whose only cell puts out values of shape `input`.
fn layers(head: AuxHead, input: Shape, classes: usize) -> Result<Vec<Layer>, GoldenError> {
    let ports = vec![Port::one(Source::Stem(0)), Port::one(Source::Stem(0))];
    let placement = Placement { cell: Some(0), width: 1, level: 0, reduction: false, ports };
    let source = Source::Cell(0);
    let network = Network::new(
        Stem::cifar(1),
        vec![placement],
        Head::pooled(source),
        Some(Aux { head, after: 0 }),
    )?;
    let genes = vec![Gene { op: "skip_connect".to_owned(), from: 0, to: 2 }];
    let cell = CellGenotype {
        name: "cell".to_owned(),
        inputs: 2,
        genes,
        concat: vec![2],
        residual: false,
    };
    let genotype = Genotype::new(Layout::Space, vec![cell])?;
    let image = Shape { channels: 3, ..input };
    let build =
        Build { order: NodeOrder::FirstNamed, ..Build::new(input.channels, classes, image) };
    let plan = Blueprint::derived(&genotype, &network, &OpSet::builtin("all")?, build)?;
    match plan.aux {
        Some(aux) if aux.fits => Ok(aux.layers),
        _ => Err(GoldenError::not_understood(format!("an auxiliary head on {input}"))),
    }
}

/// The released head's parameters in its order.
fn their_names(layers: &[Layer]) -> Vec<String> {
    let mut names = Vec::new();
    for (position, layer) in layers.iter().enumerate() {
        let variables: &[&str] = match layer {
            Layer::Conv { .. } => &["weight"],
            Layer::Norm { affine: true, .. } | Layer::Linear { .. } => &["weight", "bias"],
            _ => &[],
        };
        let part = match layer {
            Layer::Linear { .. } => "classifier".to_owned(),
            _ => format!("features.{position}"),
        };
        names.extend(variables.iter().map(|variable| format!("{part}.{variable}")));
    }
    names
}
