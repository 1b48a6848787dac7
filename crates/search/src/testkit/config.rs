//! The configuration of a small search.

use crate::SearchConfig;

/// Two epochs in batches of 8, shifted by one pixel, never mirrored.
pub fn small_search() -> SearchConfig {
    SearchConfig { epochs: 2, batch: 8, crop_padding: 1, flip: false, ..SearchConfig::default() }
}
