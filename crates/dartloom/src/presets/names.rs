//! Methods by name.

use super::{
    Method, auto_deeplab, chest_xray, d_darts, darts, darts_opti, darts_second_order, darts_unet,
    darts_unet_pp, dints, fair_darts, gaea_erm, gaea_pc_darts, galaxy_zoo, graphene, mnist,
    pc_darts, resnext_unet,
};
use crate::Error;

/// A name and the preset it stands for; the name is the preset's [`Method::key`].
type Row = (&'static str, fn() -> Result<Method, Error>);

const TABLE: [Row; 17] = [
    ("darts", || Ok(darts())),
    ("darts_second_order", || Ok(darts_second_order())),
    ("pc_darts", || Ok(pc_darts())),
    ("gaea_pc_darts", || Ok(gaea_pc_darts())),
    ("gaea_erm", || Ok(gaea_erm())),
    ("fair_darts", || Ok(fair_darts()?)),
    ("d_darts", d_darts),
    ("darts_opti", darts_opti),
    ("resnext_unet", || Ok(resnext_unet())),
    ("darts_unet", || Ok(darts_unet())),
    ("darts_unet_pp", || Ok(darts_unet_pp())),
    ("auto_deeplab", || Ok(auto_deeplab())),
    ("dints", dints),
    ("mnist", || Ok(mnist())),
    ("graphene", || Ok(graphene())),
    ("galaxy_zoo", || Ok(galaxy_zoo())),
    ("chest_xray", || Ok(chest_xray())),
];

/// The names that [`by_name`] knows.
pub fn names() -> impl Iterator<Item = &'static str> {
    TABLE.iter().map(|(name, _)| *name)
}

/// A method by the name that experiment files use: the name of its function here.
///
/// # Errors
/// [`Error::UnknownMethod`] with the known names.
pub fn by_name(name: &str) -> Result<Method, Error> {
    match TABLE.iter().find(|(known, _)| *known == name) {
        Some((_, method)) => method(),
        None => Err(Error::UnknownMethod { found: name.to_owned(), known: names().collect() }),
    }
}
