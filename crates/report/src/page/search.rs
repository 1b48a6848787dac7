//! The story of each search: weights, entropies, architectures, the gap.

use std::collections::BTreeMap;

use dartloom_record::{CellEntropy, Leg, RecordError, Run, RunLayout, Where};
use dartloom_space::Space;
use serde::Serialize;
use serde_json::Value;

use super::names::{Names, layout};
use super::number::Number;
use super::told::{Phase, Told};

/// A search of one seed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Search {
    /// Its place.
    pub place: Where,
    /// The method and the seed, in words.
    pub title: String,
    /// The space that it chooses from, where the run has written it.
    #[serde(skip)]
    pub space: Option<Space>,
    /// Weights of each edge over epochs; empty where the run did not tell them.
    pub edges: Vec<EdgeStory>,
    /// Mean entropy of each cell, and of the links, over epochs: 1 is undecided, 0 decided.
    pub entropies: Vec<EntropyStory>,
    /// Architectures in the order in which they were found.
    pub architectures: Vec<Formed>,
    /// Rules that held.
    pub rules: Vec<Rule>,
    /// The loss that making the architecture discrete has cost.
    pub gap: Option<Gap>,
}

/// The weights of an edge over epochs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EdgeStory {
    /// The cell, or `links`.
    pub cell: String,
    /// The edge, such as `0 → 2`.
    pub edge: String,
    /// The epochs, from 1.
    pub epochs: Vec<usize>,
    /// The weights of each operation at these epochs.
    pub operations: Vec<OperationStory>,
}

/// The weights of an operation on an edge.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OperationStory {
    /// Its name.
    pub name: String,
    /// One weight for each epoch.
    pub weights: Vec<Number>,
}

/// The entropies of a cell over epochs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EntropyStory {
    /// The cell, or `links`.
    pub cell: String,
    /// The epochs, from 1.
    pub epochs: Vec<usize>,
    /// The mean over its edges.
    pub means: Vec<Number>,
    /// The entropies of its edges at the last of these epochs.
    pub last: Vec<Number>,
    /// The entropies of the choice among the edges into each node at the last of these epochs.
    pub nodes: Vec<Number>,
}

/// An architecture that a search has come to.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Formed {
    /// The epoch after which it was found, from 1.
    pub epoch: usize,
    /// The genotype.
    pub genotype: Value,
    /// The decoder's remarks.
    pub notes: Vec<String>,
}

/// A rule that held.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Rule {
    /// The epoch, from 1.
    pub epoch: usize,
    /// Its name.
    pub rule: String,
    /// The observation.
    pub seen: String,
    /// `true` if the search ended because of it.
    pub stops: bool,
}

/// The gap between the relaxed network and the discrete one.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Gap {
    /// Loss on validation data with the relaxed weights.
    pub relaxed: Option<f64>,
    /// The same with the decoded architecture in the same supernet.
    pub hard: Option<f64>,
    /// Their difference.
    pub difference: Number,
}

/// All searches that have begun, by method and seed.
pub(crate) fn searches(run: &Run, told: &Told, names: &Names) -> Result<Vec<Search>, RecordError> {
    let layout = layout(told);
    let mut all = Vec::new();
    let own = told.phases.iter().filter(|(place, _)| matches!(place.leg, Leg::Search(_)));
    for (place, phase) in own.filter(|(place, _)| place.candidate.is_none()) {
        let result = match place.seed {
            Some(seed) => run.result(layout, seed, &place.leg)?,
            None => None,
        };
        let formed = phase.architectures.iter().map(|(epoch, found)| Formed {
            epoch: epoch + 1,
            genotype: found.genotype.clone(),
            notes: found.notes.clone(),
        });
        let rules = phase.rules.iter().map(|rule| Rule {
            epoch: rule.epoch + 1,
            rule: rule.rule.clone(),
            seen: rule.seen.clone(),
            stops: rule.stops,
        });
        all.push(Search {
            space: space(run, &place.leg)?,
            title: names.place(place).trim_start_matches("search: ").to_owned(),
            place: place.clone(),
            edges: edges(phase),
            entropies: entropies(phase),
            architectures: formed.collect(),
            rules: rules.collect(),
            gap: gap(result.as_ref(), phase),
        });
    }
    Ok(all)
}

