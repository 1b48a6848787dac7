//! Every way in which folders of images can be wrong is told with the file, the place, both values
//! and the change that mends it.

use std::fs;

use dartloom_data::DataError;
use dartloom_data::check::Severity;
use dartloom_data::images::{
    Bands, Classes, Columns, FileSplit, FileTargets, Group, ImageFiles, MaskFiles, RandomSplit,
    Size, TableFile, Tiles,
};
use png::BitDepth;

use super::make::{Folder, Png, floats, grey, pixels, rgb, tiff};

/// A case: its name, the folder, the settings, and parts of the message in their order.
struct Case {
    name: &'static str,
    folder: Folder,
    files: ImageFiles,
    says: &'static [&'static str],
}

type Spoil = fn(&Folder);
type Settings = fn(&mut ImageFiles);

fn case(
    name: &'static str,
    (folder, spoil): (Folder, Spoil),
    settings: Settings,
    says: &'static [&'static str],
) -> Case {
    spoil(&folder);
    let mut files = ImageFiles::at(folder.root());
    settings(&mut files);
    Case { name, folder, files, says }
}

fn masks(files: &mut ImageFiles, masks: MaskFiles) {
    files.targets = FileTargets::Masks(masks);
}

fn counts(files: &mut ImageFiles, learn: Columns) {
    files.targets = FileTargets::Table(TableFile {
        file: "counts.csv".into(),
        images: "images".into(),
        image: None,
        learn,
    });
}

fn count() -> Columns {
    Columns::Values(vec!["count".to_owned()])
}

fn table(name: &'static str, spoil: Spoil, says: &'static [&'static str]) -> Case {
    case(name, (Folder::table(), spoil), |files| counts(files, count()), says)
}

fn cut(folder: &Folder, name: &str, end: usize) {
    let bytes = fs::read(folder.path(name)).unwrap();
    fs::write(folder.path(name), &bytes[..bytes.len() - end]).unwrap();
}

/// The images of [`Folder::classes`] as floats.
fn all_floats(folder: &Folder) {
    for (class, seed) in [("cat", 0.5), ("dog", 1.5)] {
        for (index, part) in ["train", "train", "train", "test"].iter().enumerate() {
            let values: Vec<f32> = (0..20).map(|at| seed + (at * (index + 2)) as f32).collect();
            folder.write(&format!("{part}/{class}/{index}.png"), &floats(5, 4, &values));
        }
    }
}

const CMYK: &[u8] = include_bytes!("../../fixtures/cmyk.jpg");
const RGB: &[u8] = include_bytes!("../../fixtures/rgb.jpg");

/// A PNG that claims to be large: width and height of its header with the checksum mended.
fn bomb() -> Vec<u8> {
    let mut bytes = grey(8, 8).bytes(&[0; 64]);
    bytes[16..20].copy_from_slice(&100_000_u32.to_be_bytes());
    bytes[20..24].copy_from_slice(&100_000_u32.to_be_bytes());
    let checksum = crc32(&bytes[12..29]);
    bytes[29..33].copy_from_slice(&checksum.to_be_bytes());
    bytes
}

fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for &byte in bytes {
        crc ^= u32::from(byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 };
        }
    }
    !crc
}

