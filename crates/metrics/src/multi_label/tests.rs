use candle_core::{Device, Tensor};

use super::*;

/// Three rows of two labels, counted by hand.
#[test]
fn scores_equal_a_count_by_hand() {
    let mut scorer = MultiLabel::new(2).unwrap();
    let logits = Tensor::new(&[[1.0_f32, 2.0], [-1.0, 1.0], [0.5, -3.0]], &Device::Cpu).unwrap();
    let labels = Tensor::new(&[[1.0_f32, 1.0], [1.0, 1.0], [0.0, 0.0]], &Device::Cpu).unwrap();
    scorer.update(&logits, &labels).unwrap();
    let scores = scorer.scores();
    // Label 0: one right, one wrongly said, one missed; label 1: all right.
    assert_eq!(scores.get("mean_f1"), Some((2.0 / 4.0 + 1.0) / 2.0));
    assert_eq!(scores.get("auc_0"), Some(0.5));
    assert_eq!(scores.get("auc_1"), Some(1.0));
    assert_eq!(scores.iter().next(), Some(("mean_auc", 0.75)), "the objective first");
    assert_eq!(scores.get("label_accuracy"), Some(4.0 / 6.0));
    assert_eq!(scores.get("exact_match"), Some(1.0 / 3.0));
}

#[test]
fn nan_says_the_wrong_thing_and_labels_of_one_kind_have_no_area() {
    let mut scorer = MultiLabel::new(2).unwrap();
    let logits = Tensor::new(&[[f32::NAN, f32::NAN]], &Device::Cpu).unwrap();
    scorer.update(&logits, &Tensor::new(&[[1_u8, 0]], &Device::Cpu).unwrap()).unwrap();
    let scores = scorer.scores();
    assert_eq!(scores.get("label_accuracy"), Some(0.0));
    assert_eq!(scores.get("mean_f1"), Some(0.0));
    assert_eq!(scores.get("mean_auc"), None);
}

#[test]
fn wrong_labels_are_named() {
    let mut scorer = MultiLabel::new(2).unwrap();
    let logits = Tensor::new(&[[0.0_f32, 1.0], [0.0, 1.0]], &Device::Cpu).unwrap();
    let labels = Tensor::new(&[[0_u32, 1], [0, 3]], &Device::Cpu).unwrap();
    let error = scorer.update(&logits, &labels).unwrap_err().to_string();
    assert_eq!(error, "row 1, label 1: expected 0 or 1, found 3");
    assert!(scorer.scores().is_empty());
    assert!(MultiLabel::new(0).is_err());
}

#[test]
fn average_precision_and_entropy_equal_a_calculation_by_hand() {
    let mut scorer = MultiLabel::new(2).unwrap();
    let logits = Tensor::new(&[[1.0_f64, 0.0], [-1.0, 1000.0], [0.5, -1000.0]], &Device::Cpu);
    let labels = Tensor::new(&[[1_u8, 0], [1, 1], [0, 0]], &Device::Cpu).unwrap();
    scorer.update(&logits.unwrap(), &labels).unwrap();
    let scores = scorer.scores();
    // Label 0 in the order 1, 0.5, -1: right, wrong, right.
    let first = 0.5 + 0.5 * 2.0 / 3.0;
    assert_eq!(scores.get("ap_0"), Some(first));
    assert_eq!(scores.get("mean_ap"), Some((first + 1.0) / 2.0));
    // All in one list: 1000, 1, 0.5, 0, -1, -1000.
    let micro = (1.0 + 1.0 + 3.0 / 5.0) / 3.0;
    assert!((scores.get("micro_ap").unwrap() - micro).abs() < 1e-12);
    assert!((scores.get("micro_auc").unwrap() - 7.0 / 9.0).abs() < 1e-12);
    let [a, b, c] = [-1.0_f64, 1.0, 0.5].map(|x| (1.0 + x.exp()).ln());
    assert!((scores.get("bce_0").unwrap() - (a + b + c) / 3.0).abs() < 1e-12);
    assert!((scores.get("bce_1").unwrap() - 2.0_f64.ln() / 3.0).abs() < 1e-12);
}

#[test]
fn every_label_has_a_row() {
    let mut scorer = MultiLabel::new(2).unwrap();
    let logits = Tensor::new(&[[1.0_f32, 2.0], [-1.0, 1.0], [0.5, -3.0]], &Device::Cpu).unwrap();
    let labels = Tensor::new(&[[1.0_f32, 1.0], [1.0, 1.0], [0.0, 0.0]], &Device::Cpu).unwrap();
    scorer.update(&logits, &labels).unwrap();
    let details = scorer.details();
    let scores = scorer.scores();
    let share = |name: &str| Cell::Share(scores.get(name));
    let rows = &details.tables[0].rows;
    assert_eq!(
        rows[0],
        [Cell::Output(0), Cell::Count(2.0), share("auc_0"), share("ap_0"), share("f1_0")]
    );
    let all = [share("micro_auc"), share("micro_ap"), share("micro_f1")];
    assert_eq!(rows[2], [vec![Cell::Word("all as one"), Cell::Count(4.0)], all.to_vec()].concat());
    assert!(details.told.iter().all(|name| scores.get(name).is_some()));
}
