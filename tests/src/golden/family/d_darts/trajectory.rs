//! Search trajectories: the steps of D-DARTS, with the released bookkeeping and without.

use candle_core::{DType, Tensor};
use dartloom_noise::Noise;
use dartloom_relax::Progress;
use dartloom_search::{
    Ablation, AblationConfig, AblationGradient, AblationSign, Architecture, Bilevel, BilevelConfig,
    Bookkeeping, LogitGradients, PerCell, Places, Removal, Strategy as _, Whole,
};
use dartloom_space::{CellId, CellWeights, LogitId};
use dartloom_train::Position;
use serde_json::Value;

use super::{architecture, searched};
use crate::golden::bundle::{Bundle, View};
use crate::golden::check::Check;
use crate::golden::family::plan::shape_of;
use crate::golden::family::trajectory::{Batches, config as steps, vector};
use crate::golden::fields::Fields;
use crate::golden::manifest::Case;
use crate::golden::parameters::{Parameters, check_buffers};
use crate::golden::{GoldenError, Outcome};

pub(crate) fn run(case: &Case<'_>, bundle: &Bundle) -> Vec<Outcome> {
    let variants = case.entry.config.field("variants").and_then(Value::as_object);
    let names = variants.into_iter().flat_map(|variants| variants.keys());
    let outcome = |variant: &String| {
        let result = check_search(case, (&bundle.root(), bundle.group(variant)), variant);
        Outcome::of(format!("{}/{variant}", case.name), result)
    };
    names.map(outcome).collect()
}

/// Makes the steps of a variant; what variants have in common stands in `shared`.
fn check_search(
    case: &Case<'_>,
    (shared, view): (&View<'_>, View<'_>),
    variant: &str,
) -> Result<Vec<String>, GoldenError> {
    let mut check = Check::new(view.clone(), &case.entry.tolerance);
    let batches = Batches::read(shared)?;
    let (_, cells, rows, columns) = view.get("arch/alphas")?.dims4()?;
    let searched = searched(case, shape_of(&batches.train(0)?.inputs)?, (rows, columns))?;
    let place = searched.place();
    let names = case.entry.parameter_names()?;
    let parameters = Parameters::new(searched.net.variables(), names, &place)?;
    parameters.load_or_compute(shared, "init/", &case.entry)?;
    let start = view.get("arch/alphas")?.get(0)?;
    let start = (0..cells).map(|cell| Ok(start.get(cell)?)).collect::<Result<_, GoldenError>>()?;
    let own = architecture(&searched.space, start, case.entry.config.number("zero_one_weight")?)?;
    let config = config(case, variant)?;
    let mut rule = PerCell::new(config.ablation, config.bookkeeping);
    let mut bilevel = Bilevel::new(searched.net, own, searched.task, config, Noise::new(0))?;
    bilevel.core.execution = case.execution;

    let random = view.get("random")?;
    let mut trace = Trace::default();
    trace.state(&bilevel.core.architecture, &parameters)?;
    for step in 0..batches.steps {
        rule.removed = Some(tables_of(&random.get(step)?, cells)?);
        let train = batches.train(step)?;
        let valid = batches.valid(step)?;
        // The losses of a step are those of the logits it starts from.
        trace.zero_one.push(zero_one(case, &bilevel.core.architecture)?);
        let at = Position { epoch: 0, step };
        let batches = dartloom_search::Batches { train: &train, valid: Some(&valid) };
        let at = bilevel.core.step_at(at, 1);
        let report = rule.step(&mut bilevel.core, batches, at)?;
        trace.state(&bilevel.core.architecture, &parameters)?;
        trace.gradients(&report.arch_gradients, cells)?;
        trace.losses.push(report.train_loss());
        trace.norms.push(report.gradient_norm);
        trace.ablation.push(report.ablation.unwrap_or_default());
    }
    trace.compare(&mut check)?;
    for name in view.below("final/") {
        if let Some(var) = parameters.var(&name)? {
            check.tensor(&format!("final/{name}"), var.as_tensor())?;
        }
    }
    check_buffers(&mut check, "final_buffers/", bilevel.core.supernet.variables(), &place)?;
    Ok(check.finish())
}

