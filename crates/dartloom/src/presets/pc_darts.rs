//! PC-DARTS (Xu et al., ICLR 2020, arXiv 1907.05737).

use dartloom_decode::{EdgeWeighted, Linked};
use dartloom_relax::Softmax;
use dartloom_search::{BilevelConfig, Choices, SearchConfig};
use dartloom_train::Schedule;

use super::{Method, SmallScale, darts};

/// PC-DARTS as its code searches on CIFAR-10: operations see a quarter of the channels, edges into
/// a node are weighed by a softmax, logits stand still for 15 of 50 epochs and are then moved by
/// Adam 6e-4 (betas 0.5 and 0.999, L2 1e-3); batches of 256, weights by momentum SGD 0.1 to 0.
///
/// # Differences from the paper
/// The paper draws the channels at random; as in its code, they are the first ones, and all are
/// shuffled behind the edge. Where an edge halves the plane, the channels that pass by are halved
/// by a maximum over 2x2, which only the code says. The genotype is decoded from the product of
/// both weights, `none` left out (the paper's equation 9 does not leave it out).
pub fn pc_darts() -> Method {
    let bilevel = BilevelConfig {
        rate: Schedule::Cosine { from: 0.1, to: 0.0 },
        arch_rate: Schedule::Constant(6e-4),
        warm_up: 15,
        ..BilevelConfig::default()
    };
    Method {
        key: "pc_darts",
        name: "PC-DARTS",
        partial: 4,
        small: SmallScale { arch_rate: Schedule::Constant(6e-3), decoder: None },
        choices: Choices::of(Softmax::default()).with_edges(Softmax::default()),
        decoder: Linked::cells(EdgeWeighted::pc_darts()),
        search: SearchConfig { batch: 256, bilevel, ..SearchConfig::default() },
        ..darts()
    }
}
