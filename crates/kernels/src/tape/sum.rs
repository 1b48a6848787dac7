//! The sum of two values.

use candle_core::{Result, Shape};
use rayon::prelude::*;

use crate::error::KernelError;
use crate::operation::{Op, Operation};
use crate::parallel::TASK_ELEMENTS;

const NAME: &str = "sum";

/// `y = a + b`.
pub(super) struct Sum;

/// The sum of values of these shapes.
pub(super) fn operation(first: &Shape, second: &Shape) -> crate::error::Result<Op<Sum>> {
    if first != second {
        return Err(KernelError::Shape {
            op: NAME,
            argument: "second",
            expected: first.dims().to_vec(),
            found: second.dims().to_vec(),
        });
    }
    Ok(Op { name: NAME, shape: first.clone(), kernel: Sum })
}

impl Operation<f32, 2> for Sum {
    fn forward(&self, [first, second]: [&[f32]; 2]) -> Vec<f32> {
        let pairs = first.par_iter().zip(second).with_min_len(TASK_ELEMENTS);
        pairs.map(|(first, second)| first + second).collect()
    }

    fn backward(
        &self,
        _: [&[f32]; 2],
        gradient: &[f32],
        wanted: [bool; 2],
    ) -> Result<[Option<Vec<f32>>; 2]> {
        Ok(wanted.map(|wanted| wanted.then(|| gradient.to_vec())))
    }
}
