//! Is searching worth it here? A search, random search at its cost and a hand-made network, each
//! retrained over several seeds.

mod config;
mod legs;
mod report;
mod stopwatch;

pub use config::{Baseline, ComparisonConfig, RetrainConfig};
pub use legs::{Contest, LegResult};
pub use report::{ContenderReport, PairedReport, Report};
pub use stopwatch::Stopwatch;

use dartloom_data::Dataset;
use dartloom_decode::Decoder;
use dartloom_metrics::{Clock, Event, Observer};
use dartloom_ops::Registry;
use dartloom_space::Space;
use dartloom_train::RunDir;

use crate::{Choices, SearchError};

/// Everything a comparison compares.
#[derive(Debug)]
pub struct Comparison<'a> {
    /// The space.
    pub space: &'a Space,
    /// Its operations.
    pub registry: &'a Registry,
    /// How logits become weights.
    pub choices: Choices,
    /// How weights become a genotype.
    pub decoder: &'a dyn Decoder,
    /// Images to search and train with.
    pub train: &'a dyn Dataset,
    /// Images of the final accuracies; nothing is chosen with them.
    pub test: &'a dyn Dataset,
    /// Numbers.
    pub config: ComparisonConfig,
}

impl Comparison<'_> {
    /// Runs, or goes on with, the whole comparison in `dir`.
    ///
    /// ```text
    /// for each seed: search, random search, retrain (search, random, baseline)
    /// ```
    ///
    /// Every leg that finished is kept as a JSON file and not repeated; a leg that was stopped or
    /// killed goes on from its checkpoint. Returns `None` when an observer stopped the run.
    ///
    /// # Errors
    /// The error of a leg, or of a file.
    pub fn run(
        &self,
        dir: &RunDir,
        observer: &mut dyn Observer,
        clock: Clock<'_>,
    ) -> Result<Option<Report>, SearchError> {
        self.config.check()?;
        let mut seeds = Vec::with_capacity(self.config.seeds.len());
        for &seed in &self.config.seeds {
            let dir = dir.inside(&format!("seed-{seed}"))?;
            let mut contest =
                Contest { comparison: self, seed, dir, observer: &mut *observer, clock };
            match contest.run()? {
                Some(results) => seeds.push(results),
                None => return Ok(None),
            }
        }
        let report = Report::new(&self.config, &seeds)?;
        let _ = observer.on_event(&Event::Finished { metrics: report.metrics() })?;
        Ok(Some(report))
    }
}
