//! Networks of benchmarks.

use candle_core::{Device, Tensor};
use dartloom_net::DerivedNetwork;
use dartloom_noise::Noise;
use dartloom_ops::{Execution, Mode, Model, Pass, Place, Registry};
use dartloom_space::{Blueprint, Build, Shape, nasbench_macro, nasbench201};

/// Refuses a network with other parameters than counted, or whose fused and staged passes differ.
fn check_network(plan: &Blueprint) {
    let registry = Registry::standard().unwrap();
    let values: Vec<f32> = (0..2 * 3 * 64).map(|i| ((i * 37 % 101) as f32 - 50.0) / 50.0).collect();
    let images = Tensor::from_vec(values, (2, 3, 8, 8), &Device::Cpu).unwrap();
    let run = |execution| {
        let mut rng = Noise::new(1).stream("weights", 0);
        let net = DerivedNetwork::new(plan, &registry, &Place::default(), &mut rng).unwrap();
        assert_eq!(net.variables().parameter_count(), plan.cost().unwrap().parameters);
        let mut noise = Noise::new(1).stream("drop-path", 0);
        let mut pass = Pass { execution, ..Pass::new(Mode::train(), &mut noise) };
        let logits = net.forward(&images, &mut pass).unwrap().main;
        logits.to_vec2::<f32>().unwrap().concat()
    };
    let fused = run(Execution::default());
    let staged = run(Execution::Staged);
    assert_eq!(fused.len(), 20);
    let close = |(a, b): (&f32, &f32)| (a - b).abs() < 1e-4 * (1.0 + b.abs());
    assert!(fused.iter().zip(&staged).all(close), "{fused:?} and {staged:?}");
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
