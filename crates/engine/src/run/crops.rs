//! The share of random crops that show each class, told at the start of a run.

use dartloom::data::images::ImageFiles;
use dartloom::data::{Augment, BatchOrder, ClassShares, DataError, Dataset, Loader, TargetSpec};

use crate::error::EngineError;
use crate::experiment::{Data, ImageFolder, Named, Plan};

/// Crops that are drawn for it at most.
const MOST: usize = 256;

/// A line about the crops that the first epoch trains on; `None` for images that are not cropped.
pub(super) fn note(plan: &Plan) -> Result<Option<String>, EngineError> {
    let data = &plan.experiment().data;
    let Named::Known(Data::Images(ImageFolder(ImageFiles { crops: Some(_), .. }))) = data else {
        return Ok(None);
    };
    let seed = plan.experiment().seeds.first().copied().unwrap_or(0);
    let names = plan.data().class_names.as_deref().unwrap_or_default();
    line(&*plan.data().train, names, seed).map_err(EngineError::input)
}

fn line(data: &dyn Dataset, names: &[String], seed: u64) -> Result<Option<String>, DataError> {
    let TargetSpec::Mask { classes, .. } = data.targets() else { return Ok(None) };
    let still = Augment { crop_padding: 0, flip: false, cutout: 0 };
    let loader = Loader::new(data, 1)?.order(BatchOrder::Shuffled).seed(seed).augment(still);
    let mut shares = ClassShares::new(classes);
    for step in 0..loader.batches_per_epoch().min(MOST) {
        shares.add(&loader.batch(0, step)?)?;
    }
    let name = |class: usize| names.get(class).cloned().unwrap_or(format!("class {class}"));
    let shown = shares.of_masks().into_iter().enumerate();
    let shown: Vec<String> =
        shown.map(|(class, share)| format!("{} {:.1} %", name(class), 100.0 * share)).collect();
    Ok(Some(format!("of {} training crops show {}", shares.masks(), shown.join(", "))))
}

#[cfg(test)]
mod tests {
    use dartloom::data::{CropConfig, Crops, nuclei};

    use super::*;

    #[test]
    fn shares_of_crops_are_told_by_class() {
        let data = |foreground: f64| {
            let config = CropConfig { foreground: Some(foreground), ..CropConfig::new(16, 16) };
            Crops::new(nuclei().train, config).unwrap()
        };
        let names = ["background", "nucleus"].map(str::to_owned);
        let all = line(&data(1.0), &names, 0).unwrap().unwrap();
        assert!(all.starts_with("of 48 training crops show background "), "{all}");
        let share = |text: &str| -> f64 {
            let number = text.rsplit("nucleus ").next().unwrap().trim_end_matches(" %");
            number.parse().unwrap()
        };
        let some = line(&data(0.0), &names, 0).unwrap().unwrap();
        assert!(share(&all) > 90.0 && share(&all) > share(&some), "{all}; {some}");
        // Equal seeds draw equal crops.
        assert_eq!(all, line(&data(1.0), &names, 0).unwrap().unwrap());
    }
}