fn files() -> Vec<Case> {
    let masks = Folder::masks;
    let plain: Settings = |_| {};
    vec![
        case(
            "truncated PNG",
            (masks(), |f| cut(f, "train/images/1.png", 40)),
            plain,
            &["train/images/1.png: expected a whole PNG file"],
        ),
        case(
            "PNG without its end",
            (masks(), |f| cut(f, "train/masks/1.png", 20)),
            plain,
            &["train/masks/1.png: expected a whole PNG file"],
        ),
        case(
            "PNG with a flipped byte",
            (masks(), |f| {
                let mut bytes = fs::read(f.path("test/images/5.png")).unwrap();
                let middle = bytes.len() / 2;
                bytes[middle] ^= 0x55;
                fs::write(f.path("test/images/5.png"), bytes).unwrap();
            }),
            plain,
            &["test/images/5.png: expected a whole PNG file"],
        ),
        case(
            "empty file",
            (masks(), |f| f.write("train/images/2.png", b"")),
            plain,
            &["train/images/2.png: expected a PNG, JPEG or TIFF file, found an empty file"],
        ),
        case(
            "text named .png",
            (masks(), |f| f.write("train/images/2.png", b"hello")),
            plain,
            &[
                "train/images/2.png: expected a PNG, JPEG or TIFF file",
                "begins with the bytes 68 65 6c 6c",
            ],
        ),
        case(
            "GIF named .png",
            (masks(), |f| f.write("train/images/2.png", b"GIF89a")),
            plain,
            &["found a GIF file"],
        ),
        case(
            "folder named .png",
            (masks(), |f| {
                fs::create_dir(f.path("train/images/x.png")).unwrap();
            }),
            plain,
            &["train/images/x.png: expected an image file, found a folder"],
        ),
        case(
            "format that is not read",
            (masks(), |f| f.write("train/images/2.bmp", b"BM")),
            plain,
            &["train/images/2.bmp: expected PNG, JPEG or TIFF files, found a file named .bmp"],
        ),
        case(
            "PNG bomb",
            (masks(), |f| f.write("train/images/0.png", &bomb())),
            plain,
            &[
                "train/images/0.png: expected at most 134217728 pixels, found 100000 x 100000",
                "`max_pixels: 10000000000`",
            ],
        ),
        case(
            "limit of one's own",
            (masks(), |_| {}),
            |files| files.max_pixels = Some(47),
            &["expected at most 47 pixels, found 8 x 6"],
        ),
        case(
            "CMYK JPEG",
            (masks(), |f| f.write("train/images/0.png", CMYK)),
            plain,
            &["train/images/0.png: expected a grey or RGB JPEG, found CMYK"],
        ),
        case(
            "truncated JPEG",
            (masks(), |f| {
                f.write("train/images/0.png", &RGB[..RGB.len() - 60]);
            }),
            plain,
            &["train/images/0.png: expected a whole JPEG file"],
        ),
        case(
            "truncated TIFF",
            (Folder::classes(), |f| {
                f.write("train/cat/0.png", &floats(5, 4, &[0.5; 20])[..60]);
            }),
            plain,
            &["train/cat/0.png: expected a whole TIFF file"],
        ),
        case(
            "NaN in a TIFF",
            (Folder::classes(), |f| {
                all_floats(f);
                let mut values = [0.5; 20];
                values[7] = f32::NAN;
                f.write("train/cat/0.png", &floats(5, 4, &values));
            }),
            plain,
            &["train/cat/0.png, band 0, row 1, column 2: expected finite numbers, found NaN"],
        ),
        case(
            "infinity in a TIFF",
            (Folder::classes(), |f| {
                all_floats(f);
                let mut values = [0.5; 20];
                values[19] = f32::INFINITY;
                f.write("test/dog/3.png", &floats(5, 4, &values));
            }),
            plain,
            &["test/dog/3.png, band 0, row 3, column 4: expected finite numbers, found inf"],
        ),
        case(
            "32-bit integers in a TIFF",
            (Folder::classes(), |f| {
                use tiff::encoder::colortype::Gray32;
                let bytes = tiff(|e| e.write_image::<Gray32>(5, 4, &[7; 20]).unwrap());
                f.write("train/cat/0.png", &bytes);
            }),
            plain,
            &["train/cat/0.png: expected a TIFF of integers of at most 16 bits or of floats"],
        ),
        #[cfg(unix)]
        case(
            "link to itself",
            (masks(), |f| {
                std::os::unix::fs::symlink("loop.png", f.path("train/images/loop.png")).unwrap();
                std::os::unix::fs::symlink("../images/loop.png", f.path("train/masks/loop.png"))
                    .unwrap();
            }),
            plain,
            &["train/images/loop.png: expected a file that can be read"],
        ),
        #[cfg(unix)]
        case(
            "link to the folder above",
            (Folder::classes(), |f| {
                std::os::unix::fs::symlink("../..", f.path("train/cat/up.png")).unwrap();
            }),
            plain,
            &["train/cat/up.png: expected an image file, found a folder"],
        ),
    ]
}

