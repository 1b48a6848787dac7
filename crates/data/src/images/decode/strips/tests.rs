//! Strips read in parts against the same strips decoded in one piece.

use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use weezl::{BitOrder, encode};

use super::super::{Format, MAX_PIXELS, Meaning, Origin};
use super::*;

const WIDTH: usize = 13;
const HEIGHT: usize = 100;

/// An image whose bytes say nothing, in the layout of its tags.
#[derive(Clone)]
struct Made {
    /// Tag and values, in the order of tags.
    tags: Vec<(u16, Vec<u16>)>,
    big_end: bool,
    packing: Packing,
    /// Rows of a strip.
    strip: usize,
}

const BITS: u16 = 258;
const PHOTOMETRIC: u16 = 262;
const SAMPLES: u16 = 277;
const PLANAR: u16 = 284;
const PREDICTOR: u16 = 317;
const EXTRA: u16 = 338;
const FORMAT: u16 = 339;

/// Grey of 8 bits with other tags.
fn made(tags: &[(u16, &[u16])]) -> Made {
    let mut all = vec![(BITS, vec![8]), (PHOTOMETRIC, vec![1]), (SAMPLES, vec![1])];
    all.retain(|(tag, _)| tags.iter().all(|(other, _)| other != tag));
    all.extend(tags.iter().map(|(tag, values)| (*tag, values.to_vec())));
    Made { tags: all, big_end: false, packing: Packing::None, strip: HEIGHT }
}

impl Made {
    fn tag(&self, wanted: u16) -> usize {
        let found = self.tags.iter().find(|(tag, _)| *tag == wanted);
        found.map_or(1, |(_, values)| values[0].into())
    }

    fn image(&self) -> Image {
        let planes = if self.tag(PLANAR) == 2 { self.tag(SAMPLES) } else { 1 };
        Image { width: WIDTH, height: HEIGHT, strip: self.strip, planes, bits: self.tag(BITS) }
    }

    /// A file whose strips stand one after the other behind its tags.
    fn file(&self) -> Vec<u8> {
        let image = self.image();
        let samples = self.tag(SAMPLES) / image.planes;
        let row = (WIDTH * samples * image.bits).div_ceil(8);
        let mut strips = Vec::new();
        for plane in 0..image.planes {
            for top in (0..HEIGHT).step_by(self.strip) {
                let rows = self.strip.min(HEIGHT - top);
                // Runs and noise, so that every packing has something to do.
                let byte = |at: usize| (((at / 7) * (at / 7) + plane * 41 + top) % 256) as u8;
                strips.push(pack(self.packing, &(0..rows * row).map(byte).collect::<Vec<u8>>()));
            }
        }
        let short = |value: u16| match self.big_end {
            true => value.to_be_bytes(),
            false => value.to_le_bytes(),
        };
        let long = |value: u32| match self.big_end {
            true => value.to_be_bytes(),
            false => value.to_le_bytes(),
        };
        let mut tags: Vec<(u16, u16, Vec<u8>)> = Vec::new();
        for (tag, values) in &self.tags {
            tags.push((*tag, 3, values.iter().flat_map(|&value| short(value)).collect()));
        }
        let number = match self.packing {
            Packing::None => 1,
            Packing::Lzw => 5,
            Packing::Deflate => 8,
            Packing::PackBits => 32_773,
        };
        tags.push((259, 3, short(number).to_vec()));
        let longs = [(256, WIDTH), (257, HEIGHT), (278, self.strip)];
        tags.extend(longs.map(|(tag, value)| (tag, 4, long(value as u32).to_vec())));
        let counts = strips.iter().flat_map(|strip| long(strip.len() as u32)).collect();
        tags.push((279, 4, counts));
        tags.push((273, 4, vec![0; 4 * strips.len()]));
        tags.sort();
        let mut values = Vec::new();
        let start = 8 + 2 + 12 * tags.len() + 4;
        let outside: usize = tags.iter().map(|tag| tag.2.len()).filter(|&all| all > 4).sum();
        let mut offset = start + outside;
        let mut file = if self.big_end { b"MM".to_vec() } else { b"II".to_vec() };
        file.extend(short(42));
        file.extend(long(8));
        file.extend(short(tags.len() as u16));
        for (tag, kind, mut bytes) in tags {
            if tag == 273 {
                bytes.clear();
                for strip in &strips {
                    bytes.extend(long(offset as u32));
                    offset += strip.len();
                }
            }
            file.extend(short(tag));
            file.extend(short(kind));
            file.extend(long(bytes.len() as u32 / if kind == 3 { 2 } else { 4 }));
            if bytes.len() > 4 {
                file.extend(long((start + values.len()) as u32));
                values.extend(bytes);
            } else {
                bytes.resize(4, 0);
                file.extend(bytes);
            }
        }
        file.extend([0; 4]);
        file.extend(values);
        file.extend(strips.concat());
        file
    }
}

fn pack(packing: Packing, bytes: &[u8]) -> Vec<u8> {
    match packing {
        Packing::None => bytes.to_vec(),
        Packing::PackBits => {
            let mut packed = vec![128];
            for run in bytes.chunk_by(|a, b| a == b).flat_map(|run| run.chunks(128)) {
                match run {
                    [one] => packed.extend([0, *one]),
                    [first, ..] => packed.extend([(257 - run.len()) as u8, *first]),
                    [] => {}
                }
            }
            packed
        }
        Packing::Lzw => {
            encode::Encoder::with_tiff_size_switch(BitOrder::Msb, 8).encode(bytes).unwrap()
        }
        Packing::Deflate => {
            let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
            encoder.write_all(bytes).unwrap();
            encoder.finish().unwrap()
        }
    }
}

