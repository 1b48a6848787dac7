//! The size of a network and of its batches, as typed.

use std::fmt;
use std::marker::PhantomData;

use clap::Args;
use dartloom::space::Shape;

use super::args::count;

/// The sizes of a kind of network where none are typed.
pub(crate) trait Usual: fmt::Debug {
    /// Base channels.
    const CHANNELS: &'static str;
    /// Cells.
    const LAYERS: &'static str;
    /// Images of a batch.
    const BATCH: &'static str;
}

/// The supernets that DARTS searches.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Searched;

impl Usual for Searched {
    const CHANNELS: &'static str = "16";
    const LAYERS: &'static str = "8";
    const BATCH: &'static str = "64";
}

/// The networks that DARTS retrains, in batches of 32.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Retrained;

impl Usual for Retrained {
    const CHANNELS: &'static str = "36";
    const LAYERS: &'static str = "20";
    const BATCH: &'static str = "32";
}

/// A network's channels and cells, and its batches.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Size<U: Usual> {
    /// Base channels.
    #[arg(long, value_name = "C", default_value = U::CHANNELS, value_parser = count)]
    pub(crate) channels: usize,
    /// Cells.
    #[arg(long, value_name = "L", default_value = U::LAYERS, value_parser = count)]
    pub(crate) layers: usize,
    #[command(flatten)]
    pub(crate) images: Images<U>,
}

/// Number and shape of the images of a batch.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Images<U: Usual> {
    /// Images of a batch.
    #[arg(long, value_name = "B", default_value = U::BATCH, value_parser = count)]
    pub(crate) batch: usize,
    /// Shape of an image.
    #[arg(long, value_name = "CxHxW", default_value = "3x32x32")]
    pub(crate) input: Shape,
    #[arg(skip)]
    usual: PhantomData<U>,
}
