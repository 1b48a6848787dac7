//! The output of a benchmark of whole networks.

use serde::Serialize;

use super::args::Pace;
use super::measure::{best, median};
use super::phases::Phases;
use super::recompute::Choice;
use super::{as_json, instruction_set};
use crate::error::BenchError;
use dartloom_report::table;

/// Figures of one benchmark.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    /// Names and sizes.
    #[serde(flatten)]
    subject: Subject,
    /// Threads of the kernels.
    threads: usize,
    /// Vector instructions of the kernels.
    instruction_set: &'static str,
    /// Steps before the measured ones.
    warm_up: usize,
    /// Measured steps.
    steps: usize,
    /// Median seconds of a step.
    step_seconds: f64,
    /// Seconds of every measured step.
    step_seconds_all: Vec<f64>,
    /// Images of a (training) batch by the median seconds.
    images_per_second: f64,
    /// Median seconds by phase; backward includes the update that follows it.
    phases: Phases,
    /// Peak of resident memory above what was resident before the network was built.
    rss_mib: Option<f64>,
    /// The same as estimated from shapes; none where there is no training step.
    predicted_mib: Option<f64>,
    /// 10^9 additions and multiplications of a step when every backward pass makes all gradients.
    gflop_per_step: f64,
    /// The same when no gradient is made that nobody uses.
    useful_gflop_per_step: f64,
    /// Loss that the first step (of warm-up, if there is any) computed; none without a loss.
    loss: Option<f64>,
}

/// Names and sizes of what is measured, without figures.
#[derive(Debug, Serialize)]
pub(super) struct Subject {
    /// The benchmark.
    pub(super) benchmark: &'static str,
    /// Search method, genotype or baseline.
    pub(super) method: String,
    /// Base channels; none for a baseline.
    pub(super) channels: Option<usize>,
    /// Cells; none for a baseline.
    pub(super) layers: Option<usize>,
    /// Images of a batch.
    pub(super) batch: usize,
    /// Shape of an image.
    pub(super) input: String,
    /// Trainable numbers.
    pub(super) parameters: u64,
    /// Multiply-adds of a forward pass on one image.
    #[serde(skip)]
    pub(super) macs: u64,
    /// Forward passes that a step is worth: with all gradients, and with the used ones.
    #[serde(skip)]
    pub(super) passes: (f64, f64),
    /// The values that cells keep for the backward pass; none where there is no such pass.
    pub(super) recompute: Option<Choice>,
}

/// The measurements.
#[derive(Debug)]
pub(super) struct Figures {
    pub(super) seconds: Vec<f64>,
    pub(super) phases: Phases,
    pub(super) rss_mib: Option<f64>,
    pub(super) predicted_mib: Option<f64>,
    pub(super) loss: Option<f64>,
}

impl Report {
    pub(super) fn new(subject: Subject, pace: Pace, figures: Figures) -> Result<Self, BenchError> {
        let step_seconds = median(&figures.seconds);
        // Two operations for a multiply-add.
        let forward = 2e-9 * subject.macs as f64 * subject.batch as f64;
        let (all, used) = subject.passes;
        Ok(Self {
            threads: rayon::current_num_threads(),
            instruction_set: instruction_set()?,
            warm_up: pace.warm_up,
            steps: pace.steps,
            step_seconds,
            step_seconds_all: figures.seconds,
            images_per_second: subject.batch as f64 / step_seconds,
            phases: figures.phases,
            rss_mib: figures.rss_mib,
            predicted_mib: figures.predicted_mib,
            gflop_per_step: forward * all,
            useful_gflop_per_step: forward * used,
            loss: figures.loss,
            subject,
        })
    }

    /// The figures as a table, or as one line of JSON.
    pub(super) fn shown(&self, json: bool) -> Result<String, BenchError> {
        if json { as_json(self) } else { Ok(self.table()) }
    }

    fn table(&self) -> String {
        let row = |what: &str, value: String| vec![what.to_owned(), value];
        let Subject { benchmark, method, batch, input, .. } = &self.subject;
        let size = [("C", self.subject.channels), ("L", self.subject.layers)];
        let size: Vec<String> =
            size.iter().filter_map(|(name, n)| n.map(|n| format!("{name}{n}"))).collect();
        let mut rows = vec![
            row(benchmark, format!("{method} {}", size.join(" ")).trim().to_owned()),
            row("batch", format!("{batch} of {input}")),
            row("threads", self.threads.to_string()),
            row("instruction set", self.instruction_set.to_owned()),
            row("seconds per step (median)", format!("{:.3}", self.step_seconds)),
            row("seconds per step (best)", format!("{:.3}", best(&self.step_seconds_all))),
            row("images per second", format!("{:.1}", self.images_per_second)),
        ];
        for (phase, seconds) in self.phases.medians() {
            rows.push(row(&format!("of which {phase}"), format!("{seconds:.3}")));
        }
        let rss = self.rss_mib.map_or_else(|| "unknown".to_owned(), |mib| format!("{mib:.0}"));
        rows.push(row("peak MiB above the start", rss));
        if let Some(mib) = self.predicted_mib {
            rows.push(row("of which estimated from shapes", format!("{mib:.0}")));
        }
        rows.push(row("GFLOP per step, all gradients", format!("{:.2}", self.gflop_per_step)));
        let rate = self.useful_gflop_per_step / self.step_seconds;
        rows.push(row("useful GFLOP per second", format!("{rate:.2}")));
        table(&rows)
    }
}
