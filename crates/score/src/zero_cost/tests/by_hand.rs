//! Every score compared with an independent calculation.

use approx::assert_relative_eq;
use candle_core::{DType, Tensor};
use dartloom_data::{Batch, TargetSpec};
use dartloom_noise::Noise;
use dartloom_ops::{Mode, Model};
use dartloom_space::Layer;

use super::super::passes::{host, logits};
use super::super::*;
use super::tiny::{Tiny, batch, classes, given, linear, pointwise};

fn score(score: &dyn ZeroCostScore, network: &dyn Model, batch: &Batch) -> f64 {
    score.score(&given(network, batch), Noise::new(4)).unwrap()
}

/// The ReLUs switch as the signs of the pixels.
fn signs(pixels: usize) -> Tiny {
    let layers = [linear(pixels, pixels), Layer::Relu, linear(pixels, 2)];
    let eye = (0..pixels * pixels).map(|at| f64::from(at % (pixels + 1) == 0));
    Tiny::new(&layers, DType::F64)
        .with("0.weight", &eye.collect::<Vec<_>>())
        .with("0.bias", &vec![0.0; pixels])
}

#[test]
fn naswot_of_three_codes() {
    // Codes 11, 10 and 01: K = [2 1 1; 1 2 0; 1 0 2], determinant 4.
    let images: [&[f64]; 3] = [&[1.0, 2.0], &[3.0, -1.0], &[-0.5, 1.0]];
    let batch = batch(&images, &[0, 1, 0], DType::F64);
    assert_relative_eq!(score(&Naswot, &signs(2), &batch), 4.0_f64.ln(), epsilon = 1e-12);
}

#[test]
fn codes_of_more_than_a_word_equal_counting_one_by_one() {
    let pixels = 70;
    let draw = |image: usize, pixel: usize| ((image * 31 + pixel * 17) % 23) as f64 - 11.5;
    let images: Vec<Vec<f64>> =
        (0..4).map(|image| (0..pixels).map(|pixel| draw(image, pixel)).collect()).collect();
    let rows: Vec<&[f64]> = images.iter().map(Vec::as_slice).collect();
    let batch = batch(&rows, &[0, 1, 0, 1], DType::F64);
    let alike = |a: &[f64], b: &[f64]| {
        a.iter().zip(b).filter(|(a, b)| (**a > 0.0) == (**b > 0.0)).count() as f64
    };
    let kernel: Vec<Vec<f64>> =
        images.iter().map(|a| images.iter().map(|b| alike(a, b)).collect()).collect();
    let expected = super::super::symmetric::log_determinant(&kernel).unwrap();
    assert_relative_eq!(score(&Naswot, &signs(pixels), &batch), expected, epsilon = 1e-12);
}

#[test]
fn linear_regions_are_different_codes() {
    let images: [&[f64]; 5] = [&[1.0, 2.0], &[3.0, -1.0], &[5.0, 0.1], &[-2.0, -1.0], &[4.0, -3.0]];
    let batch = batch(&images, &[0, 1, 0, 1, 0], DType::F64);
    assert_relative_eq!(score(&LinearRegions, &signs(2), &batch), 3.0);
}

/// Softmax regression: its weights, and the gradient of the mean cross-entropy by them.
struct Regression {
    images: Vec<Vec<f64>>,
    labels: Vec<usize>,
    bias: Vec<f64>,
}

impl Regression {
    fn new() -> Self {
        let images = vec![vec![1.0, -2.0, 0.5], vec![0.3, 0.7, -1.1], vec![-0.4, 0.2, 2.0]];
        Self { images, labels: vec![1, 0, 1], bias: vec![0.2, -0.1] }
    }

    fn weights() -> Vec<f64> {
        vec![0.4, -0.3, 0.8, -0.6, 0.1, 0.5]
    }

    fn model(&self) -> Tiny {
        let model = Tiny::new(&[linear(3, 2)], DType::F64);
        model.with("0.weight", &Self::weights()).with("0.bias", &self.bias)
    }

    fn batch(&self) -> Batch {
        let images: Vec<&[f64]> = self.images.iter().map(Vec::as_slice).collect();
        let labels: Vec<u32> = self.labels.iter().map(|&label| label as u32).collect();
        batch(&images, &labels, DType::F64)
    }

