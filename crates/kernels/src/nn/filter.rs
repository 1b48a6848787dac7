//! The variables of a convolution, transposed or not.

use candle_core::{Result, Tensor};
use candle_nn::{Init, VarBuilder, init};

use super::to_candle;
use crate::check::Check;

/// The channels of one of the groups of `op`.
pub(super) fn per_group(op: &'static str, channels: usize, groups: usize) -> Result<usize> {
    Check(op).groups(groups).map_err(to_candle)?;
    Ok(channels / groups)
}

/// A weight, and a bias if there is one.
#[derive(Clone, Debug)]
pub(super) struct Filter {
    pub(super) weight: Tensor,
    pub(super) bias: Option<Tensor>,
}

impl Filter {
    /// A `weight` of `shape`, first normal with variance two over the elements behind its first
    /// axis.
    pub(super) fn new(shape: [usize; 4], vb: &VarBuilder<'_>) -> Result<Self> {
        let weight = vb.get_with_hints(&shape, "weight", init::DEFAULT_KAIMING_NORMAL)?;
        Ok(Self { weight, bias: None })
    }

    /// The same with a `bias` of `outputs`, first uniform within one over the root of these
    /// elements.
    pub(super) fn with_bias(self, outputs: usize, vb: &VarBuilder<'_>) -> Result<Self> {
        let terms = self.weight.elem_count() / self.weight.dim(0)?.max(1);
        let bound = 1.0 / (terms as f64).sqrt();
        let init = Init::Uniform { lo: -bound, up: bound };
        Ok(Self { bias: Some(vb.get_with_hints(outputs, "bias", init)?), ..self })
    }
}
