//! The steps of continuous integration.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::error::Error;
use crate::golden;
use crate::invocation::Invocation;
use crate::onnx;

/// One step: a name to start from, a sentence, and how to find out what to run.
#[derive(Debug)]
pub struct Step {
    /// Its name for `--from` and `--skip`.
    pub name: &'static str,
    /// The thing it checks.
    pub about: &'static str,
    /// Its work in a work tree with this root.
    pub plan: fn(&Path) -> Result<Plan, Error>,
}

/// The work that a step comes down to.
#[derive(Debug, PartialEq, Eq)]
pub enum Plan {
    /// These commands, one after the other.
    Commands(Vec<Invocation>),
    /// The tidy rules, in this process.
    Tidy,
    /// Nothing, for this reason.
    Skip(String),
}

/// Everything, cheapest first; a new step is a new row.
pub const STEPS: &[Step] = &[
    Step { name: "fmt", about: "the sources are formatted", plan: fmt },
    Step { name: "tidy", about: "the rules lints cannot see", plan: |_| Ok(Plan::Tidy) },
    Step { name: "deny", about: "licences and sources of dependencies", plan: deny },
    Step { name: "clippy", about: "no warning in any target", plan: clippy },
    Step { name: "docs", about: "no warning in the documentation", plan: docs },
    Step { name: "test", about: "unit and integration tests", plan: test },
    Step { name: "widths", about: "the kernels at every register width", plan: widths },
    Step { name: "doctest", about: "the examples in the documentation", plan: doctest },
    Step {
        name: "golden",
        about: "the numbers of the reference code, at every register width",
        plan: golden_cases,
    },
    Step { name: "onnx", about: "exported models, run by tract", plan: exported },
    Step { name: "examples", about: "every program in examples/ runs", plan: examples },
    Step { name: "run", about: "the main job on a small budget", plan: main_job },
];

/// One build for all programs, with the packages and the profile of the tests: cargo picks features
/// for the selected packages together, so any other choice compiles every dependency once more.
pub const BUILD: &str = "build --workspace --bins --examples";

fn one(command: Invocation) -> Result<Plan, Error> {
    Ok(Plan::Commands(vec![command]))
}

fn fmt(_: &Path) -> Result<Plan, Error> {
    one(Invocation::cargo("fmt --all --check"))
}

fn deny(_: &Path) -> Result<Plan, Error> {
    if cargo_has("deny") {
        one(Invocation::cargo("deny --workspace check licenses bans sources"))
    } else {
        Ok(Plan::Skip("cargo-deny is not installed".to_owned()))
    }
}

fn clippy(_: &Path) -> Result<Plan, Error> {
    one(Invocation::cargo("clippy --workspace --all-targets -- -D warnings"))
}

fn docs(_: &Path) -> Result<Plan, Error> {
    one(Invocation::cargo("doc --workspace --no-deps").variable("RUSTDOCFLAGS", "-D warnings"))
}

fn test(_: &Path) -> Result<Plan, Error> {
    one(Invocation::cargo(if cargo_has("nextest") {
        "nextest run --workspace"
    } else {
        "test --workspace --all-targets"
    }))
}

/// The program's switch, and its values.
const LANES: (&str, [&str; 4]) = ("DARTLOOM_LANES", ["1", "4", "8", "16"]);

fn widths(_: &Path) -> Result<Plan, Error> {
    // With the packages of the step `test`, so that nothing is compiled again; the filters leave
    // the tests of the kernels.
    let tests = if cargo_has("nextest") {
        "nextest run --workspace -E package(dartloom-kernels)"
    } else {
        "test --workspace --lib -- simd:: fused:: conv:: norm:: pool:: upsample:: window::"
    };
    let (variable, widths) = LANES;
    let run = |lanes| Invocation::cargo(tests).variable(variable, lanes);
    Ok(Plan::Commands(widths.map(run).into()))
}

fn doctest(_: &Path) -> Result<Plan, Error> {
    one(Invocation::cargo("test --doc --workspace"))
}

fn golden_cases(_: &Path) -> Result<Plan, Error> {
    let mut commands = golden::invocations(None)?;
    let runs = commands.split_off(1);
    for lanes in LANES.1 {
        commands.extend(runs.iter().map(|run| run.clone().variable(LANES.0, lanes)));
    }
    Ok(Plan::Commands(commands))
}

fn exported(_: &Path) -> Result<Plan, Error> {
    Ok(Plan::Commands(onnx::invocations()))
}

fn examples(root: &Path) -> Result<Plan, Error> {
    let names = example_names(&root.join("examples"))?;
    if names.is_empty() {
        return Ok(Plan::Skip("examples/ has no program".to_owned()));
    }
    let programs = names.into_iter().map(|(kind, name)| {
        let folder = if kind == "--example" { "target/debug/examples" } else { "target/debug" };
        Invocation::new(&format!("{folder}/{name}"), "")
    });
    Ok(Plan::Commands(std::iter::once(Invocation::cargo(BUILD)).chain(programs).collect()))
}

/// The programs of a package: its `examples/*.rs`, `src/bin/*.rs`, and the `[[example]]` and
/// `[[bin]]` tables of its manifest, each with the flag that selects it.
pub(super) fn example_names(package: &Path) -> Result<BTreeSet<(&'static str, String)>, Error> {
    let mut names = BTreeSet::new();
    for (flag, folder) in [("--example", "examples"), ("--bin", "src/bin")] {
        names.extend(sources(&package.join(folder))?.into_iter().map(|name| (flag, name)));
    }
    let path = package.join("Cargo.toml");
    let text = std::fs::read_to_string(&path)
        .map_err(|source| Error::Access { path: path.clone(), source })?;
    let manifest: toml::Table = toml::from_str(&text).map_err(|source| Error::Manifest {
        path: path.display().to_string(),
        source: Box::new(source),
    })?;
    for (flag, table) in [("--example", "example"), ("--bin", "bin")] {
        let targets = manifest.get(table).and_then(toml::Value::as_array).into_iter().flatten();
        let named = targets.filter_map(|target| target.get("name")?.as_str());
        names.extend(named.map(|name| (flag, name.to_owned())));
    }
    Ok(names)
}

/// Stems of the Rust files directly in `folder`; none when it does not exist.
fn sources(folder: &Path) -> Result<Vec<String>, Error> {
    let failed = |source| Error::Access { path: folder.to_path_buf(), source };
    if !folder.exists() {
        return Ok(Vec::new());
    }
    let mut stems = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.extension().is_some_and(|extension| extension == "rs")
            && let Some(stem) = path.file_stem()
        {
            stems.push(stem.to_string_lossy().into_owned());
        }
    }
    Ok(stems)
}

/// One seed of the embedded digits experiment, in a run directory below the build directory.
fn main_job(_: &Path) -> Result<Plan, Error> {
    one(Invocation::cargo("run --release -- run --seeds 1 --overwrite --out target/ci/digits"))
}

/// `true` if `cargo NAME` exists.
fn cargo_has(name: &str) -> bool {
    Command::new("cargo")
        .args([name, "--version"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}
