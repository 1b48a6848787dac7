//! The relaxation in a method's released code, and the names that the code gives to weights.

use dartloom_ops::Place;
use std::collections::BTreeMap;
use std::sync::Arc;

use dartloom_noise::Noise;
use dartloom_relax::{Penalised, Relaxation, Sigmoid, Simplex, Softmax, ZeroOne, ZeroOneNorm};
use dartloom_search::{Architecture, Choices};
use dartloom_space::{CellId, LogitId, Space};

use super::plan::zero_one_weight;
use crate::golden::GoldenError;
use crate::golden::bundle::View;
use crate::golden::manifest::Case;

/// One method's.
#[derive(Clone, Debug)]
pub(super) struct Flavour {
    pub(super) relaxation: Arc<dyn Relaxation>,
    /// That of edges where a case has them.
    edges: Arc<dyn Relaxation>,
}

impl Flavour {
    /// That of the repository the case was measured in; `norm` is for FairDARTS' zero-one loss.
    pub(super) fn of(case: &Case<'_>, norm: ZeroOneNorm) -> Result<Self, GoldenError> {
        let softmax = || Arc::new(Softmax::default());
        Ok(match case.entry.repository() {
            Some("liamcli/gaea_release") => {
                Self { relaxation: Arc::new(Simplex), edges: Arc::new(Simplex) }
            }
            Some("xiaomi-automl/FairDARTS") => {
                // The mean over both cells' logits is half the sum of their means.
                let weight = zero_one_weight(&case.entry.config)? / 2.0;
                let fair = Penalised::new(Sigmoid, ZeroOne { norm }, weight)?;
                Self { relaxation: Arc::new(fair), edges: softmax() }
            }
            Some("aheuillet/D-DARTS") => Self { relaxation: Arc::new(Sigmoid), edges: softmax() },
            _ => Self { relaxation: softmax(), edges: softmax() },
        })
    }

    /// The logits of `space` as `folder` holds them, at `step` where it holds several.
    pub(super) fn architecture(
        &self,
        space: &Space,
        view: &View<'_>,
        folder: &str,
        step: Option<usize>,
    ) -> Result<(Architecture, Names), GoldenError> {
        let mut noise = Noise::new(0).stream("logits", 0);
        let place = Place::default();
        let mut choices = Choices::new(Arc::clone(&self.relaxation));
        let first = &space.cells()[0].name;
        choices.edges = edges_of(view, folder, first).map(|_| Arc::clone(&self.edges));
        let architecture = Architecture::new(space, choices, &place, &mut noise)?;
        let names = Names::new(space, view, folder, &architecture);
        let mut tables = BTreeMap::new();
        for (name, stored) in &names.0 {
            let tensor = view.get(&format!("{folder}/{stored}"))?;
            let tensor = step.map_or(Ok(tensor.clone()), |step| tensor.get(step))?;
            tables.insert(name.clone(), tensor);
        }
        architecture.load(&tables)?;
        Ok((architecture, names))
    }
}

/// Names in a case's folders by the names of logits.
#[derive(Clone, Debug)]
pub(super) struct Names(pub(super) BTreeMap<String, String>);

impl Names {
    fn new(space: &Space, view: &View<'_>, folder: &str, architecture: &Architecture) -> Self {
        let mut names = BTreeMap::new();
        for (index, cell) in space.cells().iter().enumerate() {
            names.insert(cell.name.clone(), table_of(view, folder, &cell.name));
            let line = architecture.name(LogitId::Edges(CellId(index)));
            if let Some(stored) = edges_of(view, folder, &cell.name)
                && architecture.named().contains_key(&line)
            {
                names.insert(line, stored);
            }
        }
        Self(names)
    }
}

/// The name of a cell's table.
pub(super) fn table_of(view: &View<'_>, folder: &str, cell: &str) -> String {
    let long = format!("alphas_{cell}");
    if view.has(&format!("{folder}/{long}")) { long } else { cell.to_owned() }
}

/// The name of a cell's line of edges; `None` if it is not learned.
fn edges_of(view: &View<'_>, folder: &str, cell: &str) -> Option<String> {
    let names = ["betas", "edges"].map(|kind| format!("{kind}_{cell}"));
    let found = names.into_iter().find(|name| view.has(&format!("{folder}/{name}")))?;
    // Edges that are not learned stand in the folder as ones, and have no gradient.
    let learned = folder != "arch" || view.has(&format!("arch_grad/{found}"));
    learned.then_some(found)
}
