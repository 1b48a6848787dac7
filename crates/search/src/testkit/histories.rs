//! Searches to try rules on.

use dartloom_decode::{Decoder, NonePolicy, TopK};
use dartloom_noise::Noise;
use dartloom_record::{Objective, Scores};
use dartloom_space::{
    CellGraph, CellSpec, CellTable, Head, Network, OpSet, Placement, Port, Recipe, Source, Space,
    Stem, WeightTable,
};
use rand::Rng;

use super::Case;
use crate::SearchError;
use crate::stop::Observed;

/// Epochs of every made-up search.
const EPOCHS: usize = 24;

/// The score that selects in every made-up search.
const SCORE: &str = "score";

/// The course of a made-up search.
#[derive(Clone, Copy)]
enum Course {
    /// Every row becomes clearer and comes to rest in the middle of the search.
    Settles,
    /// Skip connections grow until nothing else is left.
    Collapses,
    /// Every epoch has other weights.
    Wanders,
}

/// Searches in several spaces, with and without "none", with one and two inputs per cell: some
/// settle, some collapse into skip connections, some never come to rest.
///
/// # Errors
/// Never with the built-in operation sets; the error of a part if they are missing.
pub fn histories(seed: u64) -> Result<Vec<Case>, SearchError> {
    let mut cases = Vec::new();
    for space in spaces()? {
        for course in [Course::Settles, Course::Collapses, Course::Wanders] {
            let noise = Noise::new(seed).child(&format!("history {}", cases.len()));
            let observe = |epoch| observed(&space, course, epoch, noise);
            let history = (0..EPOCHS).map(observe).collect::<Result<Vec<_>, _>>()?;
            cases.push(Case { space: space.clone(), history });
        }
    }
    Ok(cases)
}

fn spaces() -> Result<Vec<Space>, SearchError> {
    let darts = Space::darts(OpSet::builtin("O_base")?, 8, 4, Stem::cifar(3))?;
    let individual = Space::individual(OpSet::builtin("S")?, 3, 3, Stem::cifar(3))?;
    let cell = CellSpec { name: "cell".to_owned(), graph: CellGraph::dense(1, 3)? };
    let port = Port::one(Source::Stem(0));
    let placement =
        Placement { cell: Some(0), width: 1, level: 0, reduction: false, ports: vec![port] };
    let head = Head::pooled(Source::Cell(0));
    let network = Network::new(Stem::cifar(1), vec![placement], head, None)?;
    let bench = Space::new("bench", OpSet::builtin("nasbench201")?, vec![cell], network)?;
    Ok(vec![darts, individual, bench])
}

fn observed(
    space: &Space,
    course: Course,
    epoch: usize,
    noise: Noise,
) -> Result<Observed, SearchError> {
    let mut draw = noise.stream("weights", epoch as u64);
    let mut taste = noise.stream("taste", 0);
    let progress = (epoch as f64 / (EPOCHS / 2) as f64).min(1.0);
    let ops = space.op_set().ops();
    let mut logit = |op: usize| {
        let skip = ops[op].recipe.as_ref().is_some_and(Recipe::is_identity);
        let liking: f64 = taste.random_range(0.0..1.0);
        let now: f64 = draw.random_range(0.0..1.0);
        match course {
            Course::Settles => 8.0 * progress * liking,
            Course::Collapses if skip => 4.0 * progress,
            Course::Collapses => liking,
            Course::Wanders => 4.0 * now,
        }
    };
    let cells = space.cells().iter().map(|cell| {
        let edges = cell.graph.edges().iter();
        let edges = edges.map(|_| softmax((0..ops.len()).map(&mut logit).collect())).collect();
        CellTable { name: cell.name.clone(), edges, edge_weights: None }
    });
    let names = ops.iter().map(|op| op.name.clone()).collect();
    let weights = WeightTable::new(names, cells.collect())?;
    let decoder = TopK { none: NonePolicy::Exclude, ..TopK::darts() };
    let genotype = decoder.decode(space, &weights)?.genotype;
    let scores = Scores::new().with(SCORE, 1.0 - 0.9 / (1.0 + epoch as f64));
    let objective = Objective::higher(SCORE);
    // One epoch diverged: its loss is no number.
    let loss = (epoch != EPOCHS / 3).then(|| draw.random_range(0.1..3.0));
    Ok(Observed { epoch, weights, genotype, scores, objective, loss })
}

fn softmax(logits: Vec<f64>) -> Vec<f64> {
    let powers: Vec<f64> = logits.into_iter().map(f64::exp).collect();
    let sum: f64 = powers.iter().sum();
    powers.into_iter().map(|power| power / sum).collect()
}
