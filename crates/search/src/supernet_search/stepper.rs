//! A search as something that makes steps.

use dartloom_record::{Flow, Identity, Where};
use dartloom_train::{EpochReport, Optimiser, Position, Snapshot, StepLoss, Stepper, TrainError};

use super::SupernetSearch;
use crate::SearchError;

impl Stepper for SupernetSearch<'_> {
    type Error = SearchError;

    fn phase(&self) -> Where {
        self.phase.clone()
    }

    fn epochs(&self) -> usize {
        self.config.epochs
    }

    fn steps_per_epoch(&self) -> usize {
        self.train.batches_per_epoch()
    }

    fn is_over(&self) -> bool {
        self.memory.stopped.is_some()
    }

    fn step(&mut self, at: Position) -> Result<StepLoss, SearchError> {
        let train = self.train.batch(at.epoch, at.step)?;
        // A fresh random validation batch per step, as the released code draws.
        let draw = at.epoch * self.steps_per_epoch() + at.step;
        let valid = self.valid.batch(draw, 0)?;
        let valid = (!self.is_decided()).then_some(&valid);
        let report = self.bilevel.step(at, self.config.epochs, &train, valid)?;
        self.memory.running.add(&report);
        Ok(StepLoss { loss: report.train_loss(), arch_loss: report.arch_loss() })
    }

    fn end_epoch(&mut self, epoch: usize) -> Result<EpochReport, SearchError> {
        let report = self.close(epoch, &mut || Flow::Continue)?;
        Ok(report.unwrap_or_default())
    }

    fn end_epoch_while(
        &mut self,
        epoch: usize,
        go_on: &mut dyn FnMut() -> Flow,
    ) -> Result<Option<EpochReport>, SearchError> {
        self.close(epoch, go_on)
    }

    fn snapshot(&self) -> Result<Snapshot, SearchError> {
        let core = &self.bilevel.core;
        let values = serde_json::to_value(&self.memory).map_err(|error| TrainError::State {
            expected: "a memory with a JSON form".to_owned(),
            found: error.to_string(),
        })?;
        Ok(Snapshot::new(values)
            .with("variables", core.supernet.variables().snapshot()?)
            .with("logits", core.architecture.snapshot()?)
            .with(core.optimiser.group(), core.optimiser.state())
            .with("adam", core.logits.state())
            .with("strategy", self.bilevel.strategy().state(core)))
    }

    fn identity(&self) -> Result<Identity, SearchError> {
        let identity = Identity::new()
            .with("search", &self.config)?
            .with("network", &self.setting.build)?
            .with_code("task", "Task::identity", self.task.identity())
            .with("seed", &self.noise.seed())?
            .with("training images", &self.train.dataset().digest()?)?
            .with("validation images", &self.valid.dataset().digest()?)?
            .with("space", self.setting.space)?
            .with_code("decoder", "Decoder::identity", self.decoder.identity());
        let identity =
            self.setting.registry.identified(identity, self.setting.space.op_set().names())?;
        let mut identity = self.bilevel.core.architecture.choices().identified(identity)?;
        if self.own_strategy {
            let said = self.bilevel.strategy().identity();
            identity = identity.with_code("strategy", "Strategy::identity", said);
        }
        // The configuration has said its own.
        for (index, watch) in self.watches.iter().enumerate().skip(self.config.stop.len()) {
            let said = watch.rule.identity().map(|said| format!("{:?} {said}", watch.effect));
            identity =
                identity.with_code(&format!("stop rule {index}"), "StopRule::identity", said);
        }
        Ok(identity)
    }

    fn restore(&mut self, mut snapshot: Snapshot) -> Result<(), SearchError> {
        let memory = serde_json::from_value(snapshot.values.clone());
        let memory = memory.map_err(|error| TrainError::State {
            expected: "what a search remembers".to_owned(),
            found: error.to_string(),
        })?;
        let variables = snapshot.take("variables")?;
        let logits = snapshot.take("logits")?;
        let moments = snapshot.take(self.bilevel.core.optimiser.group())?;
        let adam = snapshot.take("adam")?;
        self.bilevel.restore(snapshot.take("strategy")?)?;
        let core = &mut self.bilevel.core;
        core.optimiser.restore(moments)?;
        core.logits.restore(adam)?;
        core.architecture.load(&logits)?;
        core.supernet.variables().load(&variables)?;
        self.memory = memory;
        let kept = self.memory.pruning.as_ref().map(|pruning| pruning.kept.clone());
        self.bilevel.core.architecture.keep(kept);
        Ok(())
    }
}
