//! One forward pass through a network.

use std::fmt;

use candle_core::Tensor;
use dartloom_kernels::fused::Recompute;
use rand::RngCore;

use crate::{LayerWatch, Mode, OpError, Operation};

/// An observer of every operation's output and its place: "cell 3, edge 0->2, sep_conv_3x3".
pub type Watch<'a> = dyn FnMut(&dyn fmt::Display, &Tensor) -> Result<(), OpError> + 'a;

/// The way in which the sums of cells are computed; the results agree to rounding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Execution {
    /// All edges of a cell in one operation if every candidate has a kernel: `f32` on the CPU.
    /// Custom operations run one by one; the edges are fused but for them.
    Fused(Recompute),
    /// One operation after the other, on any device and for any element type.
    Staged,
}

impl Default for Execution {
    fn default() -> Self {
        Self::Fused(Recompute::default())
    }
}

impl From<Recompute> for Execution {
    /// One operation per cell that keeps the values that `recompute` names.
    fn from(recompute: Recompute) -> Self {
        Self::Fused(recompute)
    }
}

/// One forward pass. A model reads the fields that concern it: a model without batch norms ignores
/// [`mode`](Self::mode), one of a single layer has nothing to drop.
pub struct Pass<'a> {
    /// The statistics that batch norms use and update.
    pub mode: Mode,
    /// Probability with which a training pass drops a branch, such as an operation's output, for an
    /// image; 0 is off.
    pub drop_path: f64,
    /// Generator of the random numbers of the pass: dropped branches, hidden channels.
    pub noise: &'a mut dyn RngCore,
    /// Sees every operation's output; cells then run staged.
    pub watch: Option<&'a mut Watch<'a>>,
    /// Sees the layers inside operations, stems, ports and heads, and may replace their outputs;
    /// cells then run staged. It does not see auxiliary heads, channels that bypass an edge's
    /// operations, and operations in code.
    pub layers: Option<&'a mut LayerWatch<'a>>,
    /// The way in which the sums of cells are computed.
    pub execution: Execution,
    /// `true` if the gradients of parameters are not needed. They may be missing after a backward
    /// pass, and values that only lead to them are not computed.
    pub constant_parameters: bool,
}

impl fmt::Debug for Pass<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pass")
            .field("mode", &self.mode)
            .field("drop_path", &self.drop_path)
            .field("execution", &self.execution)
            .field("constant_parameters", &self.constant_parameters)
            .finish_non_exhaustive()
    }
}

/// The generator of passes that draw nothing.
struct NoNumbers;

impl RngCore for NoNumbers {
    fn next_u32(&mut self) -> u32 {
        0
    }

    fn next_u64(&mut self) -> u64 {
        0
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        bytes.fill(0);
    }
}

impl<'a> Pass<'a> {
    /// A pass without drop-path or watch.
    pub fn new(mode: Mode, noise: &'a mut dyn RngCore) -> Self {
        Self {
            mode,
            drop_path: 0.0,
            noise,
            watch: None,
            layers: None,
            execution: Execution::default(),
            constant_parameters: false,
        }
    }

    /// A pass that evaluates: running statistics are used and left as they are, and nothing is
    /// drawn.
    pub fn eval() -> Self {
        // A value without a size is leaked without memory.
        Self::new(Mode::eval(), Box::leak(Box::new(NoNumbers)))
    }

    /// `true` if nobody looks inside, so that fused kernels may run.
    pub fn unseen(&self) -> bool {
        self.watch.is_none() && self.layers.is_none()
    }

    /// Runs an operation; [`layers`](Self::layers) sees the layers inside.
    ///
    /// # Errors
    /// Those of the operation and of its observer.
    pub fn run(&mut self, op: &dyn Operation, x: &Tensor) -> Result<Tensor, OpError> {
        match &mut self.layers {
            Some(watch) => op.forward_watched(x, self.mode, watch),
            None => op.forward(x, self.mode),
        }
    }

    /// Shows a value and its place to [`watch`](Self::watch). If a model shows its values, the
    /// first one that is not finite can be named.
    ///
    /// # Errors
    /// Those of the watch.
    pub fn see(&mut self, place: &dyn fmt::Display, value: &Tensor) -> Result<(), OpError> {
        match &mut self.watch {
            Some(watch) => watch(place, value),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
