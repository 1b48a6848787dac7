//! The functions of the tensor library that draw from a generator nobody can seed stay forbidden.

use super::{Finding, Tree};

const PATH: &str = "clippy.toml";

/// The methods that clippy must be told to refuse.
const UNSEEDED: [&str; 8] = [
    "candle_core::Tensor::rand",
    "candle_core::Tensor::randn",
    "candle_core::Tensor::rand_like",
    "candle_core::Tensor::randn_like",
    "candle_core::Var::rand",
    "candle_core::Var::randn",
    "candle_nn::ops::dropout",
    "candle_nn::Dropout::new",
];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let table = tree.text(PATH).and_then(|text| toml::from_str::<toml::Table>(text).ok());
    let listed = table.as_ref().and_then(|table| table.get("disallowed-methods")?.as_array());
    let refused: Vec<_> = listed
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.get("path").unwrap_or(entry).as_str())
        .collect();
    let absent = UNSEEDED.iter().filter(|method| !refused.contains(method));
    absent.map(|m| Finding::file(PATH, format!("`disallowed-methods` must list {m}"))).collect()
}
