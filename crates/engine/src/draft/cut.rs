//! The part of an image that a network sees, the batch, and the hand-made network.

use dartloom::data::images::{ImageFiles, Size, Tiles};
use dartloom::data::{CropConfig, DataSets, ImageShape, TargetSpec};
use dartloom::space::hand_made::{Baseline, DataFacts, ResNet, ResNetStem, plan};
use dartloom::space::{Graph, Outputs, Pair, Shape};

use super::facts::Facts;
use crate::catalog::{Catalog, Place};
use crate::error::EngineError;
use crate::experiment::{Data, ImageFolder, Named};
use crate::machine::{Available, amount};

/// The part of an image that a network sees, the batch, and the hand-made network.
#[derive(Debug)]
pub(super) struct Cut {
    pub(super) data: Named<Data>,
    /// The images that a network sees.
    pub(super) input: ImageShape,
    /// Images of a batch of the hand-made network, as far as memory goes.
    pub(super) batch: usize,
    pub(super) baseline: Baseline,
    /// Reasons for the tiles, crops or size.
    pub(super) of_data: Vec<String>,
    /// Reasons for the network and its batch.
    pub(super) of_baseline: Vec<String>,
}

/// Sides of images that get one answer, at most: those of ImageNet.
const LARGEST: usize = 224;
/// Sides that are chosen for them are multiples of this.
const MULTIPLE: usize = 8;
/// Images with one answer in a batch, at most.
const BATCH: usize = 64;
/// Sides from which on networks begin with the stem for ImageNet.
pub(super) const LARGE: usize = 128;
/// Tiles are cut where images have so many times the pixels of a patch.
const MANY: usize = 4;

type Predict<'a> = dyn Fn(&Graph, usize) -> Option<u64> + 'a;

impl Cut {
    /// True where training images are cut into random crops.
    pub(super) fn has_crops(&self) -> bool {
        match &self.data {
            Named::Known(Data::Images(ImageFolder(files))) => files.crops.is_some(),
            _ => false,
        }
    }

    pub(super) fn of(
        facts: &Facts,
        memory: &Available,
        predict: &Predict<'_>,
    ) -> Result<Self, EngineError> {
        if facts.has_masks() {
            Self::of_masks(facts, memory, predict)
        } else {
            Self::of_images(facts, memory, predict)
        }
    }

    /// The data as they will be read.
    pub(super) fn open(&self, facts: &Facts, origin: &str) -> Result<DataSets, EngineError> {
        if let Named::Known(Data::Images(ImageFolder(files))) = &self.data
            && facts.free_files().is_some()
        {
            // Shares are those of whole images, and not of the crops in their centres.
            let opened = files.open().map_err(|error| EngineError::experiment(origin, error))?;
            let sets = dartloom::data::images::Opened { crops: None, ..opened }.into_sets();
            return sets.map_err(|error| EngineError::experiment(origin, error));
        }
        Catalog::standard().make_data(&self.data, Place { origin, field: "data" })
    }

    fn of_masks(
        facts: &Facts,
        memory: &Available,
        predict: &Predict<'_>,
    ) -> Result<Self, EngineError> {
        let TargetSpec::Mask { classes, .. } = facts.targets else {
            return Self::of_images(facts, memory, predict);
        };
        let files = facts.free_files();
        let [rows, columns] = facts.least;
        // Images of several sizes are cut into square tiles.
        let sides = match facts.is_uniform() {
            true => [rows, columns],
            false => [rows.min(columns); 2],
        };
        let [height, width] = if files.is_some() { sides.map(halvable) } else { sides };
        let found = DataFacts {
            median: Pair::new(height, width),
            images: facts.train,
            channels: facts.median.channels,
            numbers: classes,
            memory: memory.bytes,
        };
        let found = plan(&found, predict).map_err(EngineError::input)?;
        let ImageShape { channels, .. } = facts.median;
        let Pair { height, width } = found.patch;
        let mut reasons = found.reasons.into_iter();
        let first = reasons.next();
        let Some(files) = files else {
            // Tiles or crops that the user chose stay as they are.
            let input = facts.median;
            return Ok(Self {
                data: facts.data.clone(),
                input,
                batch: found.batch,
                baseline: Baseline::SelfConfigured(found.network),
                of_data: vec!["tiles, crops and sizes are those of the file".to_owned()],
                of_baseline: reasons.collect(),
            });
        };
        let mut own = ImageFiles { ..files.clone() };
        let mut of_data = Vec::new();
        if !facts.is_uniform() {
            of_data.push(format!(
                "square patches of {} pixels at most: the smallest image has {rows} rows or \
                 {columns} columns, and masks have no label for pixels beside it",
                halvable(sides[0])
            ));
        }
        if facts.is_uniform() || [height, width] != sides.map(halvable) {
            of_data.extend(first);
        }
        let patch = CropConfig::new(height, width);
        let side = height.max(width);
        let tile = rows.min(columns).min(2 * side);
        let many = facts.median.height * facts.median.width > MANY * height * width;
        if [rows, columns] == [height, width] && facts.is_uniform() {
            of_data.push("the network sees whole images".to_owned());
        } else if (many || !facts.is_uniform()) && tile >= side {
            if tile == side && height == width {
                let overlap = side * Tiles::default().overlap / Tiles::default().size;
                own.tiles = Some(Tiles { size: side, overlap });
                of_data.push("tiles of that size overlap by a third, as in the paper".to_owned());
            } else {
                own.tiles = Some(Tiles { size: tile, overlap: 0 });
                own.crops = Some(patch);
                of_data.push(format!(
                    "images are cut into tiles of {tile} pixels, and a random patch of each is \
                     seen in every epoch"
                ));
            }
        } else {
            own.crops = Some(patch);
            of_data.push("a random patch of every image is seen in every epoch".to_owned());
        }
        if own.crops.is_some() {
            let centred = "a third of the patches is centred on a pixel that is not class 0";
            of_data.push(centred.to_owned());
        }
        Ok(Self {
            data: Named::Known(Data::Images(ImageFolder(own))),
            input: ImageShape { channels, height, width },
            batch: found.batch,
            baseline: Baseline::SelfConfigured(found.network),
            of_data,
            of_baseline: reasons.collect(),
        })
    }

