//! Images to score with.

use candle_core::Tensor;
use dartloom_data::{Batch, BatchOrder, Dataset, Loader};
use dartloom_noise::Noise;
use dartloom_ops::Place;
use dartloom_space::{Build, Shape};
use rand::Rng as _;
use rand_distr::{Distribution as _, StandardNormal};

use super::ZeroCostError;

/// `size` images of independent standard normal values, with labels drawn uniformly: for scores
/// without a data set.
///
/// # Errors
/// [`ZeroCostError::Size`] if there are no images or classes, or more than can be addressed; when
/// the tensor library fails.
pub fn random_batch(build: Build, size: usize, noise: Noise) -> Result<Batch, ZeroCostError> {
    let Shape { channels, height, width } = build.input;
    let addressable = |values: &usize| {
        let bytes = values.checked_mul(size_of::<f32>());
        *values > 0 && bytes.is_some_and(|bytes| isize::try_from(bytes).is_ok())
    };
    let values =
        [channels, height, width].iter().try_fold(size, |all, side| all.checked_mul(*side));
    let Some(values) = values.filter(addressable) else {
        let expected = format!("images of {} that can be addressed", build.input);
        return Err(ZeroCostError::Size { what: "batch", expected, found: size });
    };
    let classes = match u32::try_from(build.outputs.channels()) {
        Ok(classes) if classes > 0 => classes,
        _ => {
            let expected = format!("from 1 to {}", u32::MAX);
            let found = build.outputs.channels();
            return Err(ZeroCostError::Size { what: "classes", expected, found });
        }
    };
    let mut rng = noise.stream("images", 0);
    let normal = |_| -> f32 { StandardNormal.sample(&mut rng) };
    let images: Vec<f32> = (0..values).map(normal).collect();
    let mut rng = noise.stream("labels", 0);
    let labels: Vec<u32> = (0..size).map(|_| rng.random_range(0..classes)).collect();
    let Place { device, .. } = Place::default();
    let images = Tensor::from_vec(images, (size, channels, height, width), &device)?;
    Ok(Batch::new(images, Tensor::from_vec(labels, size, &device)?)?)
}

/// `size` different images of a data set.
///
/// # Errors
/// Those of the data set, [`ZeroCostError::Data`] when it is empty, and [`ZeroCostError::Size`]
/// when it has fewer images than that.
pub fn dataset_batch(
    dataset: &dyn Dataset,
    size: usize,
    noise: Noise,
) -> Result<Batch, ZeroCostError> {
    if size > dataset.len() {
        let expected = format!("at most {}, the images of the data set", dataset.len());
        return Err(ZeroCostError::Size { what: "batch", expected, found: size });
    }
    let seed = noise.child("images").seed();
    let loader = Loader::new(dataset, size)?.order(BatchOrder::Shuffled).seed(seed);
    Ok(loader.batch(0, 0)?)
}
