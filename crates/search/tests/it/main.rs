//! Tests of dartloom-search's public API.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic in a helper is a failing test")]

mod ablation;
mod bilevel;
mod choices;
mod configs;
mod contracts;
mod defaults;
mod execution;
mod gap;
mod inside;
mod links;
mod methods;
mod perturbation;
mod prune;
mod released_code;
mod search;
mod second_order;
mod stop;
mod strategy;
mod tasks;
mod third_party;
mod tiny;
