//! Parts of the data.

use std::collections::BTreeMap;

use dartloom_data::Dataset as _;
use dartloom_data::images::{
    Columns, FileSplit, FileTargets, Group, ImageFiles, ImageSet, Opened, RandomSplit, TableFile,
};

use super::make::{Folder, grey, pixels};

/// Names of the images of a part.
fn names(set: &ImageSet) -> Vec<String> {
    let name = |index| {
        let path = set.origin(index).unwrap().image;
        path.file_stem().unwrap().to_string_lossy().into_owned()
    };
    (0..set.len()).map(name).collect()
}

/// Twenty images of five places without folders of parts, with masks and a table.
fn places() -> Folder {
    let folder = Folder::new();
    let mut table = "file,value,place\n".to_owned();
    for index in 0..20_u8 {
        let name = format!("p{}_{index}", index / 4);
        folder.write(&format!("images/{name}.png"), &grey(4, 4).bytes(&pixels(16, index)));
        let mask: Vec<u8> = (0..16).map(|at| u8::from(at == index % 16)).collect();
        folder.write(&format!("masks/{name}.png"), &grey(4, 4).bytes(&mask));
        table += &format!("{name}.png,{index},{}\n", index / 4);
    }
    folder.write("values.csv", table.as_bytes());
    folder
}

fn random(by: Group, seed: u64) -> FileSplit {
    FileSplit::Random(RandomSplit { test: 0.2, valid: 0.2, seed, by })
}

fn open(folder: &Folder, split: FileSplit) -> Opened {
    ImageFiles { split, ..ImageFiles::at(folder.root()) }.open().unwrap()
}

#[test]
fn a_seed_divides_images_and_equal_seeds_divide_alike() {
    let folder = places();
    let parts = |seed| {
        let opened = open(&folder, random(Group::Image, seed));
        [names(&opened.train), names(&opened.valid.unwrap()), names(&opened.test.unwrap())]
    };
    let first = parts(1);
    assert_eq!(first.each_ref().map(Vec::len), [12, 4, 4]);
    assert_eq!(first, parts(1));
    assert_ne!(first, parts(2));
    let mut all = first.concat();
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 20);
}

#[test]
fn groups_stay_together() {
    let folder = places();
    for seed in 0..5 {
        let by_name = open(&folder, random(Group::Prefix("_".to_owned()), seed));
        let table = FileTargets::Table(TableFile {
            file: "values.csv".into(),
            images: "images".into(),
            image: None,
            learn: Columns::Values(vec!["value".to_owned()]),
        });
        let split = random(Group::Column("place".to_owned()), seed);
        let by_column = ImageFiles { targets: table, split, ..ImageFiles::at(folder.root()) };
        for opened in [by_name, by_column.open().unwrap()] {
            let mut places = BTreeMap::new();
            let parts = [Some(opened.train), opened.valid, opened.test].map(Option::unwrap);
            assert_eq!(parts.each_ref().map(|set| set.len()), [12, 4, 4]);
            for (part, set) in parts.iter().enumerate() {
                for name in names(set) {
                    let place = name.split('_').next().unwrap().to_owned();
                    assert_eq!(*places.entry(place).or_insert(part), part, "{name}");
                }
            }
        }
    }
}

#[test]
fn classes_keep_their_shares() {
    let folder = Folder::new();
    for index in 0..40_u8 {
        let class = if index % 4 == 0 { "rare" } else { "usual" };
        folder.write(&format!("{class}/{index}.png"), &grey(3, 3).bytes(&pixels(9, index)));
    }
    let opened = open(&folder, FileSplit::Random(RandomSplit::default()));
    let test = opened.test.unwrap();
    let rare = (0..test.len())
        .filter(|&index| test.origin(index).unwrap().image.parent().unwrap().ends_with("rare"));
    assert_eq!((test.len(), rare.count()), (8, 2));
}

#[test]
fn a_stored_division_is_read_back_and_notices_every_change() {
    let folder = places();
    let opened = open(&folder, random(Group::Image, 3));
    let expected = [names(&opened.train), names(opened.test.as_ref().unwrap())];
    folder.write("list.csv", opened.list.as_str().as_bytes());
    let stored = FileSplit::Stored(folder.path("list.csv"));
    let files = ImageFiles { split: stored, ..ImageFiles::at(folder.root()) };
    // The list lies beside the other table, and both beside masks, which come first.
    let again = files.open().unwrap();
    assert_eq!([names(&again.train), names(again.test.as_ref().unwrap())], expected);
    assert_eq!(again.list, opened.list);

    let refused = || files.open().unwrap_err().to_string();
    let before = std::fs::read(folder.path("images/p0_1.png")).unwrap();
    folder.write("images/p0_1.png", &grey(4, 4).bytes(&pixels(16, 99)));
    let message = refused();
    assert!(
        message.contains("images/p0_1.png: expected") && message.contains("digest"),
        "{message}"
    );
    folder.write("images/p0_1.png", &before);

    let mask = std::fs::read(folder.path("masks/p0_1.png")).unwrap();
    folder.write("masks/p0_1.png", &grey(4, 4).bytes(&[1; 16]));
    assert!(refused().contains("masks/p0_1.png: expected"));
    folder.write("masks/p0_1.png", &mask);

    folder.write("images/new.png", &before);
    folder.write("masks/new.png", &mask);
    assert!(refused().contains("new.png: expected a file of the stored list, found a new file"));
    for name in ["images/new.png", "masks/new.png", "images/p0_1.png", "masks/p0_1.png"] {
        std::fs::remove_file(folder.path(name)).unwrap();
    }
    assert!(refused().contains("p0_1.png: expected the file of the stored list, found none"));
}
