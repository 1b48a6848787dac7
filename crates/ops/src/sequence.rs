//! Layers run one after the other.

use candle_core::Tensor;
use dartloom_kernels::conv2d_norm_relu;
use dartloom_kernels::fused::Stage;
use dartloom_kernels::tape::{At, Tape};
use dartloom_space::Layer;

use crate::layer::Built;
use crate::{Builder, LayerWatch, Mode, OpError, Operation, Pass};

/// A recipe made runnable: its layers, each with its variables under its stage number.
#[derive(Debug)]
pub struct Sequence {
    layers: Vec<Built>,
}

impl Sequence {
    /// Creates the variables of `layers` under `"{position}."` of the builder's prefix.
    ///
    /// # Errors
    /// [`OpError::DuplicateVariable`], or when a tensor cannot be made.
    pub fn new(layers: &[Layer], vars: &mut Builder<'_>) -> Result<Self, OpError> {
        let built = layers.iter().enumerate().map(|(i, layer)| Built::new(layer, vars.at(i)));
        Ok(Self { layers: built.collect::<Result<_, _>>()? })
    }

    /// Runs the layers in a pass: dropout draws from its noise, and
    /// [`layers`](Pass::layers) sees every output.
    ///
    /// # Errors
    /// Those of a layer and of the observer.
    pub fn run(&self, x: &Tensor, pass: &mut Pass<'_>) -> Result<Tensor, OpError> {
        self.run_behind(0, x, pass)
    }

    /// Runs the layers behind the first `done` ones; see [`run`](Self::run).
    ///
    /// # Errors
    /// Those of a layer and of the observer.
    pub fn run_behind(
        &self,
        done: usize,
        x: &Tensor,
        pass: &mut Pass<'_>,
    ) -> Result<Tensor, OpError> {
        let layers = self.layers.get(done..).unwrap_or_default();
        if pass.layers.is_none() {
            return unwatched(layers, x, pass.mode, |layer, x| layer.run(x, pass));
        }
        layers.iter().try_fold(x.clone(), |x, layer| {
            let output = layer.run(&x, pass)?;
            match &mut pass.layers {
                Some(watch) => watch(layer.kind(), &x, output),
                None => Ok(output),
            }
        })
    }

    /// Number of the first layers that a tape can run.
    pub fn tapable(&self) -> usize {
        self.layers.iter().take_while(|layer| layer.is_tapable()).count()
    }

    /// Runs the first layers, as many as are [`tapable`](Self::tapable), on a tape.
    ///
    /// # Errors
    /// Those of a layer.
    pub fn on_tape(&self, tape: &mut Tape, x: At, mode: Mode) -> Result<At, OpError> {
        let mut x = x;
        let mut layers = &self.layers[..self.tapable()];
        while let [layer, rest @ ..] = layers {
            if let Some(block) = Built::conv_norm_relu(layers) {
                x = tape.conv2d_norm_relu(x, block, mode.statistics)?;
                layers = &layers[3..];
            } else {
                x = layer.on_tape(tape, x, mode)?;
                layers = rest;
            }
        }
        Ok(x)
    }
}

/// Runs layers, of which some are one kernel where nobody sees what is between them.
fn unwatched(
    layers: &[Built],
    x: &Tensor,
    mode: Mode,
    mut run: impl FnMut(&Built, &Tensor) -> Result<Tensor, OpError>,
) -> Result<Tensor, OpError> {
    let mut x = x.clone();
    let mut layers = layers;
    while let [layer, rest @ ..] = layers {
        if let Some(block) = Built::conv_norm_relu(layers) {
            x = conv2d_norm_relu(&x, block, mode.statistics)?;
            layers = &layers[3..];
        } else {
            x = run(layer, &x)?;
            layers = rest;
        }
    }
    Ok(x)
}

impl Operation for Sequence {
    fn forward(&self, x: &Tensor, mode: Mode) -> Result<Tensor, OpError> {
        unwatched(&self.layers, x, mode, |layer, x| layer.forward(x, mode))
    }

    fn forward_watched(
        &self,
        x: &Tensor,
        mode: Mode,
        watch: &mut LayerWatch<'_>,
    ) -> Result<Tensor, OpError> {
        self.layers.iter().try_fold(x.clone(), |x, layer| {
            let output = layer.forward(&x, mode)?;
            watch(layer.kind(), &x, output)
        })
    }

    fn stages(&self) -> Option<Vec<Stage>> {
        self.layers.iter().map(Built::stage).collect()
    }
}

#[cfg(test)]
mod tests;
