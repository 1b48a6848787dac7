//! Random targets of every kind.

use candle_core::{DType, Device, Tensor};
use dartloom_data::TargetSpec;
use dartloom_noise::Noise;
use dartloom_space::{Build, Outputs, Shape};
use dartloom_task::usual;

use super::super::random_batch;

const SIZE: usize = 40;

/// All numbers of a tensor.
fn numbers(tensor: &Tensor) -> Vec<f64> {
    let flat = tensor.flatten_all().unwrap().to_dtype(DType::F64).unwrap();
    flat.to_vec1().unwrap()
}

#[test]
fn every_task_is_given_targets_of_its_own_kind() {
    let build = Build::new(2, 3, Shape::new(1, 4, 6));
    let rows: [(TargetSpec, &[usize], Option<usize>); 4] = [
        (TargetSpec::Class { classes: 3 }, &[SIZE], Some(3)),
        (TargetSpec::Labels(5), &[SIZE, 5], Some(2)),
        (TargetSpec::Values(2), &[SIZE, 2], None),
        (TargetSpec::Mask { classes: 3, ignore: Some(255) }, &[SIZE, 4, 6], Some(3)),
    ];
    for (targets, dims, different) in rows {
        let draw = |seed| random_batch(build, targets, SIZE, Noise::new(seed)).unwrap();
        let batch = draw(1);
        assert_eq!(batch.targets.dims(), dims, "{targets}");
        let found = numbers(&batch.targets);
        assert_eq!(found, numbers(&draw(1).targets), "{targets}");
        assert_ne!(found, numbers(&draw(2).targets), "{targets}");
        if let Some(different) = different {
            // All are there, and nothing else.
            let mut values = found;
            values.sort_by(f64::total_cmp);
            values.dedup();
            let expected: Vec<f64> =
                (0..u32::try_from(different).unwrap()).map(f64::from).collect();
            assert_eq!(values, expected, "{targets}");
        }
        let task = usual(targets).unwrap();
        let output = match task.outputs() {
            Outputs::Plane { channels } => vec![SIZE, channels, 4, 6],
            other => vec![SIZE, other.channels()],
        };
        let output = Tensor::zeros(output, DType::F32, &Device::Cpu).unwrap();
        let loss = task.loss(&output, &batch.targets).unwrap();
        assert!(numbers(&loss.mean().unwrap())[0] > 0.0, "{targets}");
    }
}
