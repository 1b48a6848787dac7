//! Tests of dartloom-search's public API.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic in a helper is a failing test")]

mod ablation;
mod bilevel;
mod choices;
mod comparison;
mod configs;
mod contracts;
mod execution;
mod explorers;
mod gap;
mod identity;
mod methods;
mod nasbench201;
mod nasbench_macro;
mod op_scores;
mod perturbation;
mod pooled;
mod prune;
mod random;
mod released_code;
mod search;
mod second_order;
mod split;
mod stop;
mod strategy;
mod third_party;
mod tiny;
