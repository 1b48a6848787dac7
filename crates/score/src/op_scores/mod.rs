//! Scores of operations, measured on a user's own data.

mod config;
mod outcome;

use dartloom_data::{Dataset as _, Parts};
use dartloom_net::DerivedNetwork;
use dartloom_noise::Noise;
use dartloom_ops::{Place, Registry};
use dartloom_record::{Direction, Identity, KeptRuns, Observer, Refused, RunDir, RunLayout, Where};
use dartloom_space::{
    Blueprint, Build, CellGenotype, Edge, Gene, Genotype, Layout, Repeats, SpaceError, Stem,
};
use dartloom_task::Task;
use dartloom_train::{Fit, HeldOut, Judged, Outcome, Problem, Session, Stepper, TrainError, drive};

pub use config::OpBenchmarkConfig;
pub use outcome::{OpBenchmarkOutcome, OpRun, OpStatistics, Statistic};

use crate::ScoreError;

/// The convolutions of a cell of two residual blocks.
const BLOCKS: [(usize, usize); 4] = [(0, 2), (2, 3), (3, 4), (4, 5)];

/// A chain of `cells` cells of two residual blocks each, after ResNet-18: four convolutions one
/// after the other and a skip connection past each pair. Every cell but the first halves the
/// image.
///
/// # Errors
/// [`SpaceError::Layout`] for no cells or too many.
pub fn residual_proxy(cells: usize) -> Result<Genotype, SpaceError> {
    let gene = |op: &str, from, to| Gene { op: op.to_owned(), from, to };
    let mut genes: Vec<Gene> =
        BLOCKS.iter().map(|&(from, to)| gene("simple_conv_3x3", from, to)).collect();
    genes.insert(2, gene("skip_connect", 0, 3));
    genes.push(gene("skip_connect", 3, 5));
    let cell = |index: usize| CellGenotype {
        name: format!("cell_{index}"),
        inputs: 2,
        genes: genes.clone(),
        concat: vec![2, 3, 4, 5],
        residual: false,
    };
    let reductions = (1..cells).collect();
    Genotype::new(Layout::PerCell { reductions }, (0..cells).map(cell).collect())
}

/// Measured scores of operations: each operation is put on each of some edges of each cell of a
/// proxy network, in place of the operation there, and the network is trained a few times for a few
/// epochs.
///
/// ```text
/// best(o, c, e) = max over the runs of the score with operation o on edge e of cell c
/// score(o)      = median (or mean) of best(o, c, e) over all c and e
/// ```
///
/// in percent; the score is the one that `task` selects by, on `data.valid` after the last epoch,
/// and higher numbers of it are better. Heuillet et al., *D-DARTS*, section 4.5 and table 1. Cost:
/// operations x cells x edges x runs trainings, 576 with the defaults on three cells. All
/// operations see the same batches and, as far as they have the same variables, start at the same
/// weights.
///
/// # Differences from the paper
/// The paper disables all operations of an edge but the one that is measured, and does not say what
/// the other edges carry: here they keep the operations of the proxy. Nor does it give the proxy's
/// width and where it halves the image ([`residual_proxy`]: at every cell but the first). The
/// released benchmark takes its best run by comparing whole records, not scores.
#[derive(Debug)]
pub struct OpBenchmark<'a> {
    /// The proxy: a chain with a cell at every position.
    pub proxy: &'a Genotype,
    /// The stem before its first cell.
    pub stem: Stem,
    /// Its operations and those that are measured.
    pub registry: &'a Registry,
    /// Base channels, classes, image shape.
    pub build: Build,
    /// Training and validation images.
    pub data: &'a Parts<'a>,
    /// The task; [`FitConfig::smoothing`](dartloom_train::FitConfig::smoothing) is
    /// 0, as a task's loss is its own.
    pub task: &'a dyn Task,
    /// The operations to measure, their places, and the training.
    pub config: OpBenchmarkConfig,
    /// Seed of weights and batches.
    pub noise: Noise,
}

