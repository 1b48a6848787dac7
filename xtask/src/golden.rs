//! The golden runner lives in the package that crosses crates; this only calls it.

use std::path::Path;

use crate::ci::BUILD;
use crate::error::Error;
use crate::invocation::Invocation;

/// The folder in which the runner looks for its cases.
pub const DIRECTORY_VARIABLE: &str = "DARTLOOM_GOLDEN_DIR";

/// The runner, for cells that run as one operation and for cells that run stage by stage.
pub const RUNS: [&str; 2] = ["", "--staged"];

/// The commands that build the runner and run the golden cases of `directory`, or of the runner's
/// default.
///
/// # Errors
/// [`Error::Access`] when `directory` does not exist.
pub fn invocations(directory: Option<&Path>) -> Result<Vec<Invocation>, Error> {
    // The runner is started in the root of the workspace, the caller may stand elsewhere.
    let absolute = directory
        .map(|path| {
            path.canonicalize().map_err(|source| Error::Access { path: path.to_path_buf(), source })
        })
        .transpose()?;
    let runs = RUNS.map(|words| {
        let runner = Invocation::new("target/debug/golden", words);
        match &absolute {
            Some(path) => runner.variable(DIRECTORY_VARIABLE, path),
            None => runner,
        }
    });
    Ok(std::iter::once(Invocation::cargo(BUILD)).chain(runs).collect())
}

#[cfg(test)]
mod tests {
    use super::{BUILD, RUNS, invocations};

    #[test]
    fn the_folder_is_passed_on_as_an_absolute_path() {
        let folder = tempfile::tempdir().unwrap();
        let absolute = folder.path().canonicalize().unwrap();
        let runs = invocations(Some(folder.path())).unwrap();
        assert_eq!(runs.len(), 1 + RUNS.len());
        for run in &runs[1..] {
            let begin = format!("DARTLOOM_GOLDEN_DIR={} target/debug/golden", absolute.display());
            assert!(run.to_string().starts_with(&begin), "{run}");
        }
    }

    #[test]
    fn an_absent_folder_is_refused_before_anything_is_built() {
        let folder = tempfile::tempdir().unwrap();
        assert!(invocations(Some(&folder.path().join("absent"))).is_err());
    }

    #[test]
    fn without_a_folder_the_runner_decides() {
        let lines: Vec<String> =
            invocations(None).unwrap().iter().map(ToString::to_string).collect();
        assert_eq!(lines[0], format!("cargo {BUILD}"));
        assert_eq!(lines[1..], ["target/debug/golden", "target/debug/golden --staged"]);
    }
}
