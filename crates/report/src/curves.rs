//! Curves of discrete searches.

use dartloom_explore::{Point, front};
use dartloom_record::{Candidate, Objective, RunLayout, Where};

use crate::drawn::DrawnFile;
use crate::error::ReportError;
use crate::pictures::file_name;
use crate::{Labels, Series, chart};

/// Every candidate of a phase as a table, the best so far, the score against parameters, and
/// measured against predicted memory.
#[derive(Debug)]
pub(crate) struct Curves {
    /// Title of the curves.
    phase: String,
    /// The phase in names of files.
    name: String,
    /// The score that the qualities of candidates are made of.
    objective: Objective,
    candidates: Vec<Candidate>,
}

impl Default for Curves {
    fn default() -> Self {
        Self {
            phase: String::new(),
            name: String::new(),
            objective: Objective::higher("quality"),
            candidates: Vec::new(),
        }
    }
}

impl Curves {
    /// Begins a phase with the candidates that were told before; without an objective, qualities
    /// stand for themselves.
    pub(crate) fn begin(
        &mut self,
        phase: &Where,
        told: &[Candidate],
        objective: Option<Objective>,
    ) {
        *self = Self {
            phase: phase.to_string(),
            name: file_name(phase),
            objective: objective.unwrap_or_else(|| Self::default().objective),
            candidates: told.to_vec(),
        };
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
        let score = self.objective.title();
        let best = draw(["candidates", &score], [self.scores(), self.best()])?;
        let pareto = draw(["parameters", &score], [self.costs(), self.front()])?;
        let files = [
            (".csv", self.table()?),
            ("-memory.svg", memory),
            ("-best.svg", best),
            ("-pareto.svg", pareto),
        ];
        let place = |ending| format!("{}/{}{ending}", RunLayout::CURVES, self.name);
        Ok(files.map(|(ending, text)| DrawnFile { name: place(ending), text }).into())
    }

    /// The score of a candidate, as the task has it.
    fn score(&self, one: &Candidate) -> Option<f64> {
        Some(self.objective.quality(one.quality?))
    }

    fn table(&self) -> Result<String, ReportError> {
        let refuse = |error: csv::Error| ReportError::Table {
            title: self.phase.clone(),
            found: error.to_string(),
        };
        let mut rows = csv::Writer::from_writer(Vec::new());
        let score = &*self.objective.name;
        let head = ["told", score, "parameters", "predicted_memory", "peak_memory"];
        rows.write_record(head).map_err(refuse)?;
        for (index, one) in self.candidates.iter().enumerate() {
            let score = self.score(one).map_or_else(String::new, |score| score.to_string());
            let whole = |number: Option<u64>| number.map_or_else(String::new, |n| n.to_string());
            let [parameters, predicted, peak] =
                [one.parameters, one.predicted_memory, one.peak_memory].map(whole);
            let row = [(index + 1).to_string(), score, parameters, predicted, peak];
            rows.write_record(row).map_err(refuse)?;
        }
        let bytes = rows.into_inner().map_err(|error| refuse(error.into_error().into()))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    fn scores(&self) -> Series {
        let numbered = self.candidates.iter().enumerate();
        let shown = |one| Some(self.objective.shown(self.score(one)?));
        let points = numbered.filter_map(|(n, one)| Some(((n + 1) as f64, shown(one)?)));
        Series { name: "candidates".to_owned(), points: points.collect(), line: false }
    }

    fn best(&self) -> Series {
        let mut best = f64::NAN;
        let numbered = self.candidates.iter().enumerate();
        let points = numbered.filter_map(|(n, one)| {
            if let Some(score) = self.score(one)
                && self.objective.better(score, best)
            {
                best = score;
            }
            best.is_finite().then(|| ((n + 1) as f64, self.objective.shown(best)))
        });
        Series { name: "best so far".to_owned(), points: points.collect(), line: true }
    }

    fn points(&self) -> Vec<Point> {
        let measured = self.candidates.iter();
        let point = |one: &Candidate| Some(Point { quality: one.quality?, cost: one.parameters? });
        measured.filter_map(point).collect()
    }

    /// A point with its score for the eye.
    fn place(&self, point: &Point) -> (f64, f64) {
        (point.cost as f64, self.objective.shown(self.objective.quality(point.quality)))
    }

    fn costs(&self) -> Series {
        let points = self.points().iter().map(|point| self.place(point)).collect();
        Series { name: "candidates".to_owned(), points, line: false }
    }

    fn front(&self) -> Series {
        let all = self.points();
        let mut points: Vec<(f64, f64)> =
            front(&all).into_iter().map(|index| self.place(&all[index])).collect();
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

#[cfg(test)]
mod tests;
