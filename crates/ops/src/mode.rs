//! The treatment of batch statistics in a forward pass.

use dartloom_kernels::Statistics;

/// The purpose of a forward pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mode {
    /// The statistics that batch norms use and update.
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

    /// `true` if the pass trains or probes, as opposed to evaluating.
    pub fn is_training(self) -> bool {
        self.statistics != Statistics::Freeze
    }
}
