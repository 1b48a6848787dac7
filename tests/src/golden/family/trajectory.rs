//! Search trajectories: the bilevel steps of DARTS on given batches.

use std::collections::BTreeMap;
use std::sync::Arc;

use candle_core::{DType, Device, Tensor, Var};
use dartloom_data::Batch;
use dartloom_relax::Softmax;
use dartloom_search::{Architecture, Bilevel, BilevelConfig, Implicit, Order};
use dartloom_space::{Compat, Space};
use dartloom_train::{AdamConfig, Noise, Position, Recompute, Schedule, SgdConfig};
use serde_json::Value;

use super::plan::shape_of;
use super::searched::{Searched, check_genotype};
use crate::golden::bundle::{Bundle, View};
use crate::golden::check::Check;
use crate::golden::fields::Fields;
use crate::golden::manifest::Case;
use crate::golden::parameters::{Parameters, check_buffers};
use crate::golden::{GoldenError, Outcome};

pub(crate) fn run(case: &Case<'_>, bundle: &Bundle) -> Outcome {
    Outcome::of(&case.name, check_search(case, bundle))
}

fn check_search(case: &Case<'_>, bundle: &Bundle) -> Result<Vec<String>, GoldenError> {
    let view = bundle.root();
    let mut check = Check::new(view.clone(), &case.entry.tolerance);
    let batches = Batches::read(&view)?;
    let (_, rows, columns) = view.get("arch/normal")?.dims3()?;
    let images = shape_of(&batches.train(0)?.images)?;
    let searched = Searched::new(&case.entry.config, images, (rows, columns))?;
    let place = searched.place();
    let names = case.entry.parameter_names()?;
    let parameters = Parameters::new(searched.net.variables(), names, &place)?;
    parameters.load_or_compute(&view, "init/", &case.entry)?;
    let start = start(&view, &searched.space)?;
    let noise = Noise::new(0);
    let config = config(&case.entry.config)?;
    let mut bilevel = Bilevel::new(searched.net, start, config, noise)?;
    bilevel.execution = case.execution;

    let mut trace = Trace::default();
    trace.state(&bilevel.architecture, &parameters)?;
    for step in 0..batches.steps {
        let at = Position { epoch: 0, step };
        let (train, valid) = (batches.train(step)?, batches.valid(step)?);
        let report = bilevel.step(at, 1, &train, Some(&valid))?;
        trace.state(&bilevel.architecture, &parameters)?;
        trace.gradients(&searched.space, &report.arch_gradients.0)?;
        trace.losses.push(vector(&report.losses)?);
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
    check_buffers(&mut check, "final_buffers/", bilevel.supernet.variables(), &place)?;
    if let Some(want) = case.entry.extra.field("final_genotype") {
        let logits = in_order(&searched.space, bilevel.architecture.logits());
        check_genotype(&searched.space, &mut check, &logits, want)?;
    }
    Ok(check.finish())
}

/// The settings of the case, with the released code's batch-norm behaviour.
fn config(config: &Value) -> Result<BilevelConfig, GoldenError> {
    let part = |name| config.field(name).ok_or_else(|| config.wrong(name, "an optimiser"));
    let (sgd, adam) = (part("sgd")?, part("adam")?);
    let rate = sgd.number("lr")?;
    let betas = adam.numbers("betas")?;
    let [beta1, beta2] = betas[..] else { return Err(adam.wrong("betas", "two numbers")) };
    let order = if config.flag("unrolled")? { Order::Second } else { Order::First };
    // The step ahead has the rate of the weights' step.
    if order == Order::Second && (config.number("eta")? - rate).abs() > 0.0 {
        return Err(config.wrong("eta", "the learning rate of the weights"));
    }
    Ok(BilevelConfig {
        order,
        compat: Compat::Official,
        rate: Schedule::Constant(rate),
        sgd: SgdConfig {
            momentum: sgd.number("momentum")?,
            weight_decay: sgd.number("weight_decay")?,
        },
        clip: sgd.number("grad_clip")?,
        arch_rate: adam.number("lr")?,
        adam: AdamConfig {
            beta1,
            beta2,
            epsilon: adam.number("eps")?,
            weight_decay: adam.number("weight_decay")?,
        },
        warm_up: 0,
        recompute: Recompute::default(),
    })
}

/// The logits before the first step.
fn start(view: &View<'_>, space: &Space) -> Result<Architecture, GoldenError> {
    let mut noise = Noise::new(0).stream("logits", 0);
    let relaxation = Arc::new(Softmax::default());
    let device = Device::Cpu;
    let architecture = Architecture::new(space, relaxation, &device, DType::F32, &mut noise)?;
    let mut tables = BTreeMap::new();
    for cell in space.cells() {
        let name = &cell.name;
        tables.insert(name.clone(), view.get(&format!("arch/{name}"))?.get(0)?);
    }
    architecture.load(&tables)?;
    Ok(architecture)
}

fn in_order(space: &Space, logits: &BTreeMap<String, Var>) -> Vec<Var> {
    space.cells().iter().filter_map(|cell| logits.get(&cell.name).cloned()).collect()
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
    for cell in space.cells() {
        let name = format!("hvp/step0_implicit_grad/{}", cell.name);
        if check.view.has(&name) {
            check.gradient(&name, implicit.product.0.get(&cell.name))?;
        }
    }
    Ok(())
}

/// Batches by step.
struct Batches {
    steps: usize,
    parts: [Tensor; 4],
}

impl Batches {
    fn read(view: &View<'_>) -> Result<Self, GoldenError> {
        let labels = |name: &str| -> Result<Tensor, GoldenError> {
            Ok(view.get(name)?.to_dtype(DType::U32)?)
        };
        let parts =
            [view.get("train_x")?, labels("train_y")?, view.get("valid_x")?, labels("valid_y")?];
        Ok(Self { steps: parts[0].dim(0)?, parts })
    }

    fn train(&self, step: usize) -> Result<Batch, GoldenError> {
        Ok(Batch { images: self.parts[0].get(step)?, labels: self.parts[1].get(step)? })
    }

    fn valid(&self, step: usize) -> Result<Batch, GoldenError> {
        Ok(Batch { images: self.parts[2].get(step)?, labels: self.parts[3].get(step)? })
    }
}

/// What is recorded step by step.
#[derive(Default)]
struct Trace {
    logits: BTreeMap<String, Vec<Tensor>>,
    arch_gradients: BTreeMap<String, Vec<Tensor>>,
    weight_norms: Vec<Tensor>,
    losses: Vec<Tensor>,
    norms: Vec<f64>,
}

impl Trace {
    fn state(
        &mut self,
        architecture: &Architecture,
        parameters: &Parameters,
    ) -> Result<(), GoldenError> {
        for (cell, logits) in architecture.snapshot()? {
            self.logits.entry(cell).or_default().push(logits);
        }
        let norms = parameters.norms(&|_, var| Some(var.as_tensor().clone()))?;
        self.weight_norms.push(norms);
        Ok(())
    }

    fn gradients(
        &mut self,
        space: &Space,
        gradients: &BTreeMap<String, Tensor>,
    ) -> Result<(), GoldenError> {
        for cell in space.cells() {
            let gradient = gradients.get(&cell.name).cloned();
            let fault = || GoldenError::Variable {
                name: cell.name.clone(),
                fault: "has no architecture gradient".to_owned(),
            };
            let gradients = self.arch_gradients.entry(cell.name.clone()).or_default();
            gradients.push(gradient.ok_or_else(fault)?);
        }
        Ok(())
    }

    /// Every series is one tensor with the steps in front.
    fn compare(&self, check: &mut Check<'_>) -> Result<(), GoldenError> {
        for (folder, series) in [("arch", &self.logits), ("arch_grad", &self.arch_gradients)] {
            for (cell, tensors) in series {
                check.tensor(&format!("{folder}/{cell}"), &Tensor::stack(tensors, 0)?)?;
            }
        }
        check.tensor("weight_norms", &Tensor::stack(&self.weight_norms, 0)?)?;
        check.tensor("losses", &Tensor::stack(&self.losses, 0)?)?;
        check.tensor("grad_norm_preclip", &vector(&self.norms)?)
    }
}

fn vector(values: &[f64]) -> Result<Tensor, GoldenError> {
    Ok(Tensor::from_slice(values, values.len(), &Device::Cpu)?)
}
