use std::path::PathBuf;

use dartloom::data::images::{NewImage, PixelType, Row};
use dartloom::data::{DataError, Dataset, InMemory, OwnedSample, Targets, nuclei, nuclei_counts};
use dartloom::space::hand_made::Baseline;
use dartloom::task::{ConfiguredTask, SegmentationConfig};
use tempfile::TempDir;

use super::*;
use crate::experiment::{Experiment, Named, load};

const CONFIG: DraftConfig = DraftConfig { memory: Some(4 << 30), threads: 2 };

/// Writes a grey image.
fn image(path: PathBuf, sides: [usize; 2], pixels: &[u8]) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let [height, width] = sides;
    let image = NewImage::new(path, height, width, PixelType::Byte).unwrap();
    let rows = pixels.chunks_exact(width);
    image
        .write::<DataError>(|sink| rows.into_iter().try_for_each(|row| sink.put(Row::Bytes(row))))
        .unwrap();
}

/// The stored bytes of an image.
fn bytes(data: &InMemory, sample: &OwnedSample) -> Vec<u8> {
    let constants = data.normalization();
    let mean = constants.mean()[0];
    let deviation = constants.standard_deviation()[0];
    let byte = |pixel: &f32| ((pixel * deviation + mean) * constants.scale()).round() as u8;
    sample.pixels.iter().map(byte).collect()
}

/// The embedded nuclei as a folder of PNG files.
fn nuclei_folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let all = nuclei();
    for (part, data) in [("train", &all.train), ("test", &all.test)] {
        for index in 0..data.len() {
            let sample = OwnedSample::read(data, index).unwrap();
            let Targets::Indices(mask) = &sample.targets else { panic!("masks") };
            let mask: Vec<u8> = mask.iter().map(|&label| label as u8).collect();
            let path = |kind: &str| folder.path().join(format!("{part}/{kind}/{index}.png"));
            image(path("images"), [64, 64], &bytes(data, &sample));
            image(path("masks"), [64, 64], &mask);
        }
    }
    folder
}

/// Drafts, writes, loads and plans.
fn planned(folder: &TempDir, config: &DraftConfig) -> (String, Experiment) {
    let file = folder.path().join("drafted.ron");
    let text = draft(folder.path(), &file, config).unwrap().text;
    crate::output::write(&file, &text).unwrap();
    let experiment = load(&file, &Chosen::default()).unwrap_or_else(|e| panic!("{e}\n{text}"));
    assert_eq!(experiment.name, "drafted");
    let plan = Plan::new(experiment.clone(), "drafted.ron");
    plan.unwrap_or_else(|error| panic!("{error}\n{text}"));
    (text, experiment)
}

#[test]
fn nuclei_get_a_self_configured_network_on_whole_images() {
    let folder = nuclei_folder();
    let (text, experiment) = planned(&folder, &CONFIG);
    assert!(text.contains("48 images to train with, 16 to test with, all of 1x64x64"), "{text}");
    assert!(text.contains("directory: \".\""), "{text}");
    let Some(Named::Known(Baseline::SelfConfigured(network))) = experiment.baseline else {
        panic!("{text}")
    };
    assert_eq!((network.base, network.most, network.smallest), (32, 512, 4));
    let Some(Named::Known(ConfiguredTask::Segmentation(task))) = experiment.task else {
        panic!("{text}")
    };
    let weights = task.weights.clone();
    assert_eq!(task, SegmentationConfig { dice: 1.0, weights, ..SegmentationConfig::default() });
    let channels = "channels [32, 64, 128, 256, 512]";
    assert!(text.contains("4 halvings") && text.contains(channels), "{text}");
    // 5 % of the pixels of 48 images.
    assert_eq!(experiment.retrain.fit.batch, 2);
    assert!(!experiment.retrain.fit.transforms.is_empty(), "{text}");
}

