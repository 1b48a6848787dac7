//! Files that are no images, damaged, or full of what is no number.

use super::*;

#[allow(clippy::too_many_lines, reason = "a table of cases")]
pub(super) fn cases() -> Vec<Case> {
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
