//! Networks of benchmarks.

use candle_core::{DType, Device, Tensor};
use dartloom_net::DerivedNetwork;
use dartloom_noise::Noise;
use dartloom_ops::{Execution, Mode, Model, Pass, Place, Registry};
use dartloom_space::{Blueprint, Build, Shape, nasbench_macro, nasbench201};

/// The logits of a training pass of the network of `plan` on made-up images.
fn logits(plan: &Blueprint, dtype: DType, execution: Execution) -> Vec<f64> {
    let registry = Registry::standard().unwrap();
    let values: Vec<f32> = (0..2 * 3 * 64).map(|i| ((i * 37 % 101) as f32 - 50.0) / 50.0).collect();
    let images = Tensor::from_vec(values, (2, 3, 8, 8), &Device::Cpu).unwrap();
    let network = |dtype| {
        let mut rng = Noise::new(1).stream("weights", 0);
        DerivedNetwork::new(plan, &registry, &Place::from(dtype), &mut rng).unwrap()
    };
    let single = network(DType::F32);
    assert_eq!(single.variables().parameter_count(), plan.cost().unwrap().parameters);
    let net = network(dtype);
    for (name, var) in net.variables().parameters() {
        let own = single.variables().parameters()[name].as_tensor();
        var.set(&own.to_dtype(dtype).unwrap()).unwrap();
    }
    let mut noise = Noise::new(1).stream("drop-path", 0);
    let mut pass = Pass { execution, ..Pass::new(Mode::train(), &mut noise) };
    let logits = net.forward(&images.to_dtype(dtype).unwrap(), &mut pass).unwrap().main;
    logits.to_dtype(DType::F64).unwrap().to_vec2().unwrap().concat()
}

/// Refuses a network with other parameters than counted, or whose fused pass errs much more than
/// its staged one. Its last norms are over eight values, which enlarges every rounding before them.
fn check_network(plan: &Blueprint) {
    let exact = logits(plan, DType::F64, Execution::Staged);
    assert_eq!(exact.len(), 20);
    let error = |execution| {
        let found = logits(plan, DType::F32, execution);
        let pairs = found.iter().zip(&exact);
        pairs.map(|(a, b)| (a - b).abs() / (1.0 + b.abs())).fold(0.0, f64::max)
    };
    let fused = error(Execution::default());
    let staged = error(Execution::Staged);
    assert!(fused < 1e-4, "fused {fused:.1e}, staged {staged:.1e}");
}

#[test]
fn the_network_of_nasbench201_is_built_as_it_is_counted() {
    let build = Build::new(4, 10, Shape::new(3, 8, 8));
    // The first architecture has no operation at all.
    for genotype in nasbench201::architectures().step_by(1733) {
        let plan = nasbench201::blueprint(&genotype, build).unwrap();
        check_network(&plan);
    }
}

#[test]
fn the_network_of_nasbench_macro_is_built_as_it_is_counted() {
    let build = Build::new(4, 10, Shape::new(3, 8, 8));
    for text in ["00000000", "12212012", "21100120"] {
        let genotype = nasbench_macro::parse(text).unwrap();
        let plan = nasbench_macro::blueprint(&genotype, build).unwrap();
        check_network(&plan);
    }
}
