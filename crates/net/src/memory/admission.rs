//! Decides whether something that needs memory may run, and which smaller size would fit.

use serde::{Deserialize, Serialize};

/// A place to run in, with memory of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Slot {
    /// Bytes it has.
    pub bytes: u64,
    /// `true` if nothing runs there now.
    pub free: bool,
}

/// A size of a network: the two numbers that can be reduced to make it fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Size {
    /// Images of a batch.
    pub batch: usize,
    /// Base channels.
    pub channels: usize,
}

/// The decision on something that needs memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Admission {
    /// Run it in this slot: the smallest free one that holds it.
    Run {
        /// Index of the slot.
        slot: usize,
    },
    /// Wait for this slot: the smallest one that holds it. No slot that holds it is free.
    Wait {
        /// Index of the slot.
        slot: usize,
    },
    /// No slot holds it.
    Reject {
        /// Bytes it needs.
        needed: u64,
        /// Bytes of the largest slot.
        limit: u64,
        /// The largest batch that fits into the largest slot with the channels asked for; `None` if
        /// not even one image fits.
        largest_batch: Option<usize>,
        /// The most base channels that fit there with the batch asked for; `None` if none fit.
        largest_channels: Option<usize>,
    },
}

/// Decides in which slot something of `size` may run.
///
/// `predict` returns the bytes that a size needs: more for a larger batch or more channels, and
/// `None` for a size that no network has. Channels must be a multiple of `step`.
///
/// A size without prediction is rejected as if it needed all memory.
pub fn admit(
    size: Size,
    step: usize,
    slots: &[Slot],
    predict: impl Fn(Size) -> Option<u64>,
) -> Admission {
    let needed = predict(size).unwrap_or(u64::MAX);
    let smallest = |free: bool| {
        let holding = slots.iter().enumerate();
        let holding = holding.filter(|(_, slot)| slot.bytes >= needed && (slot.free || !free));
        holding.min_by_key(|(_, slot)| slot.bytes).map(|(index, _)| index)
    };
    if let Some(slot) = smallest(true) {
        return Admission::Run { slot };
    }
    if let Some(slot) = smallest(false) {
        return Admission::Wait { slot };
    }
    let limit = slots.iter().map(|slot| slot.bytes).max().unwrap_or(0);
    let fits = |size: Size| predict(size).is_some_and(|bytes| bytes <= limit);
    let step = step.max(1);
    Admission::Reject {
        needed,
        limit,
        largest_batch: largest(size.batch, |batch| fits(Size { batch, ..size })),
        largest_channels: largest(size.channels / step, |steps| {
            fits(Size { channels: steps * step, ..size })
        })
        .map(|steps| steps * step),
    }
}

/// The largest number from 1 to `most` that fits. If a number fits, every smaller one must fit too.
fn largest(most: usize, fits: impl Fn(usize) -> bool) -> Option<usize> {
    // All up to `low` fit, and none above `high` does.
    let mut low = 0;
    let mut high = most;
    while high > low {
        let middle = high - (high - low) / 2;
        if fits(middle) { low = middle } else { high = middle - 1 }
    }
    (low > 0).then_some(low)
}

#[cfg(test)]
mod tests;