impl OpBenchmark<'_> {
    /// Trains every candidate without a result in `dir`. Phases are the candidates 0, 1, ... of
    /// `phase`.
    ///
    /// Finished trainings are kept in `dir`, so a stopped benchmark goes on where it was. Those
    /// that are damaged, or whose operation has no identity, are made again, and `observer` is told
    /// so. Returns `None` when it stopped the benchmark.
    ///
    /// # Errors
    /// [`ScoreError::Config`] for a proxy without the edges to be measured, the error of a
    /// training or of a file, [`RecordError::OtherWork`](dartloom_record::RecordError::OtherWork)
    /// when `dir` holds the benchmark of another proxy, configuration, seed or data set.
    pub fn run(
        &self,
        phase: &Where,
        dir: &RunDir,
        observer: &mut dyn Observer,
    ) -> Result<Option<OpBenchmarkOutcome>, ScoreError> {
        self.config.check()?;
        self.check_objective()?;
        let plan = self.plan()?;
        let identity = self.identity()?;
        let kept = KeptRuns { dir, file: RunLayout::OP_RUNS, phase, identity: &identity };
        let runs: Vec<OpRun> = kept.read(observer)?.unwrap_or_default();
        check_beginning(&runs, &plan)?;
        let mut outcome = OpBenchmarkOutcome { runs };
        for (index, place) in plan.iter().enumerate().skip(outcome.runs.len()) {
            let model = self.model(place)?;
            let name = phase.clone().with_candidate(index as u64);
            let file = dir.file(&RunLayout::op_run(index));
            let mut session = Session::new(&mut *observer).saved_at(file);
            let Some(score) = self.train(name, place.run, &model, &mut session)? else {
                return Ok(None);
            };
            outcome.runs.push(OpRun { score, ..place.clone() });
            dir.store(RunLayout::OP_RUNS, &identity, &outcome.runs)?;
        }
        Ok(Some(outcome))
    }

    /// Scores of operations are weights, so more has to be better.
    fn check_objective(&self) -> Result<(), ScoreError> {
        let objective = self.task.objective();
        match objective.direction {
            Direction::Higher => Ok(()),
            Direction::Lower => Err(Refused::new(
                "task",
                "an objective of which higher numbers are better",
                format!("`{}`, of which lower ones are", objective.name),
            )
            .into()),
        }
    }

    /// Everything that it depends on.
    fn identity(&self) -> Result<Identity, ScoreError> {
        let identity = Identity::new()
            .with("benchmark", &self.config)?
            .with("proxy", self.proxy)?
            .with("stem", &self.stem)?
            .with("network", &self.build)?
            .with_code("task", "Task::identity", self.task.identity())
            .with("seed", &self.noise.seed())?
            .with("training images", &self.data.train.digest()?)?
            .with("validation images", &self.data.valid.digest()?)?;
        let measured = self.config.ops.iter().map(|op| &**op);
        let genes = self.proxy.cells().iter().flat_map(|cell| &cell.genes);
        let ops = genes.map(|gene| &*gene.op).chain(measured);
        Ok(self.registry.identified(identity, ops)?)
    }

    /// All trainings, in order, without their scores.
    fn plan(&self) -> Result<Vec<OpRun>, ScoreError> {
        let cells = self.cells()?.0.len();
        let mut plan = Vec::new();
        for op in &self.config.ops {
            for cell in 0..cells {
                for &edge in &self.config.positions {
                    let one = |run| OpRun { op: op.clone(), cell, edge, run, score: 0.0 };
                    plan.extend((0..self.config.runs).map(one));
                }
            }
        }
        Ok(plan)
    }

    /// The proxy's cell at every position, and the positions that halve the image.
    fn cells(&self) -> Result<(Vec<CellGenotype>, Vec<usize>), ScoreError> {
        let cells = self.proxy.cells();
        let (cells, reductions): (Vec<CellGenotype>, _) = match self.proxy.layout() {
            Layout::PerCell { reductions } => (cells.to_vec(), reductions.clone()),
            Layout::Sequence { sequence, reductions } => {
                (sequence.iter().map(|&cell| cells[cell].clone()).collect(), reductions.clone())
            }
            other => {
                return Err(Refused::new(
                    "proxy",
                    "a chain with a cell at every position",
                    format!("{other:?}"),
                )
                .into());
            }
        };
        for (cell, edge) in
            cells.iter().flat_map(|c| self.config.positions.iter().map(move |e| (c, e)))
        {
            if !cell.genes.iter().any(|gene| stands_on(gene, *edge)) {
                return Err(no_operation(*edge, &cell.name));
            }
        }
        Ok((cells, reductions))
    }

    /// The proxy with the operation in its place.
    fn genotype(&self, place: &OpRun) -> Result<Genotype, ScoreError> {
        let (mut cells, reductions) = self.cells()?;
        let CellGenotype { name, genes, .. } = &mut cells[place.cell];
        // Where the edge has several genes, one remains.
        let first = genes.iter().position(|gene| stands_on(gene, place.edge));
        let first = first.ok_or_else(|| no_operation(place.edge, name))?;
        genes.retain(|gene| !stands_on(gene, place.edge));
        let Edge { from, to } = place.edge;
        genes.insert(first, Gene { op: place.op.clone(), from, to });
        Ok(Genotype::new(Layout::PerCell { reductions }, cells)?)
    }

    fn model(&self, place: &OpRun) -> Result<DerivedNetwork, ScoreError> {
        let genotype = self.genotype(place)?;
        let layers = genotype.cells().len();
        let chain = genotype.chain(layers, self.stem.clone(), None, Repeats::InTurn)?;
        let ops = self.registry.catalog();
        let plan = Blueprint::derived(&genotype, &chain.network()?, ops, self.build)?;
        let mut rng = self.noise.stream("operation weights", place.run as u64);
        Ok(DerivedNetwork::new(&plan, self.registry, &Place::default(), &mut rng)?)
    }

    fn train(
        &self,
        phase: Where,
        run: usize,
        model: &DerivedNetwork,
        session: &mut Session<'_>,
    ) -> Result<Option<f64>, ScoreError> {
        let noise = self.noise.child(&format!("operation run {run}"));
        let held_out = Some(HeldOut::Validation(&self.data.valid));
        let problem = Problem { task: self.task, train: &self.data.train, held_out };
        let mut fit = Fit::solving(phase, model, self.config.fit.clone(), noise, problem)?;
        if drive(&mut fit, session)? != Outcome::Finished {
            return Ok(None);
        }
        let judged = match fit.evaluate_in(session)? {
            Judged::Found(found) => found,
            Judged::Stopped => return Ok(None),
            Judged::Nothing => {
                return Err(TrainError::Config(Refused::new(
                    "validation images",
                    "at least one",
                    fit.phase().to_string(),
                ))
                .into());
            }
        };
        match judged.score() {
            score if score.is_finite() => Ok(Some(score)),
            score => Err(ScoreError::NoScore {
                score: judged.objective.name,
                phase: fit.phase().to_string(),
                found: score,
            }),
        }
    }
}

fn stands_on(gene: &Gene, edge: Edge) -> bool {
    (gene.from, gene.to) == (edge.from, edge.to)
}

fn no_operation(edge: Edge, cell: &str) -> ScoreError {
    ScoreError::Config(Refused::new(
        "positions",
        "edges with an operation in every cell of the proxy",
        format!("{}->{} of cell `{cell}`", edge.from, edge.to),
    ))
}

/// Refuses runs that are not the first of the plan.
fn check_beginning(runs: &[OpRun], plan: &[OpRun]) -> Result<(), ScoreError> {
    let place = |run: &OpRun| OpRun { score: 0.0, ..run.clone() };
    let known = |(index, run): (usize, &OpRun)| plan.get(index) == Some(&place(run));
    if runs.iter().enumerate().all(known) {
        return Ok(());
    }
    Err(ScoreError::Stored(Refused::new(
        RunLayout::OP_RUNS.to_owned(),
        "the first runs of this benchmark",
        format!("{} runs of other operations or places", runs.len()),
    )))
}
