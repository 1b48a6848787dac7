//! Images in files: PNG, JPEG and TIFF in folders, with classes, tables or masks.
//!
//! [`recognise`] describes a folder by its layout, [`ImageFiles::open`] makes data sets of it,
//! [`ImageFiles::check`] says what is wrong with it.
//!
//! # Values
//!
//! | file | values | pixel |
//! | --- | --- | --- |
//! | PNG of 1, 2, 4, 8 bits, palettes, JPEG, TIFF of 1 to 8 bits | bytes | value / 255 |
//! | PNG and TIFF of 16 bits | 16-bit integers | value / 65535 |
//! | TIFF of floats or signed integers | floats | as stored |
//!
//! Pixels are then normalised by mean and standard deviation of the training part, channel by
//! channel. Nothing is rounded before that. Colour profiles are not applied, alpha is a band unless
//! `bands` says otherwise, and an EXIF orientation is told and not applied, since masks have none.
//! In masks a palette's indices are the labels, and no value is scaled.

mod cache;
mod decode;
mod error;
mod files;
mod folder;
mod grid;
mod judge;
mod labels;
mod layout;
mod list;
mod open;
mod raster;
mod recognise;
mod rows;
mod set;
mod size;
mod source;
mod split;
mod survey;
mod table;
mod tiles;
mod write;

pub use decode::{Colour, Format, Header, ImageFile, MAX_PIXELS, MAX_PIXELS_IN_PARTS, Meaning};
pub use error::ImageError;
pub use list::FileList;
pub use open::Opened;
pub use raster::{Bands, Raster, SampleType, Values, Window};
pub use recognise::recognise;
pub use rows::{FilePixels, FileRows};
pub use set::{ImageSet, Origin};
pub use size::Size;
pub use source::{Classes, Columns, FileTargets, ImageFiles, MaskFiles, Repeats, TableFile};
pub use split::{FileSplit, Group, Part, RandomSplit};
pub use tiles::Tiles;
pub use write::{GeoTags, NewImage, PixelType, Row, RowSink};
