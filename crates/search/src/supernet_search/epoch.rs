//! The end of an epoch.

use std::collections::BTreeMap;

use candle_core::Tensor;
use dartloom_ops::Mode;
use dartloom_record::{CellEntropy, Flow};
use dartloom_space::{Genotype, Space, WeightTable};
use dartloom_train::{EpochReport, Evaluation, TrainError, evaluate_while};

use super::SupernetSearch;
use crate::SearchError;
use crate::architecture::LINKS;
use crate::entropies::{entropies, told};
use crate::prune::Pruning;
use crate::rehearsal::decoded;
use crate::stop::{Findings, Observed, Stopped, Watch};

impl SupernetSearch<'_> {
    /// Measures, decodes, prunes and asks the rules; `None`, and nothing has changed, if `go_on`
    /// says to stop while it measures.
    pub(super) fn close(
        &mut self,
        epoch: usize,
        go_on: &mut dyn FnMut() -> Flow,
    ) -> Result<Option<EpochReport>, SearchError> {
        let Some(valid) = self.validated(epoch, go_on)? else { return Ok(None) };
        let mut metrics = self.metrics(epoch, &valid);
        let table = self.table(epoch)?;
        let free = self.bilevel.core.architecture.is_free();
        let weights = (!free).then(|| told(self.setting.space, &table));
        let architecture = &self.bilevel.core.architecture;
        let mut entropies =
            if free { BTreeMap::new() } else { entropies(self.setting.space, &table)? };
        if let Some(edges) = architecture.link_entropies(table.links())?.filter(|_| !free) {
            entropies.insert(LINKS.to_owned(), CellEntropy { edges, nodes: None });
        }
        for (cell, entropy) in &entropies {
            let mean = entropy.edges.iter().sum::<f64>() / entropy.edges.len().max(1) as f64;
            metrics.insert(format!("entropy_{cell}"), mean);
        }
        let decoded = decoded(self.decoder, self.setting.space, &table)?;
        let from = self.config.best_from.unwrap_or(0);
        self.memory.note(from, epoch, &valid, &decoded.genotype);
        let free = parameter_free(&decoded.genotype, self.setting.space);
        metrics.insert("parameter_free_operations".to_owned(), free as f64);
        self.prune(epoch, &table, &mut metrics);
        let notes = decoded.notes.iter().map(ToString::to_string).collect();
        let genotype =
            serde_json::to_value(&decoded.genotype).map_err(|error| TrainError::State {
                expected: "a genotype as JSON".to_owned(),
                found: error.to_string(),
            })?;
        let loss = Some(valid.loss).filter(|loss| loss.is_finite());
        let Evaluation { scores, objective, .. } = valid;
        let genotypes = decoded.genotype;
        let observed =
            Observed { epoch, weights: table, genotype: genotypes, scores, objective, loss };
        let findings = self.ask(observed)?;
        if !self.watches.is_empty() {
            metrics.insert("stop_rules_holding".to_owned(), findings.holding as f64);
        }
        let architecture = Some((genotype, notes));
        let rules = findings.reports;
        Ok(Some(EpochReport { metrics, weights, entropies, architecture, rules }))
    }

    /// Loss and scores on the validation images.
    fn validated(
        &self,
        epoch: usize,
        go_on: &mut dyn FnMut() -> Flow,
    ) -> Result<Option<Evaluation>, SearchError> {
        let progress = self.progress(epoch);
        let core = &self.bilevel.core;
        evaluate_while(&self.scoring, self.task, go_on, |images| -> Result<Tensor, SearchError> {
            core.forward(progress, images, Mode::eval())
        })
    }

    fn metrics(&mut self, epoch: usize, valid: &Evaluation) -> BTreeMap<String, f64> {
        let running = std::mem::take(&mut self.memory.running);
        let mut metrics = BTreeMap::from([
            ("train_loss".to_owned(), running.train_loss()),
            ("valid_loss".to_owned(), valid.loss),
            ("rate".to_owned(), self.config.bilevel.rate.at(epoch, self.config.epochs)),
        ]);
        let scores = valid.scores.iter();
        metrics.extend(scores.map(|(score, value)| (format!("valid_{score}"), value)));
        if let Some(mean) = running.arch_loss() {
            metrics.insert("arch_loss".to_owned(), mean);
        }
        for (cell, mean) in self.setting.space.cells().iter().zip(running.contributions()) {
            metrics.insert(format!("contribution_{}", cell.name), mean);
        }
        metrics
    }

    /// Removes candidates after an epoch, and reports the number of remaining ones.
    fn prune(&mut self, epoch: usize, table: &WeightTable, metrics: &mut BTreeMap<String, f64>) {
        let Some(config) = &self.config.prune else { return };
        let pruning = self.memory.pruning.get_or_insert_with(|| Pruning::new(self.setting.space));
        if epoch >= self.config.bilevel.warm_up {
            pruning.after(epoch + 1, (self.setting.space, table), config);
        }
        for (cell, spec) in self.setting.space.cells().iter().enumerate() {
            metrics.insert(format!("candidates_{}", spec.name), pruning.kept.count(cell) as f64);
        }
        self.bilevel.core.architecture.keep(Some(pruning.kept.clone()));
    }

    /// Asks the rules about the epoch that `observed` ends.
    fn ask(&mut self, observed: Observed) -> Result<Findings, SearchError> {
        let epoch = observed.epoch;
        if self.watches.is_empty() || epoch < self.config.bilevel.warm_up {
            return Ok(Findings::default());
        }
        let memory = &mut self.memory;
        memory.history.push(observed);
        let last = epoch + 1 >= self.config.epochs;
        let findings = Watch::ask(&self.watches, self.setting.space, &memory.history, last)?;
        memory.stopped = findings.stop.clone().map(|reason| Stopped { epoch, reason });
        Ok(findings)
    }
}

/// The number of genes without weights: many of them are a sign of collapse.
fn parameter_free(genotype: &Genotype, space: &Space) -> usize {
    let free = |op: &str| space.op_set().get(op).is_ok_and(|spec| spec.is_parameter_free());
    genotype.cells().iter().flat_map(|cell| &cell.genes).filter(|gene| free(&gene.op)).count()
}
