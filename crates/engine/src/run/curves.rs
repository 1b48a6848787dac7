//! How discrete searches go on, as curves.

use std::fmt::Write as _;

use dartloom::explore::{Point, front};
use dartloom::record::{Candidate, Event, Flow, Observer, ObserverError, RunDir};

use dartloom_report::{Labels, Series, chart};

/// Keeps every candidate of a phase in `curves/PHASE.csv`, and draws the best so far, quality against
/// parameters, and measured against predicted memory beside it.
#[derive(Debug)]
pub(super) struct Curves {
    dir: RunDir,
    phase: String,
    candidates: Vec<Candidate>,
}

const HEAD: &str = "told,quality,parameters,predicted_memory,peak_memory";

impl Curves {
    /// Writes into `dir`.
    pub(super) fn new(dir: RunDir) -> Self {
        Self { dir, phase: String::new(), candidates: Vec::new() }
    }

    fn file(&self, ending: &str) -> String {
        format!("curves/{}{ending}", self.phase.replace([' ', '/'], "-"))
    }

    fn store(&self) -> std::io::Result<()> {
        let mut text = format!("{HEAD}\n");
        for (index, one) in self.candidates.iter().enumerate() {
            let quality = one.quality.map_or_else(String::new, |quality| quality.to_string());
            let whole = |number: Option<u64>| number.map_or_else(String::new, |n| n.to_string());
            let numbers =
                [one.parameters, one.predicted_memory, one.peak_memory].map(whole).join(",");
            let _ = writeln!(text, "{},{quality},{numbers}", index + 1);
        }
        let best = chart(
            Labels { title: &self.phase, x: "candidates", y: "quality" },
            &[self.qualities(), self.best()],
        );
        let pareto = chart(
            Labels { title: &self.phase, x: "parameters", y: "quality" },
            &[self.costs(), self.front()],
        );
        let memory = chart(
            Labels { title: &self.phase, x: "predicted, MiB", y: "measured, MiB" },
            &[self.memory(), self.equal()],
        );
        let files = [
            (".csv", text),
            ("-memory.svg", memory.map_err(std::io::Error::other)?),
            ("-best.svg", best.map_err(std::io::Error::other)?),
            ("-pareto.svg", pareto.map_err(std::io::Error::other)?),
        ];
        for (ending, text) in files {
            self.dir.write(&self.file(ending), text.as_bytes()).map_err(std::io::Error::other)?;
        }
        Ok(())
    }

    fn qualities(&self) -> Series {
        let numbered = self.candidates.iter().enumerate();
        let points = numbered.filter_map(|(n, one)| Some(((n + 1) as f64, one.quality?)));
        Series { name: "candidates".to_owned(), points: points.collect(), line: false }
    }

    fn best(&self) -> Series {
        let mut best = f64::NEG_INFINITY;
        let numbered = self.candidates.iter().enumerate();
        let points = numbered.filter_map(|(n, one)| {
            best = best.max(one.quality.unwrap_or(f64::NEG_INFINITY));
            best.is_finite().then_some(((n + 1) as f64, best))
        });
        Series { name: "best so far".to_owned(), points: points.collect(), line: true }
    }

    fn points(&self) -> Vec<Point> {
        let measured = self.candidates.iter();
        let point = |one: &Candidate| Some(Point { quality: one.quality?, cost: one.parameters? });
        measured.filter_map(point).collect()
    }

    fn costs(&self) -> Series {
        let points = self.points().iter().map(|point| (point.cost as f64, point.quality)).collect();
        Series { name: "candidates".to_owned(), points, line: false }
    }

    fn front(&self) -> Series {
        let all = self.points();
        let mut points: Vec<(f64, f64)> = front(&all)
            .into_iter()
            .map(|index| (all[index].cost as f64, all[index].quality))
            .collect();
        points.sort_by(|a, b| a.0.total_cmp(&b.0));
        Series { name: "front".to_owned(), points, line: true }
    }

    /// Peaks of processes.
    fn memory(&self) -> Series {
        let mebibytes = |bytes: u64| bytes as f64 / f64::from(1 << 20);
        let both =
            |one: &Candidate| Some((mebibytes(one.predicted_memory?), mebibytes(one.peak_memory?)));
        let points = self.candidates.iter().filter_map(both).collect();
        Series { name: "candidates".to_owned(), points, line: false }
    }

    /// Where predictions are right.
    fn equal(&self) -> Series {
        let predicted = self.memory().points.into_iter().map(|point| point.0);
        let ends = [predicted.clone().reduce(f64::min), predicted.reduce(f64::max)];
        let points = ends.into_iter().flatten().map(|end| (end, end)).collect();
        Series { name: "as predicted".to_owned(), points, line: true }
    }
}

impl Observer for Curves {
    fn on_event(&mut self, event: &Event) -> Result<Flow, ObserverError> {
        let written = match event {
            Event::ExplorationStarted { phase, told, .. } => {
                self.phase = phase.to_string();
                told.clone_into(&mut self.candidates);
                Ok(())
            }
            Event::CandidateTold { candidate, .. } => {
                self.candidates.push(*candidate);
                self.store()
            }
            _ => Ok(()),
        };
        written.map_err(|source| ObserverError::Write { event: event.name(), source })?;
        Ok(Flow::Continue)
    }
}
