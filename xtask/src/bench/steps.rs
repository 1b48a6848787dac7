//! Repetitions of whole steps.

use serde_json::{Value, json};

use super::Options;
use super::cases::StepCase;
use super::figures::Figures;
use super::machine::{MOST_BUSY_PERCENT, MOST_STEAL_PERCENT, Ticks, busy_percent};
use super::programs::{LAYOUTS, Programs, candidate_words, reference_words};
use super::ratio::Spread;
use super::record::Record;
use crate::error::Error;
use crate::say::say;

/// The findings of one repetition.
#[derive(Clone, Debug)]
pub(super) struct Repetition {
    /// Seconds and MiB of PyTorch in its faster layout.
    pub(super) reference: Cost,
    /// Seconds and MiB of dartloom.
    pub(super) candidate: Cost,
    /// 10^9 operations per second that were of use.
    useful_rate: Option<f64>,
}

/// Median seconds of a step, and peak memory above the start.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Cost {
    pub(super) seconds: f64,
    pub(super) mib: f64,
}

impl Cost {
    fn read(figures: &Figures) -> Result<Self, Error> {
        Ok(Self { seconds: figures.number("step_seconds")?, mib: figures.number("rss_mib")? })
    }
}

/// Runs all repetitions of a case.
pub(super) fn repeat(
    case: &StepCase,
    programs: &Programs,
    options: &Options,
    record: &mut Record,
) -> Result<Outcome, Error> {
    let mut repetitions = Vec::new();
    for index in 0..options.repetitions {
        let busy = busy_percent()?;
        warn("of the cores' time was in use before the repetition", busy, MOST_BUSY_PERCENT);
        let before = Ticks::now()?;
        let (references, candidate) = once(case, programs, options, index)?;
        let steal = before.zip(Ticks::now()?).map(|(before, after)| after.steal_percent(before));
        warn("of the time was stolen by the hypervisor", steal, MOST_STEAL_PERCENT);
        let repetition = judge(&references, &candidate)?;
        say!("  repetition {}: {}", index + 1, repetition.line(steal));
        record.line(&json!({
            "kind": "repetition", "case": case.name, "threads": case.threads, "lean": options.lean,
            "repetition": index, "ratio": repetition.ratio(),
            "memory_ratio": repetition.memory_ratio(),
            "steal_percent": steal, "busy_percent_before": busy,
            "reference": references.iter().map(|f| f.value.clone()).collect::<Vec<_>>(),
            "candidate": candidate.value,
        }))?;
        repetitions.push(repetition);
    }
    Ok(Outcome { repetitions, threads: case.threads })
}

pub(super) fn warn(what: &str, percent: Option<f64>, most: f64) {
    if let Some(percent) = percent.filter(|&percent| percent > most) {
        say!("  warning: {percent:.1} % {what}");
    }
}

/// One process for each of PyTorch's layouts and one of ours: ours last in even repetitions,
/// first in odd ones, so that a machine that slows down or speeds up favours neither.
fn once(
    case: &StepCase,
    programs: &Programs,
    options: &Options,
    index: u32,
) -> Result<(Vec<Figures>, Figures), Error> {
    let candidate = || programs.candidate(&candidate_words(case, options.steps));
    let reference = |layout: &&str| {
        let words = reference_words(case, options.steps, layout, options.lean);
        programs.reference(case.script, &words)
    };
    let references = || LAYOUTS.iter().map(reference).collect::<Result<Vec<_>, _>>();
    if index.is_multiple_of(2) {
        let references = references()?;
        Ok((references, candidate()?))
    } else {
        let candidate = candidate()?;
        Ok((references()?, candidate))
    }
}

