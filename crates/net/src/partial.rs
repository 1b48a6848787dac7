//! Edges whose operations see only some of the channels.

use candle_core::Tensor;
use dartloom_ops::{Builder, Mode, Operation, Sequence, Stage};
use dartloom_space::{EdgePlan, PartialPlan};

use crate::NetError;

/// Reads the channels of `x`, `[B, C, H, W]`, as a table of `groups` rows and puts them out column
/// by column: channel `g * C / groups + i` becomes channel `i * groups + g`.
///
/// # Errors
/// [`NetError::Shuffle`] when `x` is not of rank 4 or its channels are no multiple of `groups`.
pub fn channel_shuffle(x: &Tensor, groups: usize) -> Result<Tensor, NetError> {
    let refuse = || NetError::Shuffle { groups, found: x.dims().to_vec() };
    let (batch, channels, height, width) = x.dims4().map_err(|_| refuse())?;
    if groups == 0 || !channels.is_multiple_of(groups) {
        return Err(refuse());
    }
    let table = x.reshape((batch, groups, channels / groups, height * width))?;
    Ok(table.transpose(1, 2)?.reshape((batch, channels, height, width))?)
}

/// The channels of an edge that pass its operations by, see [`PartialPlan`].
#[derive(Debug)]
pub(crate) struct Bypass {
    groups: usize,
    /// Channels that the operations get, and as many that they put out.
    pub(crate) kept: usize,
    layers: Sequence,
}

impl Bypass {
    /// The bypass of an edge that has one.
    pub(crate) fn of(edge: &EdgePlan, vars: &mut Builder<'_>) -> Result<Option<Self>, NetError> {
        let Some(PartialPlan { groups, layers, .. }) = &edge.partial else { return Ok(None) };
        let layers = Sequence::new(layers, vars)?;
        Ok(Some(Self { groups: *groups, kept: edge.input.shape.channels, layers }))
    }

    pub(crate) fn groups(&self) -> usize {
        self.groups
    }

    pub(crate) fn stages(&self) -> Option<Vec<Stage>> {
        self.layers.stages()
    }

    /// The channels of `x`, `[B, C, H, W]`, that the operations get.
    pub(crate) fn kept(&self, x: &Tensor) -> Result<Tensor, NetError> {
        Ok(x.narrow(1, 0, self.kept)?)
    }

    /// What the edge puts out: `mixed`, the sum of its operations (zero if there is none), beside
    /// the other channels of `x` times the weight of the edge, shuffled.
    pub(crate) fn join(
        &self,
        x: &Tensor,
        mixed: Option<Tensor>,
        weight: Option<&Tensor>,
        mode: Mode,
    ) -> Result<Tensor, NetError> {
        let others = x.narrow(1, self.kept, x.dim(1)? - self.kept)?;
        let mut others = self.layers.forward(&others, mode)?;
        if let Some(weight) = weight {
            others = others.broadcast_mul(weight)?;
        }
        let mixed = match mixed {
            Some(mixed) => mixed,
            None => {
                let (batch, _, height, width) = others.dims4()?;
                let shape = (batch, self.kept, height, width);
                Tensor::zeros(shape, others.dtype(), others.device())?
            }
        };
        channel_shuffle(&Tensor::cat(&[mixed, others], 1)?, self.groups)
    }
}
