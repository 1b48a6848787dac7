//! Places of windows along an axis.

/// First pixels of windows of side `window` along `length` pixels, `step` of a window apart or
/// less: evenly spread, the last window ends with the axis.
pub(super) fn starts(length: usize, window: usize, step: f64) -> Vec<usize> {
    let free = length.saturating_sub(window);
    let gaps = (free as f64 / (window as f64 * step)).ceil() as usize;
    // Rounded to the nearest pixel, in integers.
    (0..=gaps).map(|at| (2 * at * free + gaps) / (2 * gaps).max(1)).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn windows_are_spread_evenly() {
        // nnU-Net's own example.
        assert_eq!(starts(110, 64, 0.5), [0, 23, 46]);
        assert_eq!(starts(64, 64, 0.5), [0]);
        assert_eq!(starts(10, 64, 0.5), [0]);
        assert_eq!(starts(65, 64, 0.5), [0, 1]);
        assert_eq!(starts(9, 2, 0.5), [0, 1, 2, 3, 4, 5, 6, 7]);
        assert_eq!(starts(6, 2, 1.0), [0, 2, 4]);
    }

    proptest! {
        #[test]
        fn every_pixel_has_a_window(length in 1_usize..400, window in 1_usize..80, part in 1_u32..=10) {
            let step = (f64::from(part) / 10.0).max(1.0 / window as f64);
            let all = starts(length, window, step);
            prop_assert_eq!(all[0], 0);
            prop_assert_eq!(all[all.len() - 1], length.saturating_sub(window));
            let reach = (window as f64 * step).ceil() as usize;
            prop_assert!(all.windows(2).all(|pair| pair[0] < pair[1] && pair[1] - pair[0] <= reach));
        }
    }
}
