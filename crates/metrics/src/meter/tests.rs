use approx::assert_relative_eq;
use candle_core::{DType, Device, Tensor};
use proptest::prelude::*;

use super::*;

fn tensors(rows: &[Vec<f32>], labels: &[u32]) -> (Tensor, Tensor) {
    let classes = rows.first().map_or(3, Vec::len);
    let scores: Vec<f32> = rows.concat();
    (
        Tensor::from_vec(scores, (rows.len(), classes), &Device::Cpu).unwrap(),
        Tensor::from_vec(labels.to_vec(), labels.len(), &Device::Cpu).unwrap(),
    )
}

fn correct(k: usize, rows: &[Vec<f32>], labels: &[u32]) -> u64 {
    let (logits, labels) = tensors(rows, labels);
    let mut meter = Accuracy::top(k).unwrap();
    meter.update((&logits, &labels)).unwrap();
    assert_eq!(meter.total(), rows.len() as u64);
    meter.correct()
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
            let expected = u64::from((label as usize) < k);
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
    let (logits, labels) = tensors(&[vec![0.0, 1.0], vec![1.0, 0.0]], &[1, 1]);
    for labels_type in [DType::U8, DType::U32, DType::I64] {
        for logits_type in [DType::F32, DType::F64, DType::BF16, DType::F16] {
            let mut meter = Accuracy::new();
            let sample =
                (logits.to_dtype(logits_type).unwrap(), labels.to_dtype(labels_type).unwrap());
            meter.update((&sample.0, &sample.1)).unwrap();
            assert_eq!(meter.value(), Some(0.5));
        }
    }
}

#[test]
fn a_refused_batch_leaves_the_meter_as_it_was() {
    let (logits, labels) = tensors(&[vec![0.0, 1.0], vec![1.0, 0.0]], &[1, 2]);
    let negative = Tensor::new(&[0_i64, -1], &Device::Cpu).unwrap();
    let floats = Tensor::new(&[0_f32, 1.0], &Device::Cpu).unwrap();
    let short = Tensor::new(&[0_u32], &Device::Cpu).unwrap();
    let no_classes = Tensor::zeros((2, 0), DType::F32, &Device::Cpu).unwrap();
    let mut meter = Accuracy::new();
    let mut refuse = |logits, labels| {
        let error = meter.update((logits, labels)).unwrap_err().to_string();
        assert_eq!((meter.total(), meter.correct()), (0, 0));
        error
    };
    assert_eq!(refuse(&logits, &labels), "row 1: expected a label from 0 to below 2, found 2");
    assert_eq!(refuse(&logits, &negative), "row 1: expected a label from 0 to below 2, found -1");
    assert_eq!(refuse(&no_classes, &labels), "row 0: expected a label from 0 to below 0, found 1");
    assert_eq!(refuse(&logits, &floats), "expected labels of an integer type, found F32");
    let shapes = "expected logits [batch, classes] with labels [batch], found [2, 2] and [1]";
    assert_eq!(refuse(&logits, &short), shapes);
    assert!(matches!(refuse(&labels, &labels).as_str(), text if text.contains("[2] and [2]")));
}

#[test]
fn an_empty_batch_changes_nothing() {
    let logits = Tensor::zeros((0, 3), DType::F32, &Device::Cpu).unwrap();
    let labels = Tensor::zeros(0, DType::U32, &Device::Cpu).unwrap();
    let mut meter = Accuracy::new();
    meter.update((&logits, &labels)).unwrap();
    assert_eq!(meter.value(), None);
}

#[test]
fn different_k_do_not_merge_and_zero_is_refused() {
    let mut meter = Accuracy::new();
    let result = meter.merge(&Accuracy::top(5).unwrap());
    assert!(matches!(result, Err(MetricsError::MixedK { expected: 1, found: 5 })));
    assert!(matches!(Accuracy::top(0), Err(MetricsError::ZeroK)));
}

#[test]
fn mean_refuses_unusable_weights_and_shows_bad_values() {
    let mut meter = Mean::new();
    for weight in [-1.0, f64::NAN, f64::INFINITY] {
        assert!(matches!(meter.update((1.0, weight)), Err(MetricsError::Weight { .. })));
    }
    meter.update((f64::NAN, 0.0)).unwrap();
    assert_eq!(meter.value(), None);
    meter.update((2.0, 3.0)).unwrap();
    meter.update((6.0, 1.0)).unwrap();
    assert_eq!(meter.value(), Some(3.0));
    meter.update((f64::NAN, 1.0)).unwrap();
    assert!(meter.value().unwrap().is_nan());
}

