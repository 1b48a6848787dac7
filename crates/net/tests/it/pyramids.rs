//! The head with pyramids, beside the convolution of a concatenation in plain tensors.

use std::collections::BTreeMap;

use candle_core::{D, DType, Tensor};
use dartloom_ops::{Mode, Pass};
use dartloom_space::{
    Blueprint, CellGraph, CellSpec, Head, Network, Placement, Port, Resize, Source, Space, Stem,
};

use crate::support::*;

/// A head that reads the only part of the stem, beside a cell that counts for nothing.
fn space(rates: &[usize]) -> Space {
    let stem = Source::Stem(0);
    let ports = vec![Port::one(stem), Port::one(stem)];
    let placement = Placement { cell: Some(0), width: 1, level: 0, reduction: false, ports };
    let head = Head::per_pixel(vec![stem], Resize::Bilinear);
    let network = Network::new(Stem::cifar(1), vec![placement], head, None).unwrap();
    let network = network.with_rates(rates).unwrap();
    let cell = CellSpec { name: "cell".to_owned(), graph: CellGraph::darts(1).unwrap() };
    Space::new("pyramid", ops(&["skip_connect"]), vec![cell], network).unwrap()
}

/// Batch norm with the statistics of the batch, then ReLU.
fn normed(x: &Tensor, vars: &BTreeMap<String, Tensor>, name: &str) -> Tensor {
    let channels = x.dim(1).unwrap();
    let flat = x.transpose(0, 1).unwrap().flatten_from(1).unwrap();
    let mean = flat.mean_keepdim(D::Minus1).unwrap();
    let apart = flat.broadcast_sub(&mean).unwrap();
    let variance = apart.sqr().unwrap().mean_keepdim(D::Minus1).unwrap();
    let wide = |t: &Tensor| t.reshape((1, channels, 1, 1)).unwrap();
    let scale = (variance + 1e-5).unwrap().sqrt().unwrap();
    let x = x.broadcast_sub(&wide(&mean)).unwrap().broadcast_div(&wide(&scale)).unwrap();
    let x = x.broadcast_mul(&wide(&vars[&format!("{name}.weight")])).unwrap();
    let x = x.broadcast_add(&wide(&vars[&format!("{name}.bias")])).unwrap();
    x.relu().unwrap()
}

#[test]
fn the_head_is_the_convolution_of_a_concatenation() {
    let rates = [1, 3, 20];
    let space = space(&rates);
    let plan = Blueprint::supernet(&space, build(4, 8).for_network(space.network())).unwrap();
    let net = supernet(&plan, 1);
    assert_eq!(net.variables().parameter_count(), net.cost().parameters);
    let mut stem: Option<Tensor> = None;
    let mut watch = |place: &dyn std::fmt::Display, value: &Tensor| {
        if place.to_string() == "stem part 0" {
            stem = Some(value.clone());
        }
        Ok(())
    };
    let mut noise = rng(0);
    let mut pass = Pass::new(Mode::probe(), &mut noise);
    pass.watch = Some(&mut watch);
    let output = net.forward(&images(2, 8), &weights(&space), &mut pass).unwrap().main;
    let x = stem.unwrap();
    let vars = net.variables().snapshot().unwrap();
    let conv = |x: &Tensor, name: &str, rate: usize| {
        let kernel = &vars[&format!("{name}.weight")];
        let padding = if kernel.dim(3).unwrap() == 1 { 0 } else { rate };
        x.conv2d(kernel, padding, 1, rate, 1).unwrap()
    };
    let mut features = vec![normed(&conv(&x, "head.0.0", 1), &vars, "head.0.1")];
    for (index, rate) in rates.into_iter().enumerate() {
        let branch = format!("head.{}", index + 1);
        let dilated = conv(&x, &format!("{branch}.0"), rate);
        features.push(normed(&dilated, &vars, &format!("{branch}.1")));
    }
    let mean = x.mean_keepdim((2, 3)).unwrap();
    let pooled = conv(&mean, "head.4.1", 1).broadcast_as(x.shape()).unwrap();
    features.push(normed(&pooled.contiguous().unwrap(), &vars, "head.4.3"));
    let last = ["head.0.3", "head.1.3", "head.2.3", "head.3.3", "head.4.5"];
    let last: Vec<&Tensor> = last.iter().map(|name| &vars[&format!("{name}.weight")]).collect();
    let joined = Tensor::cat(&features, 1).unwrap();
    let expected = joined.conv2d(&Tensor::cat(&last, 1).unwrap(), 0, 1, 1, 1).unwrap();
    assert_eq!(output.dims(), [2, 5, 8, 8]);
    assert_eq!(output.dtype(), DType::F64);
    for (found, expected) in values(&output).into_iter().zip(values(&expected)) {
        approx::assert_relative_eq!(found, expected, epsilon = 1e-9);
    }
}

/// The mean over the plane has one value for a batch of one, which no norm could divide by.
#[test]
fn a_batch_of_one_is_learnt_from() {
    let space = space(&[2]);
    let plan = Blueprint::supernet(&space, build(4, 8).for_network(space.network())).unwrap();
    let net = supernet(&plan, 1);
    let mut noise = rng(0);
    let mut pass = Pass::new(Mode::train(), &mut noise);
    let output = net.forward(&images(1, 8), &weights(&space), &mut pass).unwrap();
    assert!(finite(&output.main));
    assert!(net.variables().snapshot().unwrap().values().all(finite));
}
