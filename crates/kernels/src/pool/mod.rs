//! Max and average pooling with padding.

mod average;
mod bundled;
mod double;
mod max;
mod planes;
mod single;
mod spec;

#[cfg(test)]
mod tests;

pub use average::avg_pool2d;
pub(crate) use average::{NAME as AVERAGE, divisors};
pub(crate) use max::NAME as MAX;
pub use max::max_pool2d;
pub(crate) use spec::Geometry;
pub use spec::PoolSpec;

use crate::float::Float;
use crate::simd::InstructionSet;

/// An element type that pools.
trait Pool: Float {
    fn average(
        arch: InstructionSet,
        geometry: &Geometry,
        divisors: &[f64],
        x: &[Self],
    ) -> Vec<Self>;
    fn average_gradient(
        arch: InstructionSet,
        geometry: &Geometry,
        divisors: &[f64],
        gradient: &[Self],
    ) -> Vec<Self>;
    fn max(arch: InstructionSet, geometry: &Geometry, x: &[Self]) -> Vec<Self>;
    fn max_gradient(
        arch: InstructionSet,
        geometry: &Geometry,
        x: &[Self],
        gradient: &[Self],
    ) -> Vec<Self>;
}

macro_rules! pool {
    ($type:ty, $module:ident) => {
        impl Pool for $type {
            fn average(
                arch: InstructionSet,
                geometry: &Geometry,
                divisors: &[f64],
                x: &[$type],
            ) -> Vec<$type> {
                $module::average(arch, geometry, divisors, x)
            }

            fn average_gradient(
                arch: InstructionSet,
                geometry: &Geometry,
                divisors: &[f64],
                gradient: &[$type],
            ) -> Vec<$type> {
                $module::average_gradient(arch, geometry, divisors, gradient)
            }

            fn max(arch: InstructionSet, geometry: &Geometry, x: &[$type]) -> Vec<$type> {
                $module::max(arch, geometry, x)
            }

            fn max_gradient(
                arch: InstructionSet,
                geometry: &Geometry,
                x: &[$type],
                gradient: &[$type],
            ) -> Vec<$type> {
                $module::max_gradient(arch, geometry, x, gradient)
            }
        }
    };
}

pool!(f32, single);
pool!(f64, double);
