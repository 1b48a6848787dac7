#![doc = include_str!("../README.md")]

pub mod error;
pub mod prelude;
pub mod presets;
mod study;

pub use dartloom_data as data;
pub use dartloom_decode as decode;
pub use dartloom_dist as dist;
pub use dartloom_explore as explore;
pub use dartloom_kernels as kernels;
pub use dartloom_metrics as metrics;
pub use dartloom_net as net;
pub use dartloom_noise as noise;
pub use dartloom_onnx as onnx;
pub use dartloom_ops as ops;
pub use dartloom_record as record;
pub use dartloom_relax as relax;
pub use dartloom_score as score;
pub use dartloom_search as search;
pub use dartloom_space as space;
pub use dartloom_task as task;
pub use dartloom_train as train;
pub use dartloom_verdict as verdict;
pub use error::Error;
pub use study::Study;

/// The crates whose types stand in signatures: tensors, generators of random numbers, JSON values.
pub use {candle_core, rand, serde_json};

/// The tensors everything is made of.
pub use candle_core::{DType, Device, Tensor, Var};
