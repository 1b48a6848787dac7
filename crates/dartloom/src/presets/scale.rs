//! The size of a preset.

use dartloom_decode::{Decoder, Linked};
use dartloom_space::ConfiguredStem;
use dartloom_train::{FitConfig, Schedule, WeightStep};
use dartloom_verdict::{Baseline, ComparisonConfig, RandomConfig, RetrainConfig};
use serde::{Deserialize, Serialize};

use super::{CaseStudy, Method, Topology};

/// The size of a method, and of the comparison that it takes part in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Scale {
    /// The papers' numbers on CIFAR-10: hours to days.
    #[default]
    Paper,
    /// 3 cells of 4 channels, a few epochs: minutes on two cores with images as small as the
    /// embedded 8x8 digits. The numbers are ours, and no paper's.
    Small,
}

/// The settings with which a method learns anything at [`Scale::Small`].
#[derive(Debug)]
pub struct SmallScale {
    /// Rate of the logits: with a hundredth of the steps, Adam moves them ten times as far.
    pub arch_rate: Schedule,
    /// Decodes in place of a decoder that asks for weights which only the paper's number of epochs
    /// reaches.
    pub decoder: Option<Box<dyn Decoder>>,
}

/// Cells of small supernets and retrained networks: two reductions leave planes of 2x2.
const LAYERS: usize = 3;

impl Scale {
    /// Random search, retraining, baseline and seeds of a comparison of this size.
    ///
    /// At [`Scale::Paper`] networks are retrained as in DARTS: 36 channels, 20 cells, 600 epochs;
    /// candidates of random search are trained for 100 epochs, as long as DARTS trains the results
    /// of its searches to choose among them. At [`Scale::Small`] nothing is flipped, and images are
    /// cropped by one pixel at most: mirroring a 2 does not give a digit.
    pub fn comparison(self) -> ComparisonConfig {
        match self {
            Self::Paper => paper(),
            Self::Small => small(),
        }
    }
}

fn paper() -> ComparisonConfig {
    let fit = FitConfig::default();
    let candidates = FitConfig { epochs: 100, auxiliary: 0.0, ..fit.clone() };
    ComparisonConfig {
        random: RandomConfig { top: 2, fit: candidates },
        retrain: RetrainConfig { channels: 36, layers: 20, fit },
        baseline: Some(Baseline::ResNet18),
        seeds: vec![0, 1, 2, 3],
    }
}

fn small() -> ComparisonConfig {
    let fit = FitConfig {
        epochs: 10,
        batch: 64,
        rate: Schedule::Cosine { from: 0.05, to: 0.0 },
        drop_path: 0.0,
        auxiliary: 0.0,
        crop_padding: 1,
        flip: false,
        cutout: 0,
        ..FitConfig::default()
    };
    ComparisonConfig {
        random: RandomConfig { top: 2, fit: FitConfig { epochs: 4, ..fit.clone() } },
        retrain: RetrainConfig { channels: 8, layers: LAYERS, fit },
        baseline: Some(Baseline::TinyResNet),
        seeds: vec![0, 1, 2],
    }
}

impl Method {
    /// The method at another size than its paper's.
    ///
    /// At [`Scale::Small`] it has 3 cells of 4 channels, 5 epochs of batches of 64 at most, and
    /// weights by SGD 0.05 to 0.001, or Adam 0.003 to 0.001. What stays the method's: operations,
    /// relaxation, weights of edges, partial channels, split, order, and the rule that moves
    /// logits. Three of its numbers are made to fit: the rate of logits and the decoder are those
    /// of [`Method::small`], and the warm-up is the same share of the epochs.
    #[must_use]
    pub fn scaled(self, scale: Scale) -> Self {
        match scale {
            Scale::Paper => self,
            Scale::Small => self.made_small(),
        }
    }

    fn made_small(self) -> Self {
        let mut search = self.search.clone();
        (search.epochs, search.batch) = (5, search.batch.min(64));
        (search.crop_padding, search.flip) = (1, false);
        search.bilevel.rate = match search.bilevel.weight_step {
            WeightStep::Sgd => Schedule::Cosine { from: 0.05, to: 0.001 },
            WeightStep::Adam => Schedule::Cosine { from: 3e-3, to: 1e-3 },
        };
        search.bilevel.warm_up = self.warm_up_of(search.epochs);
        search.bilevel.arch_rate = self.small.arch_rate;
        let SmallScale { arch_rate, decoder: small } = self.small;
        let Linked { links, cells } = self.decoder;
        let decoder = Linked { links, cells: small.unwrap_or(cells) };
        let small = SmallScale { arch_rate, decoder: None };
        let study = self.study.map(CaseStudy::made_small);
        // Of so few channels, one in K has to be left.
        let channels = self.partial.max(4);
        // Two levels of a lattice leave planes of a quarter.
        let (topology, stem) = match (self.topology, self.stem) {
            (Topology::Dints { levels }, ConfiguredStem::Pyramid(_)) => {
                let levels = levels.min(2);
                (Topology::Dints { levels }, ConfiguredStem::Pyramid(levels))
            }
            (Topology::AutoDeepLab { levels, .. }, _) => {
                let levels = levels.min(2);
                let rates = vec![2, 4, 6];
                (Topology::AutoDeepLab { levels, rates }, ConfiguredStem::Cifar(1))
            }
            (Topology::UNetPP, _) => (Topology::UNetPP, ConfiguredStem::Cifar(1)),
            (topology, stem) => (topology, stem),
        };
        Self { channels, layers: LAYERS, topology, stem, search, decoder, small, study, ..self }
    }

    /// Epochs of warm-up in a search of `epochs`: the share that the method's own search has, in
    /// whole epochs. A method that does nothing but warm up does so here, too.
    pub fn warm_up_of(&self, epochs: usize) -> usize {
        let own = self.search.bilevel.warm_up;
        let all = self.search.epochs;
        if own >= all {
            return epochs;
        }
        // Less than `epochs`, which the product need not fit into.
        let share = own as u128 * epochs as u128 / all as u128;
        usize::try_from(share).unwrap_or(epochs)
    }
}
