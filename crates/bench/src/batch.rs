//! Batches that are made up.

use candle_core::{Device, Tensor};
use dartloom::data::{Batch, TargetSpec};
use dartloom::noise::Noise;
use dartloom::space::Shape;
use rand::Rng as _;

use super::{CLASSES, SEED};
use crate::error::BenchError;

/// The targets of such batches.
pub(super) const TARGETS: TargetSpec = TargetSpec::Class { classes: CLASSES as usize };

/// A batch of noise, uniform on -1 to 1, with labels drawn from all classes; `purpose` tells
/// training and validation batch apart.
pub(super) fn batch(purpose: &str, size: usize, shape: Shape) -> Result<Batch, BenchError> {
    let noise = Noise::new(SEED).child(purpose);
    let mut pixels = noise.stream("images", 0);
    let mut classes = noise.stream("labels", 0);
    let dims = (size, shape.channels, shape.height, shape.width);
    let count = size as u64 * shape.elements();
    let values: Vec<f32> = (0..count).map(|_| pixels.random_range(-1.0..1.0)).collect();
    let labels: Vec<u32> = (0..size).map(|_| classes.random_range(0..CLASSES)).collect();
    let tensors = || -> candle_core::Result<Batch> {
        let images = Tensor::from_vec(values, dims, &Device::Cpu)?;
        Batch::new(images, Tensor::from_vec(labels, size, &Device::Cpu)?)
    };
    tensors().map_err(BenchError::work)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn purposes_differ_and_repeat() {
        let shape = Shape::new(3, 4, 5);
        let values = |purpose| {
            let batch = batch(purpose, 2, shape).unwrap();
            assert_eq!(batch.inputs.dims(), [2, 3, 4, 5]);
            assert!(batch.targets.to_vec1::<u32>().unwrap().iter().all(|&label| label < 10));
            batch.inputs.flatten_all().unwrap().to_vec1::<f32>().unwrap()
        };
        assert_eq!(values("train"), values("train"));
        assert_ne!(values("train"), values("valid"));
    }
}