fn source(file: Vec<u8>) -> Source {
    Source {
        path: PathBuf::from("made.tif"),
        origin: Origin::Memory(Arc::from(file)),
        format: Format::Tiff,
        meaning: Meaning::Labels,
        max_pixels: MAX_PIXELS,
    }
}

/// Strips of a file of which a few rows are unpacked together.
fn strips(made: &Made, file: Vec<u8>) -> Strips {
    let source = source(file);
    let mut decoder = Decoder::new(source.stream().unwrap()).unwrap();
    Strips::find(&mut decoder, &source, &made.image(), 30).unwrap().unwrap()
}

fn bytes(mut values: DecodingResult) -> Vec<u8> {
    values.as_buffer(0).as_bytes().to_vec()
}

/// The rows of every plane, each strip decoded in one piece.
fn whole(made: &Made, file: Vec<u8>) -> Vec<Vec<u8>> {
    let mut decoder = Decoder::new(Cursor::new(file)).unwrap();
    let strips = HEIGHT.div_ceil(made.strip) as u32;
    let plane = |plane: usize| {
        let first = plane as u32 * strips;
        let all = (first..first + strips).map(|strip| bytes(decoder.read_chunk(strip).unwrap()));
        all.collect::<Vec<_>>().concat()
    };
    (0..made.image().planes).map(plane).collect()
}

fn layouts() -> Vec<Made> {
    vec![
        made(&[]),
        made(&[(PHOTOMETRIC, &[0])]),
        made(&[(BITS, &[1])]),
        made(&[(BITS, &[4])]),
        made(&[(BITS, &[16]), (PREDICTOR, &[2])]),
        made(&[(BITS, &[16]), (FORMAT, &[2])]),
        made(&[(BITS, &[32]), (FORMAT, &[3])]),
        made(&[(BITS, &[32]), (FORMAT, &[3]), (PREDICTOR, &[3])]),
        made(&[(BITS, &[64]), (FORMAT, &[3])]),
        made(&[(PHOTOMETRIC, &[2]), (SAMPLES, &[3]), (PREDICTOR, &[2])]),
        made(&[(PHOTOMETRIC, &[2]), (SAMPLES, &[3]), (PLANAR, &[2])]),
        made(&[(PHOTOMETRIC, &[2]), (SAMPLES, &[3]), (PLANAR, &[2]), (BITS, &[16])]),
        made(&[(PHOTOMETRIC, &[2]), (SAMPLES, &[4]), (EXTRA, &[2])]),
        made(&[(PHOTOMETRIC, &[2]), (SAMPLES, &[6]), (EXTRA, &[0, 0, 0])]),
        made(&[(SAMPLES, &[5]), (EXTRA, &[0, 0, 0, 0]), (BITS, &[16])]),
    ]
}

/// From the top to the bottom, with rows asked for twice, then back to the middle.
const ORDER: [Range<usize>; 7] = [0..1, 0..16, 16..40, 30..45, 45..100, 20..70, 99..100];

#[test]
fn rows_of_a_strip_are_those_of_the_whole_strip() {
    for layout in layouts() {
        for packing in [Packing::None, Packing::PackBits, Packing::Lzw, Packing::Deflate] {
            for (big_end, strip) in [(false, HEIGHT), (true, HEIGHT), (false, 60)] {
                let made = Made { packing, big_end, strip, ..layout.clone() };
                let file = made.file();
                let planes = whole(&made, file.clone());
                let mut strips = strips(&made, file);
                for rows in ORDER {
                    for (plane, whole) in planes.iter().enumerate() {
                        let row = whole.len() / HEIGHT;
                        let found = bytes(strips.decode(plane, rows.clone()).unwrap());
                        let expected = &whole[rows.start * row..rows.end * row];
                        assert!(found == expected, "{:?} {packing:?} {rows:?}", made.tags);
                    }
                }
            }
        }
    }
}

/// Rows of a strip before those that are wanted are unpacked once.
#[test]
fn a_strip_is_unpacked_once_from_the_top_to_the_bottom() {
    let made = Made { packing: Packing::Deflate, ..made(&[]) };
    let mut strips = strips(&made, made.file());
    strips.decode(0, 0..10).unwrap();
    // Whatever the places say now, the strip is open.
    strips.places = vec![[u64::MAX, 0]];
    for top in (10..100).step_by(10) {
        strips.decode(0, top..top + 10).unwrap();
    }
    strips.decode(0, 90..100).unwrap();
    assert!(strips.decode(0, 80..90).is_err(), "behind the rows that are kept");
}

#[test]
fn a_strip_that_was_cut_is_told() {
    for packing in [Packing::None, Packing::PackBits, Packing::Lzw, Packing::Deflate] {
        let made = Made { packing, ..made(&[]) };
        let mut file = made.file();
        file.truncate(file.len() - 20);
        let mut strips = strips(&made, file);
        strips.decode(0, 0..10).unwrap();
        let error = strips.decode(0, 90..100).unwrap_err().to_string();
        let known = ["strip 0 ends before its last row", "deflate"];
        assert!(known.iter().any(|text| error.contains(text)), "{packing:?}: {error}");
        assert!(strips.decode(0, 10..20).is_ok(), "what is whole is read");
    }
}

#[test]
fn short_strips_and_packings_of_whole_strips_are_left_to_the_decoder() {
    let found = |made: &Made, band| {
        let source = source(made.file());
        let mut decoder = Decoder::new(source.stream().unwrap()).unwrap();
        Strips::find(&mut decoder, &source, &made.image(), band).unwrap().is_some()
    };
    let grey = made(&[]);
    assert!(found(&grey, WIDTH * 49));
    assert!(!found(&grey, WIDTH * 50), "two parts are not worth the work");
    assert_eq!(Packing::of(7), None, "JPEG");
}
