//! Small data sets.
#![allow(
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "made of numbers for tests, where an error is a failing test"
)]

use crate::{ImageShape, InMemory, Normalization, Subset, TargetSpec, Targets, digits};

/// The first training images of the embedded digits.
pub fn first_digits(count: usize) -> Subset<InMemory> {
    Subset::new(digits().train, (0..count).collect()).expect("there are more digits")
}

/// Images of 1x8x8 with a fixed pattern of grey values, 0 to 250, and the targets that `of` makes
/// of all values, image by image.
pub fn patterned(
    images: usize,
    targets: TargetSpec,
    of: impl FnOnce(&[u8]) -> Targets,
) -> InMemory {
    let pixels: Vec<u8> = (0..images * 64).map(|at| (at * 31 % 251) as u8).collect();
    let made = of(&pixels);
    let normalization = Normalization::scaled(255.0, 1).expect("a scale is enough");
    InMemory::with_targets(ImageShape::new(1, 8, 8), targets, pixels, made, normalization)
        .expect("the targets fit the images")
}

/// The [`patterned`] images with masks of two classes, dark and bright; of the brightest pixels the
/// label is 255, which does not count.
pub fn bright_and_dark(images: usize) -> InMemory {
    let label = |&pixel: &u8| if pixel > 240 { 255 } else { u32::from(pixel > 120) };
    let masks = |pixels: &[u8]| Targets::Indices(pixels.iter().map(label).collect());
    patterned(images, TargetSpec::Mask { classes: 2, ignore: Some(255) }, masks)
}

/// Black images with these targets.
pub fn black(shape: ImageShape, images: usize, spec: TargetSpec, targets: Targets) -> InMemory {
    let values = shape.channels * shape.height * shape.width * images;
    let normalization = Normalization::scaled(255.0, shape.channels).expect("a scale is enough");
    InMemory::with_targets(shape, spec, vec![0; values], targets, normalization)
        .expect("the targets fit the images")
}
