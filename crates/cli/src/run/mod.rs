//! `dartloom run`.

mod command;
mod curves;
mod directory;
mod log;
mod memory;
mod pace;
mod pictures;
mod progress;
mod settings;
mod signal;
mod verdict;
mod workers;

pub(crate) use directory::check_images;
pub(crate) use settings::{settings, settings_for};

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use dartloom::dist::LocalConfig;
use dartloom::record::{CsvEpochs, Event, Fanout, JsonLines, Leg, Observer as _, RunLayout};
use dartloom::verdict::Comparison;

use crate::args::RunArguments;
use crate::error::CliError;
use crate::experiment::{self, Chosen, Experiment, Plan};
use crate::output;
use crate::say::say;
use directory::{Place, Start};

/// Stopped by the user, as shells report it.
const STOPPED: u8 = 130;

/// Runs an experiment, or goes on with it.
pub(crate) fn run(arguments: &RunArguments) -> Result<ExitCode, CliError> {
    let (experiment, origin) = resolve(arguments)?;
    let out = arguments.out.clone();
    let out = out.unwrap_or_else(|| PathBuf::from("runs").join(&experiment.name));
    let plan = Plan::new(experiment, &origin)?;
    let pool = workers::pool(arguments, !plan.experiment().explorers.is_empty())?;
    memory::check(&plan.comparison(), &pool, arguments.memory)?;
    let mut place = Place::open(&out, &plan, arguments.overwrite, &mut |line| say!("{line}"))?;
    match place.start() {
        Start::Finished(verdict) if is_whole(&plan, &place)? => {
            say!(
                "{} is finished; this is its stored verdict (--overwrite starts anew)",
                out.display()
            );
            output::print(verdict)?;
            return Ok(ExitCode::SUCCESS);
        }
        Start::Finished(_) | Start::Resumed => say!("going on with the run in {}", out.display()),
        Start::Fresh => say!("running {} in {}", plan.experiment().name, out.display()),
    }
    compare(&plan, &mut place, pool, &out)
}

/// Whether every leg of a finished run is as it was written.
fn is_whole(plan: &Plan, place: &Place) -> Result<bool, CliError> {
    Ok(plan.comparison().finished(place.dir()).map_err(CliError::work)?.is_some())
}

/// The experiment that is asked for, and what to call it in messages.
fn resolve(arguments: &RunArguments) -> Result<(Experiment, String), CliError> {
    let methods = Chosen::of(&arguments.method)?;
    let (mut experiment, origin) = match &arguments.experiment {
        Some(path) => (experiment::load(path, &methods)?, path.display().to_string()),
        None => (experiment::builtin(&methods)?, "the built-in experiment".to_owned()),
    };
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

fn compare(
    plan: &Plan,
    place: &mut Place,
    pool: LocalConfig,
    out: &Path,
) -> Result<ExitCode, CliError> {
    let workers = workers::Processes::new(pool, place.experiment())?;
    let comparison = Comparison { workers: Some(&workers), ..plan.comparison() };
    let tried = workers.try_out(&comparison.explorers, place.dir());
    place.begun(tried)?;
    let signal = signal::Signal::listen()?;
    let origin = Instant::now();
    let clock = move || origin.elapsed().as_secs_f64();
    let mut observers = observers(plan, &comparison.legs(), place, signal)?;
    let started = Event::RunStarted {
        name: plan.experiment().name.clone(),
        seed: plan.experiment().seeds.first().copied().unwrap_or(0),
        config: experiment::to_json(plan.experiment())?,
    };
    // Nothing has begun: a wish to stop is heard at the first phase.
    let _ = observers.on_event(&started).map_err(CliError::work)?;
    let report = comparison.run(place.dir(), &mut observers, &clock);
    drop(observers);
    let Some(report) = report.map_err(CliError::work)? else {
        say!("stopped, and everything is saved; to go on: {}", command::again());
        return Ok(ExitCode::from(STOPPED));
    };
    let verdict = verdict::render(plan.experiment(), &report, out);
    place.finish(&report, &verdict)?;
    output::print(&verdict)?;
    Ok(ExitCode::SUCCESS)
}

fn observers(
    plan: &Plan,
    legs: &[Leg],
    place: &Place,
    signal: signal::Signal,
) -> Result<Fanout, CliError> {
    let dir = place.dir();
    let events = JsonLines::with_clock(
        dir.append(RunLayout::EVENTS).map_err(CliError::work)?,
        Box::new(log::seconds_since_1970),
    );
    let metrics = dir.append(RunLayout::EPOCHS).map_err(CliError::work)?;
    // A table that was begun has its header already.
    let begun = metrics.metadata().is_ok_and(|file| file.len() > 0);
    let metrics = if begun { CsvEpochs::append(metrics) } else { CsvEpochs::new(metrics) };
    let log = dir.append(RunLayout::LOG).map_err(CliError::work)?;
    Ok(Fanout(vec![
        Box::new(events),
        Box::new(metrics),
        Box::new(pictures::Pictures::new(dir.clone())),
        Box::new(curves::Curves::new(dir.clone())),
        Box::new(progress::Progress::new(&plan.experiment().seeds, legs, log)),
        Box::new(signal),
    ]))
}
