use candle_core::Device;
use dartloom_metrics::{Accuracy, ObjectsConfig, Scorer, SegmentationScores, SurfaceConfig};
use dartloom_record::Objective;
use dartloom_space::Outputs;

use super::*;
use crate::losses::{
    BinaryFocal, BinaryLoss, ClassLoss, CrossEntropy, Dice, DiceCrossEntropy, Focal, Over, Tversky,
};
use crate::{Classification, Loss, MultiLabel, Parts, Regression, RegressionLoss, Segmentation};

fn output(dims: &[usize], salt: usize) -> Tensor {
    let count: usize = dims.iter().product();
    let values: Vec<f64> = (0..count).map(|i| ((i * 7 + salt) as f64 * 1.3).sin() * 2.0).collect();
    Tensor::from_vec(values, dims, &Device::Cpu).unwrap()
}

fn trial(targets: TargetSpec, dims: &[usize], target: impl Fn(usize) -> Tensor) -> Trial {
    let batch = |salt| Measured { output: output(dims, salt), target: target(salt) };
    Trial { targets, batches: (0..3).map(batch).collect(), adds_up: true }
}

fn classes() -> Trial {
    let labels = |salt: usize| Tensor::new(&[salt as u32 % 3, 2], &Device::Cpu).unwrap();
    trial(TargetSpec::Class { classes: 3 }, &[2, 3], labels)
}

fn masks() -> Trial {
    let labels = |salt: usize| {
        let values: Vec<u32> = (0..8).map(|i| [0, 1, 2, 255][(i + salt) % 4]).collect();
        Tensor::from_vec(values, (2, 2, 2), &Device::Cpu).unwrap()
    };
    trial(TargetSpec::Mask { classes: 3, ignore: Some(255) }, &[2, 3, 2, 2], labels)
}

fn values() -> Trial {
    trial(TargetSpec::Values(2), &[2, 2], |salt| (output(&[2, 2], salt + 50) * 3.0).unwrap())
}

fn labels() -> Trial {
    let labels =
        |salt: usize| Tensor::new(&[[salt as f32 % 2.0, 1.0], [1.0, 0.0]], &Device::Cpu).unwrap();
    trial(TargetSpec::Labels(2), &[2, 2], labels)
}

#[test]
fn own_tasks_obey() {
    let classification = Classification::new(3).unwrap();
    let weights = vec![0.5, 2.0, 1.0];
    let segmentation = Segmentation::new(3, Some(255)).unwrap();
    let regression = Regression::new(2).unwrap();
    let dice = segmentation.clone().with_dice(0.7).unwrap();
    let rows: Vec<(Box<dyn Task>, Trial)> = vec![
        (Box::new(classification.clone()), classes()),
        (Box::new(classification.clone().with_smoothing(0.1).unwrap()), classes()),
        (Box::new(classification.with_weights(weights.clone()).unwrap()), classes()),
        (Box::new(MultiLabel::new(2).unwrap()), labels()),
        (Box::new(regression.clone()), values()),
        (Box::new(regression.with_loss(RegressionLoss::Huber(1.0)).unwrap()), values()),
        (Box::new(segmentation.clone()), masks()),
        (Box::new(segmentation.with_weights(weights).unwrap()), masks()),
        (Box::new(dice), Trial { adds_up: false, ..masks() }),
    ];
    for (task, trial) in rows.into_iter().chain(losses()) {
        check_task(&*task, &trial).unwrap_or_else(|broken| panic!("{task:?}: {broken:?}"));
    }
}

