//! Tests of dartloom-search's public API.

#![allow(clippy::unwrap_used, reason = "a panic in a helper is a failing test")]

mod bilevel;
mod comparison;
mod configs;
mod execution;
mod gap;
mod methods;
mod op_scores;
mod random;
mod search;
mod second_order;
mod split;
mod third_party;
mod tiny;
