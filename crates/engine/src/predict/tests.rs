use std::cell::Cell;

use dartloom::data::Normalization;
use dartloom::data::images::{ImageFile, MAX_PIXELS, Meaning, NewImage, PixelType, Row, Values};
use dartloom::net::GraphNetwork;
use dartloom::noise::Noise;
use dartloom::ops::{Mode, Model as _, Pass, Place};
use dartloom::space::hand_made::{Baseline, UNet};
use dartloom::space::{Outputs as NetworkOutputs, Shape};
use dartloom::{Device, Tensor};

use super::*;

/// A U-Net for 16x16 grey images that nobody has trained, with statistics of some noise.
fn unet(classes: usize) -> Trained {
    drawn(classes, 3)
}

fn drawn(classes: usize, seed: u64) -> Trained {
    let outputs = NetworkOutputs::Plane { channels: classes };
    let graph = UNet { base: 2, depth: Some(2) }.graph(Shape::new(1, 16, 16), outputs).unwrap();
    let mut random = Noise::new(seed).stream("network", 0);
    let network = GraphNetwork::new(graph.clone(), &Place::default(), &mut random).unwrap();
    let pixels: Vec<f32> = (0..4 * 256).map(|at| ((at * 37 % 101) as f32) / 50.0 - 1.0).collect();
    let pixels = Tensor::from_vec(pixels, (4, 1, 16, 16), &Device::Cpu).unwrap();
    // Until the running statistics are those of the pixels.
    for _ in 0..60 {
        network.forward(&pixels, &mut Pass::new(Mode::train(), &mut random)).unwrap();
    }
    let masks = TargetSpec::Mask { classes, ignore: None };
    let trained = Trained::laid_out(&graph, masks, &network).unwrap();
    trained.with_normalization(Normalization::new(255.0, &[0.5], &[0.3]).unwrap()).unwrap()
}

/// A grey image of a pattern.
fn image(path: &Path, height: usize, width: usize) {
    let image = NewImage::new(path, height, width, PixelType::Byte).unwrap();
    let written = image.write::<dartloom::data::DataError>(|sink| {
        (0..height).try_for_each(|row| {
            let bytes: Vec<u8> = (0..width).map(|column| (row * 5 + column * 11) as u8).collect();
            sink.put(Row::Bytes(&bytes))
        })
    });
    written.unwrap();
}

fn values(path: &Path) -> Values {
    let mut file = ImageFile::open(path, Meaning::Labels, MAX_PIXELS).unwrap();
    file.whole().unwrap().values().clone()
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn go_on(_: Predicting<'_>) -> Flow {
    Flow::Continue
}

#[test]
fn masks_probabilities_and_overlays_agree() {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("scene.png");
    image(&source, 41, 53);
    // Most networks that nobody has trained say the same of every pixel.
    let model = (0..50).map(|seed| drawn(3, seed)).find(|model| {
        let bytes: Vec<u8> = (0..256).map(|at| (at * 37 % 256) as u8).collect();
        let found = model.predict(&model.images(&bytes).unwrap()).unwrap();
        matches!(found.answer, dartloom::verdict::Answer::Masks(all) if all[0].iter().filter(|&&class| class == all[0][0]).count() < 200)
    });
    let model = model.unwrap();
    let out = folder.path().join("found");
    let config = PredictConfig { probabilities: true, overlay: true, ..PredictConfig::default() };
    let predicted =
        predict(&model, std::slice::from_ref(&source), &out, &config, &mut go_on).unwrap();
    assert!(!predicted.stopped);
    assert_eq!(names(&out), ["scene.overlay.png", "scene.png", "scene.probabilities.tif"]);
    let Values::U8(mask) = values(&out.join("scene.png")) else { panic!("bytes") };
    let Values::F32(shares) = values(&out.join("scene.probabilities.tif")) else {
        panic!("floats")
    };
    let Values::U8(overlay) = values(&out.join("scene.overlay.png")) else { panic!("bytes") };
    let Values::U8(grey) = values(&source) else { panic!("bytes") };
    let plane = 41 * 53;
    assert_eq!((mask.len(), shares.len(), overlay.len()), (plane, 3 * plane, 3 * plane));
    for at in 0..plane {
        let of = [0, 1, 2].map(|class| shares[class * plane + at]);
        assert!((of.iter().sum::<f32>() - 1.0).abs() < 1e-5);
        let own = usize::from(mask[at]);
        assert!(of.iter().all(|share| *share <= of[own]), "pixel {at}: {own} of {of:?}");
        let pixel = [0, 1, 2].map(|band| overlay[band * plane + at]);
        assert_eq!(pixel, colours::painted([grey[at]; 3], colours::colour(own, 3)));
    }
    assert!(mask.iter().any(|&class| class != mask[0]), "a mask of one class shows nothing");

    // An image of the window's own size is what the network itself says.
    let small = folder.path().join("small.png");
    image(&small, 16, 16);
    predict(&model, std::slice::from_ref(&small), &out, &PredictConfig::default(), &mut go_on)
        .unwrap();
    let Values::U8(bytes) = values(&small) else { panic!("bytes") };
    let whole = model.predict(&model.images(&bytes).unwrap()).unwrap();
    let dartloom::verdict::Answer::Masks(expected) = whole.answer else { panic!("masks") };
    let found: Vec<u32> = match values(&out.join("small.png")) {
        Values::U8(all) => all.into_iter().map(u32::from).collect(),
        other => panic!("{other:?}"),
    };
    assert_eq!(found, expected[0]);
}

#[test]
fn a_stopped_prediction_leaves_whole_files() {
    let folder = tempfile::tempdir().unwrap();
    let images = ["a.png", "b.png"].map(|name| folder.path().join(name));
    images.iter().for_each(|path| image(path, 40, 20));
    let out = folder.path().join("found");
    let asked = Cell::new(0);
    // In the middle of the second image.
    let mut stop = |at: Predicting<'_>| {
        asked.set(asked.get() + 1);
        if at.done == 1 && at.share > 0.4 { Flow::Stop } else { Flow::Continue }
    };
    let config = PredictConfig { overlay: true, ..PredictConfig::default() };
    let predicted = predict(&unet(2), &images, &out, &config, &mut stop).unwrap();
    assert!(predicted.stopped && asked.get() > 10);
    assert_eq!(names(&out), ["a.overlay.png", "a.png"]);
    assert_eq!(predicted.files.len(), 2);
}

