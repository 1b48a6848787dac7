//! One forward pass through a network.

use std::fmt;

use candle_core::Tensor;
use dartloom_kernels::fused::Recompute;
use rand::RngCore;

use crate::{LayerWatch, Mode, OpError, Operation};

/// Sees every operation's output with its place: "cell 3, edge 0->2, sep_conv_3x3".
pub type Watch<'a> = dyn FnMut(&dyn fmt::Display, &Tensor) -> Result<(), OpError> + 'a;

/// The way in which the sums of cells are computed; the results agree to rounding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Execution {
    /// All edges of a cell in one operation, where every candidate has a kernel: `f32` on the CPU.
    /// Edges with operations of your own run fused but for these.
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
    /// One operation per cell that keeps what `recompute` says.
    fn from(recompute: Recompute) -> Self {
        Self::Fused(recompute)
    }
}

/// One forward pass. A model reads what concerns it: one without batch norms has no use for
/// [`mode`](Self::mode), one of a single layer nothing to drop.
pub struct Pass<'a> {
    /// The statistics that batch norms use and update.
    pub mode: Mode,
    /// Probability with which a training pass drops a branch, such as an operation's output, for an
    /// image; 0 is off.
    pub drop_path: f64,
    /// Generator of what the pass draws: dropped branches, hidden channels.
    pub noise: &'a mut dyn RngCore,
    /// Sees every operation's output; cells then run staged.
    pub watch: Option<&'a mut Watch<'a>>,
    /// Sees the layers inside operations, stems, ports and heads, and may put other values in place
    /// of their outputs; cells then run staged. Auxiliary heads, channels that pass an edge's
    /// operations by and operations in code show nothing.
    pub layers: Option<&'a mut LayerWatch<'a>>,
    /// The way in which the sums of cells are computed.
    pub execution: Execution,
    /// True when nobody asks for the gradients of parameters: they may be missing after a backward
    /// pass, and what only leads to them is not computed.
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

    /// A pass that evaluates: running statistics are used and left as they are, and nothing is drawn.
    pub fn eval() -> Self {
        // A value without a size is leaked without memory.
        Self::new(Mode::eval(), Box::leak(Box::new(NoNumbers)))
    }

    /// True when nobody looks inside, so that fused kernels may run.
    pub fn unseen(&self) -> bool {
        self.watch.is_none() && self.layers.is_none()
    }

    /// Runs an operation; [`layers`](Self::layers) sees what is inside.
    ///
    /// # Errors
    /// Those of the operation and of who sees it.
    pub fn run(&mut self, op: &dyn Operation, x: &Tensor) -> Result<Tensor, OpError> {
        match &mut self.layers {
            Some(watch) => op.forward_watched(x, self.mode, watch),
            None => op.forward(x, self.mode),
        }
    }

    /// Shows a value and its place to [`watch`](Self::watch). A model that shows its values has a name
    /// for the first one that is not finite.
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
