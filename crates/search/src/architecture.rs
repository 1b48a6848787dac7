//! The logits of a search.

use std::collections::BTreeMap;
use std::sync::Arc;

use candle_core::{DType, Device, Tensor, Var};
use dartloom_relax::{Progress, Relaxation};
use dartloom_space::{CellWeights, Space, WeightTable};
use rand::RngCore;

use crate::SearchError;

/// Architecture logits of a space, one `[edges, operations]` table per searchable cell, and the
/// relaxation that turns them into weights.
#[derive(Debug)]
pub struct Architecture {
    /// Cell names in the space's order: the order of weights in a supernet.
    cells: Vec<String>,
    ops: Vec<String>,
    logits: BTreeMap<String, Var>,
    relaxation: Arc<dyn Relaxation>,
}

impl Architecture {
    /// Logits as the relaxation starts them, drawn from `noise`.
    ///
    /// # Errors
    /// When a tensor cannot be made.
    pub fn new(
        space: &Space,
        relaxation: Arc<dyn Relaxation>,
        device: &Device,
        dtype: DType,
        noise: &mut dyn RngCore,
    ) -> Result<Self, SearchError> {
        let ops: Vec<String> = space.op_set().names().map(str::to_owned).collect();
        let mut logits = BTreeMap::new();
        for cell in space.cells() {
            let shape = (cell.graph.edges().len(), ops.len());
            let values = relaxation.initial(shape.0, shape.1, noise);
            let tensor = Tensor::from_vec(values, shape, device)?.to_dtype(dtype)?;
            logits.insert(cell.name.clone(), Var::from_tensor(&tensor)?);
        }
        let cells = space.cells().iter().map(|cell| cell.name.clone()).collect();
        Ok(Self { cells, ops, logits, relaxation })
    }

    /// The logits by cell name.
    pub fn logits(&self) -> &BTreeMap<String, Var> {
        &self.logits
    }

    /// Weights of every cell in the space's order, differentiable with respect to the logits.
    ///
    /// # Errors
    /// The relaxation's error.
    pub fn weights(
        &self,
        at: Progress,
        noise: &mut dyn RngCore,
    ) -> Result<Vec<Tensor>, SearchError> {
        let cells = self.cells.iter();
        cells
            .map(|name| Ok(self.relaxation.weights(self.logits[name].as_tensor(), at, noise)?))
            .collect()
    }

    /// The relaxation's penalty summed over cells, if it has one.
    ///
    /// # Errors
    /// The relaxation's error.
    pub fn penalty(&self) -> Result<Option<Tensor>, SearchError> {
        let mut total: Option<Tensor> = None;
        for logits in self.logits.values() {
            if let Some(penalty) = self.relaxation.penalty(logits.as_tensor())? {
                total = Some(match total {
                    Some(total) => (total + penalty)?,
                    None => penalty,
                });
            }
        }
        Ok(total)
    }

    /// The weights as host numbers: what a decoder reads.
    ///
    /// # Errors
    /// When a weight is not finite.
    pub fn table(&self, at: Progress, noise: &mut dyn RngCore) -> Result<WeightTable, SearchError> {
        let mut cells = Vec::with_capacity(self.cells.len());
        for (name, weights) in self.cells.iter().zip(self.weights(at, noise)?) {
            let edges = weights.detach().to_dtype(DType::F64)?.to_vec2()?;
            cells.push(CellWeights { name: name.clone(), edges, edge_weights: None });
        }
        Ok(WeightTable::new(self.ops.clone(), cells)?)
    }

    /// The logits as tensors that do not change when the search goes on.
    ///
    /// # Errors
    /// When a copy fails.
    pub fn snapshot(&self) -> Result<BTreeMap<String, Tensor>, SearchError> {
        let copy = |(name, var): (&String, &Var)| Ok((name.clone(), var.copy()?.detach()));
        self.logits.iter().map(copy).collect()
    }

    /// Sets the logits.
    ///
    /// # Errors
    /// [`SearchError::Config`] when names or shapes differ; nothing has been set then.
    pub fn load(&self, tensors: &BTreeMap<String, Tensor>) -> Result<(), SearchError> {
        let shapes = |(name, tensor): (&String, &Tensor)| (name.clone(), tensor.dims().to_vec());
        let found: Vec<_> = tensors.iter().map(shapes).collect();
        let own = self.logits.iter().map(|(name, var)| shapes((name, var.as_tensor())));
        if !own.eq(found.iter().cloned()) {
            return Err(SearchError::Config {
                field: "logits",
                expected: "one table of edges and operations for each cell of the space",
                found: format!("{found:?}"),
            });
        }
        for (name, var) in &self.logits {
            var.set(&tensors[name].to_dtype(var.dtype())?)?;
        }
        Ok(())
    }
}
