//! The blocks of a network laid out by hand that are worth searching.
//!
//! A search of all blocks is the dearest and the least sure one: every block has all candidates at
//! once. [`reduce`] searches them for a few epochs, ranks them ([`BlockRank`]) and writes the
//! experiment that searches the most promising ones alone.

use std::fmt::Write as _;

use dartloom::noise::Noise;
use dartloom::record::{Flow, observer_fn};
use dartloom::search::{BilevelConfig, BlockRank, SearchConfig, SupernetSearch};
use dartloom::train::{Outcome, Session, drive};
use dartloom::verdict::MethodParts;

use crate::error::EngineError;
use crate::experiment::{self, Experiment, InsideSpec, Plan};

/// The search before blocks are ranked, and the number of them that are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlocksConfig {
    /// Blocks that the reduced experiment searches.
    pub keep: usize,
    /// Epochs of the search before. In the first half of them weights alone are trained.
    pub epochs: usize,
    /// Batches of validation images that the gradients of the logits are means over.
    pub batches: usize,
}

impl Default for BlocksConfig {
    /// Three blocks, ranked after two epochs on four batches.
    fn default() -> Self {
        Self { keep: 3, epochs: 2, batches: 4 }
    }
}

/// A reduced experiment.
#[derive(Clone, Debug)]
pub struct Reduced {
    /// All blocks, the most promising first.
    pub ranks: Vec<BlockRank>,
    /// The experiment that searches the first of them, in the order of the network.
    pub experiment: Experiment,
    /// Its file, which [`experiment::load`] reads, with the ranks as a comment.
    pub text: String,
}

/// Ranks the blocks of the first method of `plan` that searches inside a network laid out by hand,
/// at its first seed. `go_on` is asked between batches; `None` if the answer was to stop.
///
/// # Errors
/// [`EngineError::Field`] where no method searches inside a network, and for numbers of 0; the
/// errors of the search.
pub fn reduce(
    plan: &Plan,
    config: BlocksConfig,
    mut go_on: impl FnMut() -> Flow,
) -> Result<Option<Reduced>, EngineError> {
    let experiment = plan.experiment();
    let refuse = |field, expected, found: String| {
        let origin = experiment.name.clone();
        Err(EngineError::Field { origin, field, expected, found })
    };
    for (field, found) in
        [("keep", config.keep), ("epochs", config.epochs), ("batches", config.batches)]
    {
        if found == 0 {
            return refuse(field, "at least 1", found.to_string());
        }
    }
    let Some(at) = experiment.method.iter().position(|method| method.inside.is_some()) else {
        return refuse("inside", "a method that searches inside a network", "none".to_owned());
    };
    let comparison = plan.comparison();
    let method = &comparison.methods[at];
    let noise = Noise::new(experiment.seeds.first().copied().unwrap_or(0));
    let data = method.split.parts(comparison.train, noise.child("split").seed());
    let data = data.map_err(EngineError::work)?;
    let parts = comparison.search_parts(method, &data);
    let search = SupernetSearch::new("blocks", parts, short(method, config.epochs), noise);
    let mut search = search.map_err(EngineError::work)?;
    let mut observer = observer_fn(|_| Ok(go_on()));
    let outcome = drive(&mut search, &mut Session::new(&mut observer));
    if outcome.map_err(EngineError::work)? != Outcome::Finished {
        return Ok(None);
    }
    let ranks = search.rank_blocks(config.batches).map_err(EngineError::work)?;
    let experiment = reduced(experiment, at, &ranks, config.keep);
    let text = said(&ranks, config) + &experiment::to_ron(&experiment)?;
    Ok(Some(Reduced { ranks, experiment, text }))
}

/// The search of a method for a few epochs, without rules that end it or remove candidates.
fn short(method: &MethodParts<'_>, epochs: usize) -> SearchConfig {
    let bilevel = BilevelConfig { warm_up: epochs / 2, ..method.search.bilevel.clone() };
    SearchConfig { epochs, bilevel, stop: Vec::new(), prune: None, ..method.search.clone() }
}

/// The experiment whose method at a place searches the first `keep` of the ranked blocks.
fn reduced(whole: &Experiment, at: usize, ranks: &[BlockRank], keep: usize) -> Experiment {
    let mut experiment = whole.clone();
    experiment.name = format!("{}-blocks", whole.name);
    let kept: Vec<String> = ranks.iter().take(keep).map(|rank| rank.block.clone()).collect();
    if let Some(InsideSpec { blocks, .. }) =
        experiment.method.get_mut(at).and_then(|method| method.inside.as_mut())
    {
        *blocks = kept;
    }
    experiment
}

/// The ranks as a comment.
fn said(ranks: &[BlockRank], config: BlocksConfig) -> String {
    let BlocksConfig { keep, epochs, batches } = config;
    let mut text = format!(
        "// Blocks ranked after {epochs} epochs on {batches} batches: score = entropy x gradient.\n"
    );
    for (place, BlockRank { block, entropy, gradient, score }) in ranks.iter().enumerate() {
        let kept = if place < keep { "searched" } else { "left as it is" };
        // Writing to a string cannot fail.
        let _ = writeln!(text, "// {block}: {score:.4e} = {entropy:.4} x {gradient:.4e}, {kept}");
    }
    text
}
