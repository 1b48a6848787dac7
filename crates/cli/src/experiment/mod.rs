//! Experiments as data.

mod difference;
mod patch;
mod plan;
mod read;
mod set;

pub(crate) use difference::differences;
pub(crate) use plan::Plan;
pub(crate) use read::{load, to_ron};
pub(crate) use set::set;

use std::path::PathBuf;
use std::sync::Arc;

use dartloom::decode::{Argmax, Decoder, EdgeThreshold, EdgeWeighted, SparseThreshold, TopK};
use dartloom::presets::Digits;
use dartloom::relax::{
    Entmax, Penalised, RelaxError, Relaxation, Sigmoid, Simplex, Softmax, Sparsemax, ZeroOne,
};
use dartloom::search::{
    Baseline, ComparisonConfig, RandomConfig, RetrainConfig, SearchConfig, Split,
};
use dartloom::space::{OpSpec, Stem};
use serde::{Deserialize, Serialize};

use crate::error::CliError;

/// Everything a run depends on, with every value filled in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Experiment {
    /// Name of the run directory.
    pub(crate) name: String,
    /// Images.
    pub(crate) data: Data,
    /// Recipes added to the built-in operations, or replacing those of the same name.
    pub(crate) operations: Vec<OpSpec>,
    /// Candidates of every edge.
    pub(crate) ops: Ops,
    /// Cells of the supernet.
    pub(crate) layers: usize,
    /// Nodes of a cell.
    pub(crate) nodes: usize,
    /// Layers before the first cell.
    pub(crate) stem: StemKind,
    /// How logits become weights.
    pub(crate) relaxation: RelaxationKind,
    /// Whether the edges into each node are weighed, too.
    pub(crate) edge_weights: bool,
    /// K of partial channels; 1 for all of them.
    pub(crate) partial: usize,
    /// How weights become a genotype.
    pub(crate) decoder: DecoderKind,
    /// Name of the method in tables.
    pub(crate) method: String,
    /// Base channels of the supernet and of random candidates.
    pub(crate) channels: usize,
    /// How training images are shared.
    pub(crate) split: Split,
    /// The search.
    pub(crate) search: SearchConfig,
    /// Random search.
    pub(crate) random: RandomConfig,
    /// Retraining.
    pub(crate) retrain: RetrainConfig,
    /// The hand-made network.
    pub(crate) baseline: Baseline,
    /// One comparison per seed.
    pub(crate) seeds: Vec<u64>,
}

/// Where images come from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Data {
    /// The embedded 8x8 digits.
    Digits,
    /// A directory of IDX files (MNIST, Fashion-MNIST) of ten classes.
    Idx(PathBuf),
    /// A directory of CIFAR-10 or CIFAR-100 in its binary version.
    Cifar(PathBuf),
}

/// Which operations are candidates.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    untagged,
    expecting = "expected the name of a set such as \"O_base\", or a list of operation names"
)]
pub(crate) enum Ops {
    /// A built-in set.
    Set(String),
    /// Operations by name.
    Names(Vec<String>),
}

/// Layers before the first cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum StemKind {
    /// A 3x3 convolution to that multiple of the base channels.
    Cifar(usize),
    /// Three halvings.
    ImageNet,
}

impl StemKind {
    /// The stem.
    pub(crate) fn stem(self) -> Stem {
        match self {
            Self::Cifar(multiplier) => Stem::cifar(multiplier),
            Self::ImageNet => Stem::imagenet(),
        }
    }
}

/// How logits become weights.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum RelaxationKind {
    /// DARTS.
    Softmax,
    /// FairDARTS, with the weight of its zero-one loss in every cell.
    Sigmoid(f64),
    /// GAEA: the weights themselves, which `ExponentiatedGradient` moves.
    Simplex,
    /// A softmax with exact zeros.
    Sparsemax,
    /// Between softmax (1) and sparsemax (2).
    Entmax(f64),
}

impl RelaxationKind {
    /// The relaxation of operations.
    pub(crate) fn relaxation(self) -> Result<Arc<dyn Relaxation>, RelaxError> {
        Ok(match self {
            Self::Softmax => Arc::new(Softmax::default()),
            Self::Sigmoid(weight) => Arc::new(Penalised::new(Sigmoid, ZeroOne::default(), weight)?),
            Self::Simplex => Arc::new(Simplex),
            Self::Sparsemax => Arc::new(Sparsemax),
            Self::Entmax(alpha) => Arc::new(Entmax::new(alpha)?),
        })
    }

    /// The relaxation of edges whose logits live in the same place.
    pub(crate) fn edges(self) -> Arc<dyn Relaxation> {
        match self {
            Self::Simplex => Arc::new(Simplex),
            _ => Arc::new(Softmax::default()),
        }
    }
}

/// A decoder and its policies.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum DecoderKind {
    /// The strongest edges of every node (DARTS).
    TopK(TopK),
    /// The strongest operation of every edge (NAS-Bench-201).
    Argmax(Argmax),
    /// The strongest edges, where edges must be weighed (PC-DARTS).
    EdgeWeighted(TopK),
    /// The strongest edges above a threshold (FairDARTS).
    SparseThreshold(SparseThreshold),
    /// Every operation of every edge above a threshold (FairDARTS).
    EdgeThreshold(EdgeThreshold),
}

impl DecoderKind {
    /// The decoder.
    pub(crate) fn decoder(self) -> Box<dyn Decoder> {
        match self {
            Self::TopK(rule) => Box::new(rule),
            Self::Argmax(rule) => Box::new(rule),
            Self::EdgeWeighted(rule) => Box::new(EdgeWeighted(rule)),
            Self::SparseThreshold(rule) => Box::new(rule),
            Self::EdgeThreshold(rule) => Box::new(rule),
        }
    }
}

impl Experiment {
    /// The built-in experiment's numbers on `data`: where images are natural ones, random crops
    /// and flips are those of CIFAR.
    pub(crate) fn on(data: Data) -> Result<Self, CliError> {
        let Digits { space, config } = dartloom::presets::digits().map_err(CliError::work)?;
        let ComparisonConfig {
            method,
            channels,
            partial,
            split,
            search,
            random,
            retrain,
            baseline,
            seeds,
        } = config;
        let mut experiment = Self {
            name: "digits".to_owned(),
            data,
            operations: Vec::new(),
            ops: Ops::Set(space.op_set().name().to_owned()),
            layers: space.network().placements().len(),
            nodes: space.cells().first().map_or(1, |cell| cell.graph.nodes()),
            stem: StemKind::Cifar(3),
            relaxation: RelaxationKind::Softmax,
            edge_weights: false,
            partial,
            decoder: DecoderKind::TopK(TopK::darts()),
            method,
            channels,
            split,
            search,
            random,
            retrain,
            baseline,
            seeds,
        };
        if matches!(experiment.data, Data::Cifar(_)) {
            experiment.search.crop_padding = 4;
            experiment.search.flip = true;
            for fit in [&mut experiment.random.fit, &mut experiment.retrain.fit] {
                fit.crop_padding = 4;
                fit.flip = true;
            }
        }
        Ok(experiment)
    }

    /// The numbers of the comparison.
    pub(crate) fn comparison(&self) -> ComparisonConfig {
        ComparisonConfig {
            method: self.method.clone(),
            channels: self.channels,
            partial: self.partial,
            split: self.split,
            search: self.search.clone(),
            random: self.random.clone(),
            retrain: self.retrain.clone(),
            baseline: self.baseline,
            seeds: self.seeds.clone(),
        }
    }
}
