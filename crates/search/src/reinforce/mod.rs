//! A controller that learns by policy gradients which architectures are good.

mod controller;
mod links;
mod tokens;

use dartloom_ops::Place;
use std::collections::BTreeMap;

use candle_core::{DType, Tensor};
use dartloom_explore::state::{Tasks, read, write};
use dartloom_explore::{Domain, ExploreError, Explorer, Outcome, Proposal};
use dartloom_noise::Noise;
use dartloom_record::{Refused, Where};
use dartloom_train::{Adam, AdamConfig, Finite, Learner, MeanLoss, Optimiser as _, TrainError};
use serde::de::Error as _;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use self::controller::Controller;

/// The numbers of a [`Reinforce`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ReinforceConfig {
    /// Width of the controller's LSTM.
    pub hidden: usize,
    /// Learning rate of Adam.
    pub rate: f64,
    /// Weight of the entropy, in units of quality per nat: it grows with the scale of qualities.
    pub entropy: f64,
    /// Decay of the baseline, in [0, 1).
    pub decay: f64,
}

impl Default for ReinforceConfig {
    /// A hidden width of 64, rate 0.01, and entropy 0.005, meant for qualities from 0 to 1; decay
    /// 0.9 as in the scripts of NAS-Bench-201. With ENAS' entropy of 1e-4 a controller that learns
    /// from every single outcome converges on its first luck: of 500 proposals on that benchmark
    /// some 50 differ.
    fn default() -> Self {
        Self { hidden: 64, rate: 0.01, entropy: 5e-3, decay: 0.9 }
    }
}

impl ReinforceConfig {
    /// Refuses invalid values.
    ///
    /// # Errors
    /// [`ExploreError::Config`] naming the field.
    pub fn check(&self) -> Result<(), ExploreError> {
        let refuse = |field, expected, found| Err(Refused::new(field, expected, found).into());
        if !(1..=MOST_HIDDEN).contains(&self.hidden) {
            return refuse("hidden", "1 to 4096", self.hidden.to_string());
        }
        if !self.rate.is_finite() || self.rate <= 0.0 {
            return refuse("rate", "a positive number", self.rate.to_string());
        }
        if !self.entropy.is_finite() || self.entropy < 0.0 {
            return refuse("entropy", "a finite number of 0 or more", self.entropy.to_string());
        }
        if !(0.0..1.0).contains(&self.decay) {
            return refuse("decay", "0 or more and less than 1", self.decay.to_string());
        }
        Ok(())
    }
}

const MOST_HIDDEN: usize = 4096;

/// REINFORCE: an LSTM emits an architecture `a` choice by choice, each drawn from a softmax, and
/// learns from its outcome.
///
/// The choices are those of the [`Domain`]: node by node, for each in-edge that is kept its source
/// (if not all are kept, in ascending order) and its operation; then, for every link that may be
/// left out, off or on, layer by layer of a lattice and port by port elsewhere, where only what
/// leads to an architecture of the domain is allowed. With reward `R` and baseline `b`,
/// an outcome is one step of Adam at `rate` on
///
/// `loss = -(R - b) log p(a) - entropy * sum_t H(p_t)`, then `b <- decay b + (1 - decay) R`;
///
/// the first reward is the first baseline. `R` is the quality. A candidate that failed or is
/// infeasible is rewarded with the lowest quality that was measured so far, whatever the scale of
/// qualities; while nothing was measured it teaches nothing. So does a step whose gradient is not
/// finite.
///
/// Several proposals may be open: each is judged anew by the controller as it is when its outcome
/// is told.
///
/// Source: B. Zoph and Q. V. Le, *Neural Architecture Search with Reinforcement Learning*, ICLR
/// 2017, arXiv 1611.01578, section 3.2; the entropy term from H. Pham, M. Y. Guan, B. Zoph, Q. V.
/// Le and J. Dean, *Efficient Neural Architecture Search via Parameter Sharing*, ICML 2018, arXiv
/// 1802.03268.
///
/// # Differences from the paper
/// - One layer and one outcome per step; the papers have two layers and batches of outcomes from
///   several workers.
/// - Every step has a classifier and embeddings of its own; the papers share them between layers.
///   In-edges are chosen by a softmax over a list, not by attention. Links between cells are no
///   choice of the papers.
/// - Adam with betas 0.9 and 0.999 and no weight decay. The paper adds no entropy term, and does
///   not say how failures are rewarded.
#[derive(Debug)]
pub struct Reinforce {
    domain: Domain,
    config: ReinforceConfig,
    noise: Noise,
    controller: Controller,
    adam: Adam,
    progress: Progress,
}

/// The state without the tensors.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Progress {
    tasks: Tasks,
    baseline: Option<f64>,
    lowest: Option<f64>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct State {
    progress: Progress,
    variables: BTreeMap<String, Numbers>,
    moments: BTreeMap<String, Numbers>,
}

/// A tensor as numbers, which JSON keeps to the last bit.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Numbers {
    shape: Vec<usize>,
    values: Vec<f64>,
}

const NAME: &str = "reinforce";

impl Reinforce {
    /// A controller that has learned nothing, its variables drawn from `noise`.
    ///
    /// # Errors
    /// As [`ReinforceConfig::check`].
    pub fn new(
        domain: Domain,
        config: ReinforceConfig,
        noise: Noise,
    ) -> Result<Self, ExploreError> {
        config.check()?;
        let mut rng = noise.stream("reinforce controller", 0);
        let controller = Controller::new(tokens::tokens(&domain), config.hidden, &mut rng);
        let controller = controller.map_err(ExploreError::part)?;
        let progress = Progress::default();
        Ok(Self { domain, config, noise, controller, adam: adam(), progress })
    }

