//! The second-order term of the logits' gradient.

use std::collections::BTreeMap;

use candle_core::{Tensor, Var};
use dartloom_data::Batch;
use dartloom_ops::Mode;
use dartloom_train::{Gradients, Velocity};

use super::{Batches, Core, PassSpec, Purpose, Step, StepReport, Strategy, Wanted};
use crate::{LogitGradients, SearchError};

/// Radius of the finite difference, divided by the norm of its direction.
const RADIUS: f64 = 0.01;

/// Logits move by their gradient through one step of the weights, then the weights move (DARTS,
/// equations 7 and 8).
///
/// ```text
/// alpha <- step(grad_alpha L_val(w', alpha) - xi (g+ - g-) / (2 eps))
/// w'    = w - xi (mu v + grad_w L_train(w, alpha) + lambda w)
/// g+-   = grad_alpha L_train(w +- eps d, alpha)
///         with d = grad_w' L_val(w', alpha) and eps = 0.01 / ||d||
/// w     <- SGD(clip(grad_w L_train(w, alpha)))
/// ```
///
/// `mu`, `v` and `lambda` are the momentum, velocity and weight decay of the weights' SGD, `xi` its
/// learning rate. Where Adam moves the weights ([`WeightStep`](dartloom_train::WeightStep)), the
/// step ahead is still one of gradient descent: `mu v` is 0, `lambda` and `xi` are Adam's. The
/// weights are put back from copies, exactly; the released code adds and subtracts.
///
/// # Differences from the paper
/// The paper's `w'` has neither momentum nor weight decay; its code has both, and so does this.
#[derive(Clone, Copy, Debug, Default)]
pub struct SecondOrder;

/// Parts of the implicit gradient of one step.
#[derive(Clone, Debug)]
pub struct Implicit {
    /// The direction `d = grad_w' L_val(w', alpha)`.
    pub direction: Gradients,
    /// The norm of `d` over all weights.
    pub norm: f64,
    /// The step `eps = 0.01 / ||d||`.
    pub epsilon: f64,
    /// `(grad_alpha L_train(w + eps d) - grad_alpha L_train(w - eps d)) / (2 eps)`.
    pub product: LogitGradients,
}

impl Strategy for SecondOrder {
    fn step(
        &mut self,
        core: &mut Core<'_>,
        batches: Batches<'_>,
        at: Step,
    ) -> Result<StepReport, SearchError> {
        let mut report = StepReport::default();
        if let Some(valid) = batches.valid {
            let gradients = gradients(core, at, (batches.train, valid), &mut report)?;
            core.move_logits(at, gradients, &mut report)?;
        }
        core.weight_step(at, batches.train, &mut report)?;
        Ok(report)
    }

    fn passes(&self, _cells: u64) -> u64 {
        12
    }

    fn identity(&self) -> Option<String> {
        Some("SecondOrder 1".to_owned())
    }
}

/// The gradient through one step of the weights, which are unchanged afterwards.
fn gradients(
    core: &Core<'_>,
    step: Step,
    batches: (&Batch, &Batch),
    report: &mut StepReport,
) -> Result<LogitGradients, SearchError> {
    let ahead = Ahead { core, step, kept: copies(core)? };
    let outcome = ahead.unrolled(batches, report);
    ahead.put_back()?;
    let (mut gradients, implicit) = outcome?;
    for (id, gradient) in &mut gradients.0 {
        if let Some(product) = implicit.product.0.get(id) {
            *gradient = (&*gradient - (product * step.rate)?)?;
        }
    }
    core.check_logit_norm(step, &gradients)?;
    report.implicit = Some(implicit);
    Ok(gradients)
}

fn copies(core: &Core<'_>) -> Result<BTreeMap<String, Tensor>, SearchError> {
    let copy = |(name, var): (&String, &Var)| Ok((name.clone(), var.copy()?.detach()));
    core.supernet.variables().parameters().iter().map(copy).collect()
}

/// A step of the weights that is taken back.
struct Ahead<'a> {
    core: &'a Core<'a>,
    step: Step,
    /// The weights before.
    kept: BTreeMap<String, Tensor>,
}

impl Ahead<'_> {
    fn unrolled(
        &self,
        (train, valid): (&Batch, &Batch),
        report: &mut StepReport,
    ) -> Result<(LogitGradients, Implicit), SearchError> {
        let core = self.core;
        let step = self.step;
        let pass = PassSpec::new(Purpose::Ahead, core.logit_mode(), Wanted::Weights);
        let descent = core.gradients(step, train, pass, report)?.weights;
        for (name, var) in self.variables() {
            var.set(&self.ahead(name, &self.kept[name], descent.0.get(name))?)?;
        }
        // The released code evaluates a copy of the network here and drops its statistics.
        let pass = PassSpec::new(Purpose::Logits, Mode::probe(), Wanted::Both);
        let found = core.gradients(step, valid, pass, report)?;
        let direction = found.weights;
        let norm = core.check_norm(step, "second-order direction", direction.norm()?)?;
        let epsilon = if norm > 0.0 { RADIUS / norm } else { 0.0 };
        let product = self.product(train, &direction, epsilon, report)?;
        Ok((found.logits, Implicit { direction, norm, epsilon, product }))
    }

    /// `w - xi (mu v + g + lambda w)`; without gradient only momentum and decay act.
    fn ahead(
        &self,
        name: &str,
        weight: &Tensor,
        gradient: Option<&Tensor>,
    ) -> Result<Tensor, SearchError> {
        let optimiser = &self.core.optimiser;
        let mut direction = (weight * optimiser.weight_decay())?;
        if let Some(gradient) = gradient {
            direction = (direction + gradient)?;
        }
        if let Some(Velocity { momentum, value }) = optimiser.velocity(name) {
            direction = (direction + (value * momentum)?)?;
        }
        Ok((weight - (direction * self.step.rate)?)?)
    }

    /// The central difference of the logits' training gradient along a direction.
    fn product(
        &self,
        train: &Batch,
        direction: &Gradients,
        epsilon: f64,
        report: &mut StepReport,
    ) -> Result<LogitGradients, SearchError> {
        if epsilon <= 0.0 {
            return Ok(LogitGradients::default());
        }
        let mut end = |purpose: Purpose, offset: f64| -> Result<LogitGradients, SearchError> {
            for (name, var) in self.variables() {
                if let Some(direction) = direction.0.get(name) {
                    var.set(&(&self.kept[name] + (direction * offset)?)?)?;
                } else {
                    var.set(&self.kept[name])?;
                }
            }
            let pass = PassSpec::new(purpose, self.core.logit_mode(), Wanted::Logits);
            Ok(self.core.gradients(self.step, train, pass, report)?.logits)
        };
        let plus = end(Purpose::Plus, epsilon)?;
        let minus = end(Purpose::Minus, -epsilon)?;
        let mut product = BTreeMap::new();
        for (id, plus) in &plus.0 {
            if let Some(minus) = minus.0.get(id) {
                product.insert(*id, ((plus - minus)? / (2.0 * epsilon))?);
            }
        }
        Ok(LogitGradients(product))
    }

    fn variables(&self) -> &BTreeMap<String, Var> {
        self.core.supernet.variables().parameters()
    }

    fn put_back(&self) -> Result<(), SearchError> {
        for (name, var) in self.variables() {
            var.set(&self.kept[name])?;
        }
        Ok(())
    }
}
