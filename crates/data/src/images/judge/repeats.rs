//! Rules about equal images.

use std::collections::BTreeMap;

use super::super::findings::{Finding, Subject};
use super::super::source::Repeats;
use super::Known;

/// Images with equal pixels, whatever their files.
pub(super) fn findings(known: &Known<'_>) -> Vec<Finding> {
    let mut first: BTreeMap<[u8; 32], usize> = BTreeMap::new();
    let mut findings = Vec::new();
    for (index, facts) in known.images() {
        let Some(&other) = first.get(&facts.pixels) else {
            first.insert(facts.pixels, index);
            continue;
        };
        let there = known.parts[other];
        let here = known.parts[index];
        let found = format!("the same pixels in {}", known.path(other).display());
        let finding = match (here == there, known.files.repeats) {
            // Black tiles say nothing about each other.
            _ if facts.is_constant => Finding::note(Subject::Repeat),
            (true, _) => Finding::warning(Subject::Repeat),
            (false, Repeats::Allow) => Finding::warning(Subject::Repeat),
            (false, Repeats::Refuse) => Finding::error(Subject::Repeat),
        };
        let finding = finding.at(known.path(index));
        findings.push(if here == there {
            finding.expected("different images").found(found)
        } else {
            let expected = format!("images of `{here}` that are not in `{there}`");
            let finding = finding.expected(expected).found(found);
            finding.remedy("remove one of them, or allow it with `repeats: Allow`")
        });
    }
    findings
}
