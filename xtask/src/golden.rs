//! The golden runner lives in the package that crosses crates; this only calls it.

use std::path::Path;

use crate::error::Error;
use crate::invocation::Invocation;

/// Where the runner looks for its cases.
pub const DIRECTORY_VARIABLE: &str = "DARTLOOM_GOLDEN_DIR";

/// The command that runs the golden cases of `directory`, or of the runner's default.
///
/// # Errors
/// [`Error::Access`] when `directory` does not exist.
pub fn invocation(directory: Option<&Path>) -> Result<Invocation, Error> {
    let runner = Invocation::cargo("run --release -p dartloom-tests --bin golden");
    let Some(directory) = directory else {
        return Ok(runner);
    };
    // The runner is started in the root of the workspace, the caller may stand elsewhere.
    let absolute = directory
        .canonicalize()
        .map_err(|source| Error::Access { path: directory.to_path_buf(), source })?;
    Ok(runner.variable(DIRECTORY_VARIABLE, absolute))
}

#[cfg(test)]
mod tests {
    use super::invocation;

    #[test]
    fn the_folder_is_passed_on_as_an_absolute_path() {
        let folder = tempfile::tempdir().unwrap();
        let line = invocation(Some(folder.path())).unwrap().to_string();
        let absolute = folder.path().canonicalize().unwrap();
        assert!(line.starts_with(&format!("DARTLOOM_GOLDEN_DIR={} cargo", absolute.display())));
    }

    #[test]
    fn an_absent_folder_is_refused_before_anything_is_built() {
        let folder = tempfile::tempdir().unwrap();
        assert!(invocation(Some(&folder.path().join("absent"))).is_err());
    }

    #[test]
    fn without_a_folder_the_runner_decides() {
        assert!(invocation(None).unwrap().to_string().starts_with("cargo run --release"));
    }
}
