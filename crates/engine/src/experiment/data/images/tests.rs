use std::collections::BTreeMap;

use dartloom::data::CropConfig;
use dartloom::data::images::{
    Bands, Classes, Columns, FileTargets, Group, MaskFiles, RandomSplit, Repeats, Size, TableFile,
    Tiles,
};

use super::*;
use crate::experiment::read::options;
use crate::experiment::{Data, Named};

/// Text and value of every form.
fn forms() -> Vec<(&'static str, ImageFiles)> {
    let masks = |masks| FileTargets::Masks(masks);
    let names = ["sea", "ship"].map(str::to_owned).to_vec();
    vec![
        (r#"Images("cells")"#, ImageFiles::at("cells")),
        (
            r#"Images(directory: "cells", targets: Masks(ignore: 255), tiles: ())"#,
            ImageFiles {
                targets: masks(MaskFiles { ignore: Some(255), ..MaskFiles::default() }),
                tiles: Some(Tiles::default()),
                ..ImageFiles::at("cells")
            },
        ),
        (
            r#"Images(directory: "ships", targets: Masks(labels: {255: 1}, classes: Names(["sea", "ship"])))"#,
            ImageFiles {
                targets: masks(MaskFiles {
                    labels: BTreeMap::from([(255, 1)]),
                    classes: Classes::Names(names),
                    ..MaskFiles::default()
                }),
                ..ImageFiles::at("ships")
            },
        ),
        (
            r#"Images(directory: "a", targets: Masks(colours: {"FF0000": 1}, classes: Count(2)), repeats: Allow)"#,
            ImageFiles {
                targets: masks(MaskFiles {
                    colours: BTreeMap::from([("FF0000".to_owned(), 1)]),
                    classes: Classes::Count(2),
                    ..MaskFiles::default()
                }),
                repeats: Repeats::Allow,
                ..ImageFiles::at("a")
            },
        ),
        (
            r#"Images(directory: "b", targets: Table(file: "counts.csv", learn: Values(["count"])), split: Random(test: 0.3, by: Prefix("_")))"#,
            ImageFiles {
                targets: FileTargets::Table(TableFile {
                    file: "counts.csv".into(),
                    images: "images".into(),
                    image: None,
                    learn: Columns::Values(vec!["count".to_owned()]),
                }),
                split: FileSplit::Random(RandomSplit {
                    test: 0.3,
                    by: Group::Prefix("_".to_owned()),
                    ..RandomSplit::default()
                }),
                ..ImageFiles::at("b")
            },
        ),
        (
            r#"Images(directory: "d", crops: (height: 128, width: 96))"#,
            ImageFiles { crops: Some(CropConfig::new(128, 96)), ..ImageFiles::at("d") },
        ),
        (
            r#"Images(directory: "d", crops: (height: 8, width: 8, foreground: 0.5, background: None))"#,
            ImageFiles {
                crops: Some(CropConfig {
                    foreground: Some(0.5),
                    background: None,
                    ..CropConfig::new(8, 8)
                }),
                ..ImageFiles::at("d")
            },
        ),
        (
            r#"Images(directory: "c", targets: Folders, size: Cover(64, 64), bands: Rgb, split: Stored("list.csv"), max_pixels: 100, cache: 7)"#,
            ImageFiles {
                targets: FileTargets::Folders,
                size: Size::Cover(64, 64),
                bands: Bands::Rgb,
                split: FileSplit::Stored("list.csv".into()),
                max_pixels: Some(100),
                cache: 7,
                ..ImageFiles::at("c")
            },
        ),
    ]
}

#[test]
fn every_form_is_read_and_survives_both_text_forms() {
    for (text, files) in forms() {
        let expected = Named::Known(Data::Images(ImageFolder(files)));
        let read = options().from_str::<Named<Data>>(text).unwrap();
        assert_eq!(read, expected, "{text}");
        let ron = options().to_string(&expected).unwrap();
        assert_eq!(options().from_str::<Named<Data>>(&ron).unwrap(), expected, "{ron}");
        let json = serde_json::to_value(&expected).unwrap();
        let back = serde_json::from_value::<Named<Data>>(json.clone()).unwrap();
        assert_eq!(back, expected, "{json}");
    }
}

#[test]
fn mistakes_are_told() {
    for (text, part) in [
        (r#"Images(directory: "a", tile: ())"#, "tile"),
        (r#"Images(directory: "a", targets: Mask())"#, "Mask"),
        (r#"Images(directory: "a", crop: (height: 8, width: 8))"#, "crop"),
        (r#"Images(directory: "a", crops: (height: 8, width: 8, foregroud: 0.5))"#, "foreground"),
        (r#"Images(directory: "a", crops: (height: 8))"#, "width"),
        (r#"Images(targets: Folders)"#, "directory"),
        ("Images(3)", "a directory"),
    ] {
        let error = options().from_str::<Named<Data>>(text).unwrap_err().to_string();
        assert!(error.contains(part), "{text}: {error}");
    }
}
