#![doc = include_str!("../README.md")]

mod argmax;
mod builtin;
mod decoder;
mod error;
mod note;
mod policy;
mod rank;
mod rule;
#[cfg(test)]
mod testing;
#[cfg(any(test, feature = "testkit"))]
pub mod testkit;
mod top_k;

pub use argmax::Argmax;
pub use builtin::builtin;
pub use decoder::{Decoded, Decoder};
pub use error::DecodeError;
pub use note::{EdgeIn, Note};
pub use policy::{EmptyPolicy, NonePolicy, TieBreak};
pub use top_k::TopK;
