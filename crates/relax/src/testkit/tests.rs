use std::sync::atomic::{AtomicU64, Ordering};

use candle_core::{D, DType, Tensor};
use rand::RngCore;

use super::{CheckError, Law, check_laws, check_regulariser, check_relaxation};
use crate::{
    Constraint, Entmax, Progress, Regulariser, RelaxError, Relaxation, Sigmoid, Simplex, Softmax,
    Sparsemax,
};

/// Weights as a function of logits and noise, under a claim of where they are.
struct Try<F> {
    weights: F,
    constraint: Constraint,
}

impl<F> std::fmt::Debug for Try<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Try")
    }
}

impl<F> Relaxation for Try<F>
where
    F: Fn(&Tensor, &mut dyn RngCore) -> candle_core::Result<Tensor> + Send + Sync,
{
    fn weights(
        &self,
        logits: &Tensor,
        _at: Progress,
        noise: &mut dyn RngCore,
    ) -> Result<Tensor, RelaxError> {
        Ok((self.weights)(logits, noise)?)
    }

    fn constraint(&self) -> Constraint {
        self.constraint
    }
}

fn broken_by(relaxation: &dyn Relaxation) -> Law {
    match check_relaxation(relaxation, 3) {
        Err(CheckError::Broken { law, .. }) => law,
        other => panic!("a broken law expected, found {other:?}"),
    }
}

fn free<F>(weights: F) -> Try<F>
where
    F: Fn(&Tensor, &mut dyn RngCore) -> candle_core::Result<Tensor>,
{
    Try { weights, constraint: Constraint::Free }
}

#[test]
fn own_relaxations_obey() {
    for seed in 0..4 {
        check_relaxation(&Softmax::default(), seed).unwrap();
        check_relaxation(&Softmax::new(0.5).unwrap(), seed).unwrap();
        check_relaxation(&Softmax::new(7.0).unwrap(), seed).unwrap();
        check_relaxation(&Sigmoid, seed).unwrap();
        check_relaxation(&Simplex, seed).unwrap();
        check_relaxation(&Sparsemax, seed).unwrap();
        for alpha in [1.0, 1.1, 1.5, 1.7, 2.0] {
            check_relaxation(&Entmax::new(alpha).unwrap(), seed).unwrap();
        }
    }
}

#[test]
fn pointers_obey_too() {
    let boxed: Box<dyn Relaxation> = Box::new(Simplex);
    assert_eq!(boxed.domain(), Constraint::Simplex);
    check_relaxation(&boxed, 3).unwrap();
    check_relaxation(&&boxed, 3).unwrap();
}

#[test]
fn another_shape_or_dtype_is_found() {
    assert_eq!(broken_by(&free(|logits, _| logits.t())), Law::Shape);
    assert_eq!(broken_by(&free(|logits, _| logits.to_dtype(DType::F64))), Law::Shape);
}

#[test]
fn weights_outside_of_their_set_are_found() {
    let weights = |logits: &Tensor, _: &mut dyn RngCore| candle_nn::ops::sigmoid(logits);
    assert_eq!(broken_by(&Try { weights, constraint: Constraint::Simplex }), Law::Constraint);
    check_relaxation(&Try { weights, constraint: Constraint::UnitInterval }, 3).unwrap();
    let weights = |logits: &Tensor, _: &mut dyn RngCore| logits.affine(1.0, 0.0);
    assert_eq!(broken_by(&Try { weights, constraint: Constraint::UnitInterval }), Law::Constraint);
    check_relaxation(&free(weights), 3).unwrap();
    assert_eq!(broken_by(&free(|logits, _| logits.affine(1e300, 0.0)?.sqr())), Law::Constraint);
}

#[test]
fn hidden_state_is_found() {
    let calls = AtomicU64::new(0);
    let weights = |logits: &Tensor, _: &mut dyn RngCore| {
        logits.affine(1.0, calls.fetch_add(1, Ordering::Relaxed) as f64)
    };
    assert_eq!(broken_by(&free(weights)), Law::Deterministic);
}

#[test]
fn noise_that_is_passed_in_is_fine() {
    let weights = |logits: &Tensor, noise: &mut dyn RngCore| {
        logits.affine(1.0, f64::from(noise.next_u32()) / f64::from(u32::MAX))
    };
    check_relaxation(&free(weights), 3).unwrap();
}

