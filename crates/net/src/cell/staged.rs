//! A cell run one operation after the other.

use std::sync::Arc;

use candle_core::Tensor;
use dartloom_kernels::fused::{Call, Program};
use dartloom_ops::{Execution, Pass};
use dartloom_space::{Shape, Source};

use super::weights::{Factors, times};
use super::{Cell, Place, PlacedEdge, PlacedOp};
use crate::drop_path::{gate, scaled};
use crate::{Mask, NetError};

impl Cell {
    pub(super) fn staged(
        &self,
        read: &dyn Fn(Source) -> Tensor,
        weights: Option<&Factors>,
        mask: Mask,
        pass: &mut Pass<'_>,
    ) -> Result<Tensor, NetError> {
        let mut states = Vec::with_capacity(self.ports.len() + self.concat.len());
        let mut links = weights.map(|weights| &weights.links).into_iter().flatten();
        for (port, own) in self.ports.iter().enumerate() {
            let weights = if own.weighed { links.next() } else { None };
            let state = own.forward(read, weights, pass)?;
            pass.see(&format_args!("cell {}, port {port}", self.index), &state)?;
            states.push(state);
        }
        let last = self.edges.iter().map(|edge| edge.to).chain(self.concat.iter().copied()).max();
        for node in states.len()..=last.unwrap_or(0) {
            let state = self.node(node, &states, weights, mask, pass)?;
            states.push(state);
        }
        let mut outputs = self.concat.iter().map(|&node| &states[node]);
        if self.residual {
            return Ok(outputs.try_fold(states[0].clone(), |sum, node| sum + node)?);
        }
        Ok(Tensor::cat(&outputs.collect::<Vec<_>>(), 1)?)
    }

    /// The sum of a node's in-edges; zeros when none is alive.
    fn node(
        &self,
        node: usize,
        states: &[Tensor],
        weights: Option<&Factors>,
        mask: Mask,
        pass: &mut Pass<'_>,
    ) -> Result<Tensor, NetError> {
        let mut total: Option<Tensor> = None;
        for edge in self.edges.iter().filter(|edge| edge.to == node) {
            let row = weights.map(|weights| weights.row(edge.row)).transpose()?.flatten();
            let x = &states[edge.from];
            total = match &edge.bypass {
                None => self.mix(edge, x, row.as_ref(), total, pass)?,
                Some(bypass) => {
                    let drawn = mask.shuffle(x, pass.noise)?;
                    let moved = drawn.as_ref().map(|drawn| drawn.there(x)).transpose()?;
                    let x = moved.as_ref().unwrap_or(x);
                    let mixed = self.mix(edge, &bypass.kept(x)?, row.as_ref(), None, pass)?;
                    let own = weights.and_then(|weights| weights.edges.as_ref());
                    let own = own.map(|weights| weights.get(edge.row)).transpose()?;
                    let how = (pass.mode, drawn.as_ref());
                    Some(plus(total, bypass.join(x, mixed, own.as_ref(), how)?)?)
                }
            };
        }
        match total {
            Some(total) => Ok(total),
            None => self.zeros(&states[0]),
        }
    }

    /// `total` and the weighted outputs of an edge's operations on `x`.
    fn mix(
        &self,
        edge: &PlacedEdge,
        x: &Tensor,
        row: Option<&Tensor>,
        mut total: Option<Tensor>,
        pass: &mut Pass<'_>,
    ) -> Result<Option<Tensor>, NetError> {
        let together = edge.fused.as_ref().filter(|_| fuses(x, pass));
        if let Some(program) = together {
            total = Some(plus(total, self.program(edge, program, x, row, pass)?)?);
        }
        for op in edge.ops.iter().filter(|op| together.is_none() || !op.fused) {
            let y = op.forward(x, &Place { cell: self.index, edge, op }, pass)?;
            let y = match row {
                Some(row) => times(&y, &row.get(op.column)?)?,
                None => y,
            };
            total = Some(plus(total, y)?);
        }
        Ok(total)
    }

    /// The weighted sum of the operations of an edge that run fused.
    fn program(
        &self,
        edge: &PlacedEdge,
        program: &Arc<Program>,
        x: &Tensor,
        row: Option<&Tensor>,
        pass: &mut Pass<'_>,
    ) -> Result<Tensor, NetError> {
        let Execution::Fused(recompute) = pass.execution else {
            return self.zeros(x);
        };
        let batch = x.dim(0)?;
        let gated = edge.ops.iter().filter(|op| op.fused && !op.identity);
        let gates = gated.filter_map(|_| gate(pass, batch)).map(single).collect();
        let call = Call {
            coefficients: row,
            gates,
            statistics: pass.mode.statistics,
            recompute,
            constant_parameters: pass.constant_parameters,
            arena: &self.arena,
        };
        Ok(program.run(std::slice::from_ref(x), &call)?)
    }

    fn zeros(&self, like: &Tensor) -> Result<Tensor, NetError> {
        let Shape { channels, height, width } = self.node;
        let shape = (like.dim(0)?, channels, height, width);
        Ok(Tensor::zeros(shape, like.dtype(), like.device())?)
    }
}

fn plus(total: Option<Tensor>, y: Tensor) -> Result<Tensor, NetError> {
    Ok(match total {
        Some(total) => (total + y)?,
        None => y,
    })
}

/// `true` if fused kernels serve `x` in this pass.
fn fuses(x: &Tensor, pass: &Pass<'_>) -> bool {
    pass.unseen() && matches!(pass.execution, Execution::Fused(_)) && super::fused::serves(x)
}

/// Factors in the kernels' precision.
pub(super) fn single(gate: Vec<f64>) -> Vec<f32> {
    gate.into_iter().map(|factor| factor as f32).collect()
}

impl PlacedOp {
    fn forward(
        &self,
        x: &Tensor,
        place: &Place<'_>,
        pass: &mut Pass<'_>,
    ) -> Result<Tensor, NetError> {
        let at = |source| NetError::At { place: place.to_string(), source: Box::new(source) };
        let y = pass.run(&*self.op, x).map_err(at)?;
        if let Some(promise) = &self.promise {
            promise.check(x, &y).map_err(at)?;
        }
        pass.see(place, &y)?;
        if self.identity {
            return Ok(y);
        }
        match gate(pass, x.dim(0)?) {
            Some(gate) => scaled(&y, gate),
            None => Ok(y),
        }
    }
}