    /// The moving average of rewards; `None` before the first.
    pub fn baseline(&self) -> Option<f64> {
        self.progress.baseline
    }

    /// The probability with which the next proposal is `genotype`; 0 outside of the domain.
    ///
    /// # Errors
    /// When the tensor library fails.
    pub fn probability(&self, genotype: &dartloom_space::Genotype) -> Result<f64, ExploreError> {
        let Some(choices) = tokens::encode(&self.domain, genotype) else { return Ok(0.0) };
        let judged = self.controller.judge(&choices);
        let log = judged.and_then(|judged| judged.log_probability.to_scalar::<f64>());
        Ok(log.map_err(ExploreError::part)?.exp())
    }

    /// One step towards more of `choices` by `advantage`, and towards more entropy.
    fn learn(&mut self, choices: &[usize], advantage: f64) -> Result<(), TrainError> {
        let loss = loss(&self.controller, choices, advantage, self.config.entropy)?;
        let loss = MeanLoss { mean: loss, count: 1.0 };
        let phase = Where::from(NAME);
        let learner = Learner::alone(Finite { phase: &phase, epoch: 0, step: 0 });
        let variables = self.controller.variables();
        let learnt = learner.gradients("loss of the controller", &loss, [variables], || None)?;
        let [gradients] = learnt.gradients;
        if gradients.norm()?.is_finite() {
            self.adam.step(variables, &gradients, self.config.rate)?;
        }
        Ok(())
    }
}

fn adam() -> Adam {
    Adam::new(AdamConfig::default())
}

fn loss(
    controller: &Controller,
    choices: &[usize],
    advantage: f64,
    entropy: f64,
) -> candle_core::Result<Tensor> {
    let judged = controller.judge(choices)?;
    (judged.log_probability * -advantage)? - (judged.entropy * entropy)?
}

impl Progress {
    /// The reward of an outcome, if there is one.
    fn reward(&mut self, outcome: &Outcome) -> Option<f64> {
        if let Some(quality) = outcome.quality() {
            self.lowest = Some(self.lowest.map_or(quality, |lowest| lowest.min(quality)));
            return Some(quality);
        }
        self.lowest
    }

    /// The amount by which a reward is above the baseline, which then follows it.
    fn advantage(&mut self, reward: f64, decay: f64) -> f64 {
        let baseline = self.baseline.unwrap_or(reward);
        self.baseline = Some(decay * baseline + (1.0 - decay) * reward);
        reward - baseline
    }
}

impl Explorer for Reinforce {
    fn domain(&self) -> &Domain {
        &self.domain
    }

    fn ask(&mut self) -> Result<Option<Proposal>, ExploreError> {
        let mut rng = self.noise.stream(NAME, self.progress.tasks.next());
        let choices = self.controller.sample(&mut rng).map_err(ExploreError::part)?.choices;
        let genotype = tokens::decode(&self.domain, &choices)?;
        Ok(Some(self.progress.tasks.propose(genotype)))
    }

    fn tell(&mut self, proposal: &Proposal, outcome: &Outcome) -> Result<(), ExploreError> {
        self.progress.tasks.close(proposal.task)?;
        let choices = tokens::encode(&self.domain, &proposal.genotype);
        if let (Some(choices), Some(reward)) = (choices, self.progress.reward(outcome)) {
            let advantage = self.progress.advantage(reward, self.config.decay);
            self.learn(&choices, advantage).map_err(ExploreError::part)?;
        }
        Ok(())
    }

    fn state(&self) -> Result<Value, ExploreError> {
        let variables = self.controller.variables().iter();
        let variables = variables
            .map(|(name, var)| Ok((name.clone(), Numbers::of(var.as_tensor())?)))
            .collect::<candle_core::Result<_>>()
            .map_err(ExploreError::part)?;
        let moments = self.adam.state();
        let moments = moments
            .iter()
            .map(|(name, tensor)| Ok((name.clone(), Numbers::of(tensor)?)))
            .collect::<candle_core::Result<_>>()
            .map_err(ExploreError::part)?;
        write(NAME, &State { progress: self.progress.clone(), variables, moments })
    }

    fn restore(&mut self, state: &Value) -> Result<(), ExploreError> {
        let State { progress, variables, moments } = read(NAME, state)?;
        let moments = moments
            .into_iter()
            .map(|(name, numbers)| Ok((name, numbers.tensor()?)))
            .collect::<candle_core::Result<_>>()
            .map_err(ExploreError::part)?;
        let mut adam = adam();
        adam.restore(moments).map_err(ExploreError::part)?;
        let own = self.controller.variables();
        let fits = |(name, var): (&String, &candle_core::Var)| {
            variables.get(name).is_some_and(|numbers| numbers.shape == var.dims())
        };
        if own.len() != variables.len() || !own.iter().all(fits) {
            let source = serde_json::Error::custom("other variables than those of its controller");
            return Err(ExploreError::State { explorer: NAME, source });
        }
        let mut ready = Vec::new();
        for (name, numbers) in variables {
            ready.push((name, numbers.tensor().map_err(ExploreError::part)?));
        }
        for (name, tensor) in ready {
            own[&name].set(&tensor).map_err(ExploreError::part)?;
        }
        (self.adam, self.progress) = (adam, progress);
        Ok(())
    }
}

impl Numbers {
    fn of(tensor: &Tensor) -> candle_core::Result<Self> {
        let values = tensor.to_dtype(DType::F64)?.flatten_all()?.to_vec1()?;
        Ok(Self { shape: tensor.dims().to_vec(), values })
    }

    fn tensor(self) -> candle_core::Result<Tensor> {
        Tensor::from_vec(self.values, self.shape, &Place::default().device)
    }
}

#[cfg(test)]
mod tests;
