//! The built-in experiment: is searching worth it on the embedded digits?

use dartloom_search::{
    Baseline, BilevelConfig, ComparisonConfig, RandomConfig, RetrainConfig, SearchConfig, Split,
};
use dartloom_space::{OpSet, Space, SpaceError, Stem};
use dartloom_train::{FitConfig, Schedule};

/// The built-in experiment's space and numbers.
#[derive(Clone, Debug)]
pub struct Digits {
    /// DARTS cells in a short chain, for images of 8x8.
    pub space: Space,
    /// Numbers small enough for minutes on two cores.
    pub config: ComparisonConfig,
}

/// DARTS against random search and a tiny ResNet on the embedded 8x8 digits.
///
/// The operations are DARTS' `O_base`; the chain has three cells so that two reductions leave
/// planes of 2x2. Digits are not flipped (a mirrored 2 is no digit) and cropped by one pixel at most.
///
/// # Errors
/// None in practice: the preset is tested.
pub fn digits() -> Result<Digits, SpaceError> {
    let layers = 3;
    let space = Space::darts(OpSet::builtin("O_base")?, layers, 4, Stem::cifar(3))?;
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
    let bilevel = BilevelConfig {
        rate: Schedule::Cosine { from: 0.05, to: 0.001 },
        arch_rate: Schedule::Constant(3e-3),
        ..BilevelConfig::default()
    };
    let config = ComparisonConfig {
        method: "DARTS".to_owned(),
        channels: 4,
        partial: 1,
        split: Split::Halves,
        search: SearchConfig {
            epochs: 5,
            batch: 64,
            bilevel,
            crop_padding: 1,
            flip: false,
            ..SearchConfig::default()
        },
        random: RandomConfig { top: 2, fit: FitConfig { epochs: 4, ..fit.clone() } },
        retrain: RetrainConfig { channels: 8, layers, fit },
        baseline: Baseline::TinyResNet,
        seeds: vec![0, 1, 2],
    };
    Ok(Digits { space, config })
}
