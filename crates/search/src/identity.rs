//! What searches depend on.

use dartloom_data::Dataset as _;
use dartloom_ops::Registry;
use dartloom_record::Identity;
use dartloom_space::{Genotype, Space};

use crate::{Parts, SearchError};

/// `identity` with what each of these operations computes.
pub(crate) fn operations<'n>(
    mut identity: Identity,
    registry: &Registry,
    ops: impl IntoIterator<Item = &'n str>,
) -> Result<Identity, SearchError> {
    for (op, said) in registry.identities(ops)? {
        identity = identity.with_code(&format!("operation `{op}`"), "OpFactory::identity", said);
    }
    Ok(identity)
}

/// `identity` with a space and its operations.
pub(crate) fn space(
    identity: Identity,
    space: &Space,
    registry: &Registry,
) -> Result<Identity, SearchError> {
    operations(identity.with("space", space)?, registry, space.op_set().names())
}

/// The operations of a genotype.
pub(crate) fn genes(genotype: &Genotype) -> impl Iterator<Item = &str> {
    genotype.cells().iter().flat_map(|cell| cell.genes.iter().map(|gene| &*gene.op))
}

/// `identity` with the images that move weights and those that move logits or judge.
pub(crate) fn images(identity: Identity, parts: &Parts<'_>) -> Result<Identity, SearchError> {
    Ok(identity
        .with("training images", &parts.train.digest()?)?
        .with("validation images", &parts.valid.digest()?)?)
}
