//! The work that a network is to do.

use candle_core::DType;
use dartloom_kernels::fused::Recompute;
use dartloom_ops::{Execution, Place};

/// The facts about a run of a network that its memory depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Workload {
    /// Images of a batch.
    pub batch: usize,
    /// The way cells are computed.
    pub execution: Execution,
    /// Type of all numbers.
    pub dtype: DType,
    /// Threads of the kernels.
    pub threads: usize,
    /// The needs of a training step; `None` for forward passes alone.
    pub training: Option<Training>,
    /// `true` if drop-path is on.
    pub drop_path: bool,
    /// `true` if edges with partial channels draw theirs ([`Mask::Random`](crate::Mask::Random)).
    pub drawn_channels: bool,
}

/// The things that a training step keeps besides weights and activations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Training {
    /// Numbers that the optimiser keeps for each weight: 1 with momentum, 2 with Adam.
    pub moments: u64,
    /// Copies of all weights that a step puts aside: 2 where logits look one step of the weights
    /// ahead (the weights before, and the direction of the step).
    pub copies: u64,
    /// Batches held at the same time: 2 if logits are trained on images of their own.
    pub batches: u64,
    /// Numbers that choose among operations.
    pub logits: u64,
    /// Numbers that their optimiser keeps for each: 2 with Adam, none with exponentiated gradient.
    pub logit_moments: u64,
}

impl Default for Training {
    /// Momentum SGD and nothing else.
    fn default() -> Self {
        Self { moments: 1, copies: 0, batches: 1, logits: 0, logit_moments: 0 }
    }
}

impl Workload {
    /// Training by momentum SGD in `f32` on one thread, cells fused.
    pub fn training(batch: usize) -> Self {
        Self {
            batch,
            execution: Execution::default(),
            dtype: Place::default().dtype,
            threads: 1,
            training: Some(Training::default()),
            drop_path: false,
            drawn_channels: false,
        }
    }

    /// Forward passes in `f32` on one thread, cells fused.
    pub fn inference(batch: usize) -> Self {
        Self { training: None, ..Self::training(batch) }
    }

    /// Bytes of this many values per image.
    pub(crate) fn bytes(&self, values: u64) -> u64 {
        self.numbers(values.saturating_mul(self.batch as u64))
    }

    /// Bytes of this many numbers.
    pub(crate) fn numbers(&self, count: u64) -> u64 {
        count.saturating_mul(self.dtype.size_in_bytes() as u64)
    }

    /// The values that fused kernels keep; `None` if they are not used.
    pub(crate) fn fused(&self) -> Option<Recompute> {
        match self.execution {
            Execution::Fused(recompute) if self.dtype == DType::F32 => Some(recompute),
            _ => None,
        }
    }
}
