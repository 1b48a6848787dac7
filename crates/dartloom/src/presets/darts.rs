//! DARTS (Liu, Simonyan and Yang 2018, arXiv 1806.09055).

use dartloom_data::Split;
use dartloom_decode::{Linked, TopK};
use dartloom_relax::Softmax;
use dartloom_search::{BilevelConfig, Choices, Order, SearchConfig};
use dartloom_space::ConfiguredStem;
use dartloom_train::Schedule;

use super::{Method, SmallScale, Topology};

/// DARTS, first order, as its code searches on CIFAR-10: 50 epochs of batches of 64, weights by
/// momentum SGD 0.025 to 0.001, logits by Adam 3e-4 (betas 0.5 and 0.999, L2 1e-3), halves of the
/// training images for each; 16 channels in 8 cells.
///
/// # Differences from the paper
/// None known; `zero` takes part in the softmax and is left out by the decoder, as in the paper.
pub fn darts() -> Method {
    Method {
        key: "darts",
        name: "DARTS",
        ops: "O_base",
        topology: Topology::TwoCells,
        channels: 16,
        layers: 8,
        nodes: 4,
        stem: ConfiguredStem::Cifar(3),
        partial: 1,
        choices: Choices::of(Softmax::default()),
        decoder: Linked::cells(TopK::darts()),
        small: SmallScale { arch_rate: Schedule::Constant(3e-3), decoder: None },
        split: Split::Halves,
        search: SearchConfig::default(),
        study: None,
    }
}

/// DARTS, second order: logits look one weight step ahead (equations 7 and 8).
///
/// # Differences from the paper
/// The weight step that is looked ahead has momentum and weight decay, as in the released code.
pub fn darts_second_order() -> Method {
    let bilevel = BilevelConfig { order: Order::Second, ..BilevelConfig::default() };
    let search = SearchConfig { bilevel, ..SearchConfig::default() };
    Method { key: "darts_second_order", name: "DARTS, second order", search, ..darts() }
}
