//! Tests of dartloom-score's public API.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic in a helper is a failing test")]

mod op_scores;
