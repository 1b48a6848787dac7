//! The memory of reading an image file row by row, against the number of its rows. The counting
//! allocator serves a whole process, so this test has one of its own.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use dartloom_data::images::{Bands, FileRows, NewImage, PixelType, Row, RowSink};
use dartloom_data::{DataError, ImageRows as _, Normalization};
use peak_alloc::PeakAlloc;
use tiff::encoder::colortype::Gray8;
use tiff::encoder::{Compression, DeflateLevel, TiffEncoder};

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

const WIDTH: usize = 2048;
/// Rows of a small and of a large image. Of the small one, too, a strip is read in parts.
const HEIGHTS: [usize; 2] = [1536, 8192];
/// Bytes that more tables of strips and tiles may take.
const TABLES: usize = 1 << 18;

fn byte(row: usize, column: usize) -> u8 {
    (row * 7 + column * 3 + (row / 16) * (column / 64)) as u8
}

fn line(row: usize) -> Vec<u8> {
    (0..WIDTH).map(|column| byte(row, column)).collect()
}

/// A TIFF file of strips of so many rows.
fn strips(path: &Path, height: usize, rows: usize, compression: Compression) {
    let file = BufWriter::new(File::create(path).unwrap());
    let mut encoder = TiffEncoder::new(file).unwrap().with_compression(compression);
    let mut image = encoder.new_image::<Gray8>(WIDTH as u32, height as u32).unwrap();
    image.rows_per_strip(rows as u32).unwrap();
    // Strips that are written one by one are not packed.
    image.write_data(&(0..height).flat_map(line).collect::<Vec<u8>>()).unwrap();
}

/// The beginning of a grey TIFF file whose tags have one number each, or the place of several.
fn tags(path: &Path, height: usize, others: &[[usize; 3]]) -> BufWriter<File> {
    let plain = [[256, 1, WIDTH], [257, 1, height], [258, 1, 8], [262, 1, 1], [277, 1, 1]];
    let mut tags = [&plain, others].concat();
    tags.sort_unstable();
    let mut file = BufWriter::new(File::create(path).unwrap());
    file.write_all(b"II\x2a\0\x08\0\0\0").unwrap();
    file.write_all(&(tags.len() as u16).to_le_bytes()).unwrap();
    for [tag, count, value] in tags {
        file.write_all(&[(tag as u16).to_le_bytes(), 4_u16.to_le_bytes()].concat()).unwrap();
        file.write_all(&[count as u32, value as u32].map(u32::to_le_bytes).concat()).unwrap();
    }
    file.write_all(&[0; 4]).unwrap();
    file
}

/// Bytes in front of what follows ten tags.
const TAGS: usize = 8 + 2 + 10 * 12 + 4;

/// A TIFF file of tiles of 256x256 pixels.
fn tiles(path: &Path, height: usize) {
    const SIDE: usize = 256;
    let tiles = (height / SIDE) * (WIDTH / SIDE);
    let pixels = TAGS + 8 * tiles;
    let places = [[324, tiles, TAGS], [325, tiles, TAGS + 4 * tiles]];
    let sides = [[322, 1, SIDE], [323, 1, SIDE], [259, 1, 1]];
    let mut file = tags(path, height, &[&sides[..], &places].concat());
    let places = (0..tiles).map(|tile| pixels + tile * SIDE * SIDE);
    for number in places.chain(std::iter::repeat_n(SIDE * SIDE, tiles)) {
        file.write_all(&(number as u32).to_le_bytes()).unwrap();
    }
    for tile in 0..tiles {
        let top = tile / (WIDTH / SIDE) * SIDE;
        let left = tile % (WIDTH / SIDE) * SIDE;
        for row in top..top + SIDE {
            file.write_all(&line(row)[left..left + SIDE]).unwrap();
        }
    }
    file.flush().unwrap();
}

fn png(path: &Path, height: usize) {
    let image = NewImage::new(path, height, WIDTH, PixelType::Byte).unwrap();
    let rows =
        |sink: &mut dyn RowSink| (0..height).try_for_each(|row| sink.put(Row::Bytes(&line(row))));
    image.write::<DataError>(rows).unwrap();
}

/// The most bytes that were requested while the rows of a file were read, which are compared with
/// those that were written.
fn peak(path: &Path, height: usize) -> usize {
    let constants = Normalization::scaled(255.0, 1).unwrap();
    let mut row = vec![0.0; WIDTH];
    let before = ALLOCATOR.current_usage();
    ALLOCATOR.reset_peak_usage();
    let mut rows = FileRows::open(path, Bands::AsStored, &constants).unwrap();
    for at in 0..height {
        rows.next_row(&mut row).unwrap();
        let expected = |column| f32::from(byte(at, column)) / 255.0;
        let wrong = (0..WIDTH).find(|&column| row[column].to_bits() != expected(column).to_bits());
        assert_eq!(wrong, None, "{}, row {at}", path.display());
    }
    ALLOCATOR.peak_usage() - before
}

/// Writes an image of so many rows.
type Writer<'a> = &'a dyn Fn(&Path, usize);

#[test]
fn memory_does_not_grow_with_the_rows() {
    let folder = tempfile::tempdir().unwrap();
    let fast = Compression::Deflate(DeflateLevel::Fast);
    let write: [(&str, Writer<'_>); 8] = [
        ("png", &png),
        ("tiles", &tiles),
        ("strips", &|path, height| strips(path, height, 16, Compression::Uncompressed)),
        ("one_strip", &|path, height| strips(path, height, height, Compression::Uncompressed)),
        ("packbits", &|path, height| strips(path, height, height, Compression::Packbits)),
        ("lzw", &|path, height| strips(path, height, height, Compression::Lzw)),
        ("deflate", &|path, height| strips(path, height, height, fast)),
        ("few", &|path, height| strips(path, height, 3000, fast)),
    ];
    for (name, write) in write {
        let ending = if name == "png" { "png" } else { "tif" };
        let [small, large] = HEIGHTS.map(|height| {
            let path = folder.path().join(format!("{name}-{height}.{ending}"));
            write(&path, height);
            peak(&path, height)
        });
        assert!(large < small + TABLES, "{name}: {small} and {large} bytes");
        // Less than a third of the large image as it is stored.
        assert!(large < WIDTH * HEIGHTS[1] / 3, "{name}: {large} bytes");
    }
}
