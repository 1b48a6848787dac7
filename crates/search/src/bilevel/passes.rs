//! The passes of a step: their purposes, their results, their observers.

use std::fmt::{self, Debug};

use dartloom_ops::Mode;
use dartloom_space::CellId;
use dartloom_train::Gradients;

use super::{Ablation, Implicit};
use crate::LogitGradients;

/// The purpose of one pass through the supernet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Purpose {
    /// The gradient that moves the weights.
    Weights,
    /// The gradient that moves the logits.
    Logits,
    /// The gradients that move both.
    Joint,
    /// The weights' gradient for a step ahead (second order).
    Ahead,
    /// The logits' gradient at the far end of a finite difference.
    Plus,
    /// The logits' gradient at its near end.
    Minus,
    /// All cells, once more, as the released D-DARTS code does before it removes any.
    Whole,
    /// The loss without a cell.
    Without(CellId),
}

impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Weights => f.write_str("weights"),
            Self::Logits => f.write_str("logits"),
            Self::Joint => f.write_str("joint"),
            Self::Ahead => f.write_str("ahead"),
            Self::Plus => f.write_str("plus"),
            Self::Minus => f.write_str("minus"),
            Self::Whole => f.write_str("whole"),
            Self::Without(cell) => write!(f, "without {cell}"),
        }
    }
}

/// The gradients that a pass is for; others are not computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Those of the logits.
    Logits,
    /// Those of the weights.
    Weights,
    /// Those of both.
    Both,
}

/// One pass through the supernet.
#[derive(Clone, Copy, Debug)]
pub struct PassSpec {
    /// The purpose of the pass.
    pub purpose: Purpose,
    /// The mode of batch norms.
    pub mode: Mode,
    /// The gradients to compute.
    pub wanted: Wanted,
    /// The factor of the sum of all cells' penalties in the loss.
    pub penalty: f64,
}

impl PassSpec {
    /// A pass in which penalties count once.
    pub fn new(purpose: Purpose, mode: Mode, wanted: Wanted) -> Self {
        Self { purpose, mode, wanted, penalty: 1.0 }
    }
}

/// An observer of the passes of steps, for example to read a clock.
///
/// It is told that a pass begins, that its loss is known, and that its gradients are known; the
/// work of an optimiser comes after the end of its pass.
pub trait PassObserver: Debug + Send + Sync {
    /// The pass begins.
    fn begin(&self, purpose: Purpose);

    /// Its loss is known, and the backward pass begins.
    fn backward(&self, _purpose: Purpose) {}

    /// Its gradients are known. Passes without gradients end with their loss.
    fn end(&self, _purpose: Purpose) {}
}

/// The loss of one pass.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PassLoss {
    /// The purpose of the pass.
    pub purpose: Purpose,
    /// Its loss.
    pub loss: f64,
}

/// The passes of a step and their results.
#[derive(Clone, Debug, Default)]
pub struct StepReport {
    /// The passes with gradients, in the order of evaluation. The measurements of D-DARTS' ablation
    /// loss are in [`ablation`](Self::ablation).
    pub passes: Vec<PassLoss>,
    /// The gradient handed to the logits' optimiser; empty in warm-up epochs.
    pub arch_gradients: LogitGradients,
    /// Norm of the weights' gradient before clipping.
    pub gradient_norm: f64,
    /// Parts of the second-order term.
    pub implicit: Option<Implicit>,
    /// The contributions of cells.
    pub ablation: Option<Ablation>,
}

impl StepReport {
    /// Training loss of the weights' step; NaN if there was none.
    pub fn train_loss(&self) -> f64 {
        let moved = self.loss_of(Purpose::Weights).or(self.loss_of(Purpose::Joint));
        moved.unwrap_or(f64::NAN)
    }

    /// Validation loss of the logits' step, if there was one.
    pub fn arch_loss(&self) -> Option<f64> {
        self.loss_of(Purpose::Logits)
    }

    /// Every loss in the order of evaluation.
    pub fn losses(&self) -> Vec<f64> {
        self.passes.iter().map(|pass| pass.loss).collect()
    }

    /// The loss of the last pass of this purpose.
    fn loss_of(&self, purpose: Purpose) -> Option<f64> {
        let found = self.passes.iter().rev().find(|pass| pass.purpose == purpose);
        found.map(|pass| pass.loss)
    }
}

/// The gradients found by a backward pass; empty if they were not wanted.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// Gradients of the logits.
    pub logits: LogitGradients,
    /// Gradients of the weights.
    pub weights: Gradients,
}
