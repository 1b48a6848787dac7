//! Relaxations and regularisers that break their contract.

use dartloom_ops::Place;
use std::sync::Arc;

use candle_core::{DType, Device, Tensor};
use dartloom_data::Split;
use dartloom_decode::TopK;
use dartloom_noise::Noise;
use dartloom_relax::{
    Constraint, Penalties, Progress, Ramp, Regulariser, RelaxError, Relaxation, Softmax, ZeroOne,
};
use dartloom_search::{
    Architecture, BilevelConfig, Choices, SearchError, SearchParts, SupernetSearch,
};
use dartloom_train::{Position, Stepper as _};
use rand::RngCore;

use super::{Spoilt, config, made};
use crate::tiny::{batch, bench, darts, first_digits, registry, space, two_ops};

fn of_relaxation(choices: Choices) -> String {
    let made = made(&space(two_ops(), 1), &registry(), choices, &TopK::darts());
    made.map_or_else(|error| error.to_string(), |()| "accepted".to_owned())
}

/// P5: a relaxation that breaks its contract is named with the table before there is a step.
#[test]
fn a_relaxation_that_breaks_its_contract_is_named_with_its_table() {
    let told = |spoilt| of_relaxation(Choices::of(spoilt));
    assert_eq!(told(Spoilt::new("Whole", |weights| Ok(weights.clone()))), "accepted");
    let place = |name: &str| format!("logits of `normal`, relaxed by {name} in epoch 0: ");
    let detached = told(Spoilt::new("Detach", |weights| Ok(weights.detach())));
    assert_eq!(
        detached,
        place("Detach")
            + "no gradient of weights reaches the logits: does the implementation detach them, or \
               compute on the host?"
    );
    let seven = told(Spoilt::new("Seven", |weights| weights * 7.0));
    let expected = "row 0 of the weights: expected numbers of 0 or more that sum to 1, found [";
    assert!(seven.starts_with(&(place("Seven") + expected)), "{seven}");
    let negative = told(Spoilt::new("Negative", |weights| {
        weights.broadcast_add(&Tensor::new(&[[0.6_f32, -0.6]], &Device::Cpu)?)
    }));
    assert!(negative.starts_with(&(place("Negative") + expected)), "{negative}");
    let nan = told(Spoilt::new("Hollow", |weights| weights * f64::NAN));
    assert!(nan.starts_with(&(place("Hollow") + expected)), "{nan}");
    let narrow = told(Spoilt::new("Narrow", |weights| weights.narrow(1, 0, 1)));
    assert!(narrow.starts_with(&(place("Narrow") + "weights: expected shape")), "{narrow}");
    let double = told(Spoilt::new("Double", |weights| weights.to_dtype(DType::F64)));
    assert!(double.ends_with("weights: expected numbers of type F32, found F64"), "{double}");
}

/// P5: as above, for the weights of edges, whose table has a name of its own.
#[test]
fn a_relaxation_of_edges_is_named_with_its_line() {
    let edges = Spoilt::new("Detach", |weights| Ok(weights.detach()));
    let told = of_relaxation(Choices::of(Softmax::default()).with_edges(edges));
    assert!(
        told.starts_with("logits of `normal.edges`, relaxed by Detach in epoch 0: no gradient"),
        "{told}"
    );
}

/// P5: an annealed relaxation that breaks at its end is reported before the search, not after it.
#[test]
fn what_breaks_in_the_last_epoch_is_told_before_the_first() {
    let late = Spoilt { from: 4, ..Spoilt::new("Late", |weights| weights * f64::NAN) };
    let told = of_relaxation(Choices::of(late));
    assert!(told.starts_with("logits of `normal`, relaxed by Late in epoch 4: row 0"), "{told}");
}

/// Starts with a row too few.
#[derive(Debug)]
struct Short;

impl Relaxation for Short {
    fn weights(
        &self,
        logits: &Tensor,
        at: Progress,
        noise: &mut dyn RngCore,
    ) -> Result<Tensor, RelaxError> {
        Softmax::default().weights(logits, at, noise)
    }

    fn initial(&self, rows: usize, candidates: usize, _: &mut dyn RngCore) -> Vec<f32> {
        vec![0.0; (rows - 1) * candidates]
    }
}

/// P5: `initial` of another length than the table.
#[test]
fn a_start_that_is_too_short_is_named_with_its_table() {
    assert_eq!(
        of_relaxation(Choices::of(Short)),
        "logits of `normal`, relaxed by Short: `initial`: expected 4 logits for 2 rows of 2 \
         candidates, found 2"
    );
}

/// A term that is detached from the graph, or NaN.
#[derive(Debug)]
struct Term(f64);

