//! The share of random crops that show each class, told at the start of a run.

use dartloom::data::images::ImageFiles;

use crate::crops::CropShares;
use crate::error::EngineError;
use crate::experiment::{Data, ImageFolder, Named, Plan};

/// A line about the crops that the first epoch trains on; `None` for images that are not cropped.
pub(super) fn note(plan: &Plan) -> Result<Option<String>, EngineError> {
    let data = &plan.experiment().data;
    let Named::Known(Data::Images(ImageFolder(ImageFiles { crops: Some(_), .. }))) = data else {
        return Ok(None);
    };
    let seed = plan.experiment().seeds.first().copied().unwrap_or(0);
    let names = plan.data().class_names.as_deref().unwrap_or_default();
    let shares = CropShares::of(&*plan.data().train, names, seed).map_err(EngineError::input)?;
    Ok(shares.map(|shares| shares.said()))
}
