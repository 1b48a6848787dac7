#![doc = include_str!("../README.md")]

mod entropy;
mod error;
mod progress;
mod relaxation;
mod sigmoid;
mod simplex;
mod softmax;
#[cfg(any(test, feature = "testkit"))]
pub mod testkit;

pub use entropy::{Entropy, entropy, entropy_of_rows};
pub use error::RelaxError;
pub use progress::Progress;
pub use relaxation::{Constraint, Relaxation};
pub use sigmoid::Sigmoid;
pub use simplex::Simplex;
pub use softmax::Softmax;
