//! The networks that a comparison has trained.

use dartloom_noise::Noise;
use dartloom_ops::Model as _;
use dartloom_record::{Contender, Leg, RunDir, RunLayout, Silent};
use dartloom_space::Space;
use dartloom_train::Snapshot;

use super::{Comparison, Contest};
use crate::{Trained, TrainedError};

impl Comparison<'_> {
    /// The network that a finished comparison in `dir` has trained for a contender: what the method
    /// or explorer of a key has found (`"darts"`), or random search (`"random"`); or the hand-made
    /// network (`"baseline"`).
    ///
    /// # Errors
    /// [`TrainedError::NotTrained`] for a seed that is not finished, a contender of no such name, a
    /// hand-made network in code, which is no graph, and a training that diverged; those of
    /// [`Comparison::run`] for files that are damaged or of other work.
    pub fn network(
        &self,
        dir: &RunDir,
        seed: u64,
        contender: &str,
    ) -> Result<Trained, TrainedError> {
        let refused = |reason: &str| TrainedError::NotTrained {
            seed,
            contender: contender.to_owned(),
            reason: reason.to_owned(),
        };
        let contender = Contender::of(contender);
        let space = self.space_of(&contender).map_err(|reason| refused(&reason))?;
        let mut silent = Silent;
        let dir = dir.inside(&RunLayout::seed(seed)).map_err(crate::VerdictError::from)?;
        let leg = Leg::Retrain(contender.clone());
        let checkpoint = dir.file(&self.layout().checkpoint(&leg));
        let mut contest =
            Contest { comparison: self, seed, dir, observer: &mut silent, reused: 0, looks: true };
        let results = contest.run()?;
        let results = results.ok_or_else(|| refused("the legs of this seed are not finished"))?;
        let result = results.get(&leg).ok_or_else(|| refused("it was not trained"))?;
        let reason = |other| refused(result.failure.as_deref().unwrap_or(other));
        let found = match (space, &result.genotype) {
            (Some(space), Some(genotype)) => Some((space, genotype)),
            (Some(_), None) => return Err(reason("it has no architecture")),
            (None, _) if result.failure.is_some() => return Err(reason("")),
            (None, _) => None,
        };
        let stored = Snapshot::open(&checkpoint)?;
        let (_, mut snapshot) = stored.ok_or_else(|| refused("its weights are gone"))?;
        let variables = snapshot.take("variables")?;
        let targets = self.train.targets();
        let Some((space, genotype)) = found else {
            let graph = self.hand_made_graph()?;
            let graph = graph.ok_or_else(|| refused("the hand-made network is no graph"))?;
            let network = self.hand_made_network(Noise::new(0))?;
            network.variables().load(&variables)?;
            return Ok(Trained::laid_out(&graph, targets, &network)?.with_task(self.task));
        };
        let size = self.size();
        let setting = self.setting(space, self.config.retrain.channels);
        let mut numbers = Noise::new(0).stream("overwritten", 0);
        let network = setting.derive(genotype, &size, &mut numbers)?;
        network.variables().load(&variables)?;
        let trained = Trained::new(&setting, genotype, size, targets, &network)?;
        Ok(trained.with_task(self.task))
    }

    /// The space of a contender's genotype; `None` for the hand-made network, which has none.
    fn space_of(&self, contender: &Contender) -> Result<Option<&Space>, String> {
        let methods = self.methods.iter().map(|method| (&method.key, method.space));
        let explorers = self.explorers.iter().map(|explorer| (&explorer.key, explorer.space));
        let mut spaces = methods.chain(explorers);
        match contender {
            Contender::Baseline => Ok(None),
            Contender::Random => {
                let first = spaces.next().map(|(_, space)| space);
                first.map(Some).ok_or_else(|| "nothing searches".to_owned())
            }
            Contender::Found(key) => {
                let known: Vec<&str> = self.contenders().into_iter().map(|(key, _)| key).collect();
                let found = spaces.find(|(own, _)| *own == key).map(|(_, space)| space);
                found.map(Some).ok_or_else(|| {
                    format!("no such contender; there are {}, random, baseline", known.join(", "))
                })
            }
        }
    }
}
