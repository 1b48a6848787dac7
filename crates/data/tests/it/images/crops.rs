//! Random crops of image files.

use dartloom_data::images::{Bands, ImageFiles, Size, Tiles};
use dartloom_data::testkit::check_dataset;
use dartloom_data::{
    AutoAugment, ClassShares, ColorJitter, CropConfig, Crops, Dataset, Flip, ImageShape, Loader,
    PictureSpec, Policy, Transform as _,
};

use super::make::{Folder, grey, pixels, rgb};

/// Images of 8x8 pixels with one pixel of class 1 in the lower right corner.
fn corners() -> Folder {
    let folder = Folder::new();
    for (index, part) in ["train", "train", "val", "test"].into_iter().enumerate() {
        let image = rgb(8, 8).bytes(&pixels(8 * 8 * 3, index as u8));
        folder.write(&format!("{part}/images/{index}.png"), &image);
        let mut mask = [0; 64];
        mask[63] = 1;
        folder.write(&format!("{part}/masks/{index}.png"), &grey(8, 8).bytes(&mask));
    }
    folder
}

fn cropped(folder: &Folder, crops: CropConfig) -> ImageFiles {
    ImageFiles { crops: Some(crops), ..ImageFiles::at(folder.root()) }
}

#[test]
fn training_images_are_cropped_and_the_others_cut_into_tiles_of_that_size() {
    let folder = corners();
    let files = cropped(&folder, CropConfig::new(4, 4));
    let opened = files.open().unwrap();
    assert_eq!(opened.train.shape(), ImageShape::new(3, 8, 8), "what crops are cut out of");
    let sets = opened.into_sets().unwrap();
    for set in [&sets.train, &sets.test, sets.valid.as_ref().unwrap()] {
        assert_eq!(set.shape(), ImageShape::new(3, 4, 4));
        check_dataset(&**set).unwrap();
        assert_eq!(set.normalization(), sets.normalization.as_ref());
    }
    // 4 pixels with an overlap of 1 begin at 0, 2 and 4.
    assert_eq!((sets.train.len(), sets.test.len()), (2, 9));
    let other = cropped(&folder, CropConfig { foreground: Some(0.0), ..CropConfig::new(4, 4) });
    let other = other.open().unwrap().into_sets().unwrap();
    assert_ne!(sets.train.digest().unwrap(), other.train.digest().unwrap());
    assert_eq!(sets.test.digest().unwrap(), other.test.digest().unwrap());
}

#[test]
fn every_third_crop_has_foreground_unless_the_file_says_otherwise() {
    let folder = corners();
    let share = |foreground: Option<f64>| {
        let crops = CropConfig { foreground, ..CropConfig::new(2, 2) };
        let sets = cropped(&folder, crops).open().unwrap().into_sets().unwrap();
        let loader = Loader::new(&sets.train, 2).unwrap().augment(Flip);
        let mut shares = ClassShares::new(2);
        (0..30).for_each(|epoch| shares.add(&loader.batch(epoch, 0).unwrap()).unwrap());
        shares.of_masks()[1]
    };
    assert!((share(Some(1.0)) - 1.0).abs() < 1e-12);
    // One of 49 places shows the corner; of two positions of an epoch none is the third.
    assert!(share(Some(0.0)) < 0.2);
    assert!((share(Some(0.5)) - 0.5).abs() < 0.1);
}

#[test]
fn tiles_and_sizes_are_cropped_in_their_turn() {
    let folder = corners();
    let tiles = Some(Tiles { size: 6, overlap: 2 });
    let files = ImageFiles { tiles, ..cropped(&folder, CropConfig::new(3, 4)) };
    let sets = files.open().unwrap().into_sets().unwrap();
    assert_eq!(sets.train.shape(), ImageShape::new(3, 3, 4));
    // Two tiles along each side of two images.
    assert_eq!(sets.train.len(), 8);
    check_dataset(&*sets.train).unwrap();
    // What does not fit the memory is read in parts, and the same.
    let parts = ImageFiles { cache: 1, ..files }.open().unwrap().into_sets().unwrap();
    assert_eq!(sets.train.digest().unwrap(), parts.train.digest().unwrap());
    let batch = |data: &dyn Dataset| {
        let batch = Loader::new(data, 8).unwrap().augment(Flip).batch(3, 0).unwrap();
        batch.inputs.flatten_all().unwrap().to_vec1::<f32>().unwrap()
    };
    assert_eq!(batch(&*sets.train), batch(&*parts.train));
    let small = ImageFiles { size: Size::Resize(4, 4), ..cropped(&folder, CropConfig::new(3, 3)) };
    assert_eq!(small.open().unwrap().into_sets().unwrap().train.shape().width, 3);
}

#[test]
fn crops_that_no_image_has_are_refused_with_what_fits() {
    let folder = corners();
    let text = |files: ImageFiles| {
        let opened = files.open().and_then(|opened| opened.into_sets().map(|_| ()));
        opened.unwrap_err().to_string()
    };
    let crops = |crops| cropped(&folder, crops);
    let large = text(crops(CropConfig::new(9, 8)));
    assert!(large.contains("at least 9 x 8") && large.contains("height: 8, width: 8"), "{large}");
    assert!(crops(CropConfig::new(9, 8)).check().has_errors());
    let none = text(crops(CropConfig::new(0, 8)));
    assert!(none.contains("crops.height") && none.contains("at least 1 pixel"), "{none}");
    let tiles = Some(Tiles { size: 4, overlap: 0 });
    let beyond = text(ImageFiles { tiles, ..crops(CropConfig::new(4, 5)) });
    assert!(beyond.contains("crops.width") && beyond.contains("1 to 4"), "{beyond}");
    let share = CropConfig { foreground: Some(1.5), ..CropConfig::new(4, 4) };
    assert!(text(crops(share)).contains("crops.foreground"));
    let background = CropConfig { background: Some(2), ..CropConfig::new(4, 4) };
    assert!(text(crops(background)).contains("crops.background"));
    for others in [Folder::classes(), Folder::table()] {
        let refused = text(cropped(&others, CropConfig::new(2, 2)));
        assert!(refused.contains("RandomResizedCrop"), "{refused}");
    }
}

#[test]
fn changes_of_colours_suit_folders_and_their_crops() {
    let folder = corners();
    let plain = ImageFiles::at(folder.root()).open().unwrap().into_sets().unwrap();
    let crops = cropped(&folder, CropConfig::new(4, 4)).open().unwrap().into_sets().unwrap();
    let jitter = ColorJitter { brightness: 0.5, ..ColorJitter::default() };
    for data in [&*plain.train, &*crops.train] {
        let spec = PictureSpec::of(data);
        jitter.check(&spec).unwrap();
        let changed = Loader::new(data, 2).unwrap().augment(jitter).batch(0, 0).unwrap();
        let still = Loader::new(data, 2).unwrap().augment(Flip).batch(0, 0).unwrap();
        assert_eq!(changed.inputs.dims(), still.inputs.dims());
    }
    let classes = Folder::classes();
    let classes = ImageFiles { bands: Bands::Rgb, ..ImageFiles::at(classes.root()) };
    let train = classes.open().unwrap().train;
    let policy = AutoAugment::new(Policy::Cifar10);
    policy.check(&PictureSpec::of(&train)).unwrap();
    Loader::new(&train, 4).unwrap().augment(policy).batch(0, 0).unwrap();
    assert!(Crops::new(train, CropConfig::new(2, 2)).is_ok(), "classes keep their target");
}
