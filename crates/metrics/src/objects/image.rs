//! The objects of one class in one image.

use std::collections::BTreeMap;

use super::{ObjectsConfig, Overlap};
use crate::components::{Components, components};
use crate::masks::{IGNORED, Image};

/// Predicted and true objects of one class in one image.
pub(super) struct Objects {
    said: Components,
    there: Components,
    overlaps: Vec<Overlap>,
}

impl Objects {
    pub(super) fn new(image: &Image<'_>, class: usize, config: &ObjectsConfig) -> Self {
        let width = image.sides[1];
        let of = |mask: &[u32]| {
            let places = mask.iter().zip(image.there);
            let inside =
                |(&found, &label): (&u32, &u32)| label != IGNORED && found as usize == class;
            let mask: Vec<bool> = places.map(inside).collect();
            without_small(components(&mask, width, config.connectivity), config.least_pixels)
        };
        let said = of(image.said);
        let there = of(image.there);
        let overlaps = overlaps(&said, &there);
        Self { said, there, overlaps }
    }

    /// Number of predicted objects.
    pub(super) fn said(&self) -> usize {
        self.said.sizes.len()
    }

    /// Number of true objects.
    pub(super) fn there(&self) -> usize {
        self.there.sizes.len()
    }

    pub(super) fn overlaps(&self) -> &[Overlap] {
        &self.overlaps
    }

    /// The mean over the pixels of each predicted object of the softmax of its class; `logits` are
    /// those of the image, plane after plane.
    pub(super) fn confidences(&self, logits: &[f64], classes: usize, class: usize) -> Vec<f64> {
        let places = self.said.labels.len();
        let mut sums = vec![0.0; self.said()];
        for (place, &label) in self.said.labels.iter().enumerate().filter(|(_, label)| **label > 0)
        {
            let own = logits[class * places + place];
            let all = (0..classes).map(|other| (logits[other * places + place] - own).exp());
            sums[label as usize - 1] += all.sum::<f64>().recip();
        }
        sums.iter().zip(&self.said.sizes).map(|(sum, &size)| sum / size as f64).collect()
    }
}

/// The components of at least so many pixels, numbered anew.
fn without_small(found: Components, least: usize) -> Components {
    if found.sizes.iter().all(|&size| size >= least) {
        return found;
    }
    let mut numbers = vec![0_u32];
    let mut sizes = Vec::new();
    for size in found.sizes {
        let keeps = size >= least;
        sizes.extend(keeps.then_some(size));
        numbers.push(if keeps { sizes.len() as u32 } else { 0 });
    }
    let labels = found.labels.into_iter().map(|label| numbers[label as usize]).collect();
    Components { labels, sizes }
}

/// The pairs of components of two masks of one size that share pixels, with their intersection over
/// union, ordered by the predicted one.
#[must_use]
pub fn overlaps(said: &Components, there: &Components) -> Vec<Overlap> {
    let mut both: BTreeMap<[u32; 2], usize> = BTreeMap::new();
    for (&said, &there) in said.labels.iter().zip(&there.labels) {
        if said > 0 && there > 0 {
            *both.entry([said, there]).or_default() += 1;
        }
    }
    let overlap = |([one, other], both): ([u32; 2], usize)| {
        let one = one as usize - 1;
        let other = other as usize - 1;
        let union = said.sizes[one] + there.sizes[other] - both;
        Overlap { said: one, there: other, iou: both as f64 / union as f64 }
    };
    both.into_iter().map(overlap).collect()
}
