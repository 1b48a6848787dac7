//! Architecture weights as the parts of a cell read them.

use candle_core::{DType, Tensor};
use dartloom_space::CellWeights;

use crate::NetError;

/// The weights of a cell as its edges multiply by them.
///
/// Weighed edges weigh their operations: `w_o^(i,j) = w_(i,j) a_o^(i,j)`. Channels that bypass the
/// operations of an edge (partial channels) are weighed by the edge alone (PC-DARTS, equation 4).
#[derive(Debug)]
pub(super) struct Factors {
    /// Weights of operations, those of their edges included: `[edges, operations]`.
    pub(super) ops: Tensor,
    /// Weights of edges, `[edges]`, where they are weighed.
    pub(super) edges: Option<Tensor>,
}

impl Factors {
    pub(super) fn of(weights: &CellWeights<Tensor>) -> Result<Self, NetError> {
        let CellWeights { ops, edges } = weights;
        let Some(edges) = edges else { return Ok(Self { ops: ops.clone(), edges: None }) };
        // Both uses go through one tensor of this placement, so that their gradients are added
        // placement by placement: sums of floats depend on the order.
        let column = edges.unsqueeze(1)?;
        Ok(Self { ops: ops.broadcast_mul(&column)?, edges: Some(column.squeeze(1)?) })
    }

    /// All weights in one tensor, operations row by row, then edges: the coefficients of a fused
    /// program are one tensor.
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
/// A constant weight is not made a tensor of the graph: candle would compute its gradient, of the
/// size of `y`, which nobody reads, and hold it with three more tensors to the end of the backward
/// pass.
pub(crate) fn times(y: &Tensor, weight: &Tensor) -> Result<Tensor, NetError> {
    if weight.track_op() {
        return Ok(y.broadcast_mul(weight)?);
    }
    let weight = weight.to_dtype(DType::F64)?.to_scalar::<f64>()?;
    Ok((y * weight)?)
}
