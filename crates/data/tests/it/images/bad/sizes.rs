//! Sizes, bands and types that differ.

use super::*;

pub(super) fn cases() -> Vec<Case> {
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
