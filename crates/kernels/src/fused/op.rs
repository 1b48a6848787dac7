//! A program as one operation in candle's graph.

use std::sync::{Arc, Mutex, PoisonError};

use candle_core::{CpuStorage, CustomOp2, CustomOp3, DType, Layout as Order, Shape, Tensor};

use super::backward::{Gradients, Wanted};
use super::forward::{Context, State};
use super::layout::Layout;
use super::program::Program;
use super::{Arena, Extent, Recompute};
use crate::check::Check;
use crate::norm::update;
use crate::simd::InstructionSet;
use crate::{KernelError, Result, Statistics, host};

const OP: &str = "fused program";

/// The circumstances of one run of a program.
#[derive(Clone, Debug)]
pub struct Call<'a> {
    /// Factors of branches, at least [`Program::coefficients`] of them; `None` when that is 0.
    pub coefficients: Option<&'a Tensor>,
    /// Factors per image, one row per gate; none at all when they are all 1.
    pub gates: Vec<Vec<f32>>,
    /// The statistics that normalise.
    pub statistics: Statistics,
    /// The values that are kept for the backward pass.
    pub recompute: Recompute,
    /// `true` if parameters are constants: then their gradients are not computed.
    pub constant_parameters: bool,
    /// The source of buffers.
    pub arena: &'a Arena,
}

/// One run.
struct Run {
    arch: InstructionSet,
    program: Arc<Program>,
    layout: Layout,
    gates: Vec<Vec<f32>>,
    statistics: Statistics,
    recompute: Recompute,
    parameters: bool,
    coefficients: bool,
    arena: Arena,
    state: Arc<Mutex<State>>,
}

impl Program {
    /// The output for a batch, `[B, C, H, W]`.
    ///
    /// With [`Statistics::Update`] the running statistics of all norms that were computed move
    /// towards the batch. A branch whose coefficient is exactly 0 is not computed.
    ///
    /// Gradients flow to inputs, coefficients and parameters that are tracked.
    ///
    /// # Errors
    /// [`KernelError`] when an input has another shape than the program was built for, is not
    /// `f32` on the CPU, or when gates or coefficients are missing.
    pub fn run(self: &Arc<Self>, inputs: &[Tensor], call: &Call<'_>) -> Result<Tensor> {
        let batch = self.check(inputs, call)?;
        let packed = self.pack(call)?;
        let tracked = |tensors: &[Tensor]| tensors.iter().any(Tensor::track_op);
        let state = Arc::new(Mutex::new(State::default()));
        let run = Run {
            arch: InstructionSet::in_use()?,
            program: Arc::clone(self),
            layout: Layout::new(self, call.recompute),
            gates: call.gates.clone(),
            statistics: call.statistics,
            recompute: call.recompute,
            parameters: !call.constant_parameters && tracked(&self.parameters.tensors),
            coefficients: call.coefficients.is_some_and(Tensor::track_op),
            arena: call.arena.clone(),
            state: Arc::clone(&state),
        };
        let inputs: Vec<Tensor> =
            inputs.iter().map(Tensor::contiguous).collect::<std::result::Result<_, _>>()?;
        let output = match &inputs[..] {
            [first, second] => first.apply_op3(second, &packed, run)?,
            [first, others @ ..] if !others.is_empty() => {
                first.apply_op3(&in_a_row(others)?, &packed, run)?
            }
            _ => inputs[0].apply_op2(&packed, run)?,
        };
        if call.statistics == Statistics::Update {
            let state = state.lock().unwrap_or_else(PoisonError::into_inner);
            for (norm, moments) in self.norms.iter().zip(&state.moments) {
                let Some(moments) = moments else { continue };
                for (mean, variance) in &norm.running {
                    let count = batch * norm.plane;
                    update((mean, variance), moments, count, norm.spec.momentum)?;
                }
            }
        }
        Ok(output)
    }

