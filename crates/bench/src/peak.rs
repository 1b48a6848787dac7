//! The rate of the matrix product, the most that the cores give.

use candle_core::{Device, Tensor};
use serde::Serialize;

use super::args::{PeakArguments, default_threads};
use super::as_json;
use super::measure::{best, median, repeat};
use crate::error::BenchError;
use dartloom_engine::room;
use dartloom_report::table;

#[derive(Debug, Serialize)]
struct Peak {
    benchmark: &'static str,
    /// Rows and columns of the f32 matrices.
    size: usize,
    rates: Vec<Rate>,
}

/// 10^9 additions and multiplications per second.
#[derive(Debug, Serialize)]
struct Rate {
    threads: usize,
    gflop_per_second: f64,
    gflop_per_second_best: f64,
}

pub(super) fn run(arguments: &PeakArguments) -> Result<String, BenchError> {
    // Two factors and their product.
    let needs = |_| (arguments.size as u64).checked_pow(2)?.checked_mul(3 * 4);
    room::admit(|| format!("matrices of {0}x{0}", arguments.size), 1, needs)?;
    let most = arguments.threads.unwrap_or_else(default_threads);
    let mut rates = vec![rate(1, arguments)?];
    if most > 1 {
        rates.push(rate(most, arguments)?);
    }
    let peak = Peak { benchmark: "peak", size: arguments.size, rates };
    if arguments.json {
        return as_json(&peak);
    }
    let mut rows = vec![["threads", "GFLOP/s", "best"].map(str::to_owned).to_vec()];
    for rate in &peak.rates {
        let figures = [rate.gflop_per_second, rate.gflop_per_second_best];
        let figures = figures.map(|figure| format!("{figure:.1}"));
        rows.push([vec![rate.threads.to_string()], figures.to_vec()].concat());
    }
    Ok(table(&rows))
}

/// The product in a pool of its own: the library splits it for as many threads as the program
/// has, and the pool decides how many work.
fn rate(threads: usize, arguments: &PeakArguments) -> Result<Rate, BenchError> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build()?;
    let seconds = pool.install(|| products(arguments))?;
    let gflop = 2e-9 * (arguments.size as f64).powi(3);
    let gflop_per_second = gflop / median(&seconds);
    let gflop_per_second_best = gflop / best(&seconds);
    Ok(Rate { threads, gflop_per_second, gflop_per_second_best })
}

fn products(arguments: &PeakArguments) -> Result<Vec<f64>, BenchError> {
    let size = arguments.size;
    let matrix = |first: f64| -> candle_core::Result<Tensor> {
        let values: Vec<f32> =
            (0..size * size).map(|i| (first + 0.37 * i as f64).sin() as f32).collect();
        Tensor::from_vec(values, (size, size), &Device::Cpu)
    };
    let left = matrix(0.0).map_err(BenchError::work)?;
    let right = matrix(1.0).map_err(BenchError::work)?;
    repeat(arguments.seconds, || left.matmul(&right).map(drop).map_err(BenchError::work))
}
