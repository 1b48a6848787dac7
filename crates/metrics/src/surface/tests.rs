use approx::assert_relative_eq;

use super::*;
use crate::drawn::{logits, mask};

fn of(said: &[&str], there: &[&str]) -> Option<SurfaceDistances> {
    let set = |rows: &[&str]| rows.concat().chars().map(|c| c == '1').collect::<Vec<_>>();
    surface_distances(&set(said), &set(there), [said.len(), said[0].len()])
}

/// A square and the same one column to the right: of the eight pixels of each surface, four lie on
/// the other one and four are one pixel away from it.
const SQUARE: [&str; 5] = ["000000", "011100", "011100", "011100", "000000"];
const SHIFTED: [&str; 5] = ["000000", "001110", "001110", "001110", "000000"];

#[test]
fn distances_of_a_shifted_square_equal_those_by_hand() {
    let found = of(&SQUARE, &SHIFTED).unwrap();
    let expected = [0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0];
    assert_eq!(found.from_said, expected);
    assert_eq!(found.from_there, expected);
    assert_relative_eq!(found.dice(0.0), 0.5);
    assert_relative_eq!(found.dice(1.0), 1.0);
    assert_relative_eq!(found.hausdorff(0.95), 1.0);
    let same = of(&SQUARE, &SQUARE).unwrap();
    assert_relative_eq!(same.dice(0.0), 1.0);
    assert_relative_eq!(same.hausdorff(1.0), 0.0);
}

/// From columns 0, 1, 2 to column 0: 0, 1, 2 one way and 0 the other; the quantile of 95 % lies
/// nine tenths of the way from the second to the third.
#[test]
fn quantiles_lie_between_distances() {
    let found = of(&["1110"], &["1000"]).unwrap();
    assert_eq!(found.from_said, [0.0, 1.0, 2.0]);
    assert_eq!(found.from_there, [0.0]);
    assert_relative_eq!(found.hausdorff(0.95), 1.9);
    assert_relative_eq!(found.hausdorff(1.0), 2.0);
    assert_relative_eq!(found.dice(1.0), 3.0 / 4.0);
}

#[test]
fn borders_are_surface_and_distances_are_euclidean() {
    // The whole image is its own surface but for the middle.
    let found = of(&["111", "111", "111"], &["000", "010", "000"]).unwrap();
    let corner = 2.0_f64.sqrt();
    assert_eq!(found.from_said, [1.0, 1.0, 1.0, 1.0, corner, corner, corner, corner]);
    assert_eq!(found.from_there, [1.0]);
}

#[test]
fn empty_masks_are_as_in_monai() {
    assert_eq!(of(&["00"], &["00"]), None);
    for found in [of(&["10"], &["00"]), of(&["00"], &["10"])] {
        let found = found.unwrap();
        assert_relative_eq!(found.dice(100.0), 0.0);
        assert!(found.hausdorff(0.95).is_infinite());
    }
    assert_eq!(surface_distances(&[true], &[true, false], [1, 2]), None);
}

#[test]
fn images_without_a_class_are_left_out_and_one_sided_ones_counted() {
    let mut scorer = Surface::new(3, Some(255), 2.0).unwrap();
    assert!(scorer.scores().is_empty());
    let empty = ["000000"; 5];
    for [said, there] in [[SQUARE, SHIFTED], [empty, empty], [SQUARE, empty]] {
        scorer.update(&logits(&said, 3), &mask(&there)).unwrap();
    }
    let scores = scorer.scores();
    assert_eq!(scores.get("surface_dice_1"), Some(0.5));
    assert_eq!(scores.get("hausdorff_95_1"), Some(1.0));
    assert_eq!(scores.get("hausdorff_95_missing_1"), Some(1.0));
    assert_eq!(scores.get("surface_dice_2"), None, "a class that is nowhere");
    assert_eq!(scores.get("surface_dice"), Some(0.5));
    assert_eq!(scores.iter().next(), Some(("surface_dice", 0.5)));
}

#[test]
fn ignored_pixels_are_in_no_surface() {
    let mut scorer = Surface::new(2, Some(255), 0.0).unwrap();
    scorer.update(&logits(&["1110"], 2), &mask(&["11?0"])).unwrap();
    assert_eq!(scorer.scores().get("surface_dice"), Some(1.0));
}

#[test]
fn settings_that_make_no_sense_are_refused() {
    assert!(Surface::new(1, None, 2.0).is_err());
    let error = Surface::new(2, None, f64::NAN).unwrap_err().to_string();
    assert_eq!(error, "tolerance: expected a finite number of pixels, at least 0, found NaN");
}
