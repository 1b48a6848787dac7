//! Judgement of a trained network on data that it may never have seen.

use std::path::Path;
use std::sync::Arc;

use dartloom::data::images::{Classes, FileTargets, ImageFiles, Part};
use dartloom::data::{
    DataError, Dataset, ImageRows, ImageShape, Loader, Normalization, PredictedRows, SlidingWindow,
    TargetSpec,
};
use dartloom::metrics::Details;
use dartloom::record::{Flow, Objective};
use dartloom::task::Task;
use dartloom::train::{Evaluation, Scored, evaluate_scored};
use dartloom::verdict::{Trained, TrainedError};
use dartloom::{Device, Tensor};

use crate::catalog::{Catalog, Place};
use crate::check;
use crate::error::EngineError;
use crate::experiment::{Chosen, Data, Experiment, ImageFolder, Named, load};

/// Images that the network sees at once.
const BATCH: usize = 16;

/// The judgement of a network.
#[derive(Clone, Debug)]
pub struct Judgement {
    /// Number of images.
    pub images: usize,
    /// The mean loss and the scores.
    pub evaluation: Evaluation,
    /// The score that selects, and its direction.
    pub objective: Objective,
    /// Tables and curves behind the scores.
    pub details: Details,
    /// Names of the network's outputs, in order; empty where nobody has named them.
    pub class_names: Vec<String>,
}

/// Judges `model` on a part of the data that `place` names: a folder whose layout says what it is,
/// or an experiment file, whose task is used where it has one; else the task is the one that the
/// network was trained for ([`Trained::judge`]). Images of a folder are read and normalised as
/// those that the network was trained with. Masks of images larger than the network's input are
/// predicted by a window that slides by half of its side.
///
/// `watch` is told the share that is done after every batch and asked whether to go on; `None` if
/// it was not.
///
/// # Errors
/// [`EngineError::Input`] for data of other targets, shape or normalisation than the network's,
/// [`EngineError::Prediction`] for a part that is not there, and those of the data.
pub fn evaluate(
    model: &Trained,
    place: &Path,
    part: Part,
    watch: &mut dyn FnMut(f64) -> Flow,
) -> Result<Option<Judgement>, EngineError> {
    let experiment = if place.is_dir() { None } else { Some(load(place, &Chosen::default())?) };
    let named = match &experiment {
        Some(experiment) => experiment.data.clone(),
        None => check::named(place)?,
    };
    let origin = place.display().to_string();
    let data = data(model, &named, part, &origin)?;
    let task = task(model, experiment.as_ref(), &origin)?;
    task.check(&data.targets()).map_err(refused)?;
    let loader = Loader::new(&data, BATCH).map_err(refused)?;
    let batches = loader.batches_per_epoch();
    let mut done = 0;
    let mut go_on = || {
        done += 1;
        watch((done - 1) as f64 / batches as f64)
    };
    let window = window(model, data.shape())?;
    let found = evaluate_scored(&loader, &*task, &mut go_on, |images| match &window {
        Some(window) => slide(model, window, images),
        None => model.outputs(images),
    });
    Ok(found.map_err(refused)?.map(|Scored { evaluation, scorer }| Judgement {
        images: data.len(),
        evaluation,
        objective: task.objective(),
        details: scorer.details(),
        class_names: model.class_names().to_vec(),
    }))
}

fn refused(error: impl Into<dartloom::Error>) -> EngineError {
    EngineError::Input(Box::new(error.into()))
}

/// A part of the data, normalised as the network needs it, and those of a folder read as it needs
/// them.
fn data(
    model: &Trained,
    named: &Named<Data>,
    part: Part,
    origin: &str,
) -> Result<Arc<dyn Dataset>, EngineError> {
    let of_folder = Path::new(origin).is_dir();
    let missing = || EngineError::Prediction {
        expected: format!("images of the part `{part}` in {origin}"),
        found: "none".to_owned(),
    };
    let constants = model.normalization();
    if let Named::Known(Data::Images(ImageFolder(files))) = named {
        let files = if of_folder { read_alike(model, files) } else { files.clone() };
        let opened = files.open().map_err(|error| EngineError::experiment(origin, error))?;
        let set = match part {
            Part::Train => Some(opened.train),
            Part::Valid => opened.valid,
            Part::Test => opened.test,
        };
        let set = set.ok_or_else(missing)?;
        let constants = constants.ok_or(TrainedError::NoNormalization).map_err(refused)?;
        let set = set.with_normalization(constants.clone()).map_err(refused)?;
        return Ok(Arc::new(set));
    }
    let sets = Catalog::standard().make_data(named, Place { origin, field: "data" })?;
    agree(constants, sets.normalization.as_ref(), origin)?;
    match part {
        Part::Train => Ok(sets.train),
        Part::Valid => sets.valid.ok_or_else(missing),
        Part::Test => Ok(sets.test),
    }
}

