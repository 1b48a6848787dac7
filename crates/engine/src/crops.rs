//! The classes that random crops show.

use dartloom::data::images::Opened;
use dartloom::data::{
    Augment, BatchOrder, ClassShares, Crops, DataError, Dataset, Loader, TargetSpec,
};

/// Crops that are drawn for it at most.
const MOST: usize = 256;

/// The classes that random crops show, of those that the first epoch trains on.
#[derive(Clone, Debug, PartialEq)]
pub struct CropShares {
    /// Crops that were drawn: all of the epoch, or the first 256.
    pub crops: u64,
    /// Of each class, in order.
    pub classes: Vec<CropShare>,
}

/// The share of crops that show a class.
#[derive(Clone, Debug, PartialEq)]
pub struct CropShare {
    /// The name of the class, or its number.
    pub class: String,
    /// Share of the crops that have a pixel of it, 0 to 1.
    pub crops: f64,
    /// Its share of the pixels of all crops that have a class, 0 to 1.
    pub pixels: f64,
}

impl CropShares {
    /// The crops that a loader with this seed draws of `data`, without other random changes; `None`
    /// for targets that are no masks. Equal seeds give equal shares.
    ///
    /// # Errors
    /// Those of reading the data.
    pub fn of(data: &dyn Dataset, names: &[String], seed: u64) -> Result<Option<Self>, DataError> {
        let TargetSpec::Mask { classes, .. } = data.targets() else { return Ok(None) };
        let still = Augment { crop_padding: 0, flip: false, cutout: 0 };
        let loader = Loader::new(data, 1)?.order(BatchOrder::Shuffled).seed(seed).augment(still);
        let mut shares = ClassShares::new(classes);
        for step in 0..loader.batches_per_epoch().min(MOST) {
            shares.add(&loader.batch(0, step)?)?;
        }
        let both = shares.of_masks().into_iter().zip(shares.of_pixels()).enumerate();
        let share = |(class, (crops, pixels)): (usize, (f64, f64))| CropShare {
            class: names.get(class).cloned().unwrap_or(format!("class {class}")),
            crops,
            pixels,
        };
        Ok(Some(Self { crops: shares.masks(), classes: both.map(share).collect() }))
    }

    /// Those of the crops that opened image files are cut into; `None` where there are none.
    ///
    /// # Errors
    /// As [`of`](Self::of).
    pub fn of_files(opened: &Opened, seed: u64) -> Result<Option<Self>, DataError> {
        let Some(crops) = opened.crops else { return Ok(None) };
        let crops = Crops::new(opened.train.clone(), crops)?;
        Self::of(&crops, &opened.class_names, seed)
    }

    /// One sentence.
    #[must_use]
    pub fn said(&self) -> String {
        let shown = self.classes.iter();
        let shown: Vec<String> =
            shown.map(|own| format!("{} {:.1} %", own.class, 100.0 * own.crops)).collect();
        format!("of {} training crops show {}", self.crops, shown.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use dartloom::data::{CropConfig, nuclei};

    use super::*;

    #[test]
    fn shares_of_crops_are_those_of_their_masks() {
        let data = |foreground: f64| {
            let config = CropConfig { foreground: Some(foreground), ..CropConfig::new(16, 16) };
            Crops::new(nuclei().train, config).unwrap()
        };
        let names = ["background", "nucleus"].map(str::to_owned);
        let of = |foreground| CropShares::of(&data(foreground), &names, 0).unwrap().unwrap();
        let all = of(1.0);
        assert_eq!((all.crops, all.classes.len()), (48, 2));
        assert_eq!(all.classes[1].class, "nucleus");
        assert!(all.said().starts_with("of 48 training crops show background "), "{all:?}");
        let some = of(0.0);
        let nucleus = |shares: &CropShares| shares.classes[1].crops;
        assert!(nucleus(&all) > 0.9 && nucleus(&all) > nucleus(&some), "{all:?} {some:?}");
        let pixels: f64 = all.classes.iter().map(|own| own.pixels).sum();
        assert!((pixels - 1.0).abs() < 1e-12, "{all:?}");
        // Equal seeds draw equal crops.
        assert_eq!(all, of(1.0));
    }
}
