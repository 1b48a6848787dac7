//! Tests across crates: the golden runner, which compares the workspace with numbers that the
//! released code of the methods computes, and exported models, which other runtimes run.

pub mod golden;
pub mod onnx;
