//! The table of thresholds and its curve.

use super::{Matching, Objects};
use crate::confusion::percent;
use crate::ranking::{CurvePoint, average_precision};
use crate::scorer::share;
use crate::{Cell, Column, Curve, CurveLine, Details, Table};

/// One row of the table of objects: the scores at a threshold of the IoU, as shares from 0 to 1,
/// `None` where a score has no value and a table has a `-`.
#[derive(Clone, Debug, PartialEq)]
pub struct ObjectRow {
    /// The threshold of the IoU.
    pub threshold: f64,
    /// Predicted objects with a match.
    pub matches: f64,
    /// Predicted objects.
    pub said: f64,
    /// True objects.
    pub there: f64,
    /// `matches / said`.
    pub precision: Option<f64>,
    /// `matches / there`.
    pub recall: Option<f64>,
    /// `2 matches / (said + there)`.
    pub f1: Option<f64>,
    /// Average precision of the predicted objects, ranked by confidence.
    pub average_precision: Option<f64>,
    /// Mean IoU of the matches.
    pub mean_iou: Option<f64>,
}

impl Objects {
    /// The table, one row for each threshold.
    #[must_use]
    pub fn rows(&self) -> Vec<ObjectRow> {
        self.rows_by(self.config.matching)
    }

    /// The table by this matching, whichever is configured.
    #[must_use]
    pub fn rows_by(&self, matching: Matching) -> Vec<ObjectRow> {
        let rule = usize::from(matching != self.config.matching);
        let said = self.counts[0];
        let there = self.counts[1];
        let thresholds = &self.config.thresholds;
        let counts = self.counts[2 + 2 * rule * thresholds.len()..].chunks_exact(2);
        let row = |(at, (&threshold, counts)): (usize, (&f64, &[f64]))| ObjectRow {
            threshold,
            matches: counts[0],
            said,
            there,
            precision: share(counts[0], said),
            recall: share(counts[0], there),
            f1: share(2.0 * counts[0], said + there),
            average_precision: average_precision(&self.ranked(rule, at), there),
            mean_iou: share(counts[1], counts[0]),
        };
        thresholds.iter().zip(counts).enumerate().map(row).collect()
    }

    /// The precision-recall curve over thresholds of the IoU, rising: one point for each threshold
    /// at which both have a value.
    #[must_use]
    pub fn curve(&self) -> Vec<CurvePoint> {
        self.curve_by(self.config.matching)
    }

    /// The curve by this matching, whichever is configured.
    #[must_use]
    pub fn curve_by(&self, matching: Matching) -> Vec<CurvePoint> {
        let point = |row: ObjectRow| {
            let threshold = row.threshold;
            Some(CurvePoint { threshold, recall: row.recall?, precision: row.precision? })
        };
        self.rows_by(matching).into_iter().filter_map(point).collect()
    }

    /// Tables and curves of both matchings, the configured one first.
    pub(super) fn tables(&self) -> Details {
        let rules = [self.config.matching, self.config.matching.other()];
        let mut rows = Vec::new();
        let mut told = Vec::new();
        for rule in rules {
            for row in self.rows_by(rule) {
                if rule == self.config.matching {
                    let name = |score| format!("object_{score}_{}", row.threshold);
                    told.extend(["precision", "recall", "f1", "ap"].map(name));
                }
                let shares = [row.precision, row.recall, row.f1, row.average_precision];
                let shares = shares.into_iter().chain([row.mean_iou]).map(Cell::Share);
                let counts = [row.matches, row.said, row.there].map(Cell::Count);
                let first = [Cell::Word(rule.name()), Cell::Number(Some(row.threshold))];
                rows.push(first.into_iter().chain(counts).chain(shares).collect());
            }
        }
        let line = |rule: Matching| CurveLine {
            name: format!("{} matching", rule.name()),
            points: self.curve_by(rule),
        };
        Details {
            tables: vec![Table { name: "objects", columns: Column::named(&OBJECTS), rows }],
            curves: vec![Curve {
                name: "precision-recall",
                title: "objects found, by the IoU from which they match".to_owned(),
                lines: rules.map(line).to_vec(),
            }],
            told,
        }
    }
}

const OBJECTS: [(&str, &str); 10] = [
    ("matching", "matching"),
    ("threshold", "IoU"),
    ("matches", "matches"),
    ("predicted", "predicted"),
    ("true", "true"),
    ("precision", "precision %"),
    ("recall", "recall %"),
    ("f1", "F1 %"),
    ("ap", "AP %"),
    ("mean_iou", "mean IoU %"),
];

impl ObjectRow {
    /// The heads of the columns of [`cells`](Self::cells).
    pub const HEADS: [&'static str; 8] =
        ["IoU", "matches", "predicted", "true", "precision %", "recall %", "F1 %", "AP %"];

    /// The row as text: percent with two digits, and `-` for a score without a value.
    #[must_use]
    pub fn cells(&self) -> [String; 8] {
        let [precision, recall, f1, average] =
            [self.precision, self.recall, self.f1, self.average_precision].map(percent);
        let [threshold, matches, said, there] =
            [self.threshold, self.matches, self.said, self.there].map(|number| number.to_string());
        [threshold, matches, said, there, precision, recall, f1, average]
    }
}
