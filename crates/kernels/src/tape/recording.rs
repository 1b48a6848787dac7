//! Kernels that were run, and the way back.

use candle_core::{Error, Result, Shape, Tensor};
use rayon::prelude::*;

use crate::host;
use crate::operation::Operation;
use crate::parallel::TASK_ELEMENTS;

pub(super) const OP: &str = "tape";

/// The numbers of a value.
pub(super) enum Data {
    /// Those of a tensor from outside, contiguous.
    Leaf(Tensor),
    /// Those that a kernel made.
    Made(Vec<f32>),
    /// Let go.
    Gone,
}

/// A value and whether its gradient is wanted.
pub(super) struct Value {
    pub(super) shape: Shape,
    pub(super) data: Data,
    pub(super) tracked: bool,
}

/// A kernel that was run, with the values it read and made.
pub(super) struct Step {
    kernel: Box<dyn Kernel>,
    pub(super) inputs: Vec<usize>,
    output: usize,
}

/// All values in the order in which they came, and the kernels that gradients go back through.
#[derive(Default)]
pub(super) struct Recording {
    pub(super) values: Vec<Value>,
    pub(super) steps: Vec<Step>,
}

/// The gradient of a value.
pub(super) struct Gradient {
    pub(super) value: usize,
    pub(super) data: Vec<f32>,
}

/// An operation of any number of inputs.
trait Kernel: Send + Sync {
    /// The gradients of the `wanted` inputs.
    fn backward(&self, inputs: &[&[f32]], gradient: &[f32], wanted: &[bool]) -> Result<Found>;
}

type Found = Vec<Option<Vec<f32>>>;

/// An operation of `N` inputs.
struct Of<K, const N: usize>(K);

impl<K: Operation<f32, N> + Send + Sync, const N: usize> Kernel for Of<K, N> {
    fn backward(&self, inputs: &[&[f32]], gradient: &[f32], wanted: &[bool]) -> Result<Found> {
        let inputs = std::array::from_fn(|at| inputs[at]);
        let wanted = std::array::from_fn(|at| wanted[at]);
        Ok(self.0.backward(inputs, gradient, wanted)?.into())
    }
}

impl Recording {
    /// Adds a value; returns its number.
    pub(super) fn put(&mut self, value: Value) -> usize {
        self.values.push(value);
        self.values.len() - 1
    }

    /// Runs a kernel; returns the number of its result.
    pub(super) fn run<K, const N: usize>(
        &mut self,
        kernel: K,
        inputs: [usize; N],
        shape: Shape,
    ) -> Result<usize>
    where
        K: Operation<f32, N> + Send + Sync + 'static,
    {
        let forward = |inputs: &[&[f32]]| kernel.forward(std::array::from_fn(|at| inputs[at]));
        let data = Data::Made(self.read(&inputs, forward)?);
        let tracked = inputs.iter().any(|&input| self.values[input].tracked);
        let output = self.put(Value { shape, data, tracked });
        if tracked {
            let kernel = Box::new(Of(kernel));
            self.steps.push(Step { kernel, inputs: inputs.to_vec(), output });
        }
        Ok(output)
    }

    /// Shows the numbers of some values.
    fn read<R>(&self, values: &[usize], see: impl FnOnce(&[&[f32]]) -> R) -> Result<R> {
        let storages: Vec<_> = values
            .iter()
            .map(|&value| match &self.values[value].data {
                Data::Leaf(tensor) => Some(tensor.storage_and_layout()),
                _ => None,
            })
            .collect();
        let slices = values.iter().zip(&storages).map(|(&value, storage)| match storage {
            Some((storage, layout)) => host::tensor_elements(storage, layout, OP),
            None => self.made(value),
        });
        Ok(see(&slices.collect::<Result<Vec<_>>>()?))
    }

    fn made(&self, value: usize) -> Result<&[f32]> {
        match &self.values[value].data {
            Data::Made(data) => Ok(data),
            _ => Err(Error::Msg(format!("value {value} on the tape was let go")).bt()),
        }
    }

    /// A copy of the numbers of a value.
    pub(super) fn copy(&self, value: usize) -> Result<Vec<f32>> {
        self.read(&[value], |slices| slices[0].to_vec())
    }

    /// The numbers of a value: its own if no kernel reads them again, else a copy.
    pub(super) fn take(&mut self, value: usize) -> Result<Vec<f32>> {
        let read = self.steps.iter().any(|step| step.inputs.contains(&value));
        if read || matches!(self.values[value].data, Data::Leaf(_)) {
            return self.copy(value);
        }
        match std::mem::replace(&mut self.values[value].data, Data::Gone) {
            Data::Made(data) => Ok(data),
            _ => Err(Error::Msg(format!("value {value} on the tape was let go")).bt()),
        }
    }

    /// The gradients of all values that no kernel made, from those of some results.
    pub(super) fn back(mut self, from: Vec<Gradient>) -> Result<Found> {
        let mut gradients: Found = vec![None; self.values.len()];
        from.into_iter().for_each(|found| add(&mut gradients[found.value], found.data));
        while let Some(step) = self.steps.pop() {
            let Some(gradient) = gradients[step.output].take() else { continue };
            // Kernels that read it came later, and are done.
            self.values[step.output].data = Data::Gone;
            let wanted: Vec<bool> =
                step.inputs.iter().map(|&input| self.values[input].tracked).collect();
            let back = |inputs: &[&[f32]]| step.kernel.backward(inputs, &gradient, &wanted);
            let found = self.read(&step.inputs, back)??;
            for (&input, found) in step.inputs.iter().zip(found) {
                if let Some(found) = found {
                    add(&mut gradients[input], found);
                }
            }
        }
        Ok(gradients)
    }
}

fn add(sum: &mut Option<Vec<f32>>, gradient: Vec<f32>) {
    let Some(sum) = sum else {
        *sum = Some(gradient);
        return;
    };
    let pairs = sum.par_chunks_mut(TASK_ELEMENTS).zip(gradient.par_chunks(TASK_ELEMENTS));
    pairs.for_each(|(sum, gradient)| {
        sum.iter_mut().zip(gradient).for_each(|(sum, gradient)| *sum += gradient);
    });
}
