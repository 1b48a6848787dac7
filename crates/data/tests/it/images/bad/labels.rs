//! Masks and folders of classes.

use super::*;

#[allow(clippy::too_many_lines, reason = "a table of cases")]
pub(super) fn cases() -> Vec<Case> {
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
            &["expected colours that `colours` names, found 000001 in 144 pixels of 6 masks"],
        ),
        case(
            "mask in JPEG",
            (folder(), |f| {
                f.write("train/images/0.png", &rgb(16, 8).bytes(&pixels(384, 1)));
                f.write("train/masks/0.png", GREY);
            }),
            plain,
            &["train/masks/0.png: expected a mask in PNG or TIFF, found a JPEG"],
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
