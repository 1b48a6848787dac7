//! Scores that would be meaningless.

use candle_core::DType;
use dartloom_data::TargetSpec;
use dartloom_noise::Noise;
use dartloom_space::{Build, Layer, Shape, nasbench201};

use super::super::*;
use super::tiny::{Tiny, batch, classes, given, linear, pointwise, snapshot};

const ONE: &[f64] = &[1.0, -0.5];
const TWO: &[f64] = &[-0.3, 2.0];
const CLASSES: TargetSpec = TargetSpec::Class { classes: 3 };

fn refused(score: &dyn ZeroCostScore, network: &Tiny) -> ZeroCostError {
    score
        .score(&given(network, &batch(&[ONE, TWO], &[0, 1], DType::F64)), Noise::new(0))
        .unwrap_err()
}

#[test]
fn networks_without_what_a_score_reads() {
    let linear = Tiny::new(&[linear(2, 2)], DType::F64);
    for score in [&Naswot as &dyn ZeroCostScore, &LinearRegions] {
        let error = refused(score, &linear);
        assert!(matches!(error, ZeroCostError::NoLayer { layer: "ReLU", .. }), "{error}");
    }
    let empty = Tiny::new(&[Layer::Relu], DType::F64);
    for name in ["synflow", "snip", "grasp", "fisher", "grad_norm", "ntk", "zen"] {
        let error = refused(&*by_name(name).unwrap(), &empty);
        assert!(matches!(error, ZeroCostError::NoWeights { score } if score == name), "{error}");
    }
}

#[test]
fn networks_that_ignore_their_input() {
    let blind = || {
        Tiny::new(&[linear(2, 3), Layer::Relu, linear(3, 2)], DType::F64)
            .with("0.weight", &[0.0; 6])
            .with("0.bias", &[1.0, 2.0, 3.0])
    };
    for name in names().iter().filter(|name| **name != "zen") {
        let error = refused(&*by_name(name).unwrap(), &blind());
        assert!(matches!(error, ZeroCostError::Constant { score } if score == *name), "{error}");
    }
    // Zen draws weights of its own; only without a path are features constant.
    let cut = Layer::Zero { stride: dartloom_space::Pair::both(1) };
    let error = refused(&Zen::default(), &Tiny::new(&[cut, linear(2, 2)], DType::F64));
    assert!(matches!(error, ZeroCostError::Constant { score: "zen" }), "{error}");
}

#[test]
fn values_that_are_not_finite() {
    for bad in [f64::NAN, f64::INFINITY] {
        let spoilt = || {
            Tiny::new(&[linear(2, 2), Layer::Relu, linear(2, 2)], DType::F64)
                .with("2.bias", &[bad, 0.0])
        };
        for name in names() {
            let error = refused(&*by_name(name).unwrap(), &spoilt());
            assert!(matches!(error, ZeroCostError::NotFinite { .. }), "{name}: {error}");
        }
    }
}

#[test]
fn images_that_look_alike_to_the_relus() {
    let model = Tiny::new(&[linear(2, 2), Layer::Relu, linear(2, 2)], DType::F64)
        .with("0.weight", &[1.0, 0.0, 0.0, 1.0])
        .with("0.bias", &[0.0, 0.0]);
    let images = batch(&[&[1.0, 2.0], &[3.0, 4.0]], &[0, 1], DType::F64);
    let error = Naswot.score(&given(&model, &images), Noise::new(0)).unwrap_err();
    assert!(matches!(error, ZeroCostError::Singular { images: 2, .. }), "{error}");
}

#[test]
fn kernels_without_a_condition_number() {
    // Four images in a space of two weights and a bias for each class.
    let model = Tiny::new(&[linear(2, 2)], DType::F64);
    let images: [&[f64]; 4] = [&[1.0, 2.0], &[3.0, 4.0], &[-1.0, 0.5], &[0.2, 0.9]];
    let images = batch(&images, &[0, 1, 0, 1], DType::F64);
    let error = NtkCondition.score(&given(&model, &images), Noise::new(0)).unwrap_err();
    assert!(matches!(error, ZeroCostError::Singular { images: 4, .. }), "{error}");
}

#[test]
fn gradients_that_cancel_behind_a_norm() {
    let norm = Layer::Norm { channels: 2, affine: true };
    let layers = [pointwise(1, 2), norm, Layer::GlobalAvgPool, linear(2, 2)];
    let error = refused(&JacobianCovariance, &Tiny::new(&layers, DType::F64));
    assert!(matches!(error, ZeroCostError::Cancelled { .. }), "{error}");
}

#[test]
fn too_few_images_and_other_outputs() {
    let model = Tiny::new(&[linear(2, 2), Layer::Relu, linear(2, 2)], DType::F64);
    let one = batch(&[ONE], &[0], DType::F64);
    for score in [&Snip as &dyn ZeroCostScore, &Naswot, &JacobianCovariance, &NtkCondition] {
        let error = score.score(&given(&model, &one), Noise::new(0)).unwrap_err();
        assert!(matches!(error, ZeroCostError::Batch { expected: 2, found: 1, .. }), "{error}");
    }
    let mut images = batch(&[ONE, TWO], &[0, 1], DType::F64);
    images.targets = images.targets.narrow(0, 0, 1).unwrap();
    let error = Snip.score(&given(&model, &images), Noise::new(0)).unwrap_err();
    assert!(matches!(error, ZeroCostError::Train(_)), "{error}");
}

