use candle_core::{Device, Tensor};

use super::*;
use crate::{Accuracy, Auc, Confusion, MultiLabel, Regression};

fn floats(values: &[f32], shape: &[usize]) -> Tensor {
    Tensor::from_vec(values.to_vec(), shape, &Device::Cpu).unwrap()
}

fn batch(output: Tensor, target: Tensor) -> Measured {
    Measured { output, target }
}

/// Four batches of two rows: `width` logits a row, and what `target` makes of numbers that differ.
fn batches(width: usize, target: impl Fn(u32) -> Tensor) -> Vec<Measured> {
    let logit = |row: u32, at: usize| ((row * 7 + at as u32 * 3) % 11) as f32 / 2.0 - 2.0;
    (0..4_u32)
        .map(|i| {
            let rows = [2 * i, 2 * i + 1];
            let values: Vec<f32> =
                rows.iter().flat_map(|&row| (0..width).map(move |at| logit(row, at))).collect();
            batch(floats(&values, &[2, width]), target(i))
        })
        .collect()
}

#[test]
fn own_scorers_obey() {
    let classes = |i: u32| Tensor::new(&[i % 3, (i + 1) % 3], &Device::Cpu).unwrap();
    let binary = |i: u32| Tensor::new(&[[i % 2, 1], [0, i / 2 % 2]], &Device::Cpu).unwrap();
    let single = |i: u32| Tensor::new(&[[i % 2], [i / 2 % 2]], &Device::Cpu).unwrap();
    let values = |i: u32| floats(&[i as f32, 0.5, -1.0, (i * i) as f32], &[2, 2]);
    type Row = (Box<dyn Fn() -> Box<dyn Scorer>>, Vec<Measured>);
    let rows: Vec<Row> = vec![
        (Box::new(|| Box::new(Accuracy::new())), batches(3, classes)),
        (Box::new(|| Box::new(Accuracy::top(2).unwrap())), batches(3, classes)),
        (Box::new(|| Box::new(Confusion::new(3, None).unwrap())), batches(3, classes)),
        (Box::new(|| Box::new(Confusion::new(3, Some(1)).unwrap())), batches(3, classes)),
        (Box::new(|| Box::new(Auc::new(16).unwrap())), batches(1, single)),
        (Box::new(|| Box::new(MultiLabel::new(2).unwrap())), batches(2, binary)),
        (Box::new(|| Box::new(Regression::new(2).unwrap())), batches(2, values)),
    ];
    for (number, (empty, batches)) in rows.into_iter().enumerate() {
        assert_eq!(check_scorer(&*empty, &batches), Ok(()), "row {number}");
    }
}

/// Breaks one law at a time.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    None,
    Eager,
    Last,
    Forgets,
    Grows,
    TakesAnyState,
    TakesAnyRows,
    Refuses,
}

#[derive(Debug)]
struct Faulty {
    fault: Fault,
    sum: f64,
    seen: f64,
    /// Batches that it has seen itself.
    updates: usize,
}

impl Scorer for Faulty {
    fn update(&mut self, output: &Tensor, target: &Tensor) -> Result<(), MetricsError> {
        let wrong = output.dim(0)? != target.dim(0)? && self.fault != Fault::TakesAnyRows;
        if wrong || self.fault == Fault::Refuses {
            return Err(crate::read::shapes("equal rows", output, target));
        }
        let value = f64::from(output.sum_all()?.to_scalar::<f32>()?);
        self.sum = if self.fault == Fault::Last { value } else { self.sum + value };
        self.seen += 1.0;
        self.updates += 1;
        Ok(())
    }

    fn state(&self) -> Vec<f64> {
        let length = if self.fault == Fault::Grows { self.updates } else { 0 };
        [vec![self.sum, self.seen], vec![0.0; length]].concat()
    }

    fn add(&mut self, state: &[f64]) -> Result<(), MetricsError> {
        let takes_any = [Fault::TakesAnyState, Fault::Grows].contains(&self.fault);
        if state.len() != 2 && !takes_any {
            return Err(MetricsError::State { expected: 2, found: state.len() });
        }
        if self.fault != Fault::Forgets {
            self.sum += state[0];
        }
        self.seen += state.get(1).copied().unwrap_or_default();
        Ok(())
    }

    fn scores(&self) -> Scores {
        let known = self.seen > 0.0 || self.fault == Fault::Eager;
        Scores::new().with_some("sum", known.then_some(self.sum))
    }
}

fn check(fault: Fault) -> Result<(), Broken> {
    let labels = |_| Tensor::new(&[0_u32, 0], &Device::Cpu).unwrap();
    let empty =
        move || Box::new(Faulty { fault, sum: 0.0, seen: 0.0, updates: 0 }) as Box<dyn Scorer>;
    check_scorer(&empty, &batches(1, labels))
}

#[test]
fn every_fault_is_found() {
    assert_eq!(check(Fault::None), Ok(()));
    assert!(matches!(check(Fault::Eager), Err(Broken::EmptyHasScores { .. })));
    assert!(matches!(check(Fault::Last), Err(Broken::Shards { .. } | Broken::Order { .. })));
    assert!(matches!(check(Fault::Forgets), Err(Broken::Shards { cut: 0, .. })));
    assert_eq!(check(Fault::Grows), Err(Broken::StateLength { whole: 6, sum: 2 }));
    assert_eq!(check(Fault::TakesAnyState), Err(Broken::WrongState { length: 3 }));
    assert_eq!(check(Fault::TakesAnyRows), Err(Broken::WrongRows));
    assert!(matches!(check(Fault::Refuses), Err(Broken::Refused { .. })));
}
