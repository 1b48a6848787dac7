//! `dartloom estimate`.

use std::process::ExitCode;

use dartloom::net::memory::{Admission, Range, Ranges};
use dartloom_bench::default_threads;
use dartloom_engine::Plan;
use dartloom_engine::estimate::{Estimate, MethodEstimate, SearchEstimate, SpaceEstimate};
use dartloom_engine::experiment::{self, Chosen};
use dartloom_report::table;

use crate::args::EstimateArguments;
use crate::error::CliError;
use crate::output;

/// Predicts what an experiment needs and prints it.
pub(crate) fn run(arguments: &EstimateArguments) -> Result<ExitCode, CliError> {
    let origin = arguments.experiment.display().to_string();
    let experiment = experiment::load(&arguments.experiment, &Chosen::default())?;
    let plan = Plan::new(experiment, &origin)?;
    let threads = arguments.threads.unwrap_or_else(default_threads);
    let estimate = Estimate::of(&plan, threads, arguments.memory)?;
    output::print(&render(&estimate, arguments.json)?)?;
    Ok(ExitCode::SUCCESS)
}

fn render(estimate: &Estimate, json: bool) -> Result<String, CliError> {
    if json {
        return output::json(estimate, "the estimate");
    }
    let head = ["what", "parameters", "multiply-adds", "peak MiB", "verdict"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    for MethodEstimate { method, search, candidates, retraining } in &estimate.methods {
        rows.extend(search.iter().flat_map(|search| search_rows(search, method)));
        rows.extend(space_rows(candidates, &format!("{method}: candidates")));
        rows.extend(space_rows(retraining, &format!("{method}: retraining")));
    }
    Ok(table(&rows))
}

fn search_rows(search: &SearchEstimate, method: &str) -> Vec<Vec<String>> {
    let whole = vec![
        format!("{method}: search"),
        search.parameters.to_string(),
        search.macs.to_string(),
        mib(search.total as f64),
        verdict(search.admission),
    ];
    let empty = String::new;
    let part =
        |(name, bytes)| vec![format!("  {name}"), empty(), empty(), mib(bytes as f64), empty()];
    std::iter::once(whole).chain(search.memory.parts().map(part)).collect()
}

fn space_rows(space: &SpaceEstimate, what: &str) -> Vec<Vec<String>> {
    let Ranges { parameters, macs, memory, .. } = space.ranges;
    let row = |name: &str, of: fn(Range) -> f64, verdict: String| {
        let [parameters, macs] = [parameters, macs].map(|range| format!("{:.0}", of(range)));
        vec![format!("{what}, {name}"), parameters, macs, mib(of(memory)), verdict]
    };
    vec![
        row("least", |range| range.least as f64, String::new()),
        row("mean", |range| range.mean, String::new()),
        row("most", |range| range.most as f64, verdict(space.admission)),
    ]
}

fn mib(bytes: f64) -> String {
    format!("{:.1}", bytes / f64::from(1 << 20))
}

fn verdict(admission: Option<Admission>) -> String {
    let number = |number: Option<usize>| number.map_or("none".to_owned(), |n| n.to_string());
    match admission {
        None => String::new(),
        Some(Admission::Reject { largest_batch, largest_channels, .. }) => format!(
            "rejected; fits with batch {} or channels {}",
            number(largest_batch),
            number(largest_channels)
        ),
        Some(_) => "runs".to_owned(),
    }
}

/// Bytes from a number with `KiB`, `MiB`, `GiB` or nothing behind it.
pub(crate) fn bytes(text: &str) -> Result<u64, String> {
    let units = [("KiB", 10), ("MiB", 20), ("GiB", 30), ("", 0)];
    let found = units.iter().find_map(|(unit, shift)| {
        let number: u64 = text.strip_suffix(unit)?.trim().parse().ok()?;
        number.checked_mul(1 << shift)
    });
    found.ok_or_else(|| "expected bytes such as 8GiB, 500MiB or 1048576".to_owned())
}

#[cfg(test)]
mod tests {
    use super::bytes;

    #[test]
    fn sizes_of_memory_are_read() {
        assert_eq!(bytes("8GiB"), Ok(8 << 30));
        assert_eq!(bytes("500 MiB"), Ok(500 << 20));
        assert_eq!(bytes("12"), Ok(12));
        for text in ["", "GiB", "-1MiB", "1.5GiB", "99999999999GiB", "8GB"] {
            assert!(bytes(text).is_err(), "{text}");
        }
    }
}