fn sizes() -> Vec<Case> {
    let masks = Folder::masks;
    let plain: Settings = |_| {};
    vec![
        case(
            "mask of another size",
            (masks(), |f| {
                f.write("train/masks/1.png", &grey(6, 8).bytes(&[0; 48]));
            }),
            plain,
            &["train/masks/1.png: expected 6 x 8, as its image", "found 8 x 6"],
        ),
        case(
            "images of several sizes",
            (masks(), |f| {
                f.write("train/images/1.png", &rgb(1, 1).bytes(&[1, 2, 3]));
                f.write("train/masks/1.png", &grey(1, 1).bytes(&[1]));
            }),
            plain,
            &[
                "train/images/1.png: expected 6 x 8, as in",
                "train/images/0.png",
                "found 1 x 1",
                "`size: Resize(6, 8)`",
                "`tiles: (size: 512, overlap: 180)`",
            ],
        ),
        case(
            "crop larger than images",
            (masks(), |_| {}),
            |f| f.size = Size::CentreCrop(7, 8),
            &[
                "train/images/0.png: expected at least 7 x 8 pixels, found 6 x 8",
                "`size: Cover(7, 8)`",
            ],
        ),
        case(
            "images smaller than tiles",
            (masks(), |_| {}),
            |f| f.tiles = Some(Tiles::default()),
            &[
                "expected images of at least 512 x 512 pixels, found 6 x 8",
                "`targets: Masks(ignore: 255)`",
            ],
        ),
        case(
            "grey among colours",
            (masks(), |f| {
                f.write("train/images/2.png", &grey(8, 6).bytes(&pixels(48, 9)));
            }),
            plain,
            &["train/images/2.png: expected 3 bands, as in", "found 1 (grey)", "`bands: Rgb`"],
        ),
        case(
            "16 bits among 8",
            (Folder::classes(), |f| {
                let png = Png { depth: BitDepth::Sixteen, ..grey(5, 4) };
                f.write("train/cat/1.png", &png.bytes(&pixels(40, 3)));
            }),
            plain,
            &["train/cat/1.png: expected 8 bits, as in", "found 16 bits"],
        ),
        case(
            "more bands than there are",
            (masks(), |_| {}),
            |f| f.bands = Bands::First(4),
            &["train/images/0.png: expected at least 4 bands, found 3 bands"],
        ),
    ]
}

