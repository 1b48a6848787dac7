//! Descriptions of data in image files, as they stand in experiment files.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::ImageError;
use super::decode::{MAX_PIXELS, MAX_PIXELS_IN_PARTS};
use super::grid::Grid;
use super::raster::Bands;
use super::size::Size;
use super::split::{FileSplit, Part};
use super::tiles::Tiles;
use crate::CropConfig;

/// A folder of images and the way to read it.
///
/// [`open`](Self::open) makes data sets of it, [`check`](Self::check) says what is wrong with it.
///
/// ```no_run
/// use dartloom_data::Dataset as _;
/// use dartloom_data::images::{FileTargets, ImageFiles, MaskFiles, Tiles};
///
/// let masks = MaskFiles { ignore: Some(255), ..MaskFiles::default() };
/// let files = ImageFiles {
///     targets: FileTargets::Masks(masks),
///     tiles: Some(Tiles::default()),
///     ..ImageFiles::at("my-images")
/// };
/// let data = files.open()?;
/// println!("{} tiles to train with", data.train.len());
/// # Ok::<(), dartloom_data::DataError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename = "Images")]
pub struct ImageFiles {
    /// The folder.
    pub directory: PathBuf,
    /// The value to learn from an image, and where it stands.
    #[serde(default)]
    pub targets: FileTargets,
    /// The division into training, validation and test images.
    #[serde(default)]
    pub split: FileSplit,
    /// The bands that are read.
    #[serde(default)]
    pub bands: Bands,
    /// The size that every image is given. Not together with `tiles`.
    #[serde(default)]
    pub size: Size,
    /// Cuts every image into tiles.
    #[serde(default)]
    pub tiles: Option<Tiles>,
    /// Trains on random crops of every image, or of every tile where there are `tiles`: see
    /// [`Crops`](crate::Crops). Images to choose and to test with are cut into tiles of that size,
    /// which overlap by 180 of 512 pixels as [`Tiles`] do by default. For masks.
    #[serde(default)]
    pub crops: Option<CropConfig>,
    /// Pixels that an image may have, a guard against files that unpack to more memory than there
    /// is; 2^27 when left out, and 2^36 with `tiles`, which are read in parts.
    #[serde(default)]
    pub max_pixels: Option<u64>,
    /// Bytes of decoded images that are kept in memory.
    #[serde(default = "cache")]
    pub cache: usize,
    /// Equal images in two parts: refused, or told and allowed.
    #[serde(default)]
    pub repeats: Repeats,
}

const fn cache() -> usize {
    1 << 28
}

/// The rule about equal images in two parts of the data.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Repeats {
    /// They are an error: the score on the test part would be too good.
    #[default]
    Refuse,
    /// They are a warning.
    Allow,
}

/// The value to learn from an image, and where it stands.
#[non_exhaustive]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum FileTargets {
    /// By the folder's layout, see [`recognise`](super::recognise).
    #[default]
    Recognised,
    /// The name of the folder that the image lies in: `cat/1.png`, `dog/1.png`.
    Folders,
    /// A mask of the same name: `images/NAME.png` and `masks/NAME.png`.
    Masks(MaskFiles),
    /// A row of a table: `labels.csv`.
    Table(TableFile),
}

/// Masks, one for each image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename = "Masks")]
pub struct MaskFiles {
    /// Folder of the images, in the folder of each part.
    pub images: PathBuf,
    /// Folder of the masks, in the folder of each part.
    pub masks: PathBuf,
    /// The classes.
    pub classes: Classes,
    /// The label of pixels that do not count, such as 255.
    pub ignore: Option<u32>,
    /// Values in the files that stand for another class: `{255: 1}`.
    pub labels: BTreeMap<u32, u32>,
    /// Colours and their classes, for masks that are coloured: `{"FF0000": 1}`.
    pub colours: BTreeMap<String, u32>,
}

impl Default for MaskFiles {
    fn default() -> Self {
        Self {
            images: "images".into(),
            masks: "masks".into(),
            classes: Classes::Found,
            ignore: None,
            labels: BTreeMap::new(),
            colours: BTreeMap::new(),
        }
    }
}

/// The classes of masks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Classes {
    /// As many as the largest label of the training masks says.
    #[default]
    Found,
    /// So many.
    Count(usize),
    /// With these names, class 0 first.
    Names(Vec<String>),
}

/// A table with a row for each image, in CSV.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename = "Table")]
pub struct TableFile {
    /// The file, in the folder of each part.
    pub file: PathBuf,
    /// Folder that the names of images start in, in the folder of each part.
    #[serde(default = "images")]
    pub images: PathBuf,
    /// The column with the name of the image; `file`, `image`, `filename`, `path` or `name` when
    /// left out, whichever comes first.
    #[serde(default)]
    pub image: Option<String>,
    /// The columns to learn.
    pub learn: Columns,
}

