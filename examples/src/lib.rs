//! The programs are in `examples/`, on the facade alone.
//!
//! This library holds what programs of methods have in common, and one thing more: the code in the
//! repository's documents is compiled and run by `cargo test --doc -p dartloom-examples`, so that
//! no guide shows what does not work.
#![allow(clippy::print_stdout, reason = "programs tell their users what they found")]

pub mod candidates;
pub mod digits;
pub mod masks;
pub mod studies;

#[cfg(doctest)]
mod documents {
    #[doc = include_str!("../../README.md")]
    mod readme {}
    #[doc = include_str!("../../docs/all-of-dartloom.md")]
    mod all_of_dartloom {}
    #[doc = include_str!("../../docs/devices.md")]
    mod devices {}
    #[doc = include_str!("../../docs/guides/operation.md")]
    mod operation {}
    #[doc = include_str!("../../docs/guides/relaxation.md")]
    mod relaxation {}
    #[doc = include_str!("../../docs/guides/decoder.md")]
    mod decoder {}
    #[doc = include_str!("../../docs/guides/dataset.md")]
    mod dataset {}
    #[doc = include_str!("../../docs/guides/tiles.md")]
    mod tiles {}
    #[doc = include_str!("../../docs/guides/task.md")]
    mod task {}
    #[doc = include_str!("../../docs/guides/use-what-was-found.md")]
    mod use_what_was_found {}
    #[doc = include_str!("../../docs/guides/deploy.md")]
    mod deploy {}
    #[doc = include_str!("../../docs/guides/space.md")]
    mod space {}
    #[doc = include_str!("../../docs/guides/whole-networks.md")]
    mod whole_networks {}
    #[doc = include_str!("../../docs/guides/stop-rules.md")]
    mod stop_rules {}
    #[doc = include_str!("../../docs/guides/discrete-search.md")]
    mod discrete_search {}
    #[doc = include_str!("../../docs/guides/zero-cost.md")]
    mod zero_cost {}
    #[doc = include_str!("../../docs/guides/experiment-file.md")]
    mod experiment_file {}
    #[doc = include_str!("../../docs/methods/darts.md")]
    mod darts {}
    #[doc = include_str!("../../docs/methods/pc-darts.md")]
    mod pc_darts {}
    #[doc = include_str!("../../docs/methods/gaea.md")]
    mod gaea {}
    #[doc = include_str!("../../docs/methods/fair-darts.md")]
    mod fair_darts {}
    #[doc = include_str!("../../docs/methods/d-darts.md")]
    mod d_darts {}
    #[doc = include_str!("../../docs/methods/darts-opti.md")]
    mod darts_opti {}
    #[doc = include_str!("../../docs/methods/studies.md")]
    mod studies {}
    #[doc = include_str!("../../docs/methods/random-search.md")]
    mod random_search {}
    #[doc = include_str!("../../docs/methods/sparsemax.md")]
    mod sparsemax {}
    #[doc = include_str!("../../docs/methods/pruning.md")]
    mod pruning {}
    #[doc = include_str!("../../docs/methods/constrained-decoding.md")]
    mod constrained_decoding {}
    #[doc = include_str!("../../docs/methods/perturbation.md")]
    mod perturbation {}
    #[doc = include_str!("../../docs/methods/architecture-distance.md")]
    mod architecture_distance {}
}
