//! The conformance suites pass for this crate's own and fail for wrong ones.

use std::collections::BTreeMap;

use candle_core::{Tensor, Var};
use dartloom_record::Flow;
use dartloom_train::testkit::{CheckError, Law, check_optimiser, check_stepper};
use dartloom_train::{
    Adam, AdamConfig, EpochReport, Gradients, Optimiser, Position, Sgd, SgdConfig, Snapshot,
    StepLoss, Stepper, TrainError,
};

use crate::drive::Counter;

#[test]
fn sgd_and_adam_keep_the_laws() {
    check_optimiser(|| Sgd::new(SgdConfig::default()), 0.05).unwrap();
    check_optimiser(|| Sgd::new(SgdConfig { momentum: 0.0, weight_decay: 0.0 }), 0.1).unwrap();
    check_optimiser(|| Adam::new(AdamConfig::default()), 0.05).unwrap();
    check_optimiser(|| Adam::new(AdamConfig::darts_logits()), 0.05).unwrap();
}

/// The fault of an optimiser.
#[derive(Clone, Copy, Debug)]
enum Fault {
    Climbs,
    Forgets,
    GoesOn,
}

#[derive(Debug)]
struct Wrong {
    fault: Fault,
    inner: Sgd,
}

impl Optimiser for Wrong {
    fn step(
        &mut self,
        variables: &BTreeMap<String, Var>,
        gradients: &Gradients,
        rate: f64,
    ) -> Result<(), TrainError> {
        match self.fault {
            Fault::Climbs => self.inner.step(variables, gradients, -rate),
            Fault::Forgets => self.inner.step(variables, gradients, rate),
            Fault::GoesOn => {
                for var in variables.values() {
                    var.set(&(var.as_tensor().detach() * (1.0 - 1e-6))?)?;
                }
                self.inner.step(variables, gradients, rate)
            }
        }
    }

    fn state(&self) -> BTreeMap<String, Tensor> {
        match self.fault {
            Fault::Forgets => BTreeMap::new(),
            _ => self.inner.state(),
        }
    }

    fn restore(&mut self, state: BTreeMap<String, Tensor>) -> Result<(), TrainError> {
        self.inner.restore(state)
    }
}

#[test]
fn wrong_optimisers_are_caught_by_the_law_they_break() {
    for (fault, expected) in [
        (Fault::Climbs, Law::Converges),
        (Fault::GoesOn, Law::Untouched),
        (Fault::Forgets, Law::Resumes),
    ] {
        let make = || Wrong { fault, inner: Sgd::new(SgdConfig::default()) };
        match check_optimiser(make, 0.05) {
            Err(CheckError::Broken { law, .. }) => assert_eq!(law, expected, "{fault:?}"),
            other => panic!("{fault:?}: {other:?}"),
        }
    }
}

#[test]
fn a_right_stepper_passes() {
    check_stepper(&mut Counter::new(3, 3), &mut Counter::new(3, 3)).unwrap();
    check_stepper(&mut Counter::new(1, 1), &mut Counter::new(1, 1)).unwrap();
}

/// A stepper whose snapshot leaves out a part of its state, or whose state depends on its history.
struct Leaky {
    inner: Counter,
    hidden: f64,
}

impl Stepper for Leaky {
    type Error = TrainError;

    fn phase(&self) -> dartloom_record::Where {
        "leaky".into()
    }

    fn epochs(&self) -> usize {
        self.inner.epochs()
    }

    fn steps_per_epoch(&self) -> usize {
        self.inner.steps_per_epoch()
    }

    fn step(&mut self, at: Position) -> Result<StepLoss, TrainError> {
        self.hidden += 1.0;
        let step = self.inner.step(at)?;
        Ok(StepLoss { arch_loss: Some(self.hidden), ..step })
    }

    fn end_epoch(&mut self, epoch: usize) -> Result<EpochReport, TrainError> {
        self.inner.end_epoch(epoch)
    }

    fn snapshot(&self) -> Result<Snapshot, TrainError> {
        self.inner.snapshot()
    }

    fn restore(&mut self, snapshot: Snapshot) -> Result<(), TrainError> {
        self.inner.restore(snapshot)
    }
}

/// A stepper that counts an epoch before it is asked whether to go on.
struct Hasty(Counter);

impl Stepper for Hasty {
    type Error = TrainError;

    fn phase(&self) -> dartloom_record::Where {
        self.0.phase()
    }

    fn epochs(&self) -> usize {
        self.0.epochs()
    }

    fn steps_per_epoch(&self) -> usize {
        self.0.steps_per_epoch()
    }

    fn step(&mut self, at: Position) -> Result<StepLoss, TrainError> {
        self.0.step(at)
    }

    fn end_epoch(&mut self, epoch: usize) -> Result<EpochReport, TrainError> {
        self.0.end_epoch(epoch)
    }

    fn end_epoch_while(
        &mut self,
        epoch: usize,
        go_on: &mut dyn FnMut() -> Flow,
    ) -> Result<Option<EpochReport>, TrainError> {
        let report = self.0.step(Position { epoch, step: 0 }).and(self.0.end_epoch(epoch))?;
        Ok(Some(report).filter(|_| go_on() == Flow::Continue))
    }

    fn snapshot(&self) -> Result<Snapshot, TrainError> {
        self.0.snapshot()
    }

    fn restore(&mut self, snapshot: Snapshot) -> Result<(), TrainError> {
        self.0.restore(snapshot)
    }
}

#[test]
fn a_stepper_that_changes_before_it_is_let_through_is_caught() {
    let hasty = || Hasty(Counter::new(2, 2));
    match check_stepper(&mut hasty(), &mut hasty()) {
        Err(CheckError::Broken { law: Law::Interrupted, .. }) => {}
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_stepper_that_forgets_is_caught() {
    let leaky = || Leaky { inner: Counter::new(2, 2), hidden: 0.0 };
    match check_stepper(&mut leaky(), &mut leaky()) {
        Err(CheckError::Broken { law: Law::Resumes, found }) => {
            assert!(found.contains("resumed at epoch 0, step 0"), "{found}");
        }
        other => panic!("{other:?}"),
    }
}
