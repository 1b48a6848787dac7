//! The memory of a run against that of the machine.

use dartloom::dist::LocalConfig;
use dartloom::verdict::Comparison;

use super::verdict::threads;
use crate::error::EngineError;
use crate::estimate::{Peak, peaks};
use crate::machine::{self, Available};

/// Refuses a run that is predicted to need more memory than there is, or than `given`.
///
/// Workers are as many processes at a time; where each has a limit of its own, a candidate that
/// needs more than that is a failed candidate and no reason to refuse.
pub(super) fn check(
    comparison: &Comparison<'_>,
    pool: &LocalConfig,
    given: Option<Available>,
) -> Result<(), EngineError> {
    let Some(Available { bytes, source }) = given.or_else(machine::available) else {
        return Ok(());
    };
    let mut all = peaks(comparison, threads())?;
    if !comparison.explorers.is_empty() {
        let each = peaks(comparison, pool.threads_each)?;
        let each = each.into_iter().filter(|peak| peak.in_worker);
        all.retain(|peak| !peak.in_worker);
        all.extend(each.map(|peak| together(peak, pool)));
    }
    match all.into_iter().filter(|peak| peak.bytes > bytes).max_by_key(|peak| peak.bytes) {
        Some(Peak { what, bytes: needed, .. }) => {
            Err(EngineError::Memory { what, needed, available: bytes, limit: source })
        }
        None => Ok(()),
    }
}

/// The need of all workers of the pool at a time.
fn together(peak: Peak, pool: &LocalConfig) -> Peak {
    let each =
        pool.workers.iter().map(|limit| limit.map_or(peak.bytes, |most| most.min(peak.bytes)));
    let bytes = each.fold(0, u64::saturating_add);
    let what = match pool.workers.len() {
        1 => peak.what,
        workers => format!("{}, {workers} times at once", peak.what),
    };
    Peak { what, bytes, ..peak }
}
