//! DARTS (Liu, Simonyan and Yang 2018, arXiv 1806.09055).

use dartloom_search::{BilevelConfig, Order, SearchConfig};

/// DARTS, first order, as its code searches on CIFAR-10: 50 epochs of batches of 64, weights by
/// momentum SGD 0.025 to 0.001, logits by Adam 3e-4 (betas 0.5 and 0.999, L2 1e-3), halves of the
/// training images for each.
///
/// Use with [`Softmax`](crate::relax::Softmax), [`TopK::darts`](crate::decode::TopK::darts),
/// [`Split::Halves`](crate::search::Split::Halves), the operations `O_base` and 16 channels in 8
/// cells.
///
/// # Differences from the paper
/// None known; `zero` takes part in the softmax and is left out by the decoder, as in the paper.
pub fn darts() -> SearchConfig {
    SearchConfig::default()
}

/// DARTS, second order: logits look one weight step ahead (equations 7 and 8).
///
/// # Differences from the paper
/// The weight step that is looked ahead has momentum and weight decay, as in the released code.
pub fn darts_second_order() -> SearchConfig {
    let bilevel = BilevelConfig { order: Order::Second, ..BilevelConfig::default() };
    SearchConfig { bilevel, ..SearchConfig::default() }
}
