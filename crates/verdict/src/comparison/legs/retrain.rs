//! Networks trained from the beginning.

use dartloom_net::{DerivedNetwork, Setting};
use dartloom_noise::Noise;
use dartloom_ops::Model;
use dartloom_record::{Leg, Scores};
use dartloom_space::{Genotype, Space};
use dartloom_train::{Evaluation, Fit, HeldOut, Judged, Outcome, Problem, Session, drive};

use super::{Contest, LegResult};
use crate::VerdictError;
use crate::comparison::Stopwatch;

/// An entrant to be retrained.
#[derive(Clone, Copy)]
pub(super) enum Entrant<'a> {
    /// An architecture, its space, and the purpose of the noise that its weights are drawn from.
    Derived(&'a Genotype, &'a Space, &'static str),
    /// The hand-made network.
    Baseline,
    /// No network, because the search for it failed for this reason.
    Missing(&'a str),
}

impl<'a> Entrant<'a> {
    /// The architecture that a method found. Methods share their noise: equal architectures are
    /// equal networks.
    pub(super) const fn searched(genotype: &'a Genotype, space: &'a Space) -> Self {
        Self::Derived(genotype, space, "retrain-searched")
    }

    /// The architecture that random search found.
    pub(super) const fn random(genotype: &'a Genotype, space: &'a Space) -> Self {
        Self::Derived(genotype, space, "retrain-random")
    }

    pub(super) fn genotype(self) -> Option<&'a Genotype> {
        match self {
            Self::Derived(genotype, ..) => Some(genotype),
            Self::Baseline | Self::Missing(_) => None,
        }
    }

    pub(super) fn space(self) -> Option<&'a Space> {
        match self {
            Self::Derived(_, space, _) => Some(space),
            Self::Baseline | Self::Missing(_) => None,
        }
    }
}

impl Contest<'_> {
    pub(super) fn retrain(
        &mut self,
        leg: &Leg,
        entrant: Entrant<'_>,
        noise: Noise,
    ) -> Result<Option<LegResult>, VerdictError> {
        let identity = self.retrained(leg, entrant)?;
        match self.stored(leg, &identity)? {
            None if !self.looks => {}
            stored => return Ok(stored),
        }
        let comparison = self.comparison;
        let model: Box<dyn Model> = match entrant {
            Entrant::Derived(genotype, space, purpose) => {
                Box::new(self.derived(genotype, space, noise.child(purpose))?)
            }
            Entrant::Baseline => comparison.hand_made_network(noise)?,
            Entrant::Missing(reason) => {
                // Nothing ran, so there is no leg to store.
                let failure = Some(reason.to_owned());
                return Ok(Some(LegResult { failure, ..LegResult::default() }));
            }
        };
        let config = comparison.config.retrain.fit.clone();
        let epochs = config.epochs as u64;
        // One noise for all contenders of a seed: they see the same batches, which pairs them.
        let noise = noise.child("retrain");
        let task = comparison.task;
        let train = comparison.train;
        let problem = Problem { task, train, held_out: Some(HeldOut::Test(comparison.test)) };
        let mut fit = Fit::solving(self.phase(leg), &model, config, noise, problem)?;
        let layout = comparison.layout();
        let checkpoint = self.dir.file(&layout.checkpoint(leg));
        let seconds = layout.seconds(leg);
        let mut watch = Stopwatch::new(&mut *self.observer, comparison.clock, &self.dir, seconds)?;
        let mut session = Session::new(&mut watch).saved_at(checkpoint);
        let judged = match drive(&mut fit, &mut session) {
            Ok(Outcome::Finished) => fit.evaluate_in(&mut session),
            Ok(Outcome::Stopped(_)) => Ok(Judged::Stopped),
            Err(error) => Err(error),
        };
        let Found { scores, failure } = match judged {
            Ok(Judged::Found(found)) => Found::new(found),
            Ok(Judged::Nothing) => Found { scores: Scores::new(), failure: None },
            Ok(Judged::Stopped) => {
                watch.store()?;
                return Ok(None);
            }
            Err(error) => {
                let failure = Some(VerdictError::from(error).divergence()?);
                Found { scores: Scores::new(), failure }
            }
        };
        let seconds = watch.seconds();
        let cost = model.cost();
        let images = [3, train.len() as u64, epochs].into_iter().fold(1, u64::saturating_mul);
        let result = LegResult {
            seconds,
            training_macs: (cost.macs + cost.auxiliary_macs).saturating_mul(images),
            genotype: entrant.genotype().cloned(),
            scores,
            failure,
            parameters: Some(cost.parameters - cost.unused_parameters),
            macs: Some(cost.macs),
            ..LegResult::default()
        };
        self.finish(leg, &identity, result, &[])
    }

    fn derived(
        &self,
        genotype: &Genotype,
        space: &Space,
        noise: Noise,
    ) -> Result<DerivedNetwork, VerdictError> {
        let mut rng = noise.stream("weights", 0);
        let setting = Setting::new(space, self.comparison.registry, self.comparison.build(1));
        let setting = setting.at(self.comparison.place.clone());
        let network = setting.derive(genotype, &self.comparison.size(), &mut rng);
        network.map_err(|error| self.comparison.explained_head(error))
    }
}

/// The scores of a network, or the reason for none.
struct Found {
    scores: Scores,
    failure: Option<String>,
}

impl Found {
    /// A network without the score that decides has failed, whatever others it has.
    fn new(found: Evaluation) -> Self {
        let missing = || format!("the test images give no {}", found.objective.label());
        let failure = (!found.score().is_finite()).then(missing);
        Self { scores: found.scores, failure }
    }
}
