//! How a forward pass treats batch statistics.

use dartloom_kernels::Statistics;

/// What a forward pass is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mode {
    /// What batch norms do.
    pub statistics: Statistics,
}

impl Mode {
    /// Training: normalise with the batch, update running statistics.
    pub const fn train() -> Self {
        Self { statistics: Statistics::Update }
    }

    /// An extra pass beside training (Hessian-vector product, scores): normalise with the batch,
    /// leave running statistics alone.
    pub const fn probe() -> Self {
        Self { statistics: Statistics::BatchOnly }
    }

    /// Evaluation: normalise with running statistics.
    pub const fn eval() -> Self {
        Self { statistics: Statistics::Freeze }
    }

    /// Whether the pass trains or probes, as opposed to evaluating.
    pub fn is_training(self) -> bool {
        self.statistics != Statistics::Freeze
    }
}
