//! Discrete searches in a comparison.

use std::fmt::Debug;

use dartloom_dist::TaskPool;
use dartloom_noise::Noise;
use dartloom_record::{Refused, RunDir};
use dartloom_space::Space;
use serde::{Deserialize, Serialize};

use super::{Comparison, method};
use crate::{Training, TrainingConfig, VerdictError};
use dartloom_data::{Parts, Split};
use dartloom_explore::{Budget, Domain, ExploreError, Explorer, Order, Pace, PooledConfig};

/// A discrete search that takes part in a comparison.
///
/// Its candidates are trained as random search trains its own
/// ([`ComparisonConfig::random`](super::ComparisonConfig::random)), and it spends as many
/// multiply-adds on them as the most expensive supernet.
#[derive(Clone, Debug)]
pub struct ExplorerParts<'a> {
    /// Its name in phases and files: `search-KEY`. Lower-case letters, digits and `_`.
    pub key: String,
    /// Its name in tables.
    pub name: String,
    /// The space.
    pub space: &'a Space,
    /// Base channels of candidates.
    pub channels: usize,
    /// The shares of training images for training and for judging candidates.
    pub split: Split,
    /// The source of proposals.
    pub explorer: &'a dyn MakeExplorer,
    /// The number of evaluations, and their order.
    pub rules: ExplorerRules,
}

/// Makes an explorer: what proposes the candidates of a discrete search.
pub trait MakeExplorer: Debug {
    /// Its name in events.
    fn title(&self) -> String;

    /// The explorer of a search that begins, in `domain` and with randomness of `noise` alone. It
    /// should propose no architecture twice ([`Unique`](dartloom_explore::Unique)).
    ///
    /// # Errors
    /// [`ExploreError::Config`] naming the field that makes no sense.
    fn make(&self, domain: Domain, noise: Noise) -> Result<Box<dyn Explorer>, ExploreError>;

    /// A text that changes whenever its explorer proposes something else: its name, its numbers,
    /// and a version of its code.
    ///
    /// Stored searches are only used again for the same identity. `None`, the default, says
    /// nothing, and such work is done again.
    fn identity(&self) -> Option<String> {
        None
    }
}

/// The rules by which a comparison's explorers evaluate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ExplorerRules {
    /// Candidates to evaluate if there is no supernet whose cost limits the search.
    pub candidates: usize,
    /// The times at which proposals are asked for.
    pub pace: Pace,
    /// The order in which outcomes are told.
    pub order: Order,
    /// Epochs without a better score after which a candidate's training ends.
    pub patience: Option<usize>,
}

impl Default for ExplorerRules {
    /// 20 candidates, of which two are open at a time, told in their order: the same search with
    /// one or two workers.
    fn default() -> Self {
        let pace = Pace::SteadyState(Some(2));
        Self { candidates: 20, pace, order: Order::Submission, patience: None }
    }
}

impl ExplorerParts<'_> {
    /// Refuses invalid values; `top` is the number of in-edges that the nodes of its candidates
    /// keep.
    ///
    /// # Errors
    /// [`VerdictError::Config`] or [`VerdictError::Within`] naming the field.
    pub fn check(&self, top: usize) -> Result<(), VerdictError> {
        method::check_key(&self.key)?;
        let ExplorerRules { candidates, patience, pace, order } = self.rules;
        let numbers = [
            ("channels", self.channels),
            ("rules.candidates", candidates),
            ("rules.patience", patience.unwrap_or(1)),
        ];
        if let Some((field, _)) = numbers.into_iter().find(|&(_, number)| number == 0) {
            let expected = "at least 1";
            let found = "0".to_owned();
            return Err(Refused::new(field, expected, found).into());
        }
        let budget = Budget { evaluations: Some(candidates), price: None };
        let pooled = PooledConfig { pace, order, budget }.check().map_err(VerdictError::from);
        pooled.map_err(|error| error.within("rules"))?;
        let domain = Domain::top(self.space.clone(), top);
        let built = self.explorer.make(domain, Noise::new(0)).map_err(VerdictError::from);
        built.map(drop).map_err(|error| error.within("explorer"))
    }
}

/// Makes the pools in which candidates are trained.
pub trait Workers: Debug {
    /// Threads of each worker, on which the prediction of its memory depends.
    fn threads_each(&self) -> usize;

    /// A pool whose workers judge the candidates of the explorer `key` with the seed `seed`: they
    /// run [`Training::task`] of [`Comparison::training`] on a
    /// [`Proposal`](dartloom_explore::Proposal) as JSON. Candidates are saved in `checkpoints`
    /// while they are trained.
    ///
    /// # Errors
    /// When there can be no such pool.
    fn pool(
        &self,
        key: &str,
        seed: u64,
        checkpoints: &RunDir,
    ) -> Result<Box<dyn TaskPool>, VerdictError>;
}

impl Comparison<'_> {
    /// The images that candidates of an explorer are trained and judged with.
    ///
    /// # Errors
    /// [`VerdictError::Config`] when one part would be empty.
    pub fn candidate_images(
        &self,
        explorer: &ExplorerParts<'_>,
        seed: u64,
    ) -> Result<Parts<'_>, VerdictError> {
        Ok(explorer.split.parts(self.train, Noise::new(seed).child("split").seed())?)
    }

    /// The judge of an explorer's candidates, which is the same in every process.
    pub fn training<'p>(
        &'p self,
        explorer: &ExplorerParts<'p>,
        seed: u64,
        images: &'p Parts<'p>,
        checkpoints: RunDir,
    ) -> Training<'p> {
        let fit = self.config.random.fit.clone();
        Training {
            setting: self.setting(explorer.space, explorer.channels),
            task: self.task,
            data: images,
            config: TrainingConfig { fit, patience: explorer.rules.patience },
            noise: Noise::new(seed).child("candidates"),
            checkpoints: Some(checkpoints),
        }
    }
}
