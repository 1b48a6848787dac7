//! Update rules, built-in and foreign.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use candle_core::{Device, Tensor};
use dartloom_data::Split;
use dartloom_noise::Noise;
use dartloom_ops::Mode;
use dartloom_search::{
    AblationConfig, AblationGradient, Batches, BilevelConfig, Core, Order, PassObserver, PassSpec,
    Purpose, SearchConfig, SearchError, Step, StepReport, Strategy, SupernetSearch, Wanted,
};
use dartloom_train::{Position, Stepper as _, testkit};

use crate::tiny::{
    EPOCHS, all_bits, batch, bench, darts, first_digits, registry, softmax, space, two_ops,
};

const START: Position = Position { epoch: 0, step: 0 };

/// Moves the logits on both batches, and remembers how often.
#[derive(Debug, Default)]
struct Twice(usize);

impl Strategy for Twice {
    fn step(
        &mut self,
        core: &mut Core<'_>,
        batches: Batches<'_>,
        at: Step,
    ) -> Result<StepReport, SearchError> {
        let mut report = StepReport::default();
        let moved = batches.valid.into_iter().flat_map(|valid| [valid, batches.train]);
        for batch in moved {
            let pass = PassSpec::new(Purpose::Logits, Mode::probe(), Wanted::Logits);
            let found = core.gradients(at, batch, pass, &mut report)?;
            core.move_logits(at, found.logits, &mut report)?;
            self.0 += 1;
        }
        core.weight_step(at, batches.train, &mut report)?;
        Ok(report)
    }

    fn passes(&self, _: u64) -> u64 {
        6
    }

    fn state(&self, _: &Core<'_>) -> BTreeMap<String, Tensor> {
        let count = Tensor::new(&[self.0 as f64], &Device::Cpu).unwrap();
        BTreeMap::from([("steps".to_owned(), count)])
    }

    fn restore(
        &mut self,
        _: &Core<'_>,
        state: BTreeMap<String, Tensor>,
    ) -> Result<(), SearchError> {
        self.0 = state["steps"].to_vec1::<f64>()?[0] as usize;
        Ok(())
    }

    fn identity(&self) -> Option<String> {
        Some("twice".to_owned())
    }
}

#[test]
fn a_rule_of_somebody_else_makes_the_steps() {
    let mut twice = bench(BilevelConfig::default(), softmax()).with_strategy(Box::new(Twice(0)));
    let report = twice.step(START, EPOCHS, &batch(1), Some(&batch(2))).unwrap();
    let purposes: Vec<Purpose> = report.passes.iter().map(|pass| pass.purpose).collect();
    assert_eq!(purposes, [Purpose::Logits, Purpose::Logits, Purpose::Weights]);
    assert_eq!(report.arch_loss(), Some(report.passes[1].loss));
    assert_eq!(report.train_loss().to_bits(), report.passes[2].loss.to_bits());
    let mut plain = bench(BilevelConfig::default(), softmax());
    plain.step(START, EPOCHS, &batch(1), Some(&batch(2))).unwrap();
    assert_ne!(all_bits(&twice), all_bits(&plain));
}

#[test]
fn a_rule_of_somebody_else_is_resumed_and_known() {
    let digits = first_digits(32);
    let registry = registry();
    let space = space(two_ops(), 1);
    let data = Split::Halves.parts(&digits, 1).unwrap();
    let plain = || {
        let parts = darts(&space, &registry, &data);
        let config = SearchConfig { epochs: 2, batch: 8, ..SearchConfig::default() };
        SupernetSearch::new("search", parts, config, Noise::new(5)).unwrap()
    };
    let twice = || plain().with_strategy(Box::new(Twice(0)));
    testkit::check_stepper(&mut twice(), &mut twice()).unwrap();
    assert_eq!(twice().training_macs(), plain().training_macs() / 6 * 9);
    let own = twice().identity().unwrap();
    let other = plain().identity().unwrap();
    assert_ne!(format!("{:?}", own.agreement(&own)), format!("{:?}", own.agreement(&other)));
    // What one rule wrote is none of another's.
    let mut searched = twice();
    searched.step(START).unwrap();
    let error = plain().restore(searched.snapshot().unwrap()).unwrap_err().to_string();
    assert!(error.contains("remembers nothing") && error.contains("`steps`"), "{error}");
}

/// Writes down what it sees.
#[derive(Debug, Default)]
struct Seen(Mutex<Vec<String>>);

impl Seen {
    fn note(&self, what: &str, purpose: Purpose) {
        self.0.lock().unwrap().push(format!("{what} {purpose}"));
    }
}

impl PassObserver for Seen {
    fn begin(&self, purpose: Purpose) {
        self.note("begin", purpose);
    }

    fn backward(&self, purpose: Purpose) {
        self.note("backward", purpose);
    }

    fn end(&self, purpose: Purpose) {
        self.note("end", purpose);
    }
}

/// Purposes of the passes of a step, each seen to begin, to have a loss and to end.
fn seen(config: BilevelConfig, valid: bool) -> Vec<String> {
    let mut bilevel = bench(config, softmax());
    let seen = Arc::new(Seen::default());
    bilevel.core.observer = Some(Arc::clone(&seen) as Arc<dyn PassObserver>);
    let valid = valid.then(|| batch(2));
    bilevel.step(START, EPOCHS, &batch(1), valid.as_ref()).unwrap();
    let told = seen.0.lock().unwrap();
    let begun: Vec<String> =
        told.iter().filter_map(|line| line.strip_prefix("begin ")).map(str::to_owned).collect();
    let mut rest = told.iter();
    for purpose in &begun {
        assert_eq!(rest.next(), Some(&format!("begin {purpose}")));
        if !purpose.starts_with("without") {
            assert_eq!(rest.next(), Some(&format!("backward {purpose}")));
        }
        assert_eq!(rest.next(), Some(&format!("end {purpose}")));
    }
    assert_eq!(rest.next(), None);
    begun
}

#[test]
fn passes_have_purposes_and_can_be_watched() {
    let of = |order| BilevelConfig { order, ..BilevelConfig::default() };
    assert_eq!(seen(of(Order::First), true), ["logits", "weights"]);
    assert_eq!(seen(of(Order::First), false), ["weights"]);
    assert_eq!(seen(of(Order::Joint), true), ["joint"]);
    let second = ["ahead", "logits", "plus", "minus", "weights"];
    assert_eq!(seen(of(Order::Second), true), second);
    let gradient = AblationGradient::Zero;
    let ablation = Some(AblationConfig { gradient, ..AblationConfig::default() });
    let cells = BilevelConfig { ablation, ..BilevelConfig::default() };
    let expected = ["logits", "without cell 0", "without cell 1", "weights"];
    assert_eq!(seen(cells, true), expected);
}

#[test]
fn a_joint_step_has_no_loss_of_logits() {
    let mut bilevel =
        bench(BilevelConfig { order: Order::Joint, ..BilevelConfig::default() }, softmax());
    let report = bilevel.step(START, EPOCHS, &batch(1), Some(&batch(2))).unwrap();
    assert_eq!(report.arch_loss(), None);
    assert_eq!(report.train_loss().to_bits(), report.passes[0].loss.to_bits());
    assert!(StepReport::default().train_loss().is_nan());
}
