//! The embedded nuclei.

use crate::{DataError, ImageShape, InMemory, Normalization, Splits, TargetSpec, Targets, idx};

const IMAGES: &[u8] = include_bytes!("../assets/nuclei/nuclei64-images-idx3-ubyte.gz");
const MASKS: &[u8] = include_bytes!("../assets/nuclei/nuclei64-masks-idx3-ubyte.gz");
const COUNTS: &[u8] = include_bytes!("../assets/nuclei/nuclei64-counts-idx1-ubyte.gz");

/// Tiles before this one, six rows of the image, are for training, the others for testing.
const TRAIN: usize = 48;
/// Divisor of the bytes.
const SCALE: f32 = 255.0;

/// The 64 microscope tiles of 64x64 pixels that are built into this crate, each with a mask of two
/// classes: 0 background, 1 nucleus. 48 are for training, 16 for testing.
///
/// Bytes are divided by 255 and normalised with mean and standard deviation of the training part.
/// Tiles are neighbours in one image: they are good for examples and tests of segmentation, not for
/// claims about accuracy.
///
/// Source: 2018 Data Science Bowl (J. C. Caicedo et al., Nature Methods 16, 2019), CC0, as shipped
/// by the package StarDist (BSD-3-Clause, Uwe Schmidt and Martin Weigert).
#[must_use]
#[allow(
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "the bytes are part of the program and a test reads them; no input can make this fail"
)]
pub fn nuclei() -> Splits {
    read(Kind::Masks).expect("the embedded nuclei are well-formed")
}

/// The tiles of [`nuclei`], each with the number of nuclei whose centre lies in it: one value to
/// learn, from 0 to 6, 125 in all.
#[must_use]
#[allow(
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "the bytes are part of the program and a test reads them; no input can make this fail"
)]
pub fn nuclei_counts() -> Splits {
    read(Kind::Counts).expect("the embedded nuclei are well-formed")
}

/// The value to learn from a tile.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Masks,
    Counts,
}

fn read(kind: Kind) -> Result<Splits, DataError> {
    let images = idx::read_images(IMAGES, "nuclei images")?;
    let shape = ImageShape::new(1, images.height, images.width);
    let plane = shape.pixels()?;
    let (train_pixels, test_pixels) = images.pixels.split_at(TRAIN * plane);
    let normalization = Normalization::measured(SCALE, shape, train_pixels)?;
    let masks = idx::read_images(MASKS, "nuclei masks")?.pixels;
    let counts = idx::read_labels(COUNTS, "nuclei counts")?;
    let part = |pixels: &[u8], masks: &[u8], counts: &[u8]| {
        let (spec, targets) = match kind {
            Kind::Masks => {
                let labels = masks.iter().copied().map(u32::from).collect();
                (TargetSpec::Mask { classes: 2, ignore: None }, Targets::Indices(labels))
            }
            Kind::Counts => {
                let values = counts.iter().copied().map(f32::from).collect();
                (TargetSpec::Values(1), Targets::Numbers(values))
            }
        };
        InMemory::with_targets(shape, spec, pixels.to_vec(), targets, normalization.clone())
    };
    let (train_masks, test_masks) = masks.split_at(TRAIN * plane);
    let (train_counts, test_counts) = counts.split_at(TRAIN);
    Ok(Splits {
        train: part(train_pixels, train_masks, train_counts)?,
        test: part(test_pixels, test_masks, test_counts)?,
    })
}

#[cfg(test)]
mod tests;
