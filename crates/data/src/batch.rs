//! Several samples as tensors.

use candle_core::{DType, Device, Tensor};

use crate::DataError;

/// Inputs and targets of some samples. A [`Loader`](crate::Loader) makes them on the CPU;
/// [`to`](Self::to) moves them.
#[derive(Clone, Debug)]
pub struct Batch {
    /// Normalised pixels, `[B, channels, height, width]`, `f32` from a loader.
    pub inputs: Tensor,
    /// The targets, with the shape and type that [`TargetSpec`](crate::TargetSpec) describes.
    pub targets: Tensor,
    /// Samples B.
    pub count: usize,
}

impl Batch {
    /// A batch of `inputs`, whose first dimension counts the samples, with their `targets`.
    ///
    /// # Errors
    /// When the two differ in their first dimension, or one has none.
    pub fn new(inputs: Tensor, targets: Tensor) -> Result<Self, candle_core::Error> {
        let count = inputs.dim(0)?;
        if targets.dim(0)? != count {
            return Err(candle_core::Error::ShapeMismatchBinaryOp {
                lhs: inputs.shape().clone(),
                rhs: targets.shape().clone(),
                op: "a batch of inputs and targets",
            });
        }
        Ok(Self { inputs, targets, count })
    }

    /// The same batch on `device`, with inputs and targets that are floats in `dtype`. Tensors that
    /// are there already are shared, not copied.
    ///
    /// # Errors
    /// [`DataError::Tensor`] when the device refuses.
    pub fn to(&self, device: &Device, dtype: DType) -> Result<Self, DataError> {
        let moved = |tensor: &Tensor| {
            let tensor = tensor.to_device(device)?;
            if tensor.dtype().is_float() { tensor.to_dtype(dtype) } else { Ok(tensor) }
        };
        Ok(Self { inputs: moved(&self.inputs)?, targets: moved(&self.targets)?, count: self.count })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indices_keep_their_type_and_floats_take_the_one_asked_for() {
        let inputs = Tensor::zeros((2, 1, 2, 2), DType::F32, &Device::Cpu).unwrap();
        let batch = Batch::new(inputs.clone(), Tensor::new(&[1_u32, 2], &Device::Cpu).unwrap());
        let moved = batch.unwrap().to(&Device::Cpu, DType::F64).unwrap();
        assert_eq!((moved.inputs.dtype(), moved.targets.dtype()), (DType::F64, DType::U32));
        assert_eq!(moved.count, 2);
        let values = Tensor::zeros((2, 3), DType::F32, &Device::Cpu).unwrap();
        let moved = Batch::new(inputs, values).unwrap().to(&Device::Cpu, DType::BF16).unwrap();
        assert_eq!(moved.targets.dtype(), DType::BF16);
    }

    #[test]
    fn inputs_and_targets_of_different_numbers_are_refused() {
        let inputs = Tensor::zeros((2, 1, 2, 2), DType::F32, &Device::Cpu).unwrap();
        assert!(Batch::new(inputs, Tensor::new(&[1_u32], &Device::Cpu).unwrap()).is_err());
    }
}
