//! What everything that can be trained has in common.

use std::fmt;

use candle_core::Tensor;
use dartloom_ops::{Mode, Variables};
use dartloom_space::Cost;
use rand::RngCore;

use crate::NetError;

/// Sees every operation's output with its place: "cell 3, edge 0->2, sep_conv_3x3".
pub type Watch<'a> = dyn FnMut(&dyn fmt::Display, &Tensor) -> Result<(), NetError> + 'a;

/// One forward pass.
pub struct Pass<'a> {
    /// What batch norms do.
    pub mode: Mode,
    /// Probability with which drop-path zeroes an operation's output for an image; 0 is off.
    pub drop_path: f64,
    /// Where drop-path draws from.
    pub noise: &'a mut dyn RngCore,
    /// Sees every operation's output.
    pub watch: Option<&'a mut Watch<'a>>,
}

impl fmt::Debug for Pass<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pass")
            .field("mode", &self.mode)
            .field("drop_path", &self.drop_path)
            .finish_non_exhaustive()
    }
}

impl<'a> Pass<'a> {
    /// A pass without drop-path or watch.
    pub fn new(mode: Mode, noise: &'a mut dyn RngCore) -> Self {
        Self { mode, drop_path: 0.0, noise, watch: None }
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
}
