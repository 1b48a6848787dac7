use proptest::prelude::*;
use rand::{Rng as _, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::cutout::square;
use super::*;
use crate::{ImageShape, TargetSpec};

mod moved;
mod settings;
mod values;

const SHAPE: ImageShape = ImageShape::new(2, 5, 7);
const CLASS: TargetSpec = TargetSpec::Class { classes: 2 };

fn spec(shape: ImageShape, targets: TargetSpec) -> PictureSpec<'static> {
    PictureSpec { shape, targets, normalization: None }
}

fn image() -> Vec<f32> {
    (1..=70_u8).map(f32::from).collect()
}

fn augmented(augment: Augment, seed: u64) -> Vec<f32> {
    let mut pixels = image();
    let mut picture = Picture::new(SHAPE, &mut pixels).unwrap();
    augment.apply(&mut picture, &mut ChaCha8Rng::seed_from_u64(seed)).unwrap();
    pixels
}

/// The crop by its definition: pad, then cut.
fn padded_and_cut(padding: usize, dy: isize, dx: isize) -> Vec<f32> {
    let source = image();
    let at = |c: usize, y: isize, x: isize| {
        let inside = (0..5).contains(&y) && (0..7).contains(&x);
        if inside { source[(c * 5 + y as usize) * 7 + x as usize] } else { 0.0 }
    };
    assert!(dy.unsigned_abs() <= padding && dx.unsigned_abs() <= padding);
    let mut cut = Vec::new();
    for c in 0..2 {
        for y in 0..5 {
            cut.extend((0..7).map(|x| at(c, y + dy, x + dx)));
        }
    }
    cut
}

proptest! {
    #[test]
    fn no_augmentation_changes_nothing(seed: u64) {
        prop_assert_eq!(augmented(Augment::default(), seed), image());
    }

    #[test]
    fn a_crop_is_one_of_the_windows_of_the_padded_image(padding in 1_usize..9, seed: u64) {
        let found = augmented(Augment { crop_padding: padding, ..Augment::default() }, seed);
        let range = -(padding as isize)..=padding as isize;
        let windows =
            range.clone().flat_map(|dy| range.clone().map(move |dx| padded_and_cut(padding, dy, dx)));
        prop_assert!(windows.into_iter().any(|window| window == found));
    }

    #[test]
    fn a_flip_mirrors_rows_or_does_nothing(seed: u64) {
        let found = augmented(Augment { flip: true, ..Augment::default() }, seed);
        let mirrored: Vec<f32> =
            image().chunks_exact(7).flat_map(|row| row.iter().rev().copied()).collect();
        prop_assert!(found == image() || found == mirrored);
    }

    #[test]
    fn cutout_zeroes_one_rectangle_no_larger_than_the_square(side in 1_usize..12, seed: u64) {
        let found = augmented(Augment { cutout: side, ..Augment::default() }, seed);
        let gone = |plane: &[f32]| -> Vec<usize> {
            (0..35).filter(|&at| plane[at] == 0.0).collect()
        };
        let first = gone(&found[..35]);
        let second = gone(&found[35..]);
        prop_assert_eq!(&first, &second, "all channels alike");
        prop_assert!(!first.is_empty() && first.len() <= side * side);
        let rows = first.iter().map(|at| at / 7);
        let columns = first.iter().map(|at| at % 7);
        let extent = |values: Vec<usize>| {
            values.iter().max().unwrap() - values.iter().min().unwrap() + 1
        };
        let height = extent(rows.collect());
        let width = extent(columns.collect());
        prop_assert_eq!(first.len(), height * width, "a full rectangle");
        prop_assert!(height <= side && width <= side);
        for (value, original) in found.iter().zip(image()) {
            prop_assert!(*value == 0.0 || value.to_bits() == original.to_bits());
        }
    }

    #[test]
    fn any_setting_is_survived(padding: usize, flip: bool, cutout: usize, seed: u64) {
        let found = augmented(Augment { crop_padding: padding, flip, cutout }, seed);
        prop_assert_eq!(found.len(), 70);
    }
}

