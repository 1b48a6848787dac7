//! A comparison that shows if searching is worth it here. One or several searches, random search at
//! the cost of the most expensive one and a hand-made network are each retrained over several
//! seeds.

mod builder;
mod check;
mod config;
mod explorer;
mod hand_made;
mod labels;
mod legs;
mod method;
mod networks;
mod report;
mod stopwatch;
mod trained;

pub use config::{ComparisonConfig, RetrainConfig};
pub use dartloom_space::hand_made::Baseline;
pub use explorer::{ExplorerParts, ExplorerRules, MakeExplorer, Workers};
pub use hand_made::HandMade;
pub use legs::{Contest, LegResult, Tried};
pub use method::{MethodParts, OwnRule};
use report::Frame;
pub use report::{ContenderReport, MethodReport, PairedReport, Report};
pub use stopwatch::Stopwatch;

use dartloom_data::{Dataset, Digested};
use dartloom_ops::{Place, Registry};
use dartloom_record::{Clock, Contender, Event, Leg, Observer, RunDir, RunLayout, Silent};

use dartloom_task::Task;

use crate::VerdictError;

/// Everything a comparison compares.
///
/// [`Comparison::on`] fills in what is usual:
///
/// ```no_run
/// # use dartloom_data::Dataset;
/// # use dartloom_ops::Registry;
/// # use dartloom_record::{RunDir, Silent};
/// # use dartloom_task::Task;
/// # use dartloom_verdict::{Comparison, MethodParts, VerdictError};
/// # fn compare(
/// #     (task, train, test): (&dyn Task, &dyn Dataset, &dyn Dataset),
/// #     registry: &Registry,
/// #     darts: MethodParts<'_>,
/// #     dir: &RunDir,
/// # ) -> Result<(), VerdictError> {
/// let comparison = Comparison::on(task, train, test, registry).method(darts).seeds(0..3);
/// if let Some(report) = comparison.run(dir, &mut Silent)? {
///     println!("{report}");
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Comparison<'a> {
    /// The task, which says which score decides.
    pub task: &'a dyn Task,
    /// The methods' operations.
    pub registry: &'a Registry,
    /// The methods to compare, in the order of the table.
    pub methods: Vec<MethodParts<'a>>,
    /// Discrete searches, after these.
    pub explorers: Vec<ExplorerParts<'a>>,
    /// The hand-made network; `None` for the configuration's.
    pub baseline: Option<&'a dyn HandMade>,
    /// The processes that train candidates of discrete searches; `None` for the caller's own
    /// thread, where a candidate that runs out of memory ends everything.
    pub workers: Option<&'a dyn Workers>,
    /// Images to search and train with.
    pub train: &'a dyn Dataset,
    /// Images of the final scores; nothing is chosen with them.
    pub test: &'a dyn Dataset,
    /// Device and element type of the networks that are trained from the beginning.
    pub place: Place,
    /// The clock of the report's seconds.
    pub clock: Clock<'a>,
    /// Numbers that hold for all methods.
    pub config: ComparisonConfig,
}

impl std::fmt::Debug for Comparison<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Comparison")
            .field("task", &self.task)
            .field("methods", &self.methods)
            .field("explorers", &self.explorers)
            .field("place", &self.place)
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

impl<'a> Comparison<'a> {
    /// The hand-made network.
    pub(crate) fn hand_made(&self) -> &dyn HandMade {
        self.baseline.unwrap_or(self.configured_baseline())
    }

    /// The hand-made network of the configuration, or the usual one of the task's outputs.
    fn configured_baseline(&self) -> &Baseline {
        let own = self.config.baseline.as_ref();
        own.unwrap_or_else(|| Baseline::usual(self.task.outputs()))
    }

    /// The legs of one seed in the order they are run: every search, random search, the training of
    /// what each has found, that of the hand-made network.
    pub fn legs(&self) -> Vec<Leg> {
        let mut legs = self.searches();
        legs.push(Leg::Random);
        legs.extend(self.contenders().into_iter().map(|(key, _)| Leg::Retrain(Contender::of(key))));
        legs.extend([Contender::Random, Contender::Baseline].map(Leg::Retrain));
        legs
    }

    /// The legs of all searches, in the order of the table.
    fn searches(&self) -> Vec<Leg> {
        let methods = self.methods.iter().map(|method| Leg::Search(method.key.clone()));
        let explorers = self.explorers.iter().map(|explorer| Leg::Explore(explorer.key.clone()));
        methods.chain(explorers).collect()
    }

    /// The names of its files.
    pub fn layout(&self) -> RunLayout {
        RunLayout::of(self.contenders().len())
    }

    /// Everybody whose networks are trained: all searches in the order of the table, random search,
    /// and the hand-made network.
    pub fn trained(&self) -> Vec<Contender> {
        let searches = self.contenders().into_iter().map(|(key, _)| Contender::of(key));
        searches.chain([Contender::Random, Contender::Baseline]).collect()
    }