#[test]
fn wrong_gradients_are_found() {
    // Forward x^2, backward as of x * constant: half of the truth.
    let half = |logits: &Tensor, _: &mut dyn RngCore| logits.mul(&logits.detach());
    assert_eq!(broken_by(&free(half)), Law::Gradient);
    assert_eq!(broken_by(&free(|logits, _| Ok(logits.detach()))), Law::Gradient);
    let others = [Law::Shape, Law::Constraint, Law::Deterministic, Law::Penalty];
    check_laws(&free(half), 3, &others).unwrap();
}

/// candle's fused softmax has no gradient; the law sees it.
#[test]
fn the_fused_softmax_of_candle_is_found() {
    let weights = |logits: &Tensor, _: &mut dyn RngCore| candle_nn::ops::softmax_last_dim(logits);
    let fused = Try { weights, constraint: Constraint::Simplex };
    assert!(check_relaxation(&fused, 3).is_err());
    check_laws(&fused, 3, &[Law::Shape, Law::Constraint, Law::Deterministic]).unwrap();
}

#[derive(Debug)]
struct Punished(fn(&Tensor) -> candle_core::Result<Tensor>);

impl Relaxation for Punished {
    fn weights(
        &self,
        logits: &Tensor,
        at: Progress,
        noise: &mut dyn RngCore,
    ) -> Result<Tensor, RelaxError> {
        Sigmoid.weights(logits, at, noise)
    }

    fn constraint(&self) -> Constraint {
        Constraint::UnitInterval
    }

    fn penalty(&self, logits: &Tensor) -> Result<Option<Tensor>, RelaxError> {
        Ok(Some((self.0)(logits)?))
    }
}

#[test]
fn penalties_are_held_to_their_laws() {
    check_relaxation(&Punished(|logits| logits.sqr()?.mean_all()), 3).unwrap();
    let detached = Punished(|logits| logits.mul(&logits.detach())?.mean_all());
    assert_eq!(broken_by(&detached), Law::Gradient);
    let rows = Punished(|logits| logits.sum(D::Minus1));
    let broken = check_laws(&rows, 3, &[Law::Penalty]).unwrap_err();
    assert!(matches!(broken, CheckError::Broken { law: Law::Penalty, .. }));
    let infinite = Punished(|logits| (logits.sum_all()?.sqr()? + f64::INFINITY)?.sum_all());
    let broken = check_laws(&infinite, 3, &[Law::Penalty]).unwrap_err();
    assert!(matches!(broken, CheckError::Broken { law: Law::Penalty, .. }));
}

#[test]
fn failures_of_the_relaxation_are_passed_on() {
    let failing = free(|logits, _| logits.reshape((7, 7, 7)));
    let found = check_relaxation(&failing, 3).unwrap_err();
    assert!(matches!(found, CheckError::Relaxation { law: Law::Shape, .. }));
}

#[derive(Debug)]
struct Term(fn(&Tensor, &Tensor) -> candle_core::Result<Tensor>);

impl Regulariser for Term {
    fn loss(&self, logits: &Tensor, weights: &Tensor, _: Progress) -> Result<Tensor, RelaxError> {
        Ok((self.0)(logits, weights)?)
    }
}

#[test]
fn regularisers_that_are_none_are_found() {
    let law = |term: Term| match check_regulariser(&term, (3, 4), 5) {
        Err(CheckError::Broken { law, .. }) => law,
        other => panic!("a broken law expected, found {other:?}"),
    };
    assert_eq!(law(Term(|_, weights| weights.sum(D::Minus1))), Law::Penalty);
    assert_eq!(law(Term(|_, weights| weights.log()?.log()?.sum_all())), Law::Penalty);
    assert_eq!(law(Term(|_, weights| weights.detach().sum_all())), Law::Gradient);
    let half = |logits: &Tensor, _: &Tensor| logits.mul(&logits.detach())?.sum_all();
    assert_eq!(law(Term(half)), Law::Gradient);
    check_regulariser(&Term(|logits, weights| logits.mul(weights)?.mean_all()), (3, 4), 5).unwrap();
}
