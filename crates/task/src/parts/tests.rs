#![allow(clippy::float_cmp, reason = "zeros are exact")]

use approx::assert_relative_eq;

use super::*;
use crate::losses::{ClassLoss, Dice, DiceCrossEntropy, Focal, Over, Tversky};
use crate::{Segmentation, Task};

fn output(images: usize) -> Tensor {
    let values: Vec<f64> =
        (0..images * 3 * 4).map(|i| (i as f64 * 1.7 + images as f64).sin() * 2.0).collect();
    Tensor::from_vec(values, (images, 3, 2, 2), &Device::Cpu).unwrap()
}

fn target(images: usize) -> Tensor {
    let labels: Vec<u32> = (0..images * 4).map(|i| [0, 1, 2, 255, 1][(i + images) % 5]).collect();
    Tensor::from_vec(labels, (images, 2, 2), &Device::Cpu).unwrap()
}

fn tasks() -> Vec<Segmentation> {
    let losses = [
        ClassLoss::default(),
        ClassLoss::Focal(Focal::default()),
        ClassLoss::Dice(Dice::default()),
        ClassLoss::Dice(Dice { over: Over::Image, ..Dice::default() }),
        ClassLoss::Tversky(Tversky::default()),
        ClassLoss::DiceCrossEntropy(DiceCrossEntropy { share: 0.6, ..Default::default() }),
    ];
    let task = Segmentation::new(3, Some(255)).unwrap();
    let task = task.with_weights(vec![0.5, 2.0, 1.0]).unwrap();
    losses.map(|loss| task.clone().with_loss(loss).unwrap()).to_vec()
}

fn numbers(tensor: &Tensor) -> Vec<f64> {
    tensor.flatten_all().unwrap().to_vec1().unwrap()
}

/// Two shards of 1 and 3 images: totals give the loss of the whole, shares its gradients.
#[test]
fn shards_learn_what_the_whole_learns() {
    for task in tasks() {
        let outputs = [output(1), output(3)].map(|output| Var::from_tensor(&output).unwrap());
        let targets = [target(1), target(3)];
        let whole_output =
            Tensor::cat(&[outputs[0].as_tensor(), outputs[1].as_tensor()], 0).unwrap();
        let whole_target = Tensor::cat(&targets, 0).unwrap();
        let loss = task.loss(&whole_output, &whole_target).unwrap().mean().unwrap();
        let wanted = loss.backward().unwrap();

        let parts =
            [0, 1].map(|shard| task.parts(outputs[shard].as_tensor(), &targets[shard]).unwrap());
        let sums = (&parts[0].sums + &parts[1].sums).unwrap();
        let counts = parts[0].counts.iter().zip(&parts[1].counts).map(|(a, b)| a + b).collect();
        let whole = parts[0].with_totals(sums, counts).unwrap();
        let found: f64 = whole.mean().unwrap().to_scalar().unwrap();
        assert_relative_eq!(found, loss.to_scalar::<f64>().unwrap(), max_relative = 1e-12);
        for (part, output) in parts.iter().zip(&outputs) {
            let store = part.share(&whole).unwrap().backward().unwrap();
            let found = numbers(store.get(output.as_tensor()).unwrap());
            for (found, wanted) in
                found.iter().zip(numbers(wanted.get(output.as_tensor()).unwrap()))
            {
                assert_relative_eq!(*found, wanted, epsilon = 1e-12, max_relative = 1e-9);
            }
        }
    }
}

#[test]
fn a_loss_and_its_parts_are_the_same() {
    for task in tasks() {
        let loss = task.loss(&output(2), &target(2)).unwrap();
        let parts = task.parts(&output(2), &target(2)).unwrap();
        let mean: f64 = parts.mean().unwrap().to_scalar().unwrap();
        let expected: f64 = loss.mean().unwrap().to_scalar().unwrap();
        assert_relative_eq!(mean, expected, max_relative = 1e-12);
    }
}

#[test]
fn shards_without_anything_that_counts_change_nothing() {
    for task in tasks() {
        let ignored = Tensor::full(255_u32, (1, 2, 2), &Device::Cpu).unwrap();
        let variable = Var::from_tensor(&output(1)).unwrap();
        let empty = task.parts(variable.as_tensor(), &ignored).unwrap();
        assert_eq!(numbers(&empty.sums).iter().map(|sum| sum.abs()).sum::<f64>(), 0.0);
        assert_eq!(empty.counts.iter().sum::<f64>(), 0.0);
        let loss = empty.close().unwrap();
        assert_eq!((loss.sum.to_scalar::<f64>().unwrap(), loss.count), (0.0, 0.0));
        let store = loss.sum.backward().unwrap();
        let slopes = store.get(variable.as_tensor()).map(numbers).unwrap_or_default();
        assert!(slopes.iter().all(|slope| slope.abs() <= 0.0), "{task:?}: {slopes:?}");
    }
}

#[test]
fn totals_of_another_loss_are_refused() {
    let [first, .., last] = &tasks()[..] else { panic!("several") };
    let parts = first.parts(&output(2), &target(2)).unwrap();
    let other = last.parts(&output(2), &target(2)).unwrap();
    let error = parts.with_totals(other.sums, other.counts).unwrap_err().to_string();
    assert_eq!(error, "expected 1 sums and 1 counts, found 7 and 4");
    assert!(Parts::weighted(&[]).is_err());
}