#[test]
fn a_refusal_leaves_the_network_as_it_was() {
    let cut = Layer::Zero { stride: dartloom_space::Pair::both(1) };
    let model = Tiny::new(&[cut, linear(2, 2)], DType::F64);
    let before = snapshot(&model);
    for name in names() {
        assert!(
            by_name(name)
                .unwrap()
                .score(&given(&model, &batch(&[ONE, TWO], &[0, 1], DType::F64)), Noise::new(0))
                .is_err()
        );
        assert_eq!(snapshot(&model), before, "{name}");
    }
}

#[test]
fn an_architecture_without_a_path_is_refused_by_every_score() {
    let none = nasbench201::parse("|none~0|+|none~0|none~1|+|none~0|none~1|none~2|").unwrap();
    let build = Build::new(2, 3, Shape::new(1, 8, 8));
    let plan = nasbench201::blueprint(&none, build).unwrap();
    let registry = dartloom_ops::Registry::standard().unwrap();
    let subject = Subject { plan: &plan, registry: &registry, task: &classes(3) };
    for name in names() {
        let score = by_name(name).unwrap();
        let draw = &mut |noise| random_batch(build, CLASSES, 4, noise);
        let error = scored(&*score, &subject, draw, 0..1).unwrap_err();
        assert!(matches!(error, ZeroCostError::Constant { .. }), "{name}: {error}");
    }
}

#[test]
fn names_and_seeds_that_are_missing() {
    let error = by_name("accuracy").unwrap_err().to_string();
    assert!(error.starts_with("unknown score `accuracy`; known are synflow, snip"), "{error}");
    let build = Build::new(2, 3, Shape::new(1, 8, 8));
    let genotype = nasbench201::architectures().last().unwrap();
    let plan = nasbench201::blueprint(&genotype, build).unwrap();
    let registry = dartloom_ops::Registry::standard().unwrap();
    let subject = Subject { plan: &plan, registry: &registry, task: &classes(3) };
    let none = scored(&Naswot, &subject, &mut |noise| random_batch(build, CLASSES, 4, noise), 3..3);
    assert!(matches!(none, Err(ZeroCostError::NoSeeds { score: "naswot" })));
}

#[test]
fn batches_that_cannot_be_made() {
    let build = Build::new(4, 10, Shape::new(3, 8, 8));
    let error =
        |targets, size| random_batch(build, targets, size, Noise::new(0)).unwrap_err().to_string();
    for size in [0, 1 << 60, usize::MAX] {
        let expected =
            format!("batch: expected images of 3x8x8 that can be addressed, found {size}");
        assert_eq!(error(CLASSES, size), expected);
    }
    let classes = |classes| TargetSpec::Class { classes };
    assert_eq!(error(classes(0), 2), "classes: expected from 1 to 4294967295, found 0");
    assert_eq!(
        error(classes(1 << 32), 2),
        "classes: expected from 1 to 4294967295, found 4294967296"
    );
    assert_eq!(error(TargetSpec::Labels(0), 2), "labels: expected from 1 to 4294967295, found 0");
    assert!(error(TargetSpec::Values(1 << 31), 1 << 40).starts_with("values: expected"));
    let data = dartloom_data::digits().train;
    let size = dartloom_data::Dataset::len(&data) + 1;
    let error = dataset_batch(&data, size, Noise::new(0)).unwrap_err().to_string();
    assert_eq!(
        error,
        format!("batch: expected at most {}, the images of the data set, found {size}", size - 1)
    );
}

/// The loss is then 0, which is not a score.
#[test]
fn outputs_that_are_not_the_tasks_are_refused_by_the_task() {
    for name in ["snip", "grasp", "fisher", "grad_norm"] {
        let network = Tiny::new(&[linear(2, 2), Layer::Relu, linear(2, 1)], DType::F64);
        let batch = batch(&[ONE, TWO], &[0, 0], DType::F64);
        let error =
            by_name(name).unwrap().score(&given(&network, &batch), Noise::new(0)).unwrap_err();
        assert!(error.to_string().starts_with("classification: expected"), "{name}: {error}");
    }
}

/// More images need more memory, and the memory that a score keeps besides its passes counts.
#[test]
fn memory_is_known_before_anything_is_computed() {
    let build = Build::new(4, 10, Shape::new(3, 8, 8));
    let genotype = nasbench201::architectures().last().unwrap();
    let plan = nasbench201::blueprint(&genotype, build).unwrap();
    let registry = dartloom_ops::Registry::standard().unwrap();
    let subject = Subject { plan: &plan, registry: &registry, task: &classes(3) };
    for name in names() {
        let score = by_name(name).unwrap();
        let total = |batch| memory(&*score, &subject, batch).unwrap().total();
        let images = |batch: u64| batch * 3 * 64 * score.dtype().size_in_bytes() as u64;
        match score.reads() {
            Reads::Shape => assert_eq!(total(8), total(1 << 20), "{name}"),
            _ => assert!(total(1 << 20) > total(8) + images(1 << 20), "{name}"),
        }
    }
    // A kernel of 2^17 x 2^17 numbers in double precision.
    let total = memory(&Naswot, &subject, 1 << 17).unwrap().total();
    let without = memory(&LinearRegions, &subject, 1 << 17).unwrap().total();
    assert_eq!(total - without, 1 << 37);
    let error = memory(&Naswot, &subject, usize::MAX).unwrap_err().to_string();
    assert!(error.contains("expected less than 16 PiB"), "{error}");
}
