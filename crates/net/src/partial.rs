//! Edges whose operations see only some of the channels.

use candle_core::Tensor;
use dartloom_ops::{Builder, Mode, Operation, Sequence, Stage};
use dartloom_space::{EdgePlan, PartialPlan};

use rand::RngCore;
use rand::seq::SliceRandom as _;
use serde::{Deserialize, Serialize};

use crate::NetError;
use crate::cell::times;

/// Reads the channels of `x`, `[B, C, H, W]`, as a table of `groups` rows and puts them out column
/// by column: channel `g * C / groups + i` becomes channel `i * groups + g`.
///
/// # Errors
/// [`NetError::Shuffle`] when `x` is not of rank 4 or `groups` does not divide its channels.
pub fn channel_shuffle(x: &Tensor, groups: usize) -> Result<Tensor, NetError> {
    let refuse = || NetError::Shuffle { groups, found: x.dims().to_vec() };
    let (batch, channels, height, width) = x.dims4().map_err(|_| refuse())?;
    if groups == 0 || !channels.is_multiple_of(groups) {
        return Err(refuse());
    }
    let table = x.reshape((batch, groups, channels / groups, height * width))?;
    Ok(table.transpose(1, 2)?.reshape((batch, channels, height, width))?)
}

/// The channels that the operations of an edge with partial channels see.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Mask {
    /// Always the first ones; the edge shuffles its output, so that the next one sees others (the
    /// released PC-DARTS code).
    #[default]
    First,
    /// Drawn anew by every edge in every pass; channels keep their places (the paper). Such cells
    /// run one operation after the other.
    Random,
}

impl Mask {
    /// The order in which an edge with partial channels sees `x`; `None` if no order is drawn.
    pub(crate) fn shuffle(
        self,
        x: &Tensor,
        noise: &mut dyn RngCore,
    ) -> Result<Option<Shuffle>, NetError> {
        match self {
            Self::First => Ok(None),
            Self::Random => Shuffle::draw(x, noise).map(Some),
        }
    }
}

/// The new places of an edge's channels: those that its operations see come first.
#[derive(Debug)]
pub(crate) struct Shuffle {
    there: Tensor,
    back: Tensor,
}

impl Shuffle {
    /// A random order of the channels of `x`, `[B, C, H, W]`.
    fn draw(x: &Tensor, mut noise: &mut dyn RngCore) -> Result<Self, NetError> {
        let channels = u32::try_from(x.dim(1)?).unwrap_or(u32::MAX);
        let mut there: Vec<u32> = (0..channels).collect();
        there.shuffle(&mut noise);
        let mut back = vec![0; there.len()];
        for (place, &channel) in (0..channels).zip(&there) {
            back[channel as usize] = place;
        }
        let index = |order: Vec<u32>| Tensor::new(order, x.device());
        Ok(Self { there: index(there)?, back: index(back)? })
    }

    pub(crate) fn there(&self, x: &Tensor) -> Result<Tensor, NetError> {
        Ok(x.index_select(&self.there, 1)?)
    }

    fn back(&self, x: &Tensor) -> Result<Tensor, NetError> {
        Ok(x.index_select(&self.back, 1)?)
    }
}

/// The channels of an edge that bypass its operations, see [`PartialPlan`].
#[derive(Debug)]
pub(crate) struct Bypass {
    groups: usize,
    /// Number of channels that the operations get and put out.
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

    /// The output of the edge: `mixed`, the sum of its operations (zero if there is none), beside
    /// the other channels of `x` times the weight of the edge. The channels are shuffled, or moved
    /// back to where they were before `drawn` moved them.
    pub(crate) fn join(
        &self,
        x: &Tensor,
        mixed: Option<Tensor>,
        weight: Option<&Tensor>,
        (mode, drawn): (Mode, Option<&Shuffle>),
    ) -> Result<Tensor, NetError> {
        let others = x.narrow(1, self.kept, x.dim(1)? - self.kept)?;
        let mut others = self.layers.forward(&others, mode)?;
        if let Some(weight) = weight {
            others = times(&others, weight)?;
        }
        let mixed = match mixed {
            Some(mixed) => mixed,
            None => {
                let (batch, _, height, width) = others.dims4()?;
                let shape = (batch, self.kept, height, width);
                Tensor::zeros(shape, others.dtype(), others.device())?
            }
        };
        let all = Tensor::cat(&[mixed, others], 1)?;
        match drawn {
            Some(drawn) => drawn.back(&all),
            None => channel_shuffle(&all, self.groups),
        }
    }
}
