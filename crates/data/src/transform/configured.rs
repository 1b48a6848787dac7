use rand::RngCore;
use serde::{Deserialize, Serialize};

use super::{
    Augment, AutoAugment, Brightness, ColorJitter, Contrast, Crop, Cutout, Flip, FlipVertical,
    Gamma, GaussianBlur, GaussianNoise, LowResolution, Picture, PictureSpec, RandomResizedCrop,
    RightAngles, RotateScale, Transform,
};
use crate::DataError;

/// A change of this crate with its settings, as configurations write it: `Flip`, `Gamma(range: (0.8,
/// 1.2))`. Settings that are left out have the default of their change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ConfiguredTransform {
    /// [`Flip`].
    Flip,
    /// [`FlipVertical`].
    FlipVertical,
    /// [`RightAngles`].
    RightAngles,
    /// [`Crop`].
    Crop(Crop),
    /// [`Cutout`].
    Cutout(Cutout),
    /// [`RotateScale`].
    RotateScale(RotateScale),
    /// [`RandomResizedCrop`].
    RandomResizedCrop(RandomResizedCrop),
    /// [`Gamma`].
    Gamma(Gamma),
    /// [`Brightness`].
    Brightness(Brightness),
    /// [`Contrast`].
    Contrast(Contrast),
    /// [`GaussianNoise`].
    GaussianNoise(GaussianNoise),
    /// [`GaussianBlur`].
    GaussianBlur(GaussianBlur),
    /// [`LowResolution`].
    LowResolution(LowResolution),
    /// [`ColorJitter`].
    ColorJitter(ColorJitter),
    /// [`AutoAugment`].
    AutoAugment(AutoAugment),
    /// Images from above, which have no upper side: [`Flip`] and [`RightAngles`], so that all eight
    /// orientations are equally likely.
    Aerial,
    /// The changes of nnU-Net for two dimensions (Isensee et al. 2021, Nature Methods 18, 203), in its
    /// order and with its probabilities: [`RotateScale`], [`GaussianNoise`], [`GaussianBlur`],
    /// [`Brightness`], [`Contrast`], [`LowResolution`], [`Gamma`] inverted with probability 0.1 and
    /// plain with 0.3, then [`Flip`] and [`FlipVertical`].
    ///
    /// Each of them says where it differs from nnU-Net.
    NnUnet,
}

impl ConfiguredTransform {
    /// Runs `each` on the changes it stands for, in order.
    fn parts(
        &self,
        mut each: impl FnMut(&dyn Transform) -> Result<(), DataError>,
    ) -> Result<(), DataError> {
        match self {
            Self::Flip => each(&Flip),
            Self::FlipVertical => each(&FlipVertical),
            Self::RightAngles => each(&RightAngles),
            Self::Crop(part) => each(part),
            Self::Cutout(part) => each(part),
            Self::RotateScale(part) => each(part),
            Self::RandomResizedCrop(part) => each(part),
            Self::Gamma(part) => each(part),
            Self::Brightness(part) => each(part),
            Self::Contrast(part) => each(part),
            Self::GaussianNoise(part) => each(part),
            Self::GaussianBlur(part) => each(part),
            Self::LowResolution(part) => each(part),
            Self::ColorJitter(part) => each(part),
            Self::AutoAugment(part) => each(part),
            Self::Aerial => {
                each(&Flip)?;
                each(&RightAngles)
            }
            Self::NnUnet => {
                let inverted = Gamma { inverted: true, probability: 0.1, ..Gamma::default() };
                each(&RotateScale::default())?;
                each(&GaussianNoise::default())?;
                each(&GaussianBlur::default())?;
                each(&Brightness::default())?;
                each(&Contrast::default())?;
                each(&LowResolution::default())?;
                each(&inverted)?;
                each(&Gamma::default())?;
                each(&Flip)?;
                each(&FlipVertical)
            }
        }
    }
}

impl Transform for ConfiguredTransform {
    fn check(&self, images: &PictureSpec<'_>) -> Result<(), DataError> {
        self.parts(|part| part.check(images))
    }

    fn apply(&self, picture: &mut Picture<'_>, random: &mut dyn RngCore) -> Result<(), DataError> {
        self.parts(|part| part.apply(picture, random))
    }
}

/// The changes of a training recipe: crop and flip of [`Augment`], then `transforms`, then its cutout.
/// Without transforms it is [`Augment`], and draws the same numbers.
///
/// ```
/// use dartloom_data::{Augment, Augmentation, AutoAugment, ConfiguredTransform, Policy};
///
/// // The images that FairDARTS and D-DARTS retrain with on CIFAR-10.
/// let policy = AutoAugment::new(Policy::Cifar10);
/// let transforms = vec![ConfiguredTransform::AutoAugment(policy)];
/// let recipe = Augmentation { usual: Augment::cifar(16), transforms };
/// # let _ = recipe;
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Augmentation {
    /// Crop, flip and cutout.
    pub usual: Augment,
    /// The changes between flip and cutout, in order.
    pub transforms: Vec<ConfiguredTransform>,
}

/// The same refusal with the place of its change among the transforms.
fn at(index: usize) -> impl Fn(DataError) -> DataError {
    move |error| match error {
        DataError::Augmentation { field, expected, found, shape } => {
            let field = format!("transforms.{index}.{field}");
            DataError::Augmentation { field, expected, found, shape }
        }
        other => other,
    }
}

impl Transform for Augmentation {
    fn check(&self, images: &PictureSpec<'_>) -> Result<(), DataError> {
        self.usual.check(images)?;
        let mut places = self.transforms.iter().enumerate();
        places.try_for_each(|(index, part)| part.check(images).map_err(at(index)))
    }

    fn apply(&self, picture: &mut Picture<'_>, random: &mut dyn RngCore) -> Result<(), DataError> {
        Augment { cutout: 0, ..self.usual }.apply(picture, random)?;
        for (index, part) in self.transforms.iter().enumerate() {
            part.apply(picture, random).map_err(at(index))?;
        }
        Augment { cutout: self.usual.cutout, ..Augment::default() }.apply(picture, random)
    }
}
