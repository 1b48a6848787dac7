//! The second-order term of the logits' gradient.

use std::collections::BTreeMap;

use candle_core::{Tensor, Var};
use dartloom_data::Batch;
use dartloom_ops::Mode;
use dartloom_train::Gradients;

use super::{Bilevel, Step, StepReport, Wanted};
use crate::{LogitGradients, SearchError};

/// Radius of the finite difference, divided by the norm of its direction.
const RADIUS: f64 = 0.01;

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

impl Bilevel {
    /// Sets the report's logit gradient to the gradient through one step of the weights.
    ///
    /// The weights are put back from copies, exactly; the released code adds and subtracts.
    pub(super) fn second_order(
        &mut self,
        step: Step,
        train: &Batch,
        valid: &Batch,
        report: &mut StepReport,
    ) -> Result<(), SearchError> {
        let kept = self.copies()?;
        let outcome = self.unrolled_gradient(step, train, valid, &kept, report);
        self.put_back(&kept)?;
        let (mut gradients, implicit) = outcome?;
        for (id, gradient) in &mut gradients.0 {
            if let Some(product) = implicit.product.0.get(id) {
                *gradient = (&*gradient - (product * step.rate)?)?;
            }
        }
        self.check_logit_norm(step, &gradients)?;
        report.arch_gradients = gradients;
        report.implicit = Some(implicit);
        Ok(())
    }

    fn unrolled_gradient(
        &self,
        step: Step,
        train: &Batch,
        valid: &Batch,
        kept: &BTreeMap<String, Tensor>,
        report: &mut StepReport,
    ) -> Result<(LogitGradients, Implicit), SearchError> {
        let loss = self.loss(step, train, (self.logit_mode(), Wanted::Weights), report)?;
        let descent = Gradients::take(&mut loss.backward()?, self.variables());
        drop(loss);
        for (name, var) in self.variables() {
            var.set(&self.ahead(name, &kept[name], descent.0.get(name), step.rate)?)?;
        }
        // The released code evaluates a copy of the network here and drops its statistics.
        let loss = self.loss(step, valid, (Mode::probe(), Wanted::Both), report)?;
        let mut store = loss.backward()?;
        let gradients = self.logit_gradients(&mut store)?;
        let direction = Gradients::take(&mut store, self.variables());
        // The passes of the product need the room of this one.
        drop((loss, store));
        let norm = self.check_norm(step, "second-order direction", direction.norm()?)?;
        let epsilon = if norm > 0.0 { RADIUS / norm } else { 0.0 };
        let product = self.product(step, train, kept, (&direction, epsilon), report)?;
        Ok((gradients, Implicit { direction, norm, epsilon, product }))
    }

    /// `w - xi (mu v + g + lambda w)`; without gradient only momentum and decay act.
    fn ahead(
        &self,
        name: &str,
        weight: &Tensor,
        gradient: Option<&Tensor>,
        rate: f64,
    ) -> Result<Tensor, SearchError> {
        let config = self.sgd.config();
        let mut direction = (weight * config.weight_decay)?;
        if let Some(gradient) = gradient {
            direction = (direction + gradient)?;
        }
        if let Some(velocity) = self.sgd.velocity(name) {
            direction = (direction + (velocity * config.momentum)?)?;
        }
        Ok((weight - (direction * rate)?)?)
    }

    /// The central difference of the logits' training gradient along a direction, with its step.
    fn product(
        &self,
        step: Step,
        train: &Batch,
        kept: &BTreeMap<String, Tensor>,
        (direction, epsilon): (&Gradients, f64),
        report: &mut StepReport,
    ) -> Result<LogitGradients, SearchError> {
        if epsilon <= 0.0 {
            return Ok(LogitGradients::default());
        }
        let mut ends = Vec::with_capacity(2);
        for sign in [1.0, -1.0] {
            for (name, var) in self.variables() {
                if let Some(direction) = direction.0.get(name) {
                    var.set(&(&kept[name] + (direction * (sign * epsilon))?)?)?;
                } else {
                    var.set(&kept[name])?;
                }
            }
            let loss = self.loss(step, train, (self.logit_mode(), Wanted::Logits), report)?;
            ends.push(self.logit_gradients(&mut loss.backward()?)?);
        }
        let mut product = BTreeMap::new();
        for (id, plus) in &ends[0].0 {
            if let Some(minus) = ends[1].0.get(id) {
                product.insert(*id, ((plus - minus)? / (2.0 * epsilon))?);
            }
        }
        Ok(LogitGradients(product))
    }

    fn variables(&self) -> &BTreeMap<String, Var> {
        self.supernet.variables().parameters()
    }

    fn copies(&self) -> Result<BTreeMap<String, Tensor>, SearchError> {
        let copy = |(name, var): (&String, &Var)| Ok((name.clone(), var.copy()?.detach()));
        self.variables().iter().map(copy).collect()
    }

    fn put_back(&self, kept: &BTreeMap<String, Tensor>) -> Result<(), SearchError> {
        for (name, var) in self.variables() {
            var.set(&kept[name])?;
        }
        Ok(())
    }
}
