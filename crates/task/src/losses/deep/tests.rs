use approx::assert_relative_eq;
use candle_core::{Device, Var};

use super::*;
use crate::{Regression, Segmentation};

#[test]
fn weights_are_halved_and_the_coarsest_head_has_none() {
    let weights = |heads| DeepSupervision::new(heads).unwrap().weights().to_vec();
    let rows = [vec![1.0], vec![1.0, 0.0], vec![2.0 / 3.0, 1.0 / 3.0, 0.0]];
    for expected in rows.into_iter().chain([vec![4.0 / 7.0, 2.0 / 7.0, 1.0 / 7.0, 0.0]]) {
        for (found, expected) in weights(expected.len()).into_iter().zip(expected) {
            assert_relative_eq!(found, expected, max_relative = 1e-12);
        }
    }
    assert!(DeepSupervision::new(0).is_err() && DeepSupervision::new(65).is_err());
    assert!(DeepSupervision::with_weights(vec![0.0, -1.0]).is_err());
}

fn output(sides: usize, salt: f64) -> Tensor {
    let count = 2 * 2 * sides * sides;
    let values: Vec<f64> = (0..count).map(|i| (i as f64 * 1.3 + salt).sin()).collect();
    Tensor::from_vec(values, (2, 2, sides, sides), &Device::Cpu).unwrap()
}

/// Heads of 4x4, 2x2 and 1x1: the second sees every other pixel, the third nothing.
#[test]
fn the_loss_is_the_weighted_sum_of_the_heads() {
    let task = Segmentation::new(2, Some(255)).unwrap().with_dice(1.0).unwrap();
    let labels: Vec<u32> = (0..32).map(|i| [0, 1, 1, 0, 255][i % 5]).collect();
    let target = Tensor::from_vec(labels.clone(), (2, 4, 4), &Device::Cpu).unwrap();
    let every_other = |i: usize| labels[i / 4 * 16 + i % 4 / 2 * 8 + i % 2 * 2];
    let coarse: Vec<u32> = (0..8).map(every_other).collect();
    let coarse = Tensor::from_vec(coarse, (2, 2, 2), &Device::Cpu).unwrap();
    let heads = [output(4, 0.0), output(2, 1.0), output(1, 2.0)];
    let heads: Vec<Var> = heads.iter().map(|head| Var::from_tensor(head).unwrap()).collect();
    let outputs: Vec<&Tensor> = heads.iter().map(Var::as_tensor).collect();
    let deep = DeepSupervision::new(3).unwrap();
    let loss = deep.parts(&task, &outputs, &target).unwrap().mean().unwrap();
    let alone = |head: usize, target: &Tensor| {
        task.loss(outputs[head], target).unwrap().mean().unwrap().to_scalar::<f64>().unwrap()
    };
    let expected = 2.0 / 3.0 * alone(0, &target) + alone(1, &coarse) / 3.0;
    assert_relative_eq!(loss.to_scalar::<f64>().unwrap(), expected, max_relative = 1e-12);

    let store = loss.backward().unwrap();
    assert!(store.get(outputs[2]).is_none(), "a head of weight 0");
    let step = 1e-5;
    for head in [0, 1] {
        let slopes = store.get(outputs[head]).unwrap().flatten_all().unwrap();
        let slopes = slopes.to_vec1::<f64>().unwrap();
        let values = outputs[head].flatten_all().unwrap().to_vec1::<f64>().unwrap();
        for (at, slope) in slopes.into_iter().enumerate() {
            let moved = |by: f64| {
                let mut values = values.clone();
                values[at] += by;
                let moved = Tensor::from_vec(values, outputs[head].dims(), &Device::Cpu).unwrap();
                let mut outputs = outputs.clone();
                outputs[head] = &moved;
                let loss = deep.parts(&task, &outputs, &target).unwrap().mean().unwrap();
                loss.to_scalar::<f64>().unwrap()
            };
            let expected = (moved(step) - moved(-step)) / (2.0 * step);
            assert_relative_eq!(slope, expected, epsilon = 1e-8, max_relative = 1e-5);
        }
    }
}

#[test]
fn targets_that_are_no_masks_stay_as_they_are() {
    let task = Regression::new(1).unwrap();
    let output = Tensor::new(&[[1.0_f64], [3.0]], &Device::Cpu).unwrap();
    let target = Tensor::new(&[[0.0_f32], [0.0]], &Device::Cpu).unwrap();
    let deep = DeepSupervision::with_weights(vec![1.0, 0.5]).unwrap();
    let loss = deep.parts(&task, &[&output, &output], &target).unwrap().mean().unwrap();
    assert_relative_eq!(loss.to_scalar::<f64>().unwrap(), 7.5);
    let error = deep.parts(&task, &[&output], &target).unwrap_err().to_string();
    assert_eq!(error, "heads: expected 2 heads, found 1");
}
