//! Layers outside cells: stems, ports and heads.

use candle_core::Tensor;
use dartloom_ops::{Builder, Operation as _, Pass, Sequence, Stage};
use dartloom_space::{Source, TransformPlan};

use crate::NetError;

/// A source and the layers that adapt it to its reader.
#[derive(Debug)]
pub(crate) struct Transform {
    pub(crate) source: Source,
    layers: Sequence,
}

impl Transform {
    pub(crate) fn new(plan: &TransformPlan, vars: &mut Builder<'_>) -> Result<Self, NetError> {
        Ok(Self { source: plan.source, layers: Sequence::new(&plan.layers, vars)? })
    }

    pub(crate) fn stages(&self) -> Option<Vec<Stage>> {
        self.layers.stages()
    }

    pub(crate) fn forward(
        &self,
        read: &dyn Fn(Source) -> Tensor,
        pass: &mut Pass<'_>,
    ) -> Result<Tensor, NetError> {
        Ok(self.layers.run(&read(self.source), pass)?)
    }
}

/// Outputs of stem parts and cells, as far as they are computed.
#[derive(Debug, Default)]
pub(crate) struct Values {
    pub(crate) stem: Vec<Tensor>,
    pub(crate) cells: Vec<Tensor>,
}

impl Values {
    /// The value of a source; in a valid network, it has been computed already.
    pub(crate) fn get(&self, source: Source) -> Tensor {
        match source {
            Source::Stem(part) => self.stem[part].clone(),
            Source::Cell(index) => self.cells[index].clone(),
        }
    }
}
