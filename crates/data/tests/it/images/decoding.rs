//! Decoded values are those of the files, whole and in parts.

use std::path::Path;

use dartloom_data::ImageShape;
use dartloom_data::images::{
    Bands, Colour, Format, ImageFile, MAX_PIXELS, Meaning, Raster, SampleType, Values, Window,
};
use png::{BitDepth, ColorType};
use tiff::encoder::colortype::{Gray8, Gray16, RGB8};

use super::make::{Folder, Png, floats, grey, pixels, rgb, tiff};

fn open(bytes: &[u8], meaning: Meaning) -> ImageFile {
    ImageFile::of_bytes(Path::new("f"), bytes.to_vec(), meaning, MAX_PIXELS).unwrap()
}

fn whole(bytes: &[u8]) -> Raster {
    open(bytes, Meaning::Picture).whole().unwrap()
}

/// Values pixel by pixel in the order of planes.
fn planes<T: Copy>(values: &[T], channels: usize) -> Vec<T> {
    (0..channels).flat_map(|c| values.iter().skip(c).step_by(channels).copied()).collect()
}

#[test]
fn bytes_and_words_keep_their_values() {
    let data = pixels(5 * 3 * 3, 1);
    let image = whole(&rgb(5, 3).bytes(&data));
    assert_eq!(image.shape(), ImageShape::new(3, 3, 5));
    assert_eq!(image.values(), &Values::U8(planes(&data, 3)));

    let words: Vec<u16> = (0..15).map(|at| at * 4369).collect();
    let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_be_bytes()).collect();
    let png = Png { depth: BitDepth::Sixteen, ..grey(5, 3) }.bytes(&bytes);
    assert_eq!(whole(&png).values(), &Values::U16(words.clone()));
    let bytes = tiff(|encoder| encoder.write_image::<Gray16>(5, 3, &words).unwrap());
    assert_eq!(whole(&bytes).values(), &Values::U16(words));

    let values: Vec<f32> = (0..15).map(|at| at as f32 * 1e-3 - 7.0).collect();
    let image = whole(&floats(5, 3, &values));
    assert_eq!((image.sample(), image.values()), (SampleType::F32, &Values::F32(values)));
}

#[test]
fn palettes_are_colours_in_pictures_and_indices_in_masks() {
    for (depth, data) in [
        (BitDepth::Eight, vec![0, 1, 2, 3, 2, 1]),
        (BitDepth::Four, vec![0x01, 0x20, 0x32, 0x10]),
        (BitDepth::Two, vec![0b0001_1000, 0b1110_0100]),
    ] {
        let png = Png { width: 3, height: 2, colour: ColorType::Indexed, depth }.bytes(&data);
        let mut file = open(&png, Meaning::Labels);
        assert_eq!(file.header().colour, Colour::Palette);
        assert_eq!(
            file.whole().unwrap().values(),
            &Values::U8(vec![0, 1, 2, 3, 2, 1]),
            "{depth:?}"
        );
        let picture = whole(&png);
        assert_eq!(picture.shape().channels, 3);
        let Values::U8(values) = picture.values() else { panic!() };
        assert_eq!(values[..6], [200, 10, 10, 90, 10, 10]);
    }
}

#[test]
fn few_bits_are_light_in_pictures_and_numbers_in_masks() {
    let png = Png { width: 10, height: 1, colour: ColorType::Grayscale, depth: BitDepth::One };
    let png = png.bytes(&[0b1010_0000, 0b0100_0000]);
    let mask = open(&png, Meaning::Labels).whole().unwrap();
    assert_eq!(mask.values(), &Values::U8(vec![1, 0, 1, 0, 0, 0, 0, 0, 0, 1]));
    let Values::U8(light) = whole(&png).values().clone() else { panic!() };
    assert_eq!(light, [255, 0, 255, 0, 0, 0, 0, 0, 0, 255]);
}

/// Pixels as another decoder reads them (Pillow 13). It enlarges halved colours in another way.
#[test]
fn jpeg_files_are_read_in_their_colours() {
    let near = |image: &Raster, expected: &[[i32; 3]; 4], most: i32| {
        let Values::U8(values) = image.values() else { panic!() };
        for (at, colours) in [0, 15, 4 * 16 + 7, 7 * 16 + 15].into_iter().zip(expected) {
            for channel in 0..image.shape().channels {
                let found = i32::from(values[channel * 128 + at]);
                assert!((found - colours[channel]).abs() <= most, "{at}: {found} {colours:?}");
            }
        }
    };
    let colours = [[0, 0, 254], [239, 2, 136], [112, 129, 198], [239, 226, 134]];
    let bytes: [&[u8]; 2] = [
        include_bytes!("../../fixtures/rgb.jpg"),
        include_bytes!("../../fixtures/progressive.jpg"),
    ];
    for bytes in bytes {
        let mut file = open(bytes, Meaning::Picture);
        assert_eq!((file.header().format, file.header().orientation), (Format::Jpeg, 1));
        near(&file.whole().unwrap(), &colours, 0);
    }
    let mut halved = open(include_bytes!("../../fixtures/turned.jpg"), Meaning::Picture);
    assert_eq!(halved.header().orientation, 6);
    let colours = [[0, 4, 240], [227, 8, 134], [112, 129, 199], [244, 220, 150]];
    near(&halved.whole().unwrap(), &colours, 3);
    let image = whole(include_bytes!("../../fixtures/grey.jpg"));
    assert_eq!(image.shape().channels, 1);
    near(&image, &[[29; 3], [88; 3], [132; 3], [219; 3]], 0);
}

