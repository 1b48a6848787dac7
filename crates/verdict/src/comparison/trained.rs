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
    /// or explorer of a key has found (`"darts"`), or random search (`"random"`).
    ///
    /// # Errors
    /// [`TrainedError::NotTrained`] for a seed that is not finished, a contender of no such name,
    /// the hand-made network, which has no genotype, and a training that diverged; those of
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
        let Some(genotype) = &result.genotype else {
            let reason = result.failure.as_deref().unwrap_or("it has no architecture");
            return Err(refused(reason));
        };
        let found = Snapshot::open(&checkpoint)?;
        let (_, mut snapshot) = found.ok_or_else(|| refused("its weights are gone"))?;
        let size = self.size();
        let setting = self.setting(space, self.config.retrain.channels);
        let mut numbers = Noise::new(0).stream("overwritten", 0);
        let network = setting.derive(genotype, &size, &mut numbers)?;
        network.variables().load(&snapshot.take("variables")?)?;
        let targets = self.train.targets();
        let trained = Trained::new(&setting, genotype, size, targets, &network)?;
        Ok(trained.with_task(self.task))
    }

    /// The space of a contender's genotype.
    fn space_of(&self, contender: &Contender) -> Result<&Space, String> {
        let methods = self.methods.iter().map(|method| (&method.key, method.space));
        let explorers = self.explorers.iter().map(|explorer| (&explorer.key, explorer.space));
        let mut spaces = methods.chain(explorers);
        match contender {
            Contender::Baseline => Err("the hand-made network has no genotype".to_owned()),
            Contender::Random => {
                spaces.next().map(|(_, space)| space).ok_or_else(|| "nothing searches".to_owned())
            }
            Contender::Found(key) => {
                let known: Vec<&str> = self.contenders().into_iter().map(|(key, _)| key).collect();
                let found = spaces.find(|(own, _)| *own == key).map(|(_, space)| space);
                found.ok_or_else(|| {
                    format!("no such contender; there are {}, random", known.join(", "))
                })
            }
        }
    }
}
