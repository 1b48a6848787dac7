//! Partial channels: what the operations get, what passes them by, what it costs, what is refused.

use dartloom_space::{
    Blueprint, Build, EdgePlan, InputPlan, Layer, OpSet, Pair, Phase, Shape, Space, SpaceError,
    Stem,
};

fn space(layers: usize) -> Space {
    Space::darts(OpSet::builtin("O_base").unwrap(), layers, 4, Stem::cifar(3)).unwrap()
}

/// K = 4 on RGB images of ten classes.
fn quarter(channels: usize, side: usize) -> Build {
    Build { partial: 4, ..Build::new(channels, 10, Shape::new(3, side, side)) }
}

fn edge(blueprint: &Blueprint, cell: usize, from: usize, to: usize) -> &EdgePlan {
    let edges = &blueprint.cells[cell].edges;
    edges.iter().find(|edge| (edge.from, edge.to) == (from, to)).unwrap()
}

#[test]
fn operations_get_one_channel_in_k_and_the_others_pass_by() {
    let blueprint = Blueprint::supernet(&space(3), quarter(16, 32)).unwrap();
    let same = edge(&blueprint, 0, 0, 2);
    let input =
        InputPlan { shape: Shape::new(4, 32, 32), width: 4, stride: 1, phase: Phase::Search };
    assert_eq!(same.input, input);
    let partial = same.partial.as_ref().unwrap();
    assert_eq!((partial.groups, &partial.layers[..]), (4, &[][..]));
    assert_eq!(partial.input, Shape::new(12, 32, 32));

    // Cell 1 halves: 32 channels, of which 8 are seen.
    let halved = edge(&blueprint, 1, 1, 3);
    assert_eq!((halved.input.shape, halved.input.width), (Shape::new(8, 32, 32), 8));
    let partial = halved.partial.as_ref().unwrap();
    let two = Pair::both(2);
    let pool = Layer::MaxPool { kernel: two, stride: two, padding: Pair::both(0) };
    assert_eq!(partial.layers, [pool]);
    assert_eq!(partial.input, Shape::new(24, 32, 32));
    assert_eq!(partial.output().unwrap(), Shape::new(24, 16, 16));
    assert_eq!(edge(&blueprint, 1, 2, 3).partial.as_ref().unwrap().layers, []);
    assert_eq!(blueprint.cells[1].node, Shape::new(32, 16, 16));
}

#[test]
fn a_k_of_one_changes_nothing() {
    let build = Build::new(8, 10, Shape::new(3, 16, 16));
    assert_eq!(build.partial, 1);
    let blueprint = Blueprint::supernet(&space(3), build).unwrap();
    for edge in blueprint.cells.iter().flat_map(|cell| &cell.edges) {
        assert_eq!(edge.partial, None);
        assert_eq!(edge.input.shape.channels, edge.input.width);
    }
}

/// Parameters of PC-DARTS' supernets (yuhuixu1993/PC-DARTS, commit
/// b74702f86c70e330ce0db35762cfade9df026bb7, `model_search.py`; C = 4, K = 4, ten classes), as
/// PyTorch counts them.
#[test]
fn supernets_have_the_parameters_of_the_released_code() {
    for (layers, parameters) in [(3, 14_006), (5, 26_430)] {
        let blueprint = Blueprint::supernet(&space(layers), quarter(4, 16)).unwrap();
        assert_eq!(blueprint.cost().unwrap().parameters, parameters, "{layers} layers");
    }
}

/// Multiply-adds of depthwise, 1x1 and dense convolutions.
fn convolutions(blueprint: &Blueprint) -> [u64; 3] {
    let mut sums = [0; 3];
    let mut add = |layers: &[Layer], input: Shape| {
        layers.iter().fold(input, |shape, layer| {
            let kind = match layer {
                Layer::Conv { groups: 2.., .. } => Some(0),
                Layer::Conv { kernel, .. } if kernel.height > 1 => Some(2),
                Layer::Conv { .. } | Layer::FactorizedReduce { .. } => Some(1),
                _ => None,
            };
            if let Some(kind) = kind {
                sums[kind] += layer.macs(shape).unwrap();
            }
            layer.output(shape).unwrap()
        });
    };
    for part in &blueprint.stem {
        add(&part.layers, part.input);
    }
    for cell in &blueprint.cells {
        cell.ports.iter().flat_map(|port| &port.links).for_each(|l| add(&l.layers, l.input));
        for edge in &cell.edges {
            for candidate in &edge.candidates {
                add(candidate.layers.as_ref().unwrap(), edge.input.shape);
            }
        }
    }
    sums
}

