//! Images to score with.

use candle_core::{Device, Tensor};
use dartloom_data::{Batch, BatchOrder, Dataset, Loader};
use dartloom_space::{Build, Shape};
use dartloom_train::Noise;
use rand::Rng as _;
use rand_distr::{Distribution as _, StandardNormal};

use super::ZeroCostError;

/// `size` images of independent standard normal values, with labels drawn uniformly: for scores
/// where no data set is at hand.
///
/// # Errors
/// When the tensor library fails.
pub fn random_batch(build: Build, size: usize, noise: Noise) -> Result<Batch, ZeroCostError> {
    let Shape { channels, height, width } = build.input;
    let mut rng = noise.stream("images", 0);
    let normal = |_| -> f32 { StandardNormal.sample(&mut rng) };
    let images: Vec<f32> = (0..size * channels * height * width).map(normal).collect();
    let mut rng = noise.stream("labels", 0);
    let classes = u32::try_from(build.classes.max(1)).unwrap_or(u32::MAX);
    let labels: Vec<u32> = (0..size).map(|_| rng.random_range(0..classes)).collect();
    Ok(Batch {
        images: Tensor::from_vec(images, (size, channels, height, width), &Device::Cpu)?,
        labels: Tensor::from_vec(labels, size, &Device::Cpu)?,
    })
}

/// `size` images of a data set, none twice.
///
/// # Errors
/// Those of the data set, and [`ZeroCostError::Data`] when it is empty.
pub fn dataset_batch(
    dataset: &dyn Dataset,
    size: usize,
    noise: Noise,
) -> Result<Batch, ZeroCostError> {
    let seed = noise.child("images").seed();
    let loader = Loader::new(dataset, size)?.order(BatchOrder::Shuffled).seed(seed);
    Ok(loader.batch(0, 0)?)
}
