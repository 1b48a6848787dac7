//! Steps that need one pass for each gradient.

use dartloom_ops::Mode;

use super::{Batches, Core, PassSpec, Purpose, Step, StepReport, Strategy, Wanted};
use crate::SearchError;

/// Logits move by their gradient at the weights as they are, then the weights move (DARTS, first
/// order).
///
/// ```text
/// alpha <- step(grad_alpha L_val(w, alpha))
/// w     <- SGD(clip(grad_w L_train(w, alpha)))
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct FirstOrder;

/// Logits and weights move together by the gradients of one pass on the training batch; the
/// validation batch is not used (the single level of the released FairDARTS code).
#[derive(Clone, Copy, Debug, Default)]
pub struct Joint;

impl Strategy for FirstOrder {
    fn step(
        &mut self,
        core: &mut Core<'_>,
        batches: Batches<'_>,
        at: Step,
    ) -> Result<StepReport, SearchError> {
        let mut report = StepReport::default();
        if let Some(valid) = batches.valid {
            let pass = PassSpec::new(Purpose::Logits, core.logit_mode(), Wanted::Logits);
            let gradients = core.gradients(at, valid, pass, &mut report)?.logits;
            core.move_logits(at, gradients, &mut report)?;
        }
        core.weight_step(at, batches.train, &mut report)?;
        Ok(report)
    }

    fn passes(&self, _cells: u64) -> u64 {
        3
    }

    fn identity(&self) -> Option<String> {
        Some("FirstOrder 1".to_owned())
    }
}

impl Strategy for Joint {
    fn step(
        &mut self,
        core: &mut Core<'_>,
        batches: Batches<'_>,
        at: Step,
    ) -> Result<StepReport, SearchError> {
        let mut report = StepReport::default();
        if batches.valid.is_none() {
            core.weight_step(at, batches.train, &mut report)?;
            return Ok(report);
        }
        let pass = PassSpec::new(Purpose::Joint, Mode::train(), Wanted::Both);
        let found = core.gradients(at, batches.train, pass, &mut report)?;
        // Nothing moves when the logits' gradient is broken.
        core.check_logit_norm(at, &found.logits)?;
        core.move_weights(at, found.weights, &mut report)?;
        core.move_logits(at, found.logits, &mut report)?;
        Ok(report)
    }

    fn passes(&self, _cells: u64) -> u64 {
        0
    }

    fn identity(&self) -> Option<String> {
        Some("Joint 1".to_owned())
    }
}
