//! Methods whose networks have an answer for every pixel.

use dartloom_data::Split;
use dartloom_decode::{
    BestPath, ConfiguredPaths, EdgeWeighted, FeasibleTopology, Linked, MultiPath, TopK, Transitions,
};
use dartloom_relax::{Ramp, Simplex, Softmax, SomeOn};
use dartloom_search::{
    Among, BilevelConfig, Choices, LinkChoices, LinkPenalties, LogitStep, SearchConfig,
};
use dartloom_space::ConfiguredStem;
use dartloom_train::{AdamConfig, Schedule, SgdConfig};

use super::{Method, SmallScale, Topology, darts};
use crate::Error;

/// Exponentiated gradient keeps its rate in a search of few epochs.
const SMALL: SmallScale = SmallScale { arch_rate: Schedule::Constant(0.1), decoder: None };

/// The search of the Preligens study (HAL-03343944, section 5): 50 epochs, logits from epoch 15 on
/// by exponentiated gradient at 0.1, weights by momentum SGD 0.01 to 0 with decay 1e-3, all images
/// for both.
fn preligens(batch: usize) -> SearchConfig {
    let bilevel = BilevelConfig {
        rate: Schedule::Cosine { from: 0.01, to: 0.0 },
        sgd: SgdConfig { weight_decay: 1e-3, ..SgdConfig::default() },
        logit_step: LogitStep::ExponentiatedGradient,
        arch_rate: Schedule::Constant(0.1),
        warm_up: 15,
        ..BilevelConfig::default()
    };
    SearchConfig { epochs: 50, batch, bilevel, ..SearchConfig::default() }
}

/// ResNeXt-UNet of the Preligens study: towers of operations of O_large in a U-Net, one in eight
/// channels through the operations, batches of 2.
///
/// # Differences from the paper
/// The study shows its cell in a picture: here 4 towers of 2 operations beside a residual. Its
/// loss is a weighted cross-entropy, which is the task's to say.
pub fn resnext_unet() -> Method {
    Method {
        key: "resnext_unet",
        name: "ResNeXt-UNet",
        ops: "O_large",
        topology: Topology::ResNeXtUNet { towers: 4 },
        nodes: 2,
        stem: ConfiguredStem::Cifar(1),
        partial: 8,
        choices: Choices::of(Simplex),
        decoder: Linked::cells(TopK::darts()),
        small: SMALL,
        split: Split::Full,
        search: preligens(2),
        ..darts()
    }
}

/// DARTS-UNet of the Preligens study: cells of DARTS in a U-Net, reduction cells on the way down,
/// normal cells on the way up, batches of 4.
///
/// # Differences from the paper
/// The study does not say how many channels go through operations here, nor whether edges are
/// weighed: here one in four and yes, as in PC-DARTS.
pub fn darts_unet() -> Method {
    Method {
        key: "darts_unet",
        name: "DARTS-UNet",
        topology: Topology::UNet,
        stem: ConfiguredStem::Cifar(1),
        partial: 4,
        choices: Choices::of(Simplex).with_edges(Simplex),
        decoder: Linked::cells(EdgeWeighted::pc_darts()),
        small: SMALL,
        split: Split::Full,
        search: preligens(4),
        ..darts()
    }
}

/// DARTS-UNet++ of the Preligens study: cells of DARTS in a nested U-Net behind two parts of a
/// stem, a weight on every link, and the paths three deviations above the mean.
///
/// # Differences from the paper
/// As of [`darts_unet`]. Links are shares of the ways on from a cell, as in Auto-DeepLab, which the
/// study follows. Where no path is that far above the mean, the best one stays.
pub fn darts_unet_pp() -> Method {
    let links = LinkChoices::of(Simplex).among(Among::Source);
    Method {
        key: "darts_unet_pp",
        name: "DARTS-UNet++",
        topology: Topology::UNetPP,
        stem: ConfiguredStem::Quarter,
        choices: Choices::of(Simplex).with_edges(Simplex).with_links(links),
        decoder: Linked::cells(EdgeWeighted::pc_darts())
            .with_links(ConfiguredPaths::MultiPath(MultiPath::default())),
        search: preligens(2),
        ..darts_unet()
    }
}

