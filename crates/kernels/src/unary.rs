//! Operations of one tensor whose gradient is that of their input.

use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor, backend::BackendStorage};

use crate::float::{Float, with_float};
use crate::host;

/// An operation of one tensor on elements of type `T`, row-major.
pub(crate) trait Kernel<T> {
    /// The result for the elements of the input.
    fn forward(&self, x: &[T]) -> Vec<T>;

    /// The gradient of the input from that of the result.
    fn backward(&self, x: &[T], gradient: &[T]) -> Vec<T>;
}

/// A kernel as one operation in candle's graph.
pub(crate) struct Unary<K> {
    pub(crate) name: &'static str,
    /// The shape of the result.
    pub(crate) shape: Shape,
    pub(crate) kernel: K,
}

impl<K> Unary<K> {
    fn gradient<T: Float>(&self, x: &Tensor, gradient: &Tensor) -> Result<Option<Tensor>>
    where
        K: Kernel<T>,
    {
        let gradient = gradient.contiguous()?;
        let (storage, layout) = x.storage_and_layout();
        let (gradient_storage, gradient_layout) = gradient.storage_and_layout();
        let data = host::tensor_elements::<T>(&storage, layout, self.name)?;
        let gradient = host::tensor_elements(&gradient_storage, gradient_layout, self.name)?;
        host::gradient(self.kernel.backward(data, gradient), x.shape()).map(Some)
    }
}

impl<K: Kernel<f32> + Kernel<f64> + Send + Sync> CustomOp1 for Unary<K> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn cpu_fwd(&self, x: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        with_float!(x.dtype(), self.name, T => {
            let x = host::elements::<T>(x, layout, self.name)?;
            Ok(host::output(self.kernel.forward(x), self.shape.clone()))
        })
    }

    fn bwd(&self, x: &Tensor, _y: &Tensor, gradient: &Tensor) -> Result<Option<Tensor>> {
        with_float!(x.dtype(), self.name, T => self.gradient::<T>(x, gradient))
    }
}
