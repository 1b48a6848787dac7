//! The programs are in `examples/`, on the facade alone.
//!
//! This library is empty but for one thing: the code in the repository's documents is compiled and
//! run by `cargo test --doc -p dartloom-examples`, so that no guide shows what does not work.

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
    #[doc = include_str!("../../docs/guides/space.md")]
    mod space {}
    #[doc = include_str!("../../docs/guides/experiment-file.md")]
    mod experiment_file {}
    #[doc = include_str!("../../docs/methods/darts.md")]
    mod darts {}
    #[doc = include_str!("../../docs/methods/random-search.md")]
    mod random_search {}
}
