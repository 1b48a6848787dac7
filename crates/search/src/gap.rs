//! The loss that comes from turning weights into a decision.

use candle_core::Tensor;
use dartloom_data::Loader;
use dartloom_net::Supernet;
use dartloom_noise::Noise;
use dartloom_ops::{Mode, Pass, Place};
use dartloom_record::{Flow, Scores};
use dartloom_space::{ArchWeights, Genotype, Links, PortChoice, Source, Space, SpaceError};
use dartloom_task::Task;
use dartloom_train::{Evaluation, evaluate, evaluate_while};
use serde::{Deserialize, Serialize};

use crate::SearchError;

/// Loss of a supernet before and after its architecture weights are made hard, with the same
/// network weights.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Gap {
    /// With the relaxed weights.
    pub relaxed_loss: f64,
    /// With weight 1 on the genotype's operations and 0 elsewhere.
    pub hard_loss: f64,
    /// The task's scores with the relaxed weights.
    pub relaxed_scores: Scores,
    /// Those with the hard weights.
    pub hard_scores: Scores,
}

impl Gap {
    fn of(relaxed: Evaluation, hard: Evaluation) -> Self {
        Self {
            relaxed_loss: relaxed.loss,
            hard_loss: hard.loss,
            relaxed_scores: relaxed.scores,
            hard_scores: hard.scores,
        }
    }

    /// The discretisation gap `hard_loss - relaxed_loss`.
    pub fn loss(&self) -> f64 {
        self.hard_loss - self.relaxed_loss
    }

    /// `true` if both losses are finite; otherwise the difference is meaningless.
    pub fn is_finite(&self) -> bool {
        self.relaxed_loss.is_finite() && self.hard_loss.is_finite()
    }
}

/// The measure of a supernet.
#[derive(Clone, Copy, Debug)]
pub struct Judge<'a> {
    /// The task.
    pub task: &'a dyn Task,
    /// The images that they are judged on.
    pub loader: &'a Loader<'a>,
}

/// Measures the discretisation gap on the images of `judge`.
///
/// Batch norms normalise with the batch in both passes: running statistics belong to the relaxed
/// mixture and would make the hard network look worse than it is.
///
/// # Errors
/// When `genotype` does not belong to `space`, or a pass fails.
pub fn discretisation_gap(
    supernet: &Supernet,
    space: &Space,
    weights: &ArchWeights<Tensor>,
    genotype: &Genotype,
    judge: Judge<'_>,
) -> Result<Gap, SearchError> {
    let measure = |weights: &ArchWeights<Tensor>| {
        evaluate(judge.loader, judge.task, forward(supernet, weights))
    };
    let hard = hard_of(supernet, space, weights, genotype)?;
    Ok(Gap::of(measure(weights)?, measure(&hard)?))
}

/// The same, asking `go_on` between batches; `None` if the answer was to stop.
pub(crate) fn gap_while(
    supernet: &Supernet,
    space: &Space,
    (weights, genotype): (&ArchWeights<Tensor>, &Genotype),
    judge: Judge<'_>,
    go_on: &mut dyn FnMut() -> Flow,
) -> Result<Option<Gap>, SearchError> {
    let mut measure = |weights: &ArchWeights<Tensor>| {
        evaluate_while(judge.loader, judge.task, go_on, forward(supernet, weights))
    };
    let hard = hard_of(supernet, space, weights, genotype)?;
    let Some(relaxed) = measure(weights)? else { return Ok(None) };
    Ok(measure(&hard)?.map(|hard| Gap::of(relaxed, hard)))
}

/// The hard weights of a genotype, of edges too where the relaxed ones weigh them.
fn hard_of(
    supernet: &Supernet,
    space: &Space,
    weights: &ArchWeights<Tensor>,
    genotype: &Genotype,
) -> Result<ArchWeights<Tensor>, SearchError> {
    let mut hard = hard_weights(space, genotype, &supernet.variables().place())?;
    for (hard, relaxed) in hard.cells.iter_mut().zip(&weights.cells) {
        if relaxed.edges.is_some() {
            // Edges with an operation are whole and the others are cut.
            hard.edges = Some(hard.ops.max(1)?);
        }
    }
    Ok(hard)
}

/// The passes of a measurement.
fn forward<'a>(
    supernet: &'a Supernet,
    weights: &'a ArchWeights<Tensor>,
) -> impl FnMut(&Tensor) -> Result<Tensor, SearchError> + 'a {
    let mut noise = Noise::new(0).stream("gap", 0);
    move |images| {
        let mut pass = Pass::new(Mode::probe(), &mut noise);
        Ok(supernet.forward(images, weights, &mut pass)?.main)
    }
}

/// Ones at the genotype's genes and the links that it keeps, zeros elsewhere; edges are not
/// weighed.
///
/// # Errors
/// [`SearchError::Space`] when `genotype` does not belong to `space`.
pub fn hard_weights(
    space: &Space,
    genotype: &Genotype,
    place: &Place,
) -> Result<ArchWeights<Tensor>, SearchError> {
    // Refuses what is no genotype of the space, a wrong number of cells among it.
    space.admit(genotype)?;
    let ops = space.op_set().len();
    let mut tables = Vec::with_capacity(space.cells().len());
    for (spec, cell) in space.cells().iter().zip(genotype.cells()) {
        let mut values = vec![0.0; spec.graph.edges().len() * ops];
        for gene in &cell.genes {
            let row = spec.graph.row(dartloom_space::Edge { from: gene.from, to: gene.to });
            let place = row.zip(space.op_set().position(&gene.op));
            let (row, column) = place.ok_or_else(|| SpaceError::Mismatch {
                place: format!("cell `{}`", cell.name),
                expected: "genes on edges and operations of the space".to_owned(),
                found: format!("{} {}->{}", gene.op, gene.from, gene.to),
            })?;
            values[row * ops + column] = 1.0;
        }
        let shape = (spec.graph.edges().len(), ops);
        tables.push(Tensor::from_vec(values, shape, &place.device)?.to_dtype(place.dtype)?);
    }
    Ok(ArchWeights { links: hard_links(space, genotype, place)?, ..ArchWeights::of_ops(tables) })
}

/// Ones at the links that a genotype keeps; all of them where it names none. Nothing leads into an
/// end that its head does not read.
fn hard_links(
    space: &Space,
    genotype: &Genotype,
    place: &Place,
) -> Result<Vec<Tensor>, SearchError> {
    let Links { ports, head } = genotype.links();
    let ends = space.network().head_sources();
    let unread = |placement: usize| {
        let end = ends.iter().position(|end| *end == Source::Cell(placement));
        !head.is_empty() && end.is_some_and(|end| !head.contains(&end))
    };
    let line = |choice: PortChoice| {
        let own = ports.iter().find(|own| own.id() == choice.port);
        let on = |link| own.is_none_or(|own| own.kept.contains(&link));
        let unread = unread(choice.port.placement);
        let weight = |link| if on(link) && !unread { 1.0 } else { 0.0 };
        let weights: Vec<f64> = (0..choice.links).map(weight).collect();
        Ok(Tensor::from_vec(weights, choice.links, &place.device)?.to_dtype(place.dtype)?)
    };
    space.network().choices().map(line).collect()
}
