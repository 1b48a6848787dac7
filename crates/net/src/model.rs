//! What everything that can be trained has in common.

use std::fmt;

use candle_core::Tensor;
use dartloom_kernels::fused::Recompute;
use dartloom_ops::{LayerWatch, Mode, OpError, Operation, Variables};
use dartloom_space::{Cost, Outputs};
use rand::RngCore;

use crate::drop_path::keep;
use crate::partial::Shuffle;
use crate::{Mask, NetError};

/// Sees every operation's output with its place: "cell 3, edge 0->2, sep_conv_3x3".
pub type Watch<'a> = dyn FnMut(&dyn fmt::Display, &Tensor) -> Result<(), NetError> + 'a;

/// How the sums of cells are computed; the results agree to rounding.
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

/// One forward pass.
pub struct Pass<'a> {
    /// What batch norms do.
    pub mode: Mode,
    /// Probability with which drop-path zeroes an operation's output for an image; 0 is off.
    pub drop_path: f64,
    /// Where drop-path draws from.
    pub noise: &'a mut dyn RngCore,
    /// Sees every operation's output; the pass then runs staged.
    pub watch: Option<&'a mut Watch<'a>>,
    /// Sees the layers inside operations, stems, ports and heads, and may put other values in place
    /// of their outputs; the pass then runs staged. Auxiliary heads, channels that pass an edge's
    /// operations by and operations in code show nothing.
    pub layers: Option<&'a mut LayerWatch<'a>>,
    /// How the sums of cells are computed.
    pub execution: Execution,
    /// The weights that one placed cell of a supernet has in place of its share, with the cell's
    /// position.
    pub replaced: Option<(usize, Tensor)>,
    /// Which channels the operations of an edge with partial channels see.
    pub mask: Mask,
    /// Whether nobody asks for the gradients of parameters: they may be missing after a backward
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
            replaced: None,
            mask: Mask::First,
            constant_parameters: false,
        }
    }

    /// Whether fused kernels may run: nobody looks inside.
    pub(crate) fn unseen(&self) -> bool {
        self.watch.is_none() && self.layers.is_none()
    }

    /// Runs an operation in a model of your own; [`layers`](Self::layers) sees what is inside.
    ///
    /// # Errors
    /// Those of the operation and of who sees it.
    pub fn run(&mut self, op: &dyn Operation, x: &Tensor) -> Result<Tensor, OpError> {
        match &mut self.layers {
            Some(watch) => op.forward_watched(x, self.mode, watch),
            None => op.forward(x, self.mode),
        }
    }

    /// Draws whether each of `batch` images keeps an operation's output, scaled to keep the mean;
    /// `None` when drop-path is off.
    pub(crate) fn gate(&mut self, batch: usize) -> Option<Vec<f64>> {
        let active = self.mode.is_training() && self.drop_path > 0.0;
        active.then(|| keep(batch, self.drop_path, self.noise))
    }

    /// The order in which an edge with partial channels sees `x`; its own where none is drawn.
    pub(crate) fn shuffle(&mut self, x: &Tensor) -> Result<Option<Shuffle>, NetError> {
        match self.mask {
            Mask::First => Ok(None),
            Mask::Random => Shuffle::draw(x, self.noise).map(Some),
        }
    }

    pub(crate) fn see(&mut self, place: &dyn fmt::Display, value: &Tensor) -> Result<(), NetError> {
        match &mut self.watch {
            Some(watch) => watch(place, value),
            None => Ok(()),
        }
    }
}

/// What a forward pass puts out.
#[derive(Clone, Debug)]
pub struct Output {
    /// `[B, classes]`, or `[B, classes, H, W]` for a per-pixel head.
    pub logits: Tensor,
    /// `[B, classes]` of the auxiliary head, in training passes of networks that have one.
    pub auxiliary: Option<Tensor>,
}

/// A network that can be trained and evaluated.
pub trait Model: fmt::Debug + Send + Sync {
    /// Its parameters and buffers.
    fn variables(&self) -> &Variables;

    /// Runs `x`, `[B, C, H, W]`.
    ///
    /// # Errors
    /// When `x` has another shape than the network was built for.
    fn forward(&self, x: &Tensor, pass: &mut Pass<'_>) -> Result<Output, NetError>;

    /// What one image costs.
    fn cost(&self) -> Cost;

    /// A text that changes whenever what this network computes changes: its architecture, a version
    /// of its code, and the values its variables had when it was first asked.
    ///
    /// A checkpoint of its training is only gone on with for the same identity. `None`, the default,
    /// says nothing, and training begins anew.
    fn identity(&self) -> Option<String> {
        None
    }

    /// What it puts out, so that training can refuse targets of another task at once; `None`, the
    /// default, where the first output has to show it.
    fn outputs(&self) -> Option<Outputs> {
        None
    }
}

impl<T: Model + ?Sized> Model for &T {
    fn variables(&self) -> &Variables {
        (**self).variables()
    }

    fn forward(&self, x: &Tensor, pass: &mut Pass<'_>) -> Result<Output, NetError> {
        (**self).forward(x, pass)
    }

    fn cost(&self) -> Cost {
        (**self).cost()
    }

    fn identity(&self) -> Option<String> {
        (**self).identity()
    }

    fn outputs(&self) -> Option<Outputs> {
        (**self).outputs()
    }
}

impl<T: Model + ?Sized> Model for Box<T> {
    fn variables(&self) -> &Variables {
        (**self).variables()
    }

    fn forward(&self, x: &Tensor, pass: &mut Pass<'_>) -> Result<Output, NetError> {
        (**self).forward(x, pass)
    }

    fn cost(&self) -> Cost {
        (**self).cost()
    }

    fn identity(&self) -> Option<String> {
        (**self).identity()
    }

    fn outputs(&self) -> Option<Outputs> {
        (**self).outputs()
    }
}
