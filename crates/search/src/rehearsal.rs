//! A rehearsal of custom parts before the search begins: a mistake is reported in the first second
//! and not after an epoch, or after a search.

use dartloom_data::{Dataset, check_repeats};
use dartloom_decode::{DecodeError, Decoded, Decoder};
use dartloom_noise::Noise;
use dartloom_record::Refused;
use dartloom_relax::Progress;
use dartloom_space::{Build, Space, WeightTable};
use dartloom_task::Task;
use dartloom_train::TrainError;

use crate::{Architecture, SearchError};

/// Asks relaxations and penalties for the weights of a search's beginning, middle and end, at the
/// logits it begins with, and asks the decoder to decode the first of these.
///
/// Numbers are drawn from streams of their own. The cost is a few tables of weights and a decoding.
///
/// # Errors
/// [`SearchError::Relaxation`], and those errors of the decoder that do not depend on the weights.
pub fn rehearse(
    architecture: &Architecture,
    space: &Space,
    decoder: &dyn Decoder,
    epochs: usize,
    noise: Noise,
) -> Result<(), SearchError> {
    let noise = noise.child("rehearsal");
    let mut moments = vec![0, epochs / 2, epochs.saturating_sub(1), epochs];
    moments.dedup();
    for epoch in moments {
        let at = Progress { epoch, epochs };
        architecture.check(at, || noise.stream("relaxation", epoch as u64))?;
    }
    let begin = Progress { epoch: 0, epochs };
    let table = architecture.table(begin, &mut noise.stream("relaxation", 0))?;
    match decoded(decoder, space, &table) {
        Err(error) if !is_of_the_weights(&error) => Err(error.into()),
        _ => Ok(()),
    }
}

/// Decodes and checks that the genotype belongs to the space, because a custom decoder may build
/// any genotype.
///
/// # Errors
/// The decoder's, and [`DecodeError::Genotype`] for an architecture of another space.
pub(crate) fn decoded(
    decoder: &dyn Decoder,
    space: &Space,
    table: &WeightTable,
) -> Result<Decoded, DecodeError> {
    let decoded = decoder.decode(space, table)?;
    space.admit(&decoded.genotype).map_err(DecodeError::Genotype)?;
    if space.network().choices().next().is_some() {
        // A decoder of cells alone leaves the links open.
        space.network().chosen(decoded.genotype.links()).map_err(DecodeError::Genotype)?;
    }
    Ok(decoded)
}

/// `true` if other weights of the same space might be decoded.
fn is_of_the_weights(error: &DecodeError) -> bool {
    matches!(
        error,
        DecodeError::EmptyNode { .. }
            | DecodeError::EmptyCell { .. }
            | DecodeError::EdgeWeight { .. }
            | DecodeError::LinkWeight { .. }
            | DecodeError::NoPath
            | DecodeError::TooManyStates { .. }
    )
}

/// Refuses a network for other images or classes than those of `data`, and data that differ at
/// every reading.
///
/// # Errors
/// [`TrainError::Config`] for the shape of images, [`TrainError::Outputs`], [`TrainError::Task`],
/// [`DataError::Unrepeatable`](dartloom_data::DataError::Unrepeatable).
pub fn check_build(build: Build, task: &dyn Task, data: &dyn Dataset) -> Result<(), TrainError> {
    check_repeats(data)?;
    let shape = data.shape();
    let input = build.input;
    if (shape.channels, shape.height, shape.width) != (input.channels, input.height, input.width) {
        return Err(Refused::new(
            "build.input",
            "the shape of the images",
            format!("{input} for images of {shape}"),
        )
        .into());
    }
    task.check(&data.targets())?;
    let expected = task.outputs();
    if expected == build.outputs {
        return Ok(());
    }
    Err(TrainError::Outputs { expected, found: build.outputs })
}
