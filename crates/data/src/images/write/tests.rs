use std::path::Path;

use super::*;
use crate::ImageShape;
use crate::images::{ImageFile, MAX_PIXELS, Meaning, Values};

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

/// Writes rows of values and reads the file back, channel by channel.
fn back(path: &Path, pixels: PixelType, height: usize, width: usize) -> Values {
    let image = NewImage::new(path, height, width, pixels).unwrap();
    let row = pixels.samples() * width;
    let written: Result<(), DataError> = image.write(|sink| {
        (0..height).try_for_each(|line| match pixels {
            PixelType::Byte | PixelType::Rgb => {
                let bytes: Vec<u8> = (0..row).map(|at| ((line * row + at) % 251) as u8).collect();
                sink.put(Row::Bytes(&bytes))
            }
            PixelType::Word => {
                let words: Vec<u16> =
                    (0..row).map(|at| ((line * row + at) as u16).wrapping_mul(7)).collect();
                sink.put(Row::Words(&words))
            }
            PixelType::Floats(_) => {
                let floats: Vec<f32> = (0..row).map(|at| (line * row + at) as f32 / 8.0).collect();
                sink.put(Row::Floats(&floats))
            }
        })
    });
    written.unwrap();
    let mut file = ImageFile::open(path, Meaning::Labels, MAX_PIXELS).unwrap();
    assert_eq!(file.header().shape, ImageShape::new(pixels.samples(), height, width));
    file.whole().unwrap().values().clone()
}

/// Value `at` of a row-by-row image of so many channels, when it is read channel by channel.
fn planar(height: usize, width: usize, channels: usize) -> impl Iterator<Item = usize> {
    let plane = height * width;
    (0..channels).flat_map(move |channel| (0..plane).map(move |at| at * channels + channel))
}

#[test]
fn files_are_read_back_as_they_were_written() {
    let folder = folder();
    // More rows than a strip of a TIFF file holds.
    let sizes = [(3, 5), (1, 1), (700, 2000)];
    for (height, width) in sizes {
        for ending in ["png", "tif"] {
            let path = folder.path().join(format!("{height}.{ending}"));
            let found = back(&path, PixelType::Byte, height, width);
            let wanted = (0..height * width).map(|at| (at % 251) as u8).collect();
            assert!(found == Values::U8(wanted), "{ending}");
            let found = back(&path, PixelType::Word, height, width);
            let wanted = (0..height * width).map(|at| (at as u16).wrapping_mul(7)).collect();
            assert!(found == Values::U16(wanted), "{ending}");
            let found = back(&path, PixelType::Rgb, height, width);
            let wanted = planar(height, width, 3).map(|at| (at % 251) as u8).collect();
            assert!(found == Values::U8(wanted), "{ending}");
        }
        let path = folder.path().join("probabilities.tiff");
        let found = back(&path, PixelType::Floats(5), height, width);
        let wanted = planar(height, width, 5).map(|at| at as f32 / 8.0).collect();
        assert!(found == Values::F32(wanted));
    }
}

#[test]
fn an_unfinished_file_is_none_and_the_old_one_stays() {
    let folder = folder();
    for name in ["mask.png", "mask.tif"] {
        let path = folder.path().join(name);
        std::fs::write(&path, "old").unwrap();
        let image = NewImage::new(&path, 2, 2, PixelType::Byte).unwrap();
        let text = |fill: &dyn Fn(&mut dyn RowSink) -> Result<(), DataError>| {
            image.write(fill).unwrap_err().to_string()
        };
        let few = text(&|sink| sink.put(Row::Bytes(&[0, 1])));
        assert!(few.contains(name) && few.contains("expected 2 rows"), "{few}");
        let wide = text(&|sink| sink.put(Row::Bytes(&[0, 1, 2])));
        assert!(wide.contains("expected 2 values of Byte in a row, found 3"), "{wide}");
        let other = text(&|sink| sink.put(Row::Words(&[0, 1])));
        assert!(other.contains("expected 2 values of Byte"), "{other}");
        let many = text(&|sink| (0..3).try_for_each(|_| sink.put(Row::Bytes(&[0, 1]))));
        assert!(many.contains(name), "{many}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "old");
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2, "nothing else is left");
}

#[test]
fn names_and_sizes_that_cannot_be_written_are_refused() {
    let text = |name: &str, height, pixels| {
        NewImage::new(name, height, 4, pixels).map(|_| ()).unwrap_err().to_string()
    };
    assert!(text("mask.jpg", 4, PixelType::Byte).contains("ends in .png, .tif or .tiff"));
    assert!(text("mask", 4, PixelType::Byte).contains("ends in .png, .tif or .tiff"));
    assert!(text("mask.png", 0, PixelType::Byte).contains("rows and columns"));
    assert!(text("mask.png", 1 << 31, PixelType::Byte).contains("rows and columns"));
    assert!(text("mask.PNG", 4, PixelType::Floats(2)).contains("floats need TIFF"));
    assert!(text("mask.tif", 4, PixelType::Floats(0)).contains("at least 1 float"));
}

#[test]
fn the_place_on_earth_is_copied() {
    use ::tiff::encoder::{TiffEncoder, colortype::Gray8};
    use ::tiff::tags::Tag;

    let folder = folder();
    let from = folder.path().join("scene.tif");
    let mut encoder = TiffEncoder::new(std::fs::File::create(&from).unwrap()).unwrap();
    let mut image = encoder.new_image::<Gray8>(2, 2).unwrap();
    let scale = [10.0_f64, 10.0, 0.0];
    let tie = [0.0_f64, 0.0, 0.0, 499_980.0, 4_200_000.0, 0.0];
    let keys = [1_u16, 1, 0, 1, 1024, 0, 1, 1];
    image.encoder().write_tag(Tag::from_u16_exhaustive(33550), &scale[..]).unwrap();
    image.encoder().write_tag(Tag::from_u16_exhaustive(33922), &tie[..]).unwrap();
    image.encoder().write_tag(Tag::from_u16_exhaustive(34735), &keys[..]).unwrap();
    image.encoder().write_tag(Tag::from_u16_exhaustive(34737), "WGS 84|").unwrap();
    image.write_data(&[0, 1, 2, 3]).unwrap();

    let tags = GeoTags::read(&from).unwrap();
    assert_eq!(tags.len(), 4);
    let to = folder.path().join("mask.tif");
    let mask = NewImage::new(&to, 2, 2, PixelType::Byte).unwrap().with_tags(tags);
    let rows = |sink: &mut dyn RowSink| (0..2).try_for_each(|_| sink.put(Row::Bytes(&[1, 0])));
    mask.write::<DataError>(rows).unwrap();
    let file = std::fs::File::open(&to).unwrap();
    let mut decoder = ::tiff::decoder::Decoder::new(file).unwrap();
    let mut floats = |tag| decoder.get_tag_f64_vec(Tag::from_u16_exhaustive(tag)).unwrap();
    assert_eq!(floats(33550), scale);
    assert_eq!(floats(33922), tie);
    assert_eq!(decoder.get_tag_u16_vec(Tag::from_u16_exhaustive(34735)).unwrap(), keys);
    let text = decoder.get_tag_ascii_string(Tag::from_u16_exhaustive(34737)).unwrap();
    assert_eq!(text, "WGS 84|");

    let png = folder.path().join("plain.png");
    NewImage::new(&png, 2, 2, PixelType::Byte).unwrap().write::<DataError>(rows).unwrap();
    assert!(GeoTags::read(&png).unwrap().is_empty());
}
