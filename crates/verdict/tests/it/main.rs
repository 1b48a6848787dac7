//! Tests of dartloom-verdict's public API.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic in a helper is a failing test")]

mod comparison;
mod configs;
mod contracts;
mod explorers;
mod identity;
mod onnx;
mod random;
mod tasks;
mod tiny;
mod trained;
