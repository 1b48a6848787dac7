//! Checkpoints and results of other work, and damaged ones.

use std::path::Path;

use dartloom_data::Dataset;
use dartloom_noise::Noise;
use dartloom_ops::Model;
use dartloom_record::{Event, Flow, RecordError, RunDir, observer_fn};
use dartloom_train::{
    EpochReport, Fit, FitConfig, Outcome, Position, Session, Snapshot, StepLoss, Stepper,
    TrainError, drive,
};

use crate::small::{config, first_digits, network};

/// Trains for two epochs in the checkpoint at `path`.
fn train(
    path: &Path,
    model: &dyn Model,
    config: FitConfig,
    noise: Noise,
    data: &dyn Dataset,
) -> Result<Outcome, TrainError> {
    let mut fit = Fit::new("fit", model, config, noise, data, None)?;
    drive(&mut fit, &mut Session::silent().saved_at(path))
}

#[test]
fn a_checkpoint_of_another_seed_network_data_set_or_configuration_is_refused_and_kept() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("fit.safetensors");
    let data = first_digits(32);
    let noise = Noise::new(0);
    let model = || network(&data, 0);
    train(&path, &model(), config(2), noise, &data).unwrap();
    let before = std::fs::read(&path).unwrap();
    let other = first_digits(31);
    let longer = FitConfig { epochs: 3, ..config(2) };
    let relabelled = {
        let few: Vec<usize> = (1..33).collect();
        dartloom_data::Subset::new(dartloom_data::digits().train, few).unwrap()
    };
    let table = [
        ("seed: expected 9, found 0", train(&path, &model(), config(2), Noise::new(9), &data)),
        ("network: ", train(&path, &network(&data, 1), config(2), noise, &data)),
        ("training images: ", train(&path, &model(), config(2), noise, &other)),
        ("training images: ", train(&path, &model(), config(2), noise, &relabelled)),
        ("training.epochs: expected 3, found 2", train(&path, &model(), longer, noise, &data)),
    ];
    for (what, error) in table {
        let error = error.unwrap_err();
        assert!(matches!(error, TrainError::Record(RecordError::OtherWork { .. })), "{error}");
        let text = error.to_string();
        assert!(text.contains(what) && text.contains("fit.safetensors"), "{what}: {text}");
        assert!(std::fs::read(&path).unwrap() == before, "nothing is lost");
    }
    // The same work goes on: its last epoch is over.
    assert_eq!(train(&path, &model(), config(2), noise, &data).unwrap(), Outcome::Finished);
    assert!(std::fs::read(&path).unwrap() == before);
}

/// Counts steps; has no identity.
#[derive(Debug, Default)]
struct Unsaid {
    steps: usize,
}

impl Stepper for Unsaid {
    type Error = TrainError;

    fn phase(&self) -> dartloom_record::Where {
        "mine".into()
    }

    fn epochs(&self) -> usize {
        2
    }

    fn steps_per_epoch(&self) -> usize {
        1
    }

    fn step(&mut self, _: Position) -> Result<StepLoss, TrainError> {
        self.steps += 1;
        Ok(StepLoss { loss: 1.0, arch_loss: None })
    }

    fn end_epoch(&mut self, _: usize) -> Result<EpochReport, TrainError> {
        Ok(EpochReport::default())
    }

    fn snapshot(&self) -> Result<Snapshot, TrainError> {
        Ok(Snapshot::new(().into()))
    }

    fn restore(&mut self, _: Snapshot) -> Result<(), TrainError> {
        Ok(())
    }
}

#[test]
fn a_stepper_that_says_no_identity_begins_anew_and_a_note_says_so() {
    let directory = tempfile::tempdir().unwrap();
    let dir = RunDir::open(directory.path()).unwrap();
    for _ in 0..2 {
        let mut notes = Vec::new();
        let mut observer = observer_fn(|event| {
            if let Event::Note { text } = event {
                notes.push(text.clone());
            }
            Ok(Flow::Continue)
        });
        let mut stepper = Unsaid::default();
        drive(&mut stepper, &mut Session::new(&mut observer).saved_in(&dir)).unwrap();
        assert_eq!(stepper.steps, 2);
        assert_eq!(notes.len(), 1, "{notes:?}");
        assert!(notes[0].contains("mine: the stepper (`Stepper::identity`)"), "{notes:?}");
    }
    assert!(dir.file("mine.safetensors").exists());
}
