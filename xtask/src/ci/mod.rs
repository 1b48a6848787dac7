//! `cargo xtask ci`: the one command that equals continuous integration.

mod steps;

pub use steps::{BUILD, Plan, STEPS, Step};

use std::path::Path;
use std::time::Instant;

use crate::error::Error;
use crate::say::say;
use crate::tidy;

/// The steps from `from` on (all of them without it), leaving out those in `skip`.
///
/// # Errors
/// [`Error::UnknownStep`] for a name no step has.
pub fn select(from: Option<&str>, skip: &[String]) -> Result<Vec<&'static Step>, Error> {
    let first = from.map_or(Ok(0), position)?;
    for name in skip {
        position(name)?;
    }
    let wanted = |step: &&Step| !skip.iter().any(|name| name == step.name);
    Ok(STEPS[first..].iter().filter(wanted).collect())
}

fn position(name: &str) -> Result<usize, Error> {
    STEPS.iter().position(|step| step.name == name).ok_or_else(|| Error::UnknownStep {
        found: name.to_owned(),
        known: STEPS.iter().map(|step| step.name).collect::<Vec<_>>().join(", "),
    })
}

/// Prints the steps and their commands.
///
/// # Errors
/// When the work tree cannot be read.
pub fn list(root: &Path, steps: &[&Step]) -> Result<(), Error> {
    for step in steps {
        say!("{:<9} {}", step.name, step.about);
        match (step.plan)(root)? {
            Plan::Commands(commands) => {
                commands.iter().for_each(|command| say!("            {command}"));
            }
            Plan::Tidy => say!("            cargo xtask tidy"),
            Plan::Skip(reason) => say!("            (skipped: {reason})"),
        }
    }
    Ok(())
}

/// Runs the steps in order and stops at the first that fails.
///
/// # Errors
/// [`Error::Step`] with the name of the step that failed and why.
pub fn run(root: &Path, steps: &[&Step]) -> Result<(), Error> {
    let start = Instant::now();
    for step in steps {
        say!("\n== {}: {}", step.name, step.about);
        let begin = Instant::now();
        perform(root, step)
            .map_err(|source| Error::Step { step: step.name, source: Box::new(source) })?;
        say!("== {}: done in {:.1} s", step.name, begin.elapsed().as_secs_f64());
    }
    say!("\n== {} steps passed in {:.1} s", steps.len(), start.elapsed().as_secs_f64());
    Ok(())
}

fn perform(root: &Path, step: &Step) -> Result<(), Error> {
    match (step.plan)(root)? {
        Plan::Commands(commands) => {
            for command in commands {
                say!("$ {command}");
                command.run(root)?;
            }
        }
        Plan::Tidy => tidy::run(root)?,
        Plan::Skip(reason) => say!("skipped: {reason}"),
    }
    Ok(())
}

#[cfg(test)]
mod tests;
