//! Search trajectories: the steps of a method on given batches.

use std::collections::BTreeMap;

use candle_core::{DType, Device, Tensor};
use dartloom_data::Batch;
use dartloom_noise::Noise;
use dartloom_relax::ZeroOneNorm;
use dartloom_search::{
    Architecture, Bilevel, BilevelConfig, Implicit, LogitStep, Order, Statistics,
};
use dartloom_space::{CellId, LogitId, Space};
use dartloom_train::{AdamConfig, Position, Schedule, SgdConfig};
use serde_json::Value;

use super::flavour::{Flavour, table_of};
use super::plan::shape_of;
use super::searched::{Searched, check_genotype};
use crate::golden::bundle::{Bundle, View};
use crate::golden::check::Check;
use crate::golden::fields::Fields;
use crate::golden::manifest::Case;
use crate::golden::parameters::{Parameters, check_buffers};
use crate::golden::{GoldenError, Outcome};

pub(crate) fn run(case: &Case<'_>, bundle: &Bundle) -> Vec<Outcome> {
    let variants = case.entry.config.field("variants").and_then(Value::as_object);
    let Some(variants) = variants else {
        let root = bundle.root();
        return vec![Outcome::of(&case.name, check_search(case, (&root, root.clone()), ""))];
    };
    let outcome = |variant: &String| {
        let result = check_search(case, (&bundle.root(), bundle.group(variant)), variant);
        Outcome::of(format!("{}/{variant}", case.name), result)
    };
    variants.keys().map(outcome).collect()
}

/// Makes the steps of a variant; what variants have in common stands in `shared`.
fn check_search(
    case: &Case<'_>,
    (shared, view): (&View<'_>, View<'_>),
    variant: &str,
) -> Result<Vec<String>, GoldenError> {
    let mut check = Check::new(view.clone(), &case.entry.tolerance);
    let batches = Batches::read(shared)?;
    let table = format!("arch/{}", table_of(&view, "arch", "normal"));
    let (_, rows, columns) = view.get(&table)?.dims3()?;
    let images = shape_of(&batches.train(0)?.inputs)?;
    let searched = Searched::new(&case.entry.config, images, (rows, columns))?;
    let place = searched.place();
    let names = case.entry.parameter_names()?;
    let parameters = Parameters::new(searched.net.variables(), names, &place)?;
    parameters.load_or_compute(shared, "init/", &case.entry)?;
    let norm = if variant == "l1" { ZeroOneNorm::L1 } else { ZeroOneNorm::L2 };
    let flavour = Flavour::of(case, norm)?;
    let (start, stored) = flavour.architecture(&searched.space, &view, "arch", Some(0))?;
    let noise = Noise::new(0);
    let config = config(&case.entry.config, variant)?;
    let mut bilevel = Bilevel::new(searched.net, start, searched.task, config, noise)?;
    bilevel.core.execution = case.execution;

    let clock = Clock::read(case, &mut check, &bilevel)?;
    let mut trace = Trace { stored: stored.0, ..Trace::default() };
    trace.state(&bilevel.core.architecture, &parameters)?;
    for step in 0..batches.steps {
        let (train, valid) = (batches.train(step)?, batches.valid(step)?);
        let at = Position { epoch: clock.epoch(step), step };
        let report = bilevel.step(at, clock.epochs, &train, Some(&valid))?;
        trace.state(&bilevel.core.architecture, &parameters)?;
        let gradients = bilevel.core.architecture.by_name(&report.arch_gradients);
        trace.gradients(&gradients.0)?;
        trace.losses.push(report.losses());
        trace.norms.push(report.gradient_norm);
        if let Some(implicit) = report.implicit.filter(|_| step == 0) {
            check_implicit(&mut check, &parameters, &searched.space, &implicit)?;
        }
    }
    trace.compare(&mut check)?;
    for name in view.below("final/") {
        if let Some(var) = parameters.var(&name)? {
            check.tensor(&format!("final/{name}"), var.as_tensor())?;
        }
    }
    check_buffers(&mut check, "final_buffers/", bilevel.core.supernet.variables(), &place)?;
    if let Some(want) = case.entry.extra.field("final_genotype") {
        check_genotype(&searched.space, &mut check, &bilevel.core.architecture, want)?;
    }
    Ok(check.finish())
}

