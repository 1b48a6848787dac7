//! Explorers as values.

use dartloom_explore::{
    Domain, EvolutionConfig, ExploreError, Explorer, Genetic, GeneticConfig, Halving,
    HalvingConfig, LocalSearch, ParetoConfig, ParetoEvolution, RandomGenotypes,
    RegularisedEvolution, Unique,
};
use dartloom_noise::Noise;
use dartloom_search::{Reinforce, ReinforceConfig};
use serde::{Deserialize, Serialize};

use crate::MakeExplorer;

/// An explorer and its configuration, for files.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum ConfiguredExplorer {
    /// [`RandomGenotypes`].
    Random,
    /// [`RegularisedEvolution`].
    Evolution(EvolutionConfig),
    /// [`Genetic`].
    Genetic(GeneticConfig),
    /// [`LocalSearch`].
    LocalSearch,
    /// [`ParetoEvolution`].
    Pareto(ParetoConfig),
    /// [`Reinforce`].
    Reinforce(ReinforceConfig),
    /// Random genotypes, the better of which are trained longer: [`Halving`].
    Halving(HalvingConfig),
}

impl ConfiguredExplorer {
    /// The name of every explorer, and the explorer with its paper's numbers.
    pub fn known() -> Vec<(&'static str, Self)> {
        vec![
            ("random_genotypes", Self::Random),
            ("evolution", Self::Evolution(EvolutionConfig::default())),
            ("genetic", Self::Genetic(GeneticConfig::default())),
            ("local_search", Self::LocalSearch),
            ("pareto", Self::Pareto(ParetoConfig::default())),
            ("reinforce", Self::Reinforce(ReinforceConfig::default())),
            ("halving", Self::Halving(HalvingConfig::default())),
        ]
    }

    /// Its name in tables.
    pub fn title(&self) -> &'static str {
        match self {
            Self::Random => "random genotypes",
            Self::Evolution(_) => "regularised evolution",
            Self::Genetic(_) => "genetic algorithm",
            Self::LocalSearch => "local search",
            Self::Pareto(_) => "Pareto evolution",
            Self::Reinforce(_) => "REINFORCE",
            Self::Halving(_) => "successive halving",
        }
    }

    /// The explorer, which proposes no architecture twice (but for more epochs).
    ///
    /// # Errors
    /// [`ExploreError::Config`] naming the invalid field.
    pub fn build(&self, domain: Domain, noise: Noise) -> Result<Box<dyn Explorer>, ExploreError> {
        Ok(match *self {
            Self::Random => Box::new(Unique::new(RandomGenotypes::new(domain, noise))),
            Self::Evolution(config) => {
                Box::new(Unique::new(RegularisedEvolution::new(domain, config, noise)?))
            }
            Self::Genetic(config) => Box::new(Unique::new(Genetic::new(domain, config, noise)?)),
            Self::LocalSearch => Box::new(Unique::new(LocalSearch::new(domain, noise))),
            Self::Pareto(config) => {
                Box::new(Unique::new(ParetoEvolution::new(domain, config, noise)?))
            }
            Self::Reinforce(config) => {
                Box::new(Unique::new(Reinforce::new(domain, config, noise)?))
            }
            Self::Halving(config) => {
                let random = Unique::new(RandomGenotypes::new(domain, noise));
                Box::new(Halving::new(random, config)?)
            }
        })
    }
}

impl MakeExplorer for ConfiguredExplorer {
    fn title(&self) -> String {
        Self::title(self).to_owned()
    }

    fn make(&self, domain: Domain, noise: Noise) -> Result<Box<dyn Explorer>, ExploreError> {
        self.build(domain, noise)
    }

    fn identity(&self) -> Option<String> {
        serde_json::to_string(self).ok()
    }
}
