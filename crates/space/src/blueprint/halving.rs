//! An error about an odd side deep inside a network, told in terms of the network's images.

use super::Build;
use crate::{Layer, Network, Source, SpaceError};

/// The same error in terms of the image, if its sides cannot be halved as often as the network
/// halves them.
pub(super) fn told(error: SpaceError, network: &Network, build: Build) -> SpaceError {
    let parts = network.stem().parts().len();
    let stem = network.level(Source::Stem(parts.saturating_sub(1)));
    let levels = network.placements().iter().map(|placement| placement.level);
    let times = levels.fold(stem, usize::max);
    let multiple = 1 << times;
    let height = build.input.height;
    let width = build.input.width;
    let halves = height.is_multiple_of(multiple) && width.is_multiple_of(multiple);
    if halves || !is_odd_side(&error) {
        return error;
    }
    SpaceError::Halvings { height, width, times, multiple, place: place(&error) }
}

/// A factorized reduce that finds an odd side, or values that meet after one was rounded up.
fn is_odd_side(error: &SpaceError) -> bool {
    match error {
        SpaceError::At { source, .. } => is_odd_side(source),
        SpaceError::LayerInput { layer, found, .. } => {
            let reduce = Layer::FactorizedReduce { inputs: 0, outputs: 0 };
            let odd = |side: usize| !side.is_multiple_of(2);
            layer == reduce.name() && (odd(found.height) || odd(found.width))
        }
        SpaceError::Meeting { place, expected, found } => {
            // An operation that forgets its stride is another mistake.
            let between_cells = place.starts_with("port ") || place.starts_with("head ");
            let sides = (expected.height, expected.width) != (found.height, found.width);
            between_cells && sides
        }
        _ => false,
    }
}

/// The place of an error: cell, edge and operation.
fn place(error: &SpaceError) -> String {
    match error {
        SpaceError::At { place, source } => match source.as_ref() {
            inner @ (SpaceError::At { .. } | SpaceError::Meeting { .. }) => {
                format!("{place}, {}", self::place(inner))
            }
            _ => place.clone(),
        },
        SpaceError::Meeting { place, .. } => place.clone(),
        other => other.to_string(),
    }
}