    fn logits(&self, weights: &[f64], image: usize) -> [f64; 2] {
        [0, 1].map(|class| {
            let row = &weights[3 * class..3 * class + 3];
            let sum: f64 = row.iter().zip(&self.images[image]).map(|(w, x)| w * x).sum();
            sum + self.bias[class]
        })
    }

    /// `(p_c - [c = label]) / images`.
    fn errors(&self, weights: &[f64], image: usize) -> [f64; 2] {
        let powers = self.logits(weights, image).map(f64::exp);
        [0, 1].map(|class| {
            let hit = f64::from(class == self.labels[image]);
            (powers[class] / (powers[0] + powers[1]) - hit) / self.images.len() as f64
        })
    }

    fn gradient(&self, weights: &[f64]) -> Vec<f64> {
        let mut gradient = vec![0.0; 6];
        for (image, pixels) in self.images.iter().enumerate() {
            let errors = self.errors(weights, image);
            for (at, value) in gradient.iter_mut().enumerate() {
                *value += errors[at / 3] * pixels[at % 3];
            }
        }
        gradient
    }
}

#[test]
fn snip_and_gradient_norm_of_softmax_regression() {
    let regression = Regression::new();
    let weights = Regression::weights();
    let gradient = regression.gradient(&weights);
    let model = regression.model();
    let batch = regression.batch();
    let products = weights.iter().zip(&gradient).map(|(w, g)| (w * g).abs());
    assert_relative_eq!(score(&Snip, &model, &batch), products.sum::<f64>(), epsilon = 1e-12);
    let norm = gradient.iter().map(|g| g * g).sum::<f64>().sqrt();
    assert_relative_eq!(score(&GradNorm, &model, &batch), norm, epsilon = 1e-12);
}

#[test]
fn grasp_of_softmax_regression() {
    let regression = Regression::new();
    let weights = Regression::weights();
    let gradient = regression.gradient(&weights);
    // H = sum_b (diag(p) - p p^T) (x) x x^T / B, so (H g)_c = sum_b x p_c (g_c.x - sum_k p_k
    // g_k.x).
    let mut expected = 0.0;
    for (image, pixels) in regression.images.iter().enumerate() {
        let powers = regression.logits(&weights, image).map(f64::exp);
        let shares = powers.map(|power| power / (powers[0] + powers[1]));
        let along = [0, 1].map(|class| {
            let row = &gradient[3 * class..3 * class + 3];
            row.iter().zip(pixels).map(|(g, x)| g * x).sum::<f64>()
        });
        let mean = shares[0] * along[0] + shares[1] * along[1];
        for class in 0..2 {
            let factor = shares[class] * (along[class] - mean) / regression.images.len() as f64;
            let row = &weights[3 * class..3 * class + 3];
            expected -= factor * row.iter().zip(pixels).map(|(w, x)| w * x).sum::<f64>();
        }
    }
    let found = score(&Grasp, &regression.model(), &regression.batch());
    // A central difference over 0.01 is exact to its square.
    assert_relative_eq!(found, expected, max_relative = 1e-3);
    assert!(expected.abs() > 1e-2, "{expected}");
}

#[test]
fn fisher_of_a_fully_connected_layer() {
    let regression = Regression::new();
    let weights = Regression::weights();
    let mut expected = 0.0;
    for image in 0..3 {
        let logits = regression.logits(&weights, image);
        let errors = regression.errors(&weights, image);
        for class in 0..2 {
            expected += (logits[class] * errors[class]).powi(2) / 3.0 / 2.0;
        }
    }
    let found = score(&Fisher, &regression.model(), &regression.batch());
    assert_relative_eq!(found, expected, epsilon = 1e-12);
}

