//! Statistics of batches whose mean is far from zero.

use candle_core::{DType, Tensor, Var};

use super::running;
use crate::norm::moments::of_batch;
use crate::norm::{BatchNormSpec, Geometry, Moments, Statistics, batch_norm};
use crate::probe::{at_every_width, gradients, random, values};
use crate::reference;

/// Images, height and width.
type Shape = (usize, usize, usize);

/// Images and sizes of planes: few values, odd ones, and many.
const SHAPES: [Shape; 9] = [
    (2, 1, 1),
    (7, 1, 1),
    (1, 1, 3),
    (4, 2, 2),
    (3, 5, 1),
    (3, 7, 7),
    (5, 8, 8),
    (2, 33, 31),
    (3, 500, 600),
];

/// Mean over deviation.
const RATIOS: [f64; 5] = [0.0, 1.0, 10.0, 100.0, 1000.0];

/// Two channels of deviation about 1 around different means, the second one's images apart.
fn batch(shape: Shape, ratio: f64) -> Tensor {
    let (images, height, width) = shape;
    let x = (random(&[images, 2, height, width], 5) * 1.7).unwrap();
    let offsets: Vec<f64> =
        (0..images).flat_map(|image| [ratio, -ratio - image as f64 / images as f64]).collect();
    let offsets = Tensor::from_vec(offsets, (images, 2, 1, 1), x.device()).unwrap();
    x.broadcast_add(&offsets).unwrap().to_dtype(DType::F32).unwrap()
}

/// Moments of a channel in double precision, by the book.
fn exact(x: &Tensor, channel: usize) -> Moments {
    let all = values(&x.narrow(1, channel, 1).unwrap());
    let count = all.len() as f64;
    let mean = all.iter().sum::<f64>() / count;
    let distances = || all.iter().map(|x| x - mean);
    let rest: f64 = distances().sum();
    let squares: f64 = distances().map(|d| d * d).sum();
    Moments { mean, variance: (squares - rest * rest / count) / count }
}

#[test]
fn pooled_moments_are_exact_to_a_millionth_at_every_width() {
    let (mean, variance) = running(2, DType::F32);
    for shape in SHAPES {
        for ratio in RATIOS {
            let x = batch(shape, ratio);
            let spec = BatchNormSpec::default();
            let statistics = Statistics::BatchOnly;
            let geometry = Geometry::new(&x, None, (&mean, &variance), statistics, spec).unwrap();
            let data: Vec<f32> = x.flatten_all().unwrap().to_vec1().unwrap();
            let expected = [exact(&x, 0), exact(&x, 1)];
            at_every_width(|set| {
                let found = of_batch(set, &geometry, &data);
                for (found, expected) in found.iter().zip(&expected) {
                    let place = format!("{set}, {shape:?}, mean {ratio}");
                    let Moments { mean, variance } = *expected;
                    let error = (found.variance - variance).abs() / variance;
                    assert!(error <= 1e-6, "{place}: {found:?}, not {expected:?}");
                    let error = (found.mean - mean).abs() / variance.sqrt();
                    assert!(error <= 1e-6, "{place}: {found:?}, not {expected:?}");
                    let inverse = expected.inverse_deviation(spec.eps);
                    let error = (found.inverse_deviation(spec.eps) - inverse).abs() / inverse;
                    assert!(error <= 1e-6, "{place}: {found:?}, not {expected:?}");
                }
            });
        }
    }
}

/// The values read by the kernels are the same in both precisions; what differs is how they add up.
#[test]
fn gradients_do_not_lose_digits_to_the_mean() {
    let gamma = random(&[2], 2);
    let beta = random(&[2], 3);
    for shape in SHAPES.into_iter().filter(|(images, height, width)| images * height * width < 3000)
    {
        for ratio in RATIOS {
            let call = |norm: super::Normalize, dtype| {
                let inputs = [batch(shape, ratio), gamma.clone(), beta.clone()];
                let inputs = inputs
                    .map(|input| input.to_dtype(DType::F32).unwrap().to_dtype(dtype).unwrap());
                gradients(&inputs, |t| {
                    let (mean, variance): (Var, Var) = running(2, dtype);
                    let affine = Some((&t[1], &t[2]));
                    let spec = BatchNormSpec { eps: 0.1, ..BatchNormSpec::default() };
                    norm(&t[0], affine, &mean, &variance, Statistics::BatchOnly, spec)
                })
            };
            let (y, expected) = call(reference::batch_norm, DType::F64);
            at_every_width(|set| {
                let (found, gradients) = call(batch_norm, DType::F32);
                let place = format!("{set}, {shape:?}, mean {ratio}");
                let tensors = std::iter::once((&found, &y)).chain(gradients.iter().zip(&expected));
                for (index, (found, expected)) in tensors.enumerate() {
                    let found = values(found);
                    let expected = values(expected);
                    let most = expected.iter().fold(1.0, |most: f64, x| most.max(x.abs()));
                    for (found, expected) in found.iter().zip(&expected) {
                        let error = (found - expected).abs() / most;
                        // A dozen roundings.
                        assert!(error <= 1e-6, "{place}: {index}: {found}, not {expected}");
                    }
                }
            });
        }
    }
}
