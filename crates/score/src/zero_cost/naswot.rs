//! NASWOT.

use dartloom_net::memory::Workload;
use dartloom_noise::Noise;

use super::codes::Codes;
use super::score::{forward_alone, pairs};
use super::symmetric::log_determinant;
use super::{Reads, Scorable, ZeroCostError, ZeroCostScore};

/// How unlike each other the images look to the ReLUs: `log det K` with `K_ij = N - d(c_i, c_j)`,
/// the number of the `N` units that images `i` and `j` switch alike; `d` is the Hamming distance of
/// their codes.
///
/// Source: J. Mellor, J. Turner, A. Storkey and E. J. Crowley, *Neural Architecture Search without
/// Training*, ICML 2021, arXiv 2006.04647v3, equation 2.
///
/// # Differences from the paper
/// A kernel that is singular, as that of images with equal codes, is refused; the released code
/// gives minus infinity. Batch norms normalise with the batch, as there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Naswot;

impl ZeroCostScore for Naswot {
    fn name(&self) -> &'static str {
        "naswot"
    }

    fn reads(&self) -> Reads {
        Reads::Images
    }

    fn workload(&self, batch: usize) -> Workload {
        forward_alone(self.dtype(), batch)
    }

    fn beside(&self, images: u64, _: u64) -> u64 {
        pairs(images)
    }

    fn score(&self, given: &Scorable<'_>, _: Noise) -> Result<f64, ZeroCostError> {
        let Scorable { network, batch, .. } = *given;
        let score = self.name();
        let codes = Codes::of(score, network, batch)?;
        let matrix = "kernel of ReLU codes";
        let images = codes.images.len();
        let refused = ZeroCostError::Singular { score, matrix, images };
        log_determinant(&kernel(&codes)).ok_or(refused)
    }
}

/// How many units each two images switch alike.
fn kernel(codes: &Codes) -> Vec<Vec<f64>> {
    let alike = |a: &Vec<u64>, b: &Vec<u64>| {
        let apart: u32 = a.iter().zip(b).map(|(a, b)| (a ^ b).count_ones()).sum();
        codes.units as f64 - f64::from(apart)
    };
    codes.images.iter().map(|a| codes.images.iter().map(|b| alike(a, b)).collect()).collect()
}
