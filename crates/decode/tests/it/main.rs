//! Decoders against the released code, against enumeration, and against the laws of renaming.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod brute_force;
mod golden;
mod renaming;
