//! The ends of networks.

use serde::{Deserialize, Serialize};

use super::{Hidden, Source};
use crate::Resize;

/// The end of a network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Head {
    /// Global average pooling, hidden layers if there are any, and a fully connected layer on one
    /// source: a vector. Older text calls it `Classifier` and has no hidden layers.
    #[serde(alias = "Classifier")]
    Pooled {
        /// The value that is pooled.
        source: Source,
        /// Fully connected layers before the last one; not written where there are none.
        #[serde(default, skip_serializing_if = "Hidden::is_empty")]
        hidden: Hidden,
    },
    /// A 1x1 convolution for every source, enlarged to the image and summed: a plane.
    ///
    /// With `rates` a spatial pyramid stands before: parallel branches of convolution, norm and
    /// ReLU, each as wide as the source, that are a 1x1 convolution, a 3x3 convolution for every
    /// rate `r`, dilated by `max(1, r / 2^level)`, and a 1x1 convolution of the mean over the
    /// plane. The 1x1 convolution reads their concatenation (Chen et al., *Rethinking Atrous
    /// Convolution for Semantic Image Segmentation*, arXiv 1706.05587).
    PerPixel {
        /// The values that are read, at any levels.
        sources: Vec<Source>,
        /// The interpolation that enlarges sources of coarser levels. Older text does not name it
        /// and means the nearest pixel.
        #[serde(default)]
        resize: Resize,
        /// Rates of dilated convolutions, in pixels of the image; not written where there are none,
        /// and with them no pyramid.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        rates: Vec<usize>,
    },
}

impl Head {
    /// The head that adds up a 1x1 convolution of every source.
    #[must_use]
    pub fn per_pixel(sources: Vec<Source>, resize: Resize) -> Self {
        Self::PerPixel { sources, resize, rates: Vec::new() }
    }

    /// The head that pools `source`, without hidden layers.
    #[must_use]
    pub fn pooled(source: Source) -> Self {
        Self::Pooled { source, hidden: Hidden::default() }
    }
}
