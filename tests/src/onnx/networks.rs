//! Networks to export.

use dartloom_net::{NetworkSize, Setting};
use dartloom_noise::Noise;
use dartloom_ops::Registry;
use dartloom_space::hand_made::{
    Baseline, Fcn, ResNet, ResNetStem, ResNetUNet, SelfConfigured, UNet,
};
use dartloom_space::{
    Blueprint, Build, Dropout, Genotype, Graph, GraphBuilder, GraphInput, Hidden, Lattice, Layer,
    Lowering, OpSet, OpSpec, Outputs, Pair, Phase, Resize, Shape, Space, SpaceError, Stem,
    nasbench_macro, nasbench201,
};

use super::case::{Layout, Trained};
use super::{Case, ExportCaseError};

/// A network of the table.
#[derive(Debug)]
pub(super) struct Network {
    pub(super) kind: &'static str,
    pub(super) name: String,
    pub(super) layout: Layout,
}

impl Network {
    fn graph(kind: &'static str, name: impl Into<String>, graph: Graph) -> Self {
        Self { kind, name: name.into(), layout: Layout::Graph(graph) }
    }

    fn plan(kind: &'static str, name: impl Into<String>, plan: Blueprint) -> Self {
        Self { kind, name: name.into(), layout: Layout::Blueprint(Box::new(plan)) }
    }

    /// The network, exported as it is and with its norms folded.
    pub(super) fn case(&self) -> Result<Case, ExportCaseError> {
        let trained = Trained::of(&self.layout)?;
        let outputs = vec![("output".to_owned(), trained.answer(&trained.images)?)];
        let export = self.layout.export(&trained.arrays);
        let refused = |source| ExportCaseError::Onnx { name: self.name.clone(), source };
        let plain = export.bytes().map_err(refused)?;
        let folded = export.fold_norms().bytes().map_err(refused)?;
        Ok(Case {
            kind: self.kind,
            name: self.name.clone(),
            models: vec![("", plain), ("norms folded", folded)],
            images: trained.images,
            outputs,
        })
    }
}

/// Every network.
pub(super) fn all() -> Result<Vec<Network>, ExportCaseError> {
    let mut all = operations()?;
    all.extend(layers()?);
    all.extend(baselines()?);
    all.extend(spaces()?);
    all.extend(plans()?);
    Ok(all)
}

const OPERATION_IMAGE: Shape = Shape::new(4, 8, 8);

/// Every built-in operation, on edges of stride 1 and 2.
fn operations() -> Result<Vec<Network>, ExportCaseError> {
    let mut networks = Vec::new();
    let macros = nasbench_macro::space()?;
    let all = OpSet::builtin("all")?;
    let blocks = macros.op_set().ops().iter().filter(|op| all.get(&op.name).is_err());
    for op in all.ops().iter().chain(blocks) {
        for stride in [1, 2] {
            let name = format!("{}, stride {stride}", op.name);
            networks.push(Network::graph("operation", name, operation(op, stride)?));
        }
    }
    Ok(networks)
}

fn operation(op: &OpSpec, stride: usize) -> Result<Graph, SpaceError> {
    let Shape { channels, .. } = OPERATION_IMAGE;
    let recipe = op.recipe_at(stride).cloned().unwrap_or_default();
    let at =
        Lowering { inputs: channels, width: channels, stride, affine: true, phase: Phase::Retrain };
    let mut layers = recipe.lower(at)?;
    if stride > 1 {
        let factor = Pair::both(stride);
        layers.push(Layer::Upsample { factor, resize: Resize::Nearest });
    }
    single(&op.name, OPERATION_IMAGE, layers, Outputs::Plane { channels })
}

/// A graph of one node.
fn single(
    name: &str,
    input: Shape,
    layers: Vec<Layer>,
    outputs: Outputs,
) -> Result<Graph, SpaceError> {
    let mut graph = GraphBuilder::new(name, input)?;
    graph.node("layers", GraphInput::Image, layers)?;
    graph.finish(outputs)
}

