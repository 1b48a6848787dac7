//! Absurd numbers are refused, or stop at the largest count; nothing overflows.

use dartloom_space::{
    Blueprint, Build, Chain, Genotype, Layer, Lowering, Network, OpSet, OpSpec, Pair, Phase,
    Placement, Port, Recipe, Repeats, Resize, Shape, Source, Space, SpaceError, Stage, Stem,
    Stride, Width,
};

const MAX: usize = usize::MAX;

fn build(channels: usize, side: usize) -> Build {
    Build::new(channels, 10, Shape::new(3, side, side))
}

fn ops(stages: Vec<Stage>) -> Result<OpSet, SpaceError> {
    OpSet::new("mine", vec![OpSpec::new("mine", stages)])
}

fn too_long<T: std::fmt::Debug>(result: Result<T, SpaceError>) {
    assert!(matches!(result, Err(SpaceError::NetworkSize { most: 512, .. })), "{result:?}");
}

#[test]
fn chains_have_a_length() {
    let set = OpSet::builtin("S").unwrap();
    for layers in [513, 1 << 40, MAX] {
        too_long(Space::darts(set.clone(), layers, 4, Stem::cifar(3)));
        too_long(Space::individual(set.clone(), layers, 4, Stem::cifar(3)));
        too_long(Chain::two_cells(layers, Stem::cifar(3)).network());
        too_long(Chain::individual(layers, Stem::cifar(3)).network());
        too_long(Chain::deeper(8, layers, Repeats::InTurn));
        too_long(Chain::deeper(MAX, layers, Repeats::MostlyFirst));
        for name in ["DARTS_V2", "ResNet18", "D-DARTS_threshold_edge_cifar10_0.85_50"] {
            let genotype = Genotype::published(name).unwrap();
            too_long(genotype.chain(layers, Stem::cifar(3), None, Repeats::InTurn));
        }
    }
    assert_eq!(Chain::thirds(MAX), [MAX / 3, MAX / 3 * 2]);
    assert_eq!(Chain::thirds(20), [6, 13]);
    assert_eq!(Chain::thirds(8), [2, 5]);
    assert!(Chain::deeper(MAX, 5, Repeats::InTurn).is_ok());
}

#[test]
fn a_chain_cannot_halve_the_plane_for_ever() {
    let mut chain = Chain::two_cells(512, Stem::cifar(1));
    chain.reductions = (0..512).collect();
    let error = chain.network().unwrap_err();
    assert!(matches!(error, SpaceError::Placement { index: 12, .. }), "{error}");
    let strided = Stage::Pointwise { out: Width::Same, stride: Stride::Edge };
    let stem = Stem::new(vec![Recipe(vec![strided; 13])]);
    assert!(matches!(stem, Err(SpaceError::Range { most: 12, found: 13, .. })), "{stem:?}");
}

#[test]
fn placements_have_ranges() {
    let network = |width, level, cell| {
        let ports = vec![Port::one(Source::Stem(0))];
        let placement = Placement { cell: Some(cell), width, level, reduction: false, ports };
        let head = dartloom_space::Head::pooled(Source::Cell(0));
        Network::new(Stem::cifar(1), vec![placement], head, None)
    };
    assert!(network(1, 0, 0).is_ok());
    for (width, level, cell) in [(0, 0, 0), (MAX, 0, 0), (1, 13, 0), (1, MAX, 0), (1, 0, MAX)] {
        let refused = network(width, level, cell);
        assert!(matches!(refused, Err(SpaceError::Placement { index: 0, .. })), "{refused:?}");
    }
}

#[test]
fn supernets_have_a_size() {
    let all = OpSet::builtin("all").unwrap();
    let space = Space::darts(all, 512, 64, Stem::cifar(1)).unwrap();
    let refused = Blueprint::supernet(&space, build(4, 32));
    assert!(matches!(refused, Err(SpaceError::Range { .. })), "{refused:?}");
    let few = Space::darts(OpSet::builtin("S").unwrap(), 3, 1, Stem::cifar(1)).unwrap();
    for bad in [build(0, 32), build(MAX, 32), build(4, 0), build(4, MAX), build(1 << 16, 32)] {
        let refused = Blueprint::supernet(&few, bad);
        assert!(refused.is_err(), "{bad:?}");
    }
}

#[test]
fn enlargements_cannot_be_chained_for_ever() {
    let set = ops(vec![Stage::Upsample { factor: Pair::both(1024) }; 8]).unwrap();
    let space = Space::darts(set, 1, 1, Stem::cifar(1)).unwrap();
    let error = Blueprint::supernet(&space, build(4, 32)).unwrap_err().to_string();
    assert!(error.contains("upsample needs a plane that ends within"), "{error}");
}

