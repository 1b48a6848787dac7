//! Dates of log lines.

use std::time::SystemTime;

/// Seconds since 1970: the same origin for every part of a run that was stopped.
pub(super) fn seconds_since_1970() -> f64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    // A clock before 1970 tells nothing; the log leaves such times out.
    since.map_or(f64::NAN, |since| (since.as_secs_f64() * 1e3).round() / 1e3)
}
