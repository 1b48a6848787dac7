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

/// The changes of a training recipe: crop and flip of [`Augment`], then `more`, then its cutout. With
/// nothing more it is [`Augment`], and draws the same numbers.
///
/// ```
/// use dartloom_data::{Augment, Augmentation, AutoAugment, ConfiguredTransform, Policy};
///
/// // The images that FairDARTS and D-DARTS retrain with on CIFAR-10.
/// let policy = AutoAugment::new(Policy::Cifar10);
/// let more = vec![ConfiguredTransform::AutoAugment(policy)];
/// let recipe = Augmentation { usual: Augment::cifar(16), more };
/// # let _ = recipe;
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Augmentation {
    /// Crop, flip and cutout.
    pub usual: Augment,
    /// The changes between flip and cutout, in order.
    pub more: Vec<ConfiguredTransform>,
}

impl Augmentation {
    /// Runs `each` on the changes, in order.
    fn parts(
        &self,
        mut each: impl FnMut(&dyn Transform) -> Result<(), DataError>,
    ) -> Result<(), DataError> {
        each(&Augment { cutout: 0, ..self.usual })?;
        self.more.iter().try_for_each(|part| each(part))?;
        each(&Augment { cutout: self.usual.cutout, ..Augment::default() })
    }
}

impl Transform for Augmentation {
    fn check(&self, images: &PictureSpec<'_>) -> Result<(), DataError> {
        self.parts(|part| part.check(images))
    }

    fn apply(&self, picture: &mut Picture<'_>, random: &mut dyn RngCore) -> Result<(), DataError> {
        self.parts(|part| part.apply(picture, random))
    }
}
