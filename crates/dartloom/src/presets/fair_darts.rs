//! FairDARTS (Chu et al., ECCV 2020, arXiv 1911.12126).

use dartloom_decode::{EmptyPolicy, Linked, SparseThreshold};
use dartloom_relax::{Penalised, RelaxError, Sigmoid, ZeroOne};
use dartloom_search::{BilevelConfig, Choices, SearchConfig};
use dartloom_train::{AdamConfig, Schedule};

use super::{Method, SmallScale, darts};

/// Weight of the zero-one loss, a mean over both cells.
const ZERO_ONE: f64 = 10.0;

/// FairDARTS as its code searches on CIFAR-10: independent weights by a sigmoid of logits that
/// start at 0, pushed apart by the zero-one loss at 10, and the strongest two edges of a node kept
/// where their operation weighs 0.85 or more. Batches of 128, weights by momentum SGD 0.005 to
/// 0.001, logits by Adam 3e-3 (betas 0.9 and 0.999, L2 1e-3). The operations are DARTS' without
/// `none`.
///
/// # Differences from the paper
/// The threshold is applied after the choice of edges, as in the code. A node that loses every
/// edge drops out; the released network fails there. After a search of few epochs
/// ([`Method::small`]) the threshold is 0.55, and such a node keeps its strongest edge.
///
/// # Errors
/// None in practice: the preset is tested.
pub fn fair_darts() -> Result<Method, RelaxError> {
    let bilevel = BilevelConfig {
        rate: Schedule::Cosine { from: 0.005, to: 0.001 },
        arch_rate: Schedule::Constant(3e-3),
        adam: AdamConfig { beta1: 0.9, ..AdamConfig::darts_logits() },
        ..BilevelConfig::default()
    };
    // The mean over two cells' logits is half the sum of the cells' means.
    let relaxation = Penalised::new(Sigmoid, ZeroOne::default(), ZERO_ONE / 2.0)?;
    Ok(Method {
        key: "fair_darts",
        name: "FairDARTS",
        ops: "S",
        choices: Choices::of(relaxation),
        decoder: Linked::cells(SparseThreshold::default()),
        small: SmallScale { arch_rate: Schedule::Constant(3e-2), decoder: Some(Box::new(short())) },
        search: SearchConfig { batch: 128, bilevel, ..SearchConfig::default() },
        ..darts()
    })
}

/// A few epochs move weights from one half to about 0.6; what none of them moves keeps its best.
pub(super) fn short() -> SparseThreshold {
    SparseThreshold { threshold: 0.55, empty: EmptyPolicy::KeepBest, ..SparseThreshold::default() }
}
