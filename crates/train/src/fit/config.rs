//! The settings of a training.

use dartloom_data::{
    Augment, Augmentation, ConfiguredTransform, Dataset, PictureSpec, TargetSpec, Transform as _,
};
use dartloom_ops::Recompute;
use dartloom_record::Refused;
use dartloom_task::{Classification, Task, usual};
use serde::{Deserialize, Serialize};

use crate::{AdamConfig, Schedule, SgdConfig, TrainError, WeightStep};

/// The settings with which a network is trained.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FitConfig {
    /// Passes over the training images.
    pub epochs: usize,
    /// Images per step.
    pub batch: usize,
    /// Learning rate.
    pub rate: Schedule,
    /// The rule that moves the weights; not written where it is momentum SGD.
    #[serde(skip_serializing_if = "WeightStep::is_sgd")]
    pub weight_step: WeightStep,
    /// Momentum and weight decay, if SGD moves the weights.
    pub sgd: SgdConfig,
    /// Moments and weight decay, if Adam moves the weights; not written where they are the usual
    /// ones.
    #[serde(skip_serializing_if = "AdamConfig::is_default")]
    pub adam: AdamConfig,
    /// Largest gradient norm.
    pub clip: f64,
    /// Drop-path probability `p`; it rises linearly, `p * epoch / epochs`, from 0 towards `p`.
    pub drop_path: f64,
    /// Weight of the auxiliary head's loss, where the network has such a head.
    pub auxiliary: f64,
    /// Label smoothing of the task, where it has one ([`Task::smoothed`]); 0 elsewhere.
    pub smoothing: f64,
    /// Random crops: zeros added on each side before cropping.
    pub crop_padding: usize,
    /// Random horizontal flips.
    pub flip: bool,
    /// Side of the square that cutout blanks; 0 is off.
    pub cutout: usize,
    /// Random changes between flip and cutout, in order; none by default.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub transforms: Vec<ConfiguredTransform>,
    /// The values that cells keep for the backward pass.
    pub recompute: Recompute,
}

impl Default for FitConfig {
    /// DARTS' retraining on CIFAR-10 (batch 96, 0.025 to 0, clip 5, drop-path 0.2, auxiliary 0.4,
    /// cutout 16), 600 epochs.
    fn default() -> Self {
        Self {
            epochs: 600,
            batch: 96,
            rate: Schedule::Cosine { from: 0.025, to: 0.0 },
            weight_step: WeightStep::Sgd,
            sgd: SgdConfig::default(),
            adam: AdamConfig::default(),
            clip: 5.0,
            drop_path: 0.2,
            auxiliary: 0.4,
            smoothing: 0.0,
            crop_padding: 4,
            flip: true,
            cutout: 16,
            transforms: Vec::new(),
            recompute: Recompute::default(),
        }
    }
}

/// The most epochs that anything may be trained for, so that the numbers of steps, images and
/// multiply-adds do not overflow.
pub const MOST_EPOCHS: usize = 1 << 20;

impl FitConfig {
    /// Random changes to the training images.
    pub fn augment(&self) -> Augmentation {
        let Self { crop_padding, flip, cutout, .. } = *self;
        let usual = Augment { crop_padding, flip, cutout };
        Augmentation { usual, transforms: self.transforms.clone() }
    }

    /// The task that targets suggest, a classification with this smoothing.
    ///
    /// # Errors
    /// [`TrainError::Task`], and [`TrainError::Config`] for a smoothing of other targets.
    pub fn task(&self, targets: TargetSpec) -> Result<Box<dyn Task>, TrainError> {
        match targets {
            TargetSpec::Class { classes } => {
                Ok(Box::new(Classification::new(classes)?.with_smoothing(self.smoothing)?))
            }
            other => {
                self.check_unsmoothed()?;
                Ok(usual(other)?)
            }
        }
    }

    pub(super) fn check_unsmoothed(&self) -> Result<(), TrainError> {
        if self.smoothing > 0.0 {
            return Err(Refused::new(
                "smoothing",
                "0 for a task without label smoothing",
                self.smoothing,
            )
            .into());
        }
        Ok(())
    }

    /// Refuses values that are invalid, or invalid together with the images `train`.
    ///
    /// Since a step has two images at least, every channel of a batch norm has two values.
    ///
    /// # Errors
    /// [`TrainError::Config`] or [`TrainError::Data`] naming the field.
    pub fn check_images(&self, train: &dyn Dataset) -> Result<(), TrainError> {
        self.check()?;
        if self.batch > train.len() {
            return Err(Refused::new(
                "batch",
                "no more than the images to learn from",
                format!("{} of {} images", self.batch, train.len()),
            )
            .into());
        }
        Ok(self.augment().check(&PictureSpec::of(train))?)
    }

    /// Refuses invalid values.
    ///
    /// # Errors
    /// [`TrainError::Config`] naming the field.
    pub fn check(&self) -> Result<(), TrainError> {
        let share = |value: f64| (0.0..1.0).contains(&value);
        let weight = |value: f64| value.is_finite() && value >= 0.0;
        let refuse = |field, expected, found: &dyn std::fmt::Debug| {
            Err(Refused::new(field, expected, format!("{found:?}")).into())
        };
        match self {
            _ if self.epochs == 0 => refuse("epochs", "at least 1", &self.epochs),
            _ if self.epochs > MOST_EPOCHS => refuse("epochs", "at most 1048576", &self.epochs),
            _ if self.batch < 2 => refuse("batch", "at least 2", &self.batch),
            _ if !self.rate.is_valid() => refuse("rate", "finite rates of 0 or more", &self.rate),
            _ if self.clip.is_nan() || self.clip <= 0.0 => {
                refuse("clip", "a positive norm", &self.clip)
            }
            _ if !share(self.drop_path) => {
                refuse("drop_path", "0 or more and less than 1", &self.drop_path)
            }
            _ if !share(self.smoothing) => {
                refuse("smoothing", "0 or more and less than 1", &self.smoothing)
            }
            _ if !weight(self.auxiliary) => {
                refuse("auxiliary", "a finite weight of 0 or more", &self.auxiliary)
            }
            _ => {
                self.sgd.check().map_err(within("sgd"))?;
                self.adam.check().map_err(within("adam"))
            }
        }
    }
}

/// The same refusal with the path of the field in a [`FitConfig`], where it is a field of `place`.
fn within(place: &'static str) -> impl Fn(TrainError) -> TrainError {
    move |error| match error {
        TrainError::Config(refused) => TrainError::Config(refused.within(place)),
        other => other,
    }
}