#[test]
fn images_of_several_sizes_are_cut_and_little_memory_means_smaller_patches() {
    let folder = nuclei_folder();
    let mask = |at: usize| u8::from(at.is_multiple_of(400));
    for (part, name, sides) in [("train", "wide", [80, 200]), ("test", "tall", [130, 70])] {
        let pixels: Vec<u8> = (0..sides[0] * sides[1]).map(|at| (at * 7 % 251) as u8).collect();
        let masks: Vec<u8> = (0..pixels.len()).map(mask).collect();
        let path = |kind: &str| folder.path().join(format!("{part}/{kind}/{name}.png"));
        image(path("images"), sides, &pixels);
        image(path("masks"), sides, &masks);
    }
    let (text, _) = planned(&folder, &CONFIG);
    assert!(text.contains("64 to 80 rows and 64 to 200 columns"), "{text}");
    assert!(text.contains("tiles: (size:64,overlap:22)"), "{text}");
    let little = DraftConfig { memory: Some(150 << 20), ..CONFIG };
    let (text, experiment) = planned(&folder, &little);
    assert!(text.contains("crops: (") && text.contains("do not fit"), "{text}");
    assert!(experiment.retrain.fit.batch >= 2);
    let none = DraftConfig { memory: Some(1 << 20), ..CONFIG };
    let error = draft(folder.path(), &folder.path().join("a.ron"), &none).unwrap_err();
    assert!(error.to_string().contains("memory"), "{error}");
}

#[test]
fn folders_of_classes_get_a_residual_network_and_weights_where_they_are_unequal() {
    let folder = tempfile::tempdir().unwrap();
    let mut written = 0;
    for (part, class, count) in
        [("train", "common", 44), ("train", "rare", 4), ("test", "common", 4), ("test", "rare", 4)]
    {
        for index in 0..count {
            // No two images are equal.
            written += 1;
            let pixels: Vec<u8> = (0..32 * 40).map(|at| ((at * written) % 251) as u8).collect();
            let path = folder.path().join(format!("{part}/{class}/{index}.png"));
            image(path, [32, 40], &pixels);
        }
    }
    let (text, experiment) = planned(&folder, &CONFIG);
    assert_eq!(experiment.baseline, Some(Named::Known(Baseline::ResNet18)), "{text}");
    let Some(Named::Known(ConfiguredTask::Classification(task))) = experiment.task else {
        panic!("{text}")
    };
    let weights = task.weights.unwrap();
    assert!(weights[1] / weights[0] > 10.0, "{text}");
    assert!(text.contains("[91.67, 8.33] of the images"), "{text}");
    // One half of 48 images at a time.
    assert_eq!(experiment.method[0].search.batch, 24);
    // Images of another size are made alike.
    image(folder.path().join("train/rare/other.png"), [300, 500], &[9; 150_000]);
    let (text, _) = planned(&folder, &CONFIG);
    assert!(text.contains("size: Cover(32,40)"), "{text}");
}

#[test]
fn tables_of_values_are_regressions() {
    let folder = tempfile::tempdir().unwrap();
    let all = nuclei_counts();
    for (part, data) in [("train", &all.train), ("test", &all.test)] {
        let mut table = "file,count\n".to_owned();
        for index in 0..data.len() {
            let sample = OwnedSample::read(data, index).unwrap();
            let Targets::Numbers(values) = &sample.targets else { panic!("values") };
            table += &format!("{index}.png,{}\n", values[0]);
            let path = folder.path().join(format!("{part}/images/{index}.png"));
            image(path, [64, 64], &bytes(data, &sample));
        }
        std::fs::write(folder.path().join(part).join("counts.csv"), table).unwrap();
    }
    let (text, experiment) = planned(&folder, &CONFIG);
    assert!(matches!(experiment.task, Some(Named::Known(ConfiguredTask::Regression(_)))), "{text}");
    assert!(text.contains("learn:Values([\"count\"])"), "{text}");
    // The draft of a draft is on the same data.
    let again = draft(&folder.path().join("drafted.ron"), &folder.path().join("b.ron"), &CONFIG);
    assert!(again.unwrap().text.contains("learn:Values([\"count\"])"));
}

#[test]
fn data_that_the_check_refuses_have_no_draft() {
    let folder = nuclei_folder();
    std::fs::write(folder.path().join("train/images/3.png"), b"no image").unwrap();
    let error = draft(folder.path(), &folder.path().join("a.ron"), &CONFIG).unwrap_err();
    assert!(error.to_string().contains("3.png"), "{error}");
}
