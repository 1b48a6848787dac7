#![doc = include_str!("../README.md")]
#![allow(
    clippy::print_stderr,
    reason = "this is the program: progress and errors go to stderr, results to stdout"
)]

mod args;
mod count;
mod decode;
mod draw;
mod error;
mod experiment;
mod genotype;
mod output;
mod run;
mod spaces;
mod svg;
mod table;

use std::process::ExitCode;

use clap::Parser as _;

use args::{Arguments, Command};

fn main() -> ExitCode {
    let result = match Arguments::parse().command.unwrap_or_default() {
        Command::Run(arguments) => {
            run::single_pool();
            run::run(&arguments)
        }
        Command::Decode(arguments) => decode::run(&arguments),
        Command::Count(arguments) => count::run(&arguments),
        Command::Draw(arguments) => draw::run(&arguments),
    };
    result.unwrap_or_else(|error| {
        eprintln!("error: {error}");
        error.exit_code()
    })
}
