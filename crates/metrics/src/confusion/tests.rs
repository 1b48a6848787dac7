use candle_core::{Device, Tensor};

use super::*;

/// Logits of two pixels a row, classes first, whose highest class is what is said.
fn said(classes: usize, said: &[[usize; 2]]) -> Tensor {
    let logit =
        |row: &[usize; 2], class: usize, pixel: usize| f32::from(u8::from(row[pixel] == class));
    let of_row =
        |row| (0..classes).flat_map(move |class| (0..2).map(move |p| logit(row, class, p)));
    let values: Vec<f32> = said.iter().flat_map(of_row).collect();
    Tensor::from_vec(values, (said.len(), classes, 1, 2), &Device::Cpu).unwrap()
}

fn there(labels: &[[u32; 2]]) -> Tensor {
    Tensor::from_vec(labels.concat(), (labels.len(), 1, 2), &Device::Cpu).unwrap()
}

/// Six pixels of classes 0 0 1 | 1 2 2 said to be 0 1 1 | 1 1 2, by hand.
#[test]
fn scores_equal_a_count_by_hand() {
    let mut scorer = Confusion::new(4, None).unwrap();
    scorer.update(&said(4, &[[0, 1], [1, 1]]), &there(&[[0, 0], [1, 1]])).unwrap();
    scorer.update(&said(4, &[[1, 2]]), &there(&[[2, 2]])).unwrap();
    let scores = scorer.scores();
    // IoU: 1/2, 2/4, 1/2; class 3 is neither there nor said.
    assert_eq!(scores.get("iou_0"), Some(0.5));
    assert_eq!(scores.get("iou_1"), Some(0.5));
    assert_eq!(scores.get("iou_3"), None);
    assert_eq!(scores.get("mean_iou"), Some(0.5));
    assert_eq!(scores.get("dice_1"), Some(4.0 / 6.0));
    assert_eq!(scores.get("mean_dice"), Some(2.0 / 3.0));
    assert_eq!(scores.get("pixel_accuracy"), Some(4.0 / 6.0));
    assert_eq!(scores.get("mean_accuracy"), Some((0.5 + 1.0 + 0.5) / 3.0));
    assert_eq!(scores.iter().next(), Some(("mean_iou", 0.5)), "the objective first");
}

#[test]
fn ignored_pixels_do_not_count_and_classes_only_said_have_zero() {
    let mut scorer = Confusion::new(3, Some(255)).unwrap();
    scorer.update(&said(3, &[[0, 1]]), &there(&[[255, 255]])).unwrap();
    assert!(scorer.scores().is_empty());
    scorer.update(&said(3, &[[0, 1], [2, 0]]), &there(&[[0, 255], [0, 0]])).unwrap();
    assert_eq!(scorer.scores().get("pixel_accuracy"), Some(2.0 / 3.0));
    assert_eq!(scorer.scores().get("iou_2"), Some(0.0));
    assert_eq!(scorer.scores().get("mean_iou"), Some((2.0 / 3.0 + 0.0) / 2.0));
}

#[test]
fn nan_says_nothing_and_equal_logits_the_first_class() {
    let mut scorer = Confusion::new(2, None).unwrap();
    let logits = Tensor::new(&[[f32::NAN, 0.0], [1.0, 1.0]], &Device::Cpu).unwrap();
    scorer.update(&logits, &Tensor::new(&[0_u32, 0], &Device::Cpu).unwrap()).unwrap();
    assert_eq!((scorer.count(0, 0), scorer.count(0, 1)), (1.0, 0.0));
    assert_eq!(scorer.iou(0), Some(0.5));
    assert_eq!(scorer.scores().get("pixel_accuracy"), Some(0.5));
}

#[test]
fn wrong_labels_are_named_with_row_and_place() {
    let mut scorer = Confusion::new(2, Some(255)).unwrap();
    let error = scorer.update(&said(2, &[[0, 1], [0, 0]]), &there(&[[0, 1], [1, 7]])).unwrap_err();
    let expected = "row 1, place 1: expected a label from 0 to below 2, found 7";
    assert_eq!(error.to_string(), expected);
    assert!(scorer.scores().is_empty());
    let error = scorer.update(&said(3, &[[0, 1]]), &there(&[[0, 1]])).unwrap_err().to_string();
    let expected = "expected logits [batch, 2, ..] with labels [batch, ..] of equal rest, found an \
                    output of [1, 3, 1, 2] with a target of [1, 1, 2]";
    assert_eq!(error, expected);
    assert!(Confusion::new(0, None).is_err());
}

#[test]
fn the_background_can_be_left_out_and_tables_have_dashes() {
    let mut scorer = Confusion::new(4, None).unwrap();
    scorer.update(&said(4, &[[0, 1], [1, 1]]), &there(&[[0, 0], [1, 1]])).unwrap();
    scorer.update(&said(4, &[[1, 2]]), &there(&[[2, 2]])).unwrap();
    let scores = scorer.scores();
    assert_eq!(scores.get("mean_iou_foreground"), Some(0.5));
    assert_eq!(scores.get("mean_dice_foreground"), Some((4.0 / 6.0 + 2.0 / 3.0) / 2.0));
    let rows = scorer.rows();
    assert_eq!(rows[1].cells(), ["1", "2", "50.00", "66.67", "50.00", "100.00"]);
    assert_eq!(rows[3].cells(), ["3", "0", "-", "-", "-", "-"]);
    assert_eq!(ClassRow::HEADS.len(), rows[0].cells().len());
}

/// Every type of logits gives what one pixel after the other gives.
#[test]
fn all_types_and_layouts_of_logits_are_read_alike() {
    use candle_core::DType;
    let values: Vec<f32> =
        (0..2 * 3 * 4 * 5).map(|i| ((i * 37 % 23) as f32 * 0.25) - 2.0).collect();
    let output = Tensor::from_vec(values, (2, 3, 4, 5), &Device::Cpu).unwrap();
    let labels: Vec<u32> = (0..2 * 4 * 5).map(|i| i * 7 % 3).collect();
    let target = Tensor::from_vec(labels, (2, 4, 5), &Device::Cpu).unwrap();
    let of = |output: &Tensor, target: &Tensor| {
        let mut scorer = Confusion::new(3, None).unwrap();
        scorer.update(output, target).unwrap();
        scorer.state()
    };
    let wanted = of(&output, &target);
    for dtype in [DType::F64, DType::F16, DType::BF16] {
        assert_eq!(of(&output.to_dtype(dtype).unwrap(), &target), wanted, "{dtype:?}");
    }
    let turned = output.transpose(2, 3).unwrap();
    let turned_target = target.transpose(1, 2).unwrap();
    assert_eq!(of(&turned, &turned_target), wanted);
    let both = Tensor::cat(&[&output, &output], 0).unwrap().narrow(0, 2, 2).unwrap();
    assert_eq!(of(&both, &target), wanted, "a part of a larger tensor");
}
