//! Rules by which a worker counts as lost, a task is tried again, and a worker rests.

use serde::{Deserialize, Serialize};

use crate::DistError;

/// Rules by which a worker counts as lost, a task is tried again, and a worker rests.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Rules {
    /// Seconds between two signs of life of a worker.
    pub heartbeat: f64,
    /// Seconds without a sign of life after which a worker counts as lost; its process is killed
    /// and its task tried again.
    pub lease: f64,
    /// Seconds from a process's start within which it must take its task; it loads its data in this
    /// time. Leases, stalls and deadlines count from then on.
    pub start: f64,
    /// Seconds without progress after which an attempt fails as stalled; `None` for never.
    pub stall: Option<f64>,
    /// The number of times that a task is started at most.
    pub attempts: u32,
    /// The number of different workers that a task may take down; then it is poison.
    pub poison: usize,
    /// A failure within this many seconds of the start is a fast one.
    pub fast: f64,
    /// Fast failures in a row after which a worker rests.
    pub fast_failures: u32,
    /// Seconds of a worker's first rest; each further one is twice as long.
    pub rest: f64,
    /// Seconds of the longest rest.
    pub longest_rest: f64,
}

impl Default for Rules {
    /// A heartbeat every 2 s, a lease of 15 s, a minute to start, 3 attempts, poison after 2
    /// workers, and rests of 10 s to 100 s after 3 failures within a second of their starts.
    fn default() -> Self {
        Self {
            heartbeat: 2.0,
            lease: 15.0,
            start: 60.0,
            stall: None,
            attempts: 3,
            poison: 2,
            fast: 1.0,
            fast_failures: 3,
            rest: 10.0,
            longest_rest: 100.0,
        }
    }
}

impl Rules {
    /// Refuses values that make no sense.
    ///
    /// # Errors
    /// [`DistError::Rules`] naming the field.
    pub fn check(&self) -> Result<(), DistError> {
        let refused =
            |field, expected, found: String| Err(DistError::Rules { field, expected, found });
        let stall = self.stall.unwrap_or(1.0);
        let seconds = [
            ("heartbeat", self.heartbeat),
            ("lease", self.lease),
            ("start", self.start),
            ("stall", stall),
            ("fast", self.fast),
            ("rest", self.rest),
            ("longest_rest", self.longest_rest),
        ];
        let sensible = |seconds: f64| seconds > 0.0 && seconds < 1e9;
        if let Some((field, found)) = seconds.into_iter().find(|&(_, found)| !sensible(found)) {
            return refused(field, "seconds above 0", found.to_string());
        }
        if self.lease < 2.0 * self.heartbeat {
            return refused("lease", "at least two heartbeats", self.lease.to_string());
        }
        let numbers = [
            ("attempts", u64::from(self.attempts)),
            ("poison", self.poison as u64),
            ("fast_failures", u64::from(self.fast_failures)),
        ];
        match numbers.into_iter().find(|&(_, found)| found == 0) {
            Some((field, found)) => refused(field, "at least 1", found.to_string()),
            None => Ok(()),
        }
    }
}
