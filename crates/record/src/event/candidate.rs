//! A candidate of a discrete search.

use serde::{Deserialize, Serialize};

use super::number;

/// A candidate of a discrete search, with its measurements.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Candidate {
    /// Its quality, where it was measured.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "number::option")]
    pub quality: Option<f64>,
    /// Its trainable numbers, where it was measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parameters: Option<u64>,
    /// Bytes that were predicted for the peak of its process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub predicted_memory: Option<u64>,
    /// Bytes of that peak.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peak_memory: Option<u64>,
}
