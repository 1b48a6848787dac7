//! The outcome of a case.

use std::fmt;

use super::GoldenError;

/// A case and its verdict; displayed as the runner's line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Name of the case: the file without its extension, and the part of the file.
    pub name: String,
    /// Its verdict.
    pub verdict: Verdict,
}

/// The verdict on a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Every number agrees.
    Pass,
    /// The case failed; the text names the numbers that do not agree, or the reason for which it
    /// could not run.
    Fail(String),
    /// The case cannot run yet; the text names what the workspace lacks.
    Pending(String),
}

impl Outcome {
    /// A verdict from the result of a check: the complaints, or the error that stopped it.
    pub(crate) fn of(name: impl Into<String>, result: Result<Vec<String>, GoldenError>) -> Self {
        let verdict = match result {
            Ok(complaints) => match complaints.split_first() {
                None => Verdict::Pass,
                Some((first, [])) => Verdict::Fail(first.clone()),
                Some((first, more)) => Verdict::Fail(format!("{first} (and {} more)", more.len())),
            },
            Err(error) => Verdict::Fail(error.to_string()),
        };
        Self { name: name.into(), verdict }
    }

    pub(crate) fn fail(name: impl Into<String>, why: impl Into<String>) -> Self {
        Self { name: name.into(), verdict: Verdict::Fail(why.into()) }
    }

    #[allow(dead_code, reason = "nothing is missing now, and the form of the line is fixed")]
    pub(crate) fn pending(name: impl Into<String>, missing: impl Into<String>) -> Self {
        Self { name: name.into(), verdict: Verdict::Pending(missing.into()) }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let one_line = |text: &str| text.replace(['\n', '\r'], " ");
        match &self.verdict {
            Verdict::Pass => write!(f, "pass {}", self.name),
            Verdict::Fail(why) => write!(f, "fail {}: {}", self.name, one_line(why)),
            Verdict::Pending(what) => write!(f, "pending {}: {}", self.name, one_line(what)),
        }
    }
}

/// Numbers of cases by verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Cases whose numbers agree.
    pub passed: usize,
    /// Cases that do not agree or could not run.
    pub failed: usize,
    /// Cases of methods that the workspace does not have.
    pub pending: usize,
}

impl Tally {
    /// Counts outcomes.
    pub fn of(outcomes: &[Outcome]) -> Self {
        let mut tally = Self::default();
        for outcome in outcomes {
            match outcome.verdict {
                Verdict::Pass => tally.passed += 1,
                Verdict::Fail(_) => tally.failed += 1,
                Verdict::Pending(_) => tally.pending += 1,
            }
        }
        tally
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed, {} pending", self.passed, self.failed, self.pending)
    }
}
