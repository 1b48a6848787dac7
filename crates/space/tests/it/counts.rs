//! Parameters and multiply-adds against a slow count; `published_counts` has the published ones.

use dartloom_space::{
    Blueprint, Build, Cost, Genotype, Layer, OpSet, Repeats, Shape, Stem, TransformPlan, strategies,
};
use proptest::prelude::*;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

/// The sums of a network, counted layer by layer.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sums {
    pub(crate) parameters: u64,
    pub(crate) macs: u64,
    pub(crate) activations: u64,
    /// Values that come out of norms.
    pub(crate) normed: u64,
    /// Values that come out of average pooling.
    pub(crate) pooled: u64,
}

/// Trainable numbers, multiply-adds and the shape behind a layer, written without the crate's
/// arithmetic.
fn slow(layer: &Layer, input: Shape) -> (u64, u64, Shape) {
    let steps = |size: usize, k: usize, s: usize, d: usize, p: usize| {
        (0..).map(|i| i * s).take_while(|start| start + d * (k - 1) < size + 2 * p).count()
    };
    match *layer {
        Layer::Conv { inputs, outputs, kernel, stride, dilation, padding, groups } => {
            let mut weights = 0;
            for _ in 0..groups {
                for _ in 0..outputs / groups {
                    weights += inputs / groups * kernel.height * kernel.width;
                }
            }
            let h =
                steps(input.height, kernel.height, stride.height, dilation.height, padding.height);
            let w = steps(input.width, kernel.width, stride.width, dilation.width, padding.width);
            (weights as u64, (weights * h * w) as u64, Shape::new(outputs, h, w))
        }
        Layer::MaxPool { kernel, stride, padding } | Layer::AvgPool { kernel, stride, padding } => {
            let h = steps(input.height, kernel.height, stride.height, 1, padding.height);
            let w = steps(input.width, kernel.width, stride.width, 1, padding.width);
            (0, 0, Shape::new(input.channels, h, w))
        }
        Layer::FactorizedReduce { inputs, outputs } => {
            let half = inputs * (outputs / 2);
            let h = input.height / 2;
            let w = input.width / 2;
            (2 * half as u64, (2 * half * h * w) as u64, Shape::new(outputs, h, w))
        }
        Layer::Norm { channels, affine } => {
            (if affine { 2 * channels as u64 } else { 0 }, 0, input)
        }
        Layer::Upsample { factor, .. } => {
            let shape = Shape::new(
                input.channels,
                input.height * factor.height,
                input.width * factor.width,
            );
            (0, 0, shape)
        }
        Layer::Zero { stride } => {
            let rows = (0..input.height).step_by(stride.height).count();
            let columns = (0..input.width).step_by(stride.width).count();
            (0, 0, Shape::new(input.channels, rows, columns))
        }
        Layer::GlobalAvgPool => (0, 0, Shape::new(input.channels, 1, 1)),
        Layer::Linear { inputs, outputs } => (
            (inputs * outputs + outputs) as u64,
            (inputs * outputs) as u64,
            Shape::new(outputs, 1, 1),
        ),
        _ => (0, 0, input),
    }
}

fn slow_list(layers: &[Layer], input: Shape, sums: &mut Sums) -> Shape {
    let mut shape = input;
    for layer in layers {
        let (parameters, macs, output) = slow(layer, shape);
        shape = output;
        let values = (shape.channels * shape.height * shape.width) as u64;
        sums.parameters += parameters;
        sums.macs += macs;
        sums.activations += values;
        match layer {
            Layer::Norm { .. } => sums.normed += values,
            Layer::AvgPool { .. } | Layer::GlobalAvgPool => sums.pooled += values,
            _ => {}
        }
    }
    shape
}

