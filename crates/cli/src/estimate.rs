//! `dartloom estimate`.

use std::process::ExitCode;

use dartloom::net::NetError;
use dartloom::net::memory::{
    self, Admission, Breakdown, Draws, Range, Ranges, Size, Slot, Workload, admit,
};
use dartloom::noise::Noise;
use dartloom::search::{Comparison, MethodParts, fit_workload};
use dartloom::space::{Blueprint, Build, Space};
use dartloom::train::FitConfig;
use serde::Serialize;

use crate::args::EstimateArguments;
use crate::bench::default_threads;
use crate::error::CliError;
use crate::experiment::{self, Chosen, Plan};
use crate::output;
use crate::table::table;

/// What an experiment needs, as JSON.
#[derive(Debug, Serialize)]
struct Estimate {
    experiment: String,
    threads: usize,
    methods: Vec<MethodEstimate>,
}

/// What one method of it needs.
#[derive(Debug, Serialize)]
struct MethodEstimate {
    method: String,
    /// Its supernet, where it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    search: Option<SearchEstimate>,
    /// Candidates of random search in the method's space.
    candidates: SpaceEstimate,
    /// Networks that are retrained.
    retraining: SpaceEstimate,
}

#[derive(Debug, Serialize)]
struct SearchEstimate {
    parameters: u64,
    macs: u64,
    memory: Breakdown,
    total: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    admission: Option<Admission>,
}

#[derive(Debug, Serialize)]
struct SpaceEstimate {
    #[serde(flatten)]
    ranges: Ranges,
    /// Of the candidate that needs most.
    #[serde(skip_serializing_if = "Option::is_none")]
    admission: Option<Admission>,
}

pub(crate) fn run(arguments: &EstimateArguments) -> Result<ExitCode, CliError> {
    let origin = arguments.experiment.display().to_string();
    let experiment = experiment::load(&arguments.experiment, &Chosen::default())?;
    let plan = Plan::new(experiment, &origin)?;
    let threads = arguments.threads.unwrap_or_else(default_threads);
    let comparison = plan.comparison();
    let estimator = Estimator { comparison: &comparison, threads, limit: arguments.memory };
    let methods = estimator.methods()?;
    let estimate = Estimate { experiment: plan.experiment().name.clone(), threads, methods };
    output::print(&estimate.render(arguments.json)?)?;
    Ok(ExitCode::SUCCESS)
}

/// The needs of an experiment on so many threads.
#[cfg(test)]
pub(crate) fn of(plan: &Plan, threads: usize) -> Result<impl Serialize, CliError> {
    Estimator { comparison: &plan.comparison(), threads, limit: Some(1 << 30) }.methods()
}

/// The need of a part of a run at its peak.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Peak {
    /// The part.
    pub(crate) what: String,
    /// Bytes of a process.
    pub(crate) bytes: u64,
    /// True where it runs in processes of its own, as many at a time as there are workers.
    pub(crate) in_worker: bool,
}

/// The peaks of everything that `comparison` trains but the hand-made network, on so many threads; of
/// candidates and retrained networks those of the largest.
pub(crate) fn peaks(comparison: &Comparison<'_>, threads: usize) -> Result<Vec<Peak>, CliError> {
    let estimator = Estimator { comparison, threads, limit: None };
    let mut peaks = Vec::new();
    let mut add = |what: String, bytes, in_worker| peaks.push(Peak { what, bytes, in_worker });
    for (index, method) in estimator.methods()?.into_iter().enumerate() {
        let MethodEstimate { method, search, candidates, retraining } = method;
        let in_worker = search.is_none();
        if let Some(search) = search {
            add(format!("the supernet of {method}"), search.total, false);
        }
        let most = candidates.ranges.memory.most;
        if index == 0 {
            add("the largest candidate of random search".to_owned(), most, false);
        }
        if in_worker {
            add(format!("the largest candidate of {method}"), most, true);
        }
        let most = retraining.ranges.memory.most;
        add(format!("the largest network that {method} can find, retrained"), most, false);
    }
    Ok(peaks)
}

/// An experiment to be estimated.
struct Estimator<'a> {
    comparison: &'a Comparison<'a>,
    threads: usize,
    limit: Option<u64>,
}