/// Every loss by name, with weights of classes.
fn losses() -> Vec<(Box<dyn Task>, Trial)> {
    let over = |over| Dice { over, ..Dice::default() };
    let classes = [
        ClassLoss::CrossEntropy(CrossEntropy { smoothing: 0.2 }),
        ClassLoss::Focal(Focal { gamma: 2.0 }),
        ClassLoss::Focal(Focal { gamma: 0.5 }),
        ClassLoss::Focal(Focal { gamma: 0.0 }),
        ClassLoss::Dice(over(Over::Batch)),
        ClassLoss::Dice(over(Over::Image)),
        ClassLoss::Dice(Dice { background: false, smooth: 1.0, over: Over::Image }),
        ClassLoss::Tversky(Tversky::default()),
        ClassLoss::Tversky(Tversky { over: Over::Image, background: false, ..Tversky::default() }),
        ClassLoss::DiceCrossEntropy(DiceCrossEntropy { smoothing: 0.1, ..Default::default() }),
    ];
    let binary = [
        BinaryLoss::CrossEntropy,
        BinaryLoss::Focal(BinaryFocal::default()),
        BinaryLoss::Focal(BinaryFocal { gamma: 0.5, alpha: None }),
    ];
    let segmentation = Segmentation::new(3, Some(255)).unwrap();
    let segmentation = segmentation.with_weights(vec![0.5, 2.0, 1.0]).unwrap();
    let multi_label = MultiLabel::new(2).unwrap();
    let multi_label = multi_label.with_positive_weights(vec![3.0, 0.5]).unwrap();
    let mut rows: Vec<(Box<dyn Task>, Trial)> = Vec::new();
    for loss in classes {
        let adds_up = loss.adds_up();
        let task = segmentation.clone().with_loss(loss).unwrap();
        rows.push((Box::new(task), Trial { adds_up, ..masks() }));
    }
    for loss in binary {
        let task = multi_label.clone().with_loss(loss).unwrap();
        rows.push((Box::new(task.with_objective("mean_ap").unwrap()), labels()));
    }
    let objects = SegmentationScores {
        objects: Some(ObjectsConfig::default()),
        surface: Some(SurfaceConfig::default()),
    };
    let task = segmentation.with_scores(objects).unwrap();
    rows.push((Box::new(task.with_objective("object_f1").unwrap()), masks()));
    rows
}

/// Breaks one law at a time.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    None,
    TakesAnyTargets,
    TakesAnyShape,
    IsMean,
    Detaches,
    TwiceJudged,
    OtherObjective,
}

impl Task for Fault {
    fn outputs(&self) -> Outputs {
        Outputs::Vector(3)
    }

    fn check(&self, targets: &TargetSpec) -> Result<(), TaskError> {
        if *self == Self::TakesAnyTargets {
            return Ok(());
        }
        Classification::new(3)?.check(targets)
    }

    fn loss(&self, output: &Tensor, target: &Tensor) -> Result<Loss, TaskError> {
        if *self == Self::TakesAnyShape {
            return Ok(Loss { sum: output.sum_all()?, count: 1.0 });
        }
        let loss = Classification::new(3)?.loss(output, target)?;
        Ok(match self {
            Self::IsMean => Loss { sum: loss.mean()?, count: 1.0 },
            Self::Detaches => Loss { sum: loss.sum.detach(), ..loss },
            _ => loss,
        })
    }

    fn judged_parts(&self, output: &Tensor, target: &Tensor) -> Result<Parts, TaskError> {
        let loss = self.judged_loss(output, target)?;
        let weight = if *self == Self::TwiceJudged { 2.0 } else { 1.0 };
        Ok(Parts::weighted(&[(weight, Parts::of(&loss)?)])?)
    }

    fn scorer(&self) -> Box<dyn Scorer> {
        Box::new(Accuracy::new())
    }

    fn objective(&self) -> Objective {
        Objective::higher(if *self == Self::OtherObjective { "loss" } else { "accuracy" })
    }
}

#[test]
fn every_fault_is_found() {
    let found = |fault: Fault| check_task(&fault, &classes());
    found(Fault::None).unwrap();
    assert!(matches!(found(Fault::TakesAnyTargets), Err(Broken::OtherTargets { .. })));
    assert!(matches!(found(Fault::TakesAnyShape), Err(Broken::OtherOutput { .. })));
    assert!(matches!(found(Fault::IsMean), Err(Broken::Shards { .. })));
    assert!(matches!(found(Fault::Detaches), Err(Broken::Gradient { .. })));
    assert!(matches!(found(Fault::TwiceJudged), Err(Broken::Parts { .. })));
    assert!(matches!(found(Fault::OtherObjective), Err(Broken::Objective { .. })));
}
