//! Slices out of candle storages and back.

use candle_core::{CpuStorage, Device, Error, Layout, Result, Shape, Storage, Tensor};

use crate::float::Float;

/// The elements of a contiguous CPU storage.
pub(crate) fn elements<'a, T: Float>(
    storage: &'a CpuStorage,
    layout: &Layout,
    op: &'static str,
) -> Result<&'a [T]> {
    let data = T::cpu_storage_as_slice(storage)?;
    match layout.contiguous_offsets() {
        Some((start, end)) => Ok(&data[start..end]),
        None => Err(Error::RequiresContiguous { op }),
    }
}

/// The elements of a contiguous CPU storage, to be changed.
pub(crate) fn elements_mut<'a, T: Float>(
    storage: &'a mut CpuStorage,
    layout: &Layout,
    op: &'static str,
) -> Result<&'a mut [T]> {
    let range = layout.contiguous_offsets();
    let data = T::storage_mut(storage).ok_or(Error::UnsupportedDTypeForOp(T::DTYPE, op))?;
    match range {
        Some((start, end)) => Ok(&mut data[start..end]),
        None => Err(Error::RequiresContiguous { op }),
    }
}

/// The elements of a contiguous tensor's storage, which must be on the CPU.
pub(crate) fn tensor_elements<'a, T: Float>(
    storage: &'a Storage,
    layout: &Layout,
    op: &'static str,
) -> Result<&'a [T]> {
    match storage {
        Storage::Cpu(storage) => elements(storage, layout, op),
        _ => Err(Error::UnsupportedDTypeForOp(storage.dtype(), op)),
    }
}

/// The result of a custom operation's forward pass.
pub(crate) fn output<T: Float>(data: Vec<T>, shape: impl Into<Shape>) -> (CpuStorage, Shape) {
    (T::to_cpu_storage_owned(data), shape.into())
}

/// A gradient as a tensor.
pub(crate) fn gradient<T: Float>(data: Vec<T>, shape: &Shape) -> Result<Tensor> {
    Tensor::from_vec(data, shape.clone(), &Device::Cpu)
}