#[test]
fn every_offset_and_both_sides_occur() {
    let mut windows = std::collections::BTreeSet::new();
    let mut flips = 0;
    for seed in 0..400 {
        let cropped = augmented(Augment { crop_padding: 1, ..Augment::default() }, seed);
        windows.insert(cropped.iter().map(|value| *value as u32).collect::<Vec<_>>());
        flips +=
            usize::from(augmented(Augment { flip: true, ..Augment::default() }, seed) != image());
    }
    assert_eq!(windows.len(), 9);
    // Binomial(400, 1/2): 200 with a standard deviation of 10.
    assert!((150..=250).contains(&flips), "{flips}");
}

#[test]
fn an_even_square_away_from_the_border_is_where_the_published_code_puts_it() {
    // Rows and columns centre - 8 .. centre + 8, for side 16.
    for seed in 0..200 {
        let random = &mut ChaCha8Rng::seed_from_u64(seed);
        let centre = ChaCha8Rng::seed_from_u64(seed).random_range(0..32_usize);
        let found = square(16, 32, random);
        assert_eq!(found, centre.saturating_sub(8)..(centre + 8).min(32));
    }
    let random = &mut ChaCha8Rng::seed_from_u64(0);
    assert_eq!(square(usize::MAX, 5, random), 0..5);
}

#[test]
fn a_buffer_of_another_size_is_refused() {
    let mut pixels = [0.0; 69];
    let result = Picture::new(SHAPE, &mut pixels);
    assert!(matches!(result, Err(DataError::PixelCount { expected: 70, found: 69 })));
    let mut pixels = image();
    let mut labels = [0; 34];
    let result = Picture::new(SHAPE, &mut pixels).unwrap().with_mask(&mut labels, None);
    assert!(matches!(result, Err(DataError::PixelCount { expected: 35, found: 34 })));
}

#[test]
fn what_makes_no_sense_on_an_image_is_refused() {
    let shape = ImageShape::new(1, 8, 6);
    let check = |crop_padding, flip, cutout| {
        let error = Augment { crop_padding, flip, cutout }.check(&spec(shape, CLASS)).err();
        error.map(|error| error.to_string())
    };
    assert_eq!(check(5, true, 7), None);
    let expected = "crop_padding: expected less than 6, or the crop can miss the image, found 6 on images of 1x8x6";
    assert_eq!(check(6, false, 0).as_deref(), Some(expected));
    let expected = "cutout: expected less than 8, or cutout blanks the whole image, found 8 on images of 1x8x6";
    assert_eq!(check(0, false, 8).as_deref(), Some(expected));
    let narrow = spec(ImageShape::new(3, 8, 1), CLASS);
    let narrow = Augment { flip: true, ..Augment::default() }.check(&narrow);
    let narrow = narrow.unwrap_err().to_string();
    assert!(narrow.starts_with("flip: expected false"), "{narrow}");
}

/// The numbers drawn, and what they do, are those of one function that did all three.
#[test]
fn changes_draw_in_the_order_they_always_did() {
    for seed in 0..50 {
        let random = &mut ChaCha8Rng::seed_from_u64(seed);
        let dy = random.random_range(-2..=2_i64);
        let dx = random.random_range(-2..=2_i64);
        let mut expected = padded_and_cut(2, dy as isize, dx as isize);
        if random.random::<bool>() {
            expected.chunks_exact_mut(7).for_each(<[f32]>::reverse);
        }
        let row = random.random_range(0..5_usize);
        let column = random.random_range(0..7_usize);
        for plane in expected.chunks_exact_mut(35) {
            for y in row.saturating_sub(1)..(row + 2).min(5) {
                plane[y * 7 + column.saturating_sub(1)..y * 7 + (column + 2).min(7)].fill(0.0);
            }
        }
        let found = augmented(Augment { crop_padding: 2, flip: true, cutout: 3 }, seed);
        assert_eq!(found, expected);
    }
}