/// The files of a folder, read as those that the network was trained with where its file says how.
/// Masks then have the classes of the network, whether all of them are there or not.
fn read_alike(model: &Trained, files: &ImageFiles) -> ImageFiles {
    let mut own = files.clone();
    if let Some(reading) = model.reading() {
        let recognised = std::mem::replace(&mut own.targets, reading.targets.clone());
        if own.targets == FileTargets::Recognised {
            own.targets = recognised;
        }
        own.bands = reading.bands;
        own.size = reading.size;
    }
    if let (FileTargets::Masks(masks), TargetSpec::Mask { classes, ignore }) =
        (&mut own.targets, model.targets())
    {
        masks.classes = match model.class_names() {
            [] => Classes::Count(classes),
            names => Classes::Names(names.to_vec()),
        };
        masks.ignore = ignore;
    }
    own
}

/// Refuses data that are normalised in another way than those of the training.
fn agree(
    model: Option<&Normalization>,
    data: Option<&Normalization>,
    origin: &str,
) -> Result<(), EngineError> {
    match (model, data) {
        (Some(model), Some(data)) if model != data => Err(EngineError::Prediction {
            expected: format!("data normalised as those of the training: {model:?}"),
            found: format!("{data:?} of {origin}"),
        }),
        _ => Ok(()),
    }
}

/// The task of an experiment, or else the one that the network was trained for.
fn task(
    model: &Trained,
    experiment: Option<&Experiment>,
    origin: &str,
) -> Result<Box<dyn Task>, EngineError> {
    let place = |field| Place { origin, field };
    let catalog = Catalog::standard();
    let own = experiment.and_then(|own| Some((own, own.task.as_ref()?)));
    match own {
        // Weights are measured on what the network was trained with.
        Some((experiment, Named::Known(task))) if task.needs_measuring() => {
            let sets = catalog.make_data(&experiment.data, place("data"))?;
            let task = Named::Known(task.measured(&*sets.train).map_err(refused)?);
            catalog.make_task(&task, model.targets(), place("task"))
        }
        Some((_, task)) => catalog.make_task(task, model.targets(), place("task")),
        None => model.judge().map_err(refused),
    }
}

/// The window for images that are larger than the network's input, where it has an answer for every
/// pixel.
fn window(model: &Trained, shape: ImageShape) -> Result<Option<SlidingWindow>, EngineError> {
    let input = model.input();
    let masks = matches!(model.targets(), TargetSpec::Mask { .. });
    if !masks || (shape.height, shape.width) == (input.height, input.width) {
        return Ok(None);
    }
    SlidingWindow::new(input.height, input.width).map(Some).map_err(refused)
}

/// Logarithms of the probabilities of every pixel: outputs like any others.
fn slide(model: &Trained, window: &SlidingWindow, images: &Tensor) -> Result<Tensor, TrainedError> {
    let dims = images.dims4()?;
    let shape = ImageShape::new(dims.1, dims.2, dims.3);
    let channels = model.kind().channels();
    let pixels = images.flatten_from(1)?.to_vec2::<f32>()?;
    let mut outputs = Vec::new();
    for pixels in &pixels {
        let mut planes = vec![0.0; channels * shape.height * shape.width];
        let mut rows = InMemory { shape, pixels, next: 0 };
        let mut network = |windows: &Tensor| {
            let found = model.predict(windows)?;
            let probabilities = found.probabilities()?;
            Ok(probabilities.unwrap_or(found.outputs))
        };
        let mut write = |found: PredictedRows<'_>| {
            let rows = found.rows();
            for (channel, values) in found.values.chunks_exact(rows * found.width).enumerate() {
                let at = (channel * shape.height + found.first) * shape.width;
                planes[at..at + values.len()].copy_from_slice(values);
            }
            Ok::<(), TrainedError>(())
        };
        window.predict(&mut rows, channels, &mut network, &mut write)?;
        outputs.extend(planes.iter().map(|share| share.max(f32::MIN_POSITIVE).ln()));
    }
    let dims = (pixels.len(), channels, shape.height, shape.width);
    Ok(Tensor::from_vec(outputs, dims, &Device::Cpu)?)
}

/// An image in memory, row by row.
#[derive(Debug)]
struct InMemory<'a> {
    shape: ImageShape,
    pixels: &'a [f32],
    next: usize,
}

impl ImageRows for InMemory<'_> {
    fn shape(&self) -> ImageShape {
        self.shape
    }

    fn next_row(&mut self, row: &mut [f32]) -> Result<(), DataError> {
        let ImageShape { height, width, .. } = self.shape;
        for (channel, target) in row.chunks_exact_mut(width).enumerate() {
            let at = (channel * height + self.next) * width;
            target.copy_from_slice(&self.pixels[at..at + width]);
        }
        self.next += 1;
        Ok(())
    }
}
