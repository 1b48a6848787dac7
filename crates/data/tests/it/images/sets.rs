//! Data sets of image files.

use std::sync::Arc;

use dartloom_data::images::{
    Bands, Classes, Columns, FileTargets, ImageFiles, MaskFiles, Size, TableFile, Tiles, recognise,
};
use dartloom_data::testkit::check_dataset;
use dartloom_data::{
    DataError, DataSets, Dataset, ImageShape, Loader, OwnedSample, TargetSpec, Targets,
};
use png::BitDepth;

use super::make::{Folder, Png, floats, grey, pixels, rgb};

fn indices(sample: &OwnedSample) -> &[u32] {
    match &sample.targets {
        Targets::Indices(indices) => indices,
        Targets::Numbers(_) => panic!("expected indices"),
    }
}

fn masks(masks: MaskFiles) -> FileTargets {
    FileTargets::Masks(masks)
}

#[test]
fn folders_of_classes_are_sets_with_names() {
    let folder = Folder::classes();
    let opened = recognise(folder.root()).unwrap().open().unwrap();
    assert_eq!(opened.class_names, ["cat", "dog"]);
    assert_eq!(opened.train.targets(), TargetSpec::Class { classes: 2 });
    assert_eq!(opened.train.shape(), ImageShape::new(1, 4, 5));
    let classes: Vec<u32> = (0..6)
        .map(|index| OwnedSample::read(&opened.train, index).unwrap().class().unwrap())
        .collect();
    assert_eq!(classes, [0, 0, 0, 1, 1, 1]);
    check_dataset(&opened.train).unwrap();
    let sets: DataSets = opened.into_sets().unwrap();
    assert_eq!((sets.train.len(), sets.test.len()), (6, 2));
}

#[test]
fn pixels_have_mean_0_and_deviation_1_in_the_type_of_the_file() {
    let mean = |set: &dyn Dataset| {
        let pixels: Vec<f32> =
            (0..set.len()).flat_map(|at| OwnedSample::read(set, at).unwrap().pixels).collect();
        let count = pixels.len() as f64;
        let mean = pixels.iter().map(|&pixel| f64::from(pixel)).sum::<f64>() / count;
        let square = pixels.iter().map(|&pixel| f64::from(pixel).powi(2)).sum::<f64>() / count;
        [mean, square]
    };
    let write = |encode: &dyn Fn(u8) -> Vec<u8>| {
        let folder = Folder::new();
        for (part, class, seed) in
            [("train", "a", 1), ("train", "b", 2), ("test", "a", 3), ("test", "b", 4)]
        {
            folder.write(&format!("{part}/{class}/1.png"), &encode(seed));
        }
        folder
    };
    let wide = Png { depth: BitDepth::Sixteen, ..grey(8, 8) };
    let float = |seed: u8| {
        let values: Vec<f32> = pixels(64, seed).iter().map(|&v| f32::from(v) * 1e3 + 5e4).collect();
        floats(8, 8, &values)
    };
    let encoders: [&dyn Fn(u8) -> Vec<u8>; 3] = [
        &|seed| grey(8, 8).bytes(&pixels(64, seed)),
        &|seed| wide.bytes(&pixels(128, seed)),
        &float,
    ];
    for (encode, scale) in encoders.into_iter().zip([255.0, 65_535.0, 1.0]) {
        let folder = write(encode);
        let opened = ImageFiles::at(folder.root()).open().unwrap();
        assert_eq!(opened.train.normalization().scale(), scale);
        let [mean, square] = mean(&opened.train);
        assert!(mean.abs() < 1e-5 && (square - 1.0).abs() < 1e-4, "{mean} {square}");
        check_dataset(&opened.train).unwrap();
    }
}

