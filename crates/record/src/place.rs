//! Places in a run.

use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A contender of a comparison, whose network is retrained.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Contender {
    /// The architecture that the method or explorer of this key has found. No key is `random` or
    /// `baseline`.
    Found(String),
    /// The architecture that random search has found.
    Random,
    /// The hand-made network.
    Baseline,
}

impl Contender {
    /// The contender of this name.
    pub fn of(name: &str) -> Self {
        match name {
            "random" => Self::Random,
            "baseline" => Self::Baseline,
            key => Self::Found(key.to_owned()),
        }
    }
}

impl fmt::Display for Contender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Found(key) => key,
            Self::Random => "random",
            Self::Baseline => "baseline",
        })
    }
}

/// A part of a run that has a result of its own.
///
/// Its text is `search/KEY`, `explore/KEY`, `random`, `retrain/KEY`, `retrain/random`,
/// `retrain/baseline`, and any other text for custom work. A leg is made from its text:
///
/// ```
/// use dartloom_record::{Contender, Leg};
///
/// let leg: Leg = "retrain/darts".into();
/// assert_eq!(leg, Leg::Retrain(Contender::Found("darts".to_owned())));
/// assert_eq!(leg.to_string(), "retrain/darts");
/// assert_eq!(Leg::from("warm up"), Leg::Own("warm up".to_owned()));
/// ```
///
/// Legs are ordered as they are run.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Leg {
    /// The search of the method with this key.
    Search(String),
    /// The discrete search of the explorer with this key.
    Explore(String),
    /// Random search.
    Random,
    /// The training of a contender's network.
    Retrain(Contender),
    /// Custom work, by a name that is not the text of another leg.
    Own(String),
}

impl From<&str> for Leg {
    fn from(text: &str) -> Self {
        match text.split_once('/') {
            Some(("search", key)) => Self::Search(key.to_owned()),
            Some(("explore", key)) => Self::Explore(key.to_owned()),
            Some(("retrain", name)) => Self::Retrain(Contender::of(name)),
            None if text == "random" => Self::Random,
            _ => Self::Own(text.to_owned()),
        }
    }
}

impl FromStr for Leg {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(text.into())
    }
}

impl fmt::Display for Leg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Search(key) => write!(f, "search/{key}"),
            Self::Explore(key) => write!(f, "explore/{key}"),
            Self::Random => f.write_str("random"),
            Self::Retrain(contender) => write!(f, "retrain/{contender}"),
            Self::Own(name) => f.write_str(name),
        }
    }
}

impl Serialize for Leg {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Leg {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Ok(String::deserialize(from)?.as_str().into())
    }
}

/// A place in a run: the part, and what it belongs to.
///
/// A text becomes a place without a seed, for custom work: `"search".into()`. The text of a place
/// is for people (`seed 3 random/12`); nothing reads it back.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Where {
    /// The seed, in runs of several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// The part.
    pub leg: Leg,
    /// The candidate of it that is trained, from 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub candidate: Option<u64>,
}

impl Where {
    /// A leg of a seed.
    pub fn of_seed(seed: u64, leg: Leg) -> Self {
        Self { seed: Some(seed), leg, candidate: None }
    }

    /// A candidate in the same leg.
    #[must_use]
    pub fn with_candidate(self, candidate: u64) -> Self {
        Self { candidate: Some(candidate), ..self }
    }
}

impl From<Leg> for Where {
    fn from(leg: Leg) -> Self {
        Self { seed: None, leg, candidate: None }
    }
}

impl From<&str> for Where {
    fn from(text: &str) -> Self {
        Leg::from(text).into()
    }
}

impl From<String> for Where {
    fn from(text: String) -> Self {
        text.as_str().into()
    }
}

impl fmt::Display for Where {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(seed) = self.seed {
            write!(f, "seed {seed} ")?;
        }
        write!(f, "{}", self.leg)?;
        self.candidate.map_or(Ok(()), |candidate| write!(f, "/{candidate}"))
    }
}

#[cfg(test)]
mod tests;
