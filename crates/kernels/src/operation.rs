//! Operations in candle's graph, with their gradients.

use candle_core::backend::BackendStorage;
use candle_core::{CpuStorage, CustomOp1, CustomOp2, CustomOp3, Layout, Result, Shape, Tensor};

use crate::float::{Float, with_float};
use crate::host;

/// An operation of one tensor on elements of type `T`, row-major, whose gradient is that of its
/// input.
pub(crate) trait Kernel<T> {
    /// The result for the elements of the input.
    fn forward(&self, x: &[T]) -> Vec<T>;

    /// The gradient of the input from that of the result.
    fn backward(&self, x: &[T], gradient: &[T]) -> Vec<T>;
}

/// An operation of `N` tensors on elements of type `T`, row-major.
pub(crate) trait Operation<T, const N: usize> {
    /// The result for the elements of the inputs.
    fn forward(&self, inputs: [&[T]; N]) -> Vec<T>;

    /// The gradients of the `wanted` inputs from that of the result.
    ///
    /// # Errors
    /// Those of a sum over workers.
    fn backward(
        &self,
        inputs: [&[T]; N],
        gradient: &[T],
        wanted: [bool; N],
    ) -> Result<[Option<Vec<T>>; N]>;
}

/// A kernel of one tensor as an operation.
pub(crate) struct Unary<K>(pub(crate) K);

impl<T, K: Kernel<T>> Operation<T, 1> for Unary<K> {
    fn forward(&self, [x]: [&[T]; 1]) -> Vec<T> {
        self.0.forward(x)
    }

    fn backward(
        &self,
        [x]: [&[T]; 1],
        gradient: &[T],
        [wanted]: [bool; 1],
    ) -> Result<[Option<Vec<T>>; 1]> {
        Ok([wanted.then(|| self.0.backward(x, gradient))])
    }
}

/// An operation as candle knows it, in `f32` and `f64`.
pub(crate) struct Op<K> {
    pub(crate) name: &'static str,
    /// The shape of the result.
    pub(crate) shape: Shape,
    pub(crate) kernel: K,
}

impl<K> Op<K> {
    fn forward<T: Float, const N: usize>(
        &self,
        inputs: [(&CpuStorage, &Layout); N],
    ) -> Result<(CpuStorage, Shape)>
    where
        K: Operation<T, N>,
    {
        Ok(host::output(forward(self.name, &self.kernel, inputs)?, self.shape.clone()))
    }
}

/// The result of an operation from candle's inputs.
pub(crate) fn forward<T: Float, const N: usize>(
    name: &'static str,
    kernel: &impl Operation<T, N>,
    inputs: [(&CpuStorage, &Layout); N],
) -> Result<Vec<T>> {
    let mut elements = [&[][..]; N];
    for (elements, (storage, layout)) in elements.iter_mut().zip(inputs) {
        *elements = host::elements::<T>(storage, layout, name)?;
    }
    Ok(kernel.forward(elements))
}

/// The gradients of an operation's inputs, of those that are tracked.
pub(crate) fn backward<T: Float, const N: usize>(
    name: &'static str,
    kernel: &impl Operation<T, N>,
    inputs: [&Tensor; N],
    gradient: &Tensor,
) -> Result<[Option<Tensor>; N]> {
    let gradient = gradient.contiguous()?;
    let (storage, layout) = gradient.storage_and_layout();
    let gradient = host::tensor_elements::<T>(&storage, layout, name)?;
    let storages = inputs.map(Tensor::storage_and_layout);
    let mut elements = [&[][..]; N];
    for (elements, (storage, layout)) in elements.iter_mut().zip(&storages) {
        *elements = host::tensor_elements::<T>(storage, layout, name)?;
    }
    let found = kernel.backward(elements, gradient, inputs.map(Tensor::track_op))?;
    let mut gradients = [const { None }; N];
    for ((gradient, found), input) in gradients.iter_mut().zip(found).zip(inputs) {
        *gradient = found.map(|data| host::gradient(data, input.shape())).transpose()?;
    }
    Ok(gradients)
}

impl<K> CustomOp1 for Op<K>
where
    K: Operation<f32, 1> + Operation<f64, 1> + Send + Sync,
{
    fn name(&self) -> &'static str {
        self.name
    }

    fn cpu_fwd(&self, x: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        with_float!(x.dtype(), self.name, T => self.forward::<T, 1>([(x, layout)]))
    }

    fn bwd(&self, x: &Tensor, _y: &Tensor, gradient: &Tensor) -> Result<Option<Tensor>> {
        with_float!(x.dtype(), self.name, T => {
            let [x] = backward::<T, 1>(self.name, &self.kernel, [x], gradient)?;
            Ok(x)
        })
    }
}

impl<K> CustomOp2 for Op<K>
where
    K: Operation<f32, 2> + Operation<f64, 2> + Send + Sync,
{
    fn name(&self) -> &'static str {
        self.name
    }

    fn cpu_fwd(
        &self,
        a: &CpuStorage,
        a_layout: &Layout,
        b: &CpuStorage,
        b_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let inputs = [(a, a_layout), (b, b_layout)];
        with_float!(a.dtype(), self.name, T => self.forward::<T, 2>(inputs))
    }

    fn bwd(
        &self,
        a: &Tensor,
        b: &Tensor,
        _y: &Tensor,
        gradient: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        with_float!(a.dtype(), self.name, T => {
            let [a, b] = backward::<T, 2>(self.name, &self.kernel, [a, b], gradient)?;
            Ok((a, b))
        })
    }
}

impl<K> CustomOp3 for Op<K>
where
    K: Operation<f32, 3> + Operation<f64, 3> + Send + Sync,
{
    fn name(&self) -> &'static str {
        self.name
    }

    fn cpu_fwd(
        &self,
        a: &CpuStorage,
        a_layout: &Layout,
        b: &CpuStorage,
        b_layout: &Layout,
        c: &CpuStorage,
        c_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let inputs = [(a, a_layout), (b, b_layout), (c, c_layout)];
        with_float!(a.dtype(), self.name, T => self.forward::<T, 3>(inputs))
    }

    fn bwd(
        &self,
        a: &Tensor,
        b: &Tensor,
        c: &Tensor,
        _y: &Tensor,
        gradient: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        with_float!(a.dtype(), self.name, T => {
            let [a, b, c] = backward::<T, 3>(self.name, &self.kernel, [a, b, c], gradient)?;
            Ok((a, b, c))
        })
    }
}
