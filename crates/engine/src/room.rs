//! Refusing what memory has no room for.

use dartloom::net::memory::{self, Admission, Size, Slot};

use crate::error::EngineError;
use crate::machine::{self, Available};

/// Refuses what needs more memory than this process may have, before any of it is asked for, and
/// says the largest batch below `batch` that would fit. Where the system does not say what there
/// is, nothing is refused.
///
/// `needs` says how many bytes a batch takes, more for a larger one; `None` is more than anything.
///
/// # Errors
/// [`EngineError::Room`] with both numbers.
pub fn admit(
    what: impl FnOnce() -> String,
    batch: usize,
    needs: impl Fn(usize) -> Option<u64>,
) -> Result<(), EngineError> {
    match machine::available() {
        Some(available) => admit_in(available, what, batch, needs),
        None => Ok(()),
    }
}

fn admit_in(
    Available { bytes, source }: Available,
    what: impl FnOnce() -> String,
    batch: usize,
    needs: impl Fn(usize) -> Option<u64>,
) -> Result<(), EngineError> {
    let needed = needs(batch).unwrap_or(u64::MAX);
    if needed <= bytes {
        return Ok(());
    }
    // The search for a batch that fits knows channels, too, which are not asked for here.
    let size = Size { batch, channels: 1 };
    let slot = Slot { bytes, free: true };
    let fitting = match memory::admit(size, 2, &[slot], |size| needs(size.batch)) {
        Admission::Reject { largest_batch, .. } => largest_batch,
        Admission::Run { .. } | Admission::Wait { .. } => None,
    };
    Err(EngineError::Room { what: what(), needed, available: bytes, limit: source, fitting })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_refused_with_both_numbers() {
        let available = || Available { bytes: 6 << 30, source: "the machine has".to_owned() };
        let admit = |batch, needs: fn(usize) -> Option<u64>| {
            admit_in(available(), || "a step".to_owned(), batch, needs).map_err(|e| e.to_string())
        };
        let gibibytes = |batch: usize| (batch as u64).checked_mul(1 << 30);
        assert_eq!(admit(6, gibibytes), Ok(()));
        let expected = "a step needs 7.0 GiB of memory, and the machine has 6.0 GiB";
        assert_eq!(admit(7, gibibytes), Err(expected.to_owned()));
        let what = || "a step".to_owned();
        let error = admit_in(available(), what, usize::MAX, gibibytes).unwrap_err();
        assert!(matches!(error, EngineError::Room { fitting: Some(6), .. }), "{error}");
        let expected = "a step needs more than 16 EiB of memory, and the machine has 6.0 GiB";
        assert_eq!(admit(1, |_| None), Err(expected.to_owned()));
    }
}