/// Every layer that the operations do not have, and unusual numbers of those that they have.
fn layers() -> Result<Vec<Network>, ExportCaseError> {
    let image = Shape::new(4, 6, 8);
    let plane = Outputs::Plane { channels: 4 };
    let norm = |affine| Layer::Norm { channels: 4, affine };
    let up = |factor, resize| Layer::Upsample { factor, resize };
    let pool = Pair::new(2, 4);
    let small = Layer::AvgPool { kernel: pool, stride: pool, padding: Pair::both(0) };
    let transposed = |bias| Layer::ConvTranspose { inputs: 4, outputs: 4, factor: pool, bias };
    let conv = Layer::Conv {
        inputs: 4,
        outputs: 4,
        kernel: Pair::new(3, 5),
        stride: Pair::both(1),
        dilation: Pair::new(2, 1),
        padding: Pair::new(2, 2),
        groups: 2,
    };
    let window = |stride: usize| (Pair::both(3), Pair::both(stride), Pair::both(1));
    let (kernel, stride, padding) = window(1);
    let on_planes = [
        ("conv: 3x5, dilated, groups", vec![conv, norm(true)]),
        ("conv_transpose", vec![small.clone(), transposed(false), norm(true)]),
        ("conv_transpose: bias", vec![small.clone(), transposed(true), norm(false), Layer::Relu]),
        ("bias", vec![Layer::Relu, Layer::Bias { channels: 4 }]),
        ("bias of a conv", vec![Layer::pointwise(4, 4), Layer::Bias { channels: 4 }, norm(true)]),
        ("norm without scale and shift", vec![norm(false)]),
        (
            "norm behind a factorized reduce",
            vec![
                Layer::FactorizedReduce { inputs: 4, outputs: 4 },
                norm(true),
                up(Pair::both(2), Resize::Nearest),
            ],
        ),
        ("max_pool: border", vec![Layer::MaxPool { kernel, stride, padding }]),
        ("avg_pool: border", vec![Layer::AvgPool { kernel, stride, padding }]),
        ("upsample: nearest 2x4", vec![small.clone(), up(pool, Resize::Nearest)]),
        ("upsample: bilinear 2x4", vec![small, up(pool, Resize::Bilinear)]),
        ("zero", vec![Layer::Zero { stride: Pair::both(1) }]),
        ("dropout", vec![Layer::Dropout(Dropout::new(0.5)?), Layer::Relu]),
        ("identity", vec![Layer::Identity]),
    ];
    let mut networks = Vec::new();
    for (name, layers) in on_planes {
        networks.push(Network::graph("layer", name, single(name, image, layers, plane)?));
    }
    let connected = [
        ("linear", vec![Layer::Linear { inputs: 192, outputs: 5 }]),
        ("global_avg_pool", vec![Layer::GlobalAvgPool]),
        (
            "global_avg_pool, linear, relu, linear",
            vec![
                Layer::GlobalAvgPool,
                Layer::Linear { inputs: 4, outputs: 7 },
                Layer::Relu,
                Layer::Linear { inputs: 7, outputs: 5 },
            ],
        ),
    ];
    for (name, layers) in connected {
        let numbers = if layers.len() == 1 && layers[0] == Layer::GlobalAvgPool { 4 } else { 5 };
        let graph = single(name, image, layers, Outputs::Vector(numbers))?;
        networks.push(Network::graph("layer", name, graph));
    }
    Ok(networks)
}

/// Hand-made networks, thin ones.
pub(super) fn baselines() -> Result<Vec<Network>, ExportCaseError> {
    let image = Shape::new(3, 32, 32);
    let deep = SelfConfigured { base: 4, deep: true, ..SelfConfigured::default() };
    let bottlenecks = ResNet { width: 4, blocks: vec![1, 2], bottlenecks: true, ..ResNet::tiny() };
    let all = [
        ("tiny_resnet", Baseline::TinyResNet),
        ("resnet: ImageNet stem", Baseline::ResNet(ResNet::tiny().with_stem(ResNetStem::ImageNet))),
        ("resnet: bottlenecks", Baseline::ResNet(bottlenecks)),
        ("unet", Baseline::UNet(UNet { base: 4, depth: Some(3) })),
        ("resnet_unet", Baseline::ResNetUNet(ResNetUNet { base: 4, depth: Some(2), blocks: 1 })),
        ("fcn", Baseline::Fcn(Fcn { base: 4, hidden: 16, depth: None })),
        ("self_configured: deep supervision", Baseline::SelfConfigured(deep)),
    ];
    let mut networks = Vec::new();
    for (name, baseline) in all {
        let vector = Outputs::Vector(5);
        let outputs = if baseline.serves(vector) { vector } else { Outputs::Plane { channels: 5 } };
        networks.push(Network::graph("baseline", name, baseline.graph(image, outputs)?));
    }
    Ok(networks)
}