#[test]
fn stages_outside_their_ranges_are_refused() {
    let edge = Stride::Edge;
    let both = Pair::both;
    let conv = |kernel, dilation, groups| Stage::Conv {
        kernel,
        out: Width::Same,
        dilation,
        stride: edge,
        groups,
    };
    for stage in [
        conv(both(2), both(1), 1),
        conv(both(1025), both(1), 1),
        conv(both(3), both(0), 1),
        conv(both(3), both(1), 0),
        conv(Pair::new(3, MAX), both(1), 1),
        Stage::Depthwise { kernel: both(3), dilation: both(MAX), stride: edge },
        Stage::MaxPool { kernel: both(0), stride: edge },
        Stage::AvgPool { kernel: both(4), stride: edge },
        Stage::Upsample { factor: both(0) },
        Stage::Upsample { factor: both(MAX) },
        Stage::Pointwise { out: Width::Times(MAX), stride: edge },
        Stage::Pointwise { out: Width::Over(0), stride: edge },
        Stage::FactorizedReduce { out: Width::Times(0) },
    ] {
        let refused = ops(vec![Stage::Relu, stage.clone()]);
        assert!(matches!(refused, Err(SpaceError::OpStage { position: 1, .. })), "{stage:?}");
        // A recipe can also be lowered without a set around it.
        let at =
            Lowering { inputs: MAX, width: MAX, stride: MAX, affine: true, phase: Phase::Search };
        let _ = Recipe(vec![stage]).lower(at);
    }
    let wide = ops(vec![Stage::Pointwise { out: Width::Times(1024), stride: edge }]).unwrap();
    let at = Lowering { inputs: 8, width: 1 << 16, stride: 1, affine: true, phase: Phase::Search };
    let refused = wide.ops()[0].recipe.as_ref().unwrap().lower(at);
    assert!(matches!(refused, Err(SpaceError::Stage { position: 0, .. })), "{refused:?}");
    let still = Lowering { stride: 0, width: 8, ..at };
    assert!(Recipe(vec![Stage::Zero]).lower(still).is_err());
    assert!(Recipe(vec![conv(both(3), both(1), 1)]).lower(still).is_err());
}

#[test]
fn layers_made_by_hand_do_not_overflow() {
    let all = Pair::both(MAX);
    let huge = Shape::new(MAX, MAX, MAX);
    let layers = [
        Layer::Conv {
            inputs: MAX,
            outputs: MAX,
            kernel: all,
            stride: all,
            dilation: all,
            padding: all,
            groups: 0,
        },
        Layer::MaxPool { kernel: Pair::both(0), stride: Pair::both(0), padding: all },
        Layer::AvgPool { kernel: all, stride: Pair::both(0), padding: Pair::both(0) },
        Layer::FactorizedReduce { inputs: MAX, outputs: MAX },
        Layer::Norm { channels: MAX, affine: true },
        Layer::Upsample { factor: all, resize: Resize::Nearest },
        Layer::Zero { stride: Pair::both(0) },
        Layer::Linear { inputs: MAX, outputs: MAX },
        Layer::square(3, 3, 0, 1),
    ];
    for layer in layers {
        let _ = layer.parameters();
        for input in [huge, Shape::new(1, 1, 1), Shape::new(3, 0, 0)] {
            let _ = layer.output(input);
            let _ = layer.macs(input);
        }
    }
    assert_eq!(huge.elements(), u64::MAX);
    let zero = Layer::Zero { stride: Pair::both(0) };
    assert!(matches!(zero.output(huge), Err(SpaceError::LayerInput { .. })));
    let linear = Layer::Linear { inputs: MAX, outputs: 2 };
    assert_eq!(linear.parameters(), u64::MAX);
}

#[test]
fn lists_have_a_length() {
    let named = |count: usize| {
        let op = |i| OpSpec::new(format!("op_{i}"), [Stage::Identity]);
        OpSet::new("many", (0..count).map(op).collect())
    };
    assert!(named(1024).is_ok());
    assert!(matches!(named(1025), Err(SpaceError::Range { most: 1024, found: 1025, .. })));
    let stem = |count| Stem::new(vec![Recipe(vec![Stage::Relu]); count]);
    assert!(stem(64).is_ok());
    assert!(matches!(stem(65), Err(SpaceError::Range { most: 64, found: 65, .. })));
    let space = |count: usize| {
        let graph = dartloom_space::CellGraph::darts(1).unwrap();
        let cell = |i| dartloom_space::CellSpec { name: format!("cell_{i}"), graph: graph.clone() };
        let network = Chain::individual(1, Stem::cifar(1)).network().unwrap();
        Space::new("many", named(1).unwrap(), (0..count).map(cell).collect(), network)
    };
    assert!(space(512).is_ok());
    assert!(matches!(space(513), Err(SpaceError::Range { most: 512, found: 513, .. })));
}
