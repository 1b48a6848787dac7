//! Architecture weights as the parts of a cell read them.

use candle_core::{DType, Tensor};
use dartloom_space::CellWeights;

use crate::NetError;

/// The weights at one place of a network.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PlacedWeights<'a> {
    /// Those of the searchable cell that stands there; `None` at a sum.
    pub(crate) cell: Option<&'a CellWeights<Tensor>>,
    /// `[links]` for each port whose links have weights.
    pub(crate) links: &'a [Tensor],
}

/// The weights of a cell as its ports and edges multiply by them.
///
/// Weighed edges weigh their operations: `w_o^(i,j) = w_(i,j) a_o^(i,j)`. Channels that bypass the
/// operations of an edge (partial channels) are weighed by the edge alone (PC-DARTS, equation 4).
#[derive(Debug)]
pub(super) struct Factors {
    /// Weights of operations, those of their edges included: `[edges, operations]`; none at a sum.
    pub(super) ops: Option<Tensor>,
    /// Weights of edges, `[edges]`, where they are weighed.
    pub(super) edges: Option<Tensor>,
    /// `[links]` for each port whose links have weights.
    pub(super) links: Vec<Tensor>,
}

impl Factors {
    pub(super) fn of(weights: PlacedWeights<'_>) -> Result<Self, NetError> {
        let links = weights.links.to_vec();
        let Some(CellWeights { ops, edges }) = weights.cell else {
            return Ok(Self { ops: None, edges: None, links });
        };
        let Some(edges) = edges else {
            return Ok(Self { ops: Some(ops.clone()), edges: None, links });
        };
        // Both uses go through one tensor of this placement, so that their gradients are added
        // placement by placement: sums of floats depend on the order.
        let column = edges.unsqueeze(1)?;
        let ops = ops.broadcast_mul(&column)?;
        Ok(Self { ops: Some(ops), edges: Some(column.squeeze(1)?), links })
    }

    /// The weights of an edge's operations.
    pub(super) fn row(&self, edge: usize) -> Result<Option<Tensor>, NetError> {
        Ok(self.ops.as_ref().map(|ops| ops.get(edge)).transpose()?)
    }

    /// All weights in one tensor, since the coefficients of a fused program are one: operations row
    /// by row, then edges if `passed`, then links port by port.
    pub(super) fn line(&self, passed: bool) -> Result<Tensor, NetError> {
        let mut parts = Vec::new();
        if let Some(ops) = &self.ops {
            parts.push(ops.flatten_all()?);
            if passed {
                parts.push(match &self.edges {
                    Some(edges) => edges.clone(),
                    None => Tensor::ones(ops.dim(0)?, ops.dtype(), ops.device())?,
                });
            }
        }
        parts.extend(self.links.iter().cloned());
        match &parts[..] {
            [all] => Ok(all.clone()),
            parts => Ok(Tensor::cat(parts, 0)?),
        }
    }

    /// All tensors.
    pub(super) fn all(&self) -> impl Iterator<Item = &Tensor> {
        self.ops.iter().chain(&self.links)
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
