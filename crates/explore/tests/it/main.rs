//! Tests of dartloom-explore's public API.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic in a helper is a failing test")]

mod contracts;
mod nasbench201;
mod nasbench_macro;
mod pooled;
mod steady;