/// A random architecture of every space.
pub(super) fn spaces() -> Result<Vec<Network>, ExportCaseError> {
    let ops = || OpSet::builtin("O_base");
    let hidden = Hidden::new([6, 4]).with_dropout(0.5)?;
    let chain = || Space::darts(OpSet::builtin("S")?, 3, 2, Stem::cifar(3));
    let small = || Ok::<_, SpaceError>(Stem::cifar(1));
    let lattice = |lattice: Lattice, stem| Space::lattice(ops()?, lattice, 2, stem);
    let all = [
        ("darts", chain()?),
        ("darts: hidden layers, dropout", chain()?.with_hidden(hidden)?),
        ("darts: ImageNet stem", Space::darts(ops()?, 3, 2, Stem::imagenet())?),
        ("darts: per pixel", chain()?.for_outputs(Outputs::Plane { channels: 5 })?),
        ("individual", Space::individual(OpSet::builtin("S_o")?, 4, 2, Stem::cifar(3))?),
        ("unet", Space::unet(OpSet::builtin("O_large")?, 2, 2, small()?)?),
        ("nested_unet", Space::nested_unet(ops()?, 2, 2, small()?)?),
        ("darts_unet_pp", Space::darts_unet_pp(ops()?, 2, 2, Stem::imagenet_quarter())?),
        ("resnext_unet", Space::resnext_unet(ops()?, 2, (2, 2), small()?)?),
        ("auto_deeplab", Space::auto_deeplab(ops()?, 5, 2, Stem::imagenet_quarter())?),
        ("lattice", lattice(Lattice::auto_deeplab(4, 3), Stem::imagenet_quarter())?),
        (
            "dints",
            Space::lattice(OpSet::builtin("dints")?, Lattice::dints(3, 3), 1, Stem::pyramid(3)?)?,
        ),
        ("nasbench201", nasbench201::space()?),
        ("nasbench_macro", nasbench_macro::space()?),
    ];
    let mut networks = Vec::new();
    for (name, space) in all {
        let mut noise = Noise::new(3).stream("architecture", 0);
        let genotype = space.sample(2, &mut noise);
        let registry = Registry::standard()?.with_recipes(space.op_set().ops())?;
        let build = Build::new(4, 5, image_of(&space)).for_network(space.network());
        let setting = Setting::new(&space, &registry, build);
        let plan = setting.plan(&genotype, &NetworkSize::default())?;
        networks.push(Network::plan("space", name, plan));
    }
    Ok(networks)
}

/// The smallest image whose sides a space can halve as often as it does.
fn image_of(space: &Space) -> Shape {
    let network = space.network();
    let last = network.stem().parts().len().saturating_sub(1);
    let levels = network.placements().iter().map(|placement| placement.level);
    let deepest = levels.fold(network.stem().level(last), usize::max);
    let side = (2 << deepest).max(8);
    Shape::new(3, side, side)
}

/// Networks whose plans are not those of a random architecture of a space.
fn plans() -> Result<Vec<Network>, ExportCaseError> {
    let registry = Registry::standard()?;
    let build = Build::new(4, 5, Shape::new(3, 16, 16));
    let bench = nasbench201::architectures().nth(9_876);
    let macros = nasbench_macro::architectures().nth(4_321);
    let mut networks = Vec::new();
    if let Some(genotype) = bench {
        let plan = nasbench201::blueprint(&genotype, build)?;
        networks.push(Network::plan("plan", "NAS-Bench-201's own network", plan));
    }
    if let Some(genotype) = macros {
        let plan = nasbench_macro::blueprint(&genotype, build)?;
        networks.push(Network::plan("plan", "NAS-Bench-Macro's own network", plan));
    }
    let space = Space::darts(OpSet::builtin("O_base")?, 3, 4, Stem::cifar(3))?;
    let published = Genotype::published("DARTS_V2")?;
    let size = NetworkSize { layers: Some(8), auxiliary: true, ..NetworkSize::default() };
    let large = Build { input: Shape::new(3, 32, 32), channels: 2, ..build };
    let plan = Setting::new(&space, &registry, large).plan(&published, &size)?;
    networks.push(Network::plan("plan", "DARTS_V2 with an auxiliary head", plan));
    let genotype = space.sample(2, &mut Noise::new(5).stream("architecture", 0));
    let plan = Blueprint::subnet(&space, &genotype, build)?;
    networks.push(Network::plan("plan", "inherited from a supernet", plan));
    Ok(networks)
}
