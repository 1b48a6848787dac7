//! The studies of the Harvard capstone *Investigating Differentiable Neural Architecture Search*
//! (Emanuel, Laasri, Randle and Zhuang, fall 2019).

use dartloom_space::Hidden;
use dartloom_task::{
    ClassificationConfig, ConfiguredTask, ConfiguredTree, DecisionTreeConfig, MultiLabelConfig,
    RegressionConfig,
};
use dartloom_train::{AdamConfig, Schedule, WeightStep};

use super::case_study::ADAM;
use super::{CaseStudy, Method, SmallScale, darts};

/// Handwritten digits: DARTS as the study advises, for one class per image.
///
/// All presets of the study search with 16 channels in 8 cells for 50 epochs of batches of 16;
/// weights by Adam 1e-3 to 1e-4 (L2 1e-6), logits by Adam 0.01 (betas 0.5 and 0.999, L2 1e-6),
/// halves of the training images for each. Networks are trained with 16 channels in 8 cells for 100
/// epochs of batches of 64 by Adam 1e-3.
///
/// # Differences from the paper
/// The slides name both rates, Adam, channels and cells; the other numbers are the defaults of the
/// released code. Its networks are trained with 36 channels in 20 cells by default, and drop-path
/// is the same in all epochs, where here it rises. It looks one weight step ahead by default;
/// `Order::Second` does so here. It has an L1 penalty on the logits, off by default:
/// [`L1`](dartloom_relax::L1).
pub fn mnist() -> Method {
    let task = ConfiguredTask::Classification(ClassificationConfig::default());
    study("mnist", "DARTS, as for MNIST", CaseStudy::new(task))
}

/// Graphene kirigami: DARTS as the study advises, for values, by squared errors and judged by R²;
/// the numbers are those of [`mnist`].
///
/// # Differences from the paper
/// As [`mnist`].
pub fn graphene() -> Method {
    let task = RegressionConfig { objective: Some("r2".to_owned()), ..RegressionConfig::default() };
    let own = CaseStudy::new(ConfiguredTask::Regression(task));
    study("graphene", "DARTS, as for graphene", own)
}

/// Galaxy Zoo 2: DARTS as the study advises, for the shares of people who give each of 37 answers,
/// judged by the root of the mean squared error; two hidden layers of 1,024 units in the head; the
/// other numbers are those of [`mnist`].
///
/// # Differences from the paper
/// As [`mnist`], and those of [`DecisionTree`](dartloom_task::DecisionTree). The released hidden
/// layers have no activation between them, which makes them one linear function
/// ([`Activation::Linear`](dartloom_space::Activation::Linear)); these are rectified. Its
/// operations have a 2x2 maximum besides.
pub fn galaxy_zoo() -> Method {
    let tree = ConfiguredTree::GalaxyZoo2;
    let task = ConfiguredTask::DecisionTree(DecisionTreeConfig { tree });
    let hidden = Hidden::new([1024, 1024]);
    let own = CaseStudy { hidden, ..CaseStudy::new(task) };
    study("galaxy_zoo", "DARTS, as for Galaxy Zoo", own)
}

/// Chest X-rays: DARTS as the study advises, for labels that are each there or not, by binary
/// cross-entropy and judged by its mean; the numbers are those of [`mnist`].
///
/// # Differences from the paper
/// As [`mnist`]. The released code reports R² of the labels while it searches.
pub fn chest_xray() -> Method {
    let task =
        MultiLabelConfig { objective: Some("bce".to_owned()), ..MultiLabelConfig::default() };
    let own = CaseStudy::new(ConfiguredTask::MultiLabel(task));
    study("chest_xray", "DARTS, as for chest X-rays", own)
}

fn study(key: &'static str, name: &'static str, own: CaseStudy) -> Method {
    let darts = darts();
    let mut search = darts.search.clone();
    search.batch = 16;
    (search.crop_padding, search.flip) = (0, false);
    let rules = &mut search.bilevel;
    rules.weight_step = WeightStep::Adam;
    rules.weight_adam = ADAM;
    rules.rate = Schedule::Cosine { from: 1e-3, to: 1e-4 };
    rules.arch_rate = Schedule::Constant(1e-2);
    rules.adam = AdamConfig { weight_decay: 1e-6, ..AdamConfig::darts_logits() };
    Method {
        key,
        name,
        search,
        small: SmallScale { arch_rate: Schedule::Constant(1e-1), decoder: None },
        study: Some(own),
        ..darts
    }
}
