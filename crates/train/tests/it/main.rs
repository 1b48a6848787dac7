//! Tests of dartloom-train's public API.

#![allow(clippy::unwrap_used, reason = "a panic in a helper is a failing test")]

mod candle_model;
mod checkpoint;
mod checkpoint_malformed;
mod configs;
mod conformance;
mod contracts;
mod drive;
mod fit;
mod gradients;
mod losses;
mod not_finite;
mod optimisers;
mod other_work;
mod ranks;
mod small;
mod tasks;
