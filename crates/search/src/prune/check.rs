//! Refusals of pruning in searches that do not allow it.

use dartloom_record::Refused;

use super::PruneConfig;
use crate::{Choices, SearchError};

/// Refuses to prune if the remaining candidates would not be a network: with weighed edges, or if
/// operations see one in `partial` channels.
pub(crate) fn check(
    config: Option<&PruneConfig>,
    choices: &Choices,
    partial: usize,
) -> Result<(), SearchError> {
    let refuse = |found: String| {
        let field = "prune";
        let expected = "operations that see all channels of unweighed edges";
        Err(Refused::new(field, expected, found).into())
    };
    match (config, &choices.edges) {
        (Some(_), Some(edges)) => refuse(format!("edges weighed by {edges:?}")),
        (Some(_), None) if partial != 1 => refuse(format!("one in {partial} channels")),
        _ => Ok(()),
    }
}
