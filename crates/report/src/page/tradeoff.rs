//! Scores against costs.

use dartloom_explore::{Point, front};
use dartloom_record::Objective;
use serde::Serialize;

use super::names::Names;
use super::table::Results;
use super::told::Told;

/// Scores of networks against their parameters.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Tradeoff {
    /// Networks that were trained to the end, by their score on test data.
    pub trained: Vec<Network>,
    /// Candidates that were trained briefly, by their score on validation data.
    pub candidates: Vec<Network>,
}

/// A network in a trade-off.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Network {
    /// Its name.
    pub name: String,
    /// Trainable numbers.
    pub parameters: f64,
    /// Multiply-adds for one image, where they are known.
    pub macs: Option<f64>,
    /// Its score.
    pub score: f64,
    /// `true` if no other is at least as good and as small, and better in one of both.
    pub front: bool,
}

impl Tradeoff {
    /// All networks whose score and parameters are known.
    pub(crate) fn of(told: &Told, names: &Names, results: &Results) -> Self {
        let objective = &results.objective;
        let trained = results.rows.iter().filter_map(|row| {
            let score = row.mean?.0;
            let parameters = row.parameters?;
            let name = row.name.clone();
            Some(Network { name, parameters, macs: row.macs, score, front: false })
        });
        let mut candidates = Vec::new();
        for (place, phase) in &told.phases {
            candidates.extend(phase.candidates.iter().enumerate().filter_map(|(index, one)| {
                Some(Network {
                    name: format!("{}, candidate {}", names.place(place), index + 1),
                    parameters: one.parameters? as f64,
                    macs: None,
                    score: objective.quality(one.quality?),
                    front: false,
                })
            }));
        }
        let trained = marked(trained.collect(), objective);
        Self { trained, candidates: marked(candidates, objective) }
    }

    /// `true` if there is nothing to compare.
    pub(crate) fn is_empty(&self) -> bool {
        self.trained.is_empty() && self.candidates.is_empty()
    }
}

/// Marks the front.
fn marked(networks: Vec<Network>, objective: &Objective) -> Vec<Network> {
    let mut networks: Vec<Network> =
        networks.into_iter().filter(|network| network.score.is_finite()).collect();
    let point = |network: &Network| Point {
        quality: objective.quality(network.score),
        cost: network.parameters as u64,
    };
    let points: Vec<Point> = networks.iter().map(point).collect();
    for index in front(&points) {
        networks[index].front = true;
    }
    networks
}