fn labels() -> Vec<Case> {
    let folder = Folder::masks;
    let plain: Settings = |_| {};
    vec![
        case(
            "masks of 0 and 255",
            (folder(), |f| {
                for (part, index) in [
                    ("train", 0),
                    ("train", 1),
                    ("train", 2),
                    ("train", 3),
                    ("test", 4),
                    ("test", 5),
                ] {
                    let mask: Vec<u8> = (0..48).map(|at| 255 * u8::from(at % 3 == 0)).collect();
                    f.write(&format!("{part}/masks/{index}.png"), &grey(8, 6).bytes(&mask));
                }
            }),
            plain,
            &[
                "expected class numbers 0 and 1, found the values 0 and 255",
                "`targets: Masks(labels: {255: 1})`",
            ],
        ),
        case(
            "255 that marks nothing",
            (folder(), |f| {
                let mut mask = [0; 48];
                mask[..3].copy_from_slice(&[1, 255, 255]);
                f.write("train/masks/0.png", &grey(8, 6).bytes(&mask));
            }),
            plain,
            &["train/masks/0.png: expected class numbers", "`targets: Masks(ignore: 255)`"],
        ),
        case(
            "unknown label",
            (folder(), |f| {
                f.write("test/masks/4.png", &grey(8, 6).bytes(&[7; 48]));
            }),
            |f| masks(f, MaskFiles { classes: Classes::Count(2), ..MaskFiles::default() }),
            &[
                "test/masks/4.png: expected classes below 2, found 7 in 48 pixels",
                "`targets: Masks(ignore: 7)`",
            ],
        ),
        case(
            "16-bit mask of instances",
            (folder(), |f| {
                let png = Png { depth: BitDepth::Sixteen, ..grey(8, 6) };
                let mask: Vec<u8> = (0..48).flat_map(|_| 300_u16.to_be_bytes()).collect();
                f.write("train/masks/0.png", &png.bytes(&mask));
            }),
            plain,
            &[
                "train/masks/0.png: expected class numbers",
                "300",
                "`targets: Masks(labels: {300: 2})`",
            ],
        ),
        case(
            "coloured masks",
            (folder(), |f| {
                let mask: Vec<u8> = (0..48).flat_map(|at| [255 * u8::from(at < 9), 0, 0]).collect();
                f.write("train/masks/0.png", &rgb(8, 6).bytes(&mask));
            }),
            plain,
            &[
                "train/masks/0.png: expected one band of class numbers, found RGB of 8 bits, 2 colours",
                "`targets: Masks(colours: {\"000000\": 0, \"FF0000\": 1})`",
            ],
        ),
        case(
            "picture for a mask",
            (folder(), |f| {
                f.write("train/images/0.png", &rgb(32, 32).bytes(&pixels(3072, 1)));
                let picture: Vec<u8> =
                    (0..1024).flat_map(|at| [at as u8, (at / 4) as u8, 7]).collect();
                f.write("train/masks/0.png", &rgb(32, 32).bytes(&picture));
            }),
            plain,
            &["train/masks/0.png: expected a mask of class numbers, found a picture"],
        ),
        case(
            "colour without a class",
            (folder(), |f| {
                for (part, index) in [
                    ("train", 0),
                    ("train", 1),
                    ("train", 2),
                    ("train", 3),
                    ("test", 4),
                    ("test", 5),
                ] {
                    let mask: Vec<u8> = (0..48).flat_map(|at| [0, 0, at % 2]).collect();
                    f.write(&format!("{part}/masks/{index}.png"), &rgb(8, 6).bytes(&mask));
                }
            }),
            |f| {
                masks(
                    f,
                    MaskFiles {
                        colours: [("000000".to_owned(), 0)].into(),
                        ..MaskFiles::default()
                    },
                )
            },
            &["expected colours that `colours` names, found 000001 in 24 pixels"],
        ),
        case(
            "mask of floats",
            (folder(), |f| {
                f.write("train/masks/0.png", &floats(8, 6, &[1.0; 48]));
            }),
            plain,
            &["train/masks/0.png: expected one band of class numbers of 8 or 16 bits"],
        ),
        case(
            "masks of background alone",
            (folder(), |f| {
                for index in 0..4 {
                    f.write(&format!("train/masks/{index}.png"), &grey(8, 6).bytes(&[0; 48]));
                }
            }),
            |f| masks(f, MaskFiles { classes: Classes::Count(2), ..MaskFiles::default() }),
            &["expected at least two classes, found one"],
        ),
        case(
            "image without a mask",
            (folder(), |f| {
                fs::remove_file(f.path("train/masks/3.png")).unwrap();
            }),
            plain,
            &["train/images/3.png: expected a mask of the same name"],
        ),
        case(
            "mask without an image",
            (folder(), |f| {
                fs::remove_file(f.path("test/images/4.png")).unwrap();
            }),
            plain,
            &["test/masks/4.png: expected an image of the same name"],
        ),
        case(
            "two images of one name",
            (folder(), |f| f.write("train/images/3.jpg", RGB)),
            plain,
            &["expected names that differ without their endings"],
        ),
        case(
            "equal images in two parts",
            (folder(), |f| {
                fs::copy(f.path("train/images/0.png"), f.path("test/images/4.png")).unwrap();
            }),
            plain,
            &[
                "test/images/4.png: expected images of `test` that are not in `train`",
                "`repeats: Allow`",
            ],
        ),
        case(
            "a class without images",
            (Folder::classes(), |f| {
                fs::create_dir(f.path("train/emu")).unwrap();
            }),
            plain,
            &["train/emu: expected images of the class, found none"],
        ),
        case(
            "a class that is not learnt",
            (Folder::classes(), |f| {
                f.write("test/emu/1.png", &grey(5, 4).bytes(&pixels(20, 77)));
            }),
            plain,
            &["test/emu: expected one of the classes of `train`: cat, dog, found `emu`"],
        ),
        #[cfg(unix)]
        case(
            "class that is no text",
            (Folder::classes(), |f| {
                use std::os::unix::ffi::OsStrExt as _;
                let name = std::ffi::OsStr::from_bytes(b"emu\xff");
                fs::create_dir(f.path("train").join(name)).unwrap();
            }),
            |f| f.targets = FileTargets::Folders,
            &["expected the name of a class in UTF-8"],
        ),
        case(
            "no images",
            (Folder::new(), |f| f.write("notes.txt", b"a")),
            plain,
            &["expected the folders `images` and `masks`", "found no images"],
        ),
    ]
}