/// The settings of the case, with the released code's batch-norm behaviour.
pub(super) fn config(config: &Value, variant: &str) -> Result<BilevelConfig, GoldenError> {
    let sgd = config.field("sgd").ok_or_else(|| config.wrong("sgd", "an optimiser"))?;
    let scheduled = sgd.field("lr").and_then(Value::as_str);
    let rate = match scheduled {
        Some(said) => cosine(sgd, said)?,
        None => Schedule::Constant(sgd.number("lr")?),
    };
    let unrolled = config.field("unrolled").is_some() && config.flag("unrolled")?;
    let order = match variant {
        "single" => Order::Joint,
        _ if unrolled => Order::Second,
        _ => Order::First,
    };
    // The step ahead has the rate of the weights' step.
    if unrolled && rate != Schedule::Constant(config.number("eta")?) {
        return Err(config.wrong("eta", "the learning rate of the weights"));
    }
    let own = BilevelConfig {
        order,
        statistics: Statistics::Moved,
        rate,
        sgd: SgdConfig {
            momentum: sgd.number("momentum")?,
            weight_decay: sgd.number("weight_decay")?,
        },
        clip: sgd.number("grad_clip")?,
        warm_up: warm_up(config)?,
        ..BilevelConfig::default()
    };
    if let Some(rule) = config.field("exponentiated_gradient") {
        let arch_rate = Schedule::Constant(rule.number("arch_lr")?);
        let logit_step = LogitStep::ExponentiatedGradient;
        return Ok(BilevelConfig { logit_step, arch_rate, ..own });
    }
    let adam = config.field("adam").or_else(|| config.field("adam_per_cell"));
    let adam = adam.ok_or_else(|| config.wrong("adam", "an optimiser"))?;
    let betas = adam.numbers("betas")?;
    let [beta1, beta2] = betas[..] else { return Err(adam.wrong("betas", "two numbers")) };
    let (epsilon, weight_decay) = (adam.number("eps")?, adam.number("weight_decay")?);
    let adam_config = AdamConfig { beta1, beta2, epsilon, weight_decay };
    Ok(BilevelConfig {
        arch_rate: Schedule::Constant(adam.number("lr")?),
        adam: adam_config,
        ..own
    })
}

/// `cosine FROM -> TO over N epochs, ...`.
fn cosine(sgd: &Value, said: &str) -> Result<Schedule, GoldenError> {
    let words: Vec<&str> = said.split_whitespace().collect();
    match words[..] {
        ["cosine", from, "->", to, ..] => from.parse().ok().zip(to.parse().ok()),
        _ => None,
    }
    .map(|(from, to)| Schedule::Cosine { from, to })
    .ok_or_else(|| sgd.wrong("lr", "a number, or a cosine"))
}

/// The N of `cosine FROM -> TO over N epochs, ...`.
fn scheduled_epochs(config: &Value) -> Result<usize, GoldenError> {
    let sgd = config.field("sgd").ok_or_else(|| config.wrong("sgd", "an optimiser"))?;
    let said = sgd.text("lr")?;
    let number = said.split_once(" over ").and_then(|(_, rest)| rest.split(' ').next());
    let number = number.and_then(|number| number.parse().ok());
    number.ok_or_else(|| sgd.wrong("lr", "`cosine FROM -> TO over N epochs`"))
}

/// `epoch < N: no architecture step ...`.
fn warm_up(config: &Value) -> Result<usize, GoldenError> {
    let Some(said) = config.field("warmup").and_then(Value::as_str) else { return Ok(0) };
    let number = said.strip_prefix("epoch < ").and_then(|rest| rest.split(':').next());
    let number = number.and_then(|number| number.parse().ok());
    number.ok_or_else(|| config.wrong("warmup", "`epoch < N: ...`"))
}

/// In which epoch each step is made.
struct Clock {
    epochs: usize,
    of_step: Vec<usize>,
}

impl Clock {
    /// Epochs as the case lists them, whose rates must be those of the schedule.
    fn read(
        case: &Case<'_>,
        check: &mut Check<'_>,
        bilevel: &Bilevel<'_>,
    ) -> Result<Self, GoldenError> {
        if !check.view.has("epoch") {
            return Ok(Self { epochs: 1, of_step: Vec::new() });
        }
        let epochs = scheduled_epochs(&case.entry.config)?;
        let numbers: Vec<i64> = check.view.get("epoch")?.to_vec1()?;
        let of_step: Vec<usize> =
            numbers.into_iter().map(|epoch| usize::try_from(epoch).unwrap_or(usize::MAX)).collect();
        let schedule = bilevel.core.config().rate;
        let rates: Vec<f64> = of_step.iter().map(|&epoch| schedule.at(epoch, epochs)).collect();
        check.tensor("lr", &vector(&rates)?)?;
        Ok(Self { epochs, of_step })
    }

    fn epoch(&self, step: usize) -> usize {
        self.of_step.get(step).copied().unwrap_or(0)
    }
}

