//! The operation in candle's graph.

use candle_core::backend::BackendStorage;
use candle_core::{CpuStorage, CustomOp2, CustomOp3, Layout, Result, Shape, Tensor};

use super::geometry::{OP, Transposed};
use super::tiles;
use crate::conv::{Convolve, Gradients, Wanted};
use crate::float::with_float;
use crate::host;
use crate::simd::InstructionSet;

/// One call.
pub(super) struct Transposition {
    pub(super) arch: InstructionSet,
    pub(super) transposed: Transposed,
}

impl Transposition {
    fn forward<T: Convolve>(&self, x: &[T], weight: &[T], bias: Option<&[T]>) -> Vec<T> {
        if self.transposed.is_tiled() {
            return tiles::forward(self.arch, &self.transposed, x, weight, bias);
        }
        let convolution = &self.transposed.convolution;
        let wanted = Wanted { input: true, weight: false };
        // Its input is read for the gradient of the weight alone.
        let found = T::gradients(self.arch, convolution, &[], weight, x, wanted);
        let mut y = found.input.unwrap_or_default();
        if let Some(bias) = bias {
            let channels = y.chunks_exact_mut(convolution.input_plane()).zip(bias.iter().cycle());
            channels.for_each(|(plane, bias)| plane.iter_mut().for_each(|y| *y += *bias));
        }
        y
    }

    fn backward<T: Convolve>(
        &self,
        x: &Tensor,
        weight: &Tensor,
        bias: Option<&Tensor>,
        gradient: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let gradient = gradient.contiguous()?;
        let (x_storage, x_layout) = x.storage_and_layout();
        let (weight_storage, weight_layout) = weight.storage_and_layout();
        let (gradient_storage, gradient_layout) = gradient.storage_and_layout();
        let x_data = host::tensor_elements::<T>(&x_storage, x_layout, OP)?;
        let weight_data = host::tensor_elements::<T>(&weight_storage, weight_layout, OP)?;
        let data = host::tensor_elements::<T>(&gradient_storage, gradient_layout, OP)?;
        let wanted = Wanted { input: x.track_op(), weight: weight.track_op() };
        let found = self.gradients(x_data, weight_data, data, wanted);
        let dx = found.input.map(|found| host::gradient(found, x.shape())).transpose()?;
        let dw = found.weight.map(|found| host::gradient(found, weight.shape())).transpose()?;
        let db = bias
            .filter(|bias| bias.track_op())
            .map(|bias| host::gradient(tiles::bias_gradient(&self.transposed, data), bias.shape()));
        Ok((dx, dw, db.transpose()?))
    }

    fn gradients<T: Convolve>(
        &self,
        x: &[T],
        weight: &[T],
        gradient: &[T],
        wanted: Wanted,
    ) -> Gradients<T> {
        if self.transposed.is_tiled() {
            return tiles::gradients(self.arch, &self.transposed, x, weight, gradient, wanted);
        }
        let convolution = &self.transposed.convolution;
        let own = Wanted { input: false, weight: wanted.weight };
        let turned = wanted
            .weight
            .then(|| T::gradients(self.arch, convolution, gradient, weight, x, own).weight);
        Gradients {
            input: wanted.input.then(|| T::forward(self.arch, convolution, gradient, weight)),
            weight: turned.flatten(),
        }
    }
}

impl CustomOp2 for Transposition {
    fn name(&self) -> &'static str {
        OP
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        weight: &CpuStorage,
        weight_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        with_float!(x.dtype(), OP, T => {
            let x = host::elements::<T>(x, x_layout, OP)?;
            let weight = host::elements::<T>(weight, weight_layout, OP)?;
            Ok(host::output(self.forward(x, weight, None), self.transposed.shape()))
        })
    }

    fn bwd(
        &self,
        x: &Tensor,
        weight: &Tensor,
        _y: &Tensor,
        gradient: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        with_float!(x.dtype(), OP, T => {
            let (x, weight, _) = self.backward::<T>(x, weight, None, gradient)?;
            Ok((x, weight))
        })
    }
}

impl CustomOp3 for Transposition {
    fn name(&self) -> &'static str {
        OP
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        weight: &CpuStorage,
        weight_layout: &Layout,
        bias: &CpuStorage,
        bias_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        with_float!(x.dtype(), OP, T => {
            let x = host::elements::<T>(x, x_layout, OP)?;
            let weight = host::elements::<T>(weight, weight_layout, OP)?;
            let bias = host::elements::<T>(bias, bias_layout, OP)?;
            Ok(host::output(self.forward(x, weight, Some(bias)), self.transposed.shape()))
        })
    }

    fn bwd(
        &self,
        x: &Tensor,
        weight: &Tensor,
        bias: &Tensor,
        _y: &Tensor,
        gradient: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        with_float!(x.dtype(), OP, T => self.backward::<T>(x, weight, Some(bias), gradient))
    }
}