impl Estimator<'_> {
    fn methods(&self) -> Result<Vec<MethodEstimate>, CliError> {
        let methods = self.comparison.methods.iter().map(|method| {
            let search = self.search(method)?;
            self.method((&method.name, method.space, method.channels), Some(search))
        });
        let explorers =
            self.comparison.explorers.iter().map(|explorer| {
                self.method((&explorer.name, explorer.space, explorer.channels), None)
            });
        methods.chain(explorers).collect()
    }

    fn method(
        &self,
        (name, space, channels): (&str, &Space, usize),
        search: Option<SearchEstimate>,
    ) -> Result<MethodEstimate, CliError> {
        let (random, retrain) = (&self.comparison.config.random, &self.comparison.config.retrain);
        let sample = space.sample(random.top, &mut Noise::new(0).stream("check", 0));
        let network = self.comparison.retrained_network(&sample, space);
        let network = network.map_err(CliError::input)?;
        let retrained = space.with_network(network).map_err(CliError::input)?;
        Ok(MethodEstimate {
            method: name.to_owned(),
            search,
            candidates: self.space(space, channels, random.top, &random.fit)?,
            retraining: self.space(&retrained, retrain.channels, random.top, &retrain.fit)?,
        })
    }

    fn search(&self, method: &MethodParts<'_>) -> Result<SearchEstimate, CliError> {
        let registry = self.comparison.registry;
        let classes = self.build()?;
        let predict = |Size { batch, channels }| -> Result<(Blueprint, Breakdown), NetError> {
            let build = Build { partial: method.partial, channels, ..classes };
            let plan = Blueprint::supernet(method.space, build)?;
            let logits = method.choices.logits(&plan);
            let work = method.search.bilevel.workload(batch, logits, self.threads);
            let found = memory::predict(&plan, registry, &work)?;
            Ok((plan, found))
        };
        let size = Size { batch: method.search.batch, channels: method.channels };
        let (plan, memory) = predict(size).map_err(CliError::input)?;
        let cost = registry.cost(&plan).map_err(CliError::input)?;
        let total = |size| predict(size).ok().map(|(_, memory)| memory.total());
        Ok(SearchEstimate {
            parameters: cost.parameters,
            macs: cost.macs,
            memory,
            total: memory.total(),
            admission: self.admission(size, method.partial, total),
        })
    }

    /// Classes and images, whatever the channels.
    fn build(&self) -> Result<Build, CliError> {
        self.comparison.build(1).map_err(CliError::input)
    }

    /// All networks of a space in training.
    fn space(
        &self,
        space: &Space,
        channels: usize,
        top: usize,
        fit: &FitConfig,
    ) -> Result<SpaceEstimate, CliError> {
        let classes = self.build()?;
        let ranges = |Size { batch, channels }| {
            let work = Workload { batch, ..fit_workload(fit, self.threads) };
            let (build, registry) = (Build { channels, ..classes }, self.comparison.registry);
            memory::ranges(space, build, registry, Draws::Top(top), &work)
        };
        let size = Size { batch: fit.batch, channels };
        let most = |size| ranges(size).ok().map(|ranges| ranges.memory.most);
        let admission = self.admission(size, 1, most);
        Ok(SpaceEstimate { ranges: ranges(size).map_err(CliError::input)?, admission })
    }

    fn admission(
        &self,
        size: Size,
        step: usize,
        predict: impl Fn(Size) -> Option<u64>,
    ) -> Option<Admission> {
        // Halves of channels are put side by side where a plane is halved.
        let step = if step.is_multiple_of(2) { step } else { 2 * step };
        self.limit.map(|bytes| admit(size, step, &[Slot { bytes, free: true }], predict))
    }
}

impl Estimate {
    fn render(&self, json: bool) -> Result<String, CliError> {
        if json {
            return output::json(self, "the estimate");
        }
        let head = ["what", "parameters", "multiply-adds", "peak MiB", "verdict"];
        let mut rows = vec![head.map(str::to_owned).to_vec()];
        for method in &self.methods {
            let MethodEstimate { method, search, candidates, retraining } = method;
            rows.extend(search.iter().flat_map(|search| search.rows(method)));
            rows.extend(candidates.rows(&format!("{method}: candidates")));
            rows.extend(retraining.rows(&format!("{method}: retraining")));
        }
        Ok(table(&rows))
    }
}

impl SearchEstimate {
    fn rows(&self, method: &str) -> Vec<Vec<String>> {
        let whole = vec![
            format!("{method}: search"),
            self.parameters.to_string(),
            self.macs.to_string(),
            mib(self.total as f64),
            verdict(self.admission),
        ];
        let empty = String::new;
        let part =
            |(name, bytes)| vec![format!("  {name}"), empty(), empty(), mib(bytes as f64), empty()];
        std::iter::once(whole).chain(self.memory.parts().map(part)).collect()
    }
}

impl SpaceEstimate {
    fn rows(&self, what: &str) -> Vec<Vec<String>> {
        let Ranges { parameters, macs, memory, .. } = self.ranges;
        let row = |name: &str, of: fn(Range) -> f64, verdict: String| {
            let [parameters, macs] = [parameters, macs].map(|range| format!("{:.0}", of(range)));
            vec![format!("{what}, {name}"), parameters, macs, mib(of(memory)), verdict]
        };
        vec![
            row("least", |range| range.least as f64, String::new()),
            row("mean", |range| range.mean, String::new()),
            row("most", |range| range.most as f64, verdict(self.admission)),
        ]
    }
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
