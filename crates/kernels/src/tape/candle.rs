//! A recording in candle's graph.
//!
//! Candle's operations have three inputs at most, and a recording has as many as there are
//! parameters. A chain of operations on a single number ties them together: a link for each
//! parameter, then the knot, then an end for each output. On the way back the ends hand in the
//! gradients of the outputs, the knot runs the recording backward, and every link hands out the
//! gradient of its parameter.

use std::sync::{Arc, Mutex, PoisonError};

use candle_core::{
    CpuStorage, CustomOp1, CustomOp2, DType, Device, Error, Layout, Result, Shape, Tensor,
};

use super::recording::{Data, Gradient, OP, Recording};
use crate::host;

/// State that the operations of a chain share.
#[derive(Default)]
struct Shared {
    /// Until the way back.
    recording: Option<Recording>,
    outputs: Vec<Gradient>,
    /// By value.
    gradients: Vec<Option<Vec<f32>>>,
}

type Chain = Arc<Mutex<Shared>>;

fn with<R>(chain: &Chain, see: impl FnOnce(&mut Shared) -> R) -> R {
    see(&mut chain.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Values as tensors; see [`Tape::finish`](super::Tape::finish).
pub(super) fn tensors(mut recording: Recording, outputs: &[usize]) -> Result<Vec<Tensor>> {
    let chain = Chain::default();
    let mut knot = Tensor::zeros(1, DType::F32, &Device::Cpu)?;
    for (value, leaf) in recording.values.iter().enumerate() {
        if let (true, Data::Leaf(tensor)) = (leaf.tracked, &leaf.data) {
            knot = knot.apply_op2(tensor, Link { chain: Arc::clone(&chain), value })?;
        }
    }
    knot = knot.apply_op1(Knot { chain: Arc::clone(&chain) })?;
    let mut tensors = Vec::with_capacity(outputs.len());
    for (at, &value) in outputs.iter().enumerate() {
        let shape = recording.values[value].shape.clone();
        let tracked = recording.values[value].tracked;
        let again = outputs[at + 1..].contains(&value);
        let data = if again { recording.copy(value)? } else { recording.take(value)? };
        tensors.push(if tracked {
            let data = Mutex::new(Some(data));
            knot.apply_op1(End { chain: Arc::clone(&chain), value, shape, data })?
        } else {
            Tensor::from_vec(data, shape, &Device::Cpu)?
        });
    }
    with(&chain, |shared| shared.recording = Some(recording));
    Ok(tensors)
}

/// The number that runs through the chain, and its gradient.
fn nothing() -> Result<(CpuStorage, Shape)> {
    Ok(host::output(vec![0.0_f32], 1))
}

/// Ties a parameter to the chain.
struct Link {
    chain: Chain,
    value: usize,
}

impl CustomOp2 for Link {
    fn name(&self) -> &'static str {
        OP
    }

    fn cpu_fwd(
        &self,
        _: &CpuStorage,
        _: &Layout,
        _: &CpuStorage,
        _: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        nothing()
    }

    fn bwd(
        &self,
        _: &Tensor,
        parameter: &Tensor,
        _: &Tensor,
        nothing: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let found = with(&self.chain, |shared| shared.gradients[self.value].take());
        let found = match found {
            Some(data) => Some(host::gradient(data, parameter.shape())?),
            // Candle asks for the gradient of what is no variable.
            None if !parameter.is_variable() => Some(parameter.zeros_like()?),
            None => None,
        };
        Ok((Some(nothing.clone()), found))
    }
}

/// Runs the recording backward once all gradients of outputs are there.
struct Knot {
    chain: Chain,
}

impl CustomOp1 for Knot {
    fn name(&self) -> &'static str {
        OP
    }

    fn cpu_fwd(&self, _: &CpuStorage, _: &Layout) -> Result<(CpuStorage, Shape)> {
        nothing()
    }

    fn bwd(&self, _: &Tensor, _: &Tensor, nothing: &Tensor) -> Result<Option<Tensor>> {
        with(&self.chain, |shared| {
            let missing = || Error::BackwardNotSupported { op: OP };
            let recording = shared.recording.take().ok_or_else(missing)?;
            shared.gradients = recording.back(std::mem::take(&mut shared.outputs))?;
            Ok(Some(nothing.clone()))
        })
    }
}

/// Hands an output out and its gradient in.
struct End {
    chain: Chain,
    value: usize,
    shape: Shape,
    /// Until the forward pass.
    data: Mutex<Option<Vec<f32>>>,
}

impl CustomOp1 for End {
    fn name(&self) -> &'static str {
        OP
    }

    fn cpu_fwd(&self, _: &CpuStorage, _: &Layout) -> Result<(CpuStorage, Shape)> {
        let data = self.data.lock().unwrap_or_else(PoisonError::into_inner).take();
        let data = data.ok_or_else(|| Error::Msg("an output is handed out once".into()).bt())?;
        Ok(host::output(data, self.shape.clone()))
    }

    fn bwd(&self, number: &Tensor, _: &Tensor, gradient: &Tensor) -> Result<Option<Tensor>> {
        let data = gradient.flatten_all()?.to_vec1()?;
        with(&self.chain, |shared| shared.outputs.push(Gradient { value: self.value, data }));
        Ok(Some(number.zeros_like()?))
    }
}