impl Regulariser for Term {
    fn loss(&self, _: &Tensor, weights: &Tensor, _: Progress) -> Result<Tensor, RelaxError> {
        let sum = weights.sqr()?.sum_all()?;
        Ok(if self.0 > 0.0 { sum.detach() } else { (sum * f64::NAN)? })
    }
}

/// A regulariser without a gradient changes nothing, although it looks as if it did. One that is
/// NaN would otherwise be reported as a loss that is first not finite somewhere in the network.
#[test]
fn a_regulariser_that_breaks_its_contract_is_named() {
    let told = |term: Term| {
        let penalties = Penalties::new().with(ZeroOne::default(), Ramp::constant(1.0));
        let penalties = penalties.with(term, Ramp::constant(1.0));
        of_relaxation(Choices::of(Softmax::default()).with_penalties(penalties))
    };
    let detached = told(Term(1.0));
    assert!(
        detached.contains("`normal`") && detached.contains("regulariser Term(1.0)"),
        "{detached}"
    );
    assert!(detached.contains("no gradient of a term of the loss"), "{detached}");
    let nan = told(Term(0.0));
    assert!(nan.contains("regulariser Term(0.0): a term of the loss: expected a finite"), "{nan}");
}

/// P5: callers who make steps themselves get the error at the first step, in warm-up too, before a
/// weight has moved. Numbers that break later are reported at their step.
#[test]
fn the_first_step_refuses_what_breaks_its_contract() {
    let spoilt = Spoilt::new("Detach", |weights| Ok(weights.detach()));
    let config = BilevelConfig { warm_up: 1, ..BilevelConfig::default() };
    let mut bilevel = bench(config.clone(), Arc::new(spoilt));
    let before = crate::tiny::all_bits(&bilevel);
    let step = |bilevel: &mut dartloom_search::Bilevel<'_>, epoch| {
        bilevel.step(Position { epoch, step: 0 }, 4, &batch(1), Some(&batch(2)))
    };
    let error = step(&mut bilevel, 0).unwrap_err();
    assert!(matches!(error, SearchError::Relaxation { epoch: Some(0), .. }), "{error}");
    assert_eq!(crate::tiny::all_bits(&bilevel), before);

    let late = Spoilt { from: 2, ..Spoilt::new("Late", |weights| weights * f64::NAN) };
    let mut bilevel = bench(config, Arc::new(late));
    step(&mut bilevel, 0).unwrap();
    step(&mut bilevel, 1).unwrap();
    let before = crate::tiny::all_bits(&bilevel);
    let error = step(&mut bilevel, 2).unwrap_err().to_string();
    assert!(error.starts_with("logits of `normal`, relaxed by Late in epoch 2: row 0"), "{error}");
    assert_eq!(crate::tiny::all_bits(&bilevel), before);
}

/// Weights of any sign have no entropy, which must not fail the search after an epoch.
#[test]
fn a_relaxation_of_free_weights_searches() {
    #[derive(Debug)]
    struct Signed;
    impl Relaxation for Signed {
        fn weights(
            &self,
            logits: &Tensor,
            _: Progress,
            _: &mut dyn RngCore,
        ) -> Result<Tensor, RelaxError> {
            Ok((logits * 300.0)?)
        }
        fn constraint(&self) -> Constraint {
            Constraint::Free
        }
    }
    let space = space(two_ops(), 1);
    let digits = first_digits(32);
    let registry = registry();
    let data = Split::Halves.parts(&digits, 1).unwrap();
    let parts = SearchParts { choices: Choices::of(Signed), ..darts(&space, &registry, &data) };
    let mut search = SupernetSearch::new("search", parts, config(), Noise::new(1)).unwrap();
    search.step(Position::default()).unwrap();
    let report = search.end_epoch(0).unwrap();
    assert!(report.entropies.is_empty() && report.metrics.contains_key("valid_accuracy"));
    let table = search.table(0).unwrap();
    assert!(table.cells()[0].edges.iter().flatten().any(|weight| *weight < 0.0));
}

/// Logits that leave the domain of the relaxation are refused at its weights.
#[test]
fn logits_off_the_simplex_are_refused_where_they_are_the_weights() {
    let mut noise = Noise::new(1).stream("logits", 0);
    let choices = Choices::of(dartloom_relax::Simplex);
    let place = Place::default();
    let made = Architecture::new(&space(two_ops(), 1), choices, &place, &mut noise);
    let architecture = made.unwrap();
    let at = Progress::start(4);
    architecture.weights(at, &mut noise).unwrap();
    let var = &architecture.named()["reduce"];
    var.set(&(var.as_tensor().detach() * 3.0).unwrap()).unwrap();
    let error = architecture.weights(at, &mut noise).unwrap_err().to_string();
    assert!(
        error.starts_with("logits of `reduce`, relaxed by Simplex in epoch 0: row 0"),
        "{error}"
    );
}
