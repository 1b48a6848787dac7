//! The machine's rate of matrix products, as a measure for all others.

use serde_json::json;

use super::programs::Programs;
use super::record::Record;
use crate::error::Error;
use crate::say::say;

/// 10^9 operations per second of the best product, by number of threads.
#[derive(Debug)]
pub(super) struct Peak(Vec<(u64, f64)>);

impl Peak {
    /// The best rate on so many threads.
    pub(super) fn best(&self, threads: u32) -> Option<f64> {
        self.0.iter().find(|(known, _)| *known == u64::from(threads)).map(|&(_, rate)| rate)
    }
}

/// Measures on one thread and on `threads`.
pub(super) fn measure(
    programs: &Programs,
    threads: u32,
    record: &mut Record,
) -> Result<Peak, Error> {
    let figures = programs.candidate(&format!("bench peak --json --threads {threads}"))?;
    let rates = figures.value["rates"].as_array().into_iter().flatten().map(|rate| {
        let best = rate["gflop_per_second_best"].as_f64()?;
        Some((rate["threads"].as_u64()?, best))
    });
    let rates: Option<Vec<_>> = rates.collect();
    let rates = rates.filter(|rates| !rates.is_empty());
    let rates = rates.ok_or_else(|| figures.lacks("rates of matrix products".to_owned()))?;
    for (threads, rate) in &rates {
        say!("peak of f32 matrix products on {threads} threads: {rate:.1} GFLOP/s");
    }
    record.line(&json!({ "kind": "peak", "figures": figures.value }))?;
    Ok(Peak(rates))
}
