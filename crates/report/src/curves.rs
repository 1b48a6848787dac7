//! Curves of discrete searches.

use std::fmt::Write as _;

use dartloom_explore::{Point, front};
use dartloom_record::{Candidate, RunLayout, Where};

use crate::drawn::DrawnFile;
use crate::error::ReportError;
use crate::pictures::file_name;
use crate::{Labels, Series, chart};

/// Every candidate of a phase as a table, the best so far, quality against parameters, and measured
/// against predicted memory.
#[derive(Debug, Default)]
pub(crate) struct Curves {
    /// Title of the curves.
    phase: String,
    /// The phase in names of files.
    name: String,
    candidates: Vec<Candidate>,
}

const HEAD: &str = "told,quality,parameters,predicted_memory,peak_memory";

impl Curves {
    /// Begins a phase with the candidates that were told before.
    pub(crate) fn begin(&mut self, phase: &Where, told: &[Candidate]) {
        *self =
            Self { phase: phase.to_string(), name: file_name(phase), candidates: told.to_vec() };
    }

    /// Another candidate.
    pub(crate) fn push(&mut self, candidate: Candidate) {
        self.candidates.push(candidate);
    }

    /// All of them so far.
    pub(crate) fn files(&self) -> Result<Vec<DrawnFile>, ReportError> {
        let draw = |axes: [&str; 2], series: [Series; 2]| {
            let [x, y] = axes;
            chart(Labels { title: &self.phase, x, y }, &series)
        };
        let memory = draw(["predicted, MiB", "measured, MiB"], [self.memory(), self.equal()])?;
        let best = draw(["candidates", "quality"], [self.qualities(), self.best()])?;
        let pareto = draw(["parameters", "quality"], [self.costs(), self.front()])?;
        let files = [
            (".csv", self.table()),
            ("-memory.svg", memory),
            ("-best.svg", best),
            ("-pareto.svg", pareto),
        ];
        let place = |ending| format!("{}/{}{ending}", RunLayout::CURVES, self.name);
        Ok(files.map(|(ending, text)| DrawnFile { name: place(ending), text }).into())
    }

    fn table(&self) -> String {
        let mut text = format!("{HEAD}\n");
        for (index, one) in self.candidates.iter().enumerate() {
            let quality = one.quality.map_or_else(String::new, |quality| quality.to_string());
            let whole = |number: Option<u64>| number.map_or_else(String::new, |n| n.to_string());
            let numbers =
                [one.parameters, one.predicted_memory, one.peak_memory].map(whole).join(",");
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{},{quality},{numbers}", index + 1);
        }
        text
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

    /// The line of right predictions.
    fn equal(&self) -> Series {
        let predicted = self.memory().points.into_iter().map(|point| point.0);
        let ends = [predicted.clone().reduce(f64::min), predicted.reduce(f64::max)];
        let points = ends.into_iter().flatten().map(|end| (end, end)).collect();
        Series { name: "as predicted".to_owned(), points, line: true }
    }
}
