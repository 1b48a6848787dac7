//! D-DARTS and DARTOpti (Heuillet et al., arXiv 2108.09306).

use dartloom_decode::{Linked, SparseThreshold};
use dartloom_relax::{Penalised, Sigmoid, ZeroOne};
use dartloom_search::stop::{Distance, DistancePlateau, RuleConfig, StopConfig};
use dartloom_search::{AblationConfig, BilevelConfig, Choices, SearchConfig};
use dartloom_space::Genotype;
use dartloom_train::{AdamConfig, Schedule};

use super::fair_darts::short;
use super::{Method, SmallScale, Topology, darts};
use crate::Error;

/// Weight of the zero-one loss in every cell.
const ZERO_ONE: f64 = 8.0;
/// Rate of the logits in a search of few epochs.
const SMALL_RATE: Schedule = Schedule::Cosine { from: 3e-2, to: 1e-2 };
/// Epochs in which the weights alone move, before a search around a hand-made network.
const PRE_TRAINING: usize = 5;

/// D-DARTS as its paper searches on CIFAR-10: eight individual cells of independent weights by a
/// sigmoid, each with a loss of its own: the zero-one loss at 8 and the ablation loss at 0.5.
/// Batches of 128, weights by momentum SGD 0.005 to 0.001, logits by an Adam per cell, 3e-3 to
/// 1e-3 (betas 0.9 and 0.999, L2 1e-3), and a threshold of 0.85.
///
/// # Differences from the paper
/// The ablation loss is subtracted, as in the released code, and has a gradient, which it has not
/// there: see [`AblationConfig`]. The paper says 8 and 7 for the zero-one loss, its code 9.
///
/// # Errors
/// None in practice: the preset is tested.
pub fn d_darts() -> Result<Method, Error> {
    let bilevel = BilevelConfig {
        rate: Schedule::Cosine { from: 0.005, to: 0.001 },
        arch_rate: Schedule::Cosine { from: 3e-3, to: 1e-3 },
        adam: AdamConfig { beta1: 0.9, ..AdamConfig::darts_logits() },
        ablation: Some(AblationConfig::default()),
        ..BilevelConfig::default()
    };
    Ok(Method {
        key: "d_darts",
        name: "D-DARTS",
        ops: "S",
        topology: Topology::Individual,
        choices: Choices::of(Penalised::new(Sigmoid, ZeroOne::default(), ZERO_ONE)?),
        decoder: Linked::cells(SparseThreshold::default()),
        small: SmallScale { arch_rate: SMALL_RATE, decoder: Some(Box::new(short())) },
        search: SearchConfig { batch: 128, bilevel, ..SearchConfig::default() },
        ..darts()
    })
}

/// DARTOpti as its paper optimises ResNet-18 on CIFAR-10: [`d_darts`] with twelve operations around
/// the cells of the hand-made network, whose operations weigh nearly 1 at the start and all others
/// nearly nothing; 32 channels, 5 epochs in which the weights alone move, then 50, which end when
/// the distance from the start stays the same for 5 epochs.
///
/// # Differences from the paper
/// The released code starts the other operations at a weight of one half. Its distance for stopping
/// fails; here it is the paper's.
///
/// # Errors
/// None in practice: the preset is tested.
pub fn darts_opti() -> Result<Method, Error> {
    const BASELINE: &str = "ResNet18";
    let own = d_darts()?;
    let mut search = own.search.clone();
    search.epochs += PRE_TRAINING;
    search.bilevel.warm_up = PRE_TRAINING;
    let plateau = DistancePlateau {
        reference: Some(Genotype::published(BASELINE)?),
        ..DistancePlateau::new(Distance::Sets)
    };
    search.stop = vec![StopConfig::Stop(RuleConfig::DistancePlateau(plateau))];
    Ok(Method {
        key: "darts_opti",
        name: "DARTOpti",
        ops: "S_o",
        topology: Topology::Around(BASELINE.to_owned()),
        channels: 32,
        layers: 4,
        small: SmallScale { arch_rate: SMALL_RATE, decoder: None },
        search,
        ..own
    })
}
