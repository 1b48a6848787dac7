//! Baselines by name.

use serde::{Deserialize, Serialize};

use super::{Fcn, ResNet, ResNetUNet, SelfConfigured, UNet};
use crate::{Graph, Outputs, Shape, SpaceError};

/// A network that nobody searched for, by its name in files and on the command line:
/// `unet(base: 32)`, `TinyResNet`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Baseline {
    /// [`ResNet::tiny`]; also `tiny_resnet`.
    #[default]
    #[serde(alias = "tiny_resnet")]
    TinyResNet,
    /// [`ResNet::resnet18`]; also `resnet18`.
    #[serde(alias = "resnet18")]
    ResNet18,
    /// [`ResNet::resnet50`]; also `resnet50`.
    #[serde(alias = "resnet50")]
    ResNet50,
    /// Any residual network.
    #[serde(rename = "resnet")]
    ResNet(ResNet),
    /// The U-Net.
    #[serde(rename = "unet")]
    UNet(UNet),
    /// A U-Net whose encoder is residual.
    #[serde(rename = "resnet_unet")]
    ResNetUNet(ResNetUNet),
    /// The fully convolutional network.
    #[serde(rename = "fcn")]
    Fcn(Fcn),
    /// The U-Net that configures itself.
    #[serde(rename = "self_configured")]
    SelfConfigured(SelfConfigured),
}

impl Baseline {
    /// Every name, and the baseline with its usual settings.
    pub fn known() -> Vec<(&'static str, Self)> {
        vec![
            ("tiny_resnet", Self::TinyResNet),
            ("resnet18", Self::ResNet18),
            ("resnet50", Self::ResNet50),
            ("resnet", Self::ResNet(ResNet::default())),
            ("unet", Self::UNet(UNet::default())),
            ("resnet_unet", Self::ResNetUNet(ResNetUNet::default())),
            ("fcn", Self::Fcn(Fcn::default())),
            ("self_configured", Self::SelfConfigured(SelfConfigured::default())),
        ]
    }

    /// The names of the baselines that have outputs of this kind.
    pub fn fitting(outputs: Outputs) -> Vec<&'static str> {
        let known = Self::known().into_iter();
        known.filter(|(_, own)| own.serves(outputs)).map(|(name, _)| name).collect()
    }

    /// The usual opponent of networks with such outputs: the tiny ResNet where they are a vector,
    /// the U-Net where there are some for every pixel.
    pub fn usual(outputs: Outputs) -> Self {
        match outputs {
            Outputs::Vector(_) => Self::TinyResNet,
            Outputs::Plane { .. } => Self::UNet(UNet::default()),
        }
    }

    /// Its name in tables.
    pub fn title(&self) -> &'static str {
        match self {
            Self::TinyResNet => "tiny ResNet",
            Self::ResNet18 => "ResNet-18",
            Self::ResNet50 => "ResNet-50",
            Self::ResNet(_) => "ResNet",
            Self::UNet(_) => "U-Net",
            Self::ResNetUNet(_) => "ResNet-UNet",
            Self::Fcn(_) => "FCN",
            Self::SelfConfigured(_) => "self-configured U-Net",
        }
    }

    /// `true` if it has outputs of this kind.
    pub fn serves(&self, outputs: Outputs) -> bool {
        let vector = matches!(outputs, Outputs::Vector(_));
        match self {
            Self::TinyResNet | Self::ResNet18 | Self::ResNet50 | Self::ResNet(_) => vector,
            Self::UNet(_) | Self::ResNetUNet(_) | Self::Fcn(_) | Self::SelfConfigured(_) => !vector,
        }
    }

    /// The network for images of shape `input`.
    ///
    /// # Errors
    /// [`SpaceError::BaselineOutputs`] for outputs of another kind, with the baselines that fit;
    /// [`SpaceError::Baseline`] for a setting out of range; and [`SpaceError::Halvings`] for images
    /// whose sides cannot be halved as often as it asks.
    pub fn graph(&self, input: Shape, outputs: Outputs) -> Result<Graph, SpaceError> {
        match self {
            Self::TinyResNet => ResNet::tiny().graph(input, outputs),
            Self::ResNet18 => ResNet::resnet18().graph(input, outputs),
            Self::ResNet50 => ResNet::resnet50().graph(input, outputs),
            Self::ResNet(own) => own.graph(input, outputs),
            Self::UNet(own) => own.graph(input, outputs),
            Self::ResNetUNet(own) => own.graph(input, outputs),
            Self::Fcn(own) => own.graph(input, outputs),
            Self::SelfConfigured(own) => own.graph(input, outputs),
        }
    }
}
