//! Epochs by the number of steps.

/// Passes over the data that make about so many steps.
#[derive(Clone, Copy, Debug)]
pub(super) struct Epochs {
    steps: usize,
    least: usize,
    most: usize,
}

/// Of the search.
pub(super) const SEARCH: Epochs = Epochs { steps: 500, least: 5, most: 50 };
/// Of a candidate of random search.
pub(super) const RANDOM: Epochs = Epochs { steps: 500, least: 5, most: 50 };
/// Of the training of a network that was found, and of the hand-made one.
pub(super) const RETRAIN: Epochs = Epochs { steps: 2000, least: 20, most: 200 };

impl Epochs {
    /// The epochs for so many steps of one.
    pub(super) fn of(self, samples: usize, batch: usize) -> usize {
        let each = samples.div_ceil(batch.max(1)).max(1);
        (self.steps / each).clamp(self.least, self.most)
    }

    pub(super) fn reason(self) -> String {
        let Self { steps, least, most } = self;
        format!("about {steps} steps, {least} to {most} epochs")
    }
}
