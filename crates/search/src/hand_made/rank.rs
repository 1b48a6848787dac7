//! The blocks of a network that a search is most likely to change.

use std::collections::BTreeMap;

use dartloom_ops::Mode;
use dartloom_record::Refused;
use dartloom_space::{CellId, LogitId};
use dartloom_train::Position;
use serde::{Deserialize, Serialize};

use super::start::searched;
use crate::entropies::entropies;
use crate::{LogitGradients, PassSpec, Purpose, SearchError, StepReport, SupernetSearch, Wanted};

/// A block of a network laid out by hand, and how likely a search is to change it.
///
/// With `w_o` the weights of the block's `n` candidates and `g_o` the mean over some validation
/// batches of the derivative of the loss by the logit of candidate `o`,
///
/// ```text
/// H = -(sum_o w_o ln w_o) / ln n          entropy: 0 decided, 1 undecided
/// G = sqrt(sum_o (g_o - mean_p g_p)^2)    gradient: how fast the loss would have it decided
/// score = H G
/// ```
///
/// A direction in which all logits move alike changes no choice, so that the mean is taken off: of
/// a softmax it is 0, of shares it is what their projection takes off.
///
/// Source: the conclusion of HAL-03343944, which proposes both criteria for the choice of the
/// blocks of a network that is well designed already.
///
/// # Differences from the paper
/// It has no formula: the product and the norms are ours.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BlockRank {
    /// The name of the node.
    pub block: String,
    /// `H`.
    pub entropy: f64,
    /// `G`.
    pub gradient: f64,
    /// `H G`.
    pub score: f64,
}

impl SupernetSearch<'_> {
    /// The blocks of a search inside a network laid out by hand, the most promising first, at the
    /// weights that it has now; blocks of equal score keep the network's order. Gradients are means
    /// over `batches` batches of validation images. Nothing is trained, and running statistics
    /// stay.
    ///
    /// # Errors
    /// [`SearchError::Config`] for a space that is not inside such a network, for no batches, and
    /// for weights that may be negative, which have no entropy; those of a pass.
    pub fn rank_blocks(&self, batches: usize) -> Result<Vec<BlockRank>, SearchError> {
        searched(self.space())?;
        if batches == 0 {
            let expected = "at least 1";
            return Err(Refused::new("batches", expected, batches.to_string()).into());
        }
        let core = &self.bilevel().core;
        if core.architecture.is_free() {
            let expected = "a relaxation whose weights are 0 or more";
            let found = format!("{:?}", core.architecture.choices().relaxation);
            return Err(Refused::new("relaxation", expected, found).into());
        }
        let end = self.end();
        let entropies = entropies(self.space(), &self.table(end)?)?;
        let gradients = self.logit_gradients(batches)?;
        let mut ranks = Vec::with_capacity(self.space().cells().len());
        for (index, cell) in self.space().cells().iter().enumerate() {
            let entropy = entropies.get(&cell.name).and_then(|own| own.edges.first().copied());
            let entropy = entropy.unwrap_or(0.0);
            let gradient = match gradients.0.get(&LogitId::Ops(CellId(index))) {
                Some(sum) => centred_norm(&(sum / batches as f64)?)?,
                None => 0.0,
            };
            let score = entropy * gradient;
            ranks.push(BlockRank { block: cell.name.clone(), entropy, gradient, score });
        }
        ranks.sort_by(|a, b| b.score.total_cmp(&a.score));
        Ok(ranks)
    }

    /// The sum over batches of validation images of the loss's gradients by the logits.
    fn logit_gradients(&self, batches: usize) -> Result<LogitGradients, SearchError> {
        let core = &self.bilevel().core;
        let epoch = self.end().min(self.epochs_of_search().saturating_sub(1));
        let mut sum = LogitGradients(BTreeMap::new());
        for step in 0..batches {
            let at = core.step_at(Position { epoch, step }, self.epochs_of_search());
            let pass = PassSpec::new(Purpose::Logits, Mode::probe(), Wanted::Logits);
            let batch = self.valid_batch(step)?;
            let found = core.gradients(at, &batch, pass, &mut StepReport::default())?;
            sum.add(&found.logits)?;
        }
        Ok(sum)
    }
}

/// The Euclidean norm of a row of gradients without its mean.
fn centred_norm(row: &candle_core::Tensor) -> Result<f64, SearchError> {
    let row = row.flatten_all()?.to_dtype(candle_core::DType::F64)?.to_vec1::<f64>()?;
    let mean = row.iter().sum::<f64>() / row.len().max(1) as f64;
    Ok(row.iter().map(|own| (own - mean).powi(2)).sum::<f64>().sqrt())
}
