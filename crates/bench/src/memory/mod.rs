//! `dartloom bench memory`: predicted against measured peaks.

mod case;
mod child;
mod report;
mod rss;

use std::path::Path;
use std::process::{Command, Stdio};

use dartloom::noise::Noise;
use dartloom::presets;

pub(super) use rss::{Baseline, mib};

use super::args::{MemoryArguments, default_threads};
use super::{Caller, as_json};
use crate::error::BenchError;
use case::{Case, Subject};
use dartloom_engine::{EngineError, output, spaces};
use report::{Report, Row};

/// In-edges that nodes of candidates keep, in spaces whose nodes choose.
const TOP: usize = 2;

pub(super) fn run(
    arguments: &MemoryArguments,
    caller: &mut Caller<'_>,
) -> Result<String, BenchError> {
    if let Some(case) = &arguments.child {
        return child::run(case);
    }
    let mut rows = Vec::new();
    arguments.csv.as_deref().map_or(Ok(()), output::check_place)?;
    let threads = arguments.pace.threads.unwrap_or_else(default_threads);
    let cases = cases(arguments)?;
    for case in &cases {
        case.admit(threads)?;
    }
    for case in cases {
        let row = row(&case, arguments, &caller.program)?;
        (caller.say)(&row.line());
        rows.push(row);
    }
    let report = Report::new(rows);
    if let Some(path) = &arguments.csv {
        output::write(path, &report.csv())?;
    }
    if arguments.pace.json { as_json(&report) } else { Ok(report.table()) }
}

/// Candidates of the spaces, then presets.
fn cases(arguments: &MemoryArguments) -> Result<Vec<Case>, BenchError> {
    let mut subjects = Vec::new();
    for name in &arguments.space {
        let space = spaces::resolve(name)?;
        let domain = case::domain(&space, TOP);
        for candidate in 0..arguments.candidates {
            let mut rng = Noise::new(arguments.seed).stream(name, candidate as u64);
            let genotype = domain.sample(&mut rng).map_err(BenchError::input)?;
            subjects.push(Subject::Candidate { space: name.clone(), candidate, genotype });
        }
    }
    let all = presets::names().filter(|_| arguments.presets).map(str::to_owned);
    for name in arguments.preset.iter().cloned().chain(all) {
        subjects.push(Subject::Preset { name });
    }
    if subjects.is_empty() {
        let option = "bench memory";
        let expected = "--space, --preset or --presets";
        return Err(BenchError::OptionValue { option, expected, found: "none of them".to_owned() });
    }
    let case = |subject| Case {
        subject,
        channels: arguments.channels,
        batch: arguments.images.batch,
        input: arguments.images.input,
        recompute: arguments.recompute.into(),
        staged: arguments.staged,
        steps: arguments.pace.warm_up + arguments.pace.steps,
    };
    Ok(subjects.into_iter().map(case).collect())
}

/// Trains a case in a process of its own and predicts what that takes.
fn row(case: &Case, arguments: &MemoryArguments, program: &Path) -> Result<Row, BenchError> {
    let threads = arguments.pace.threads.unwrap_or_else(default_threads);
    let predicted = mib(case.predict(threads)?.total());
    let text = serde_json::to_string(case)
        .map_err(|error| EngineError::Encode { what: "a case", message: error.to_string() })?;
    let failed = |message: String| BenchError::Child { case: case.name(), message };
    let mut command = Command::new(program);
    command.args(["bench", "memory", "--child", &text]).stderr(Stdio::inherit());
    if let Some(threads) = arguments.pace.threads {
        command.arg("--threads").arg(threads.to_string());
    }
    let done = command.output().map_err(|error| failed(error.to_string()))?;
    let said = String::from_utf8_lossy(&done.stdout);
    let measured = said.trim().parse::<f64>();
    match measured {
        // An error is a share of what was measured.
        Ok(measured) if done.status.success() && measured > 0.0 => {
            Ok(Row::new(case.name(), predicted, measured))
        }
        _ => Err(failed(format!("{}, {said}", done.status))),
    }
}