/// Compares with the faster layout.
pub(super) fn judge(references: &[Figures], candidate: &Figures) -> Result<Repetition, Error> {
    let costs = references.iter().map(Cost::read).collect::<Result<Vec<_>, _>>()?;
    let fastest = costs.into_iter().min_by(|a, b| a.seconds.total_cmp(&b.seconds));
    let reference =
        fastest.ok_or_else(|| candidate.lacks("a reference to compare with".to_owned()))?;
    let cost = Cost::read(candidate)?;
    let useful = candidate.value["useful_gflop_per_step"].as_f64();
    let useful_rate = useful.map(|gflop| gflop / cost.seconds);
    Ok(Repetition { reference, candidate: cost, useful_rate })
}

impl Repetition {
    /// PyTorch's time as a multiple of dartloom's.
    pub(super) fn ratio(&self) -> f64 {
        self.reference.seconds / self.candidate.seconds
    }

    /// PyTorch's memory as a multiple of dartloom's.
    pub(super) fn memory_ratio(&self) -> f64 {
        self.reference.mib / self.candidate.mib
    }

    fn line(&self, steal: Option<f64>) -> String {
        let Self { reference, candidate, .. } = self;
        let steal = steal.map_or_else(String::new, |steal| format!(", steal {steal:.1} %"));
        format!(
            "PyTorch {:.3} s {:.0} MiB, dartloom {:.3} s {:.0} MiB, ratio {:.2}{steal}",
            reference.seconds,
            reference.mib,
            candidate.seconds,
            candidate.mib,
            self.ratio()
        )
    }
}

/// The findings of all repetitions of a case.
#[derive(Clone, Debug)]
pub(super) struct Outcome {
    pub(super) repetitions: Vec<Repetition>,
    pub(super) threads: u32,
}

impl Outcome {
    fn spread(&self, of: impl Fn(&Repetition) -> f64) -> Option<Spread> {
        Spread::of(&self.repetitions.iter().map(of).collect::<Vec<_>>())
    }

    /// Ratios and medians over all repetitions.
    pub(super) fn spreads(&self) -> [(&'static str, Option<Spread>); 6] {
        [
            ("ratio", self.spread(Repetition::ratio)),
            ("memory_ratio", self.spread(Repetition::memory_ratio)),
            ("reference_seconds", self.spread(|r| r.reference.seconds)),
            ("candidate_seconds", self.spread(|r| r.candidate.seconds)),
            ("reference_mib", self.spread(|r| r.reference.mib)),
            ("candidate_mib", self.spread(|r| r.candidate.mib)),
        ]
    }

    /// Prints them, and the share of `peak` (10^9 operations per second) that was reached.
    pub(super) fn print(&self, peak: Option<f64>) {
        for (name, spread) in self.spreads() {
            if let Some(spread) = spread {
                say!("  {name}: {spread}");
            }
        }
        let rates: Vec<f64> = self.repetitions.iter().filter_map(|r| r.useful_rate).collect();
        if let Some(rate) = Spread::of(&rates) {
            let share =
                peak.map(|peak| format!(", {:.0} % of the peak", 100.0 * rate.median / peak));
            say!("  useful GFLOP/s of dartloom: {rate}{}", share.unwrap_or_default());
        }
    }

    pub(super) fn json(&self, case: &str) -> Value {
        let mut line = json!({ "kind": "summary", "case": case, "threads": self.threads });
        for (name, spread) in self.spreads() {
            line[name] = spread.map_or(Value::Null, Spread::json);
        }
        line
    }
}

/// The gain of more threads, for every case that was measured with several numbers of them.
pub(super) fn print_speed_up(outcomes: &[(&StepCase, Outcome)]) {
    for (case, many) in outcomes.iter().filter(|(case, _)| case.threads > 1) {
        let one = outcomes.iter().find(|(other, _)| other.name == case.name && other.threads == 1);
        let Some((_, one)) = one else { continue };
        let gain =
            |of: fn(&Repetition) -> f64| Some(one.spread(of)?.median / many.spread(of)?.median);
        let gains = gain(|r| r.reference.seconds).zip(gain(|r| r.candidate.seconds));
        if let Some((theirs, ours)) = gains {
            say!(
                "\n{}: {} threads are {ours:.2} times as fast as one (PyTorch {theirs:.2} times)",
                case.name,
                case.threads
            );
        }
    }
}
