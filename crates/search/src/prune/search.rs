//! Pruning as a part of a search, and the network it ends in.

use std::collections::BTreeMap;

use candle_core::{DType, Device};
use dartloom_net::{DerivedNetwork, Model};
use dartloom_space::{Blueprint, Genotype, WeightTable};

use super::{PruneConfig, Pruning};
use crate::{Choices, Kept, SearchError, SupernetSearch};

impl SupernetSearch<'_> {
    /// The network of a genotype as it stands in the supernet, with the supernet's variables and
    /// running statistics: not trained from the beginning, but as far as the search has.
    ///
    /// Its layers are those of the search ([`Blueprint::subnet`]). After
    /// [pruning](crate::PruneConfig) it computes what the supernet computes, for the genotype that
    /// is left; for any other, what the supernet computes with hard weights.
    ///
    /// # Errors
    /// When `genotype` does not belong to the space or leaves a node of its output empty, or when
    /// the operations see only some of the channels.
    pub fn network(&self, genotype: &Genotype) -> Result<DerivedNetwork, SearchError> {
        let plan = Blueprint::subnet(self.space, genotype, self.build)?;
        let variables = self.bilevel.supernet.subnet(&plan)?;
        // Every variable is overwritten.
        let mut noise = self.noise.stream("network", 0);
        let (registry, device) = (self.registry, Device::Cpu);
        let network = DerivedNetwork::new(&plan, registry, &device, DType::F32, &mut noise)?;
        network.variables().load(&variables)?;
        Ok(network)
    }

    /// Whether logits no longer count.
    pub(crate) fn is_decided(&self) -> bool {
        self.bilevel.architecture.kept().is_some_and(Kept::is_decided)
    }

    /// Removes what is due after an epoch, and tells how much is left.
    pub(crate) fn prune(
        &mut self,
        epoch: usize,
        table: &WeightTable,
        metrics: &mut BTreeMap<String, f64>,
    ) {
        let Some(config) = &self.config.prune else { return };
        let pruning = self.memory.pruning.get_or_insert_with(|| Pruning::new(self.space));
        if epoch >= self.config.bilevel.warm_up {
            pruning.after(epoch + 1, (self.space, table), config);
        }
        for (cell, spec) in self.space.cells().iter().enumerate() {
            metrics.insert(format!("candidates_{}", spec.name), pruning.kept.count(cell) as f64);
        }
        self.bilevel.architecture.keep(Some(pruning.kept.clone()));
    }
}

/// Refuses to prune where what is left would be no network: with weighed edges, or where operations see one
/// in `partial` channels.
pub(crate) fn check(
    config: Option<&PruneConfig>,
    choices: &Choices,
    partial: usize,
) -> Result<(), SearchError> {
    let refuse = |found: String| {
        let (field, expected) = ("prune", "operations that see all channels of unweighed edges");
        Err(SearchError::Config { field, expected, found })
    };
    match (config, &choices.edges) {
        (Some(_), Some(edges)) => refuse(format!("edges weighed by {edges:?}")),
        (Some(_), None) if partial != 1 => refuse(format!("one in {partial} channels")),
        _ => Ok(()),
    }
}
