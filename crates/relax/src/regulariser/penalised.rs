//! A relaxation with a penalty of its own.

use candle_core::Tensor;
use rand::RngCore;

use super::Regulariser;
use crate::relaxation::Deterministic;
use crate::{Constraint, Progress, RelaxError, Relaxation, identity};

/// A relaxation whose [`Relaxation::penalty`] is a regulariser of its weights, times a constant.
///
/// `Penalised::new(Sigmoid, ZeroOne::default(), 5.0)` is FairDARTS for two cells: the sum of two
/// tables' terms at 5 is the mean over both at 10. For weights that change over the search, and
/// for relaxations with noise, see [`Penalties`](super::Penalties).
#[derive(Clone, Debug)]
pub struct Penalised<R, P> {
    relaxation: R,
    regulariser: P,
    weight: f64,
}

impl<R: Deterministic, P: Regulariser> Penalised<R, P> {
    /// The relaxation, and the weight of its penalty.
    ///
    /// # Errors
    /// [`RelaxError::Parameter`] for a weight that is not finite.
    pub fn new(relaxation: R, regulariser: P, weight: f64) -> Result<Self, RelaxError> {
        if weight.is_finite() {
            return Ok(Self { relaxation, regulariser, weight });
        }
        let expected = "a finite number";
        Err(RelaxError::Parameter { name: "weight", expected, found: weight })
    }
}

/// For relaxations that draw nothing.
struct Silence;

impl RngCore for Silence {
    fn next_u32(&mut self) -> u32 {
        0
    }

    fn next_u64(&mut self) -> u64 {
        0
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        bytes.fill(0);
    }
}

impl<R: Deterministic, P: Regulariser> Relaxation for Penalised<R, P> {
    fn weights(
        &self,
        logits: &Tensor,
        at: Progress,
        noise: &mut dyn RngCore,
    ) -> Result<Tensor, RelaxError> {
        self.relaxation.weights(logits, at, noise)
    }

    fn constraint(&self) -> Constraint {
        self.relaxation.constraint()
    }

    fn domain(&self) -> Constraint {
        self.relaxation.domain()
    }

    fn penalty(&self, logits: &Tensor) -> Result<Option<Tensor>, RelaxError> {
        let at = Progress::start(1);
        let weights = self.relaxation.weights(logits, at, &mut Silence)?;
        let loss = self.regulariser.loss(logits, &weights, at)?.affine(self.weight, 0.0)?;
        let own = self.relaxation.penalty(logits)?;
        Ok(Some(match own {
            Some(own) => own.add(&loss)?,
            None => loss,
        }))
    }

    fn initial(&self, rows: usize, candidates: usize, noise: &mut dyn RngCore) -> Vec<f32> {
        self.relaxation.initial(rows, candidates, noise)
    }

    fn identity(&self) -> Option<String> {
        let parts = (self.relaxation.identity()?, self.regulariser.identity()?, self.weight);
        identity::of("Penalised", &parts)
    }
}
