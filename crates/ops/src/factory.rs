//! Operations written in code.

use std::fmt;

use candle_core::Tensor;
use dartloom_kernels::fused::Stage;
use dartloom_space::InputPlan;

use crate::{Builder, LayerWatch, Mode, OpError};

/// Something an edge can do.
///
/// # Contract
/// `forward` maps `[B, C, H, W]` to `[B, width, ceil(H / stride), ceil(W / stride)]` for the
/// [`InputPlan`] it was built for, keeps the type and device, and is differentiable. It draws no
/// random numbers and, unless `mode` says [`Update`](crate::Statistics::Update), changes no state.
pub trait Operation: fmt::Debug + Send + Sync {
    /// The output for `x`.
    ///
    /// # Errors
    /// When `x` has another shape than the operation was built for.
    fn forward(&self, x: &Tensor, mode: Mode) -> Result<Tensor, OpError>;

    /// As [`forward`](Self::forward), but shows the output of every layer inside to `watch`, which
    /// returns the value that the next layer reads.
    ///
    /// By default `watch` sees nothing: an operation in code has no known layers.
    ///
    /// # Errors
    /// As [`forward`](Self::forward), and those of `watch`.
    fn forward_watched(
        &self,
        x: &Tensor,
        mode: Mode,
        _watch: &mut LayerWatch<'_>,
    ) -> Result<Tensor, OpError> {
        self.forward(x, mode)
    }

    /// The same as a chain of stages, which networks run fused with its neighbours.
    ///
    /// `None`, the default, for an operation that is not such a chain: it is run by `forward`.
    fn stages(&self) -> Option<Vec<Stage>> {
        None
    }
}

impl<T: Operation + ?Sized> Operation for &T {
    fn forward(&self, x: &Tensor, mode: Mode) -> Result<Tensor, OpError> {
        (**self).forward(x, mode)
    }

    fn forward_watched(
        &self,
        x: &Tensor,
        mode: Mode,
        watch: &mut LayerWatch<'_>,
    ) -> Result<Tensor, OpError> {
        (**self).forward_watched(x, mode, watch)
    }

    fn stages(&self) -> Option<Vec<Stage>> {
        (**self).stages()
    }
}

impl<T: Operation + ?Sized> Operation for Box<T> {
    fn forward(&self, x: &Tensor, mode: Mode) -> Result<Tensor, OpError> {
        (**self).forward(x, mode)
    }

    fn forward_watched(
        &self,
        x: &Tensor,
        mode: Mode,
        watch: &mut LayerWatch<'_>,
    ) -> Result<Tensor, OpError> {
        (**self).forward_watched(x, mode, watch)
    }

    fn stages(&self) -> Option<Vec<Stage>> {
        (**self).stages()
    }
}

/// The cost of an operation on one image.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OpCost {
    /// Trainable numbers.
    pub parameters: u64,
    /// Multiply-adds.
    pub macs: u64,
}

/// Builds an operation that has no recipe.
pub trait OpFactory: fmt::Debug + Send + Sync {
    /// The name under which op sets and genotypes know it.
    fn name(&self) -> &str;

    /// Creates the operation and its variables.
    ///
    /// # Errors
    /// When the operation cannot be built for this plan.
    fn build(&self, at: &InputPlan, vars: &mut Builder<'_>) -> Result<Box<dyn Operation>, OpError>;

    /// Its cost for this plan, computed by arithmetic.
    fn cost(&self, at: &InputPlan) -> OpCost;

    /// A text that changes whenever the computation of this operation changes: its configuration,
    /// and a version of its code.
    ///
    /// Work that is stored (checkpoints, finished legs of a comparison) is only used again for the
    /// same identity. With `None`, the default, identities cannot be compared, and stored work is
    /// done again. The debug form is not an identity: it cannot see code.
    fn identity(&self) -> Option<String> {
        None
    }
}

/// An [`OpFactory`] from two closures: one that builds, one that counts.
pub fn op_fn<B, C>(name: impl Into<String>, build: B, cost: C) -> OpFn<B, C>
where
    B: Fn(&InputPlan, &mut Builder<'_>) -> Result<Box<dyn Operation>, OpError> + Send + Sync,
    C: Fn(&InputPlan) -> OpCost + Send + Sync,
{
    OpFn { name: name.into(), identity: None, build, cost }
}

/// The factory that [`op_fn`] returns.
pub struct OpFn<B, C> {
    name: String,
    identity: Option<String>,
    build: B,
    cost: C,
}

impl<B, C> OpFn<B, C> {
    /// The same with an [identity](OpFactory::identity), such as `"x3, version 2"`: to be changed
    /// whenever the closures, or what they have captured, change.
    #[must_use]
    pub fn with_identity(self, identity: impl Into<String>) -> Self {
        Self { identity: Some(identity.into()), ..self }
    }
}

impl<B, C> fmt::Debug for OpFn<B, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpFn").field("name", &self.name).finish_non_exhaustive()
    }
}

impl<B, C> OpFactory for OpFn<B, C>
where
    B: Fn(&InputPlan, &mut Builder<'_>) -> Result<Box<dyn Operation>, OpError> + Send + Sync,
    C: Fn(&InputPlan) -> OpCost + Send + Sync,
{
    fn name(&self) -> &str {
        &self.name
    }

    fn build(&self, at: &InputPlan, vars: &mut Builder<'_>) -> Result<Box<dyn Operation>, OpError> {
        (self.build)(at, vars)
    }

    fn cost(&self, at: &InputPlan) -> OpCost {
        (self.cost)(at)
    }

    fn identity(&self) -> Option<String> {
        self.identity.clone()
    }
}
