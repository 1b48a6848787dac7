//! A comparison put together step by step.

use dartloom_data::Dataset;
use dartloom_ops::{Place, Registry};
use dartloom_record::Clock;
use dartloom_task::Task;

use super::{Comparison, ComparisonConfig, ExplorerParts, HandMade, MethodParts, Workers};

impl<'a> Comparison<'a> {
    /// A comparison without methods yet: candidates are trained in the caller's own thread, on the
    /// CPU, the hand-made network and all numbers are those of [`ComparisonConfig::default`], and
    /// time stands still.
    pub fn on(
        task: &'a dyn Task,
        train: &'a dyn Dataset,
        test: &'a dyn Dataset,
        registry: &'a Registry,
    ) -> Self {
        Self {
            task,
            registry,
            methods: Vec::new(),
            explorers: Vec::new(),
            baseline: None,
            workers: None,
            train,
            test,
            place: Place::default(),
            clock: &|| 0.0,
            config: ComparisonConfig::default(),
        }
    }

    /// The same with one more method.
    #[must_use]
    pub fn method(mut self, method: MethodParts<'a>) -> Self {
        self.methods.push(method);
        self
    }

    /// The same with one more discrete search.
    #[must_use]
    pub fn explorer(mut self, explorer: ExplorerParts<'a>) -> Self {
        self.explorers.push(explorer);
        self
    }

    /// The same against another hand-made network.
    #[must_use]
    pub fn against(self, baseline: &'a dyn HandMade) -> Self {
        Self { baseline: Some(baseline), ..self }
    }

    /// The same with other seeds.
    #[must_use]
    pub fn seeds(mut self, seeds: impl IntoIterator<Item = u64>) -> Self {
        self.config.seeds = seeds.into_iter().collect();
        self
    }

    /// The same with other numbers, seeds included.
    #[must_use]
    pub fn with_config(self, config: ComparisonConfig) -> Self {
        Self { config, ..self }
    }

    /// The same with candidates of discrete searches trained elsewhere.
    #[must_use]
    pub fn with_workers(self, workers: &'a dyn Workers) -> Self {
        Self { workers: Some(workers), ..self }
    }

    /// The same with networks on another device or of another element type.
    #[must_use]
    pub fn at(self, place: Place) -> Self {
        Self { place, ..self }
    }

    /// The same with a clock, for the seconds of the report.
    #[must_use]
    pub fn timed(self, clock: Clock<'a>) -> Self {
        Self { clock, ..self }
    }
}
