//! Linear regions.

use std::collections::BTreeSet;

use dartloom_net::memory::Workload;
use dartloom_noise::Noise;

use super::codes::Codes;
use super::score::forward_alone;
use super::{Reads, Scorable, ZeroCostError, ZeroCostScore};

/// Linear regions that the images of the batch lie in: how many different ReLU codes they have.
///
/// On networks of usual sizes every image has a region of its own, and the score is the size of the
/// batch: it separates networks of few ReLUs on images of few pixels.
///
/// Source: W. Chen, X. Gong and Z. Wang, *Neural Architecture Search on ImageNet in Four GPU Hours*
/// (TE-NAS), ICLR 2021, arXiv 2102.11535, section 3.1.2.
///
/// # Differences from the paper
/// The released code shrinks the network and scores it on random images of 3x3 pixels; here the
/// caller chooses both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LinearRegions;

impl ZeroCostScore for LinearRegions {
    fn name(&self) -> &'static str {
        "linear_regions"
    }

    fn reads(&self) -> Reads {
        Reads::Images
    }

    fn workload(&self, batch: usize) -> Workload {
        forward_alone(self.dtype(), batch)
    }

    fn score(&self, given: &Scorable<'_>, _: Noise) -> Result<f64, ZeroCostError> {
        let Scorable { network, batch, .. } = *given;
        let codes = Codes::of(self.name(), network, batch)?;
        Ok(codes.images.iter().collect::<BTreeSet<_>>().len() as f64)
    }
}
