//! A network as training sees it.

use std::fmt;

use candle_core::Tensor;
use dartloom_space::{Cost, Outputs};

use crate::{OpError, Pass, Variables};

/// The result of a forward pass.
#[derive(Clone, Debug)]
pub struct Output {
    /// The network's answer, `[B, ..]`: `[B, classes]` of a classifier, `[B, classes, H, W]` of a
    /// per-pixel head.
    pub main: Tensor,
    /// The auxiliary head's answer, of the same kind, in training passes of networks that have one.
    pub auxiliary: Option<Tensor>,
    /// The answers of the heads of deep supervision, of the same kind on planes that get coarser,
    /// in training passes of networks that have such heads; empty elsewhere.
    pub deep: Vec<Tensor>,
}

impl From<Tensor> for Output {
    /// An answer of the main head alone.
    fn from(main: Tensor) -> Self {
        Self { main, auxiliary: None, deep: Vec::new() }
    }
}

/// A network that can be trained and evaluated.
pub trait Model: fmt::Debug + Send + Sync {
    /// Its parameters and buffers.
    fn variables(&self) -> &Variables;

    /// Runs `x`, `[B, C, H, W]`.
    ///
    /// # Errors
    /// When `x` has another shape than the network was built for; errors of your own are an
    /// [`OpError::Model`].
    fn forward(&self, x: &Tensor, pass: &mut Pass<'_>) -> Result<Output, OpError>;

    /// The cost of one image. By default the parameters are counted, and nothing else is.
    fn cost(&self) -> Cost {
        Cost { parameters: self.variables().parameter_count(), ..Cost::default() }
    }

    /// A text that changes whenever the computation of this network changes: its architecture, a
    /// version of its code, and the values of its variables when it was first asked.
    ///
    /// Training continues from a checkpoint only for the same identity. With `None`, the default,
    /// identities cannot be compared, and training begins anew.
    fn identity(&self) -> Option<String> {
        None
    }

    /// The outputs, so that training can refuse targets of another task at once; `None`, the
    /// default, if they are only known from the first output.
    fn outputs(&self) -> Option<Outputs> {
        None
    }
}

impl<T: Model + ?Sized> Model for &T {
    fn variables(&self) -> &Variables {
        (**self).variables()
    }

    fn forward(&self, x: &Tensor, pass: &mut Pass<'_>) -> Result<Output, OpError> {
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

    fn forward(&self, x: &Tensor, pass: &mut Pass<'_>) -> Result<Output, OpError> {
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
