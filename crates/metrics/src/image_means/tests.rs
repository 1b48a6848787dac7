use approx::assert_relative_eq;

use super::*;
use crate::drawn::{logits, mask};

/// In the first image class 1 has IoU 1/4, in the second 1; in the third it is nowhere.
#[test]
fn every_image_weighs_the_same() {
    let mut scorer = ImageMeans::new(3, Some(255)).unwrap();
    assert!(scorer.scores().is_empty());
    let rows = [["1000", "1111"], ["1000", "1000"], ["0000", "00?0"]];
    for [said, there] in rows {
        scorer.update(&logits(&[said], 3), &mask(&[there])).unwrap();
    }
    let scores = scorer.scores();
    assert_relative_eq!(scores.get("image_iou_1").unwrap(), (0.25 + 1.0) / 2.0);
    assert_relative_eq!(scores.get("image_dice_1").unwrap(), (0.4 + 1.0) / 2.0);
    // Of the background: 0 of 3, 3 of 3 and 3 of 3.
    assert_relative_eq!(scores.get("image_iou_0").unwrap(), 2.0 / 3.0);
    assert_eq!(scores.get("image_iou_2"), None);
    let without = [0, 1, 2].map(|class| scorer.images_without(class));
    assert_eq!(without.map(|count| count as usize), [0, 1, 3]);
    assert_eq!(scores.get("images_without_2"), Some(3.0));
    let mean = (2.0 / 3.0 + 0.625) / 2.0;
    assert_relative_eq!(scores.get("image_mean_iou").unwrap(), mean);
    assert_relative_eq!(scores.get("image_mean_iou_foreground").unwrap(), 0.625);
}
