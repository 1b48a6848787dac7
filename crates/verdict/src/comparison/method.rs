//! The parts in which the methods of a comparison differ.

use std::collections::BTreeSet;

use dartloom_decode::Decoder;
use dartloom_noise::Noise;
use dartloom_ops::{Place, Registry};
use dartloom_space::Space;

use crate::VerdictError;
use dartloom_data::Split;
use dartloom_record::Refused;
use dartloom_search::stop::{Effect, StopRule};
use dartloom_search::{Architecture, Choices, SearchConfig, rehearse};

/// A method that takes part in a comparison.
#[derive(Clone, Debug)]
pub struct MethodParts<'a> {
    /// Its name in phases and files where several methods are compared: `search-KEY`. Lower-case
    /// letters, digits and `_`.
    pub key: String,
    /// Its name in tables.
    pub name: String,
    /// The space.
    pub space: &'a Space,
    /// The way from logits to weights.
    pub choices: Choices,
    /// The way from weights to a genotype.
    pub decoder: &'a dyn Decoder,
    /// Base channels of the supernet.
    pub channels: usize,
    /// K of partial channels: the supernet's operations see one in so many channels (PC-DARTS).
    pub partial: usize,
    /// The shares of training images for weights and for logits.
    pub split: Split,
    /// Epochs, batches and update rules.
    pub search: SearchConfig,
    /// Rules of your own, asked after those of [`SearchConfig::stop`].
    pub rules: Vec<OwnRule<'a>>,
}

/// A stop rule written in code, and what happens where it holds.
#[derive(Clone, Copy, Debug)]
pub struct OwnRule<'a> {
    /// A warning, or the end of the search.
    pub effect: Effect,
    /// The rule. Stored searches are only used again where it says its identity.
    pub rule: &'a dyn StopRule,
}

/// Names of legs that no method may have.
const TAKEN: [&str; 3] = ["searched", "random", "baseline"];

impl MethodParts<'_> {
    /// Refuses invalid values.
    ///
    /// # Errors
    /// [`VerdictError::Config`] naming the field, or the error of a part.
    pub fn check(&self) -> Result<(), VerdictError> {
        check_key(&self.key)?;
        let numbers = [("channels", self.channels), ("partial", self.partial)];
        if let Some((field, found)) = numbers.into_iter().find(|&(_, number)| number == 0) {
            let expected = "at least 1";
            let found = found.to_string();
            return Err(Refused::new(field, expected, found).into());
        }
        self.search.check().map_err(|error| error.within("search"))?;
        let choices = self.search.check_choices(&self.choices, self.partial);
        choices.map_err(|error| error.within("search"))?;
        let mut noise = Noise::new(0).stream("check", 0);
        let choices = self.choices.clone();
        let architecture = Architecture::new(self.space, choices, &Place::default(), &mut noise)?;
        let logits = self.search.check_logits(&architecture);
        Ok(logits.map_err(|error| error.within("search"))?)
    }

    /// Tries operations, relaxation, penalties and decoder.
    ///
    /// # Errors
    /// Those of [`SupernetSearch::new`](dartloom_search::SupernetSearch::new) that need no
    /// supernet.
    pub(super) fn rehearse(&self, registry: &Registry) -> Result<(), VerdictError> {
        registry.check(self.space.op_set())?;
        let noise = Noise::new(0);
        let choices = self.choices.clone();
        let mut logits = noise.stream("logits", 0);
        let architecture = Architecture::new(self.space, choices, &Place::default(), &mut logits)?;
        Ok(rehearse(&architecture, self.space, self.decoder, self.search.epochs, noise)?)
    }
}

/// Refuses an empty list of methods, and methods whose keys or names are equal.
pub(super) fn check_different(contenders: &[(&str, &str)]) -> Result<(), VerdictError> {
    let keys: BTreeSet<&str> = contenders.iter().map(|(key, _)| *key).collect();
    let names: BTreeSet<&str> = contenders.iter().map(|(_, name)| *name).collect();
    if contenders.is_empty() || keys.len().min(names.len()) < contenders.len() {
        return Err(Refused::new(
            "methods",
            "at least one method, all with different keys and names",
            format!("{contenders:?}"),
        )
        .into());
    }
    Ok(())
}

/// Refuses a key that is not allowed in names of files.
pub(super) fn check_key(key: &str) -> Result<(), VerdictError> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if !key.is_empty() && key.chars().all(plain) && !TAKEN.contains(&key) {
        return Ok(());
    }
    Err(Refused::new(
        "key",
        "lower-case letters, digits and `_`, other than `searched`, `random` and \
                   `baseline`",
        format!("{key:?}"),
    )
    .into())
}
