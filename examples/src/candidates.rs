//! The common part of the programs of discrete search: a small space on the embedded digits, whose
//! candidates are trained for three epochs.

use std::error::Error;

use dartloom::data::{Parts, Splits};
use dartloom::explore::Domain;
use dartloom::net::Setting;
use dartloom::prelude::*;
use dartloom::record::Identity;
use dartloom::task::Classification;
use dartloom::train::Schedule;
use dartloom::verdict::{Training, TrainingConfig};

/// Digits, and a space for them.
#[derive(Debug)]
pub struct Candidates {
    space: Space,
    registry: Registry,
    digits: Splits,
    task: Classification,
}

impl Candidates {
    /// Chains of three cells of two nodes.
    ///
    /// # Errors
    /// None, unless the built-in operations were changed.
    pub fn new() -> Result<Self, Box<dyn Error>> {
        let space = Space::darts(OpSet::builtin("O_base")?, 3, 2, Stem::cifar(2))?;
        let task = Classification::new(10)?;
        Ok(Self { space, registry: Registry::standard()?, digits: digits(), task })
    }

    /// All architectures of the space.
    pub fn domain(&self) -> Domain {
        Domain::top(self.space.clone(), 2)
    }

    /// One half of the training digits to train with, the other to judge with.
    ///
    /// # Errors
    /// None: there are enough digits.
    pub fn images(&self) -> Result<Parts<'_>, Box<dyn Error>> {
        Ok(Split::Halves.parts(&self.digits.train, Noise::new(0).child("split").seed())?)
    }

    /// The identity of all that the outcomes of candidates depend on.
    ///
    /// # Errors
    /// None: the digits can be read, and all values have a JSON form.
    pub fn identity(&self) -> Result<Identity, Box<dyn Error>> {
        let images = self.images()?;
        let training = self.training(&images);
        Ok(Identity::new()
            .with("space", &self.space)?
            .with("training", &training.config)?
            .with("seed", &training.noise.seed())?
            .with("images", &self.digits.train.digest()?)?)
    }

    /// Three epochs for every candidate.
    pub fn training<'a>(&'a self, images: &'a Parts<'a>) -> Training<'a> {
        let fit = FitConfig {
            epochs: 3,
            batch: 64,
            rate: Schedule::Constant(0.05),
            drop_path: 0.0,
            crop_padding: 1,
            flip: false,
            cutout: 0,
            ..FitConfig::default()
        };
        Training {
            setting: Setting::new(
                &self.space,
                &self.registry,
                Build::new(4, 10, Shape::new(1, 8, 8)),
            ),
            task: &self.task,
            data: images,
            config: TrainingConfig { fit, patience: None },
            noise: Noise::new(0),
            checkpoints: None,
        }
    }
}
