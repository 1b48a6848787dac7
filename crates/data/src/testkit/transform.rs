//! Laws for random changes.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use crate::{DataError, ImageShape, Normalization, Picture, Transform};

/// The first law a random change breaks.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum BrokenTransform {
    /// The change failed.
    Failed {
        /// Its reason.
        error: String,
    },
    /// Equal generators gave different changes.
    Repeat {
        /// Seed of the generator.
        seed: u64,
    },
    /// The mask changes the image: without one it becomes another.
    MaskCounts {
        /// Seed of the generator.
        seed: u64,
    },
    /// A pixel moved and its label did not, or the other way round.
    Apart {
        /// Seed of the generator.
        seed: u64,
        /// Position in the mask, row by row.
        pixel: usize,
    },
    /// A pixel became a number that is not finite.
    NotFinite {
        /// Seed of the generator.
        seed: u64,
        /// Position in the image.
        pixel: usize,
    },
}

/// The label of pixels that come from outside.
const OUTSIDE: u32 = u32::MAX;

/// Checks a random change of images of `shape` against the contract of [`Transform`], with the
/// seeds 0 to 31: equal generators give equal changes, pixels stay finite, a mask changes nothing
/// of the image, and where the image shows a pixel unchanged, the mask has the label of that pixel.
///
/// # Errors
/// The first law that is broken.
pub fn check_transform(
    transform: &dyn Transform,
    shape: ImageShape,
) -> Result<(), BrokenTransform> {
    (0..32).try_for_each(|seed| check(transform, shape, seed))
}

/// The value of the pixel whose label is `label`: no two are equal, and none is a multiple of
/// another by much.
fn value(label: u32) -> f32 {
    1.0 + (label as f32 + 1.0).sqrt()
}

fn check(transform: &dyn Transform, shape: ImageShape, seed: u64) -> Result<(), BrokenTransform> {
    let failed = |error: DataError| BrokenTransform::Failed { error: error.to_string() };
    let pixels = shape.pixels().map_err(failed)?;
    let plane = shape.height * shape.width;
    // Pixels are colours of 0 to 1 already, but for rounding.
    let most = value(plane as u32);
    let deviation = vec![1.0 / most; shape.channels];
    let normalization =
        Normalization::new(255.0, &vec![0.0; shape.channels], &deviation).map_err(failed)?;
    let run = |masked: bool| {
        let mut labels: Vec<u32> = (0..plane as u32).collect();
        let mut image: Vec<f32> = (0..pixels).map(|at| value((at % plane) as u32)).collect();
        let picture = Picture::new(shape, &mut image)?.with_normalization(&normalization)?;
        let mut picture =
            if masked { picture.with_mask(&mut labels, Some(OUTSIDE))? } else { picture };
        transform.apply(&mut picture, &mut ChaCha8Rng::seed_from_u64(seed))?;
        Ok((image, labels))
    };
    let (image, labels) = run(true).map_err(failed)?;
    let bits = |image: &[f32]| image.iter().map(|pixel| pixel.to_bits()).collect::<Vec<_>>();
    let (again, other) = run(true).map_err(failed)?;
    if bits(&image) != bits(&again) || labels != other {
        return Err(BrokenTransform::Repeat { seed });
    }
    if bits(&image) != bits(&run(false).map_err(failed)?.0) {
        return Err(BrokenTransform::MaskCounts { seed });
    }
    if let Some(pixel) = image.iter().position(|pixel| !pixel.is_finite()) {
        return Err(BrokenTransform::NotFinite { seed, pixel });
    }
    let known: Vec<u32> = (0..plane as u32).map(|label| value(label).to_bits()).collect();
    for (pixel, (shown, &label)) in image.iter().zip(labels.iter().cycle()).enumerate() {
        let shown = known.iter().position(|known| *known == shown.to_bits());
        if shown.is_some_and(|shown| shown as u32 != label) {
            return Err(BrokenTransform::Apart { seed, pixel: pixel % plane });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Augment, AutoAugment, ColorJitter, ConfiguredTransform, Crop, Cutout, Flip, FlipVertical,
        GaussianNoise, LowResolution, Policy, RandomResizedCrop, RightAngles, RotateScale,
    };
    use rand::RngCore;
    use std::sync::atomic::{AtomicU32, Ordering};

    #[test]
    fn own_changes_obey() {
        let all: Vec<Box<dyn Transform>> = vec![Box::new(Flip), Box::new(Crop { padding: 1 })];
        let jitter = ColorJitter { brightness: 0.4, contrast: 0.4, saturation: 0.4, hue: 0.1 };
        let rows: [&dyn Transform; 16] = [
            &Crop { padding: 2 },
            &Flip,
            &FlipVertical,
            &RightAngles,
            &Cutout { side: 3 },
            &Augment { crop_padding: 2, flip: true, cutout: 2 },
            &RotateScale { turned: 1.0, scaled: 1.0, ..RotateScale::default() },
            &RandomResizedCrop::default(),
            &GaussianNoise { probability: 1.0, ..GaussianNoise::default() },
            &LowResolution { probability: 1.0, per_channel: 1.0, ..LowResolution::default() },
            &jitter,
            &AutoAugment::new(Policy::Cifar10),
            &AutoAugment::new(Policy::ImageNet),
            &ConfiguredTransform::Aerial,
            &ConfiguredTransform::NnUnet,
            &all,
        ];
        for (number, transform) in rows.into_iter().enumerate() {
            assert_eq!(check_transform(transform, ImageShape::new(3, 5, 5)), Ok(()), "{number}");
        }
    }

    /// Breaks one law.
    #[derive(Debug)]
    enum Fault {
        MovesValues,
        Divides,
        Counts(AtomicU32),
        Fails,
    }

    impl Transform for Fault {
        fn apply(&self, picture: &mut Picture<'_>, _: &mut dyn RngCore) -> Result<(), DataError> {
            match self {
                Self::MovesValues => picture.planes().for_each(<[f32]>::reverse),
                Self::Divides => picture.planes().for_each(|plane| plane.fill(f32::INFINITY)),
                Self::Counts(calls) => {
                    let call = calls.fetch_add(1, Ordering::Relaxed);
                    picture.planes().for_each(|plane| plane[0] = call as f32);
                }
                Self::Fails => return Err(DataError::NoIgnoredLabel),
            }
            Ok(())
        }
    }

    #[test]
    fn every_fault_is_found() {
        let found = |fault: Fault| check_transform(&fault, ImageShape::new(1, 2, 3)).unwrap_err();
        assert_eq!(found(Fault::MovesValues), BrokenTransform::Apart { seed: 0, pixel: 0 });
        assert_eq!(found(Fault::Divides), BrokenTransform::NotFinite { seed: 0, pixel: 0 });
        let counts = Fault::Counts(AtomicU32::new(0));
        assert_eq!(found(counts), BrokenTransform::Repeat { seed: 0 });
        assert!(matches!(found(Fault::Fails), BrokenTransform::Failed { .. }));
    }
}
