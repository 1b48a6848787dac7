use approx::assert_relative_eq;
use candle_core::{DType, Tensor};
use dartloom_net::{DerivedNetwork, NetError, Supernet};
use dartloom_ops::{Mode, OpError, Place, Registry};
use dartloom_ops::{Model, Pass};
use dartloom_space::{ArchWeights, Blueprint, Genotype, NodeOrder, Phase, Repeats, Shape};

use crate::support::*;

fn small() -> DerivedNetwork {
    derived(&plan(&Genotype::published("DARTS_V2").unwrap(), 3, build(4, 8)), 1)
}

#[test]
fn logits_have_a_row_per_image() {
    for batch in [1, 2, 5] {
        let output = run(&small(), &images(batch, 8), Mode::train()).unwrap();
        assert_eq!(output.main.dims(), [batch, 5]);
        assert!(output.auxiliary.is_none());
    }
}

#[test]
fn evaluation_reads_the_statistics_that_training_left() {
    let net = small();
    let x = images(4, 8);
    let eval = |x: &Tensor| values(&run(&net, x, Mode::eval()).unwrap().main);
    let before = eval(&x);
    for _ in 0..200 {
        run(&net, &x, Mode::train()).unwrap();
    }
    let after = eval(&x);
    assert_ne!(before, after);
    // An image does not know its neighbours in a batch.
    let alone: Vec<f64> = (0..4).flat_map(|i| eval(&x.narrow(0, i, 1).unwrap())).collect();
    for (alone, together) in alone.iter().zip(&after) {
        assert_relative_eq!(alone, together, max_relative = 1e-9, epsilon = 1e-12);
    }
    // Running statistics converge to the batch's, but for the variance's n / (n - 1).
    let batch = values(&run(&net, &x, Mode::probe()).unwrap().main);
    let distance = |a: &[f64]| -> f64 { a.iter().zip(&batch).map(|(a, b)| (a - b).abs()).sum() };
    assert!(distance(&after) < 0.5 * distance(&before));
}

#[test]
fn probing_leaves_every_variable_alone() {
    let net = small();
    let all = || -> Vec<u64> {
        let snapshot = net.variables().snapshot().unwrap();
        snapshot.values().flat_map(values).map(f64::to_bits).collect()
    };
    let before = all();
    run(&net, &images(2, 8), Mode::probe()).unwrap();
    run(&net, &images(2, 8), Mode::eval()).unwrap();
    assert_eq!(all(), before);
    run(&net, &images(2, 8), Mode::train()).unwrap();
    assert_ne!(all(), before);
}

#[test]
fn training_reaches_every_parameter() {
    let net = small();
    let output = run(&net, &images(2, 8), Mode::train()).unwrap();
    let gradients = output.main.sqr().unwrap().sum_all().unwrap().backward().unwrap();
    for (name, var) in net.variables().parameters() {
        assert!(gradients.get(var).is_some(), "{name}");
    }
}

#[test]
fn images_of_another_shape_are_refused() {
    let net = small();
    for shape in [&[2, 3, 8, 9][..], &[2, 1, 8, 8], &[3, 8, 8], &[2, 3, 16, 16]] {
        let x = Tensor::zeros(shape, DType::F64, &candle_core::Device::Cpu).unwrap();
        let error = run(&net, &x, Mode::eval()).unwrap_err();
        let NetError::Input { expected, found } = error else { panic!("{error}") };
        assert_eq!((expected, &found[..]), (Shape::new(3, 8, 8), shape));
    }
}

