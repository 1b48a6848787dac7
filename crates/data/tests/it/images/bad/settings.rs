//! Settings that make no sense.

use super::*;

#[allow(clippy::too_many_lines, reason = "a table of cases")]
pub(super) fn cases() -> Vec<Case> {
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
