#![doc = include_str!("../README.md")]

mod batch;
pub mod cifar;
mod crops;
mod dataset;
mod digest;
mod digits;
mod error;
mod files;
pub mod idx;
#[cfg(feature = "images")]
pub mod images;
mod loader;
mod memory;
mod normalization;
mod nuclei;
mod parts;
mod random;
mod sample;
mod sets;
mod shares;
mod subset;
mod target;
#[cfg(any(test, feature = "testkit"))]
pub mod testkit;
mod transform;
mod window;

pub use batch::Batch;
pub use crops::{CropConfig, Crops};
pub use dataset::{Dataset, ImageShape, check_repeats};
pub use digest::Digested;
pub use digits::digits;
pub use error::DataError;
pub use loader::{BatchOrder, Loader};
pub use memory::{InMemory, Splits};
pub use normalization::Normalization;
pub use nuclei::{nuclei, nuclei_counts};
pub use parts::{Parts, Split};
pub use random::{Shuffle, permutation, split};
pub use sample::{Draw, OwnedSample, Sample};
pub use sets::DataSets;
pub use shares::ClassShares;
pub use subset::Subset;
pub use target::{Target, TargetSpec, Targets};
pub use transform::{
    Augment, Augmentation, AutoAugment, Brightness, ColorJitter, ConfiguredTransform, Contrast,
    Crop, Cutout, Flip, FlipVertical, Gamma, GaussianBlur, GaussianNoise, LowResolution, Picture,
    PictureSpec, Place, Point, Policy, RandomResizedCrop, RightAngles, RotateScale, Transform,
};
pub use window::{ImageRows, PredictedRows, SlidingWindow, WindowWeights};
