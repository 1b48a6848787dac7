//! Predicted and measured peaks side by side.

use serde::Serialize;

use super::super::measure::median;
use dartloom_report::table;

/// One case.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Row {
    case: String,
    predicted_mib: f64,
    measured_mib: f64,
    /// `(predicted - measured) / measured`.
    error: f64,
}

/// All cases.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    rows: Vec<Row>,
    /// Of the errors' absolute values.
    median_error: f64,
    /// The 95th percentile of the same.
    high_error: f64,
}

impl Row {
    pub(super) fn new(case: String, predicted_mib: f64, measured_mib: f64) -> Self {
        let error = (predicted_mib - measured_mib) / measured_mib;
        Self { case, predicted_mib, measured_mib, error }
    }

    pub(super) fn line(&self) -> String {
        let Self { case, predicted_mib, measured_mib, error } = self;
        let percent = 100.0 * error;
        format!(
            "{case}: predicted {predicted_mib:.1}, measured {measured_mib:.1} MiB ({percent:+.1} %)"
        )
    }
}

impl Report {
    pub(super) fn new(rows: Vec<Row>) -> Self {
        let mut errors: Vec<f64> = rows.iter().map(|row| row.error.abs()).collect();
        errors.sort_by(f64::total_cmp);
        let median_error = median(&errors);
        let high_error = percentile(&errors, 0.95);
        Self { rows, median_error, high_error }
    }

    /// A line for each case under a header.
    pub(super) fn csv(&self) -> String {
        let mut text = "case,predicted_mib,measured_mib,error\n".to_owned();
        for Row { case, predicted_mib, measured_mib, error } in &self.rows {
            text += &format!("{case},{predicted_mib:.2},{measured_mib:.2},{error:.4}\n");
        }
        text
    }

    pub(super) fn table(&self) -> String {
        let percent = |share: f64| format!("{:.1} %", 100.0 * share);
        let mut rows = vec![vec![
            "case".to_owned(),
            "predicted MiB".to_owned(),
            "measured MiB".to_owned(),
            "error".to_owned(),
        ]];
        for row in &self.rows {
            let [predicted, measured] =
                [row.predicted_mib, row.measured_mib].map(|mib| format!("{mib:.1}"));
            rows.push(vec![row.case.clone(), predicted, measured, percent(row.error)]);
        }
        let last = |what: &str, error: f64| {
            vec![what.to_owned(), String::new(), String::new(), percent(error)]
        };
        rows.push(last("median of absolute errors", self.median_error));
        rows.push(last("95th percentile", self.high_error));
        table(&rows)
    }
}

/// The smallest value that a `share` of sorted values do not exceed.
fn percentile(sorted: &[f64], share: f64) -> f64 {
    let place = (share * sorted.len() as f64).ceil() as usize;
    sorted.get(place.saturating_sub(1)).copied().unwrap_or(f64::NAN)
}
