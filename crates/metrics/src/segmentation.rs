use candle_core::Tensor;
use dartloom_record::{Objective, Scores};
use serde::{Deserialize, Serialize};

use crate::masks::Classes;
use crate::{
    Confusion, DEFAULT_TOLERANCE, Details, ImageMeans, MetricsError, Objects, ObjectsConfig,
    Scorer, Surface,
};

/// The scores of a segmentation beside its confusion matrix and its means over images.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SegmentationScores {
    /// Surfaces of classes, with their tolerance in pixels ([`Surface`]).
    pub surface: Option<SurfaceConfig>,
    /// Objects found and missed ([`Objects`]).
    pub objects: Option<ObjectsConfig>,
}

/// Settings of [`Surface`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SurfaceConfig {
    /// The distance within which surfaces agree, in pixels.
    pub tolerance: f64,
}

impl Default for SurfaceConfig {
    /// Two pixels.
    fn default() -> Self {
        Self { tolerance: DEFAULT_TOLERANCE }
    }
}

/// Everything measured of masks: [`Confusion`] over all pixels, [`ImageMeans`] beside it, and on
/// request [`Surface`] and [`Objects`].
///
/// Takes logits `[batch, classes, H, W]` and masks `[batch, H, W]`, which are read once for all.
/// The first score is `mean_iou`; [`First`](crate::First) puts another one there.
#[derive(Clone, Debug, PartialEq)]
pub struct Segmentation {
    classes: Classes,
    confusion: Confusion,
    images: ImageMeans,
    surface: Option<Surface>,
    objects: Option<Objects>,
}

impl Segmentation {
    /// Scores of `classes` classes; pixels labelled `ignore` do not count.
    ///
    /// # Errors
    /// Those of the scorers.
    pub fn new(
        classes: usize,
        ignore: Option<u32>,
        scores: &SegmentationScores,
    ) -> Result<Self, MetricsError> {
        let surface = |config: SurfaceConfig| Surface::new(classes, ignore, config.tolerance);
        let objects = |config: &ObjectsConfig| Objects::new(classes, ignore, config.clone());
        Ok(Self {
            classes: Classes::new(classes, ignore)?,
            confusion: Confusion::new(classes, ignore)?,
            images: ImageMeans::new(classes, ignore)?,
            surface: scores.surface.map(surface).transpose()?,
            objects: scores.objects.as_ref().map(objects).transpose()?,
        })
    }

    /// The confusion matrix, with its table of classes.
    #[must_use]
    pub fn confusion(&self) -> &Confusion {
        &self.confusion
    }

    /// The means over images.
    #[must_use]
    pub fn images(&self) -> &ImageMeans {
        &self.images
    }

    /// The objects, with their table of thresholds and its curve.
    #[must_use]
    pub fn objects(&self) -> Option<&Objects> {
        self.objects.as_ref()
    }

    /// Every score that can select, in the order of [`scores`](Scorer::scores).
    #[must_use]
    pub fn objectives(&self) -> Vec<Objective> {
        const MEANS: [&str; 4] =
            ["mean_iou", "mean_dice", "mean_iou_foreground", "mean_dice_foreground"];
        let shares = |names: Vec<String>| names.into_iter().map(Objective::share);
        let classes = |scores: [&'static str; 2], from| {
            let each = (from..self.classes.count)
                .flat_map(move |class| scores.map(move |score| format!("{score}_{class}")));
            each.collect::<Vec<_>>()
        };
        let accuracies = ["pixel_accuracy", "mean_accuracy"].map(str::to_owned);
        let mut all: Vec<Objective> = shares(MEANS.map(str::to_owned).to_vec())
            .chain(shares(accuracies.to_vec()))
            .chain(shares(classes(["iou", "dice"], 0)))
            .chain(shares(MEANS.map(|name| format!("image_{name}")).to_vec()))
            .chain(shares(classes(["image_iou", "image_dice"], 0)))
            .collect();
        if self.surface.is_some() {
            let distance = |name: String| Objective::lower(name).with_unit("px");
            all.push(Objective::share("surface_dice"));
            all.push(distance("hausdorff_95".to_owned()));
            for class in 1..self.classes.count {
                all.push(Objective::share(format!("surface_dice_{class}")));
                all.push(distance(format!("hausdorff_95_{class}")));
            }
        }
        if let Some(objects) = &self.objects {
            all.extend(["object_f1", "object_ap"].map(Objective::share));
            for row in objects.rows() {
                let names = ["precision", "recall", "f1", "ap"];
                let name = |score| Objective::share(format!("object_{score}_{}", row.threshold));
                all.extend(names.map(name));
            }
        }
        all
    }
}

impl Scorer for Segmentation {
    fn update(&mut self, output: &Tensor, target: &Tensor) -> Result<(), MetricsError> {
        let masks = self.classes.read(output, target)?;
        // The only one that can fail goes first.
        if let Some(objects) = &mut self.objects {
            objects.see(&masks, output)?;
        }
        self.confusion.see(&masks);
        self.images.see(&masks);
        if let Some(surface) = &mut self.surface {
            surface.see(&masks);
        }
        Ok(())
    }

    fn state(&self) -> Vec<f64> {
        let surface = self.surface.as_ref().map(Scorer::state).unwrap_or_default();
        let objects = self.objects.as_ref().map(Scorer::state).unwrap_or_default();
        [self.confusion.state(), self.images.state(), surface, objects].concat()
    }

    fn add(&mut self, state: &[f64]) -> Result<(), MetricsError> {
        let mut sum = self.clone();
        let mut rest = state;
        let mut add = |scorer: &mut dyn Scorer, length: Option<usize>| {
            let length = length.unwrap_or(rest.len());
            let refused = MetricsError::State { expected: length, found: rest.len() };
            let (own, others) = rest.split_at_checked(length).ok_or(refused)?;
            rest = others;
            scorer.add(own)
        };
        let fixed = |scorer: &dyn Scorer| Some(scorer.state().len());
        add(&mut sum.confusion, fixed(&self.confusion))?;
        add(&mut sum.images, fixed(&self.images))?;
        if let Some(surface) = &mut sum.surface {
            let length = surface.state().len();
            add(surface, Some(length))?;
        }
        if let Some(objects) = &mut sum.objects {
            add(objects, None)?;
        }
        if !rest.is_empty() {
            let expected = state.len() - rest.len();
            return Err(MetricsError::State { expected, found: state.len() });
        }
        *self = sum;
        Ok(())
    }

    fn details(&self) -> Details {
        let told = (0..self.classes.count).flat_map(|class| {
            ["iou", "dice", "images_without"].map(|score| format!("{score}_{class}"))
        });
        let classes = Details {
            tables: vec![self.confusion.pixel_table(&self.images)],
            told: told.collect(),
            ..Details::default()
        };
        match &self.objects {
            Some(objects) => classes.and(objects.details()),
            None => classes,
        }
    }

    fn scores(&self) -> Scores {
        let parts = [
            Some(self.confusion.scores()),
            Some(self.images.scores()),
            self.surface.as_ref().map(Scorer::scores),
            self.objects.as_ref().map(Scorer::scores),
        ];
        let mut all = Scores::new();
        for scores in parts.iter().flatten() {
            scores.iter().for_each(|(name, value)| all.put(name, value));
        }
        all
    }
}

#[cfg(test)]
mod tests;
