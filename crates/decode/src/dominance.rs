//! The share of operations that have become dominant.

use dartloom_space::WeightTable;

/// Share of operations whose weight is above `bound`: the dominant operations of Heuillet et al.,
/// *D-DARTS*, section 5.2.1 and figure 5, with sigmoid weights and a bound of 0.9. A table without
/// weights has none (0).
///
/// # Differences from the paper
/// The figure does not say whether it counts among all operations; this does.
pub fn dominant_share(weights: &WeightTable, bound: f64) -> f64 {
    let all = || weights.cells().iter().flat_map(|cell| cell.edges.iter().flatten());
    let dominant = all().filter(|&&weight| weight > bound).count();
    dominant as f64 / all().count().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::dominant_share;
    use crate::testing::table;

    #[test]
    fn counts_what_is_above_the_bound() {
        let mut rows = [[0.1, 0.5, 0.9]; 5];
        rows[0] = [0.95, 0.91, 0.0];
        rows[1] = [0.99, 0.0, 0.0];
        let weights = table(rows, None);
        assert!((dominant_share(&weights, 0.9) - 0.2).abs() < 1e-15);
        assert!((dominant_share(&weights, 2.0)).abs() < 1e-15);
    }
}
