//! The device and the element type of a program's tensors.

use candle_core::{DType, Device, Result, Tensor};

/// The device and the element type of a program's tensors: stated once, and read wherever tensors
/// are made.
#[derive(Clone, Debug)]
pub struct Place {
    /// The device that holds them.
    pub device: Device,
    /// Their element type.
    pub dtype: DType,
}

impl Default for Place {
    /// `f32` on the CPU.
    fn default() -> Self {
        Self { device: Device::Cpu, dtype: DType::F32 }
    }
}

impl From<DType> for Place {
    /// Numbers of this type on the CPU.
    fn from(dtype: DType) -> Self {
        Self { dtype, ..Self::default() }
    }
}

impl Place {
    /// A tensor of floating-point numbers, moved to this place; integers, such as labels, keep
    /// their type. If it is there already, it is the same tensor.
    ///
    /// # Errors
    /// When the device fails.
    pub fn take(&self, tensor: &Tensor) -> Result<Tensor> {
        let moved = tensor.to_device(&self.device)?;
        if moved.dtype().is_float() { moved.to_dtype(self.dtype) } else { Ok(moved) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_take_the_type_of_a_place_and_labels_keep_theirs() {
        let place = Place::from(DType::F64);
        assert!(place.device.is_cpu());
        let x = Tensor::new(&[0.5_f32, 2.0], &Device::Cpu).unwrap();
        let taken = place.take(&x).unwrap();
        assert_eq!(taken.to_vec1::<f64>().unwrap(), [0.5, 2.0]);
        let labels = Tensor::new(&[1_u32], &Device::Cpu).unwrap();
        assert_eq!(place.take(&labels).unwrap().dtype(), DType::U32);
        assert_eq!(Place::default().take(&x).unwrap().id(), x.id());
    }
}
