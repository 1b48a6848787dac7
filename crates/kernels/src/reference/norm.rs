use candle_core::{DType, Tensor, Var};

use crate::error::Result;
use crate::norm::{BatchNormSpec, Geometry, Moments, Statistics, update};

/// [`batch_norm`](crate::batch_norm) from broadcast arithmetic.
///
/// # Errors
///
/// As [`batch_norm`](crate::batch_norm).
pub fn batch_norm(
    x: &Tensor,
    affine: Option<(&Tensor, &Tensor)>,
    running_mean: &Var,
    running_var: &Var,
    statistics: Statistics,
    spec: BatchNormSpec,
) -> Result<Tensor> {
    let running = (running_mean, running_var);
    let geometry = Geometry::new(x, affine, running, statistics, spec)?;
    let (mean, variance) = match statistics {
        // Copies: a later update in place must not reach into this graph.
        Statistics::Freeze => (
            per_channel(&running_mean.as_tensor().copy()?.detach())?,
            per_channel(&running_var.as_tensor().copy()?.detach())?,
        ),
        Statistics::Update | Statistics::BatchOnly => batch_moments(x)?,
    };
    let deviation = (&variance + spec.eps)?.sqrt()?;
    let mut y = x.broadcast_sub(&mean)?.broadcast_div(&deviation)?;
    if let Some((gamma, beta)) = affine {
        y = y.broadcast_mul(&per_channel(gamma)?)?.broadcast_add(&per_channel(beta)?)?;
    }
    if statistics == Statistics::Update {
        update(running, &moments(&mean, &variance)?, geometry.values(), spec.momentum)?;
    }
    Ok(y)
}

fn batch_moments(x: &Tensor) -> Result<(Tensor, Tensor)> {
    let mean = x.mean_keepdim((0, 2, 3))?;
    let variance = x.broadcast_sub(&mean)?.sqr()?.mean_keepdim((0, 2, 3))?;
    Ok((mean, variance))
}

fn per_channel(vector: &Tensor) -> Result<Tensor> {
    Ok(vector.reshape((1, vector.elem_count(), 1, 1))?)
}

fn moments(mean: &Tensor, variance: &Tensor) -> Result<Vec<Moments>> {
    let host = |tensor: &Tensor| -> Result<Vec<f64>> {
        Ok(tensor.detach().to_dtype(DType::F64)?.flatten_all()?.to_vec1()?)
    };
    let pairs = host(mean)?.into_iter().zip(host(variance)?);
    Ok(pairs.map(|(mean, variance)| Moments { mean, variance }).collect())
}
