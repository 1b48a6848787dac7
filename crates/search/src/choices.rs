//! The way from the choices of a space to continuous weights.

use std::collections::BTreeMap;
use std::sync::Arc;

use candle_core::Tensor;
use dartloom_ops::digest;
use dartloom_record::Identity;
use dartloom_relax::{AuxiliarySkip, Penalties, Relaxation};
use dartloom_space::{Blueprint, CellPlan};
use dartloom_train::TrainError;

use crate::{LinkChoices, StartLogits};

/// Everything that stands between the logits of a space and the weights of its supernet.
///
/// Holds configuration and no state; [`Choices::identified`] says what it is.
#[derive(Clone, Debug)]
pub struct Choices {
    /// The relaxation that turns the logits of an edge's operations into weights.
    pub relaxation: Arc<dyn Relaxation>,
    /// The relaxation that weighs the edges into each node, if they are weighed (PC-DARTS).
    pub edges: Option<Arc<dyn Relaxation>>,
    /// The choice of links between cells; `None` where the network leaves none.
    pub links: Option<LinkChoices>,
    /// Terms that every cell adds to the loss, besides the relaxation's own.
    pub penalties: Arc<Penalties>,
    /// Terms that single cells add, by name.
    pub cell_penalties: BTreeMap<String, Arc<Penalties>>,
    /// The addition to the weight of skip connections while searching (DARTS-).
    pub auxiliary_skip: Option<AuxiliarySkip>,
    /// The first logits of operations; `None` for those of the relaxation.
    pub start: Option<Arc<StartLogits>>,
    /// The variables of the trained network that was laid out by hand, by their names in it, which
    /// a search inside of it begins with; `None` for drawn ones.
    pub trained: Option<Arc<BTreeMap<String, Tensor>>>,
}

impl Choices {
    /// A relaxation of operations and nothing else.
    pub fn new(relaxation: Arc<dyn Relaxation>) -> Self {
        Self {
            relaxation,
            edges: None,
            links: None,
            penalties: Arc::default(),
            cell_penalties: BTreeMap::new(),
            auxiliary_skip: None,
            start: None,
            trained: None,
        }
    }

    /// The same for a relaxation of this type.
    pub fn of(relaxation: impl Relaxation + 'static) -> Self {
        Self::new(Arc::new(relaxation))
    }

    /// The number of logits in the supernet of `plan`: one per operation of every searchable edge,
    /// one per edge if edges are weighed, and one per weighed link.
    pub fn logits(&self, plan: &Blueprint) -> u64 {
        let cells: BTreeMap<usize, &CellPlan> =
            plan.cells.iter().filter_map(|cell| Some((cell.cell?, cell))).collect();
        let edge = u64::from(self.edges.is_some());
        let edges = cells.values().flat_map(|cell| &cell.edges);
        let ports = plan.cells.iter().flat_map(|cell| &cell.ports);
        let links: usize = ports.filter(|port| port.weighed).map(|port| port.links.len()).sum();
        links as u64 + edges.map(|own| own.candidates.len() as u64 + edge).sum::<u64>()
    }

    /// `identity` with the identities of these choices, part by part.
    ///
    /// # Errors
    /// [`TrainError::State`] for numbers without a JSON form.
    pub fn identified(&self, identity: Identity) -> Result<Identity, TrainError> {
        let Self { relaxation, edges, links, penalties, cell_penalties, auxiliary_skip, .. } = self;
        let relaxed = "Relaxation::identity";
        let term = "Regulariser::identity";
        let mut identity = identity
            .with_code("relaxation", relaxed, relaxation.identity())
            .with_code("penalties", term, penalties.identity())
            .with("auxiliary skip connection", auxiliary_skip)?
            .with("start of the logits", &self.start.as_deref())?;
        if let Some(edges) = edges {
            identity = identity.with_code("relaxation of edges", relaxed, edges.identity());
        }
        if let Some(links) = links {
            let LinkChoices { relaxation, among, incomplete, penalties } = links;
            identity = identity
                .with_code("relaxation of links", relaxed, relaxation.identity())
                .with("links", &(among, incomplete, penalties))?;
        }
        for (cell, penalties) in cell_penalties {
            let part = format!("penalties of cell `{cell}`");
            identity = identity.with_code(&part, term, penalties.identity());
        }
        if let Some(variables) = &self.trained {
            identity = identity
                .with("trained weights", &digest(variables.iter()).map_err(TrainError::from)?)?;
        }
        Ok(identity)
    }

    /// Weighs the edges into each node as well.
    #[must_use]
    pub fn with_edges(self, edges: impl Relaxation + 'static) -> Self {
        Self { edges: Some(Arc::new(edges)), ..self }
    }

    /// Weighs the links between cells.
    #[must_use]
    pub fn with_links(self, links: LinkChoices) -> Self {
        Self { links: Some(links), ..self }
    }

    /// Adds terms to the loss in place of those before.
    #[must_use]
    pub fn with_penalties(self, penalties: Penalties) -> Self {
        Self { penalties: Arc::new(penalties), ..self }
    }

    /// Adds terms of one cell to the loss, in place of its own before.
    #[must_use]
    pub fn with_cell_penalties(mut self, cell: impl Into<String>, penalties: Penalties) -> Self {
        self.cell_penalties.insert(cell.into(), Arc::new(penalties));
        self
    }

    /// Helps skip connections while searching.
    #[must_use]
    pub fn with_auxiliary_skip(self, auxiliary_skip: AuxiliarySkip) -> Self {
        Self { auxiliary_skip: Some(auxiliary_skip), ..self }
    }

    /// Begins at these logits, such as those of a hand-made network.
    #[must_use]
    pub fn with_start(self, start: impl Into<StartLogits>) -> Self {
        Self { start: Some(Arc::new(start.into())), ..self }
    }
}

impl From<Arc<dyn Relaxation>> for Choices {
    fn from(relaxation: Arc<dyn Relaxation>) -> Self {
        Self::new(relaxation)
    }
}
