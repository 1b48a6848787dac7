//! The two programs that are compared.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::cases::StepCase;
use super::figures::Figures;
use crate::error::Error;
use crate::invocation::Invocation;

/// The order of PyTorch's images and weights in memory.
pub(super) const LAYOUTS: [&str; 2] = ["contiguous", "channels_last"];

/// The places of both programs.
#[derive(Debug)]
pub(super) struct Programs {
    root: PathBuf,
    python: String,
}

impl Programs {
    pub(super) fn new(root: &Path, python: &Path) -> Result<Self, Error> {
        // Programs are started in the root; a relative path was meant from here, a bare name not.
        let path = if python.components().count() > 1 {
            let failed = |source| Error::Access { path: python.to_owned(), source };
            std::path::absolute(python).map_err(failed)?
        } else {
            python.to_owned()
        };
        Ok(Self { root: root.to_owned(), python: path.to_string_lossy().into_owned() })
    }

    /// Runs our program with these words and reads what it prints.
    pub(super) fn candidate(&self, words: &str) -> Result<Figures, Error> {
        self.run(&Invocation::new("target/release/dartloom", words))
    }

    /// Runs a script of ours with PyTorch.
    pub(super) fn reference(&self, script: &str, words: &str) -> Result<Figures, Error> {
        let script = format!("xtask/bench/{script}");
        // Python, not the shell, finds its interpreter; bytecode is not for the work tree.
        self.run(&Invocation::new(&self.python, "-B").argument(script).words(words))
    }

    /// The output of a command, without its line end.
    pub(super) fn text(&self, program: &str, words: &str) -> Result<String, Error> {
        let program = if program == "python" { &self.python } else { program };
        Ok(Invocation::new(program, words).output(&self.root)?.trim().to_owned())
    }

    fn run(&self, invocation: &Invocation) -> Result<Figures, Error> {
        let text = invocation.output(&self.root)?;
        let line = text.lines().last().unwrap_or_default();
        let value = serde_json::from_str::<Value>(line).map_err(|_| Error::Figures {
            command: invocation.to_string(),
            expected: "a line of JSON at the end".to_owned(),
            found: line.to_owned(),
        })?;
        Ok(Figures::new(invocation.to_string(), value))
    }
}

/// Words of a timed run of the candidate.
pub(super) fn candidate_words(case: &StepCase, steps: u32) -> String {
    let StepCase { candidate, shared, timed, threads, .. } = case;
    format!("{candidate} {shared}{timed} --threads {threads} --steps {steps} --warm-up 1 --json")
}

/// Words of a timed run of the reference.
pub(super) fn reference_words(case: &StepCase, steps: u32, layout: &str, lean: bool) -> String {
    let StepCase { shared, timed, threads, .. } = case;
    let lean = if lean && case.is_search() { " --lean" } else { "" };
    format!(
        "{shared}{timed} --threads {threads} --steps {steps} --warm-up 1 --layout {layout}{lean}"
    )
}
