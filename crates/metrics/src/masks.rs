//! Masks that were predicted, beside the true ones.

use candle_core::{CpuStorage, DType, Device, Storage, Tensor};

use crate::{MetricsError, read};

/// The label of a place that does not count.
pub(crate) const IGNORED: u32 = u32::MAX;

/// The classes that logits and labels are about.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Classes {
    pub(crate) count: usize,
    pub(crate) ignore: Option<u32>,
}

/// True and predicted classes of a batch, image after image, each row by row.
#[derive(Debug)]
pub(crate) struct Masks {
    /// Places of an image.
    pub(crate) places: usize,
    /// Height and width of an image; those of a row of labels are 1 and its length.
    pub(crate) sides: [usize; 2],
    /// True classes, [`IGNORED`] where a place does not count.
    pub(crate) there: Vec<u32>,
    /// Predicted classes; the number of classes where a logit is NaN.
    pub(crate) said: Vec<u32>,
}

/// One image of a batch.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Image<'a> {
    pub(crate) sides: [usize; 2],
    pub(crate) there: &'a [u32],
    pub(crate) said: &'a [u32],
}

impl Classes {
    /// # Errors
    /// [`MetricsError::Setting`] for no class, or more than 65,536.
    pub(crate) fn new(count: usize, ignore: Option<u32>) -> Result<Self, MetricsError> {
        if !(1..=1 << 16).contains(&count) {
            let expected = "from 1 to 65536";
            return Err(MetricsError::Setting { field: "classes", expected, found: count });
        }
        Ok(Self { count, ignore })
    }

    /// Reads logits `[batch, classes, ..]` and labels `[batch, ..]`.
    pub(crate) fn read(&self, output: &Tensor, target: &Tensor) -> Result<Masks, MetricsError> {
        let classes = self.count;
        let said = output.dims();
        let there = target.dims();
        let fits = said.len() == there.len() + 1
            && said.get(1) == Some(&classes)
            && said.first() == there.first()
            && said.get(2..) == there.get(1..);
        if !fits {
            let expected =
                format!("logits [batch, {classes}, ..] with labels [batch, ..] of equal rest");
            return Err(read::shapes(expected, output, target));
        }
        let rest = &there[1..];
        let places = rest.iter().product();
        let width = rest.last().copied().unwrap_or(1);
        let there = self.labels(&read::labels(target)?, places)?;
        let said = if there.is_empty() { Vec::new() } else { highest(output, classes, places)? };
        Ok(Masks { places, sides: [places / width.max(1), width], there, said })
    }

    fn labels(&self, labels: &[i64], places: usize) -> Result<Vec<u32>, MetricsError> {
        let ignore = self.ignore.map_or(-1, i64::from);
        let known = |(at, &found): (usize, &i64)| match u32::try_from(found) {
            Ok(label) if (label as usize) < self.count => Ok(label),
            Ok(_) if found == ignore => Ok(IGNORED),
            _ => {
                let row = at / places;
                let place = at % places;
                Err(MetricsError::LabelOutOfRange { row, place, classes: self.count, found })
            }
        };
        labels.iter().enumerate().map(known).collect()
    }
}

impl Masks {
    /// Image after image.
    pub(crate) fn images(&self) -> impl Iterator<Item = Image<'_>> {
        let places = self.places.max(1);
        let pairs = self.there.chunks_exact(places).zip(self.said.chunks_exact(places));
        pairs.map(|(there, said)| Image { sides: self.sides, there, said })
    }
}

/// The first class with the highest logit at every place; the number of classes where one is NaN.
fn highest(output: &Tensor, classes: usize, places: usize) -> Result<Vec<u32>, MetricsError> {
    let output = output.to_device(&Device::Cpu)?;
    let output = if let DType::F32 | DType::F64 = output.dtype() {
        output.contiguous()?
    } else {
        output.to_dtype(DType::F64)?.contiguous()?
    };
    let (storage, layout) = output.storage_and_layout();
    let from = layout.start_offset();
    let range = from..from + output.elem_count();
    match &*storage {
        Storage::Cpu(CpuStorage::F32(values)) => {
            Ok(highest_of(&values[range], classes, places, f32::NEG_INFINITY..f32::INFINITY))
        }
        Storage::Cpu(CpuStorage::F64(values)) => {
            Ok(highest_of(&values[range], classes, places, f64::NEG_INFINITY..f64::INFINITY))
        }
        _ => Err(candle_core::Error::UnsupportedDTypeForOp(output.dtype(), "highest").into()),
    }
}

/// Reads every logit once, plane after plane. A NaN takes the place of the highest value, so that
/// no later one can be higher.
fn highest_of<T: Copy + PartialOrd>(
    values: &[T],
    classes: usize,
    places: usize,
    range: std::ops::Range<T>,
) -> Vec<u32> {
    let mut all = Vec::with_capacity(values.len() / classes);
    let mut best = vec![range.start; places];
    for image in values.chunks_exact(classes * places) {
        let from = all.len();
        all.resize(from + places, 0);
        best.fill(range.start);
        for (class, plane) in image.chunks_exact(places).enumerate() {
            let said = all[from..].iter_mut().zip(&mut best);
            for ((said, best), &value) in said.zip(plane) {
                let is_nan = value.partial_cmp(&value).is_none();
                if is_nan || value > *best {
                    *said = if is_nan { classes as u32 } else { class as u32 };
                    *best = if is_nan { range.end } else { value };
                }
            }
        }
    }
    all
}
