//! Logits that become weights before they are decoded.

use clap::ValueEnum;
use dartloom::decode::{OffScale, Scale};
use dartloom::noise::Noise;
use dartloom::relax::{Deterministic, Groups, Progress, Sigmoid, Softmax, Sparsemax};
use dartloom::search::SearchError;
use dartloom::space::{CellTable, Space, WeightTable};
use dartloom::{Device, Tensor};

/// The rule by which logits become weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Logits {
    /// Shares of 1 (DARTS, PC-DARTS).
    Softmax,
    /// Each for itself (FairDARTS, D-DARTS).
    Sigmoid,
    /// Shares of 1 that reach 0.
    Sparsemax,
}

impl Logits {
    /// The table of weights. Rows of operations, the edges into each node and the links of each
    /// choice are relaxed by themselves, as while searching.
    ///
    /// # Errors
    /// A mismatch when the table belongs to another space.
    pub(super) fn weights(
        self,
        space: &Space,
        logits: &WeightTable,
    ) -> Result<WeightTable, SearchError> {
        logits.check(space)?;
        let cells = space.cells().iter().zip(logits.cells()).map(|(spec, cell)| {
            let targets: Vec<usize> = spec.graph.edges().iter().map(|edge| edge.to).collect();
            let own = cell.edge_weights.as_ref();
            let edge_weights =
                own.map(|line| self.line(&Groups::of(&targets), line)).transpose()?;
            Ok(CellTable { name: cell.name.clone(), edges: self.rows(&cell.edges)?, edge_weights })
        });
        let cells = cells.collect::<Result<_, SearchError>>()?;
        let links = self.rows(logits.links())?;
        Ok(WeightTable::new(logits.ops().to_vec(), cells)?.with_links(links)?)
    }

    fn rows(self, rows: &[Vec<f64>]) -> Result<Vec<Vec<f64>>, SearchError> {
        let sizes = rows.iter().map(Vec::len).collect();
        let mut line = self.line(&Groups::new(sizes)?, &rows.concat())?.into_iter();
        Ok(rows.iter().map(|row| line.by_ref().take(row.len()).collect()).collect())
    }

    fn line(self, groups: &Groups, logits: &[f64]) -> Result<Vec<f64>, SearchError> {
        let rule: Box<dyn Deterministic> = match self {
            Self::Softmax => Box::new(Softmax::default()),
            Self::Sigmoid => Box::new(Sigmoid),
            Self::Sparsemax => Box::new(Sparsemax),
        };
        let line = Tensor::from_slice(logits, logits.len(), &Device::Cpu)?;
        // A deterministic rule reads neither progress nor noise.
        let at = Progress { epoch: 0, epochs: 1 };
        let mut unread = Noise::new(0).stream("unread", 0);
        Ok(groups.weights(&rule, &line, at, &mut unread)?.to_vec1()?)
    }
}

/// The warning about rows that a rule cannot mean, if there are any.
pub(super) fn warning(scale: Scale, off: &[OffScale], rows: usize) -> Option<String> {
    let first = off.first()?;
    let what = match scale {
        Scale::Simplex => {
            format!("do not sum to 1, the first ({}) to {:.3}", first.edge, first.found)
        }
        Scale::UnitInterval => {
            format!("leave 0 to 1, the first ({}) with {:.3}", first.edge, first.found)
        }
    };
    let count = off.len();
    Some(format!(
        "{count} of {rows} rows {what}: if these are logits, `--logits softmax` (or sigmoid, \
         sparsemax) makes weights of them"
    ))
}
