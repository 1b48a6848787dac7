//! Experiment files.

use std::path::Path;

use dartloom::space::text::ron_message;
use ron::extensions::Extensions;

use super::choice::MethodChoice;
use super::chosen::Chosen;
use super::explorer::ExplorerSpec;
use super::patch::ExperimentPatch;
use super::{Data, Experiment, Named};
use crate::error::EngineError;
use crate::input;

/// `Some` and inner parentheses may be left out: `decoder: TopK(edges: 3)`.
pub(crate) fn options() -> ron::Options {
    let extensions = Extensions::IMPLICIT_SOME | Extensions::UNWRAP_VARIANT_NEWTYPES;
    ron::Options::default().with_default_extension(extensions)
}

/// Reads an experiment file. Its name is that of the file unless it says otherwise; the methods and
/// data of `methods`, if there are any, take the place of its own.
///
/// # Errors
/// A file that cannot be read, or the first mistake in it with line and column.
pub fn load(path: &Path, methods: &Chosen) -> Result<Experiment, EngineError> {
    parse(&input::read(path)?, path, methods)
}

/// The experiment that comes with dartloom.
const DIGITS: &str = include_str!("../../assets/digits.ron");

/// The built-in experiment, small and on the embedded digits, with other methods or data if there
/// are any.
///
/// # Errors
/// Methods that do not fit it.
pub fn builtin(methods: &Chosen) -> Result<Experiment, EngineError> {
    parse(DIGITS, Path::new("digits.ron"), methods)
}

fn with_methods(
    data: Named<Data>,
    mut patch: ExperimentPatch,
    methods: &Chosen,
) -> Result<Experiment, EngineError> {
    if !methods.is_empty() {
        let explorers = methods.explorers.iter().map(|name| ExplorerSpec::named(name));
        patch.explorers = Some(explorers.collect::<Result<_, _>>()?);
        patch.method = Some(MethodChoice::named(&methods.presets));
    }
    let mut experiment = Experiment::built(data, patch)?;
    experiment.renamed(methods);
    Ok(experiment)
}

/// Reads an experiment from the text of the file at `path`.
///
/// Everything that the text leaves out is that of its scale, the papers' when it says none.
/// Relative data directories start in the folder of the file.
pub(crate) fn parse(text: &str, path: &Path, methods: &Chosen) -> Result<Experiment, EngineError> {
    let mut patch: ExperimentPatch = options().from_str(text).map_err(|error| {
        let start = error.span.start;
        let message = ron_message(&error);
        EngineError::ExperimentText {
            path: path.to_owned(),
            line: start.line,
            column: start.col,
            message,
        }
    })?;
    let given = methods.data.clone();
    let is_given = given.is_some();
    // Taken, so that it does not take the place of data that were given.
    let own = patch.data.take();
    let data = given.or(own).ok_or_else(|| EngineError::Field {
        origin: path.display().to_string(),
        field: "data",
        expected: "Digits, Nuclei, Images(\"directory\"), Idx(\"directory\"), Idx(directory: \"..\", \
                   classes: 27) or Cifar(\"directory\")",
        found: "nothing".to_owned(),
    })?;
    if patch.name.is_none() {
        patch.name = path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
    }
    let mut experiment = with_methods(data, patch, methods)?;
    // A directory from the command line starts where the user is.
    let beside = path.parent().filter(|_| !is_given);
    let folder = beside.unwrap_or(Path::new(""));
    experiment.data = experiment.data.below(folder, &path.display().to_string())?;
    let own = path.parent().unwrap_or(Path::new(""));
    for method in &mut experiment.method {
        method.inside = method.inside.take().map(|inside| inside.below(own));
    }
    Ok(experiment)
}

/// The whole experiment as a file that [`load`] reads back.
///
/// # Errors
/// [`EngineError::Encode`] for an experiment that has no text form.
pub fn to_ron(experiment: &Experiment) -> Result<String, EngineError> {
    let pretty = ron::ser::PrettyConfig::new().new_line("\n").depth_limit(8);
    let text = options().to_string_pretty(experiment, pretty);
    text.map(|text| text + "\n")
        .map_err(|error| EngineError::Encode { what: "the experiment", message: error.to_string() })
}

#[cfg(test)]
mod tests;
