//! The memory that a network needs, in bytes, known before it is built.
//!
//! [`predict`] adds up, from a blueprint's shapes alone,
//!
//! - every weight, its gradient and what its optimiser keeps,
//! - every value that stands in candle's graph from the forward to the backward pass: outputs of
//!   stem, cells and heads; of cells that run fused the outputs of blocks and nodes, of others the
//!   outputs of all layers, products with weights and sums; operands packed for a cell,
//! - the memory held for a moment: the largest of all cells' rooms on the way forward and on the
//!   way back, there with the gradients of the cell's inputs; the scratch memory of every thread,
//! - images, and the process itself ([`Process`]).
//!
//! No tensors are made but numbers that stand for whole shapes, so a prediction takes milliseconds.
//! Networks that are built use the same code ([`Supernet::memory`]). [`predict_graph`] does the
//! same for networks laid out by hand.
//!
//! Nothing is counted from about 16 PiB on: a prediction is refused, and a network that has been
//! built returns the largest number.
//!
//! Memory that operations in code keep is not counted. Values that reach no output are taken as
//! freed at the end of their cell.
//!
//! [`Supernet::memory`]: crate::Supernet::memory

mod admission;
mod breakdown;
mod calibration;
mod magnitude;
mod process;
mod range;
mod workload;

pub use crate::graph::predict_graph;
pub use admission::{Admission, Size, Slot, admit};
pub use breakdown::Breakdown;
pub use calibration::Calibration;
pub use process::Process;
pub use range::{Draws, Range, Ranges, ranges};
pub use workload::{Training, Workload};

pub(crate) use magnitude::Magnitude;

use dartloom_ops::{Registry, Variables};
use dartloom_space::{Blueprint, Layer, Shape, SpaceError};

use crate::NetError;
use crate::body::Body;
use crate::cell::{Cell, CellMemory};

/// Bytes at the peak of a process that runs the network of `plan` as `work` says.
///
/// It serves supernets made by [`Blueprint::supernet`] and networks made by [`Blueprint::derived`].
///
/// # Errors
/// As [`Supernet::new`](crate::Supernet::new), and [`NetError::Uncountable`] from about 16 PiB on.
pub fn predict(
    plan: &Blueprint,
    registry: &Registry,
    work: &Workload,
) -> Result<Breakdown, NetError> {
    Magnitude::of(plan, registry)?.check(work)?;
    Ok(Body::outline(plan, registry, work.dtype)?.memory(work))
}

/// The sum of a network's parts; `outside` is the result of [`outside`].
pub(crate) fn breakdown<'a>(
    (input, outside): (Shape, u64),
    cells: impl Iterator<Item = &'a Cell>,
    variables: &Variables,
    work: &Workload,
) -> Breakdown {
    let cells: Vec<CellMemory> = cells.map(|cell| cell.memory(work)).collect();
    let most = |bytes: fn(&CellMemory) -> u64| cells.iter().map(bytes).max().unwrap_or(0);
    let kept: u64 = cells.iter().map(|cell| cell.kept + cell.output).sum();
    let parts = Parts {
        input,
        parameters: variables.parameter_count(),
        owed: 0,
        buffers: variables.buffer_count(),
        activations: work.bytes(outside) + kept,
        forward: most(|cell| cell.forward),
        backward: most(CellMemory::transient),
        scratch: most(|cell| cell.scratch),
        slabs: cells.iter().map(|cell| cell.slabs).sum(),
    };
    sum(parts, work)
}

/// The parts of a network's memory that depend on its layers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parts {
    /// Shape of one image.
    pub(crate) input: Shape,
    /// Trainable numbers.
    pub(crate) parameters: u64,
    /// Trainable numbers whose gradient is not there at the peak.
    pub(crate) owed: u64,
    /// Running statistics.
    pub(crate) buffers: u64,
    /// Bytes held from the forward to the backward pass.
    pub(crate) activations: u64,
    /// Bytes held for a moment of the forward pass.
    pub(crate) forward: u64,
    /// Bytes held for a moment of a training step.
    pub(crate) backward: u64,
    /// Bytes that each thread works with.
    pub(crate) scratch: u64,
    /// The part of `activations` that lies in an arena.
    pub(crate) slabs: u64,
}

/// The memory of a process that runs a network of these parts.
pub(crate) fn sum(parts: Parts, work: &Workload) -> Breakdown {
    let Parts { input, parameters: count, activations, slabs, .. } = parts;
    let scratch = parts.scratch * work.threads as u64;
    let all = |logits: u64| work.numbers(count + parts.buffers + logits);
    let images = work.bytes(input.elements()) + (work.batch * LABEL) as u64;
    let breakdown = match work.training {
        Some(own) => Breakdown {
            parameters: all(own.logits),
            gradients: work.numbers(count - parts.owed.min(count) + own.logits),
            moments: work
                .numbers(count * (own.moments + own.copies) + own.logits * own.logit_moments),
            activations,
            workspace: parts.backward + scratch,
            images: images * own.batches,
            process: 0,
        },
        None => Breakdown {
            parameters: all(0),
            activations,
            workspace: parts.forward + scratch,
            images,
            ..Breakdown::default()
        },
    };
    Process::default().around(breakdown, slabs)
}

/// Bytes of a label.
const LABEL: usize = size_of::<u32>();

/// Values of one image that stand outside of cells: the outputs of stem and heads.
pub(crate) fn outside(plan: &Blueprint) -> Result<u64, SpaceError> {
    let mut sum = 0;
    for part in &plan.stem {
        sum += values(&part.layers, part.input)?;
    }
    for branch in &plan.head.branches {
        sum += values(&branch.layers, branch.input)?;
    }
    if let Some(aux) = plan.aux.as_ref().filter(|aux| aux.fits) {
        sum += values(&aux.layers, aux.input)?;
    }
    Ok(sum)
}

/// Convolution, norm with scale and shift, and ReLU at the beginning of some layers, which run as
/// one kernel.
pub(crate) fn is_block(layers: &[Layer]) -> bool {
    matches!(layers, [Layer::Conv { .. }, Layer::Norm { affine: true, .. }, Layer::Relu, ..])
}

/// Values that layers leave behind for one image when they run one by one.
pub(crate) fn values(layers: &[Layer], input: Shape) -> Result<u64, SpaceError> {
    let mut shape = input;
    let mut sum = 0;
    for (index, layer) in layers.iter().enumerate() {
        let before = shape;
        shape = layer.output(shape)?;
        sum += match layer {
            Layer::Identity => 0,
            // In a block the norm puts nothing out.
            Layer::Norm { .. } if index > 0 && is_block(&layers[index - 1..]) => 0,
            // The shifted plane is gathered, and both halves are put out before they are joined.
            Layer::FactorizedReduce { .. } => before.elements() + 2 * shape.elements(),
            // The factors, and their products.
            Layer::Dropout(_) => 2 * shape.elements(),
            _ => shape.elements(),
        };
    }
    Ok(sum)
}
