//! The operation in candle's graph.

use candle_core::Result;

use super::geometry::Transposed;
use super::tiles;
use crate::conv::{Convolve, Gradients, Wanted};
use crate::operation::Operation;
use crate::simd::InstructionSet;

/// One call.
pub(crate) struct Transposition {
    pub(super) arch: InstructionSet,
    pub(super) transposed: Transposed,
}

impl Transposition {
    fn result<T: Convolve>(&self, x: &[T], weight: &[T], bias: Option<&[T]>) -> Vec<T> {
        if self.transposed.is_tiled() {
            return tiles::forward(self.arch, &self.transposed, x, weight, bias);
        }
        let convolution = &self.transposed.convolution;
        let wanted = Wanted { input: true, weight: false };
        // Its input is read for the gradient of the weight alone.
        let found = T::gradients(self.arch, convolution, &[], weight, x, wanted);
        let mut y = found.input.unwrap_or_default();
        if let Some(bias) = bias {
            let channels = y.chunks_exact_mut(convolution.input_plane()).zip(bias.iter().cycle());
            channels.for_each(|(plane, bias)| plane.iter_mut().for_each(|y| *y += *bias));
        }
        y
    }

    fn gradients<T: Convolve>(
        &self,
        x: &[T],
        weight: &[T],
        gradient: &[T],
        wanted: Wanted,
    ) -> Gradients<T> {
        if self.transposed.is_tiled() {
            return tiles::gradients(self.arch, &self.transposed, x, weight, gradient, wanted);
        }
        let convolution = &self.transposed.convolution;
        let own = Wanted { input: false, weight: wanted.weight };
        let turned = wanted
            .weight
            .then(|| T::gradients(self.arch, convolution, gradient, weight, x, own).weight);
        Gradients {
            input: wanted.input.then(|| T::forward(self.arch, convolution, gradient, weight)),
            weight: turned.flatten(),
        }
    }
}

impl<T: Convolve> Operation<T, 2> for Transposition {
    fn forward(&self, [x, weight]: [&[T]; 2]) -> Vec<T> {
        self.result(x, weight, None)
    }

    fn backward(
        &self,
        [x, weight]: [&[T]; 2],
        gradient: &[T],
        wanted: [bool; 2],
    ) -> Result<[Option<Vec<T>>; 2]> {
        let wanted = Wanted { input: wanted[0], weight: wanted[1] };
        let found = self.gradients(x, weight, gradient, wanted);
        Ok([found.input, found.weight])
    }
}

impl<T: Convolve> Operation<T, 3> for Transposition {
    fn forward(&self, [x, weight, bias]: [&[T]; 3]) -> Vec<T> {
        self.result(x, weight, Some(bias))
    }

    fn backward(
        &self,
        [x, weight, _]: [&[T]; 3],
        gradient: &[T],
        wanted: [bool; 3],
    ) -> Result<[Option<Vec<T>>; 3]> {
        let of_bias = wanted[2].then(|| tiles::bias_gradient(&self.transposed, gradient));
        let wanted = Wanted { input: wanted[0], weight: wanted[1] };
        let found = self.gradients(x, weight, gradient, wanted);
        Ok([found.input, found.weight, of_bias])
    }
}