#[test]
fn weights_of_another_shape_are_refused() {
    let space = small_space(ops(&["none", "skip_connect", "sep_conv_3x3"]), 2);
    let net = supernet(&Blueprint::supernet(&space, build(4, 8)).unwrap(), 1);
    let forward = |weights: &[Tensor]| {
        let mut noise = rng(0);
        let weights = &ArchWeights::of_ops(weights.to_vec());
        net.forward(&images(2, 8), weights, &mut Pass::new(Mode::eval(), &mut noise))
    };
    let good = tables(&space);
    assert_eq!(forward(&good).unwrap().main.dims(), [2, 5]);
    let turned = good[1].t().unwrap();
    let cases: [(&[Tensor], usize, &[usize]); 3] =
        [(&good[..1], 1, &[]), (&[], 0, &[]), (&[good[0].clone(), turned], 1, &[3, 5])];
    for (weights, wanted, shape) in cases {
        let error = forward(weights).unwrap_err();
        let NetError::Weights { cell, expected, found } = error else { panic!("{error}") };
        assert_eq!((cell, expected, &found[..]), (wanted, vec![5, 3], shape));
    }
}

#[test]
fn blueprints_of_the_other_kind_are_refused() {
    let registry = Registry::standard().unwrap();
    let place = Place::default();
    let space = small_space(ops(&["skip_connect"]), 1);
    let searched = Blueprint::supernet(&space, build(4, 8)).unwrap();
    let retrained = plan(&Genotype::published("DARTS_V2").unwrap(), 3, build(4, 8));
    let errors = [
        Supernet::new(&retrained, &registry, &place, &mut rng(1)).unwrap_err(),
        DerivedNetwork::new(&searched, &registry, &place, &mut rng(1)).unwrap_err(),
    ];
    let phases = errors.map(|error| match error {
        NetError::Blueprint { expected, found } => (expected, found),
        other => panic!("{other}"),
    });
    let search = Phase::Search;
    let retrain = Phase::Retrain;
    assert_eq!(phases, [(search, retrain), (retrain, search)]);
}

#[test]
fn single_precision_stays_single() {
    let plan = plan(&Genotype::published("DARTS_V2").unwrap(), 3, build(4, 8));
    let registry = Registry::standard().unwrap();
    let place = Place::default();
    let net = DerivedNetwork::new(&plan, &registry, &place, &mut rng(1)).unwrap();
    let x = images(2, 8).to_dtype(DType::F32).unwrap();
    let mut noise = rng(0);
    let mut pass = Pass { drop_path: 0.3, ..Pass::new(Mode::train(), &mut noise) };
    assert_eq!(net.forward(&x, &mut pass).unwrap().main.dtype(), DType::F32);
}

#[test]
fn the_released_order_of_execution_runs() {
    for name in Genotype::published_names() {
        let genotype = Genotype::published(name).unwrap();
        let build = dartloom_space::Build { order: NodeOrder::FirstNamed, ..build(4, 16) };
        let layers = genotype.layers().unwrap_or(4);
        let stem = dartloom_space::Stem::cifar(3);
        let chain = genotype.chain(layers, stem, None, Repeats::InTurn).unwrap();
        let net = derived(&chain_plan(&genotype, &chain, build), 1);
        let cost = net.cost();
        let counted = cost.parameters - cost.unused_parameters;
        assert_eq!(net.variables().parameter_count(), counted, "{name}");
        assert!(finite(&run(&net, &images(2, 16), Mode::train()).unwrap().main), "{name}");
    }
}

#[test]
fn errors_of_networks_pass_through_those_of_operations_and_back() {
    let error = NetError::Shuffle { groups: 3, found: vec![2] };
    let text = error.to_string();
    let outer = OpError::from(error);
    assert_eq!(outer.to_string(), text);
    assert!(matches!(NetError::from(outer), NetError::Shuffle { groups: 3, .. }));
    let op = || OpError::NoFactory { op: "mine".to_owned() };
    assert!(matches!(NetError::from(op()), NetError::Op(OpError::NoFactory { .. })));
    assert!(matches!(OpError::from(NetError::from(op())), OpError::NoFactory { .. }));
    let other = NetError::from(OpError::Model("of its own".into()));
    assert!(matches!(other, NetError::Op(OpError::Model(_))), "{other}");
}
