//! The configuration of a search.

use dartloom_data::{
    Augment, Augmentation, ConfiguredTransform, Dataset as _, Parts, PictureSpec, Transform as _,
};
use dartloom_record::Refused;
use dartloom_train::MOST_EPOCHS;
use serde::{Deserialize, Serialize};

use crate::stop::StopConfig;
use crate::{Architecture, BilevelConfig, Choices, PruneConfig, SearchError, prune};

/// Epochs, batches and rules of the search of a supernet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SearchConfig {
    /// Passes over the weights' images.
    pub epochs: usize,
    /// Images per batch.
    pub batch: usize,
    /// Update rules.
    pub bilevel: BilevelConfig,
    /// Random crops of training batches: zeros added on each side before cropping.
    pub crop_padding: usize,
    /// Random horizontal flips of training batches.
    pub flip: bool,
    /// Random changes of training batches after the flip, in order; none by default.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub transforms: Vec<ConfiguredTransform>,
    /// Rules that stop before the last epoch or warn.
    pub stop: Vec<StopConfig>,
    /// The first epoch, from 0, whose architecture may be taken for the best score on the
    /// validation images: the search finds the architecture of the best epoch from there on. `None`
    /// to find that of the last epoch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub best_from: Option<usize>,
    /// The rule that removes candidates; `None` to remove none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prune: Option<PruneConfig>,
}

impl Default for SearchConfig {
    /// DARTS on CIFAR-10: 50 epochs of batches of 64, whose images are cropped (`crop_padding: 4`)
    /// and mirrored (`flip: true`). Neither suits every kind of image: mirroring a 2 does not give
    /// a digit, and a border of 4 is much of a plane of 8x8.
    fn default() -> Self {
        Self {
            epochs: 50,
            batch: 64,
            bilevel: BilevelConfig::default(),
            crop_padding: 4,
            flip: true,
            transforms: Vec::new(),
            stop: Vec::new(),
            best_from: None,
            prune: None,
        }
    }
}

impl SearchConfig {
    /// Random changes to batches.
    pub fn augment(&self) -> Augmentation {
        let usual = Augment { crop_padding: self.crop_padding, flip: self.flip, cutout: 0 };
        Augmentation { usual, transforms: self.transforms.clone() }
    }

    /// Refuses values that are invalid, or invalid with these images.
    ///
    /// # Errors
    /// [`SearchError::Config`] or [`SearchError::Data`] naming the field.
    pub fn check_images(&self, data: &Parts<'_>) -> Result<(), SearchError> {
        self.check()?;
        for (images, expected) in [
            (data.train.len(), "no more than the images that move weights"),
            (data.valid.len(), "no more than the images that move logits"),
        ] {
            if self.batch > images {
                let found = format!("{} of {images} images", self.batch);
                return Err(Refused::new("batch", expected, found).into());
            }
        }
        Ok(self.augment().check(&PictureSpec::of(&data.train))?)
    }

    /// Refuses values that are invalid with these choices and a supernet that sees one in `partial`
    /// channels.
    ///
    /// # Errors
    /// [`SearchError::Config`] naming the field.
    pub fn check_choices(&self, choices: &Choices, partial: usize) -> Result<(), SearchError> {
        prune::check(self.prune.as_ref(), choices, partial)
    }

    /// Refuses rules for logits that do not fit those of `architecture`.
    ///
    /// # Errors
    /// [`SearchError::Config`] naming the field.
    pub fn check_logits(&self, architecture: &Architecture) -> Result<(), SearchError> {
        let logits = self.bilevel.logits(architecture).map(drop);
        logits.map_err(|error| error.within("bilevel"))
    }

    /// Refuses invalid values.
    ///
    /// # Errors
    /// [`SearchError::Config`] naming the field.
    pub fn check(&self) -> Result<(), SearchError> {
        let refuse =
            |field, expected, found: usize| Err(Refused::new(field, expected, found).into());
        match self {
            _ if self.epochs == 0 => refuse("epochs", "at least 1", self.epochs),
            _ if self.epochs > MOST_EPOCHS => refuse("epochs", "at most 1048576", self.epochs),
            _ if self.batch < 2 => refuse("batch", "at least 2", self.batch),
            _ if self.bilevel.warm_up >= self.epochs => {
                refuse("bilevel.warm_up", "fewer epochs than the search has", self.bilevel.warm_up)
            }
            _ if self.best_from.is_some_and(|from| from >= self.epochs) => {
                let expected = "an epoch of the search, counted from 0";
                refuse("best_from", expected, self.best_from.unwrap_or_default())
            }
            _ => {
                for (index, stop) in self.stop.iter().enumerate() {
                    let rule = stop.rule().check();
                    rule.map_err(|error| error.within(format!("stop.{index}")))?;
                }
                let warm_up = self.bilevel.warm_up;
                let prune = self.prune.map_or(Ok(()), |prune| prune.check(self.epochs, warm_up));
                prune.map_err(|error| error.within("prune"))?;
                self.bilevel.check().map_err(|error| error.within("bilevel"))
            }
        }
    }
}