#[test]
fn answers_for_images_are_a_table() {
    let folder = tempfile::tempdir().unwrap();
    let graph = Baseline::TinyResNet.graph(Shape::new(1, 16, 16), NetworkOutputs::Vector(2));
    let graph = graph.unwrap();
    let mut random = Noise::new(3).stream("network", 0);
    let network = GraphNetwork::new(graph.clone(), &Place::default(), &mut random).unwrap();
    let kept = |targets| {
        let trained = Trained::laid_out(&graph, targets, &network).unwrap();
        let constants = Normalization::scaled(255.0, 1).unwrap();
        let trained = trained.with_normalization(constants).unwrap();
        trained.with_class_names(["cat", "dog"]).unwrap()
    };
    let images: Vec<PathBuf> = (0..5).map(|at| folder.path().join(format!("{at}.png"))).collect();
    images.iter().for_each(|path| image(path, 16, 16));
    let table = |targets| {
        let config = PredictConfig::default();
        predict(&kept(targets), &images, folder.path(), &config, &mut go_on).unwrap();
        std::fs::read_to_string(folder.path().join("predictions.csv")).unwrap()
    };
    let classes = table(TargetSpec::Class { classes: 2 });
    assert!(classes.starts_with("file,class,p_cat,p_dog\n"), "{classes}");
    assert_eq!(classes.lines().count(), 6);
    for line in classes.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        let shares = [cells[2], cells[3]].map(|cell| cell.parse::<f64>().unwrap());
        assert!((shares[0] + shares[1] - 1.0).abs() < 2e-6, "{line}");
        assert_eq!(cells[1], if shares[0] >= shares[1] { "cat" } else { "dog" });
    }
    let labels = table(TargetSpec::Labels(2));
    assert!(labels.starts_with("file,cat,dog,p_cat,p_dog\n"), "{labels}");
    let numbers = table(TargetSpec::Values(2));
    assert!(numbers.starts_with("file,cat,dog\n"), "{numbers}");

    // An image of another size is refused, and the table of before stays.
    let odd = folder.path().join("odd.png");
    image(&odd, 20, 30);
    let model = kept(TargetSpec::Values(2));
    let config = PredictConfig::default();
    let error = predict(&model, std::slice::from_ref(&odd), folder.path(), &config, &mut go_on);
    let error = error.unwrap_err().to_string();
    assert!(error.contains("1x16x16") && error.contains("1x20x30 in"), "{error}");
    let kept = std::fs::read_to_string(folder.path().join("predictions.csv")).unwrap();
    assert_eq!(kept, numbers);
    let config = PredictConfig { size: Size::Cover(16, 16), ..config };
    predict(&model, &[odd], folder.path(), &config, &mut go_on).unwrap();
}

#[test]
fn what_cannot_be_predicted_is_refused_before_anything_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("a.png");
    image(&source, 20, 20);
    let out = folder.path().join("found");
    let told = |model: &Trained, images: &[PathBuf], config: &PredictConfig, out: &Path| {
        predict(model, images, out, config, &mut go_on).unwrap_err().to_string()
    };
    let usual = PredictConfig::default();
    let step = PredictConfig { step: 0.0, ..usual.clone() };
    let images = [source.clone()];
    assert!(told(&unet(2), &images, &step, &out).contains("step"));
    let batch = PredictConfig { batch: 0, ..usual.clone() };
    assert!(told(&unet(2), &images, &batch, &out).contains("batch"));
    assert!(told(&unet(2), &[], &usual, &out).contains("at least one image"));
    let here = told(&unet(2), &images, &usual, folder.path());
    assert!(here.contains("other than that of the images"), "{here}");
    let missing = told(&unet(2), &[folder.path().join("no.png")], &usual, &out);
    assert!(missing.contains("no.png"), "{missing}");
    let bands = PredictConfig { bands: Bands::Rgb, ..usual };
    let bands = told(&unet(2), &images, &bands, &out);
    assert!(bands.contains("a.png") && bands.contains("found 3, and not 1"), "{bands}");
    assert!(names(folder.path()) == ["a.png"] || names(&out).is_empty());
}