fn tables() -> Vec<Case> {
    vec![
        table(
            "row without a file",
            |f| f.write("train/counts.csv", b"file,count\n0.png,1\n9.png,2\n"),
            &["train/counts.csv, line 3, column `file`: expected an image file", "found `9.png`"],
        ),
        table(
            "row twice",
            |f| f.write("train/counts.csv", b"file,count\n0.png,1\n0.png,1\n"),
            &[
                "train/counts.csv, line 3, column `file`: expected one row for each image",
                "found `0.png` in line 2, too",
            ],
        ),
        table(
            "column twice",
            |f| f.write("train/counts.csv", b"file,count,count\n0.png,1,2\n"),
            &["train/counts.csv, line 1: expected columns of different names, found `count` twice"],
        ),
        table(
            "no such column",
            |f| f.write("test/counts.csv", b"file,number\n0.png,1\n"),
            &["test/counts.csv, line 1: expected a column `count`, found the columns file, number"],
        ),
        table(
            "no column of files",
            |f| f.write("test/counts.csv", b"id,count\n0.png,1\n"),
            &["expected a column with the names of the images", "`image: \"COLUMN\"`"],
        ),
        table(
            "words for numbers",
            |f| f.write("train/counts.csv", b"file,count\n0.png,many\n"),
            &["train/counts.csv, line 2, column `count`: expected a finite number, found `many`"],
        ),
        table(
            "NaN to learn",
            |f| f.write("train/counts.csv", b"file,count\n0.png,nan\n"),
            &["line 2, column `count`: expected a finite number, found `nan`"],
        ),
        table(
            "short row",
            |f| f.write("train/counts.csv", b"file,count\n0.png,1\n1.png\n"),
            &[
                "train/counts.csv, line 3: expected rows as long as the header, found 1 cells below 2",
            ],
        ),
        table(
            "table that is no text",
            |f| f.write("train/counts.csv", b"file,count\n\xff.png,1\n"),
            &["train/counts.csv, line 2: expected text in UTF-8"],
        ),
        table(
            "table without rows",
            |f| f.write("train/counts.csv", b"file,count\n"),
            &["train/counts.csv, line 1: expected a header and rows, found no row"],
        ),
        table(
            "no table",
            |f| fs::remove_file(f.path("test/counts.csv")).unwrap(),
            &["test/counts.csv: expected a file that can be read"],
        ),
        table(
            "one value for all",
            |f| {
                f.write("train/counts.csv", b"file,count\n0.png,2\n1.png,2\n2.png,2\n");
            },
            &["column `count`: expected different values, found 2 in every row"],
        ),
        case(
            "labels of 2",
            (Folder::table(), |_| {}),
            |files| {
                counts(files, Columns::Labels(vec!["count".to_owned()]));
            },
            &["line 3, column `count`: expected 0 or 1, found `2.5`"],
        ),
        case(
            "unknown class in a table",
            (Folder::table(), |f| {
                f.write("test/counts.csv", b"file,count\n0.png,9\n");
            }),
            |files| counts(files, Columns::Class("count".to_owned())),
            &["test/counts.csv, line 2, column `count`: expected one of the classes", "found `9`"],
        ),
    ]
}

