//! Single kernels through their public functions.

mod plane;
mod rows;

pub(crate) use plane::Plane;

use serde::Serialize;

use super::args::KernelsArguments;
use super::measure::{best, median, repeat};
use super::{as_json, instruction_set};
use crate::error::BenchError;
use dartloom_engine::room;
use dartloom_report::table;
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

pub(super) fn run(arguments: &KernelsArguments) -> Result<String, BenchError> {
    let mut kernels = Vec::new();
    let chosen = chosen(arguments)?;
    chosen.iter().try_for_each(|&(row, batch, plane)| admit(row, batch, plane))?;
    for (row, batch, plane) in chosen {
        kernels.push(times(row, batch, plane, arguments.seconds)?);
    }
    let threads = rayon::current_num_threads();
    let instruction_set = instruction_set()?;
    if arguments.json {
        return as_json(&Kernels { benchmark: "kernels", threads, instruction_set, kernels });
    }
    let head = ["kernel", "batch", "shape", "f ms", "best", "f+b ms", "best"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    for times in &kernels {
        let figures = [times.forward_ms, times.forward_ms_best, times.both_ms, times.both_ms_best];
        let names = [times.kernel.to_owned(), times.batch.to_string(), times.shape.clone()];
        rows.push([names.to_vec(), figures.map(|figure| format!("{figure:.3}")).to_vec()].concat());
    }
    Ok(format!("{}\ninstruction set: {instruction_set}\n", table(&rows)))
}

/// Every kernel, batch and input that is asked for.
fn chosen(arguments: &KernelsArguments) -> Result<Vec<(&'static Row, usize, Plane)>, BenchError> {
    for name in &arguments.kernel {
        if !ROWS.iter().any(|row| row.name == name) {
            return Err(BenchError::UnknownName {
                found: name.clone(),
                what: "kernel",
                known: ROWS.iter().map(|row| row.name.to_owned()).collect(),
            });
        }
    }
    let batches = if arguments.batch.is_empty() { &BATCHES[..] } else { &arguments.batch };
    let planes = if arguments.shape.is_empty() { &PLANES[..] } else { &arguments.shape };
    let named = |row: &&Row| arguments.kernel.iter().any(|name| name == row.name);
    let rows: Vec<&Row> =
        ROWS.iter().filter(|row| arguments.kernel.is_empty() || named(row)).collect();
    // Every shape and every kernel that is asked for has its counterpart.
    let idle =
        arguments.shape.iter().find(|plane| !rows.iter().any(|row| row.takes(plane.channels)));
    let alone = rows.iter().filter(|row| named(row));
    let alone = alone.copied().find(|row| !planes.iter().any(|plane| row.takes(plane.channels)));
    if idle.is_some() || alone.is_some() {
        let idle = idle.map(Plane::to_string);
        return Err(BenchError::OptionValue {
            option: "--shape",
            expected: "3 channels for stem3x3, another number for the other kernels",
            found: idle.or(alone.map(|row| format!("none for {}", row.name))).unwrap_or_default(),
        });
    }
    let mut chosen = Vec::new();
    for row in rows {
        for &batch in batches {
            let planes = planes.iter().filter(|plane| row.takes(plane.channels));
            chosen.extend(planes.map(|&plane| (row, batch, plane)));
        }
    }
    Ok(chosen)
}

/// Refuses a kernel that needs more memory than there is: operands, outputs and gradients.
fn admit(row: &Row, batch: usize, plane: Plane) -> Result<(), BenchError> {
    // Two operands, a result, and the gradients of all three.
    let values = row.outputs(plane.channels).max(plane.channels) as u64 * 6;
    let values = values.saturating_mul((plane.side as u64).saturating_mul(plane.side as u64));
    let needs = |batch: usize| values.checked_mul(batch as u64)?.checked_mul(4);
    Ok(room::admit(|| format!("{} on {batch} inputs of {plane}", row.name), batch, needs)?)
}

fn times(row: &Row, batch: usize, plane: Plane, budget: f64) -> Result<Times, BenchError> {
    let operands = Operands::new(row, batch, plane).map_err(BenchError::work)?;
    let forward = || (row.forward)(&operands).map_err(BenchError::work);
    let only = repeat(budget, || forward().map(drop))?;
    let both = repeat(budget, || {
        // From a result that is no scalar, backward starts with ones.
        forward()?.backward().map(drop).map_err(BenchError::work)
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