    fn check(&self, inputs: &[Tensor], call: &Call<'_>) -> Result<usize> {
        let expected = self.inputs.len();
        if inputs.len() != expected {
            let argument = "inputs";
            return Err(KernelError::Count { op: OP, argument, expected, found: inputs.len() });
        }
        let check = Check(OP);
        let mut batch = None;
        for (input, extent) in inputs.iter().zip(&self.inputs) {
            let (images, channels, height, width) = check.image(input)?;
            let first = *batch.get_or_insert(images);
            let expected = vec![first, extent.channels, extent.height, extent.width];
            if expected != [images, channels, height, width] {
                let found = input.dims().to_vec();
                return Err(KernelError::Shape { op: OP, argument: "input", expected, found });
            }
            if input.dtype() != DType::F32 || !input.device().is_cpu() {
                return Err(candle_core::Error::UnsupportedDTypeForOp(input.dtype(), OP).into());
            }
        }
        let found = call.coefficients.map_or(0, Tensor::elem_count);
        if found < self.coefficients {
            let argument = "coefficients";
            let expected = self.coefficients;
            return Err(KernelError::Count { op: OP, argument, expected, found });
        }
        let batch = batch.unwrap_or(0);
        let short = call.gates.iter().find(|gate| gate.len() != batch);
        let missing = !call.gates.is_empty() && call.gates.len() < self.gates;
        if missing || short.is_some() {
            let (expected, found) = match short {
                Some(gate) => (batch, gate.len()),
                None => (self.gates, call.gates.len()),
            };
            return Err(KernelError::Count { op: OP, argument: "gates", expected, found });
        }
        let values = self.norms.iter().map(|norm| batch * norm.plane).min();
        if call.statistics != Statistics::Freeze && values.is_some_and(|values| values < 2) {
            let shape = inputs[0].dims().to_vec();
            return Err(KernelError::TooFewValues { op: OP, shape });
        }
        Ok(batch)
    }

    /// Parameters, then coefficients, in one vector.
    fn pack(&self, call: &Call<'_>) -> Result<Tensor> {
        let mut parts = Vec::with_capacity(self.parameters.tensors.len() + 1);
        for tensor in &self.parameters.tensors {
            let flat = if call.constant_parameters { tensor.detach() } else { tensor.clone() };
            parts.push(flat.flatten_all()?);
        }
        if let Some(coefficients) = call.coefficients {
            parts.push(coefficients.flatten_all()?);
        }
        if parts.is_empty() {
            return Ok(Tensor::zeros(1, DType::F32, &candle_core::Device::Cpu)?);
        }
        Ok(Tensor::cat(&parts, 0)?)
    }
}

/// Inputs as one: candle's operations have three operands at most.
fn in_a_row(inputs: &[Tensor]) -> Result<Tensor> {
    let flat: candle_core::Result<Vec<Tensor>> = inputs.iter().map(Tensor::flatten_all).collect();
    Ok(Tensor::cat(&flat?, 0)?)
}

