//! The process in which a case is trained.

use dartloom::data::Batch;
use dartloom::net::{DerivedNetwork, Supernet};
use dartloom::noise::Noise;
use dartloom::ops::{Mode, Model as _, Pass, Place, Registry};
use dartloom::record::Where;
use dartloom::search::{Architecture, Bilevel, BilevelConfig};
use dartloom::task::usual;
use dartloom::train::{
    Finite, FitConfig, Learner, MeanLoss, Optimiser as _, Position, Sgd, TrainError,
};

use super::super::SEED;
use super::super::batch::{Labels, batch};
use super::Baseline;
use super::case::{Case, Subject, preset};
use crate::error::BenchError;

/// A class for every image.
const LABELS: Labels = Labels::OfImages;

/// Trains the case in `text` and prints the MiB of the peak above the start.
pub(super) fn run(text: &str) -> Result<String, BenchError> {
    let case: Case = serde_json::from_str(text).map_err(|error| BenchError::OptionValue {
        option: "--child",
        expected: "a case as JSON",
        found: error.to_string(),
    })?;
    let before = Baseline::now();
    match &case.subject {
        Subject::Candidate { .. } => train(&case)?,
        Subject::Preset { name } => search(&case, name)?,
    }
    let peak = before.peak_above().ok_or_else(|| BenchError::Child {
        case: case.name(),
        message: "this system does not tell a process's peak of memory".to_owned(),
    })?;
    Ok(format!("{peak}\n"))
}

fn train(case: &Case) -> Result<(), BenchError> {
    let data = batch(LABELS, "train", case.batch, case.input)?;
    let registry = Registry::standard().map_err(BenchError::work)?;
    let mut rng = Noise::new(SEED).stream("weights", 0);
    let network = DerivedNetwork::new(&case.blueprint()?, &registry, &Place::default(), &mut rng)
        .map_err(BenchError::input)?;
    let mut sgd = Sgd::new(FitConfig::default().sgd);
    for _ in 0..case.steps {
        step(case, &network, &mut sgd, &data).map_err(BenchError::work)?;
    }
    Ok(())
}

/// As `Fit` makes it.
fn step(
    case: &Case,
    network: &DerivedNetwork,
    sgd: &mut Sgd,
    data: &Batch,
) -> Result<(), TrainError> {
    let FitConfig { clip, .. } = FitConfig::default();
    let mut noise = Noise::new(SEED).stream("drop-path", 0);
    let mut pass = Pass { execution: case.execution(), ..Pass::new(Mode::train(), &mut noise) };
    let output = network.forward(&data.inputs, &mut pass)?;
    let loss = usual(LABELS.targets())?.loss(&output.main, &data.targets)?;
    let loss = MeanLoss::try_from(&loss)?;
    let phase = Where::from("memory");
    let learner = Learner::alone(Finite { phase: &phase, epoch: 0, step: 0 });
    let variables = network.variables().parameters();
    let [mut gradients] = learner.gradients("loss", &loss, [variables], || None)?.gradients;
    learner.clip("gradient norm", &mut gradients, clip)?;
    sgd.step(variables, &gradients, 0.025)
}

fn search(case: &Case, name: &str) -> Result<(), BenchError> {
    let [train, valid] = ["train", "valid"].map(|name| batch(LABELS, name, case.batch, case.input));
    let train = train?;
    let valid = valid?;
    let method = preset(name)?;
    let space = method.space().map_err(BenchError::input)?;
    let noise = Noise::new(SEED);
    let place = Place::default();
    let registry = Registry::standard().map_err(BenchError::work)?;
    let mut rng = noise.stream("weights", 0);
    let supernet = Supernet::new(&case.blueprint()?, &registry, &place, &mut rng)
        .map_err(BenchError::input)?;
    let choices = method.choices_in(&space).map_err(BenchError::input)?;
    let mut rng = noise.stream("logits", 0);
    let architecture =
        Architecture::new(&space, choices, &place, &mut rng).map_err(BenchError::work)?;
    let task = usual(LABELS.targets()).map_err(BenchError::work)?;
    let config = BilevelConfig { recompute: case.recompute, ..method.search.bilevel };
    // After the warm-up logits move, too.
    let epoch = config.warm_up;
    let epochs = method.search.epochs.max(config.warm_up + 1);
    let mut bilevel =
        Bilevel::new(supernet, architecture, task, config, noise).map_err(BenchError::work)?;
    bilevel.core.execution = case.execution();
    for step in 0..case.steps {
        let at = Position { epoch, step };
        bilevel.step(at, epochs, &train, Some(&valid)).map_err(BenchError::work)?;
    }
    Ok(())
}
