//! Refusal of workloads too large to count.

use dartloom_ops::Registry;
use dartloom_space::{Blueprint, CellPlan, EdgePlan, Layer, Shape};

use super::Workload;
use crate::NetError;

/// The size of a prediction's sums: an upper bound on all of them together, so that none of them
/// overflows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Magnitude {
    /// Values per image, of everything that is computed.
    values: u128,
    parameters: u128,
}

/// The bytes from which on nothing is counted: 16 PiB. Every sum of a prediction is a small
/// multiple of [`Magnitude::bytes`] (at most 300 times, where shares are counted in hundredths),
/// and far from the end of 64 bits.
pub(super) const MOST: u128 = 1 << 54;

impl Magnitude {
    /// The magnitude of a network of so many values per image and parameters.
    pub(crate) fn new(values: u128, parameters: u64) -> Self {
        Self { values, parameters: u128::from(parameters) }
    }

    /// The magnitude of a blueprint.
    pub(crate) fn of(plan: &Blueprint, registry: &Registry) -> Result<Self, NetError> {
        let mut values = u128::from(plan.build.input.elements());
        for part in &plan.stem {
            values += layers(&part.layers, part.input)?;
        }
        for cell in &plan.cells {
            values += of_cell(cell)?;
        }
        for branch in &plan.head.branches {
            values += layers(&branch.layers, branch.input)?;
        }
        if let Some(aux) = plan.aux.as_ref().filter(|aux| aux.fits) {
            values += layers(&aux.layers, aux.input)?;
        }
        let parameters = u128::from(registry.cost(plan)?.parameters);
        Ok(Self { values, parameters })
    }

    /// Refuses a workload that is too large to count.
    ///
    /// # Errors
    /// [`NetError::Uncountable`].
    pub(crate) fn check(self, work: &Workload) -> Result<(), NetError> {
        if self.bytes(work) < MOST {
            return Ok(());
        }
        Err(NetError::Uncountable { batch: work.batch, threads: work.threads })
    }

    /// `true` if the bytes of the workload are counted.
    pub(crate) fn counts(self, work: &Workload) -> bool {
        self.bytes(work) < MOST
    }

    fn bytes(self, work: &Workload) -> u128 {
        let own = work.training.unwrap_or_default();
        let batches = u128::from(own.batches.max(1));
        // Images and their labels, and what every thread works with.
        let places = (work.batch as u128).saturating_add(1).saturating_mul(batches);
        let places = places.saturating_add(work.threads as u128 * THREAD);
        let values = self.values.saturating_add(1).saturating_mul(places);
        let copies = 4 + u128::from(own.moments) + u128::from(own.copies);
        let weights = self.parameters.saturating_mul(copies);
        let logits = u128::from(own.logits) * (4 + u128::from(own.logit_moments));
        let numbers = values.saturating_add(weights).saturating_add(logits);
        numbers.saturating_mul(work.dtype.size_in_bytes() as u128)
    }
}

/// Images whose planes a thread has room for, in the widest registers.
const THREAD: u128 = 64;

fn of_cell(cell: &CellPlan) -> Result<u128, NetError> {
    let mut values = 0;
    for link in cell.ports.iter().flat_map(|port| &port.links) {
        values += layers(&link.layers, link.input)?;
    }
    for edge in &cell.edges {
        values += of_edge(edge)?;
    }
    let nodes = cell.edges.iter().map(|edge| edge.to).chain(cell.concat.iter().copied()).max();
    let sums = cell.edges.len() as u128 + nodes.map_or(0, |node| node as u128 + 1);
    Ok(values + sums * u128::from(cell.node.elements()) + u128::from(cell.output.elements()))
}

fn of_edge(edge: &EdgePlan) -> Result<u128, NetError> {
    let mut values = u128::from(edge.input.shape.elements());
    for own in edge.candidates.iter().filter_map(|own| own.layers.as_ref()) {
        values += layers(own, edge.input.shape)?;
    }
    if let Some(partial) = &edge.partial {
        values += layers(&partial.layers, partial.input)?;
    }
    Ok(values)
}

/// Values that layers read and put out.
fn layers(layers: &[Layer], input: Shape) -> Result<u128, NetError> {
    let mut shape = input;
    let mut sum = 2 * u128::from(input.elements());
    for layer in layers {
        shape = layer.output(shape)?;
        sum += 2 * u128::from(shape.elements());
    }
    Ok(sum)
}

#[cfg(test)]
mod tests;