/// The space of a search; `None` where the run has none, or one in another form.
fn space(run: &Run, leg: &Leg) -> Result<Option<Space>, RecordError> {
    let Leg::Search(key) = leg else { return Ok(None) };
    let value = run.json(&format!("{}/{key}.json", RunLayout::SPACES))?;
    Ok(value.and_then(|value| serde_json::from_value(value).ok()))
}

fn gap(result: Option<&Value>, phase: &Phase) -> Option<Gap> {
    let number = |name: &str| result?.get("gap")?.get(name)?.as_f64();
    let relaxed = number("relaxed_loss");
    let hard = number("hard_loss");
    let told = phase.end.as_ref().and_then(|end| end.get("discretisation_gap")).copied();
    let difference = relaxed.zip(hard).map(|(relaxed, hard)| hard - relaxed).or(told)?;
    Some(Gap { relaxed, hard, difference: Number(difference) })
}

fn edges(phase: &Phase) -> Vec<EdgeStory> {
    let Some(last) = phase.weights.values().next_back() else { return Vec::new() };
    let epochs: Vec<usize> = phase.weights.keys().map(|epoch| epoch + 1).collect();
    let mut stories = Vec::new();
    for (cell, edges) in &last.cells {
        for (index, edge) in edges.iter().enumerate() {
            let operations = last.operations.iter().enumerate().map(|(column, name)| {
                let weights = phase.weights.values().map(|weights| {
                    let edge = weights.cells.get(cell).and_then(|edges| edges.get(index));
                    let weight = edge.and_then(|edge| edge.operations.get(column));
                    Number(weight.copied().unwrap_or(f64::NAN))
                });
                OperationStory { name: name.clone(), weights: weights.collect() }
            });
            stories.push(EdgeStory {
                cell: cell.clone(),
                edge: format!("{} → {}", edge.from, edge.to),
                epochs: epochs.clone(),
                operations: operations.collect(),
            });
        }
    }
    for (choice, links) in last.links.iter().enumerate() {
        let operations = (0..links.len()).map(|link| {
            let weights = phase.weights.values().map(|weights| {
                let weight = weights.links.get(choice).and_then(|links| links.get(link));
                Number(weight.copied().unwrap_or(f64::NAN))
            });
            OperationStory { name: format!("link {link}"), weights: weights.collect() }
        });
        stories.push(EdgeStory {
            cell: "links".to_owned(),
            edge: format!("choice {choice}"),
            epochs: epochs.clone(),
            operations: operations.collect(),
        });
    }
    stories
}

fn entropies(phase: &Phase) -> Vec<EntropyStory> {
    let mut cells: BTreeMap<&String, Vec<(usize, &CellEntropy)>> = BTreeMap::new();
    for (epoch, entropies) in &phase.entropies {
        for (cell, entropy) in entropies {
            cells.entry(cell).or_default().push((epoch + 1, entropy));
        }
    }
    let numbers = |values: &[f64]| values.iter().copied().map(Number).collect::<Vec<_>>();
    let story = |(cell, told): (&String, Vec<(usize, &CellEntropy)>)| {
        let mean = |entropy: &CellEntropy| {
            Number(dartloom_record::statistics::mean(&entropy.edges).unwrap_or(f64::NAN))
        };
        let last = told.last().map(|(_, entropy)| *entropy);
        EntropyStory {
            cell: cell.clone(),
            epochs: told.iter().map(|(epoch, _)| *epoch).collect(),
            means: told.iter().map(|(_, entropy)| mean(entropy)).collect(),
            last: last.map_or_else(Vec::new, |last| numbers(&last.edges)),
            nodes: last.and_then(|last| last.nodes.as_deref()).map_or_else(Vec::new, numbers),
        }
    };
    cells.into_iter().map(story).collect()
}
