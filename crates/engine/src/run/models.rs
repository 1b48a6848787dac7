//! The trained networks of a run, each as a file that is complete in itself.

use dartloom::data::images::ImageFiles;
use dartloom::record::{RunDir, RunLayout};
use dartloom::verdict::{Comparison, Reading, Trained, TrainedError};

use crate::error::EngineError;
use crate::experiment::{Data, ImageFolder, Named, Plan};

/// Writes every network that a finished comparison has trained. Trainings that failed, and
/// hand-made networks in code, leave none.
pub(super) fn save(
    plan: &Plan,
    comparison: &Comparison<'_>,
    dir: &RunDir,
) -> Result<(), EngineError> {
    dir.inside(RunLayout::MODELS).map_err(EngineError::work)?;
    for &seed in &plan.experiment().seeds {
        for contender in comparison.trained() {
            let found = comparison.network(dir, seed, &contender.to_string());
            let network = match found {
                Err(TrainedError::NotTrained { .. }) => continue,
                found => found.and_then(|network| complete(network, plan)),
            };
            let path = dir.file(&RunLayout::model(&contender, seed));
            network.and_then(|network| network.save(&path)).map_err(EngineError::work)?;
        }
    }
    Ok(())
}

/// The network with what the data say of it.
fn complete(network: Trained, plan: &Plan) -> Result<Trained, TrainedError> {
    let data = plan.data();
    let network = match &data.normalization {
        Some(constants) => network.with_normalization(constants.clone())?,
        None => network,
    };
    let network = match &data.class_names {
        Some(names) => network.with_class_names(names)?,
        None => network,
    };
    let experiment = plan.experiment();
    let network = match &experiment.data {
        Named::Known(Data::Images(ImageFolder(files))) => {
            let ImageFiles { bands, size, targets, .. } = files.clone();
            network.with_reading(Reading { bands, size, targets })
        }
        _ => network,
    };
    match &experiment.task {
        Some(Named::Known(task)) => {
            let task = task.measured(&*data.train).map_err(dartloom::train::TrainError::from)?;
            network.with_configured_task(task)
        }
        _ => Ok(network),
    }
}
