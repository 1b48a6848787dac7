use candle_core::{DType, Device, Tensor, Var};
use rand::RngCore;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use super::*;
use crate::{Gumbel, Penalties, Ramp, Regulariser, Sigmoid, Simplex, Softmax, Sparsemax, ZeroOne};

const AT: Progress = Progress { epoch: 0, epochs: 4 };

fn noise() -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(1)
}

fn logits() -> Tensor {
    Tensor::new(&[[0.1_f32, 0.2, 0.3], [0.3, 0.1, 0.2]], &Device::Cpu).unwrap()
}

/// A softmax and what somebody made of it.
struct Spoilt<F>(F);

impl<F> std::fmt::Debug for Spoilt<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Spoilt")
    }
}

impl<F> Relaxation for Spoilt<F>
where
    F: Fn(Tensor) -> candle_core::Result<Tensor> + Send + Sync,
{
    fn weights(
        &self,
        logits: &Tensor,
        at: Progress,
        noise: &mut dyn RngCore,
    ) -> Result<Tensor, RelaxError> {
        Ok((self.0)(Softmax::default().weights(logits, at, noise)?)?)
    }
}

fn refused<F>(spoil: F) -> RelaxError
where
    F: Fn(Tensor) -> candle_core::Result<Tensor> + Send + Sync,
{
    check_relaxation_at(&Spoilt(spoil), &logits(), AT, noise).unwrap_err()
}

#[test]
fn own_relaxations_keep_their_contract() {
    let simplex = Tensor::new(&[[0.25_f32, 0.75], [0.5, 0.5]], &Device::Cpu).unwrap();
    for dtype in [DType::F32, DType::F64] {
        let free = logits().to_dtype(dtype).unwrap();
        let simplex = simplex.to_dtype(dtype).unwrap();
        check_relaxation_at(&Softmax::default(), &free, AT, noise).unwrap();
        check_relaxation_at(&Sigmoid, &free, AT, noise).unwrap();
        check_relaxation_at(&Sparsemax, &free, AT, noise).unwrap();
        check_relaxation_at(&Gumbel::gdas(), &free, AT, noise).unwrap();
        check_relaxation_at(&Gumbel::egdas(), &simplex, AT, noise).unwrap();
        check_relaxation_at(&Simplex, &simplex, AT, noise).unwrap();
    }
}

#[test]
fn weights_of_another_shape_or_type_are_refused() {
    let error = refused(|weights| weights.t()?.contiguous());
    assert!(matches!(error, RelaxError::Mismatch { what: "weights", .. }), "{error}");
    let error = refused(|weights| weights.to_dtype(DType::F64));
    assert_eq!(error.to_string(), "weights: expected numbers of type F32, found F64");
}

#[test]
fn weights_outside_of_their_set_are_refused() {
    let error = refused(|weights| weights * 7.0);
    assert!(
        error.to_string().starts_with(
            "row 0 of the weights: expected numbers of 0 or more that sum to 1, found [2."
        ),
        "{error}"
    );
    // A row that sums to 1 and has a negative number.
    let error = refused(|weights| {
        let shift = Tensor::new(&[[0.9_f32, -0.9, 0.0]], &Device::Cpu)?;
        weights.broadcast_add(&shift)
    });
    assert!(matches!(error, RelaxError::Outside { row: 0, .. }), "{error}");
    let error = refused(|weights| weights * f64::NAN);
    assert!(matches!(error, RelaxError::Outside { row: 0, .. }), "{error}");
}

#[test]
fn weights_that_do_not_move_their_logits_are_refused() {
    let error = refused(|weights| Ok(weights.detach()));
    assert!(matches!(error, RelaxError::NoGradient { of: "weights" }), "{error}");
}

#[test]
fn weights_that_are_others_each_time_are_refused() {
    let calls = std::sync::atomic::AtomicU32::new(0);
    let drift = move |weights: Tensor| {
        let call = f64::from(calls.fetch_add(1, std::sync::atomic::Ordering::Relaxed));
        weights * (1.0 - 1e-5 * call)
    };
    assert!(matches!(refused(drift), RelaxError::Unrepeatable));
}

/// Starts with a row too few, or off the simplex that it claims.
#[derive(Debug)]
struct Starts(Vec<f32>);

impl Relaxation for Starts {
    fn weights(
        &self,
        logits: &Tensor,
        _: Progress,
        _: &mut dyn RngCore,
    ) -> Result<Tensor, RelaxError> {
        Ok(logits.clone())
    }

    fn domain(&self) -> Constraint {
        Constraint::Simplex
    }

    fn initial(&self, _: usize, _: usize, _: &mut dyn RngCore) -> Vec<f32> {
        self.0.clone()
    }
}

#[test]
fn a_start_of_another_length_or_place_is_refused() {
    let start = |numbers: &[f32]| checked_initial(&Starts(numbers.into()), (2, 2), &mut noise());
    assert_eq!(start(&[0.5; 4]).unwrap(), [0.5; 4]);
    assert_eq!(
        start(&[0.5; 2]).unwrap_err().to_string(),
        "`initial`: expected 4 logits for 2 rows of 2 candidates, found 2"
    );
    let error = start(&[0.5, 0.5, 0.0, 0.0]).unwrap_err();
    assert!(matches!(error, RelaxError::Outside { what: "initial logits", row: 1, .. }), "{error}");
    let groups = crate::Groups::of(&[2, 2, 3, 3]);
    let error = groups.initial(&Starts(vec![0.5; 3]), &mut noise()).unwrap_err();
    assert!(matches!(error, RelaxError::Group { group: 0, .. }), "{error}");
}

/// A regulariser that makes something else of a sum.
struct Term<F>(F);

impl<F> std::fmt::Debug for Term<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Term")
    }
}

impl<F> Regulariser for Term<F>
where
    F: Fn(Tensor) -> candle_core::Result<Tensor> + Send + Sync,
{
    fn loss(&self, _: &Tensor, weights: &Tensor, _: Progress) -> Result<Tensor, RelaxError> {
        Ok((self.0)(weights.sqr()?.sum_all()?)?)
    }
}

fn told<F>(spoil: F) -> String
where
    F: Fn(Tensor) -> candle_core::Result<Tensor> + Send + Sync + 'static,
{
    let logits = Var::from_tensor(&logits()).unwrap();
    let weights = Softmax::default().weights(&logits, AT, &mut noise()).unwrap();
    let penalties = Penalties::new().with(ZeroOne::default(), Ramp::constant(1.0));
    let penalties = penalties.with(Term(spoil), Ramp::constant(2.0));
    match penalties.loss(&logits, &weights, AT) {
        Ok(_) => "accepted".to_owned(),
        Err(error) => error.to_string(),
    }
}

#[test]
fn a_term_that_is_no_finite_scalar_or_moves_nothing_is_named() {
    assert_eq!(told(Ok), "accepted");
    assert_eq!(
        told(|sum| sum.unsqueeze(0)),
        "regulariser Term: a term of the loss: expected shape [], found [1]"
    );
    assert_eq!(
        told(|sum| sum * f64::NAN),
        "regulariser Term: a term of the loss: expected a finite number, found NaN"
    );
    assert_eq!(
        told(|sum| sum.to_dtype(DType::F64)),
        "regulariser Term: a term of the loss: expected numbers of type F32, found F64"
    );
    assert!(
        told(|sum| Ok(sum.detach()))
            .starts_with("regulariser Term: no gradient of a term of the loss reaches the logits")
    );
}
