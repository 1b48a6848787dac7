//! The element types the kernels compute in.

use candle_core::{CpuStorage, WithDType};

/// `f32` and `f64`. One generic kernel serves both; `f64` makes gradient checks sharp.
pub(crate) trait Float: WithDType + Default {
    /// Additive identity.
    const ZERO: Self;

    /// Widening (exact) for accumulation.
    fn wide(self) -> f64;

    /// Rounds an accumulated value.
    fn narrow(value: f64) -> Self;

    /// The numbers of a storage of this type, to be changed.
    fn storage_mut(storage: &mut CpuStorage) -> Option<&mut [Self]>;
}

macro_rules! float {
    ($type:ty, $kind:ident) => {
        impl Float for $type {
            const ZERO: Self = 0.0;

            #[inline(always)]
            fn wide(self) -> f64 {
                f64::from(self)
            }

            #[inline(always)]
            fn narrow(value: f64) -> Self {
                value as $type
            }

            fn storage_mut(storage: &mut CpuStorage) -> Option<&mut [Self]> {
                match storage {
                    CpuStorage::$kind(data) => Some(data),
                    _ => None,
                }
            }
        }
    };
}

float!(f32, F32);
float!(f64, F64);

/// Runs `$body` with `$T` bound to the element type of `$dtype`, or fails as candle would.
macro_rules! with_float {
    ($dtype:expr, $op:expr, $T:ident => $body:expr) => {
        match $dtype {
            candle_core::DType::F32 => {
                type $T = f32;
                $body
            }
            candle_core::DType::F64 => {
                type $T = f64;
                $body
            }
            other => Err(candle_core::Error::UnsupportedDTypeForOp(other, $op)),
        }
    };
}
pub(crate) use with_float;