#[test]
fn fisher_adds_up_the_positions_of_a_channel_before_it_squares() {
    let layers = [pointwise(1, 1), Layer::GlobalAvgPool, linear(1, 2)];
    let model = Tiny::new(&layers, DType::F64)
        .with("0.weight", &[0.7])
        .with("2.weight", &[1.5, -0.5])
        .with("2.bias", &[0.1, 0.3]);
    let images: [&[f64]; 2] = [&[1.0, 3.0], &[-2.0, 0.5]];
    let labels = [0, 1];
    let mut expected = 0.0;
    for (pixels, label) in images.iter().zip(labels) {
        let activations = [0.7 * pixels[0], 0.7 * pixels[1]];
        let pooled = (activations[0] + activations[1]) / 2.0;
        let logits = [1.5 * pooled + 0.1, -0.5 * pooled + 0.3];
        let powers = logits.map(f64::exp);
        let errors = [0, 1].map(|class| {
            (powers[class] / (powers[0] + powers[1]) - f64::from(class == label)) / 2.0
        });
        // By each position: half of what the pooled value gets.
        let by_position = (1.5 * errors[0] - 0.5 * errors[1]) / 2.0;
        let channel = (activations[0] + activations[1]) * by_position;
        expected += channel.powi(2) / 2.0 / 2.0;
        for class in 0..2 {
            expected += (logits[class] * errors[class]).powi(2) / 2.0 / 2.0;
        }
    }
    let batch = batch(&images, &labels.map(|label| label as u32), DType::F64);
    assert_relative_eq!(score(&Fisher, &model, &batch), expected, epsilon = 1e-12);
}

#[test]
fn jacobian_covariance_of_two_codes() {
    // Sums of the last layer's columns are 1, 2 and 4: gradients (1, 2, 0) and (0, 2, 4), whose
    // correlation is -1/2, and eigenvalues 1/2 and 3/2.
    let model = signs(3).with("2.weight", &[0.5, 1.0, 3.0, 0.5, 1.0, 1.0]);
    let images: [&[f64]; 2] = [&[1.0, 1.0, -1.0], &[-1.0, 1.0, 1.0]];
    let term = |v: f64| (v + 1e-5).ln() + 1.0 / (v + 1e-5);
    let expected = -(term(0.5) + term(1.5));
    let found = score(&JacobianCovariance, &model, &batch(&images, &[0, 1], DType::F64));
    assert_relative_eq!(found, expected, epsilon = 1e-9);
}

#[test]
fn condition_number_of_a_linear_model() {
    let regression = Regression::new();
    // d y_i / dW is x_i for either class, d y_i / db is 1.
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let images = &regression.images[..2];
    let entry = |i: usize, j: usize| 2.0 * (dot(&images[i], &images[j]) + 1.0);
    let trace = entry(0, 0) + entry(1, 1);
    let det = entry(0, 0) * entry(1, 1) - entry(0, 1).powi(2);
    let root = (trace * trace / 4.0 - det).sqrt();
    let expected = (trace / 2.0 + root) / (trace / 2.0 - root);
    let batch = batch(&[&images[0], &images[1]], &[0, 1], DType::F64);
    let found = score(&NtkCondition, &regression.model(), &batch);
    assert_relative_eq!(found, expected, max_relative = 1e-5);
    assert!(!NtkCondition.higher_is_better());
}

#[test]
fn synaptic_flow_of_two_layers() {
    let model = Tiny::new(&[linear(2, 2), Layer::Relu, linear(2, 1)], DType::F64)
        .with("0.weight", &[1.0, -2.0, -3.0, 0.5])
        .with("0.bias", &[-1.0, 0.5])
        .with("2.weight", &[2.0, -4.0])
        .with("2.bias", &[7.0]);
    // |W1| 1 + |b1| = (4, 4); by W2: 2 * 4 + 4 * 4 = 24; by W1: 2 * 3 + 4 * 3.5 = 20.
    let found = score(&Synflow, &model, &batch(&[&[0.0, 9.0]], &[0], DType::F64));
    assert_relative_eq!(found, 44.0, epsilon = 1e-12);
}