#[test]
fn tiles_cover_images_and_are_filled_up_beyond_them() {
    let folder = Folder::masks();
    folder.write("train/images/9.png", &rgb(3, 2).bytes(&pixels(18, 9)));
    folder.write("train/masks/9.png", &grey(3, 2).bytes(&[1; 6]));
    let tiles = Some(Tiles { size: 5, overlap: 2 });
    let targets = masks(MaskFiles { ignore: Some(255), ..MaskFiles::default() });
    let files = ImageFiles { tiles, targets, ..ImageFiles::at(folder.root()) };
    let whole = files.open().unwrap().train;
    // 6x8 pixels: starts 0, 1 and 0, 3; the small image gives one tile.
    assert_eq!(whole.len(), 4 * 4 + 1);
    assert_eq!(whole.shape(), ImageShape::new(3, 5, 5));
    let origin = whole.origin(3).unwrap();
    assert_eq!((origin.window.top, origin.window.left), (1, 3));
    assert!(origin.image.ends_with("train/images/0.png"));

    let last = OwnedSample::read(&whole, 16).unwrap();
    let inside = |at: usize| at % 25 / 5 < 2 && at % 5 < 3;
    for (at, pixel) in last.pixels.iter().enumerate().filter(|(at, _)| !inside(*at)) {
        assert_eq!(*pixel, 0.0, "{at}");
    }
    for (at, &label) in indices(&last).iter().enumerate() {
        assert_eq!(label, if inside(at) { 1 } else { 255 }, "{at}");
    }
    check_dataset(&whole).unwrap();

    // Nothing fits this memory: every tile is read from the file by itself.
    let files = ImageFiles { cache: 1, ..files };
    let parts = files.open().unwrap().train;
    for index in (0..whole.len()).rev() {
        let [one, other] = [&whole, &parts].map(|set| OwnedSample::read(set, index).unwrap());
        assert_eq!(one, other, "{index}");
    }
    assert_eq!(whole.digest().unwrap(), parts.digest().unwrap());
}

#[test]
fn masks_of_0_and_255_are_classes_under_the_rule_that_the_check_names() {
    let folder = Folder::new();
    for (index, part) in ["train", "train", "test"].iter().enumerate() {
        folder.write(
            &format!("{part}/images/{index}.png"),
            &grey(4, 4).bytes(&pixels(16, index as u8)),
        );
        let mask: Vec<u8> = (0..16).map(|at| 255 * u8::from(at % 4 == 0)).collect();
        folder.write(&format!("{part}/masks/{index}.png"), &grey(4, 4).bytes(&mask));
        let colours: Vec<u8> = mask.iter().flat_map(|&value| [value, 0, 7]).collect();
        folder.write(&format!("{part}/coloured/{index}.png"), &rgb(4, 4).bytes(&colours));
    }
    let mapped = MaskFiles { labels: [(255, 1)].into(), ..MaskFiles::default() };
    let coloured = MaskFiles {
        masks: "coloured".into(),
        colours: [("000007".to_owned(), 0), ("#FF0007".to_owned(), 1)].into(),
        classes: Classes::Names(["sea", "ship"].map(str::to_owned).to_vec()),
        ..MaskFiles::default()
    };
    for rule in [mapped, coloured] {
        let files = ImageFiles { targets: masks(rule), ..ImageFiles::at(folder.root()) };
        let train = files.open().unwrap().train;
        assert_eq!(train.targets(), TargetSpec::Mask { classes: 2, ignore: None });
        let sample = OwnedSample::read(&train, 1).unwrap();
        assert_eq!(indices(&sample)[..5], [1, 0, 0, 0, 1]);
    }
}

#[test]
fn sizes_are_made_equal_image_and_mask_alike() {
    let folder = Folder::masks();
    folder.write("train/images/1.png", &rgb(20, 9).bytes(&pixels(540, 7)));
    folder.write("train/masks/1.png", &grey(20, 9).bytes(&[1; 180]));
    for size in [Size::Resize(4, 4), Size::Cover(4, 4), Size::CentreCrop(4, 4)] {
        let files = ImageFiles { size, ..ImageFiles::at(folder.root()) };
        let train = files.open().unwrap().train;
        assert_eq!(train.shape(), ImageShape::new(3, 4, 4));
        check_dataset(&train).unwrap();
        assert_eq!(indices(&OwnedSample::read(&train, 1).unwrap()), [1; 16]);
    }
    let files =
        ImageFiles { size: Size::Cover(3, 4), bands: Bands::Grey, ..ImageFiles::at(folder.root()) };
    assert_eq!(files.open().unwrap().train.shape(), ImageShape::new(1, 3, 4));
}

