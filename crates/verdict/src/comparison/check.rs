//! Refusals before anything runs.

use dartloom_data::{Dataset as _, Split};
use dartloom_noise::Noise;
use dartloom_ops::Model as _;
use dartloom_record::Refused;
use dartloom_train::{FitConfig, TrainError, check_alike};

use super::networks::smallest_plane;
use super::{Comparison, ExplorerParts, MethodParts, method};
use crate::VerdictError;

impl Comparison<'_> {
    /// Refuses values that are invalid, by themselves, together, or with these images; operations
    /// that the registry lacks; test images unlike those to train with; and relaxations, penalties
    /// and decoders that break their contract. Every explorer is built, every network is laid out,
    /// and trainings are checked against the number and the size of the images, so that nothing is
    /// refused after hours of work.
    ///
    /// # Errors
    /// [`VerdictError::Config`] or [`VerdictError::Within`] naming the field,
    /// [`OpError::Unregistered`](dartloom_ops::OpError::Unregistered) and its like,
    /// [`TrainError::TestImages`](dartloom_train::TrainError::TestImages),
    /// [`SearchError::Relaxation`](dartloom_search::SearchError::Relaxation), or the error of a
    /// part.
    pub fn check(&self) -> Result<(), VerdictError> {
        self.config.check()?;
        check_alike(self.train, self.test)?;
        self.task.check(&self.train.targets())?;
        self.check_hand_made()?;
        let contenders = self.contenders();
        method::check_different(&contenders)?;
        let alone = contenders.len() == 1;
        for (index, method) in self.methods.iter().enumerate() {
            let place = |error: VerdictError| error.within(format!("methods.{index}"));
            self.check_method(method).map_err(|error| if alone { error } else { place(error) })?;
        }
        for (index, explorer) in self.explorers.iter().enumerate() {
            let place = |error: VerdictError| error.within(format!("explorers.{index}"));
            self.check_explorer(explorer).map_err(place)?;
        }
        self.check_training()
    }

    /// Refuses a method that is invalid here.
    ///
    /// # Errors
    /// As [`Comparison::check`].
    pub fn check_method(&self, method: &MethodParts<'_>) -> Result<(), VerdictError> {
        method.check()?;
        let images = method.split.parts(self.train, 0)?;
        method.search.check_images(&images).map_err(|error| error.within("search"))?;
        method.rehearse(self.registry)?;
        let supernet = self.check_networks(method.space, method.channels, method.partial)?;
        // The discretisation gap is measured with the statistics of each batch, the last one
        // included.
        let batch = method.search.batch;
        if images.valid.len() % batch == 1 && smallest_plane(&supernet)? == 1 {
            return Err(Refused::new(
                "search.batch",
                "a size that leaves no batch of one image, since there are planes of 1x1",
                format!("{batch} of {} images", images.valid.len()),
            )
            .into());
        }
        Ok(())
    }

    /// Refuses an explorer that is invalid here.
    ///
    /// # Errors
    /// As [`Comparison::check`].
    pub fn check_explorer(&self, explorer: &ExplorerParts<'_>) -> Result<(), VerdictError> {
        explorer.check(self.config.random.top)?;
        self.registry.check(explorer.space.op_set())?;
        self.check_networks(explorer.space, explorer.channels, 1).map(drop)
    }

    /// Refuses a hand-made network that does not put out what the task needs.
    fn check_hand_made(&self) -> Result<(), VerdictError> {
        let name = self.hand_made().name();
        let refused = |source: VerdictError| source.within(format!("baseline: {name}"));
        let outputs = match self.hand_made_graph().map_err(refused)? {
            Some(graph) => Some(graph.outputs()),
            None => self.hand_made_network(Noise::new(0)).map_err(refused)?.outputs(),
        };
        let expected = self.task.outputs();
        match outputs {
            Some(found) if found != expected => {
                Err(refused(TrainError::Outputs { expected, found }.into()))
            }
            _ => Ok(()),
        }
    }

    /// Refuses trainings of candidates and contenders that make no sense with these images.
    fn check_training(&self) -> Result<(), VerdictError> {
        let first = self.methods.first().map(|method| (method.space, method.split));
        let others = self.explorers.iter().map(|explorer| (explorer.space, explorer.split));
        let random = &self.config.random.fit;
        let retrain = &self.config.retrain.fit;
        for (space, split) in first.into_iter().chain(others) {
            self.check_candidates(random, split).map_err(|error| error.within("random.fit"))?;
            if random.auxiliary > 0.0 && space.network().aux().is_none() {
                return Err(Refused::new(
                    "random.fit.auxiliary",
                    "0, since candidates have no auxiliary head",
                    random.auxiliary,
                )
                .into());
            }
        }
        let images = retrain.check_images(self.train).map_err(VerdictError::from);
        images.map_err(|error| error.within("retrain.fit"))
    }

    fn check_candidates(&self, fit: &FitConfig, split: Split) -> Result<(), VerdictError> {
        let images = split.parts(self.train, 0)?;
        Ok(fit.check_images(&images.train)?)
    }
}
