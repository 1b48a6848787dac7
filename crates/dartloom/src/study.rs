//! A search and what follows from it, for the common case.

use std::sync::Arc;

use dartloom_data::{Dataset, Parts};
use dartloom_decode::Decoded;
use dartloom_net::{NetworkSize, Setting};
use dartloom_noise::Noise;
use dartloom_ops::Registry;
use dartloom_search::{SearchParts, SupernetSearch};
use dartloom_space::{Build, Genotype, Space};
use dartloom_task::{Task, usual};
use dartloom_train::{Fit, Outcome, Problem, Session, drive};
use dartloom_verdict::{RetrainConfig, Trained};

use crate::Error;
use crate::presets::Method;

/// A method, data, and a seed: what is needed to search once and to train what was found.
///
/// It draws the numbers that a comparison of the same seed draws, so both find the same
/// architecture.
///
/// ```no_run
/// use dartloom::prelude::*;
/// use dartloom::presets::{self, Scale};
///
/// # fn main() -> Result<(), Error> {
/// let digits = digits();
/// let study = Study::new(presets::darts().scaled(Scale::Small), &digits.train)?;
/// if let Some(found) = study.search(&mut Session::silent())? {
///     println!("{}", found.genotype.to_text()?);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Study<'a> {
    method: Method,
    space: Space,
    registry: Registry,
    data: &'a dyn Dataset,
    task: Arc<dyn Task>,
    noise: Noise,
}

impl<'a> Study<'a> {
    /// The method in its own space, with the built-in operations, its own task or else the one that
    /// the data suggest, and seed 0.
    ///
    /// # Errors
    /// When the method has no such space, or nothing can be learnt from the targets, which may be
    /// of another task than the method's.
    pub fn new(method: Method, data: &'a dyn Dataset) -> Result<Self, Error> {
        let space = method.space()?;
        let task = match &method.study {
            Some(study) => study.task.task(data.targets())?,
            None => usual(data.targets())?,
        };
        let task: Arc<dyn Task> = task.into();
        let space = space.for_outputs(task.outputs())?;
        let registry = Registry::standard()?;
        Ok(Self { method, space, registry, data, task, noise: Noise::new(0) })
    }

    /// The same with another seed.
    #[must_use]
    pub fn with_seed(self, seed: u64) -> Self {
        Self { noise: Noise::new(seed), ..self }
    }

    /// The same in another space, with the operations that it needs.
    #[must_use]
    pub fn in_space(self, space: Space, registry: Registry) -> Self {
        Self { space, registry, ..self }
    }

    /// The same for a task of your own.
    #[must_use]
    pub fn with_task(self, task: Arc<dyn Task>) -> Self {
        Self { task, ..self }
    }

    /// The space that is searched.
    pub fn space(&self) -> &Space {
        &self.space
    }

    /// The architecture that the method finds; `None` when an observer stopped the search.
    ///
    /// # Errors
    /// Those of [`SupernetSearch::new`], of a step, or of the decoder.
    pub fn search(&self, session: &mut Session<'_>) -> Result<Option<Decoded>, Error> {
        let seed = self.noise.child("split").seed();
        let halves = self.method.split.parts(self.data, seed)?;
        let config = self.method.search.clone();
        let noise = self.noise.child("search");
        let mut search = SupernetSearch::new("search", self.parts(&halves)?, config, noise)?;
        match drive(&mut search, session)? {
            Outcome::Finished => Ok(Some(search.architecture()?)),
            Outcome::Stopped(_) => Ok(None),
        }
    }

    /// A network of the genotype, trained from the beginning on all data of the study; `None` when
    /// an observer stopped the training.
    ///
    /// # Errors
    /// When there is no such network, or training fails.
    pub fn train(
        &self,
        genotype: &Genotype,
        config: &RetrainConfig,
        session: &mut Session<'_>,
    ) -> Result<Option<Trained>, Error> {
        let build = Build { channels: config.channels, ..self.build() };
        let setting = Setting::new(&self.space, &self.registry, build);
        let auxiliary = config.fit.auxiliary > 0.0;
        let size = NetworkSize { channels: None, layers: Some(config.layers), auxiliary };
        let mut numbers = self.noise.child("retrain-searched").stream("weights", 0);
        let network = setting.derive(genotype, &size, &mut numbers)?;
        let noise = self.noise.child("retrain");
        let problem = Problem { task: &*self.task, train: self.data, held_out: None };
        let mut fit = Fit::solving("retrain", &network, config.fit.clone(), noise, problem)?;
        let outcome = drive(&mut fit, session)?;
        drop(fit);
        if outcome != Outcome::Finished {
            return Ok(None);
        }
        let trained = Trained::new(&setting, genotype, size, self.data.targets(), &network)?;
        Ok(Some(trained.with_task(&*self.task)))
    }

    /// Channels of the method, outputs of the task, images of the data.
    fn build(&self) -> Build {
        dartloom_task::build(self.method.channels, &*self.task, self.data)
    }

    fn parts<'p>(&'p self, data: &'p Parts<'p>) -> Result<SearchParts<'p>, Error> {
        Ok(SearchParts {
            space: &self.space,
            registry: &self.registry,
            choices: self.method.choices_in(&self.space)?,
            decoder: &self.method.decoder,
            build: Build { partial: self.method.partial, ..self.build() },
            data,
            task: &*self.task,
        })
    }
}

#[cfg(test)]
mod tests {
    use dartloom_data::{Subset, digits};
    use dartloom_space::{OpSet, Stem};
    use dartloom_verdict::Answer;

    use super::*;
    use crate::presets::{Scale, darts};

    #[test]
    fn a_study_searches_trains_and_predicts() {
        let all = digits();
        let some = Subset::new(&all.train, (0..64).collect()).unwrap();
        let mut method = darts().scaled(Scale::Small);
        method.search.epochs = 1;
        method.search.batch = 16;
        method.channels = 2;
        let ops = OpSet::builtin("nasbench201").unwrap();
        let space = Space::darts(ops, 3, 1, Stem::cifar(1)).unwrap();
        let registry = Registry::standard().unwrap();
        let study = Study::new(method, &some).unwrap().in_space(space, registry).with_seed(3);
        let found = study.search(&mut Session::silent()).unwrap().unwrap();
        assert!(study.space().admit(&found.genotype).is_ok());
        let mut config = Scale::Small.comparison().retrain;
        (config.channels, config.layers, config.fit.epochs, config.fit.batch) = (2, 3, 1, 16);
        let trained = study.train(&found.genotype, &config, &mut Session::silent()).unwrap();
        let trained = trained.unwrap();
        let trained = trained.with_normalization(all.train.normalization().clone()).unwrap();
        let images = trained.images(&all.test.pixels()[..3 * 64]).unwrap();
        let Answer::Classes(classes) = trained.predict(&images).unwrap().answer else { panic!() };
        assert_eq!(classes.len(), 3);
    }
}
