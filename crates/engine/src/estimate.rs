//! Memory that an experiment will need, predicted from shapes.

use dartloom::net::NetError;
use dartloom::net::memory::{
    self, Admission, Breakdown, Draws, Ranges, Size, Slot, Workload, admit,
};
use dartloom::noise::Noise;
use dartloom::space::{Blueprint, Build, Space};
use dartloom::train::FitConfig;
use dartloom::verdict::fit_workload;
use dartloom::verdict::{Comparison, MethodParts};
use serde::Serialize;

use crate::error::EngineError;
use crate::experiment::Plan;

/// The needs of an experiment.
#[derive(Debug, Serialize)]
pub struct Estimate {
    /// Its name.
    pub experiment: String,
    /// Threads of the kernels.
    pub threads: usize,
    /// The needs of each method, explorers last.
    pub methods: Vec<MethodEstimate>,
}

/// The needs of one method.
#[derive(Debug, Serialize)]
pub struct MethodEstimate {
    /// Its name in tables.
    pub method: String,
    /// Its supernet, where it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub search: Option<SearchEstimate>,
    /// Candidates of random search in the method's space.
    pub candidates: SpaceEstimate,
    /// Networks that are retrained.
    pub retraining: SpaceEstimate,
}

/// The needs of a supernet.
#[derive(Debug, Serialize)]
pub struct SearchEstimate {
    /// Trainable numbers.
    pub parameters: u64,
    /// Multiply-adds of a forward pass on one image.
    pub macs: u64,
    /// Bytes at the peak, part by part.
    pub memory: Breakdown,
    /// All of them.
    pub total: u64,
    /// Fits the limit or not, where one was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub admission: Option<Admission>,
}

/// The needs of all networks of a space.
#[derive(Debug, Serialize)]
pub struct SpaceEstimate {
    /// The least, the mean and the most.
    #[serde(flatten)]
    pub ranges: Ranges,
    /// Of the candidate that needs most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub admission: Option<Admission>,
}

impl Estimate {
    /// The needs of `plan` on so many threads; `limit` is memory in bytes that each part is held
    /// against.
    ///
    /// # Errors
    /// A space or network that cannot be laid out.
    pub fn of(plan: &Plan, threads: usize, limit: Option<u64>) -> Result<Self, EngineError> {
        let comparison = plan.comparison();
        let methods = Estimator { comparison: &comparison, threads, limit }.methods()?;
        Ok(Self { experiment: plan.experiment().name.clone(), threads, methods })
    }
}

/// The need of a part of a run at its peak.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peak {
    /// The part.
    pub what: String,
    /// Bytes of a process.
    pub bytes: u64,
    /// True where it runs in processes of its own, as many at a time as there are workers.
    pub in_worker: bool,
}

/// The peaks of everything that `comparison` trains, on so many threads; of candidates and
/// retrained networks those of the largest. A hand-made network is among it where it is a graph.
///
/// # Errors
/// A space or network that cannot be laid out.
pub fn peaks(comparison: &Comparison<'_>, threads: usize) -> Result<Vec<Peak>, EngineError> {
    let estimator = Estimator { comparison, threads, limit: None };
    let mut peaks = Vec::new();
    let mut add = |what: String, bytes, in_worker| peaks.push(Peak { what, bytes, in_worker });
    for (index, method) in estimator.methods()?.into_iter().enumerate() {
        let MethodEstimate { method, search, candidates, retraining } = method;
        let in_worker = search.is_none();
        if let Some(search) = search {
            add(format!("the supernet of {method}"), search.total, false);
        }
        let most = candidates.ranges.memory.most;
        if index == 0 {
            add("the largest candidate of random search".to_owned(), most, false);
        }
        if in_worker {
            add(format!("the largest candidate of {method}"), most, true);
        }
        let most = retraining.ranges.memory.most;
        add(format!("the largest network that {method} can find, retrained"), most, false);
    }
    if let Some(graph) = comparison.hand_made_graph().map_err(EngineError::input)? {
        let work = fit_workload(&comparison.config.retrain.fit, threads);
        let need = memory::predict_graph(&graph, &work).map_err(EngineError::input)?;
        add(format!("the hand-made network {}", graph.name()), need.total(), false);
    }
    Ok(peaks)
}

