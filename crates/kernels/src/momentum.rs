//! The step of momentum SGD in two passes over memory.

use candle_core::backend::BackendStorage;
use candle_core::{
    CpuStorage, CustomOp3, DType, Error, InplaceOp2, Layout, Result, Shape, Tensor, Var,
};
use rayon::prelude::*;

use crate::float::{Float, with_float};
use crate::host;
use crate::parallel::TASK_ELEMENTS;

#[cfg(test)]
mod tests;

const NAME: &str = "momentum";

/// Constants of a step of momentum SGD.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MomentumStep {
    /// Momentum `mu`.
    pub momentum: f64,
    /// L2 weight decay `lambda`; at 0 the weights have no part in the velocity.
    pub weight_decay: f64,
    /// Learning rate.
    pub rate: f64,
}

impl MomentumStep {
    /// The next velocity `mu v + (g + lambda w)` of a `velocity` `v`, a `gradient` `g` and a
    /// `variable` `w` of one shape.
    ///
    /// On the CPU it is one pass, whose numbers are those of candle's operations one by one.
    ///
    /// # Errors
    /// When shapes, element types or devices differ, or candle fails.
    pub fn velocity(&self, velocity: &Tensor, gradient: &Tensor, variable: &Var) -> Result<Tensor> {
        let variable = variable.as_tensor().detach();
        if !serves(&variable) {
            let decayed = match self.weight_decay {
                decay if decay > 0.0 => (gradient + (variable * decay)?)?,
                _ => gradient.clone(),
            };
            return (velocity * self.momentum)? + decayed;
        }
        same_shape(velocity, gradient)?;
        same_shape(velocity, &variable)?;
        velocity.contiguous()?.apply_op3_no_bwd(&gradient.contiguous()?, &variable, self)
    }

    /// Moves `variable` `w` by its `velocity` `v`: `w - rate v`, in its place.
    ///
    /// # Errors
    /// As for [`velocity`](Self::velocity).
    pub fn descend(&self, variable: &Var, velocity: &Tensor) -> Result<()> {
        let own = variable.as_tensor();
        if !serves(own) {
            return variable.set(&(own.detach() - (velocity * self.rate)?)?);
        }
        same_shape(own, velocity)?;
        own.inplace_op2(&velocity.contiguous()?, self)
    }

    fn velocities<T: Float>(&self, [velocity, gradient, variable]: [&[T]; 3]) -> Vec<T> {
        let [momentum, decay] = [self.momentum, self.weight_decay].map(T::narrow);
        let decays = self.weight_decay > 0.0;
        let triples = velocity.par_iter().zip(gradient).zip(variable);
        let next = triples.with_min_len(TASK_ELEMENTS).map(|((velocity, gradient), variable)| {
            // Candle's product is an affine map, which adds a zero.
            let kept = *velocity * momentum + T::ZERO;
            let decayed = *variable * decay + T::ZERO;
            kept + if decays { *gradient + decayed } else { *gradient }
        });
        next.collect()
    }

    fn moved<T: Float>(&self, variable: &mut [T], velocity: &[T]) {
        let rate = T::narrow(self.rate);
        let chunks = variable.par_chunks_mut(TASK_ELEMENTS).zip(velocity.par_chunks(TASK_ELEMENTS));
        chunks.for_each(|(variable, velocity)| {
            for (variable, velocity) in variable.iter_mut().zip(velocity) {
                *variable -= *velocity * rate + T::ZERO;
            }
        });
    }
}

fn same_shape(left: &Tensor, right: &Tensor) -> Result<()> {
    if left.shape() == right.shape() {
        return Ok(());
    }
    let lhs = left.shape().clone();
    let rhs = right.shape().clone();
    Err(Error::ShapeMismatchBinaryOp { lhs, rhs, op: NAME }.bt())
}

/// True where the passes of this module run.
fn serves(variable: &Tensor) -> bool {
    let float = matches!(variable.dtype(), DType::F32 | DType::F64);
    variable.device().is_cpu() && float && variable.is_contiguous()
}

impl CustomOp3 for MomentumStep {
    fn name(&self) -> &'static str {
        NAME
    }

    fn cpu_fwd(
        &self,
        velocity: &CpuStorage,
        velocity_layout: &Layout,
        gradient: &CpuStorage,
        gradient_layout: &Layout,
        variable: &CpuStorage,
        variable_layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        with_float!(velocity.dtype(), NAME, T => {
            let next = self.velocities::<T>([
                host::elements(velocity, velocity_layout, NAME)?,
                host::elements(gradient, gradient_layout, NAME)?,
                host::elements(variable, variable_layout, NAME)?,
            ]);
            Ok(host::output(next, velocity_layout.shape()))
        })
    }
}

impl InplaceOp2 for MomentumStep {
    fn name(&self) -> &'static str {
        NAME
    }

    fn cpu_fwd(
        &self,
        variable: &mut CpuStorage,
        variable_layout: &Layout,
        velocity: &CpuStorage,
        velocity_layout: &Layout,
    ) -> Result<()> {
        with_float!(variable.dtype(), NAME, T => {
            let velocity = host::elements(velocity, velocity_layout, NAME)?;
            let variable = host::elements_mut(variable, variable_layout, NAME)?;
            self.moved::<T>(variable, velocity);
            Ok(())
        })
    }
}
