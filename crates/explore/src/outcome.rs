//! The outcome of a proposal.

use std::fmt;

use dartloom_dist::Mebibytes;
use dartloom_space::Cost;
use serde::{Deserialize, Serialize};

/// The outcome of a proposal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Outcome {
    /// It was evaluated.
    Measured {
        /// Its quality; more is better.
        quality: f64,
        /// Its cost; zero if nobody counted it.
        cost: Cost,
        /// Nanoseconds per image; `None` if they were not measured.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        latency: Option<u64>,
    },
    /// It needs more of a resource than the limit, and was not evaluated.
    Infeasible {
        /// The resource.
        resource: Resource,
        /// The limit of the resource.
        limit: u64,
        /// The amount that it needs.
        found: u64,
    },
    /// Its evaluation failed.
    Failed {
        /// The reason, for people to read.
        reason: String,
    },
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Measured { quality, .. } => write!(f, "quality {quality}"),
            Self::Infeasible { resource: Resource::Memory, limit, found } => {
                let limit = Mebibytes(*limit);
                let found = Mebibytes(*found);
                write!(f, "needs {found} of memory, and {limit} is the limit")
            }
            Self::Infeasible { resource, limit, found } => {
                write!(f, "needs {found} {}, and {limit} is the limit", resource.unit())
            }
            Self::Failed { reason } => f.write_str(reason),
        }
    }
}

impl Outcome {
    /// A measurement; a failure when `quality` is not finite.
    pub fn measured(quality: f64, cost: Cost) -> Self {
        if quality.is_finite() {
            return Self::Measured { quality, cost, latency: None };
        }
        Self::Failed { reason: format!("expected a finite quality, found {quality}") }
    }

    /// The quality, if there is a finite one.
    pub fn quality(&self) -> Option<f64> {
        match self {
            Self::Measured { quality, .. } => Some(*quality).filter(|quality| quality.is_finite()),
            _ => None,
        }
    }

    /// The cost, if the proposal was evaluated.
    pub fn cost(&self) -> Option<&Cost> {
        match self {
            Self::Measured { cost, .. } => Some(cost),
            _ => None,
        }
    }

    /// The amount of a resource that was measured or counted; `None` if it is unknown.
    pub fn takes(&self, resource: Resource) -> Option<u64> {
        match (self, resource) {
            (Self::Measured { latency, .. }, Resource::Latency) => *latency,
            (Self::Measured { cost, .. }, _) => resource.of(cost),
            _ => None,
        }
    }

    /// This outcome, or a failure in place of a measurement that is not finite.
    pub(crate) fn checked(self) -> Self {
        match self {
            Self::Measured { quality, cost, .. } if !quality.is_finite() => {
                Self::measured(quality, cost)
            }
            other => other,
        }
    }
}

/// A resource that a network needs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Resource {
    /// Trainable numbers.
    #[default]
    Parameters,
    /// Multiply-adds for one image.
    Macs,
    /// Nanoseconds for one image, as measured.
    Latency,
    /// Bytes at the peak of its evaluation, as predicted.
    Memory,
}

impl Resource {
    /// Its unit.
    pub fn unit(self) -> &'static str {
        match self {
            Self::Parameters => "parameters",
            Self::Macs => "multiply-adds",
            Self::Latency => "nanoseconds",
            Self::Memory => "bytes",
        }
    }

    /// The amount of it that a network needs; `None` if the amount does not follow from its shapes.
    pub fn of(self, cost: &Cost) -> Option<u64> {
        match self {
            Self::Parameters => Some(cost.parameters),
            Self::Macs => Some(cost.macs),
            Self::Latency | Self::Memory => None,
        }
    }
}
