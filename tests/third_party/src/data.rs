//! Images made by a formula.

use dartloom::data::{DataError, ImageShape, InMemory, Normalization, Splits};

const SIDE: usize = 8;

/// `images` images to train with and as many to test with: 8x8 grey pixels, the brightest 4x4 of
/// them in one of the four corners, which is the class.
///
/// # Errors
/// [`DataError::UnusableShape`] and its like; none for a usual number of images.
pub fn corners(images: usize) -> Result<Splits, DataError> {
    Ok(Splits { train: set(images, 0)?, test: set(images, 1)? })
}

fn set(images: usize, salt: usize) -> Result<InMemory, DataError> {
    let labels: Vec<u32> = (0..images).map(|image| (image % 4) as u32).collect();
    let mut pixels = Vec::with_capacity(images * SIDE * SIDE);
    for (image, &label) in labels.iter().enumerate() {
        for at in 0..SIDE * SIDE {
            let corner = 2 * (at / SIDE / 4) + at % SIDE / 4;
            let noise = (31 * image + 17 * at + 7 * salt) % 64;
            let light = if corner == label as usize { 160 } else { 0 };
            pixels.push((light + noise) as u8);
        }
    }
    let shape = ImageShape::new(1, SIDE, SIDE);
    InMemory::new(shape, 4, pixels, labels, Normalization::scaled(255.0, 1)?)
}
