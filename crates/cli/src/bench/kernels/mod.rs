//! Single kernels through their public functions.

mod plane;
mod rows;

pub(crate) use plane::Plane;

use serde::Serialize;

use super::args::KernelsArguments;
use super::measure::{best, median, repeat};
use super::{instruction_set, print_json};
use crate::error::CliError;
use crate::output;
use crate::table::table;
use rows::{Operands, ROWS, Row};

/// Batches when none is asked for.
const BATCHES: [usize; 2] = [16, 64];
/// Inputs when none is asked for: those of DARTS' search network, and of its stem.
const PLANES: [Plane; 4] =
    [Plane::new(3, 32), Plane::new(16, 32), Plane::new(32, 16), Plane::new(64, 8)];

/// Times of all kernels that were asked for.
#[derive(Debug, Serialize)]
struct Kernels {
    benchmark: &'static str,
    threads: usize,
    instruction_set: &'static str,
    kernels: Vec<Times>,
}

/// Milliseconds of one kernel on one input.
#[derive(Debug, Serialize)]
struct Times {
    kernel: &'static str,
    batch: usize,
    shape: String,
    /// Forward, with what a backward pass needs.
    forward_ms: f64,
    forward_ms_best: f64,
    /// Forward, then the gradients of the input and of all weights.
    both_ms: f64,
    both_ms_best: f64,
}

pub(super) fn run(arguments: &KernelsArguments) -> Result<(), CliError> {
    let mut kernels = Vec::new();
    for (row, batch, plane) in chosen(arguments)? {
        kernels.push(times(row, batch, plane, arguments.seconds)?);
    }
    let threads = rayon::current_num_threads();
    let instruction_set = instruction_set()?;
    if arguments.json {
        return print_json(&Kernels { benchmark: "kernels", threads, instruction_set, kernels });
    }
    let head = ["kernel", "batch", "shape", "f ms", "best", "f+b ms", "best"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    for times in &kernels {
        let figures = [times.forward_ms, times.forward_ms_best, times.both_ms, times.both_ms_best];
        let names = [times.kernel.to_owned(), times.batch.to_string(), times.shape.clone()];
        rows.push([names.to_vec(), figures.map(|figure| format!("{figure:.3}")).to_vec()].concat());
    }
    output::print(&format!("{}\ninstruction set: {instruction_set}\n", table(&rows)))
}

/// Every kernel, batch and input that is asked for.
fn chosen(arguments: &KernelsArguments) -> Result<Vec<(&'static Row, usize, Plane)>, CliError> {
    for name in &arguments.kernel {
        if !ROWS.iter().any(|row| row.name == name) {
            return Err(CliError::UnknownName {
                found: name.clone(),
                what: "kernel",
                known: ROWS.iter().map(|row| row.name.to_owned()).collect(),
            });
        }
    }
    let batches = if arguments.batch.is_empty() { &BATCHES[..] } else { &arguments.batch };
    let planes = if arguments.shape.is_empty() { &PLANES[..] } else { &arguments.shape };
    let asked =
        |row: &&Row| arguments.kernel.is_empty() || arguments.kernel.iter().any(|n| n == row.name);
    let mut chosen = Vec::new();
    for row in ROWS.iter().filter(asked) {
        for &batch in batches {
            let planes = planes.iter().filter(|plane| row.takes(plane.channels));
            chosen.extend(planes.map(|&plane| (row, batch, plane)));
        }
    }
    if chosen.is_empty() {
        return Err(CliError::OptionValue {
            option: "--shape",
            expected: "3 channels for stem3x3, another number for the other kernels",
            found: planes.iter().map(Plane::to_string).collect::<Vec<_>>().join(", "),
        });
    }
    Ok(chosen)
}

fn times(row: &Row, batch: usize, plane: Plane, budget: f64) -> Result<Times, CliError> {
    let operands = Operands::new(row, batch, plane).map_err(CliError::work)?;
    let forward = || (row.forward)(&operands).map_err(CliError::work);
    let only = repeat(budget, || forward().map(drop))?;
    let both = repeat(budget, || {
        // From a result that is no scalar, backward starts with ones.
        forward()?.backward().map(drop).map_err(CliError::work)
    })?;
    Ok(Times {
        kernel: row.name,
        batch,
        shape: plane.to_string(),
        forward_ms: 1e3 * median(&only),
        forward_ms_best: 1e3 * best(&only),
        both_ms: 1e3 * median(&both),
        both_ms_best: 1e3 * best(&both),
    })
}
