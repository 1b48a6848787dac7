//! `dartloom run`.

mod command;
mod date;
mod progress;
mod settings;
mod signal;

pub(crate) use settings::{check, settings, settings_for};
pub(crate) use signal::Signal;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use dartloom::record::RunLayout;
use dartloom_engine::experiment::{self, Chosen};
use dartloom_engine::machine::Available;
use dartloom_engine::run::{Host, Options, Outcome, Run, Start, WorkerOptions};
use dartloom_engine::{EngineError, Experiment, Plan};

use crate::args::RunArguments;
use crate::error::CliError;
use crate::output;
use crate::say::say;

/// Stopped by the user, as shells report it.
pub(crate) const STOPPED: u8 = 130;

/// Runs an experiment, or goes on with it.
pub(crate) fn run(arguments: &RunArguments) -> Result<ExitCode, CliError> {
    let (experiment, origin) = resolve(arguments)?;
    let plan = Plan::new(experiment, &origin)?;
    let options = options(arguments, plan.experiment());
    let origin = Instant::now();
    let clock = move || origin.elapsed().as_secs_f64();
    let host = Host {
        command: command::words(),
        system: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
        worker: Some(this_program()?),
        clock: &clock,
        date: date::seconds_since_1970,
    };
    let mut run = Run::open(plan, &options, &host, &mut |line| say!("{line}"))?;
    let out = options.out.display();
    match run.start() {
        Start::Finished(verdict) => {
            say!("{out} is finished; this is its stored verdict (--overwrite starts anew)");
            output::print(verdict)?;
            return Ok(ExitCode::SUCCESS);
        }
        Start::Resumed => say!("going on with the run in {out}"),
        Start::Fresh => say!("running {} in {out}", run.plan().experiment().name),
    }
    run.begin(&host)?;
    go(&mut run, &host)
}

/// The experiment that is asked for, and what to call it in messages.
fn resolve(arguments: &RunArguments) -> Result<(Experiment, String), CliError> {
    let data = arguments.data.as_deref().map(dartloom_engine::check::named).transpose()?;
    let methods = Chosen::of(&arguments.method)?.on(data);
    let (mut experiment, origin) = match &arguments.experiment {
        Some(path) => (experiment::load(path, &methods)?, path.display().to_string()),
        None => (experiment::builtin(&methods)?, "the built-in experiment".to_owned()),
    };
    if let Some(baseline) = &arguments.baseline {
        experiment = experiment::set(&experiment, &format!("baseline={baseline}"))?;
    }
    for assignment in &arguments.set {
        experiment = experiment::set(&experiment, assignment)?;
    }
    if let Some(seeds) = arguments.seeds {
        let is_seeds = |text: &&String| text.trim_start().starts_with("seeds");
        if let Some(found) = arguments.set.iter().find(is_seeds) {
            let expected = "no seeds beside those of --seeds";
            return Err(CliError::OptionValue { option: "--set", expected, found: found.clone() });
        }
        experiment.seeds = (0..seeds).collect();
    }
    Ok((experiment, origin))
}

fn options(arguments: &RunArguments, experiment: &Experiment) -> Options {
    let out = arguments.out.clone();
    let memory = arguments.memory;
    Options {
        out: out.unwrap_or_else(|| PathBuf::from("runs").join(&experiment.name)),
        overwrite: arguments.overwrite,
        workers: WorkerOptions {
            count: arguments.workers,
            memory: arguments.worker_memory,
            stall: arguments.worker_stall,
        },
        memory: memory.map(|bytes| Available { bytes, source: "--memory gives".to_owned() }),
    }
}

/// The file of this program, which is its own worker.
pub(crate) fn this_program() -> Result<PathBuf, CliError> {
    std::env::current_exe()
        .map_err(|source| CliError::Read { path: PathBuf::from("this program"), source })
}

fn go(run: &mut Run, host: &Host<'_>) -> Result<ExitCode, CliError> {
    let signal = signal::Signal::listen()?;
    let log = run.dir().append(RunLayout::LOG).map_err(EngineError::work)?;
    let legs = run.plan().comparison().legs();
    let plan = run.plan();
    let objective = plan.comparison().task.objective();
    let progress = progress::Progress::new(&plan.experiment().seeds, &legs, objective, log);
    match run.go(vec![Box::new(progress), Box::new(signal)], host)? {
        Outcome::Finished { verdict, .. } => {
            output::print(&verdict)?;
            Ok(ExitCode::SUCCESS)
        }
        _ => {
            say!("stopped, and everything is saved; to go on: {}", command::again());
            Ok(ExitCode::from(STOPPED))
        }
    }
}
