//! The built-in experiment: is searching worth it on the embedded digits?

use dartloom_search::LogitStep;
use dartloom_train::{FitConfig, Schedule};
use dartloom_verdict::{Baseline, ComparisonConfig, RandomConfig, RetrainConfig};

use super::Method;

/// Cells of supernets and retrained networks: two reductions leave planes of 2x2.
const LAYERS: usize = 3;

/// Random search, retraining and seeds on the embedded 8x8 digits, small enough for minutes on two
/// cores, beside methods that are as [`Method::on_digits`] makes them.
///
/// Digits are not flipped (a mirrored 2 is no digit) and cropped by one pixel at most.
pub fn digits() -> ComparisonConfig {
    let fit = FitConfig {
        epochs: 10,
        batch: 64,
        rate: Schedule::Cosine { from: 0.05, to: 0.0 },
        drop_path: 0.0,
        auxiliary: 0.0,
        crop_padding: 1,
        flip: false,
        cutout: 0,
        ..FitConfig::default()
    };
    ComparisonConfig {
        random: RandomConfig { top: 2, fit: FitConfig { epochs: 4, ..fit.clone() } },
        retrain: RetrainConfig { channels: 8, layers: LAYERS, fit },
        baseline: Baseline::TinyResNet,
        seeds: vec![0, 1, 2],
    }
}

impl Method {
    /// The method with its own rules and the sizes of the built-in experiment: 3 cells of 4
    /// channels, 5 epochs of batches of 64 digits, weights by SGD 0.05 to 0.001.
    ///
    /// What stays the method's: operations, relaxation, weights of edges, partial channels, split,
    /// order, and the rule that moves logits. Three of its numbers are made to fit: Adam moves
    /// logits ten times as far, with a hundredth of the steps (exponentiated gradient keeps its
    /// rate); the warm-up is the same share of the epochs; and a decoder whose threshold is out of
    /// reach in five epochs gives way to [`Method::short_decoder`].
    #[must_use]
    pub fn on_digits(self) -> Self {
        let mut search = self.search.clone();
        (search.epochs, search.batch) = (5, 64);
        (search.crop_padding, search.flip) = (1, false);
        search.bilevel.rate = Schedule::Cosine { from: 0.05, to: 0.001 };
        search.bilevel.warm_up = self.warm_up_of(search.epochs);
        if search.bilevel.logit_step == LogitStep::Adam {
            search.bilevel.arch_rate = tenfold(search.bilevel.arch_rate);
        }
        let (decoder, short_decoder) = match self.short_decoder {
            Some(short) => (short, None),
            None => (self.decoder, None),
        };
        Self { channels: 4, layers: LAYERS, search, decoder, short_decoder, ..self }
    }

    /// Epochs of warm-up in a search of `epochs`: the share that the method's own search has, in
    /// whole epochs. A method that does nothing but warm up does so here, too.
    pub fn warm_up_of(&self, epochs: usize) -> usize {
        let (own, all) = (self.search.bilevel.warm_up, self.search.epochs);
        if own >= all {
            return epochs;
        }
        // Less than `epochs`, which the product need not fit into.
        let share = own as u128 * epochs as u128 / all as u128;
        usize::try_from(share).unwrap_or(epochs)
    }
}

/// Ten times the rate, as a person writes it: 3e-4 becomes 3e-3 and not its neighbour.
fn tenfold(rate: Schedule) -> Schedule {
    let ten = |rate: f64| (1e10 * rate).round() / 1e9;
    match rate {
        Schedule::Constant(rate) => Schedule::Constant(ten(rate)),
        Schedule::Cosine { from, to } => Schedule::Cosine { from: ten(from), to: ten(to) },
        other => other.scaled(10.0),
    }
}