fn settings() -> Vec<Case> {
    let folder = || (Folder::masks(), (|_| {}) as Spoil);
    vec![
        case(
            "tiles without a size",
            folder(),
            |f| f.tiles = Some(Tiles { size: 0, overlap: 0 }),
            &["tiles.size: expected at least 1 pixel, found 0"],
        ),
        case(
            "tiles that overlap wholly",
            folder(),
            |f| {
                f.tiles = Some(Tiles { size: 4, overlap: 4 });
            },
            &["tiles.overlap: expected less than the size 4, found 4"],
        ),
        case(
            "tiles of resized images",
            folder(),
            |f| {
                f.tiles = Some(Tiles { size: 4, overlap: 0 });
                f.size = Size::Resize(8, 8);
            },
            &["size: expected `AsStored` beside `tiles`"],
        ),
        case(
            "size of nothing",
            folder(),
            |f| f.size = Size::Resize(0, 8),
            &["size: expected at least 1 pixel, found 0 x 8"],
        ),
        case(
            "one class",
            folder(),
            |f| {
                masks(f, MaskFiles { classes: Classes::Count(1), ..MaskFiles::default() });
            },
            &["targets.classes: expected at least 2 classes, found 1"],
        ),
        case(
            "share of more than all",
            folder(),
            |f| {
                f.split = FileSplit::Random(RandomSplit { test: 1.5, ..RandomSplit::default() });
            },
            &["split.test: expected a share from 0 to below 1, found 1.5"],
        ),
        case(
            "groups of no table",
            folder(),
            |f| {
                f.split = FileSplit::Random(RandomSplit {
                    by: Group::Column("patient".to_owned()),
                    ..RandomSplit::default()
                });
            },
            &["split.by: expected `Image` or `Prefix", "found `Column(\"patient\")`"],
        ),
        case(
            "colour that is none",
            folder(),
            |f| {
                masks(
                    f,
                    MaskFiles { colours: [("red".to_owned(), 1)].into(), ..MaskFiles::default() },
                );
            },
            &["targets.colours: expected colours of six hexadecimal digits", "found \"red\""],
        ),
        case(
            "parts that are not there",
            (Folder::new(), |f| {
                f.write("images/1.png", &grey(2, 2).bytes(&[1, 2, 3, 4]));
                f.write("masks/1.png", &grey(2, 2).bytes(&[0, 1, 0, 1]));
            }),
            |f| f.split = FileSplit::Folders,
            &["expected the folders `train` and `test`, found no `train`"],
        ),
        case("no folder", folder(), |f| f.directory.push("nowhere"), &["cannot read", "nowhere"]),
    ]
}

fn check(cases: Vec<Case>) -> usize {
    let count = cases.len();
    for Case { name, folder, files, says } in cases {
        let error = match files.open() {
            Err(error) => error,
            Ok(opened) => panic!("{name}: accepted: {:#?}", opened.report),
        };
        assert!(matches!(error, DataError::Images(_)), "{name}: {error:?}");
        let message = error.to_string();
        let mut rest = message.as_str();
        for part in says {
            let at = rest.find(part).unwrap_or_else(|| panic!("{name}: no {part:?} in\n{message}"));
            rest = &rest[at..];
        }
        let report = files.check();
        assert!(report.has_errors(), "{name}: {report:#?}");
        assert_eq!(report.findings()[0].severity, Severity::Error, "{name}");
        drop(folder);
    }
    count
}

#[test]
fn sixty_kinds_of_bad_input_are_told() {
    let counts = [files(), sizes(), labels(), tables(), settings()].map(check);
    assert!(counts.iter().sum::<usize>() >= 60, "{counts:?}");
}
