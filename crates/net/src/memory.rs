//! What a training step needs in bytes, known before it runs.

use dartloom_ops::Variables;
use dartloom_space::{Blueprint, Layer, Shape, SpaceError};

use crate::Execution;
use crate::cell::{Cell, CellMemory};

/// Copies of every parameter in a training step: the value, its gradient, its momentum, and the
/// one in the packed operand of a cell.
const COPIES: u64 = 4;

/// The memory of one training step (forward, backward, momentum SGD), estimated from shapes.
///
/// Counted are the images, what cells keep for the backward pass, the outputs of stem, cells and
/// heads, the largest buffers of a single cell, the gradients of the values around one cell, and
/// for every parameter its value, gradient, momentum and packed copy.
///
/// Not counted are the scratch of each thread, what drop-path and two halves of a factorized
/// reduce add where cells run staged, what operations in code keep, the weights that a
/// second-order search puts aside, and the program itself. Buffers that are free between two uses
/// but fit neither make a process larger than the estimate, the more the smaller the network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// Bytes of values and their gradients at the peak; in proportion to the batch.
    pub activations: u64,
    /// Bytes of parameters, buffers, and what goes with them.
    pub parameters: u64,
}

impl Memory {
    /// Bytes of both parts.
    pub fn total(&self) -> u64 {
        self.activations.saturating_add(self.parameters)
    }

    pub(crate) fn estimate(
        outside: u64,
        cells: &[Cell],
        variables: &Variables,
        batch: usize,
        execution: Execution,
    ) -> Self {
        let element = variables.dtype().size_in_bytes() as u64;
        let cells: Vec<CellMemory> =
            cells.iter().map(|cell| cell.memory(batch, execution, element)).collect();
        let most = |bytes: fn(&CellMemory) -> u64| cells.iter().map(bytes).max().unwrap_or(0);
        let kept: u64 = cells.iter().map(|cell| cell.kept + cell.output).sum();
        let around = outside * batch as u64 * element;
        let activations = around + kept + most(|cell| cell.transient) + most(|c| c.gradients);
        let buffers: usize = variables.buffers().values().map(|var| var.elem_count()).sum();
        let numbers = COPIES * variables.parameter_count() + buffers as u64;
        Self { activations, parameters: numbers * element }
    }
}

/// Values of one image that stand outside of cells: itself, and the outputs of stem and heads.
pub(crate) fn outside(plan: &Blueprint) -> Result<u64, SpaceError> {
    let mut sum = plan.build.input.elements();
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

/// Values that layers put out for one image, all of them kept when they run one by one.
pub(crate) fn values(layers: &[Layer], input: Shape) -> Result<u64, SpaceError> {
    let (mut shape, mut sum) = (input, 0);
    for layer in layers {
        shape = layer.output(shape)?;
        if !matches!(layer, Layer::Identity) {
            sum += shape.elements();
        }
    }
    Ok(sum)
}
