//! The ReLU units that an image switches on.

use candle_core::Tensor;
use dartloom_data::Batch;
use dartloom_ops::Model;
use dartloom_ops::{LayerKind, Mode};

use super::ZeroCostError;
use super::passes::{logits, rows, varied};

/// The ReLU codes of a batch: a bit for every unit of every ReLU, set if its input is positive.
#[derive(Debug, Default)]
pub(super) struct Codes {
    /// One code per image; 64 bits a word, and every ReLU begins with a new word.
    pub(super) images: Vec<Vec<u64>>,
    /// Units of all ReLUs.
    pub(super) units: usize,
}

impl Codes {
    /// Codes with batch norms normalising with the batch.
    ///
    /// # Errors
    /// [`ZeroCostError::NoLayer`], [`ZeroCostError::Constant`], [`ZeroCostError::NotFinite`].
    pub(super) fn of(
        score: &'static str,
        network: &dyn Model,
        batch: &Batch,
    ) -> Result<Self, ZeroCostError> {
        let mut outputs: Vec<Tensor> = Vec::new();
        let mut watch = |kind, _: &Tensor, output: Tensor| {
            if kind == LayerKind::Relu {
                outputs.push(output.detach());
            }
            Ok(output)
        };
        let logits = logits(network, &batch.inputs, Mode::probe(), Some(&mut watch))?;
        if outputs.is_empty() {
            return Err(ZeroCostError::NoLayer { score, layer: "ReLU" });
        }
        varied(score, &logits)?;
        let mut codes = Self { images: vec![Vec::new(); logits.dim(0)?], units: 0 };
        for output in outputs {
            let rows = rows(&output)?;
            codes.units += rows.first().map_or(0, Vec::len);
            for (code, row) in codes.images.iter_mut().zip(rows) {
                code.extend(row.chunks(64).map(word));
            }
        }
        Ok(codes)
    }
}

/// The bits of some units: a ReLU's output is positive exactly if its input is.
fn word(values: &[f64]) -> u64 {
    let bits = values.iter().enumerate();
    bits.fold(0, |word, (bit, value)| word | (u64::from(*value > 0.0) << bit))
}
