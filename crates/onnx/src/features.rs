//! Values between image and head as outputs.

use dartloom_space::Shape;

use crate::OnnxError;
use crate::draft::{Draft, Value};
use crate::values::Named;

/// A value between image and head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Feature {
    /// Its name: that of a stem part, cell or node.
    pub name: String,
    /// Its shape for one image.
    pub shape: Shape,
}

impl From<Named> for Feature {
    fn from(named: Named) -> Self {
        Self { name: named.name, shape: named.value.shape }
    }
}

/// The last feature of every size of plane below that of the image, the largest first.
pub(crate) fn scales(all: Vec<Feature>, input: Shape) -> Result<Vec<Feature>, OnnxError> {
    let plane = |shape: Shape| (shape.height, shape.width);
    let mut scales: Vec<Feature> = Vec::new();
    for feature in all.into_iter().rev() {
        let smaller = feature.shape.height < input.height || feature.shape.width < input.width;
        if smaller && scales.iter().all(|known| plane(known.shape) != plane(feature.shape)) {
            scales.push(feature);
        }
    }
    // Equal areas keep their order.
    scales.sort_by_key(|feature| std::cmp::Reverse(feature.shape.height * feature.shape.width));
    if scales.is_empty() {
        return Err(OnnxError::NoFeatures { input });
    }
    Ok(scales)
}

/// The values of these names as outputs.
pub(crate) fn chosen(
    draft: &mut Draft<'_>,
    names: &[String],
    all: &[Named],
) -> Result<Vec<Value>, OnnxError> {
    let known = || all.iter().map(|feature| feature.name.clone()).collect();
    let mut outputs = Vec::with_capacity(names.len());
    for (at, name) in names.iter().enumerate() {
        let found = all.iter().find(|feature| feature.name == *name);
        let found = found.filter(|_| !names[..at].contains(name));
        let refused = || OnnxError::Feature { found: name.clone(), known: known() };
        let value = &found.ok_or_else(refused)?.value;
        outputs.push(draft.output("Identity", value, name, Vec::new()));
    }
    if outputs.is_empty() {
        return Err(OnnxError::Feature { found: String::new(), known: known() });
    }
    Ok(outputs)
}
