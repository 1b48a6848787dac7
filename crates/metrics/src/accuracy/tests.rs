use candle_core::{DType, Device, Tensor};
use proptest::prelude::*;

use super::*;
use crate::testkit::{Measured, check_scorer};

fn tensors(rows: &[Vec<f32>], labels: &[u32]) -> Measured {
    let classes = rows.first().map_or(3, Vec::len);
    let scores: Vec<f32> = rows.concat();
    Measured {
        output: Tensor::from_vec(scores, (rows.len(), classes), &Device::Cpu).unwrap(),
        target: Tensor::from_vec(labels.to_vec(), labels.len(), &Device::Cpu).unwrap(),
    }
}

fn correct(k: usize, rows: &[Vec<f32>], labels: &[u32]) -> usize {
    let batch = tensors(rows, labels);
    let mut scorer = Accuracy::top(k).unwrap();
    scorer.update(&batch.output, &batch.target).unwrap();
    assert_eq!(scorer.state()[1] as usize, rows.len());
    scorer.state()[0] as usize
}

#[test]
fn accuracy_counts_the_best() {
    let rows = [vec![0.1, 0.7, 0.2], vec![3.0, 1.0, 2.0], vec![-1.0, -3.0, -2.0]];
    assert_eq!(correct(1, &rows, &[1, 0, 2]), 2);
    assert_eq!(correct(2, &rows, &[1, 2, 1]), 2);
    assert_eq!(correct(3, &rows, &[0, 1, 1]), 3);
    assert_eq!(correct(99, &rows, &[0, 1, 1]), 3);
}

#[test]
fn ties_go_to_lower_indices() {
    let constant = vec![0.5; 4];
    for label in 0..4 {
        for k in 1..=4 {
            let expected = usize::from((label as usize) < k);
            assert_eq!(correct(k, std::slice::from_ref(&constant), &[label]), expected);
        }
    }
    assert_eq!(correct(1, &[vec![1.0, 2.0, 2.0]], &[1]), 1);
    assert_eq!(correct(1, &[vec![1.0, 2.0, 2.0]], &[2]), 0);
    assert_eq!(correct(1, &[vec![0.0, -0.0]], &[1]), 0, "zeros of either sign are equal");
}

#[test]
fn a_row_with_a_nan_is_wrong_and_infinities_are_scores() {
    let rows = [vec![f32::NAN, 9.0], vec![9.0, f32::NAN], vec![f32::NAN, f32::NAN]];
    assert_eq!(correct(2, &rows, &[1, 0, 0]), 0);
    assert_eq!(correct(1, &[vec![f32::INFINITY, 1.0]], &[0]), 1);
    assert_eq!(correct(1, &[vec![f32::NEG_INFINITY, 1.0]], &[0]), 0);
}

#[test]
fn accuracy_takes_any_integer_labels_and_float_logits() {
    let Measured { output, target } = tensors(&[vec![0.0, 1.0], vec![1.0, 0.0]], &[1, 1]);
    for label in [DType::U8, DType::U32, DType::I64] {
        for logit in [DType::F32, DType::F64, DType::BF16, DType::F16] {
            let mut scorer = Accuracy::new();
            let output = output.to_dtype(logit).unwrap();
            scorer.update(&output, &target.to_dtype(label).unwrap()).unwrap();
            assert_eq!(scorer.value(), Some(0.5));
        }
    }
}

#[test]
fn a_refused_batch_leaves_the_scorer_as_it_was() {
    let Measured { output, target } = tensors(&[vec![0.0, 1.0], vec![1.0, 0.0]], &[1, 2]);
    let negative = Tensor::new(&[0_i64, -1], &Device::Cpu).unwrap();
    let floats = Tensor::new(&[0_f32, 1.0], &Device::Cpu).unwrap();
    let short = Tensor::new(&[0_u32], &Device::Cpu).unwrap();
    let no_classes = Tensor::zeros((2, 0), DType::F32, &Device::Cpu).unwrap();
    let mut scorer = Accuracy::new();
    let mut refuse = |output, target| {
        let error = scorer.update(output, target).unwrap_err().to_string();
        assert_eq!(scorer.state(), [0.0, 0.0]);
        error
    };
    let label = |row, classes, found| {
        format!("row {row}, place 0: expected a label from 0 to below {classes}, found {found}")
    };
    assert_eq!(refuse(&output, &target), label(1, 2, 2));
    assert_eq!(refuse(&output, &negative), label(1, 2, -1));
    assert_eq!(refuse(&no_classes, &target), label(0, 0, 1));
    assert_eq!(refuse(&output, &floats), "expected labels of an integer type, found F32");
    let shapes = "expected logits [batch, classes] with labels [batch], found an output of [2, 2] \
                  with a target of [1]";
    assert_eq!(refuse(&output, &short), shapes);
    assert!(refuse(&target, &target).ends_with("an output of [2] with a target of [2]"));
}

#[test]
fn an_empty_batch_changes_nothing_and_zero_is_refused() {
    let logits = Tensor::zeros((0, 3), DType::F32, &Device::Cpu).unwrap();
    let labels = Tensor::zeros(0, DType::U32, &Device::Cpu).unwrap();
    let mut scorer = Accuracy::new();
    scorer.update(&logits, &labels).unwrap();
    assert_eq!(scorer.value(), None);
    let error = Accuracy::top(0).unwrap_err().to_string();
    assert_eq!(error, "k: expected at least 1, found 0");
}

fn rows() -> impl Strategy<Value = Vec<(Vec<f32>, u32)>> {
    // Few distinct scores, so that ties are common, and NaN among them.
    let score = prop_oneof![Just(0.0_f32), Just(1.0), Just(2.0), Just(f32::NAN)];
    prop::collection::vec((prop::collection::vec(score, 4), 0_u32..4), 1..20)
}

proptest! {
    #[test]
    fn accuracy_keeps_the_laws(rows in rows(), k in 1_usize..5) {
        let one = |(row, label): &(Vec<f32>, u32)| tensors(std::slice::from_ref(row), &[*label]);
        let batches: Vec<_> = rows.iter().map(one).collect();
        let empty = || Box::new(Accuracy::top(k).unwrap()) as Box<dyn Scorer>;
        prop_assert_eq!(check_scorer(&empty, &batches), Ok(()));
        let mut scorer = empty();
        batches.iter().for_each(|batch| scorer.update(&batch.output, &batch.target).unwrap());
        let (scores, labels): (Vec<_>, Vec<_>) = rows.into_iter().unzip();
        let at_once = correct(k, &scores, &labels) as f64 / labels.len() as f64;
        let name = if k == 1 { "accuracy".to_owned() } else { format!("accuracy_top_{k}") };
        prop_assert_eq!(scorer.scores().get(&name), Some(at_once), "batches may be of any size");
    }

    #[test]
    fn exactly_k_labels_are_right(row in prop::collection::vec(-3_i8..3, 1..9), k in 1_usize..12) {
        let row: Vec<f32> = row.into_iter().map(f32::from).collect();
        let classes = row.len();
        let right: usize =
            (0..classes).map(|label| correct(k, std::slice::from_ref(&row), &[label as u32])).sum();
        prop_assert_eq!(right, k.min(classes));
    }
}
