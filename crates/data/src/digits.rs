//! The embedded digits.

use crate::{DataError, ImageShape, InMemory, Normalization, Splits, idx};

const IMAGES: &[u8] = include_bytes!("../assets/digits/digits-images-idx3-ubyte.gz");
const LABELS: &[u8] = include_bytes!("../assets/digits/digits-labels-idx1-ubyte.gz");

/// Samples before this one are for training, the others for testing.
const TRAIN: usize = 1437;
/// Largest value in the files.
const SCALE: f32 = 16.0;
/// Mean of the 1,437 training images, in units of the largest value.
const MEAN: f32 = 0.305_386_1;
/// Standard deviation of the 1,437 training images, in the same units.
const STANDARD_DEVIATION: f32 = 0.375_507_1;

/// The 1,797 handwritten digits of 8x8 pixels that are built into this crate: 1,437 for training,
/// 360 for testing.
///
/// Values 0 to 16 are divided by 16, then normalised with mean 0.3053861 and standard deviation
/// 0.3755071, both of the training part. The order follows the writers, so the test part holds
/// people the training part has not seen.
///
/// Source: E. Alpaydin, C. Kaynak (1998), *Optical Recognition of Handwritten Digits*, UCI Machine
/// Learning Repository, doi 10.24432/C50P49, CC BY 4.0; a program that contains them has to pass
/// this attribution on.
#[must_use]
#[allow(
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "the bytes are part of the program and a test reads them; no input can make this fail"
)]
pub fn digits() -> Splits {
    read().expect("the embedded digits are well-formed")
}

fn read() -> Result<Splits, DataError> {
    let images = idx::read_images(IMAGES, "digits images")?;
    let labels = idx::read_labels(LABELS, "digits labels")?;
    let shape = ImageShape::new(1, images.height, images.width);
    let normalization = Normalization::new(SCALE, &[MEAN], &[STANDARD_DEVIATION])?;
    let (train_pixels, test_pixels) = images.pixels.split_at(TRAIN * shape.pixels()?);
    let (train_labels, test_labels) = labels.split_at(TRAIN);
    let part = |pixels: &[u8], labels: &[u8]| {
        let labels = labels.iter().map(|&label| u32::from(label)).collect();
        InMemory::new(shape, 10, pixels.to_vec(), labels, normalization.clone())
    };
    Ok(Splits { train: part(train_pixels, train_labels)?, test: part(test_pixels, test_labels)? })
}

#[cfg(test)]
mod tests;