    fn of_images(
        facts: &Facts,
        memory: &Available,
        predict: &Predict<'_>,
    ) -> Result<Self, EngineError> {
        let ImageShape { channels, height, width } = facts.median;
        let mut data = facts.data.clone();
        let mut input = facts.median;
        let mut of_data = vec![format!("images of {height}x{width}")];
        if let Some(files) = facts.free_files()
            && (!facts.is_uniform() || height.max(width) > LARGEST)
        {
            let [height, width] = fitting(height, width);
            let files = ImageFiles { size: Size::Cover(height, width), ..files.clone() };
            data = Named::Known(Data::Images(ImageFolder(files)));
            input = ImageShape { channels, height, width };
            let why = if facts.is_uniform() { "larger" } else { "of several sizes" };
            of_data = vec![format!(
                "images are {why}; {height}x{width} have the ratio of the median image, \
                 {LARGEST} pixels a side at most"
            )];
        }
        let numbers = match facts.targets {
            TargetSpec::Class { classes } => classes,
            TargetSpec::Labels(numbers) | TargetSpec::Values(numbers) => numbers,
            _ => 1,
        };
        let baseline = resnet(input.height.min(input.width));
        let shape = Shape::new(channels, input.height, input.width);
        let graph = baseline.graph(shape, Outputs::Vector(numbers)).map_err(EngineError::input)?;
        let halves = std::iter::successors(Some(BATCH), |batch| Some(batch / 2));
        let mut batches = halves.take_while(|&batch| batch >= super::LEAST_BATCH);
        let needs = |batch| predict(&graph, batch).unwrap_or(u64::MAX);
        let Some(batch) = batches.find(|&batch| needs(batch) <= memory.bytes) else {
            return Err(EngineError::Memory {
                what: format!("the hand-made network {}", baseline.title()),
                needed: needs(super::LEAST_BATCH),
                available: memory.bytes,
                limit: memory.source.clone(),
            });
        };
        let side = input.height.min(input.width);
        let of_baseline = vec![
            format!("{} is the usual network for images of {side} pixels a side", baseline.title()),
            format!(
                "a batch of {batch}: {BATCH} are usual, and {} hold them; training takes about {}",
                amount(memory.bytes),
                amount(needs(batch))
            ),
        ];
        Ok(Self { data, input, batch, baseline, of_data, of_baseline })
    }
}

/// The largest side up to `side` that the self-configured network halves to the end.
fn halvable(side: usize) -> usize {
    let least = 2 * dartloom::space::hand_made::SelfConfigured::default().smallest;
    let sides = std::iter::successors(Some(side), |side| Some(side.div_ceil(2)));
    let halvings = sides.take_while(|&side| side >= least).count();
    side - side % (1 << halvings)
}

/// Sides of the same ratio, [`LARGEST`] at most, which cells can halve.
fn fitting(height: usize, width: usize) -> [usize; 2] {
    let longest = height.max(width).max(1);
    let scale = (LARGEST as f64 / longest as f64).min(1.0);
    [height, width].map(|side| {
        let side = (side as f64 * scale).round() as usize;
        (side - side % MULTIPLE).max(MULTIPLE)
    })
}

/// The usual residual network for images of a side.
fn resnet(side: usize) -> Baseline {
    match side {
        0..16 => Baseline::TinyResNet,
        16..LARGE => Baseline::ResNet18,
        _ => Baseline::ResNet(ResNet { stem: ResNetStem::ImageNet, ..ResNet::resnet18() }),
    }
}
