//! Everything that the directory of a run says, as one value.

mod curves;
mod evaluation;
mod names;
mod number;
mod search;
mod settings;
mod status;
mod table;
mod timeline;
mod told;
mod tradeoff;
mod verdict;

pub use curves::{Curve, Line, Point};
pub use evaluation::{Evaluation, Table};
pub use number::Number;
pub use search::{EdgeStory, EntropyStory, Formed, Gap, OperationStory, Rule, Search};
pub use settings::{Setting, Settings};
pub use status::{Best, Current, State, Status};
pub use table::{Constant, Results, Row, SeedScore};
pub use timeline::Span;
pub use tradeoff::{Network, Tradeoff};
pub use verdict::{Comparison, Sentence, Verdict};

pub(crate) use evaluation::text;
pub(crate) use number::{count, short};

use dartloom_record::{RecordError, Run, RunLayout};
use serde::Serialize;
use serde_json::Value;

use crate::error::ReportError;
use names::Names;
use told::{End, Told};

/// Everything of a run that a page shows.
///
/// As JSON it has every number of the page; numbers that are not finite are the words `"NaN"`,
/// `"inf"` and `"-inf"`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Page {
    /// The name of the run.
    pub name: String,
    /// Its status.
    pub status: Status,
    /// The answer.
    pub verdict: Verdict,
    /// The results; `None` where no score is known.
    pub results: Option<Results>,
    /// Metrics over epochs.
    pub curves: Vec<Curve>,
    /// The story of each search by gradients.
    pub searches: Vec<Search>,
    /// Scores against costs.
    pub tradeoff: Tradeoff,
    /// Evaluations that stand in the directory.
    pub evaluations: Vec<Evaluation>,
    /// The parts of the run in time.
    pub timeline: Vec<Span>,
    /// Remarks of the run.
    pub notes: Vec<String>,
    /// Its settings.
    pub settings: Settings,
    /// The last lines of its log.
    pub log: Vec<String>,
    /// Sentences about what is not whole.
    pub missing: Vec<String>,
}

/// Lines of the log that are shown.
const LOG_LINES: usize = 200;

impl Page {
    /// Reads the directory of a run: finished, stopped, killed or going on. Nothing is written, and
    /// a line that is being written is left out.
    ///
    /// # Errors
    /// [`ReportError::Record`] for a file that is broken, with its name and line.
    pub fn of(run: &Run) -> Result<Self, ReportError> {
        Self::read(run).map_err(ReportError::Record)
    }

    /// The page as one HTML file that needs nothing else.
    #[must_use]
    pub fn html(&self) -> String {
        crate::html::html(self)
    }

    fn read(run: &Run) -> Result<Self, RecordError> {
        let log = run.events()?;
        let mut missing = Vec::new();
        if let Some(cut) = log.truncated {
            missing.push(format!(
                "Line {} of {} has no end: it is being written, or its writer was killed.",
                cut.line,
                RunLayout::EVENTS
            ));
        }
        let told = Told::of(log.records);
        let report = match told.end {
            End::Finished => run.json(RunLayout::REPORT)?,
            // What an earlier page has left there is no result.
            End::Open | End::Stopped => None,
        };
        let report = report.filter(|report| report.get("methods").is_some_and(Value::is_array));
        let names = Names::of(&told, report.as_ref());
        let status = Status::from_told(&told, &names, run.is_written());
        let results = Results::of(run, &told, &names, report.as_ref())?;
        let objective = results.as_ref().map(|results| &results.objective);
        let tradeoff = results.as_ref().map(|results| Tradeoff::of(&told, &names, results));
        let curves = curves::curves(&told, &names, objective);
        let evaluations = evaluation::evaluations(run)?;
        let searches = search::searches(run, &told, &names)?;
        if searches.iter().any(|search| search.edges.is_empty()) {
            missing.push(
                "Weights over epochs are not in the log of every search, so their curves are left \
                 out there."
                    .to_owned(),
            );
        }
        Ok(Self {
            name: status.name.clone(),
            verdict: Verdict::of(report.as_ref(), results.as_ref()),
            results,
            curves,
            searches,
            tradeoff: tradeoff.unwrap_or_default(),
            evaluations,
            timeline: timeline::timeline(&told, &names),
            settings: Settings::of(run, &told)?,
            log: last_lines(run)?,
            notes: told.notes,
            status,
            missing,
        })
    }
}

fn last_lines(run: &Run) -> Result<Vec<String>, RecordError> {
    let text = run.text(RunLayout::LOG)?.unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    let from = lines.len().saturating_sub(LOG_LINES);
    Ok(lines[from..].iter().map(|line| (*line).to_owned()).collect())
}
