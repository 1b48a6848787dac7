//! Size of patches, batch and network from facts about the data.

use super::SelfConfigured;
use crate::{Graph, Outputs, Pair, Shape, SpaceError};

/// The facts about a data set that a plan follows from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DataFacts {
    /// The median size of its images.
    pub median: Pair,
    /// Training images.
    pub images: usize,
    /// Channels of an image.
    pub channels: usize,
    /// Classes of a pixel, or numbers for it.
    pub numbers: usize,
    /// Bytes that training may take.
    pub memory: u64,
}

/// A self-configured network and the sizes that it is trained with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrainingPlan {
    /// Rows and columns that are cut from an image.
    pub patch: Pair,
    /// Patches of a batch.
    pub batch: usize,
    /// The network's settings.
    pub network: SelfConfigured,
    /// Channels of its levels, from the patch down.
    pub widths: Vec<usize>,
    /// The predicted bytes of training.
    pub bytes: u64,
    /// The reason for every number, a sentence each.
    pub reasons: Vec<String>,
}

/// Side of the largest patch, whatever the images are.
const LARGEST: usize = 2048;
/// Patches that a batch should have where memory and data allow it.
const BATCH: usize = 12;
/// Patches that it has at least.
const LEAST_BATCH: usize = 2;
/// A batch has at most this share of the pixels of all images, in percent.
const SHARE: u128 = 5;

/// Plans the training of a self-configured U-Net in the manner of nnU-Net: the largest patch and
/// then the largest batch that memory holds.
///
/// With `m` the median size, `p` the patch, `f` the batch that `predict` holds for, and `n` images:
///
/// 1. `p` begins as `m`, 2048 pixels a side at most. Its halvings `k` are those of
///    [`SelfConfigured`], and it is enlarged to a multiple of `2^k` along each axis.
/// 2. While a batch of `min(12, c)` patches does not fit into `memory`, the axis with the largest
///    `p / m` loses `2^k` pixels, and the halvings are computed again. `c`, at least 2, is the
///    number of patches that hold 5 % of all pixels, `n m / 20 p`.
/// 3. The batch is the largest up to `c` that fits.
///
/// The network has [deep supervision](SelfConfigured::deep).
///
/// `predict` returns the bytes that training a graph with a batch takes, more for a larger batch,
/// and `None` where they cannot be counted. It is the whole knowledge of the machine here.
///
/// # Differences from the paper
/// nnU-Net shrinks patches until 12 fit into 8 GB of a graphics card, even if no batch may have
/// as many because of the 5 %; it estimates memory by the numbers of features alone, and scales the
/// batch in proportion. Pixels have one size, so that images are not resampled.
///
/// # Errors
/// [`SpaceError::Facts`] for images without pixels, no images, channels or classes, and for memory
/// that does not hold two of the smallest patches.
pub fn plan(
    facts: &DataFacts,
    predict: impl Fn(&Graph, usize) -> Option<u64>,
) -> Result<TrainingPlan, SpaceError> {
    facts.check()?;
    let network = SelfConfigured { deep: true, ..SelfConfigured::default() };
    let start = Pair::new(facts.median.height.min(LARGEST), facts.median.width.min(LARGEST));
    let mut patch = Patch::of(start, &network);
    let first = patch.size;
    loop {
        let graph = network.graph(facts.shape(patch.size), facts.outputs())?;
        let fits = |batch: usize| predict(&graph, batch).is_some_and(|all| all <= facts.memory);
        let most = facts.most_batch(patch.size);
        if fits(most.min(BATCH)) {
            let batch = largest(most.min(BATCH), most, fits);
            let bytes = predict(&graph, batch).unwrap_or(u64::MAX);
            let widths = network.widths(patch.steps.len() + 1);
            let mut plan =
                TrainingPlan { patch: patch.size, batch, network, widths, bytes, reasons: vec![] };
            plan.reasons = reasons(facts, first, &plan, &patch);
            return Ok(plan);
        }
        let Some(smaller) = patch.smaller(facts.median, &network) else {
            let needed = predict(&graph, LEAST_BATCH).unwrap_or(u64::MAX);
            return Err(SpaceError::Facts {
                what: "memory",
                expected: format!("{needed} bytes for two patches of {}", patch.size),
                found: format!("{} bytes", facts.memory),
            });
        };
        patch = smaller;
    }
}

