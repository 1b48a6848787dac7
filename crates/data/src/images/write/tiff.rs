//! TIFF files.

use std::fs::File;
use std::io::{BufWriter, Write as _};

use tiff::TiffError;
use tiff::encoder::colortype::{ColorType, Gray8, Gray16, Gray32Float, RGB8};
use tiff::encoder::{ImageEncoder, TiffEncoder, TiffKind, TiffValue};
use tiff::tags::ExtraSamples;

use super::{NewImage, PixelType, Row, RowSink};
use crate::DataError;

/// Bytes of pixels above which a file is a BigTIFF: offsets of 32 bits end at 4 GiB.
const BIG: u64 = u32::MAX as u64 - (1 << 24);

pub(super) fn write<E: From<DataError>>(
    image: &NewImage,
    mut file: BufWriter<File>,
    fill: impl FnOnce(&mut dyn RowSink) -> Result<(), E>,
) -> Result<(), E> {
    let bytes = image.row() as u64 * u64::from(image.height) * bytes(image.pixels);
    let failed = |error: TiffError| image.failed(error);
    if bytes > BIG {
        typed(image, TiffEncoder::new_big(&mut file).map_err(failed)?, fill)?;
    } else {
        typed(image, TiffEncoder::new(&mut file).map_err(failed)?, fill)?;
    }
    Ok(file.flush().map_err(|error| image.failed(error))?)
}

fn bytes(pixels: PixelType) -> u64 {
    match pixels {
        PixelType::Byte | PixelType::Rgb => 1,
        PixelType::Word => 2,
        PixelType::Floats(_) => 4,
    }
}

fn typed<E: From<DataError>, K: TiffKind>(
    image: &NewImage,
    encoder: TiffEncoder<&mut BufWriter<File>, K>,
    fill: impl FnOnce(&mut dyn RowSink) -> Result<(), E>,
) -> Result<(), E> {
    match image.pixels {
        PixelType::Byte => strips::<E, Gray8, K>(image, encoder, fill),
        PixelType::Word => strips::<E, Gray16, K>(image, encoder, fill),
        PixelType::Rgb => strips::<E, RGB8, K>(image, encoder, fill),
        PixelType::Floats(_) => strips::<E, Gray32Float, K>(image, encoder, fill),
    }
}

fn strips<E: From<DataError>, C: Samples, K: TiffKind>(
    image: &NewImage,
    mut encoder: TiffEncoder<&mut BufWriter<File>, K>,
    fill: impl FnOnce(&mut dyn RowSink) -> Result<(), E>,
) -> Result<(), E>
where
    [C::Inner]: TiffValue,
{
    let failed = |error: TiffError| image.failed(error);
    let mut file = encoder.new_image::<C>(image.width, image.height).map_err(failed)?;
    if let PixelType::Floats(bands) = image.pixels {
        let others = vec![ExtraSamples::Unspecified; usize::from(bands) - 1];
        file.extra_samples(&others).map_err(failed)?;
    }
    image.tags.put(file.encoder()).map_err(failed)?;
    let mut sink = Strips { image, file, strip: Vec::new() };
    fill(&mut sink)?;
    if sink.file.next_strip_sample_count() != 0 {
        return Err(image
            .failed(format_args!("expected {} rows, found fewer", image.height))
            .into());
    }
    Ok(sink.file.finish().map_err(failed)?)
}

/// Pixels whose values a [`Row`] can hold.
trait Samples: ColorType<Inner: Copy> {
    /// The values of a row of this type.
    fn of<'a>(row: Row<'a>) -> Option<&'a [Self::Inner]>;
}

macro_rules! samples {
    ($($pixel:ty => $row:ident),*) => {$(
        impl Samples for $pixel {
            fn of<'a>(row: Row<'a>) -> Option<&'a [Self::Inner]> {
                match row {
                    Row::$row(values) => Some(values),
                    _ => None,
                }
            }
        }
    )*};
}
samples!(Gray8 => Bytes, RGB8 => Bytes, Gray16 => Words, Gray32Float => Floats);

/// Rows are gathered until they fill a strip.
struct Strips<'i, 's, 'f, C: Samples, K: TiffKind> {
    image: &'i NewImage,
    file: ImageEncoder<'s, &'f mut BufWriter<File>, C, K>,
    strip: Vec<C::Inner>,
}

impl<C: Samples, K: TiffKind> RowSink for Strips<'_, '_, '_, C, K>
where
    [C::Inner]: TiffValue,
{
    fn pixels(&self) -> PixelType {
        self.image.pixels
    }

    fn put(&mut self, row: Row<'_>) -> Result<(), DataError> {
        let wanted = self.file.next_strip_sample_count();
        let values = C::of(row).filter(|all| all.len() == self.image.row() && wanted > 0);
        self.strip.extend_from_slice(values.ok_or_else(|| self.image.refused(&row))?);
        if self.strip.len() as u64 == wanted {
            let written = self.file.write_strip(&self.strip);
            written.map_err(|error| self.image.failed(error))?;
            self.strip.clear();
        }
        Ok(())
    }
}
