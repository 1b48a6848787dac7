#![doc = include_str!("../README.md")]

mod array;
mod blueprint;
mod draft;
mod error;
mod export;
mod features;
mod fold;
mod graph;
mod layers;
mod normalization;
mod proto;
mod values;

pub use array::{Array, Arrays};
pub use error::OnnxError;
pub use export::{Batch, Export, Probabilities};
pub use features::Feature;
pub use normalization::Normalization;

#[cfg(test)]
mod tests;