/// Quantities of the second-order term at the first step.
fn check_implicit(
    check: &mut Check<'_>,
    parameters: &Parameters,
    space: &Space,
    implicit: &Implicit,
) -> Result<(), GoldenError> {
    let scalar = |value: f64| Tensor::new(value, &Device::Cpu);
    check.tensor_if_stored("hvp/step0_vector_norm", &scalar(implicit.norm)?)?;
    check.tensor_if_stored("hvp/step0_R", &scalar(implicit.epsilon)?)?;
    if check.view.has("hvp/step0_vector_norms") {
        let norms = parameters.norms(&|name, _| implicit.direction.0.get(name).cloned())?;
        check.tensor("hvp/step0_vector_norms", &norms)?;
    }
    for (index, cell) in space.cells().iter().enumerate() {
        let name = format!("hvp/step0_implicit_grad/{}", cell.name);
        if check.view.has(&name) {
            check.gradient(&name, implicit.product.0.get(&LogitId::Ops(CellId(index))))?;
        }
    }
    Ok(())
}

/// Batches by step.
pub(super) struct Batches {
    pub(super) steps: usize,
    parts: [Tensor; 4],
}

impl Batches {
    pub(super) fn read(view: &View<'_>) -> Result<Self, GoldenError> {
        let labels = |name: &str| -> Result<Tensor, GoldenError> {
            Ok(view.get(name)?.to_dtype(DType::U32)?)
        };
        let parts =
            [view.get("train_x")?, labels("train_y")?, view.get("valid_x")?, labels("valid_y")?];
        Ok(Self { steps: parts[0].dim(0)?, parts })
    }

    pub(super) fn train(&self, step: usize) -> Result<Batch, GoldenError> {
        Ok(Batch::new(self.parts[0].get(step)?, self.parts[1].get(step)?)?)
    }

    pub(super) fn valid(&self, step: usize) -> Result<Batch, GoldenError> {
        Ok(Batch::new(self.parts[2].get(step)?, self.parts[3].get(step)?)?)
    }
}

/// What is recorded step by step.
#[derive(Default)]
struct Trace {
    /// Names in the case by the names of logits.
    stored: BTreeMap<String, String>,
    logits: BTreeMap<String, Vec<Tensor>>,
    arch_gradients: BTreeMap<String, Vec<Tensor>>,
    weight_norms: Vec<Tensor>,
    losses: Vec<Vec<f64>>,
    norms: Vec<f64>,
}

impl Trace {
    fn state(
        &mut self,
        architecture: &Architecture,
        parameters: &Parameters,
    ) -> Result<(), GoldenError> {
        for (name, logits) in architecture.snapshot()? {
            self.logits.entry(self.stored[&name].clone()).or_default().push(logits);
        }
        let norms = parameters.norms(&|_, var| Some(var.as_tensor().clone()))?;
        self.weight_norms.push(norms);
        Ok(())
    }

    /// Steps of warm-up epochs have none.
    fn gradients(&mut self, gradients: &BTreeMap<String, Tensor>) -> Result<(), GoldenError> {
        for (name, stored) in &self.stored {
            let missing = || GoldenError::Variable {
                name: name.clone(),
                fault: "has no architecture gradient".to_owned(),
            };
            if !gradients.is_empty() {
                let gradient = gradients.get(name).cloned().ok_or_else(missing)?;
                self.arch_gradients.entry(stored.clone()).or_default().push(gradient);
            }
        }
        Ok(())
    }

    /// Every series is one tensor with the steps in front.
    fn compare(&self, check: &mut Check<'_>) -> Result<(), GoldenError> {
        for (folder, series) in [("arch", &self.logits), ("arch_grad", &self.arch_gradients)] {
            for (name, tensors) in series {
                check.tensor(&format!("{folder}/{name}"), &Tensor::stack(tensors, 0)?)?;
            }
        }
        // Edges that are not learned weigh 1 all the time.
        for name in check.view.below("arch/").into_iter().filter(|name| name.starts_with("edges")) {
            let edges = check.view.get(&format!("arch/{name}"))?;
            if !self.logits.contains_key(&name) {
                check.tensor(&format!("arch/{name}"), &edges.ones_like()?)?;
            }
        }
        check.tensor("weight_norms", &Tensor::stack(&self.weight_norms, 0)?)?;
        // A step that makes no validation loss is written down with 0 in its place.
        let most = self.losses.iter().map(Vec::len).max().unwrap_or(0);
        let padded = self.losses.iter().map(|losses| {
            let missing = std::iter::repeat_n(0.0, most - losses.len());
            vector(&missing.chain(losses.iter().copied()).collect::<Vec<_>>())
        });
        let losses = padded.collect::<Result<Vec<_>, _>>()?;
        check.tensor("losses", &Tensor::stack(&losses, 0)?)?;
        check.tensor("grad_norm_preclip", &vector(&self.norms)?)
    }
}

pub(super) fn vector(values: &[f64]) -> Result<Tensor, GoldenError> {
    Ok(Tensor::from_slice(values, values.len(), &Device::Cpu)?)
}
