#![allow(clippy::float_cmp, reason = "counts are exact")]

use approx::assert_relative_eq;

use super::*;
use crate::Cell;
use crate::drawn::{logits, mask};

/// Three true objects; the first is found whole, the second by half, the third not at all, and one
/// is predicted where none is.
const THERE: [&str; 5] = ["1100000", "1100011", "0000000", "0110000", "0000000"];
const SAID: [&str; 5] = ["1100000", "1100001", "0000000", "0000000", "0000001"];

fn scorer(config: ObjectsConfig) -> Objects {
    Objects::new(2, Some(255), config).unwrap()
}

#[test]
fn scores_equal_a_count_by_hand() {
    let mut objects = scorer(ObjectsConfig::default());
    assert!(objects.scores().is_empty());
    objects.update(&logits(&SAID, 2), &mask(&THERE)).unwrap();
    let rows = objects.rows();
    assert_eq!(rows.len(), 9);
    // IoU 1 and 1/2: two matches up to 0.5, one beyond.
    for (row, matches) in rows.iter().zip([2.0, 2.0, 2.0, 2.0, 2.0, 1.0, 1.0, 1.0, 1.0]) {
        assert_eq!((row.matches, row.said, row.there), (matches, 3.0, 3.0), "{}", row.threshold);
    }
    assert_relative_eq!(rows[4].precision.unwrap(), 2.0 / 3.0);
    assert_relative_eq!(rows[4].f1.unwrap(), 2.0 / 3.0);
    assert_relative_eq!(rows[4].mean_iou.unwrap(), 0.75);
    // All confidences are equal: one step of recall, at the precision of all.
    assert_relative_eq!(rows[4].average_precision.unwrap(), 4.0 / 9.0);
    let scores = objects.scores();
    assert_relative_eq!(scores.get("object_recall_0.5").unwrap(), 2.0 / 3.0);
    let expected = (5.0 * 2.0 + 4.0) / 3.0 / 9.0;
    assert_relative_eq!(scores.iter().next().unwrap().1, expected, max_relative = 1e-12);
    assert_eq!(scores.iter().next().unwrap().0, "object_f1");
    let curve = objects.curve();
    assert_eq!(curve.len(), 9);
    assert!(curve.windows(2).all(|pair| pair[0].recall >= pair[1].recall));
    assert_eq!(rows[8].cells()[..4], ["0.9", "1", "3", "3"]);
}

#[test]
fn confident_objects_come_first() {
    let mut objects = scorer(ObjectsConfig { thresholds: vec![0.5], ..ObjectsConfig::default() });
    // The right object with a logit of 4, the wrong one with 1.
    let said = logits(&["1000001"], 2);
    let sure =
        candle_core::Tensor::new(&[2.0_f32, 0., 0., 0., 0., 0., 0.5], said.device()).unwrap();
    let output = said.broadcast_mul(&sure.reshape((1, 1, 1, 7)).unwrap()).unwrap();
    objects.update(&output, &mask(&["1000000"])).unwrap();
    assert_eq!(objects.rows()[0].average_precision, Some(1.0));
    let [right, wrong] = objects.ranking(0)[..] else { panic!("two objects") };
    assert!(right.right && !wrong.right);
    assert_relative_eq!(right.score, 1.0 / (1.0 + (-4.0_f64).exp()), max_relative = 1e-6);
    assert_relative_eq!(wrong.score, 1.0 / (1.0 + (-1.0_f64).exp()), max_relative = 1e-6);
}

#[test]
fn nothing_to_find_has_no_recall_and_nothing_found_no_precision() {
    let mut objects = scorer(ObjectsConfig::default());
    objects.update(&logits(&["010"], 2), &mask(&["000"])).unwrap();
    let row = &objects.rows()[0];
    assert_eq!((row.precision, row.recall, row.f1), (Some(0.0), None, Some(0.0)));
    assert_eq!(row.cells()[5], "-");
    assert!(objects.curve().is_empty());
    let mut objects = scorer(ObjectsConfig::default());
    objects.update(&logits(&["000"], 2), &mask(&["010"])).unwrap();
    let row = &objects.rows()[0];
    assert_eq!((row.precision, row.recall), (None, Some(0.0)));
    assert_eq!(row.average_precision, Some(0.0));
    assert_eq!(row.mean_iou, None);
}

