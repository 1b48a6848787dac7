//! A folder from its manifest to its verdicts.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use dartloom_ops::Execution;
use serde::Deserialize;
use serde_json::Value;

use super::manifest::{Case, Entry, Manifest, read_json};
use super::{GoldenError, Outcome, dispatch};

/// The environment variable that names the folder to run.
pub const FOLDER_VARIABLE: &str = "DARTLOOM_GOLDEN_DIR";

const MANIFEST: &str = "manifest.json";

/// The committed fixtures.
pub fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/golden")
}

/// Runs every case of `folder`, cells as `execution` says, calling `tell` as each ends.
///
/// # Errors
/// [`GoldenError::Read`] or [`GoldenError::Json`] when the folder has no readable manifest;
/// whatever goes wrong inside a case is the outcome of that case.
pub fn run(
    folder: &Path,
    execution: Execution,
    tell: &mut dyn FnMut(&Outcome),
) -> Result<Vec<Outcome>, GoldenError> {
    let manifest: Manifest = read_json(&folder.join(MANIFEST))?;
    let mut outcomes = strays(folder, &manifest)?;
    if manifest.files.is_empty() {
        outcomes.push(Outcome::fail("manifest", "it lists no file"));
    }
    outcomes.iter().for_each(&mut *tell);
    for (file, entry) in &manifest.files {
        let ended = run_file(folder, execution, file, entry);
        ended.iter().for_each(&mut *tell);
        outcomes.extend(ended);
    }
    Ok(outcomes)
}

/// Data files that the manifest does not list would silently not run.
fn strays(folder: &Path, manifest: &Manifest) -> Result<Vec<Outcome>, GoldenError> {
    let refuse = |source| GoldenError::Read { path: folder.to_owned(), source };
    let mut outcomes = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(refuse)? {
        let name = entry.map_err(refuse)?.file_name().to_string_lossy().into_owned();
        let data = name.ends_with(".safetensors") || name.ends_with(".json");
        if data && name != MANIFEST && !manifest.files.contains_key(&name) {
            outcomes.push(Outcome::fail(name, "the manifest does not list this file"));
        }
    }
    outcomes.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(outcomes)
}

fn run_file(folder: &Path, execution: Execution, file: &str, entry: &Value) -> Vec<Outcome> {
    let name = file.rsplit_once('.').map_or(file, |(name, _)| name).to_owned();
    let entry = match Entry::deserialize(entry) {
        Ok(entry) => entry,
        Err(error) => return vec![Outcome::fail(name, format!("its manifest entry: {error}"))],
    };
    let case = Case { name: name.clone(), folder, path: folder.join(file), entry, execution };
    // A panic in the code under test is a verdict on this case, not the end of the run.
    match catch_unwind(AssertUnwindSafe(|| dispatch::run(&case))) {
        Ok(Ok(outcomes)) if outcomes.is_empty() => vec![Outcome::fail(name, "it holds no case")],
        Ok(Ok(outcomes)) => outcomes,
        Ok(Err(error)) => vec![Outcome::fail(name, error.to_string())],
        Err(_) => vec![Outcome::fail(name, "the code under test panicked")],
    }
}
