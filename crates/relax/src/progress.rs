//! The progress of a search.

/// The progress of a search, which relaxations that anneal read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Progress {
    /// Epoch that runs now, counted from 0.
    pub epoch: usize,
    /// Epochs in all.
    pub epochs: usize,
}

impl Progress {
    /// The first of `epochs` epochs.
    pub const fn start(epochs: usize) -> Self {
        Self { epoch: 0, epochs }
    }

    /// `epoch / epochs`, at most 1: the share of epochs that are over. A search without epochs is
    /// over (1).
    pub fn fraction(self) -> f64 {
        if self.epoch >= self.epochs { 1.0 } else { self.epoch as f64 / self.epochs as f64 }
    }
}

#[cfg(test)]
mod tests {
    use super::Progress;

    #[test]
    fn fraction_runs_from_zero_to_one() {
        let at = |epoch| Progress { epoch, epochs: 4 }.fraction();
        let fractions: Vec<f64> = (0..6).map(at).collect();
        approx::assert_relative_eq!(fractions[..], [0.0, 0.25, 0.5, 0.75, 1.0, 1.0]);
        approx::assert_relative_eq!(Progress::start(0).fraction(), 1.0);
    }
}
