//! Tables and curves behind scores, as text, JSON and SVG.

use dartloom::metrics::{Cell, Column, Curve, Table};
use dartloom_report::{Series, precision_recall, table};
use serde::Serialize;
use serde_json::Value;

use crate::error::CliError;

/// Most rows of a table that are printed.
const MOST: usize = 200;

/// A table as JSON: rows of cells in the order of columns; shares are from 0 to 1, and `null` is a
/// value that is not there.
#[derive(Debug, Serialize)]
pub(super) struct SaidTable {
    name: &'static str,
    columns: Vec<Value>,
    rows: Vec<Vec<Value>>,
}

/// A curve as JSON.
#[derive(Debug, Serialize)]
pub(super) struct SaidCurve<'a> {
    name: &'static str,
    lines: Vec<SaidLine<'a>>,
}

#[derive(Debug, Serialize)]
struct SaidLine<'a> {
    name: &'a str,
    points: Vec<SaidPoint>,
}

#[derive(Debug, Serialize)]
struct SaidPoint {
    threshold: f64,
    recall: f64,
    precision: f64,
}

impl SaidTable {
    pub(super) fn of(table: &Table, names: &[String]) -> Self {
        let column = |column: &Column| match *column {
            Column::Named { name, .. } => name.into(),
            Column::Output(index) => output(index, names),
        };
        let cell = |cell: &Cell| match *cell {
            Cell::Word(word) => word.into(),
            Cell::Output(index) => output(index, names),
            // Counts are whole.
            Cell::Count(count) => (count as u64).into(),
            Cell::Share(number) | Cell::Number(number) => number.into(),
        };
        Self {
            name: table.name,
            columns: table.columns.iter().map(column).collect(),
            rows: table.rows.iter().map(|row| row.iter().map(cell).collect()).collect(),
        }
    }
}

impl<'a> SaidCurve<'a> {
    pub(super) fn of(curve: &'a Curve) -> Self {
        let lines = curve.lines.iter().map(|line| {
            let points = line.points.iter().map(|point| SaidPoint {
                threshold: point.threshold,
                recall: point.recall,
                precision: point.precision,
            });
            SaidLine { name: &line.name, points: points.collect() }
        });
        Self { name: curve.name, lines: lines.collect() }
    }
}

/// An output by its name, or by its number.
fn output(index: usize, names: &[String]) -> Value {
    names.get(index).map_or_else(|| index.into(), |name| name.as_str().into())
}

/// A table as text, under its name.
pub(super) fn text(own: &Table, names: &[String]) -> String {
    let output = |index: usize| names.get(index).cloned().unwrap_or_else(|| index.to_string());
    let head = |column: &Column| match *column {
        Column::Named { head, .. } => head.to_owned(),
        Column::Output(index) => output(index),
    };
    let cell = |cell: &Cell| match *cell {
        Cell::Word(word) => word.to_owned(),
        Cell::Output(index) => output(index),
        Cell::Count(count) => format!("{count:.0}"),
        Cell::Share(share) => {
            share.map_or_else(|| "-".to_owned(), |share| format!("{:.2}", 100.0 * share))
        }
        Cell::Number(number) => number.map_or_else(|| "-".to_owned(), short),
    };
    let heads = own.columns.iter().map(head).collect();
    let rows = own.rows.iter().take(MOST).map(|row| row.iter().map(cell).collect());
    let rows: Vec<Vec<String>> = std::iter::once(heads).chain(rows).collect();
    let rest = match own.rows.len().saturating_sub(MOST) {
        0 => String::new(),
        more => format!("and {more} more rows, which --json has\n"),
    };
    format!("\n{}\n{}{rest}", own.name, table(&rows))
}

/// Four digits at most behind the point.
fn short(number: f64) -> String {
    let text = format!("{number:.4}");
    match text.trim_end_matches('0').trim_end_matches('.') {
        "-0" | "" => "0".to_owned(),
        short if number.is_finite() => short.to_owned(),
        _ => text,
    }
}

/// A curve as SVG.
pub(super) fn svg(curve: &Curve) -> Result<String, CliError> {
    let series: Vec<Series> = curve
        .lines
        .iter()
        .map(|line| Series {
            name: line.name.clone(),
            points: line.points.iter().map(|point| (point.recall, point.precision)).collect(),
            line: true,
        })
        .collect();
    Ok(precision_recall(&curve.title, &series)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn small() -> Table {
        let named = |name, head| Column::Named { name, head };
        Table {
            name: "classes",
            columns: vec![named("class", "class"), named("iou", "IoU %"), Column::Output(1)],
            rows: vec![
                vec![Cell::Output(0), Cell::Share(Some(0.875)), Cell::Count(12.0)],
                vec![Cell::Word("mean"), Cell::Share(None), Cell::Number(Some(0.1))],
            ],
        }
    }

    #[test]
    fn tables_are_text_and_json_with_names() {
        let names = ["sky".to_owned(), "cell".to_owned()];
        let expected = "\nclasses\n\
                        class  IoU %  cell\n\
                        -----  -----  ----\n\
                        sky    87.50    12\n\
                        mean       -   0.1\n";
        assert_eq!(text(&small(), &names), expected);
        let said = serde_json::to_string(&SaidTable::of(&small(), &names)).unwrap();
        let expected = r#"{"name":"classes","columns":["class","iou","cell"],"rows":[["sky",0.875,12],["mean",null,0.1]]}"#;
        assert_eq!(said, expected);
        // Without names there are numbers.
        assert!(text(&small(), &[]).contains("\n0      87.50"));
        let said = serde_json::to_string(&SaidTable::of(&small(), &[])).unwrap();
        assert!(said.contains("[0,0.875,12]"), "{said}");
    }

    #[test]
    fn long_tables_are_cut_and_say_so() {
        let row = small().rows.swap_remove(0);
        let long = Table { rows: vec![row; MOST + 3], ..small() };
        let said = text(&long, &[]);
        assert_eq!(said.lines().count(), MOST + 5);
        assert!(said.ends_with("and 3 more rows, which --json has\n"), "{said}");
        assert_eq!(SaidTable::of(&long, &[]).rows.len(), MOST + 3);
    }

    #[test]
    fn numbers_are_short() {
        let texts = [0.0, -0.00001, 10.0, 0.5, -1.25, f64::NAN].map(short);
        assert_eq!(texts, ["0", "0", "10", "0.5", "-1.25", "NaN"]);
    }
}
