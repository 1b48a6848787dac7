//! Bytes of memory by purpose.

use std::ops::Add;

use serde::{Deserialize, Serialize};

/// Bytes of a process at its peak, by purpose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Breakdown {
    /// Weights, logits and running statistics.
    pub parameters: u64,
    /// Gradients of weights and logits.
    pub gradients: u64,
    /// State of optimisers, and copies of weights that a step puts aside.
    pub moments: u64,
    /// Held from the forward to the backward pass: values, and parameters packed for it.
    pub activations: u64,
    /// Held for a moment: gradients of values, room of one cell, scratch memory of threads.
    pub workspace: u64,
    /// Images and labels.
    pub images: u64,
    /// The program itself, and memory that its allocator holds beyond the requests.
    pub process: u64,
}

impl Breakdown {
    /// Bytes of all parts.
    pub fn total(&self) -> u64 {
        self.tensors().saturating_add(self.process)
    }

    /// Bytes of all parts but the process's own: the bytes that the program requests from its
    /// allocator.
    pub fn tensors(&self) -> u64 {
        let Self { parameters, gradients, moments, activations, workspace, images, .. } = *self;
        [parameters, gradients, moments, activations, workspace, images]
            .into_iter()
            .fold(0, u64::saturating_add)
    }

    /// Every part with its name, in the order above.
    pub fn parts(&self) -> [(&'static str, u64); 7] {
        [
            ("parameters", self.parameters),
            ("gradients", self.gradients),
            ("moments", self.moments),
            ("activations", self.activations),
            ("workspace", self.workspace),
            ("images", self.images),
            ("process", self.process),
        ]
    }
}

impl Add for Breakdown {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            parameters: self.parameters.saturating_add(other.parameters),
            gradients: self.gradients.saturating_add(other.gradients),
            moments: self.moments.saturating_add(other.moments),
            activations: self.activations.saturating_add(other.activations),
            workspace: self.workspace.saturating_add(other.workspace),
            images: self.images.saturating_add(other.images),
            process: self.process.saturating_add(other.process),
        }
    }
}