/// Strips of 7 rows.
fn striped(width: u32, height: u32, data: &[u8]) -> Vec<u8> {
    tiff(|encoder| {
        let mut image = encoder.new_image::<RGB8>(width, height).unwrap();
        image.rows_per_strip(7).unwrap();
        image.write_data(data).unwrap();
    })
}

#[test]
fn parts_of_an_image_are_those_of_the_whole() {
    let data = pixels(40 * 30 * 3, 5);
    let images = [rgb(40, 30).bytes(&data), striped(40, 30, &data)];
    let windows = [
        Window { top: 3, left: 4, height: 10, width: 12 },
        Window { top: 8, left: 20, height: 10, width: 20 },
        Window { top: 20, left: 0, height: 10, width: 40 },
        Window { top: 0, left: 39, height: 30, width: 1 },
        Window { top: 25, left: 35, height: 10, width: 10 },
    ];
    let expected = Raster::new(ImageShape::new(3, 30, 40), Values::U8(planes(&data, 3))).unwrap();
    for bytes in images {
        let mut file = open(&bytes, Meaning::Picture);
        for window in windows {
            let part = file.region(window).unwrap();
            assert_eq!(part, expected.region(window), "{:?} {window:?}", file.header().format);
        }
        assert_eq!(file.whole().unwrap(), expected);
    }
}

#[test]
fn a_large_file_is_read_from_the_disk_in_parts() {
    let folder = Folder::new();
    let side = 600_u32;
    let data = pixels((side * side) as usize, 3);
    let bytes = tiff(|encoder| encoder.write_image::<Gray8>(side, side, &data).unwrap());
    folder.write("large.tif", &bytes);
    folder.write("large.png", &grey(side, side).bytes(&data));
    for name in ["large.tif", "large.png"] {
        let mut file = ImageFile::open(&folder.path(name), Meaning::Picture, MAX_PIXELS).unwrap();
        let window = Window { top: 590, left: 1, height: 100, width: 3 };
        let Values::U8(part) = file.region(window).unwrap().values().clone() else { panic!() };
        let expected: Vec<u8> =
            (590..600).flat_map(|row| data[row * 600 + 1..row * 600 + 4].to_vec()).collect();
        assert_eq!(part, expected, "{name}");
    }
}

#[test]
fn bands_are_chosen_and_made() {
    let data = [10, 20, 30, 40, 200, 100, 50, 60];
    let png = Png { width: 2, height: 1, colour: ColorType::Rgba, depth: BitDepth::Eight };
    let image = whole(&png.bytes(&data));
    let bands = |bands| image.clone().banded(bands).unwrap().values().clone();
    assert_eq!(bands(Bands::AsStored), Values::U8(vec![10, 200, 20, 100, 30, 50, 40, 60]));
    assert_eq!(bands(Bands::Rgb), Values::U8(vec![10, 200, 20, 100, 30, 50]));
    assert_eq!(bands(Bands::First(2)), Values::U8(vec![10, 200, 20, 100]));
    // 0.299 * 10 + 0.587 * 20 + 0.114 * 30 = 18.15, and 124.2.
    assert_eq!(bands(Bands::Grey), Values::U8(vec![18, 124]));
    let grey = whole(&grey(2, 1).bytes(&[7, 9]));
    assert_eq!(grey.banded(Bands::Rgb).unwrap().values(), &Values::U8(vec![7, 9, 7, 9, 7, 9]));
    assert_eq!(image.banded(Bands::First(5)), Err(4));
}

/// Values of Pillow 13: `resize` with BILINEAR and NEAREST.
#[test]
fn sizes_change_as_in_pillow() {
    let data: Vec<u8> = (0..20_u32)
        .map(|at| (37 * (at % 5) + 91 * (at / 5) + at % 5 * (at / 5) * 13) as u8)
        .collect();
    let image = Raster::new(ImageShape::new(1, 4, 5), Values::U8(data)).unwrap();
    let resized = |height, width, labels| match image.resized(height, width, labels).values() {
        Values::U8(values) => values.clone(),
        other => panic!("{other:?}"),
    };
    let near = |found: Vec<u8>, expected: &[u8]| {
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(expected) {
            assert!(found.abs_diff(*expected) <= 1, "{found} {expected}");
        }
    };
    near(resized(2, 3, false), &[85, 129, 131, 127, 146, 143]);
    near(resized(2, 5, false), &[65, 111, 121, 167, 104, 98, 165, 122, 189, 109]);
    let large = [
        0, 16, 39, 62, 86, 109, 132, 148, 46, 65, 92, 119, 147, 174, 129, 92, 106, 129, 159, 164,
        184, 217, 129, 59, 167, 194, 218, 123, 95, 132, 146, 154, 100, 130, 166, 129, 133, 176,
        147, 122, 17, 50, 98, 145, 193, 240, 144, 65,
    ];
    near(resized(6, 8, false), &large);
    assert_eq!(resized(2, 3, true), [91, 191, 35, 17, 169, 65]);
    assert_eq!(resized(2, 5, true), [91, 141, 191, 241, 35, 17, 93, 169, 245, 65]);
}
