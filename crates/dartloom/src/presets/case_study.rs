//! The parts of a preset that are for one kind of data.

use dartloom_space::Hidden;
use dartloom_task::ConfiguredTask;
use dartloom_train::{AdamConfig, FitConfig, Schedule, WeightStep};
use dartloom_verdict::{ComparisonConfig, RandomConfig, RetrainConfig};

use super::{Method, Scale};

/// The task, the head and the training that a study's preset has beside its search.
///
/// Other presets have none: they learn the usual task of whatever data they are given.
#[derive(Clone, Debug, PartialEq)]
pub struct CaseStudy {
    /// The task: loss and score. Data of another kind are refused.
    pub task: ConfiguredTask,
    /// Hidden layers of the head, in the supernet and in every network.
    pub hidden: Hidden,
    /// Base channels of networks that are trained.
    pub channels: usize,
    /// Cells of such networks.
    pub layers: usize,
    /// Their training, that of the hand-made network included.
    pub fit: FitConfig,
    /// Epochs for each candidate of random search.
    pub candidate_epochs: usize,
}

/// Moments of Kingma and Ba, and the weight decay of the released code.
pub(super) const ADAM: AdamConfig =
    AdamConfig { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay: 1e-6 };

impl CaseStudy {
    /// The study's training of a task: Adam 0.001, 100 epochs of batches of 64, drop-path 0.2,
    /// without an auxiliary head; 16 channels and 8 cells.
    pub(super) fn new(task: ConfiguredTask) -> Self {
        let fit = FitConfig {
            epochs: 100,
            batch: 64,
            rate: Schedule::Constant(1e-3),
            weight_step: WeightStep::Adam,
            adam: ADAM,
            auxiliary: 0.0,
            crop_padding: 0,
            flip: false,
            cutout: 0,
            ..FitConfig::default()
        };
        let hidden = Hidden::default();
        Self { task, hidden, channels: 16, layers: 8, fit, candidate_epochs: 30 }
    }

    /// The same in the size of [`Scale::Small`]: few epochs at a higher rate that falls.
    pub(super) fn made_small(self) -> Self {
        let RetrainConfig { channels, layers, fit } = Scale::Small.comparison().retrain;
        let fit = FitConfig {
            epochs: fit.epochs,
            batch: 16,
            rate: Schedule::Cosine { from: 3e-3, to: 0.0 },
            drop_path: 0.0,
            ..self.fit
        };
        let narrow = self.hidden.widths.iter().map(|width| width.div_ceil(16)).collect();
        let hidden = Hidden { widths: narrow, ..self.hidden };
        let candidate_epochs = Scale::Small.comparison().random.fit.epochs;
        Self { task: self.task, hidden, channels, layers, fit, candidate_epochs }
    }
}

impl Method {
    /// The comparison that the method takes part in, at the scale that it has been
    /// [scaled](Method::scaled) to: that of the scale ([`Scale::comparison`]), with the training of
    /// its study if it is the preset of one.
    #[must_use]
    pub fn comparison(&self, scale: Scale) -> ComparisonConfig {
        let usual = scale.comparison();
        let Some(CaseStudy { channels, layers, fit, candidate_epochs, .. }) = self.study.clone()
        else {
            return usual;
        };
        let candidates = FitConfig { epochs: candidate_epochs, ..fit.clone() };
        ComparisonConfig {
            random: RandomConfig { fit: candidates, ..usual.random },
            retrain: RetrainConfig { channels, layers, fit },
            ..usual
        }
    }
}
