#![doc = include_str!("../README.md")]

mod args;
mod bench;
mod blocks;
mod check;
mod correlate;
mod count;
mod crops;
mod decode;
mod distance;
mod draw;
mod error;
mod estimate;
mod evaluate;
mod export;
mod limits;
mod option;
mod output;
mod plan;
mod predict;
mod regret;
mod report;
mod run;
mod say;
mod score;
mod worker;

use std::process::ExitCode;

use clap::Parser as _;

use args::{Arguments, Command};
use dartloom::kernels::InstructionSet;
use say::say;

/// A training step frees and asks for the same large tensors again and again; the system's
/// allocator gives them back in between, and every page is then cleared and mapped anew.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    limits::hear_of_them();
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(message) => return output::told(&message),
    };
    // A wish for vector instructions that means nothing is refused before anything is done.
    if let Err(error) = InstructionSet::in_use() {
        return exit_code(Err(error::CliError::input(error)));
    }
    if let Err(error) = run::check() {
        return exit_code(Err(error));
    }
    match arguments.command.unwrap_or_default() {
        Command::Run(arguments) => {
            run::settings();
            // A kernel called from outside rayon's pool has to wake a worker and wait for it; from
            // inside, small work is done where it is.
            rayon::scope(|_| exit_code(run::run(&arguments)))
        }
        Command::Bench(arguments) => {
            run::settings_for(arguments.threads());
            rayon::scope(|_| exit_code(bench::run(&arguments)))
        }
        Command::Worker(arguments) => rayon::scope(|_| exit_code(worker::run(&arguments))),
        Command::Score(arguments) => {
            run::settings();
            rayon::scope(|_| exit_code(score::run(&arguments)))
        }
        Command::Blocks(arguments) => {
            run::settings();
            rayon::scope(|_| exit_code(blocks::run(&arguments)))
        }
        Command::Correlate(arguments) => {
            run::settings();
            rayon::scope(|_| exit_code(correlate::run(&arguments)))
        }
        Command::Predict(arguments) => {
            run::settings();
            rayon::scope(|_| exit_code(predict::run(&arguments)))
        }
        Command::Evaluate(arguments) => {
            run::settings();
            rayon::scope(|_| exit_code(evaluate::run(&arguments)))
        }
        Command::Regret(arguments) => exit_code(regret::run(&arguments)),
        Command::Report(arguments) => exit_code(report::report(&arguments)),
        Command::Status(arguments) => exit_code(report::status(&arguments)),
        Command::Decode(arguments) => exit_code(decode::run(&arguments)),
        Command::Count(arguments) => exit_code(count::run(&arguments)),
        Command::Distance(arguments) => exit_code(distance::run(&arguments)),
        Command::Check(arguments) => exit_code(check::run(&arguments)),
        Command::Plan(arguments) => {
            run::settings();
            exit_code(plan::run(&arguments))
        }
        Command::Estimate(arguments) => exit_code(estimate::run(&arguments)),
        Command::Export(arguments) => exit_code(export::run(&arguments)),
        Command::Draw(arguments) => exit_code(draw::run(&arguments)),
    }
}

fn exit_code(result: Result<ExitCode, error::CliError>) -> ExitCode {
    result.unwrap_or_else(|error| {
        say!("error: {error}");
        error.exit_code()
    })
}