#[test]
fn tables_are_read_with_marks_and_quotes() {
    let folder = Folder::table();
    folder.write(
        "train/counts.csv",
        b"\xef\xbb\xbf\"file\", count\r\n\"0.png\", 1\r\nimages/1.png,2.5\r\n2.png,3\r\n",
    );
    folder.write("train/images/images/1.png", &grey(4, 4).bytes(&pixels(16, 31)));
    let table = TableFile {
        file: "counts.csv".into(),
        images: "images".into(),
        image: Some("file".to_owned()),
        learn: Columns::Values(vec!["count".to_owned()]),
    };
    let files = ImageFiles { targets: FileTargets::Table(table), ..ImageFiles::at(folder.root()) };
    let train = files.open().unwrap().train;
    let values: Vec<_> = (0..3).map(|at| OwnedSample::read(&train, at).unwrap().targets).collect();
    assert_eq!(values, [1.0, 2.5, 3.0].map(|value| Targets::Numbers(vec![value])));
    check_dataset(&train).unwrap();
    // The layout alone says the same.
    let found = recognise(Folder::table().root()).unwrap();
    assert!(matches!(
        found.targets,
        FileTargets::Table(TableFile { learn: Columns::Values(_), .. })
    ));
}

#[test]
fn a_file_that_changes_after_the_check_is_an_error_and_no_other_sample() {
    let folder = Folder::classes();
    let train = ImageFiles { cache: 0, ..ImageFiles::at(folder.root()) }.open().unwrap().train;
    let image = folder.path("train/cat/0.png");
    let bytes = std::fs::read(&image).unwrap();
    std::fs::write(&image, grey(5, 4).bytes(&pixels(20, 201))).unwrap();
    let error = OwnedSample::read(&train, 0).unwrap_err();
    assert!(matches!(error, DataError::Images(_)), "{error:?}");
    let message = error.to_string();
    assert!(message.contains("train/cat/0.png: the file has changed since the data were checked"));
    std::fs::write(&image, bytes).unwrap();
    assert!(OwnedSample::read(&train, 0).is_ok());
}

#[test]
fn digests_follow_files_targets_and_settings_and_not_names() {
    let digest = |folder: &Folder, files: &dyn Fn(ImageFiles) -> ImageFiles| {
        files(ImageFiles::at(folder.root())).open().unwrap().train.digest().unwrap()
    };
    let folder = Folder::masks();
    let plain = digest(&folder, &|files| files);
    assert_eq!(plain, digest(&Folder::masks(), &|files| files));
    let changes: [&dyn Fn(ImageFiles) -> ImageFiles; 3] = [
        &|files| ImageFiles { bands: Bands::Grey, ..files },
        &|files| ImageFiles { size: Size::Resize(4, 4), ..files },
        &|files| ImageFiles { tiles: Some(Tiles { size: 4, overlap: 0 }), ..files },
    ];
    for change in changes {
        assert_ne!(plain, digest(&folder, change));
    }
    folder.write("train/masks/0.png", &grey(8, 6).bytes(&[1; 48]));
    assert_ne!(plain, digest(&folder, &|files| files));
}

#[test]
fn batches_are_served_by_many_threads_alike() {
    let folder = Folder::masks();
    let train =
        Arc::new(ImageFiles { cache: 200, ..ImageFiles::at(folder.root()) }.open().unwrap().train);
    let batch = |set: &dyn Dataset| {
        let batch = Loader::new(set, 4).unwrap().batch(0, 0).unwrap();
        batch.inputs.flatten_all().unwrap().to_vec1::<f32>().unwrap()
    };
    let expected = batch(&train);
    std::thread::scope(|scope| {
        let threads: Vec<_> =
            (0..4).map(|_| scope.spawn(|| (0..20).all(|_| batch(&train) == expected))).collect();
        assert!(threads.into_iter().all(|thread| thread.join().unwrap()));
    });
}
