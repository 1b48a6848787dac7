use candle_core::{DType, Tensor, Var};
use dartloom_kernels::testkit::{GradientCheck, check_gradients, filled};
use dartloom_net::{NetError, Setting, Supernet};
use dartloom_ops::{Execution, Mode, Pass, Place, Registry};
use dartloom_space::{
    ArchWeights, Blueprint, CellWeights, Lattice, OpSet, Space, SpaceError, Stem,
};

use crate::support::*;

/// Spaces whose networks choose among links, and one whose ports add some.
fn spaces() -> Vec<Space> {
    let two = || ops(&["skip_connect", "sep_conv_3x3"]);
    let large = || ops(&["conv2d_1", "splitconv2d_2", "depthconv2d_3"]);
    let pyramid = || Stem::pyramid(2).unwrap();
    let lattice = |lattice, nodes, stem| Space::lattice(two(), lattice, nodes, stem).unwrap();
    vec![
        Space::nested_unet(two(), 2, 1, Stem::cifar(1)).unwrap(),
        Space::darts_unet_pp(two(), 2, 1, Stem::cifar(1)).unwrap(),
        Space::auto_deeplab(two(), 3, 1, Stem::cifar(1)).unwrap(),
        lattice(Lattice::auto_deeplab(3, 2), 2, Stem::cifar(1)),
        pyramids(lattice(Lattice::auto_deeplab(2, 2), 1, Stem::cifar(1))),
        lattice(Lattice::dints(2, 2), 1, pyramid()),
        Space::resnext_unet(large(), 2, (2, 2), Stem::cifar(1)).unwrap(),
    ]
}

/// The same with pyramids before its head.
fn pyramids(space: Space) -> Space {
    space.with_network(space.network().with_rates(&[2, 6]).unwrap()).unwrap()
}

fn side(space: &Space) -> dartloom_space::Build {
    build(2, 16).for_network(space.network())
}

/// Fixed positive weights of operations, and of the links of every port that chooses.
fn linked(space: &Space, dtype: DType) -> ArchWeights<Tensor> {
    let links = space.network().choices().enumerate();
    let links = links.map(|(row, choice)| {
        let line = filled(&[choice.links], 80 + row as u64).unwrap();
        (line + 1.5).unwrap().to_dtype(dtype).unwrap()
    });
    let links = links.collect();
    let ops = |table: Tensor| CellWeights { ops: table.to_dtype(dtype).unwrap(), edges: None };
    ArchWeights { cells: tables(space).into_iter().map(ops).collect(), links }
}

fn forward(net: &Supernet, x: &Tensor, weights: &ArchWeights<Tensor>, how: Execution) -> Tensor {
    let mut noise = rng(0);
    let mut pass = Pass::new(Mode::probe(), &mut noise);
    pass.execution = how;
    net.forward(x, weights, &mut pass).unwrap().main
}

fn farthest(a: &Tensor, b: &Tensor) -> f64 {
    let pairs = values(a).into_iter().zip(values(b));
    pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
}

#[test]
fn fused_and_staged_networks_with_links_agree() {
    let registry = Registry::standard().unwrap();
    for space in spaces() {
        let plan = Blueprint::supernet(&space, side(&space)).unwrap();
        let net = Supernet::new(&plan, &registry, &Place::default(), &mut rng(3)).unwrap();
        let x = images(2, 16).to_dtype(DType::F32).unwrap();
        let weights = linked(&space, DType::F32);
        let fused = forward(&net, &x, &weights, Execution::default());
        let staged = forward(&net, &x, &weights, Execution::Staged);
        assert_eq!(fused.dims()[2..], [16, 16]);
        let off = farthest(&fused, &staged);
        assert!(off < 1e-4, "{}: {off}", space.name());
        assert!(values(&fused).iter().any(|value| value.abs() > 1e-3));
    }
}

#[test]
fn weights_of_links_have_the_gradients_of_central_differences() {
    for space in spaces() {
        let Some(choice) = space.network().choices().last() else { continue };
        let net = supernet(&Blueprint::supernet(&space, side(&space)).unwrap(), 5);
        let weights = linked(&space, DType::F64);
        let x = images(2, 16);
        let line = weights.links.last().unwrap().clone();
        assert_eq!(line.dims(), [choice.links]);
        let run = |inputs: &[Tensor]| -> Result<Tensor, NetError> {
            let mut weights = weights.clone();
            *weights.links.last_mut().unwrap() = inputs[0].clone();
            let mut noise = rng(0);
            Ok(net.forward(&x, &weights, &mut Pass::new(Mode::probe(), &mut noise))?.main)
        };
        check_gradients(&[line], GradientCheck::default(), run).unwrap();
    }
}