#[test]
fn zen_without_and_with_a_norm() {
    let noise = Noise::new(4);
    let images: [&[f64]; 3] = [&[0.0, 0.0], &[0.0, 0.0], &[0.0, 0.0]];
    let batch = batch(&images, &[0, 1, 0], DType::F64);
    let draw = |purpose, shape: &[usize], at| {
        let like = Tensor::zeros(shape, DType::F64, batch.inputs.device()).unwrap();
        host(&zen::normal(&like, noise, purpose, at).unwrap()).unwrap()
    };
    let shift = draw("zen noise", &[3, 1, 1, 2], 0);

    // A linear model moves by 0.01 W e, whatever its bias.
    let weights = draw("zen weights", &[2, 2], 0);
    let apart = |image: usize| {
        let e = &shift[2 * image..2 * image + 2];
        let rows = [0, 1].map(|row| weights[2 * row] * e[0] + weights[2 * row + 1] * e[1]);
        0.01 * rows[0].hypot(rows[1])
    };
    let mean = (0..3).map(apart).sum::<f64>() / 3.0;
    let found = score(&Zen::default(), &Tiny::new(&[linear(2, 2)], DType::F64), &batch);
    assert_relative_eq!(found, mean.ln(), epsilon = 1e-9);

    // A norm divides by the deviation of the batch, and the score multiplies it back.
    let layers = [
        pointwise(1, 1),
        Layer::Norm { channels: 1, affine: true },
        Layer::GlobalAvgPool,
        linear(1, 2),
    ];
    let images = draw("zen images", &[3, 1, 1, 2], 0);
    let weight = draw("zen weights", &[1, 1, 1, 1], 0)[0];
    let normed = |pixels: &[f64]| {
        let values: Vec<f64> = pixels.iter().map(|x| weight * x).collect();
        let mean = values.iter().sum::<f64>() / 6.0;
        let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / 6.0;
        let values: Vec<f64> =
            values.iter().map(|v| (v - mean) / (variance + 1e-5).sqrt()).collect();
        (values, variance)
    };
    let moved: Vec<f64> = images.iter().zip(&shift).map(|(x, e)| x + 0.01 * e).collect();
    let (here, variance) = normed(&images);
    let (there, _) = normed(&moved);
    let apart = |image: usize| {
        let at = 2 * image;
        (here[at] - there[at]).hypot(here[at + 1] - there[at + 1])
    };
    let expected = ((0..3).map(apart).sum::<f64>() / 3.0).ln() + variance.sqrt().ln();
    let found = score(&Zen::default(), &Tiny::new(&layers, DType::F64), &batch);
    assert_relative_eq!(found, expected, epsilon = 1e-9);
}

/// `sum w * dR/dw` is the speed at which `R` grows when all weights do.
#[test]
fn synaptic_flow_of_a_whole_network_by_scaling_its_weights() {
    use dartloom_space::{Build, Shape, nasbench201};

    let text =
        "|nor_conv_3x3~0|+|nor_conv_1x1~0|skip_connect~1|+|avg_pool_3x3~0|none~1|nor_conv_1x1~2|";
    let build = Build::new(2, 3, Shape::new(1, 8, 8));
    let plan = nasbench201::blueprint(&nasbench201::parse(text).unwrap(), build).unwrap();
    let registry = dartloom_ops::Registry::standard().unwrap();
    let subject = Subject { plan: &plan, registry: &registry, task: &classes(3) };
    let network = subject.network(DType::F64, Noise::new(3)).unwrap();
    let batch = random_batch(build, TargetSpec::Class { classes: 3 }, 2, Noise::new(1)).unwrap();
    let batch = batch.to(batch.inputs.device(), DType::F64).unwrap();
    let found = score(&Synflow, &*network, &batch);

    let before = network.variables().snapshot().unwrap();
    let ones = batch.inputs.ones_like().unwrap().narrow(0, 0, 1).unwrap();
    let flow = |factor: f64| {
        for (name, var) in network.variables().parameters() {
            let scale = if var.rank() > 1 { factor } else { 1.0 };
            var.set(&(before[name].abs().unwrap() * scale).unwrap()).unwrap();
        }
        let sum = logits(&*network, &ones, Mode::eval(), None).unwrap().sum_all().unwrap();
        sum.to_scalar::<f64>().unwrap()
    };
    let step = 1e-5;
    let expected = (flow(1.0 + step) - flow(1.0 - step)) / (2.0 * step);
    assert_relative_eq!(found, expected, max_relative = 1e-7);
}
