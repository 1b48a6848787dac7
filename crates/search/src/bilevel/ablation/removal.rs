//! The substitute for a removed cell.

use candle_core::Tensor;
use dartloom_record::Refused;
use dartloom_space::CellWeights;
use rand::Rng;
use serde::{Deserialize, Serialize};

use crate::bilevel::{Core, PerCell, Step};
use crate::{Architecture, SearchError};

/// The behaviour of a removed cell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Removal {
    /// Passes on its nearest predecessor: weight 1 on the skip connections from the last input to
    /// every node, 0 elsewhere. A reduction cell halves the plane by their factorised reduce.
    #[default]
    Identity,
    /// Puts out zeros.
    Zero,
    /// Weighs every operation by a number drawn from `[0, 1)`, as the released code does: noise
    /// around one half, not a removal.
    Noise,
}

impl Removal {
    /// Refuses a removal that the operations do not offer.
    pub(in crate::bilevel) fn check(self, architecture: &Architecture) -> Result<(), SearchError> {
        if self == Self::Identity { skip(architecture).map(drop) } else { Ok(()) }
    }
}

/// The column of the skip connection that replaces a removed cell.
fn skip(architecture: &Architecture) -> Result<usize, SearchError> {
    architecture.skip().ok_or_else(|| {
        SearchError::Config(Refused::new(
            "ablation.removal",
            "`Zero` or `Noise`, since the operations have no skip connection",
            format!("{:?}", Removal::Identity),
        ))
    })
}

impl PerCell {
    /// The weights of a removed cell, shaped like its own.
    pub(super) fn removed_cell(
        &self,
        core: &Core<'_>,
        step: Step,
        cell: usize,
        (like, removal): (&CellWeights<Tensor>, Removal),
    ) -> Result<CellWeights<Tensor>, SearchError> {
        let dtype = like.ops.dtype();
        if let Some(given) = &self.removed {
            let cast = |tensor: &Tensor| tensor.to_dtype(dtype);
            let CellWeights { ops, edges } = &given[cell];
            let edges = edges.as_ref().map(cast).transpose()?;
            return Ok(CellWeights { ops: cast(ops)?, edges });
        }
        let (rows, ops) = like.ops.dims2()?;
        // Row by row the operations of an edge, then the edge itself where edges are weighed.
        let columns = ops + usize::from(like.edges.is_some());
        let mut values = vec![0.0; rows * columns];
        match removal {
            Removal::Zero => {}
            Removal::Noise => {
                let noise = core.noise.child("removed cells").child(&step.at.epoch.to_string());
                let mut noise = noise.stream(&step.at.step.to_string(), cell as u64);
                values.iter_mut().for_each(|value| *value = noise.random());
            }
            Removal::Identity => {
                let skip = skip(&core.architecture)?;
                for row in core.architecture.rows_from_last_input(cell) {
                    values[row * columns + skip] = 1.0;
                    if columns > ops {
                        values[row * columns + ops] = 1.0;
                    }
                }
            }
        }
        let edges = values.chunks(columns).filter_map(|row| row.get(ops).copied());
        let edges: Vec<f64> = edges.collect();
        let own = values.chunks(columns).flat_map(|row| &row[..ops]).copied();
        let own: Vec<f64> = own.collect();
        let tensor = |values: Vec<f64>, shape: &[usize]| {
            Tensor::from_vec(values, shape, like.ops.device())?.to_dtype(dtype)
        };
        let edges = like.edges.is_some().then(|| tensor(edges, &[rows])).transpose()?;
        Ok(CellWeights { ops: tensor(own, &[rows, ops])?, edges })
    }
}
