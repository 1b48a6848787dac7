//! Images to score with.

use candle_core::{Device, Tensor};
use dartloom_data::{Batch, BatchOrder, Dataset, Loader, TargetSpec};
use dartloom_noise::Noise;
use dartloom_ops::Place;
use dartloom_space::{Build, Shape};
use rand::Rng as _;
use rand_distr::{Distribution as _, StandardNormal};

use super::ZeroCostError;

/// `size` images of independent standard normal values with random targets: for scores without a
/// data set.
///
/// Classes, and those of the pixels of a mask, are drawn uniformly; a label is present or absent
/// with equal probability; values are standard normal.
///
/// # Errors
/// [`ZeroCostError::Size`] if there are no images or targets, or more than can be addressed; when
/// the tensor library fails.
pub fn random_batch(
    build: Build,
    targets: TargetSpec,
    size: usize,
    noise: Noise,
) -> Result<Batch, ZeroCostError> {
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
    let Place { device, .. } = Place::default();
    let targets = drawn(targets, [size, height, width], noise, &device)?;
    let mut rng = noise.stream("images", 0);
    let normal = |_| -> f32 { StandardNormal.sample(&mut rng) };
    let images: Vec<f32> = (0..values).map(normal).collect();
    let images = Tensor::from_vec(images, (size, channels, height, width), &device)?;
    Ok(Batch::new(images, targets)?)
}

/// Random targets of images; `dims` are their number, rows and columns.
fn drawn(
    targets: TargetSpec,
    dims: [usize; 3],
    noise: Noise,
    device: &Device,
) -> Result<Tensor, ZeroCostError> {
    let [size, height, width] = dims;
    let mut rng = noise.stream("labels", 0);
    Ok(match targets {
        TargetSpec::Class { classes } => {
            let classes = counted("classes", classes, 1)?;
            let drawn: Vec<u32> = (0..size).map(|_| rng.random_range(0..classes)).collect();
            Tensor::from_vec(drawn, size, device)?
        }
        TargetSpec::Mask { classes, .. } => {
            let classes = counted("classes", classes, 1)?;
            let pixels = size * height * width;
            let drawn: Vec<u32> = (0..pixels).map(|_| rng.random_range(0..classes)).collect();
            Tensor::from_vec(drawn, (size, height, width), device)?
        }
        TargetSpec::Labels(labels) => {
            counted("labels", labels, size)?;
            let draw = |_| if rng.random_bool(0.5) { 1.0_f32 } else { 0.0 };
            let drawn: Vec<f32> = (0..size * labels).map(draw).collect();
            Tensor::from_vec(drawn, (size, labels), device)?
        }
        TargetSpec::Values(values) => {
            counted("values", values, size)?;
            let draw = |_| -> f32 { StandardNormal.sample(&mut rng) };
            let drawn: Vec<f32> = (0..size * values).map(draw).collect();
            Tensor::from_vec(drawn, (size, values), device)?
        }
        other => return Err(ZeroCostError::Targets { found: other.to_string() }),
    })
}

/// A number of classes, labels or values of which `rows` images can have each.
fn counted(what: &'static str, found: usize, rows: usize) -> Result<u32, ZeroCostError> {
    let bytes = found.checked_mul(rows).and_then(|all| all.checked_mul(size_of::<f32>()));
    match u32::try_from(found) {
        Ok(count) if count > 0 && bytes.is_some_and(|bytes| isize::try_from(bytes).is_ok()) => {
            Ok(count)
        }
        _ => {
            let expected = format!("from 1 to {}", u32::MAX);
            Err(ZeroCostError::Size { what, expected, found })
        }
    }
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
