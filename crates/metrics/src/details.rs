//! Tables and curves behind scores.

use crate::ranking::CurvePoint;

/// Tables and curves that stand behind the scores of a [`Scorer`](crate::Scorer), out of the same
/// sums.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Details {
    /// Tables, in the order in which they are read.
    pub tables: Vec<Table>,
    /// Curves.
    pub curves: Vec<Curve>,
    /// Names of the scores that the tables hold, too.
    pub told: Vec<String>,
}

/// A table with words over its columns.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// Its name, a word for programs: `classes`, `confusion`, `objects`, `labels`, `values`.
    pub name: &'static str,
    /// Columns, from the left.
    pub columns: Vec<Column>,
    /// Rows, each with a cell for every column.
    pub rows: Vec<Vec<Cell>>,
}

/// The top of a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Column {
    /// Words for programs and for people, such as `iou` and `IoU %`.
    Named {
        /// A word for programs.
        name: &'static str,
        /// Words for people, with a unit.
        head: &'static str,
    },
    /// An output of the network: the class, label or value with this index.
    Output(usize),
}

/// A cell of a [`Table`].
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// Words.
    Word(&'static str),
    /// An output of the network: the class, label or value with this index.
    Output(usize),
    /// A number that is counted.
    Count(f64),
    /// A share from 0 to 1, shown in percent; `None` where there is none.
    Share(Option<f64>),
    /// Any number; `None` where there is none.
    Number(Option<f64>),
}

/// Precision against recall.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    /// A name for files: `precision-recall`.
    pub name: &'static str,
    /// The words above it.
    pub title: String,
    /// Its lines.
    pub lines: Vec<CurveLine>,
}

/// A line of a [`Curve`].
#[derive(Clone, Debug, PartialEq)]
pub struct CurveLine {
    /// The words of the legend.
    pub name: String,
    /// Points, joined in order.
    pub points: Vec<CurvePoint>,
}

impl Column {
    pub(crate) fn named(names: &[(&'static str, &'static str)]) -> Vec<Self> {
        names.iter().map(|&(name, head)| Self::Named { name, head }).collect()
    }
}

impl Details {
    /// One table after the other.
    pub(crate) fn and(mut self, other: Self) -> Self {
        self.tables.extend(other.tables);
        self.curves.extend(other.curves);
        self.told.extend(other.told);
        self
    }
}
