//! Architecture weights as the parts of a cell read them.

use candle_core::{DType, Tensor};

use crate::NetError;

/// The weights of a cell's edges.
///
/// A table `[edges, operations]` weighs operations; with one more column it weighs whole edges too,
/// by that column: `w_o^(i,j) = w_(i,j) a_o^(i,j)`. What partial channels let pass an edge's
/// operations by is weighed by the edge alone (PC-DARTS, equation 4).
#[derive(Debug)]
pub(super) struct CellWeights {
    /// Weights of operations, those of their edges included: `[edges, operations]`.
    pub(super) ops: Tensor,
    /// Weights of edges, `[edges]`, where they are weighed.
    pub(super) edges: Option<Tensor>,
}

impl CellWeights {
    /// The weights in `table`, for so many operations.
    pub(super) fn of(table: &Tensor, operations: usize) -> Result<Self, NetError> {
        let (_, columns) = table.dims2()?;
        if columns != operations + 1 {
            return Ok(Self { ops: table.clone(), edges: None });
        }
        let edges = table.narrow(1, operations, 1)?;
        let ops = table.narrow(1, 0, operations)?.broadcast_mul(&edges)?;
        Ok(Self { ops, edges: Some(edges.squeeze(1)?) })
    }

    /// All in one line: operations row by row, then edges.
    pub(super) fn line(&self) -> Result<Tensor, NetError> {
        let ops = self.ops.flatten_all()?;
        let edges = match &self.edges {
            Some(edges) => edges.clone(),
            None => Tensor::ones(self.ops.dim(0)?, ops.dtype(), ops.device())?,
        };
        Ok(Tensor::cat(&[ops, edges], 0)?)
    }
}

/// `y` times a weight.
///
/// A constant weight is no tensor of the graph: candle would make its gradient, of the size of `y`,
/// find nobody to take it, and hold it with three more tensors to the end of the backward pass.
pub(crate) fn times(y: &Tensor, weight: &Tensor) -> Result<Tensor, NetError> {
    if weight.track_op() {
        return Ok(y.broadcast_mul(weight)?);
    }
    let weight = weight.to_dtype(DType::F64)?.to_scalar::<f64>()?;
    Ok((y * weight)?)
}