/// The gradients of all links' weights, fused in single precision against staged in double.
#[test]
fn fused_links_have_the_gradients_of_staged_ones() {
    let registry = Registry::standard().unwrap();
    for space in spaces() {
        let plan = Blueprint::supernet(&space, side(&space)).unwrap();
        let gradients = |dtype: DType, how: Execution| -> Vec<f64> {
            let net = Supernet::new(&plan, &registry, &Place::from(dtype), &mut rng(3)).unwrap();
            let mut weights = linked(&space, dtype);
            let vars: Vec<Var> =
                weights.links.iter().map(|line| Var::from_tensor(line).unwrap()).collect();
            weights.links = vars.iter().map(|var| var.as_tensor().clone()).collect();
            let x = images(2, 16).to_dtype(dtype).unwrap();
            let loss = forward(&net, &x, &weights, how).sqr().unwrap().mean_all().unwrap();
            let store = loss.backward().unwrap();
            vars.iter().flat_map(|var| values(store.get(var).unwrap())).collect()
        };
        let fused = gradients(DType::F32, Execution::default());
        let staged = gradients(DType::F64, Execution::Staged);
        let most = staged.iter().fold(1e-3, |most: f64, own| most.max(own.abs()));
        for (fused, staged) in fused.iter().zip(&staged) {
            assert!((fused - staged).abs() < 2e-3 * most, "{}: {fused} {staged}", space.name());
        }
    }
}

#[test]
fn a_link_of_weight_0_is_as_good_as_none() {
    let space = Space::darts_unet_pp(ops(&["skip_connect"]), 2, 1, Stem::cifar(1)).unwrap();
    let net = supernet(&Blueprint::supernet(&space, side(&space)).unwrap(), 5);
    let mut weights = linked(&space, DType::F64);
    let row = space.network().choices().position(|choice| choice.links == 2).unwrap();
    let cut = Tensor::new(&[0.0, 1.0], weights.links[row].device()).unwrap();
    weights.links[row] = cut.to_dtype(DType::F64).unwrap();
    let x = images(1, 16);
    let constant = forward(&net, &x, &weights, Execution::Staged);
    weights.links[row] = Var::from_tensor(&weights.links[row]).unwrap().as_tensor().clone();
    let learnt = forward(&net, &x, &weights, Execution::Staged);
    assert!(farthest(&constant, &learnt) < 1e-12);
}

#[test]
fn weights_of_other_links_are_refused() {
    let space = Space::nested_unet(ops(&["skip_connect"]), 2, 1, Stem::cifar(1)).unwrap();
    let net = supernet(&Blueprint::supernet(&space, side(&space)).unwrap(), 5);
    let refused = |links: Vec<Tensor>| {
        let weights = ArchWeights { links, ..linked(&space, DType::F64) };
        let mut noise = rng(0);
        let error =
            net.forward(&images(1, 16), &weights, &mut Pass::new(Mode::probe(), &mut noise));
        let error = error.unwrap_err();
        assert!(matches!(&error, NetError::Links { expected, .. } if *expected == [2]), "{error}");
    };
    refused(Vec::new());
    refused(vec![filled(&[3], 1).unwrap()]);
    refused(vec![filled(&[2], 1).unwrap(), filled(&[2], 1).unwrap()]);
}

#[test]
fn random_architectures_with_links_run_and_open_choices_are_refused() {
    let registry = Registry::standard().unwrap();
    for space in spaces() {
        let setting = Setting::new(&space, &registry, side(&space));
        for seed in 0..4 {
            let genotype = space.sample(2, &mut rng(seed));
            space.admit(&genotype).unwrap();
            let net = setting.derive(&genotype, &dartloom_net::NetworkSize::default(), &mut rng(1));
            let x = images(2, 16).to_dtype(DType::F32).unwrap();
            let output = run(&net.unwrap(), &x, Mode::eval()).unwrap();
            assert_eq!(output.main.dims(), [2, 5, 16, 16]);
        }
        let open = space.genotype(space.sample(2, &mut rng(5)).cells().to_vec()).unwrap();
        let all = OpSet::builtin("all").unwrap();
        let plan = Blueprint::derived(&open, space.network(), &all, side(&space));
        let chooses = space.network().choices().next().is_some();
        assert_eq!(matches!(plan, Err(SpaceError::OpenChoice { .. })), chooses);
    }
}
