//! The formula.

use super::ablation_losses;

#[test]
fn cells_are_compared_with_the_mean() {
    // Mean -2: a cell that contributes twice the mean has loss 1, one that contributes nothing -1.
    approx::assert_relative_eq!(ablation_losses(&[-4.0, 0.0, -2.0])[..], [1.0, -1.0, 0.0]);
    approx::assert_relative_eq!(ablation_losses(&[1.0, 3.0])[..], [-0.5, 0.5]);
}

#[test]
fn nothing_is_divided_by_a_mean_of_zero() {
    approx::assert_relative_eq!(ablation_losses(&[1.0, -1.0])[..], [0.0, 0.0]);
    assert!(ablation_losses(&[]).is_empty());
}
