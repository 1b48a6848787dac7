//! The reasons why candidates of a search have no measurement.

use serde::{Deserialize, Serialize};

use super::Trial;

/// A reason why candidates have no measurement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FailureCount {
    /// The number of candidates that failed for it.
    pub candidates: usize,
    /// The reason, in the words of the first of them.
    pub reason: String,
}

/// The candidates without a measurement by reason, the most frequent first. Reasons that differ
/// only in numbers count as one: peaks of memory differ from candidate to candidate.
pub fn failures(trials: &[Trial]) -> Vec<FailureCount> {
    let failed = trials.iter().filter(|trial| trial.outcome.quality().is_none());
    by_reason(failed.map(|trial| trial.outcome.to_string()))
}

/// The same for reasons alone.
pub fn by_reason(reasons: impl Iterator<Item = String>) -> Vec<FailureCount> {
    let mut found: Vec<(String, FailureCount)> = Vec::new();
    for reason in reasons {
        let kind = without_numbers(&reason);
        match found.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, count)) => count.candidates += 1,
            None => found.push((kind, FailureCount { candidates: 1, reason })),
        }
    }
    let mut counts: Vec<FailureCount> = found.into_iter().map(|(_, count)| count).collect();
    // Stable: the first to happen among equals.
    counts.sort_by_key(|count| std::cmp::Reverse(count.candidates));
    counts
}

/// A text with one mark in place of every number.
fn without_numbers(text: &str) -> String {
    let mut kind = String::with_capacity(text.len());
    for c in text.chars() {
        let number = c.is_ascii_digit() || (c == '.' && kind.ends_with('#'));
        if !(number && kind.ends_with('#')) {
            kind.push(if number { '#' } else { c });
        }
    }
    kind
}

#[cfg(test)]
mod tests {
    use dartloom_space::{Cost, Genotype};

    use super::*;
    use crate::{Outcome, Proposal};

    #[test]
    fn reasons_that_differ_in_numbers_are_one() {
        let genotype = Genotype::published("DARTS_V2").unwrap();
        let failed = |reason: &str| Outcome::Failed { reason: reason.to_owned() };
        let outcomes = [
            failed("panicked: edge 3"),
            failed("out of memory: limit 40 MiB, peak 39.5 MiB"),
            Outcome::measured(0.5, Cost::default()),
            failed("out of memory: limit 40 MiB, peak 40 MiB"),
        ];
        let trials: Vec<Trial> = (0..)
            .zip(outcomes)
            .map(|(task, outcome)| Trial {
                proposal: Proposal::new(task, genotype.clone()),
                outcome,
            })
            .collect();
        let count =
            |candidates, reason: &str| FailureCount { candidates, reason: reason.to_owned() };
        let memory = count(2, "out of memory: limit 40 MiB, peak 39.5 MiB");
        assert_eq!(failures(&trials), [memory, count(1, "panicked: edge 3")]);
        assert_eq!(failures(&trials[2..3]), []);
    }
}