impl Run {
    /// The inputs from the operands that hold them, of which the last may hold several.
    fn apart<'a>(&self, batch: usize, operands: Vec<&'a [f32]>) -> Vec<&'a [f32]> {
        let mut operands = operands.into_iter();
        let mut rest: &[f32] = &[];
        let extents = self.program.inputs.iter();
        let input = |extent: &Extent| {
            rest = operands.next().unwrap_or(rest);
            let (own, later) = rest.split_at(batch * extent.len());
            rest = later;
            own
        };
        extents.map(input).collect()
    }

    fn context<'a>(
        &'a self,
        batch: usize,
        inputs: &'a [&'a [f32]],
        packed: &'a [f32],
    ) -> Context<'a> {
        let (parameters, rest) = packed.split_at(self.program.parameters.len);
        Context {
            program: &self.program,
            layout: &self.layout,
            arena: &self.arena,
            arch: self.arch,
            batch,
            inputs,
            parameters,
            coefficients: &rest[..self.program.coefficients],
            gates: &self.gates,
            statistics: self.statistics,
        }
    }

    fn forward(
        &self,
        inputs: &[(&CpuStorage, &Order)],
        (packed, packed_order): (&CpuStorage, &Order),
    ) -> candle_core::Result<(CpuStorage, Shape)> {
        let batch = inputs[0].1.dims()[0];
        let operands: Vec<&[f32]> = inputs
            .iter()
            .map(|(storage, order)| host::elements::<f32>(storage, order, OP))
            .collect::<candle_core::Result<_>>()?;
        let inputs = self.apart(batch, operands);
        let packed = host::elements::<f32>(packed, packed_order, OP)?;
        let extent = self.program.output;
        let mut output = vec![0.0; batch * extent.len()];
        let context = self.context(batch, &inputs, packed);
        let mut state = State::default();
        // One entry into the thread pool for all the loops inside.
        rayon::scope(|_| context.forward(&mut output, &mut state))
            .map_err(candle_core::Error::wrap)?;
        if self.recompute == Recompute::Edge {
            state.work = None;
        }
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = state;
        Ok(host::output(output, (batch, extent.channels, extent.height, extent.width)))
    }

    fn backward(
        &self,
        inputs: &[&Tensor],
        packed: &Tensor,
        output: &Tensor,
        gradient: &Tensor,
    ) -> candle_core::Result<(Vec<Option<Tensor>>, Option<Tensor>)> {
        let batch = output.dim(0)?;
        let gradient = gradient.contiguous()?;
        let wanted = Wanted {
            inputs: (0..self.program.inputs.len())
                .map(|input| inputs[input.min(inputs.len() - 1)].track_op())
                .collect(),
            parameters: self.parameters,
            coefficients: self.coefficients,
        };
        let storages: Vec<_> = inputs.iter().map(|input| input.storage_and_layout()).collect();
        let data: Vec<&[f32]> = storages
            .iter()
            .map(|(storage, order)| host::tensor_elements::<f32>(storage, order, OP))
            .collect::<candle_core::Result<_>>()?;
        let data = self.apart(batch, data);
        let (packed_storage, packed_order) = packed.storage_and_layout();
        let (output_storage, output_order) = output.storage_and_layout();
        let (gradient_storage, gradient_order) = gradient.storage_and_layout();
        let values = host::tensor_elements::<f32>(&packed_storage, packed_order, OP)?;
        let output = host::tensor_elements::<f32>(&output_storage, output_order, OP)?;
        let gradient = host::tensor_elements::<f32>(&gradient_storage, gradient_order, OP)?;
        let context = self.context(batch, &data, values);
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let known = &mut *state;
        let found = rayon::scope(|_| context.backward(output, gradient, known, &wanted));
        drop(state);
        let Gradients { inputs: mut own, parameters, coefficients } = found;
        if own.len() > inputs.len() {
            let together = own.split_off(1).concat();
            own.push(together);
        }
        let mut gradients = Vec::new();
        for (own, input) in own.into_iter().zip(inputs) {
            let wanted = input.track_op();
            gradients.push(wanted.then(|| host::gradient(own, input.shape())).transpose()?);
        }
        let packed = (self.parameters || self.coefficients).then(|| {
            let mut all = parameters;
            all.resize(self.program.parameters.len, 0.0);
            all.extend(coefficients);
            all.resize(packed.elem_count(), 0.0);
            host::gradient(all, packed.shape())
        });
        Ok((gradients, packed.transpose()?))
    }
}

impl CustomOp2 for Run {
    fn name(&self) -> &'static str {
        OP
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_order: &Order,
        packed: &CpuStorage,
        packed_order: &Order,
    ) -> candle_core::Result<(CpuStorage, Shape)> {
        self.forward(&[(x, x_order)], (packed, packed_order))
    }

    fn bwd(
        &self,
        x: &Tensor,
        packed: &Tensor,
        output: &Tensor,
        gradient: &Tensor,
    ) -> candle_core::Result<(Option<Tensor>, Option<Tensor>)> {
        let (inputs, packed) = self.backward(&[x], packed, output, gradient)?;
        Ok((inputs.into_iter().next().flatten(), packed))
    }
}

impl CustomOp3 for Run {
    fn name(&self) -> &'static str {
        OP
    }

    fn cpu_fwd(
        &self,
        first: &CpuStorage,
        first_order: &Order,
        second: &CpuStorage,
        second_order: &Order,
        packed: &CpuStorage,
        packed_order: &Order,
    ) -> candle_core::Result<(CpuStorage, Shape)> {
        self.forward(&[(first, first_order), (second, second_order)], (packed, packed_order))
    }

    fn bwd(
        &self,
        first: &Tensor,
        second: &Tensor,
        packed: &Tensor,
        output: &Tensor,
        gradient: &Tensor,
    ) -> candle_core::Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let (inputs, packed) = self.backward(&[first, second], packed, output, gradient)?;
        let mut inputs = inputs.into_iter();
        Ok((inputs.next().flatten(), inputs.next().flatten(), packed))
    }
}