/// The mean of the cells' zero-one losses, without its weight.
fn zero_one(case: &Case<'_>, architecture: &Architecture) -> Result<f64, GoldenError> {
    let mut noise = Noise::new(0).stream("penalty", 0);
    let sum = architecture.penalty(Progress::start(1), &mut noise)?;
    let sum = sum.map_or(Ok(0.0), |sum| sum.to_dtype(DType::F64)?.to_scalar::<f64>())?;
    let weight = case.entry.config.number("zero_one_weight")?;
    Ok(sum / weight / architecture.cells().len() as f64)
}

fn tables_of(stacked: &Tensor, cells: usize) -> Result<Vec<CellWeights<Tensor>>, GoldenError> {
    let own = |cell: usize| Ok(CellWeights { ops: stacked.get(cell)?, edges: None });
    (0..cells).map(own).collect()
}

fn config(case: &Case<'_>, variant: &str) -> Result<BilevelConfig, GoldenError> {
    let config = &case.entry.config;
    let bookkeeping =
        if variant == "isolated" { Bookkeeping::Isolated } else { Bookkeeping::Leaking };
    let ablation = Some(AblationConfig {
        weight: config.number("ablation_weight")?,
        sign: AblationSign::Subtracted,
        gradient: AblationGradient::Zero,
        removal: Removal::Noise,
        places: Places::First,
        whole: Whole::Twice,
    });
    Ok(BilevelConfig { ablation, bookkeeping, ..steps(config, variant)? })
}

/// The values that are recorded step by step.
#[derive(Default)]
struct Trace {
    logits: Vec<Tensor>,
    gradients: Vec<Tensor>,
    weight_norms: Vec<Tensor>,
    losses: Vec<f64>,
    norms: Vec<f64>,
    ablation: Vec<Ablation>,
    zero_one: Vec<f64>,
}

impl Trace {
    fn state(
        &mut self,
        architecture: &Architecture,
        parameters: &Parameters,
    ) -> Result<(), GoldenError> {
        let logits = architecture.snapshot()?;
        let tables: Vec<&Tensor> = architecture.cells().iter().map(|cell| &logits[cell]).collect();
        self.logits.push(Tensor::stack(&tables, 0)?);
        self.weight_norms.push(parameters.norms(&|_, var| Some(var.as_tensor().clone()))?);
        Ok(())
    }

    fn gradients(&mut self, gradients: &LogitGradients, cells: usize) -> Result<(), GoldenError> {
        let own = |cell: usize| gradients.0.get(&LogitId::Ops(CellId(cell)));
        let tables: Option<Vec<&Tensor>> = (0..cells).map(own).collect();
        let missing = || GoldenError::not_understood("a cell without a gradient");
        self.gradients.push(Tensor::stack(&tables.ok_or_else(missing)?, 0)?);
        Ok(())
    }

    fn compare(&self, check: &mut Check<'_>) -> Result<(), GoldenError> {
        check.tensor("arch/alphas", &Tensor::stack(&self.logits, 0)?)?;
        check.tensor("arch_grad/alphas", &Tensor::stack(&self.gradients, 0)?)?;
        check.tensor("weight_norms", &Tensor::stack(&self.weight_norms, 0)?)?;
        check.tensor("losses", &vector(&self.losses)?.unsqueeze(1)?)?;
        check.tensor("grad_norm_preclip", &vector(&self.norms)?)?;
        check.tensor("mean_zero_one", &vector(&self.zero_one)?)?;
        let by_step = |value: &dyn Fn(&Ablation) -> Vec<f64>| {
            let rows = self.ablation.iter().map(|ablation| vector(&value(ablation)));
            Ok::<_, GoldenError>(Tensor::stack(&rows.collect::<Result<Vec<_>, _>>()?, 0)?)
        };
        let whole: Vec<f64> = self.ablation.iter().map(|ablation| ablation.whole).collect();
        check.tensor("valid_ce", &vector(&whole)?)?;
        check.tensor("marginal_contributions", &by_step(&|one| one.marginal.clone())?)?;
        let minus = |one: &Ablation| one.losses.iter().map(|loss| -loss).collect();
        check.tensor("minus_ablation_loss", &by_step(&minus)?)
    }
}