fn images() -> PathBuf {
    "images".into()
}

/// The columns of a table that are to be learnt.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Columns {
    /// One column with the name of a class.
    Class(String),
    /// Columns with 0 or 1.
    Labels(Vec<String>),
    /// Columns with numbers.
    Values(Vec<String>),
}

impl ImageFiles {
    /// The images in `directory` with every setting at its default.
    #[must_use]
    pub fn at(directory: impl Into<PathBuf>) -> Self {
        Self {
            directory: directory.into(),
            targets: FileTargets::default(),
            split: FileSplit::default(),
            bands: Bands::default(),
            size: Size::default(),
            tiles: None,
            crops: None,
            max_pixels: None,
            cache: cache(),
            repeats: Repeats::default(),
        }
    }

    /// `true` with every setting at its default.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        *self == Self::at(self.directory.clone())
    }

    /// Pixels that an image may have.
    pub(super) fn limit(&self) -> u64 {
        let usual = if self.tiles.is_some() { MAX_PIXELS_IN_PARTS } else { MAX_PIXELS };
        self.max_pixels.unwrap_or(usual)
    }

    /// The windows that images of a part are cut into; `None` for whole images.
    pub(super) fn grid(&self, part: Part) -> Option<Grid> {
        match (self.crops, part) {
            (Some(crops), Part::Valid | Part::Test) => Some(Grid::of_crops(crops)),
            _ => self.tiles.map(Grid::of_tiles),
        }
    }

    /// Refuses crops that no image has.
    fn check_crops(&self, crops: CropConfig) -> Result<(), ImageError> {
        let refuse = |field, expected: String, found: String| {
            Err(ImageError::Setting { field, expected, found })
        };
        if let FileTargets::Table(_) | FileTargets::Folders = self.targets {
            let expected = "masks, which are cut with their images; `transforms: \
                            [RandomResizedCrop()]` crops others"
                .to_owned();
            let found = "crops of images that have one target each".to_owned();
            return refuse("crops", expected, found);
        }
        let tile = self.tiles.map_or([usize::MAX; 2], |tiles| [tiles.size; 2]);
        let [rows, columns] = self.size.asked().unwrap_or(tile);
        for (field, found, most) in
            [("crops.height", crops.height, rows), ("crops.width", crops.width, columns)]
        {
            if found == 0 || found > most {
                let expected = match most {
                    usize::MAX => "at least 1 pixel".to_owned(),
                    _ => format!("1 to {most} pixels, the side of what is cropped"),
                };
                return refuse(field, expected, found.to_string());
            }
        }
        match crops.foreground {
            Some(share) if !(0.0..=1.0).contains(&share) => {
                refuse("crops.foreground", "a share, 0 to 1".to_owned(), share.to_string())
            }
            _ => Ok(()),
        }
    }

    /// Refuses settings that contradict each other.
    pub(super) fn check_settings(&self) -> Result<(), ImageError> {
        let refuse = |field, expected: &str, found: String| {
            Err(ImageError::Setting { field, expected: expected.to_owned(), found })
        };
        if let Some(crops) = self.crops {
            self.check_crops(crops)?;
        }
        if let Some(tiles) = self.tiles {
            tiles.check()?;
            if self.size != Size::AsStored {
                return refuse("size", "`AsStored` beside `tiles`", format!("{:?}", self.size));
            }
            if let FileTargets::Table(_) | FileTargets::Folders = self.targets {
                let found = "tiles of images that have one target each".to_owned();
                return refuse("tiles", "masks, which are cut with their images", found);
            }
        }
        if let Some([height, width]) = self.size.asked()
            && (height == 0 || width == 0)
        {
            return refuse("size", "at least 1 pixel", format!("{height} x {width}"));
        }
        if self.bands == Bands::First(0) {
            return refuse("bands", "at least 1 band", "none".to_owned());
        }
        if let FileTargets::Masks(masks) = &self.targets {
            let names = match &masks.classes {
                Classes::Found => usize::MAX,
                Classes::Count(count) => *count,
                Classes::Names(names) => names.len(),
            };
            if names < 2 {
                return refuse("targets.classes", "at least 2 classes", names.to_string());
            }
        }
        if let FileTargets::Table(table) = &self.targets {
            let (Columns::Labels(columns) | Columns::Values(columns)) = &table.learn else {
                return Ok(());
            };
            if columns.is_empty() {
                return refuse("targets.learn", "at least one column", "none".to_owned());
            }
            let mut rest = columns.iter().enumerate();
            let twice = rest.find(|(at, name)| columns[..*at].contains(name));
            if let Some((_, name)) = twice {
                return refuse("targets.learn", "every column once", format!("{name:?} twice"));
            }
        }
        Ok(())
    }
}
