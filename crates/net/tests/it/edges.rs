//! Weights of whole edges.

use candle_core::{DType, Device, Tensor};
use dartloom_kernels::testkit::{GradientCheck, check_gradients, filled};
use dartloom_net::{NetError, Supernet};
use dartloom_ops::{Execution, Pass};
use dartloom_ops::{Mode, Place, Registry};
use dartloom_space::{ArchWeights, Blueprint, Build, CellWeights, Space};

use crate::support::*;

const OPS: [&str; 4] = ["none", "skip_connect", "max_pool_3x3", "sep_conv_3x3"];

fn plan(space: &Space, channels: usize, partial: usize) -> Blueprint {
    Blueprint::supernet(space, Build { partial, ..build(channels, 8) }).unwrap()
}

/// Weights of operations and of edges.
fn with_edges(space: &Space, seed: u64) -> ArchWeights<Tensor> {
    let mut weights = weights(space);
    for (cell, seed) in weights.cells.iter_mut().zip(seed..) {
        let own = (filled(&[cell.ops.dim(0).unwrap()], seed).unwrap() + 1.2).unwrap();
        cell.edges = Some(own);
    }
    weights
}

/// All tensors of weights, cell by cell.
fn flat(weights: &ArchWeights<Tensor>) -> Vec<Tensor> {
    weights.cells.iter().flat_map(|cell| [cell.ops.clone(), cell.edges.clone().unwrap()]).collect()
}

/// The weights that [`flat`] took apart.
fn arch(flat: &[Tensor]) -> ArchWeights<Tensor> {
    let cell = |pair: &[Tensor]| CellWeights { ops: pair[0].clone(), edges: Some(pair[1].clone()) };
    ArchWeights { cells: flat.chunks(2).map(cell).collect(), links: Vec::new() }
}

fn logits(net: &Supernet, weights: &ArchWeights<Tensor>) -> Tensor {
    let mut noise = rng(0);
    let mut pass = Pass::new(Mode::probe(), &mut noise);
    net.forward(&images(2, 8), weights, &mut pass).unwrap().main
}

#[test]
fn without_partial_channels_the_weight_of_an_edge_is_a_factor_of_its_operations() {
    let space = small_space(ops(&OPS), 2);
    let net = supernet(&plan(&space, 4, 1), 1);
    let weighed = with_edges(&space, 30);
    let product = |cell: &CellWeights<Tensor>| {
        let edges = cell.edges.as_ref().unwrap().unsqueeze(1).unwrap();
        cell.ops.broadcast_mul(&edges).unwrap()
    };
    let products = ArchWeights::of_ops(weighed.cells.iter().map(product));
    assert_eq!(values(&logits(&net, &weighed)), values(&logits(&net, &products)));
}

#[test]
fn what_passes_operations_by_is_weighed_too() {
    let space = small_space(ops(&OPS), 1);
    let net = supernet(&plan(&space, 4, 2), 1);
    let with = |factor: f64| {
        let mut weights = weights(&space);
        for cell in &mut weights.cells {
            let rows = cell.ops.dim(0).unwrap();
            let ones = Tensor::ones(rows, DType::F64, &Device::Cpu).unwrap();
            cell.edges = Some((ones * factor).unwrap());
        }
        weights
    };
    // Edges of weight 1 are as good as none.
    assert_eq!(values(&logits(&net, &with(1.0))), values(&logits(&net, &weights(&space))));
    // Edges of weight 0 cut the network: what is left is the bias of the classifier.
    let cut = logits(&net, &with(0.0));
    let [first, second] = [0, 1].map(|image| values(&cut.get(image).unwrap()));
    assert_eq!(first, second);
}

#[test]
fn gradients_of_edges_equal_differences() {
    for partial in [1, 2] {
        let space = small_space(ops(&OPS), 2);
        let net = supernet(&plan(&space, 4, partial), 1);
        let x = images(2, 8);
        check_gradients(&flat(&with_edges(&space, 40)), GradientCheck::default(), |weights| {
            let mut noise = rng(0);
            let mut pass = Pass::new(Mode::probe(), &mut noise);
            net.forward(&x, &arch(weights), &mut pass).map(|output| output.main)
        })
        .unwrap();
    }
}

/// One operation per cell in single precision against operation after operation.
#[test]
fn fused_and_staged_agree() {
    for partial in [1, 4] {
        let space = small_space(ops(&OPS), 2);
        let registry = Registry::standard().unwrap();
        let mut draw = rng(1);
        let place = Place::default();
        let plan = plan(&space, 8, partial);
        let net = Supernet::new(&plan, &registry, &place, &mut draw).unwrap();
        let x = images(3, 8).to_dtype(DType::F32).unwrap();
        let run = |execution: Execution| {
            let vars: Vec<candle_core::Var> = flat(&with_edges(&space, 50))
                .iter()
                .map(|table| candle_core::Var::from_tensor(&table.to_dtype(DType::F32).unwrap()))
                .collect::<Result<_, _>>()
                .unwrap();
            let weights: Vec<Tensor> = vars.iter().map(|var| var.as_tensor().clone()).collect();
            let mut noise = rng(0);
            let mut pass = Pass::new(Mode::probe(), &mut noise);
            pass.execution = execution;
            let y = net.forward(&x, &arch(&weights), &mut pass).unwrap().main;
            let gradients = y.sqr().unwrap().sum_all().unwrap().backward().unwrap();
            let gradients = vars.iter().map(|var| values(gradients.get(var).unwrap()));
            (values(&y), gradients.collect::<Vec<_>>())
        };
        let fused = run(Execution::default());
        let staged = run(Execution::Staged);
        let close = |found: &[f64], expected: &[f64]| {
            let scale = expected.iter().fold(1e-3, |most: f64, value| most.max(value.abs()));
            for (found, expected) in found.iter().zip(expected) {
                // Sums of single precision through two cells.
                assert!((found - expected).abs() < 2e-4 * scale, "{found} {expected}");
            }
        };
        close(&fused.0, &staged.0);
        for (fused, staged) in fused.1.iter().zip(&staged.1) {
            close(fused, staged);
        }
    }
}

#[test]
fn weights_of_other_edges_and_of_links_are_refused() {
    let space = small_space(ops(&OPS), 1);
    let net = supernet(&plan(&space, 4, 1), 1);
    let forward = |weights: &ArchWeights<Tensor>| {
        let mut noise = rng(0);
        let mut pass = Pass::new(Mode::probe(), &mut noise);
        net.forward(&images(2, 8), weights, &mut pass).unwrap_err()
    };
    let mut wide = with_edges(&space, 30);
    let ops = wide.cells[0].ops.clone();
    wide.cells[0].ops = Tensor::cat(&[&ops, &ops.narrow(1, 0, 1).unwrap()], 1).unwrap();
    let error = forward(&wide);
    assert!(matches!(error, NetError::Weights { cell: 0, .. }), "{error}");
    let mut short = with_edges(&space, 30);
    let edges = short.cells[0].edges.clone().unwrap();
    short.cells[0].edges = Some(edges.narrow(0, 0, 1).unwrap());
    let error = forward(&short);
    let NetError::Weights { cell: 0, expected, found } = error else { panic!("{error}") };
    assert_eq!((expected, found), (vec![edges.dim(0).unwrap()], vec![1]));
    let linked = ArchWeights { links: vec![edges], ..with_edges(&space, 30) };
    assert!(matches!(forward(&linked), NetError::Links { .. }));
}