/// Auto-DeepLab (Liu et al., CVPR 2019): a cell of five nodes on every transition of a lattice of
/// 12 layers and 4 levels, before a head with pyramids of dilated convolutions; 40 epochs, logits
/// by Adam 3e-3 from epoch 20 on, halves of the images. Numbers are those of an unofficial port.
///
/// # Differences from the paper
/// Those of [`Lattice`](dartloom_space::Lattice), but the pyramids. The network that was found
/// keeps the cells two layers before that its cells read.
pub fn auto_deeplab() -> Method {
    let bilevel = BilevelConfig {
        arch_rate: Schedule::Constant(3e-3),
        adam: AdamConfig { weight_decay: 1e-3, ..AdamConfig::default() },
        warm_up: 20,
        ..BilevelConfig::default()
    };
    let best = BestPath { transitions: Transitions::LinksIn, ..BestPath::default() };
    Method {
        key: "auto_deeplab",
        name: "Auto-DeepLab",
        topology: Topology::auto_deeplab(4),
        channels: 8,
        layers: 12,
        nodes: 5,
        stem: ConfiguredStem::Quarter,
        choices: Choices::of(Softmax::default())
            .with_links(LinkChoices::of(Softmax::default()).among(Among::Source)),
        decoder: Linked::cells(TopK::darts()).with_links(ConfiguredPaths::BestPath(best)),
        small: SmallScale { arch_rate: Schedule::Constant(3e-2), decoder: None },
        search: SearchConfig { epochs: 40, batch: 2, bilevel, ..SearchConfig::default() },
        ..darts()
    }
}

/// DiNTS (He et al., CVPR 2021) in the plane: a convolution or a skip on every transition of a
/// lattice of 12 layers and 4 levels, links that are independent switches, their entropy, the
/// topology loss and 0.8 of the memory as a target; logits by Adam 1e-3 in the second half of 1430
/// epochs.
///
/// # Differences from the paper
/// Those of [`Lattice`](dartloom_space::Lattice) and
/// [`LinkPenalties`]; batch norm in place of instance norm; no entropy of operations in the loss.
/// A limit on memory, which the paper's target is not, is the decoder's budget
/// ([`LinkBudget`](dartloom_decode::LinkBudget)).
///
/// # Errors
/// None in practice: its ramps are constants.
pub fn dints() -> Result<Method, Error> {
    let grows = |to| Ramp::new(0.0, to).between(0.5, 1.0);
    let penalties = LinkPenalties {
        entropy: grows(1.0)?,
        topology: grows(1e-3)?,
        memory: grows(1.0)?,
        ..LinkPenalties::default()
    };
    let links = LinkChoices::of(SomeOn).among(Among::Layer).with_penalties(penalties);
    let bilevel = BilevelConfig {
        rate: Schedule::Constant(0.025),
        sgd: SgdConfig { weight_decay: 4e-5, ..SgdConfig::default() },
        arch_rate: Schedule::Constant(1e-3),
        adam: AdamConfig { weight_decay: 0.0, ..BilevelConfig::default().adam },
        warm_up: 715,
        ..BilevelConfig::default()
    };
    let paths = ConfiguredPaths::FeasibleTopology(FeasibleTopology::default());
    Ok(Method {
        key: "dints",
        name: "DiNTS",
        ops: "dints",
        topology: Topology::Dints { levels: 4 },
        layers: 12,
        nodes: 1,
        stem: ConfiguredStem::Pyramid(4),
        choices: Choices::of(Softmax::default()).with_links(links),
        decoder: Linked::cells(TopK::darts()).with_links(paths),
        small: SmallScale { arch_rate: Schedule::Constant(1e-2), decoder: None },
        search: SearchConfig { epochs: 1430, batch: 2, bilevel, ..SearchConfig::default() },
        ..darts()
    })
}
