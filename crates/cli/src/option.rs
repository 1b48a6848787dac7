//! Checks that options have in common.

use std::fmt::Display;

use crate::error::CliError;

/// Refuses a number outside of a range, both ends included.
pub(crate) fn within(
    option: &'static str,
    found: u64,
    (least, most): (u64, u64),
) -> Result<(), CliError> {
    if (least..=most).contains(&found) {
        return Ok(());
    }
    Err(CliError::OptionRange { option, least, most, found })
}

/// Refuses a number of classes that no network has.
pub(crate) fn classes(found: usize) -> Result<(), CliError> {
    within("--classes", found as u64, (1, 65_536))
}

/// Refuses a list that names the same thing twice.
pub(crate) fn different<T: PartialEq + Display>(
    option: &'static str,
    names: &[T],
) -> Result<(), CliError> {
    let twice = names.iter().enumerate().find(|(place, name)| names[..*place].contains(name));
    match twice {
        None => Ok(()),
        Some((_, name)) => Err(CliError::Repeated { option, found: name.to_string() }),
    }
}