/// Floating-point operations (two per multiply-add) per image that hooks on the released supernets
/// counted in one forward pass on CIFAR-10 at C = 16 with eight cells, in millions.
#[test]
fn convolutions_work_as_much_as_in_the_released_supernets() {
    let full = Build { partial: 1, ..quarter(16, 32) };
    for (build, total, parts) in
        [(full, 600.5, [199.0, 399.0, 2.7]), (quarter(16, 32), 113.0, [50.0, 61.0, 3.0])]
    {
        let blueprint = Blueprint::supernet(&space(8), build).unwrap();
        let found = convolutions(&blueprint).map(|macs| 2.0 * macs as f64 / 1e6);
        let sum: f64 = found.iter().sum();
        assert!((sum - total).abs() <= 0.5, "expected {total}, found {sum}");
        for (found, expected) in found.into_iter().zip(parts) {
            assert!((found - expected).abs() <= 0.5, "expected {expected}, found {found}");
        }
        // The classifier is the only other layer that multiplies.
        let classifier = 256 * 10;
        let macs = blueprint.cost().unwrap().macs - classifier;
        assert_eq!(macs, convolutions(&blueprint).iter().sum::<u64>());
    }
}

#[test]
fn the_pool_beside_the_operations_is_an_activation() {
    // One cell that halves; a set whose only operation puts out zeros, once per edge.
    let ops = OpSet::builtin("O_base").unwrap();
    let none = ops.subset("none", &["none"]).unwrap();
    let count = |partial| {
        let space = Space::darts(none.clone(), 3, 1, Stem::cifar(3)).unwrap();
        let build = Build { partial, ..quarter(4, 16) };
        Blueprint::supernet(&space, build).unwrap().cost().unwrap().activations
    };
    // Cell 0 has two edges of 16 x 16 at stride 1, cells 1 and 2 two each at stride 2: zeros of C
    // channels become zeros of C / 4 and, where the plane is halved, maxima of 3C / 4.
    let saved = 2 * 3 * 16 * 16;
    assert_eq!(count(1) - count(4), saved);
}

type Row = (Build, fn(&SpaceError) -> bool, &'static str);

#[test]
fn what_cannot_be_split_is_refused_where_it_is() {
    let k = |partial, channels, side| Build { partial, ..quarter(channels, side) };
    let rows: [Row; 6] = [
        (
            k(0, 16, 32),
            |e| matches!(e, SpaceError::Range { found: 0, .. }),
            "K of partial channels must be 1 to 65536, found 0",
        ),
        (
            k(1 << 17, 16, 32),
            |e| matches!(e, SpaceError::Range { found: 0x20000, .. }),
            "K of partial channels must be 1 to 65536, found 131072",
        ),
        (
            k(3, 16, 32),
            |e| matches!(e, SpaceError::PartialChannels { groups: 3, found: 16 }),
            "cell 0: edge 0->2: partial channels need a multiple of 3 channels, found 16",
        ),
        (
            k(32, 16, 32),
            |e| matches!(e, SpaceError::PartialChannels { groups: 32, found: 16 }),
            "cell 0: edge 0->2: partial channels need a multiple of 32 channels, found 16",
        ),
        // As in the released code: the maximum rounds a plane of 7 down, the operations round up.
        (
            k(4, 16, 7),
            |e| {
                matches!(e, SpaceError::Meeting { expected, found, .. }
                if *expected == Shape::new(24, 4, 4) && *found == Shape::new(24, 3, 3))
            },
            "cell 1: edge 0->2: the channels that pass the operations by: expected shape 24x4x4, \
             found 24x3x3",
        ),
        (
            k(4, 16, 1),
            |e| matches!(e, SpaceError::LayerInput { .. }),
            "cell 1: edge 0->2: layer max_pool needs a plane that holds a 2x2 window, found an \
             input of 24x1x1",
        ),
    ];
    for (build, is, text) in rows {
        let error = Blueprint::supernet(&space(3), build).unwrap_err();
        assert!(error.to_string().starts_with(text), "{error}");
        let mut cause = &error;
        while let SpaceError::At { source, .. } = cause {
            cause = source;
        }
        assert!(is(cause), "{cause:?}");
    }
}

#[test]
fn derived_networks_have_no_partial_channels() {
    let genotype = dartloom_space::Genotype::published("PC_DARTS_cifar").unwrap();
    let space = space(3);
    let derived = |partial| {
        let build = Build { partial, ..quarter(4, 16) };
        let ops = OpSet::builtin("all").unwrap();
        Blueprint::derived(&genotype, space.network(), &ops, build)
    };
    for found in [0, 2, 4] {
        assert_eq!(derived(found).unwrap_err(), SpaceError::PartialDerived { found });
    }
    assert!(derived(1).is_ok());
}

#[test]
fn an_edge_made_by_hand_is_split_or_refused() {
    let shape = Shape::new(8, 4, 4);
    let at = InputPlan { shape, width: 12, stride: 1, phase: Phase::Search };
    let (operations, partial) = at.split(4).unwrap();
    assert_eq!((operations.shape, operations.width), (Shape::new(2, 4, 4), 3));
    assert_eq!(partial.output().unwrap(), Shape::new(6, 4, 4));
    assert_eq!(at.split(8), Err(SpaceError::PartialChannels { groups: 8, found: 12 }));
    assert_eq!(at.split(0), Err(SpaceError::PartialChannels { groups: 0, found: 8 }));
    let still = InputPlan { stride: 0, ..at };
    assert!(matches!(still.split(4), Err(SpaceError::LayerInput { .. })));
}
