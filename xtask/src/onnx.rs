//! Exported models, run by tract: a program of the workspace writes them, and a package beside it,
//! which alone depends on tract, runs them.

use crate::ci::BUILD;
use crate::invocation::Invocation;

/// The folder of the models, from the root of the workspace.
const FOLDER: &str = "target/ci/onnx";

/// The commands that write the models and compare them.
pub fn invocations() -> Vec<Invocation> {
    let run = "run --locked --manifest-path tests/tract/Cargo.toml --target-dir target/tract --";
    vec![
        Invocation::cargo(BUILD),
        Invocation::new("target/debug/onnx", FOLDER),
        Invocation::cargo(run).words(FOLDER),
    ]
}
