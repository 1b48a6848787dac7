//! The golden runner lives in the package that crosses crates; this only calls it.

use std::path::Path;

use crate::error::Error;
use crate::invocation::Invocation;

/// Where the runner looks for its cases.
pub const DIRECTORY_VARIABLE: &str = "DARTLOOM_GOLDEN_DIR";

/// The runner, for cells that run as one operation and for cells that run stage by stage.
pub const RUNS: [&str; 2] = ["", "--staged"];

/// The commands that run the golden cases of `directory`, or of the runner's default.
///
/// # Errors
/// [`Error::Access`] when `directory` does not exist.
pub fn invocations(directory: Option<&Path>) -> Result<Vec<Invocation>, Error> {
    let runner =
        |words| Invocation::cargo("run --release -p dartloom-tests --bin golden --").words(words);
    let Some(directory) = directory else {
        return Ok(RUNS.map(runner).into());
    };
    // The runner is started in the root of the workspace, the caller may stand elsewhere.
    let absolute = directory
        .canonicalize()
        .map_err(|source| Error::Access { path: directory.to_path_buf(), source })?;
    let there = |words| runner(words).variable(DIRECTORY_VARIABLE, absolute.clone());
    Ok(RUNS.map(there).into())
}

#[cfg(test)]
mod tests {
    use super::invocations;

    #[test]
    fn the_folder_is_passed_on_as_an_absolute_path() {
        let folder = tempfile::tempdir().unwrap();
        let absolute = folder.path().canonicalize().unwrap();
        for run in invocations(Some(folder.path())).unwrap() {
            let begin = format!("DARTLOOM_GOLDEN_DIR={} cargo", absolute.display());
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
        assert!(lines.iter().all(|line| line.starts_with("cargo run --release")), "{lines:?}");
        let staged = lines.iter().filter(|line| line.ends_with("--staged")).count();
        assert_eq!((lines.len(), staged), (2, 1));
    }
}