pub(crate) fn slow_cost(blueprint: &Blueprint) -> Sums {
    let mut sums = Sums::default();
    let links = |link: &TransformPlan, sums: &mut Sums| slow_list(&link.layers, link.input, sums);
    for part in &blueprint.stem {
        assert_eq!(slow_list(&part.layers, part.input, &mut sums), part.output);
    }
    for cell in &blueprint.cells {
        for port in &cell.ports {
            for link in &port.links {
                assert_eq!(links(link, &mut sums), port.output);
            }
        }
        for edge in cell.edges.iter().filter(|edge| edge.live) {
            let mut seen = cell.node;
            if let Some(partial) = &edge.partial {
                let passed = slow_list(&partial.layers, partial.input, &mut sums);
                seen.channels = cell.node.channels / blueprint.build.partial;
                assert_eq!(passed.channels + seen.channels, cell.node.channels);
            }
            for candidate in &edge.candidates {
                let layers = candidate.layers.as_ref().unwrap();
                assert_eq!(slow_list(layers, edge.input.shape, &mut sums), seen);
            }
        }
    }
    for branch in &blueprint.head.branches {
        assert_eq!(links(branch, &mut sums), blueprint.head.output);
    }
    sums
}

fn build(side: usize, channels: usize, classes: usize) -> Build {
    let input = Shape::new(3, side, side);
    Build::new(channels, classes, input)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_supernet_costs_the_sum_of_its_layers(
        (space, side) in strategies::buildable_space(),
        channels in (1_usize..=4).prop_map(|half| 2 * half),
        classes in 1_usize..=5,
        partial in 1_usize..=4,
    ) {
        let build = Build { partial, ..build(side, channels * partial, classes) };
        let build = build.for_network(space.network());
        let blueprint = Blueprint::supernet(&space, build).unwrap();
        let cost = blueprint.cost().unwrap();
        let slow = slow_cost(&blueprint);
        let slow = (slow.parameters, slow.macs, slow.activations);
        prop_assert_eq!((cost.parameters, cost.macs, cost.activations), slow);
        prop_assert_eq!(cost.unused_parameters, 0);
    }

    #[test]
    fn a_derived_network_costs_the_sum_of_its_layers(
        (space, side) in strategies::buildable_space(),
        top in 1_usize..=3,
        seed: u64,
    ) {
        let genotype = space.sample(top, &mut ChaCha8Rng::seed_from_u64(seed));
        // A choice of links is not part of a genotype; its network costs all of them.
        let network = genotype.network_in(&space).unwrap_or_else(|_| space.network().clone());
        let blueprint =
            Blueprint::derived(
                &genotype, &network, space.op_set(), build(side, 4, 3).for_network(&network)).unwrap();
        let cost = blueprint.cost().unwrap();
        let slow = slow_cost(&blueprint);
        let slow = (slow.parameters, slow.macs, slow.activations);
        prop_assert_eq!((cost.parameters, cost.macs, cost.activations), slow);
    }
}

#[test]
fn dead_genes_are_counted_apart() {
    // Node 3 reads node 2, which no gene reaches.
    let text = "Genotype(normal=[('sep_conv_3x3', 3, 2), ('skip_connect', 3, 0)], \
                reduce=[('skip_connect', 2, 0)])";
    let genotype = Genotype::from_text(text).unwrap();
    let network = genotype.chain(1, Stem::cifar(1), Some(vec![]), Repeats::InTurn).unwrap();
    let network = network.network().unwrap();
    let ops = OpSet::builtin("S").unwrap();
    let blueprint = Blueprint::derived(&genotype, &network, &ops, build(8, 4, 2)).unwrap();
    let cost = blueprint.cost().unwrap();
    // sep_conv_3x3 at 4 channels: 2 * (9 * 4 + 4 * 4 + 2 * 4).
    assert_eq!(cost.unused_parameters, 120);
    assert_eq!(cost.parameters - cost.unused_parameters, slow_cost(&blueprint).parameters);
    let json = serde_json::to_string(&cost).unwrap();
    assert_eq!(serde_json::from_str::<Cost>(&json).unwrap(), cost);
}
