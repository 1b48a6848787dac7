//! Batches that are made up.

use candle_core::{Device, Tensor};
use dartloom::data::{Batch, TargetSpec};
use dartloom::noise::Noise;
use dartloom::space::{Outputs, Shape};
use rand::Rng as _;

use super::{CLASSES, SEED};
use crate::error::BenchError;

/// Classes of a pixel.
const PIXEL_CLASSES: u32 = 2;

/// The things that labels are of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Labels {
    /// One of ten classes for every image.
    OfImages,
    /// One of two classes for every pixel.
    OfPixels,
}

impl Labels {
    /// Labels are below this.
    pub(super) fn classes(self) -> u32 {
        match self {
            Self::OfImages => CLASSES,
            Self::OfPixels => PIXEL_CLASSES,
        }
    }

    /// The targets of such batches.
    pub(super) fn targets(self) -> TargetSpec {
        let classes = self.classes() as usize;
        match self {
            Self::OfImages => TargetSpec::Class { classes },
            Self::OfPixels => TargetSpec::Mask { classes, ignore: None },
        }
    }

    /// The outputs of a network that learns them.
    pub(super) fn outputs(self) -> Outputs {
        let channels = self.classes() as usize;
        match self {
            Self::OfImages => Outputs::Vector(channels),
            Self::OfPixels => Outputs::Plane { channels },
        }
    }

    /// The shape of those of `size` images of shape `shape`.
    pub(super) fn dims(self, size: usize, shape: Shape) -> Vec<usize> {
        match self {
            Self::OfImages => vec![size],
            Self::OfPixels => vec![size, shape.height, shape.width],
        }
    }

    /// The stream that they are drawn from.
    fn stream(self) -> &'static str {
        match self {
            Self::OfImages => "labels",
            Self::OfPixels => "masks",
        }
    }
}

/// A batch of noise, uniform on -1 to 1, with labels drawn from all classes; `purpose` tells
/// training and validation batch apart.
pub(super) fn batch(
    labels: Labels,
    purpose: &str,
    size: usize,
    shape: Shape,
) -> Result<Batch, BenchError> {
    let noise = Noise::new(SEED).child(purpose);
    let mut pixels = noise.stream("images", 0);
    let mut classes = noise.stream(labels.stream(), 0);
    let dims = (size, shape.channels, shape.height, shape.width);
    let count = size as u64 * shape.elements();
    let values: Vec<f32> = (0..count).map(|_| pixels.random_range(-1.0..1.0)).collect();
    let of = labels.dims(size, shape);
    let count: usize = of.iter().product();
    let targets: Vec<u32> = (0..count).map(|_| classes.random_range(0..labels.classes())).collect();
    let tensors = || -> candle_core::Result<Batch> {
        let images = Tensor::from_vec(values, dims, &Device::Cpu)?;
        Batch::new(images, Tensor::from_vec(targets, of, &Device::Cpu)?)
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
            let batch = batch(Labels::OfImages, purpose, 2, shape).unwrap();
            assert_eq!(batch.inputs.dims(), [2, 3, 4, 5]);
            assert!(batch.targets.to_vec1::<u32>().unwrap().iter().all(|&label| label < 10));
            batch.inputs.flatten_all().unwrap().to_vec1::<f32>().unwrap()
        };
        assert_eq!(values("train"), values("train"));
        assert_ne!(values("train"), values("valid"));
    }

    #[test]
    fn labels_of_pixels_are_masks_of_both_classes() {
        let batch = batch(Labels::OfPixels, "train", 2, Shape::new(3, 4, 5)).unwrap();
        assert_eq!(batch.targets.dims(), [2, 4, 5]);
        let mut found = batch.targets.flatten_all().unwrap().to_vec1::<u32>().unwrap();
        found.sort_unstable();
        found.dedup();
        assert_eq!(found, [0, 1]);
    }
}