#[test]
fn small_objects_corners_and_ignored_pixels_are_as_configured() {
    let found = |config: ObjectsConfig, there: &[&str; 2]| {
        let mut objects = scorer(config);
        objects.update(&logits(&["1000", "0100"], 2), &mask(there)).unwrap();
        let row = objects.rows().swap_remove(0);
        [row.matches, row.said, row.there]
    };
    let usual = ObjectsConfig::default;
    assert_eq!(found(usual(), &["1000", "0100"]), [1.0, 1.0, 1.0]);
    let four = ObjectsConfig { connectivity: Connectivity::Four, ..usual() };
    assert_eq!(found(four.clone(), &["1000", "0100"]), [2.0, 2.0, 2.0]);
    let large = ObjectsConfig { least_pixels: 2, ..four };
    assert_eq!(found(large, &["1000", "0111"]), [0.0, 0.0, 1.0]);
    assert_eq!(found(usual(), &["?000", "0?00"]), [0.0, 0.0, 0.0]);
}

#[test]
fn classes_are_matched_apart() {
    let mut objects = Objects::new(3, None, ObjectsConfig::default()).unwrap();
    objects.update(&logits(&["1102"], 3), &mask(&["2201"])).unwrap();
    let row = &objects.rows()[0];
    assert_eq!((row.matches, row.said, row.there), (0.0, 2.0, 2.0));
}

/// The second predicted object overlaps with the first true one by 5/12 and with the second by
/// 3/10; the first overlaps with the first true one alone, by 1/4.
#[test]
fn both_matchings_are_told_whichever_is_configured() {
    let both = |matching| {
        let mut objects = scorer(ObjectsConfig { matching, ..ObjectsConfig::default() });
        objects.update(&logits(&["1101111111110"], 2), &mask(&["1111111101111"])).unwrap();
        objects
    };
    let [one, other] = [Matching::Optimal, Matching::Greedy].map(both);
    for matching in [Matching::Optimal, Matching::Greedy] {
        assert_eq!(one.rows_by(matching), other.rows_by(matching));
        assert_eq!(one.curve_by(matching), other.curve_by(matching));
    }
    let matches = |rule| one.rows_by(rule).iter().map(|row| row.matches).collect::<Vec<_>>();
    assert_eq!(matches(Matching::Optimal)[..5], [2.0, 2.0, 1.0, 1.0, 0.0]);
    assert_eq!(matches(Matching::Greedy)[..5], [1.0, 1.0, 1.0, 1.0, 0.0]);
    assert_eq!(one.rows(), one.rows_by(Matching::Optimal));
    assert_eq!(other.rows(), one.rows_by(Matching::Greedy));
    let details = one.details();
    let rows = &details.tables[0].rows;
    assert_eq!(rows.len(), 18);
    assert_eq!(rows[0][..2], [Cell::Word("optimal"), Cell::Number(Some(0.1))]);
    assert_eq!(rows[9][0], Cell::Word("greedy"));
    assert_eq!(details.told.len(), 36);
    let scores = one.scores();
    assert!(details.told.iter().all(|name| scores.get(name).is_some()));
    assert_eq!(details.curves[0].lines[1].points, one.curve_by(Matching::Greedy));
    // State and sum keep both.
    let mut sum = scorer(ObjectsConfig::default());
    sum.add(&one.state()).unwrap();
    assert_eq!(sum, one);
}

#[test]
fn settings_and_states_that_make_no_sense_are_refused() {
    for thresholds in [vec![], vec![0.0], vec![0.5, 0.5], vec![f64::NAN], vec![1.5]] {
        let config = ObjectsConfig { thresholds, ..ObjectsConfig::default() };
        assert!(Objects::new(2, None, config).is_err());
    }
    assert!(Objects::new(1, None, ObjectsConfig::default()).is_err());
    let mut objects = scorer(ObjectsConfig::default());
    assert!(objects.add(&[0.0; 3]).is_err() && objects.add(&[0.0; 39]).is_err());
}
