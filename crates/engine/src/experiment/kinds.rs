//! Rules as data: what an experiment may put in place of a method's own.

use std::sync::Arc;

use dartloom::decode::{Argmax, Decoder, EdgeThreshold, EdgeWeighted, SparseThreshold, TopK};
use dartloom::relax::{
    Entmax, Gumbel, Penalised, Ramp, RelaxError, Relaxation, Sigmoid, Simplex, Softmax, Sparsemax,
    ZeroOne,
};
use serde::{Deserialize, Serialize};

/// How logits become weights.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum RelaxationKind {
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
    /// One operation drawn by the weights (GDAS).
    Gumbel(GumbelKind),
}

/// What a Gumbel relaxation draws, and at which temperatures.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GumbelKind {
    /// Temperature in the first epoch.
    pub from: f64,
    /// Temperature in the last epoch.
    pub to: f64,
    /// Whether weights are one-hot.
    pub hard: bool,
    /// Whether the logits are weights that live on the simplex (EGDAS).
    pub simplex: bool,
}

impl Default for GumbelKind {
    /// GDAS.
    fn default() -> Self {
        Self { from: 10.0, to: 0.1, hard: true, simplex: false }
    }
}

impl GumbelKind {
    fn relaxation(self) -> Result<Gumbel, RelaxError> {
        let Self { from, to, hard, simplex } = self;
        // What lies between two temperatures is one, too.
        let (_, _) = (Softmax::new(from)?, Softmax::new(to)?);
        let ramp = Ramp::new(from, to);
        let gumbel = if hard { Gumbel::hard(ramp) } else { Gumbel::soft(ramp) };
        Ok(if simplex { gumbel.on_simplex() } else { gumbel })
    }
}

impl RelaxationKind {
    /// The relaxation of operations.
    pub(super) fn relaxation(self) -> Result<Arc<dyn Relaxation>, RelaxError> {
        Ok(match self {
            Self::Softmax => Arc::new(Softmax::default()),
            Self::Sigmoid(weight) => Arc::new(Penalised::new(Sigmoid, ZeroOne::default(), weight)?),
            Self::Simplex => Arc::new(Simplex),
            Self::Sparsemax => Arc::new(Sparsemax),
            Self::Entmax(alpha) => Arc::new(Entmax::new(alpha)?),
            Self::Gumbel(kind) => Arc::new(kind.relaxation()?),
        })
    }
}

/// A decoder and its policies.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum DecoderKind {
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
    pub(super) fn decoder(self) -> Box<dyn Decoder> {
        match self {
            Self::TopK(rule) => Box::new(rule),
            Self::Argmax(rule) => Box::new(rule),
            Self::EdgeWeighted(rule) => Box::new(EdgeWeighted(rule)),
            Self::SparseThreshold(rule) => Box::new(rule),
            Self::EdgeThreshold(rule) => Box::new(rule),
        }
    }
}
