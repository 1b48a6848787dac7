//! Tests across crates: the golden runner, which compares the workspace with numbers that the
//! released code of the methods computes.

pub mod golden;
