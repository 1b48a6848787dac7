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
pub(crate) use average::{NAME as AVERAGE, average, divisors};
pub use max::max_pool2d;
pub(crate) use max::{NAME as MAX, maximum};
pub(crate) use spec::Geometry;
pub use spec::PoolSpec;
