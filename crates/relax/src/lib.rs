#![doc = include_str!("../README.md")]

mod auxiliary_skip;
pub mod bernoulli;
mod configured;
mod contract;
mod entmax;
mod entropy;
mod error;
mod groups;
mod gumbel;
mod identity;
mod progress;
mod projection;
mod ramp;
mod regulariser;
mod relaxation;
mod sigmoid;
mod simplex;
mod simplex_step;
mod softmax;
mod sparsemax;
#[cfg(any(test, feature = "testkit"))]
pub mod testkit;

pub use auxiliary_skip::AuxiliarySkip;
pub use bernoulli::SomeOn;
pub use configured::{ConfiguredRegulariser, ConfiguredRelaxation, GumbelConfig};
pub use contract::{check_relaxation_at, checked_initial, checked_penalty, checked_weights};
pub use entmax::Entmax;
pub use entropy::{Entropy, entropy, entropy_of_rows};
pub use error::RelaxError;
pub use groups::Groups;
pub use gumbel::Gumbel;
pub use progress::Progress;
pub use ramp::Ramp;
pub use regulariser::{
    BetaDecay, ConcaveNorm, ExpectedCost, L1, NegativeEntropy, Penalised, Penalties, Regulariser,
    ZeroOne, ZeroOneNorm,
};
pub use relaxation::{Constraint, Deterministic, Relaxation};
pub use sigmoid::Sigmoid;
pub use simplex::Simplex;
pub use simplex_step::{AccumulatedRate, ExponentiatedGradient, Floor, Geometry};
pub use softmax::Softmax;
pub use sparsemax::Sparsemax;