impl DataFacts {
    fn check(&self) -> Result<(), SpaceError> {
        let numbers = [
            ("median rows", self.median.height),
            ("median columns", self.median.width),
            ("images", self.images),
            ("channels", self.channels),
            ("numbers for a pixel", self.numbers),
        ];
        match numbers.into_iter().find(|(_, number)| *number == 0) {
            None => Ok(()),
            Some((what, found)) => Err(SpaceError::Facts {
                what,
                expected: "at least 1".to_owned(),
                found: found.to_string(),
            }),
        }
    }

    fn shape(&self, patch: Pair) -> Shape {
        Shape::new(self.channels, patch.height, patch.width)
    }

    fn outputs(&self) -> Outputs {
        Outputs::Plane { channels: self.numbers }
    }

    /// The most patches of a batch.
    fn most_batch(&self, patch: Pair) -> usize {
        let all = area(self.median) * self.images as u128;
        let patches = all * SHARE / 100 / area(patch);
        usize::try_from(patches).unwrap_or(usize::MAX).clamp(LEAST_BATCH, 1 << 16)
    }
}

fn area(size: Pair) -> u128 {
    size.height as u128 * size.width as u128
}

/// A patch that can be halved as its network halves it.
#[derive(Clone, Debug)]
struct Patch {
    size: Pair,
    steps: Vec<Pair>,
    /// Both sides are multiples of these.
    multiple: Pair,
}

impl Patch {
    fn of(size: Pair, network: &SelfConfigured) -> Self {
        let steps = network.steps(size, true);
        let product = |axis: fn(&Pair) -> usize| steps.iter().map(axis).product::<usize>();
        let multiple = Pair::new(product(|step| step.height), product(|step| step.width));
        let size = Pair::new(
            size.height.next_multiple_of(multiple.height),
            size.width.next_multiple_of(multiple.width),
        );
        Self { size, steps, multiple }
    }

    /// The next smaller patch; `None` where an axis would have less than two of the smallest
    /// values.
    fn smaller(&self, median: Pair, network: &SelfConfigured) -> Option<Self> {
        let Self { size, multiple, .. } = self;
        let least = 2 * network.smallest;
        let rows = size.height as u128 * median.width as u128;
        let columns = size.width as u128 * median.height as u128;
        let shrunk = |height: bool| {
            let (side, step) =
                if height { (size.height, multiple.height) } else { (size.width, multiple.width) };
            let side = side.checked_sub(step.max(2)).filter(|&side| side >= least)?;
            let own =
                if height { Pair::new(side, size.width) } else { Pair::new(size.height, side) };
            Some(Self::of(own, network))
        };
        let taller = rows > columns;
        shrunk(taller).or_else(|| shrunk(!taller))
    }
}

/// The largest number from `least`, which fits, to `most`. Numbers below one that fits do, too.
fn largest(least: usize, most: usize, fits: impl Fn(usize) -> bool) -> usize {
    let mut low = least;
    let mut high = most;
    while high > low {
        let middle = high - (high - low) / 2;
        if fits(middle) { low = middle } else { high = middle - 1 }
    }
    low
}

fn reasons(facts: &DataFacts, first: Pair, plan: &TrainingPlan, patch: &Patch) -> Vec<String> {
    let DataFacts { median, images, memory, .. } = *facts;
    let SelfConfigured { base, most, smallest, .. } = plan.network;
    let TrainingPlan { patch: size, batch, bytes, widths, .. } = plan;
    let mebibytes = |bytes: u64| bytes.div_ceil(1 << 20);
    let cut = if *size == first {
        format!("patches of {size}: the median image, of {median}, enlarged to what can be halved")
    } else {
        format!(
            "patches of {size}: those of {first}, made of the median image of {median}, do not fit \
             into {} MiB in a batch",
            mebibytes(memory)
        )
    };
    let allowed = facts.most_batch(*size);
    let limit = if *batch == allowed {
        format!("5 % of the pixels of {images} images, and at least {LEAST_BATCH}")
    } else {
        format!("what {} MiB of memory hold", mebibytes(memory))
    };
    vec![
        cut,
        format!(
            "{} halvings: at least {smallest} pixels are left of each axis, and {} halve both",
            patch.steps.len(),
            patch.steps.iter().filter(|step| **step == Pair::both(2)).count()
        ),
        format!(
            "channels {widths:?}: {base} doubled at every halving, {most} at most; deep \
             supervision of the levels"
        ),
        format!("a batch of {batch}: {limit}; training takes about {} MiB", mebibytes(*bytes)),
    ]
}

#[cfg(test)]
mod tests;