/// An experiment to be estimated.
struct Estimator<'a> {
    comparison: &'a Comparison<'a>,
    threads: usize,
    limit: Option<u64>,
}

impl Estimator<'_> {
    fn methods(&self) -> Result<Vec<MethodEstimate>, EngineError> {
        let methods = self.comparison.methods.iter().map(|method| {
            let search = self.search(method)?;
            self.method(&method.name, method.space, method.channels, Some(search))
        });
        let explorers =
            self.comparison.explorers.iter().map(|explorer| {
                self.method(&explorer.name, explorer.space, explorer.channels, None)
            });
        methods.chain(explorers).collect()
    }

    fn method(
        &self,
        name: &str,
        space: &Space,
        channels: usize,
        search: Option<SearchEstimate>,
    ) -> Result<MethodEstimate, EngineError> {
        let random = &self.comparison.config.random;
        let retrain = &self.comparison.config.retrain;
        let sample = space.sample(random.top, &mut Noise::new(0).stream("check", 0));
        let network = self.comparison.retrained_network(&sample, space);
        let network = network.map_err(EngineError::input)?;
        let retrained = space.with_network(network).map_err(EngineError::input)?;
        Ok(MethodEstimate {
            method: name.to_owned(),
            search,
            candidates: self.space(space, channels, random.top, &random.fit)?,
            retraining: self.space(&retrained, retrain.channels, random.top, &retrain.fit)?,
        })
    }

    fn search(&self, method: &MethodParts<'_>) -> Result<SearchEstimate, EngineError> {
        let registry = self.comparison.registry;
        let classes = self.build();
        let predict = |Size { batch, channels }| -> Result<(Blueprint, Breakdown), NetError> {
            let build = Build { partial: method.partial, channels, ..classes };
            let plan = Blueprint::supernet(method.space, build)?;
            let logits = method.choices.logits(&plan);
            let work = method.search.bilevel.workload(batch, logits, self.threads);
            let found = memory::predict(&plan, registry, &work)?;
            Ok((plan, found))
        };
        let size = Size { batch: method.search.batch, channels: method.channels };
        let (plan, memory) = predict(size).map_err(EngineError::input)?;
        let cost = registry.cost(&plan).map_err(EngineError::input)?;
        let total = |size| predict(size).ok().map(|(_, memory)| memory.total());
        Ok(SearchEstimate {
            parameters: cost.parameters,
            macs: cost.macs,
            memory,
            total: memory.total(),
            admission: self.admission(size, method.partial, total),
        })
    }

    /// Classes and images, whatever the channels.
    fn build(&self) -> Build {
        self.comparison.build(1)
    }

    /// All networks of a space in training.
    fn space(
        &self,
        space: &Space,
        channels: usize,
        top: usize,
        fit: &FitConfig,
    ) -> Result<SpaceEstimate, EngineError> {
        let classes = self.build();
        let ranges = |Size { batch, channels }| {
            let work = Workload { batch, ..fit_workload(fit, self.threads) };
            let build = Build { channels, ..classes };
            let registry = self.comparison.registry;
            memory::ranges(space, build, registry, Draws::Top(top), &work)
        };
        let size = Size { batch: fit.batch, channels };
        let most = |size| ranges(size).ok().map(|ranges| ranges.memory.most);
        let admission = self.admission(size, 1, most);
        Ok(SpaceEstimate { ranges: ranges(size).map_err(EngineError::input)?, admission })
    }

    fn admission(
        &self,
        size: Size,
        step: usize,
        predict: impl Fn(Size) -> Option<u64>,
    ) -> Option<Admission> {
        // Halves of channels are put side by side where a plane is halved.
        let step = if step.is_multiple_of(2) { step } else { 2 * step };
        self.limit.map(|bytes| admit(size, step, &[Slot { bytes, free: true }], predict))
    }
}
