//! Descriptions of images survive their text forms.

use dartloom_data::images::{
    Classes, FileSplit, FileTargets, Group, ImageFiles, MaskFiles, RandomSplit, Size, Tiles,
};
use ron::extensions::Extensions;

/// The way in which experiments are written.
fn options() -> ron::Options {
    let extensions = Extensions::IMPLICIT_SOME | Extensions::UNWRAP_VARIANT_NEWTYPES;
    ron::Options::default().with_default_extension(extensions)
}

#[test]
fn both_text_forms_give_back_every_field() {
    let masks = MaskFiles {
        ignore: Some(255),
        labels: [(255, 1), (7, 0)].into(),
        classes: Classes::Names(["sea", "ship"].map(str::to_owned).to_vec()),
        ..MaskFiles::default()
    };
    let coloured = MaskFiles { colours: [("FF0000".to_owned(), 1)].into(), ..MaskFiles::default() };
    let random = RandomSplit { by: Group::Prefix("_".to_owned()), ..RandomSplit::default() };
    let rows = [
        (r#"(directory: "a")"#, ImageFiles::at("a")),
        (
            r#"(directory: "a", targets: Masks(ignore: 255, labels: {255: 1, 7: 0}, classes: Names(["sea", "ship"])), tiles: ())"#,
            ImageFiles {
                targets: FileTargets::Masks(masks),
                tiles: Some(Tiles::default()),
                ..ImageFiles::at("a")
            },
        ),
        (
            r#"(directory: "a", targets: Masks(colours: {"FF0000": 1}), size: Cover(4, 5), split: Random(by: Prefix("_")), max_pixels: 9)"#,
            ImageFiles {
                targets: FileTargets::Masks(coloured),
                size: Size::Cover(4, 5),
                split: FileSplit::Random(random),
                max_pixels: Some(9),
                ..ImageFiles::at("a")
            },
        ),
        (
            r#"(directory: "a", targets: Masks(), split: Stored("list.csv"))"#,
            ImageFiles {
                targets: FileTargets::Masks(MaskFiles::default()),
                split: FileSplit::Stored("list.csv".into()),
                ..ImageFiles::at("a")
            },
        ),
    ];
    for (text, expected) in rows {
        assert_eq!(options().from_str::<ImageFiles>(text).unwrap(), expected, "{text}");
        let ron = options().to_string(&expected).unwrap();
        assert_eq!(options().from_str::<ImageFiles>(&ron).unwrap(), expected, "{ron}");
        let json = serde_json::to_value(&expected).unwrap();
        assert_eq!(serde_json::from_value::<ImageFiles>(json).unwrap(), expected);
    }
}