    /// Key and name of every search, in the order of the table.
    fn contenders(&self) -> Vec<(&str, &str)> {
        let methods = self.methods.iter().map(|method| (&*method.key, &*method.name));
        let explorers = self.explorers.iter().map(|explorer| (&*explorer.key, &*explorer.name));
        methods.chain(explorers).collect()
    }

    /// Runs, or goes on with, the whole comparison in `dir`.
    ///
    /// ```text
    /// for each seed:
    ///     search with every method
    ///     search with every explorer, at the cost of the most expensive method
    ///     random search once, at the cost of the most expensive of these searches
    ///     retrain what every method found, what random search found, and the baseline
    /// ```
    ///
    /// All methods of a seed search on the same images with the same noise, and all networks are
    /// retrained on the same batches; the result of a method does not depend on the others. If
    /// there is no method with a supernet, explorers evaluate their own number of candidates.
    /// Random search draws from the first method's space, with its channels and its share of
    /// images. Since it may spend as much as the most expensive search, it has at least every
    /// method's cost: a method that beats it does so at the same cost or a lower one.
    ///
    /// Every leg that finished is kept as a JSON file and not repeated; a leg that was stopped or
    /// killed goes on from its checkpoint. A note says how many legs were there already. More seeds
    /// may be asked for later: a leg belongs to its own seed alone. Returns `None` when an observer
    /// stopped the run.
    ///
    /// Stored results are used only for the same work: the same configuration, parts and images
    /// ([`Dataset::digest`]). Parts written in code have an `identity`; legs with a part that has
    /// none are run again, and so is a leg with a damaged file, from its checkpoint if it has one.
    /// A note reports either.
    ///
    /// A network that diverges ends its own leg and nothing else: a candidate counts as failed, a
    /// contender has no score with this seed, and the report says so.
    ///
    /// # Errors
    /// The errors of [`Comparison::check`], [`VerdictError::NothingMeasured`] when all candidates
    /// of a leg diverged, [`VerdictError::NothingTrained`] when all contenders did, the error of a
    /// leg, or of a file; [`RecordError::OtherWork`](dartloom_record::RecordError::OtherWork) when
    /// `dir` holds other work, with every value that differs, and
    /// [`TrainError::Checkpoint`](dartloom_train::TrainError::Checkpoint) for damaged weights.
    pub fn run(
        &self,
        dir: &RunDir,
        observer: &mut dyn Observer,
    ) -> Result<Option<Report>, VerdictError> {
        let report = self.report(dir, observer, false)?;
        if let Some(report) = &report {
            let _ = observer.on_event(&Event::Finished { metrics: report.metrics() })?;
        }
        Ok(report)
    }

    /// The report of a comparison whose legs are all in `dir` and unchanged; `None` when a leg is
    /// missing or has to be made again. Runs nothing and tells no observer.
    ///
    /// # Errors
    /// As [`Comparison::run`].
    pub fn finished(&self, dir: &RunDir) -> Result<Option<Report>, VerdictError> {
        self.report(dir, &mut Silent, true)
    }

    /// Runs the legs, or only looks at stored ones if `looks`.
    fn report(
        &self,
        dir: &RunDir,
        observer: &mut dyn Observer,
        looks: bool,
    ) -> Result<Option<Report>, VerdictError> {
        self.check()?;
        // Digests are asked for by every leg; a data set of one's own reads every sample for one.
        let train = Digested::new(self.train);
        let test = Digested::new(self.test);
        let known = Comparison { train: &train, test: &test, ..self.clone() };
        let objective = self.task.objective();
        let remarks = labels::remarks(self.train, self.test, &objective)?;
        for text in remarks.clone() {
            // Nothing has begun: a wish to stop is heard at the first phase.
            let _ = observer.on_event(&Event::Note { text })?;
        }
        let mut seeds = Vec::with_capacity(self.config.seeds.len());
        for &seed in &self.config.seeds {
            let dir = dir.inside(&RunLayout::seed(seed))?;
            let observer = &mut *observer;
            let mut contest = Contest { comparison: &known, seed, dir, observer, reused: 0, looks };
            match contest.run()? {
                Some(results) => seeds.push(results),
                None => return Ok(None),
            }
        }
        let names = self.contenders().into_iter().map(|(_, name)| name);
        let searched: Vec<(Leg, &str)> = self.searches().into_iter().zip(names).collect();
        let constant = self.task.constant(self.train, self.test)?;
        let baseline = self.hand_made().name();
        let frame = Frame { objective, constant, remarks, seeds: &self.config.seeds };
        Ok(Some(Report::new(&searched, &baseline, &seeds, frame)?))
    }
}
