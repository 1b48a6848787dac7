//! Architecture weights as plain numbers.

use serde::{Deserialize, Serialize};

use crate::{Space, SpaceError};

/// The version that [`WeightTable`] text forms carry.
const VERSION: u32 = 1;

/// Relaxed architecture weights on the host: what a decoder reads.
///
/// One table per searchable cell, rows in the cell's edge order, columns in `ops` order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "RawTable")]
pub struct WeightTable {
    version: u32,
    ops: Vec<String>,
    cells: Vec<CellTable>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    links: Vec<Vec<f64>>,
}

/// Weights of one cell.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CellTable {
    /// Name of the cell in its space.
    pub name: String,
    /// One row per edge, one weight per operation.
    pub edges: Vec<Vec<f64>>,
    /// One weight per edge, where edges are weighted too (PC-DARTS).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edge_weights: Option<Vec<f64>>,
}

#[derive(Deserialize)]
#[serde(rename = "WeightTable", deny_unknown_fields)]
pub(crate) struct RawTable {
    version: u32,
    ops: Vec<String>,
    cells: Vec<CellTable>,
    #[serde(default)]
    links: Vec<Vec<f64>>,
}

impl TryFrom<RawTable> for WeightTable {
    type Error = SpaceError;

    fn try_from(raw: RawTable) -> Result<Self, SpaceError> {
        if raw.version != VERSION {
            return Err(SpaceError::Version {
                what: "weight table",
                found: raw.version,
                known: VERSION,
            });
        }
        Self::new(raw.ops, raw.cells)?.with_links(raw.links)
    }
}

impl WeightTable {
    /// A table of finite weights, each row as long as `ops`.
    ///
    /// # Errors
    /// [`SpaceError::WeightRow`] naming cell, row, expected and found; [`SpaceError::Weight`] for
    /// a weight that is not finite.
    pub fn new(ops: Vec<String>, cells: Vec<CellTable>) -> Result<Self, SpaceError> {
        for cell in &cells {
            for (row, weights) in cell.edges.iter().enumerate() {
                check_row(&cell.name, row, weights, ops.len())?;
            }
            if let Some(weights) = &cell.edge_weights {
                check_row(&cell.name, cell.edges.len(), weights, cell.edges.len())?;
            }
        }
        Ok(Self { version: VERSION, ops, cells, links: Vec::new() })
    }

    /// The same table with link weights, one row per choice of the space's network.
    ///
    /// # Errors
    /// [`SpaceError::Weight`] for a weight that is not finite.
    pub fn with_links(mut self, links: Vec<Vec<f64>>) -> Result<Self, SpaceError> {
        for (row, weights) in links.iter().enumerate() {
            check_row("links", row, weights, weights.len())?;
        }
        self.links = links;
        Ok(self)
    }

    /// Operation names, in column order.
    pub fn ops(&self) -> &[String] {
        &self.ops
    }

    /// Weights per cell.
    pub fn cells(&self) -> &[CellTable] {
        &self.cells
    }

    /// Link weights, one row per choice.
    pub fn links(&self) -> &[Vec<f64>] {
        &self.links
    }

    /// Checks that the table has the cells, edges, operations and choices of `space`.
    ///
    /// # Errors
    /// [`SpaceError::Mismatch`] with what was expected and found, and where.
    pub fn check(&self, space: &Space) -> Result<(), SpaceError> {
        let expected: Vec<&str> = space.op_set().names().collect();
        let found: Vec<&str> = self.ops.iter().map(String::as_str).collect();
        check_names("operation", &expected, &found)?;
        let expected: Vec<&str> = space.cells().iter().map(|cell| cell.name.as_str()).collect();
        let found: Vec<&str> = self.cells.iter().map(|cell| cell.name.as_str()).collect();
        check_names("cell", &expected, &found)?;
        for (spec, weights) in space.cells().iter().zip(&self.cells) {
            let place = format!("edges of cell `{}`", spec.name);
            check_count(&place, spec.graph.edges().len(), weights.edges.len())?;
        }
        let choices: Vec<usize> = space.network().choices().map(|choice| choice.links).collect();
        if self.links.is_empty() {
            return Ok(());
        }
        check_count("choices of links", choices.len(), self.links.len())?;
        for (row, (&expected, links)) in choices.iter().zip(&self.links).enumerate() {
            check_count(&format!("links of choice {row}"), expected, links.len())?;
        }
        Ok(())
    }
}

fn check_count(place: &str, expected: usize, found: usize) -> Result<(), SpaceError> {
    if expected == found {
        return Ok(());
    }
    let expected = expected.to_string();
    let found = found.to_string();
    Err(SpaceError::Mismatch { place: place.to_owned(), expected, found })
}

/// Refuses a list of names at the first that differs; `what` is what one of them names.
pub(crate) fn check_names(what: &str, expected: &[&str], found: &[&str]) -> Result<(), SpaceError> {
    let at = |names: &[&str], index: usize| {
        let all = names.len();
        names.get(index).map_or_else(|| format!("no more than {all}"), |name| format!("`{name}`"))
    };
    let longest = expected.len().max(found.len());
    match (0..longest).find(|&index| expected.get(index) != found.get(index)) {
        Some(index) => Err(SpaceError::Mismatch {
            place: format!("{what} {index}"),
            expected: at(expected, index),
            found: at(found, index),
        }),
        None => Ok(()),
    }
}

fn check_row(cell: &str, row: usize, weights: &[f64], expected: usize) -> Result<(), SpaceError> {
    if weights.len() != expected {
        let cell = cell.to_owned();
        let found = weights.len();
        return Err(SpaceError::WeightRow { cell, row, expected, found });
    }
    match weights.iter().position(|weight| !weight.is_finite()) {
        Some(column) => {
            let cell = cell.to_owned();
            let found = weights[column];
            Err(SpaceError::Weight { cell, row, column, found })
        }
        None => Ok(()),
    }
}
