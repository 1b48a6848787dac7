//! Changes that move pixels, image and mask together.

use super::*;
use crate::transform::resized::{Window, enlarge};
use crate::transform::rotate_scale::move_around;
use crate::transform::turn::turn;

/// An image whose pixels and labels tell their place, after a change.
fn moved(shape: ImageShape, change: impl FnOnce(&mut Picture<'_>)) -> (Vec<f32>, Vec<u32>) {
    let plane = shape.height * shape.width;
    let mut labels: Vec<u32> = (1..=plane as u32).collect();
    let mut pixels: Vec<f32> =
        (0..shape.channels).flat_map(|_| (1..=plane as u32).map(|at| at as f32)).collect();
    let picture = Picture::new(shape, &mut pixels).unwrap();
    change(&mut picture.with_mask(&mut labels, Some(0)).unwrap());
    (pixels, labels)
}

fn applied(transform: &dyn Transform, shape: ImageShape, seed: u64) -> (Vec<f32>, Vec<u32>) {
    moved(shape, |picture| {
        transform.apply(picture, &mut ChaCha8Rng::seed_from_u64(seed)).unwrap();
    })
}

fn square() -> impl Strategy<Value = ImageShape> {
    (1_usize..4, 1_usize..9).prop_map(|(channels, side)| ImageShape::new(channels, side, side))
}

fn any_shape() -> impl Strategy<Value = ImageShape> {
    (1_usize..3, 2_usize..9, 2_usize..9)
        .prop_map(|(channels, height, width)| ImageShape::new(channels, height, width))
}

proptest! {
    /// Whole moves: every channel shows what the mask says.
    #[test]
    fn images_and_masks_stay_together(shape in square(), seed: u64) {
        prop_assume!(shape.width > 1);
        for change in
            [ConfiguredTransform::Aerial, ConfiguredTransform::FlipVertical, ConfiguredTransform::Flip]
        {
            let (pixels, labels) = applied(&change, shape, seed);
            for (value, label) in pixels.iter().zip(labels.iter().cycle()) {
                prop_assert_eq!(*value as u32, *label);
            }
            let mut sorted = labels.clone();
            sorted.sort_unstable();
            prop_assert!(sorted.into_iter().eq(1..=labels.len() as u32), "nothing is lost");
        }
    }

    #[test]
    fn a_turn_and_its_inverse_change_nothing(shape in square(), quarters in 0_u32..8) {
        let plain = moved(shape, |_| {});
        let found = moved(shape, |picture| {
            turn(picture, quarters).unwrap();
            turn(picture, 4 - quarters % 4).unwrap();
        });
        prop_assert_eq!(found, plain);
    }

    #[test]
    fn two_flips_change_nothing(shape in any_shape(), seed: u64) {
        let plain = moved(shape, |_| {});
        for flip in [ConfiguredTransform::Flip, ConfiguredTransform::FlipVertical] {
            let found = moved(shape, |picture| {
                for _ in 0..2 {
                    flip.apply(picture, &mut ChaCha8Rng::seed_from_u64(seed)).unwrap();
                }
            });
            prop_assert_eq!(found, plain.clone());
        }
    }

    #[test]
    fn no_rotation_and_no_scaling_change_nothing(shape in any_shape(), seed: u64) {
        prop_assert_eq!(moved(shape, |picture| move_around(picture, 0.0, 1.0).unwrap()),
                        moved(shape, |_| {}));
        let never = RotateScale { turned: 0.0, scaled: 0.0, ..RotateScale::default() };
        prop_assert_eq!(applied(&never, shape, seed), moved(shape, |_| {}));
    }

    /// A free rotation by a right angle is the turn, but for rounding.
    #[test]
    fn right_angles_of_both_kinds_agree(shape in square(), quarters in 0_u32..4) {
        let turned = moved(shape, |picture| turn(picture, quarters).unwrap());
        let degrees = f64::from(quarters) * 90.0;
        let free = moved(shape, |picture| move_around(picture, degrees, 1.0).unwrap());
        prop_assert_eq!(&free.1, &turned.1);
        for (free, turned) in free.0.iter().zip(&turned.0) {
            prop_assert!((free - turned).abs() < 1e-3, "{} {}", free, turned);
        }
    }

    /// The label of a place is the one of the pixel with the largest share, or nothing.
    #[test]
    fn a_mask_has_the_nearest_label(degrees in -180.0..180.0_f64, scale in 0.5..2.0_f64) {
        let shape = ImageShape::new(1, 9, 9);
        // One bright pixel: where its label is, it has the largest share of the four.
        let mut pixels = vec![0.0; 81];
        let mut labels = vec![1; 81];
        pixels[4 * 9 + 6] = 1.0;
        labels[4 * 9 + 6] = 2;
        let picture = Picture::new(shape, &mut pixels).unwrap();
        move_around(&mut picture.with_mask(&mut labels, Some(0)).unwrap(), degrees, scale).unwrap();
        for (value, label) in pixels.iter().zip(&labels) {
            let right = if *label == 2 { *value > 0.249 } else { *value < 0.501 };
            prop_assert!(right, "{} {}", value, label);
        }
    }

    #[test]
    fn windows_are_inside_and_of_the_asked_shape(
        height in 1_usize..70, width in 1_usize..70, seed: u64
    ) {
        let crop = RandomResizedCrop::default();
        let window = crop.window(height, width, &mut ChaCha8Rng::seed_from_u64(seed));
        prop_assert!(window.height >= 1 && window.width >= 1);
        prop_assert!(window.top + window.height <= height);
        prop_assert!(window.left + window.width <= width);
        // Whole pixels are at most half a pixel off on each side.
        let most = (window.width as f64 + 0.5) / (window.height as f64 - 0.5);
        let least = (window.width as f64 - 0.5) / (window.height as f64 + 0.5);
        prop_assert!(most >= 0.75 - 1e-9 && least <= 4.0 / 3.0 + 1e-9, "{:?}", window);
    }

    #[test]
    fn the_whole_window_changes_nothing(shape in any_shape()) {
        let whole = Window { top: 0, left: 0, height: shape.height, width: shape.width };
        let found = moved(shape, |picture| enlarge(picture, whole).unwrap());
        prop_assert_eq!(found, moved(shape, |_| {}));
    }
}

#[test]
fn turns_go_anticlockwise() {
    let shape = ImageShape::new(1, 2, 2);
    let turned = |quarters| moved(shape, |picture| turn(picture, quarters).unwrap()).1;
    assert_eq!([0, 1, 2, 3].map(turned), [[1, 2, 3, 4], [2, 4, 1, 3], [4, 3, 2, 1], [3, 1, 4, 2]]);
}

#[test]
fn all_eight_orientations_are_equally_likely() {
    let shape = ImageShape::new(1, 3, 3);
    let mut counts = std::collections::BTreeMap::new();
    for seed in 0..1600 {
        *counts.entry(applied(&ConfiguredTransform::Aerial, shape, seed).1).or_insert(0_u32) += 1;
    }
    assert_eq!(counts.len(), 8);
    // Binomial(1600, 1/8): 200 with a standard deviation of 13.
    assert!(counts.values().all(|count| count.abs_diff(200) < 60), "{counts:?}");
}

/// Twice the size around the centre of 4 pixels: sources are 0.75, 1.25, 1.75, 2.25.
#[test]
fn scaling_is_bilinear_as_computed_by_hand() {
    let found = moved(ImageShape::new(1, 1, 4), |picture| {
        move_around(picture, 0.0, 0.5).unwrap();
    });
    assert_eq!(found.0, [1.75, 2.25, 2.75, 3.25]);
    assert_eq!(found.1, [2, 2, 3, 3]);
    // Half the size: sources are -1.5, 0.5, 2.5, 4.5, and what is outside is empty.
    let found = moved(ImageShape::new(1, 1, 4), |picture| {
        move_around(picture, 0.0, 2.0).unwrap();
    });
    assert_eq!(found.0, [0.0, 1.5, 3.5, 0.0]);
    assert_eq!(found.1, [0, 2, 4, 0]);
}

/// As `Image.resize` of Pillow, bilinear, for images and, nearest, for masks.
#[test]
fn a_window_is_enlarged_as_computed_by_hand() {
    let window = Window { top: 0, left: 1, height: 1, width: 2 };
    let found = moved(ImageShape::new(1, 1, 4), |picture| enlarge(picture, window).unwrap());
    assert_eq!(found.0, [2.0, 2.25, 2.75, 3.0]);
    assert_eq!(found.1, [2, 2, 3, 3]);
}

#[test]
fn windows_cover_all_areas_and_shapes() {
    let crop = RandomResizedCrop::default();
    let mut areas = Vec::new();
    let mut wide = 0;
    for seed in 0..2000 {
        let window = crop.window(100, 100, &mut ChaCha8Rng::seed_from_u64(seed));
        areas.push((window.height * window.width) as f64 / 10_000.0);
        wide += usize::from(window.width > window.height);
    }
    let mean = areas.iter().sum::<f64>() / 2000.0;
    // Uniform in 0.08..1 but for windows that do not fit, which are drawn again.
    assert!((0.48..0.55).contains(&mean), "{mean}");
    assert!(areas.iter().any(|&area| area < 0.1) && areas.iter().any(|&area| area > 0.95));
    assert!((900..1100).contains(&wide), "{wide}");
    // Where nothing fits, the largest window in the centre.
    let narrow = RandomResizedCrop { area: (1.0, 1.0), ratio: (1.0, 1.0) };
    let window = narrow.window(4, 10, &mut ChaCha8Rng::seed_from_u64(1));
    assert_eq!(window, Window { top: 0, left: 3, height: 4, width: 4 });
}

#[test]
fn rotations_and_scalings_happen_as_often_as_asked() {
    let shape = ImageShape::new(1, 4, 4);
    let plain = moved(shape, |_| {});
    let happened = |change: RotateScale| {
        (0..1000).filter(|&seed| applied(&change, shape, seed) != plain).count()
    };
    let all = RotateScale::default();
    // 1 - 0.8 0.8 = 0.36: 360 with a standard deviation of 15.
    assert!((300..420).contains(&happened(all)), "{}", happened(all));
    let turned = happened(RotateScale { scaled: 0.0, ..all });
    assert!((150..250).contains(&turned), "{turned}");
    assert_eq!(happened(RotateScale { turned: 1.0, ..all }), 1000);
}
