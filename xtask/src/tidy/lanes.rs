//! Vector instructions are chosen in one place, so that one switch reaches every kernel.

use super::rust::{Shipped, paths};
use super::{Finding, Tree};

/// The place where they are chosen.
pub(super) const CHOICE: &str = "crates/kernels/src/simd/instructions.rs";

/// Tests of the loops, which run at every width.
const TESTS: &str = "crates/kernels/src/simd/tests";

/// Ways to find out what the machine has, by the ends of paths.
const OWN_WAYS: [&str; 5] =
    ["pulp::Arch", "Arch::new", "V3::try_new", "V4::try_new", "Neon::try_new"];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let crates = tree.sources().filter(|(path, _)| path.starts_with("crates/"));
    crates.flat_map(|(path, text)| check_source(path, text)).collect()
}

fn check_source(path: &str, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    let Some(shipped) = Shipped::parse(text) else { return findings };
    for (name, line) in paths(&shipped.tokens) {
        let ends = |end: &str| name == end || name.ends_with(&format!("::{end}"));
        if path != CHOICE && OWN_WAYS.iter().any(|end| ends(end)) {
            let message = format!("`{name}`: vector instructions are chosen in {CHOICE} alone");
            findings.push(Finding::line(path, line, message));
        }
        if path.starts_with(TESTS) && ends("InstructionSet::in_use") {
            let message = format!("`{name}`: tests of loops go through `at_every_width`");
            findings.push(Finding::line(path, line, message));
        }
    }
    findings
}