/// The laws of a meter, for any meter: `samples` are split at `cut`, and the parts measured in either order.
///
/// Returns the value of the whole and those that should equal it.
fn measured<M: Meter>(
    fresh: impl Fn() -> M,
    feed: impl Fn(&mut M, usize),
    samples: usize,
    cut: usize,
) -> (Option<f64>, [Option<f64>; 3]) {
    let part = |range: std::ops::Range<usize>| {
        let mut meter = fresh();
        range.for_each(|index| feed(&mut meter, index));
        meter
    };
    assert_eq!(fresh().value(), None, "nothing seen, no value");
    let merged = |mut first: M, second: M| {
        first.merge(&second).unwrap();
        first.value()
    };
    let whole = part(0..samples).value();
    let forwards = merged(part(0..cut), part(cut..samples));
    let backwards = merged(part(cut..samples), part(0..cut));
    let mut reset = part(0..samples);
    reset.merge(&fresh()).unwrap();
    assert_eq!(reset.value(), whole, "an empty meter adds nothing");
    reset.reset();
    assert_eq!(reset.value(), None, "reset forgets");
    (0..samples).rev().for_each(|index| feed(&mut reset, index));
    (whole, [forwards, backwards, reset.value()])
}

fn rows() -> impl Strategy<Value = Vec<(Vec<f32>, u32)>> {
    // Few distinct scores, so that ties are common, and NaN among them.
    let score = prop_oneof![Just(0.0_f32), Just(1.0), Just(2.0), Just(f32::NAN)];
    prop::collection::vec((prop::collection::vec(score, 4), 0_u32..4), 0..20)
}

proptest! {
    #[test]
    fn accuracy_keeps_the_laws(rows in rows(), k in 1_usize..5, cut in 0_usize..20) {
        let cut = cut.min(rows.len());
        let (whole, others) = measured(
            || Accuracy::top(k).unwrap(),
            |meter, index| {
                let (row, label) = &rows[index];
                let (logits, labels) = tensors(std::slice::from_ref(row), &[*label]);
                meter.update((&logits, &labels)).unwrap();
            },
            rows.len(),
            cut,
        );
        prop_assert_eq!(others, [whole; 3], "exactly");
        let (scores, labels): (Vec<_>, Vec<_>) = rows.into_iter().unzip();
        let at_once = correct(k, &scores, &labels);
        let expected = (!labels.is_empty()).then(|| at_once as f64 / labels.len() as f64);
        prop_assert_eq!(whole, expected, "batches may be of any size");
    }

    #[test]
    fn exactly_k_labels_are_right(row in prop::collection::vec(-3_i8..3, 1..9), k in 1_usize..12) {
        let row: Vec<f32> = row.into_iter().map(f32::from).collect();
        let classes = row.len();
        let right: u64 =
            (0..classes).map(|label| correct(k, std::slice::from_ref(&row), &[label as u32])).sum();
        prop_assert_eq!(right, k.min(classes) as u64);
    }

    #[test]
    fn mean_keeps_the_laws(samples in prop::collection::vec((-1e3..1e3, 0.0..1e3), 0..40),
                           cut in 0_usize..40) {
        let cut = cut.min(samples.len());
        let feed = |meter: &mut Mean, index: usize| meter.update(samples[index]).unwrap();
        let (whole, others) = measured(Mean::new, feed, samples.len(), cut);
        let largest = 1e3;
        for other in others {
            prop_assert_eq!(other.is_some(), whole.is_some());
            if let (Some(other), Some(whole)) = (other, whole) {
                // 40 roundings of sums of terms up to the largest value.
                assert_relative_eq!(other, whole, epsilon = 40.0 * f64::EPSILON * largest);
            }
        }
    }
}

#[test]
fn meters_survive_serialisation() {
    let mut meter = Accuracy::top(3).unwrap();
    let (logits, labels) = tensors(&[vec![0.0, 1.0, 2.0]], &[0]);
    meter.update((&logits, &labels)).unwrap();
    let text = serde_json::to_string(&meter).unwrap();
    assert_eq!(serde_json::from_str::<Accuracy>(&text).unwrap(), meter);
    assert!(serde_json::from_str::<Accuracy>(&text.replace("\"k\":3", "\"k\":0")).is_err());
}
