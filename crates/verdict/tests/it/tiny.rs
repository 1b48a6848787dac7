//! Spaces, data and methods as small as possible.

pub(crate) use dartloom_data::testkit::first_digits;
use dartloom_data::{Dataset, Split};
use dartloom_decode::TopK;
pub(crate) use dartloom_ops::testkit::registry;
use dartloom_relax::Softmax;
use dartloom_search::Choices;
use dartloom_search::testkit::small_search;
pub(crate) use dartloom_space::testkit::{chain as space, four_ops, two_ops};
use dartloom_space::{Build, Space};
use dartloom_task::Classification;
use dartloom_train::FitConfig;
use dartloom_verdict::{ComparisonConfig, MethodParts, RandomConfig, RetrainConfig};

pub(crate) const DARTS: TopK = TopK::darts();

/// A network for digits.
pub(crate) fn build(data: &dyn Dataset, channels: usize) -> Build {
    dartloom_task::build(channels, &task(), data)
}

/// One of the ten digits.
pub(crate) fn task() -> Classification {
    Classification::new(10).unwrap()
}

/// DARTS, two epochs of two channels.
pub(crate) fn darts(space: &Space) -> MethodParts<'_> {
    MethodParts {
        key: "darts".to_owned(),
        name: "DARTS".to_owned(),
        space,
        choices: Choices::of(Softmax::default()),
        decoder: &DARTS,
        channels: 2,
        partial: 1,
        split: Split::Halves,
        search: small_search(),
        rules: Vec::new(),
    }
}

/// Every training as `fit` says, in networks of three cells and two channels.
pub(crate) fn small_comparison(fit: FitConfig, seeds: &[u64]) -> ComparisonConfig {
    ComparisonConfig {
        random: RandomConfig { top: 2, fit: fit.clone() },
        retrain: RetrainConfig { channels: 2, layers: 3, fit },
        seeds: seeds.to_vec(),
        ..ComparisonConfig::default()
    }
}
