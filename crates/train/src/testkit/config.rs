//! The configuration of a small training.

use crate::FitConfig;

/// One epoch in batches of 8, shifted by one pixel, and nothing else that draws random numbers.
pub fn small_fit() -> FitConfig {
    FitConfig {
        epochs: 1,
        batch: 8,
        drop_path: 0.0,
        auxiliary: 0.0,
        crop_padding: 1,
        flip: false,
        cutout: 0,
        ..FitConfig::default()
    }
}
