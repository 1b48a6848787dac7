//! Exact parameter and multiply-add counts.

use serde::{Deserialize, Serialize};

use super::{Blueprint, CellPlan, TransformPlan};
use crate::{Layer, Shape, SpaceError};

/// The cost of a network, for one image.
///
/// `parameters` counts what the released networks allocate, so it includes `unused_parameters`:
/// genes that start at a node that does not exist. Custom operations are not included; add their
/// factory's cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cost {
    /// Trainable numbers, without the auxiliary head and those of deep supervision.
    pub parameters: u64,
    /// Those of dead genes.
    pub unused_parameters: u64,
    /// Trainable numbers of the auxiliary head, or of the heads of deep supervision.
    pub auxiliary_parameters: u64,
    /// Multiply-adds of convolutions and fully connected layers, without the auxiliary head.
    pub macs: u64,
    /// Multiply-adds of the auxiliary head; 0 when its input is too small to run it.
    pub auxiliary_macs: u64,
    /// Values that all layers put out: activations held while training, without the auxiliary
    /// head.
    pub activations: u64,
}

impl Blueprint {
    /// Parameters and multiply-adds of the network; for a supernet, of all candidates together.
    ///
    /// # Errors
    /// [`SpaceError::Uncountable`] for a number beyond 64 bits; when a layer does not fit its
    /// input, which a blueprint made by this crate rules out.
    pub fn cost(&self) -> Result<Cost, SpaceError> {
        let mut cost = Cost::default();
        for part in &self.stem {
            cost.add(&part.layers, part.input)?;
        }
        for cell in &self.cells {
            cost.add_cell(cell)?;
        }
        for branch in &self.head.branches {
            cost.add(&branch.layers, branch.input)?;
        }
        if let Some(aux) = &self.aux {
            cost.auxiliary_parameters = parameters(&aux.layers);
            if aux.fits {
                let mut head = Cost::default();
                head.add(&aux.layers, aux.input)?;
                cost.auxiliary_macs = head.macs;
            }
        }
        cost.check().map(|()| cost)
    }

    /// The part of [`Blueprint::cost`] that the stem has.
    ///
    /// # Errors
    /// As [`Blueprint::cost`].
    pub fn stem_cost(&self) -> Result<Cost, SpaceError> {
        let mut cost = Cost::default();
        for part in &self.stem {
            cost.add(&part.layers, part.input)?;
        }
        cost.check().map(|()| cost)
    }
}

impl CellPlan {
    /// The part of [`Blueprint::cost`] that this placement has, the layers at its ports included.
    ///
    /// # Errors
    /// As [`Blueprint::cost`].
    pub fn cost(&self) -> Result<Cost, SpaceError> {
        let mut cost = Cost::default();
        cost.add_cell(self)?;
        cost.check().map(|()| cost)
    }
}

impl TransformPlan {
    /// The part of [`Blueprint::cost`] that these layers have.
    ///
    /// # Errors
    /// As [`Blueprint::cost`].
    pub fn cost(&self) -> Result<Cost, SpaceError> {
        let mut cost = Cost::default();
        cost.add(&self.layers, self.input)?;
        cost.check().map(|()| cost)
    }
}

impl Cost {
    pub(crate) fn add(&mut self, layers: &[Layer], input: Shape) -> Result<(), SpaceError> {
        let mut shape = input;
        for layer in layers {
            self.parameters = self.parameters.saturating_add(layer.parameters());
            self.macs = self.macs.saturating_add(layer.macs(shape)?);
            shape = layer.output(shape)?;
            self.activations = self.activations.saturating_add(shape.elements());
        }
        Ok(())
    }

    /// Refuses sums that stopped at the largest number.
    pub(crate) fn check(&self) -> Result<(), SpaceError> {
        let counts = [
            ("parameters", self.parameters),
            ("parameters", self.auxiliary_parameters),
            ("multiply-adds", self.macs),
            ("multiply-adds", self.auxiliary_macs),
            ("activations", self.activations),
        ];
        match counts.iter().find(|(_, count)| *count == u64::MAX) {
            Some(&(what, _)) => Err(SpaceError::Uncountable { what }),
            None => Ok(()),
        }
    }

    fn add_cell(&mut self, cell: &CellPlan) -> Result<(), SpaceError> {
        for link in cell.ports.iter().flat_map(|port| &port.links) {
            self.add(&link.layers, link.input)?;
        }
        for edge in &cell.edges {
            if let Some(partial) = edge.partial.as_ref().filter(|_| edge.live) {
                self.add(&partial.layers, partial.input)?;
            }
            for layers in edge.candidates.iter().filter_map(|c| c.layers.as_ref()) {
                if edge.live {
                    self.add(layers, edge.input.shape)?;
                } else {
                    let parameters = parameters(layers);
                    self.parameters = self.parameters.saturating_add(parameters);
                    self.unused_parameters = self.unused_parameters.saturating_add(parameters);
                }
            }
        }
        Ok(())
    }
}

fn parameters(layers: &[Layer]) -> u64 {
    layers.iter().map(Layer::parameters).fold(0, u64::saturating_add)
}
