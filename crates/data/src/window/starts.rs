//! Places of windows along a side.

/// Evenly spread starts of windows of `size` along `length` pixels, at most `step` apart; the last
/// window ends where the length does.
///
/// For `length` 110, `size` 64 and `step` 32: 0, 23, 46.
#[must_use]
pub fn starts(length: usize, size: usize, step: usize) -> Vec<usize> {
    let rest = length.saturating_sub(size);
    let gaps = rest.div_ceil(step.max(1));
    // Rounded to the nearest pixel, in integers.
    (0..=gaps).map(|index| (2 * index * rest + gaps) / (2 * gaps).max(1)).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn windows_are_spread_evenly() {
        // nnU-Net's own example.
        assert_eq!(starts(110, 64, 32), [0, 23, 46]);
        assert_eq!(starts(64, 64, 32), [0]);
        assert_eq!(starts(10, 64, 32), [0]);
        assert_eq!(starts(65, 64, 32), [0, 1]);
        assert_eq!(starts(9, 2, 1), [0, 1, 2, 3, 4, 5, 6, 7]);
        assert_eq!(starts(6, 2, 2), [0, 2, 4]);
    }

    proptest! {
        #[test]
        fn every_pixel_has_a_window(length in 1_usize..400, size in 1_usize..80, part in 1_usize..=80) {
            let step = part.min(size);
            let all = starts(length, size, step);
            prop_assert_eq!(all[0], 0);
            prop_assert_eq!(all[all.len() - 1], length.saturating_sub(size));
            prop_assert!(all.windows(2).all(|pair| pair[0] < pair[1] && pair[1] - pair[0] <= step));
        }
    }
}
