//! The places of the taps of a sliding window in padded planes, forwards and backwards.

use super::extent::Extent;
use crate::simd::Grid;
use crate::window::{Sizes, Sliding};

/// A window over planes of one extent.
#[derive(Clone, Debug)]
pub(super) struct Window {
    pub(super) sizes: Sizes,
    pub(super) sliding: Sliding,
    pub(super) square: Option<Square>,
}

/// A window whose taps form a square with equal distances, at stride 1: its rows of inputs are
/// shared among outputs.
#[derive(Clone, Debug)]
pub(super) struct Square {
    /// Output rows between two rows of taps.
    pub(super) apart: usize,
    pub(super) columns: Vec<usize>,
    /// The same for the transposed window, whose taps come in reverse.
    pub(super) back: Vec<usize>,
}

impl Window {
    /// The window over `input`; padded copies get a border of at least `border`.
    pub(super) fn new(sizes: Sizes, input: Extent, border: (usize, usize)) -> Option<Self> {
        let input = (input.height, input.width);
        // An error is that of a stage without a kernel here; the kernel of its own tells it.
        let axes = sizes.axes(input, sizes.output("fused", input).ok()?);
        // Branches that ask for the same border share the zeros around their planes.
        let sliding = Sliding::with_border(axes, border);
        let mut window = Self { sizes, sliding, square: None };
        window.square = window.square();
        Some(window)
    }

    fn square(&self) -> Option<Square> {
        let Sizes { kernel, stride, dilation, .. } = self.sizes;
        let [phase] = &self.sliding.back.phases[..] else { return None };
        let side = kernel.0;
        if kernel.0 != kernel.1 || stride != (1, 1) || !Grid::serves(side) {
            return None;
        }
        // Back taps are stored forwards; the farthest one reads the first row.
        let back = phase.taps.iter().rev().take(side).map(|tap| tap.0).collect();
        Some(Square { apart: dilation.0, columns: self.sliding.offsets[..side].to_vec(), back })
    }
}
