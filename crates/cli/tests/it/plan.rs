//! `dartloom plan`, and the way from a folder of images to their masks.

use dartloom::data::images::{NewImage, PixelType, Row};
use dartloom::data::{DataError, nuclei};

use crate::program::Program;

fn image(program: &Program, name: &str, side: usize, pixels: &[u8]) {
    let path = program.path(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let image = NewImage::new(path, side, side, PixelType::Byte).unwrap();
    let mut rows = pixels.chunks_exact(side);
    image.write::<DataError>(|sink| rows.try_for_each(|row| sink.put(Row::Bytes(row)))).unwrap();
}

/// Tiles of nuclei and their masks in a folder `cells`.
fn cells() -> Program {
    let program = Program::new();
    let all = nuclei();
    for (part, data, count) in [("train", &all.train, 12), ("test", &all.test, 4)] {
        for index in 0..count {
            let sample = dartloom::data::OwnedSample::read(data, index).unwrap();
            let dartloom::data::Targets::Indices(mask) = &sample.targets else { panic!("masks") };
            let mask: Vec<u8> = mask.iter().map(|&label| label as u8).collect();
            let pixels = &data.pixels()[index * 64 * 64..][..64 * 64];
            image(&program, &format!("cells/{part}/images/{index}.png"), 64, pixels);
            image(&program, &format!("cells/{part}/masks/{index}.png"), 64, &mask);
        }
    }
    program
}

#[test]
fn a_planned_file_is_new_whole_and_loads() {
    let program = cells();
    let plan = ["plan", "cells", "--out", "cells.ron", "--memory", "2GiB"];
    let said = program.succeed(&plan);
    assert!(said.stderr.contains("`dartloom run cells.ron` runs it"), "{}", said.stderr);
    let text = program.read("cells.ron");
    assert!(text.contains("baseline: self_configured(") && text.contains("\"cells\""), "{text}");
    program.succeed(&["check", "cells.ron"]);
    program.succeed(&["estimate", "cells.ron", "--memory", "2GiB"]);
    // To stdout it is the same.
    let said = program.succeed(&["plan", "cells", "--memory", "2GiB"]);
    assert_eq!(said.stdout, text);

    program.write("cells.ron", "mine");
    let said = program.run(&plan);
    assert_eq!(said.code, Some(2), "{}", said.stderr);
    assert!(said.stderr.contains("--overwrite replaces it"), "{}", said.stderr);
    assert_eq!(program.read("cells.ron"), "mine");
    program.succeed(&[&plan[..], &["--overwrite"]].concat());
    assert_eq!(program.read("cells.ron"), text);
}

#[test]
fn what_cannot_be_planned_leaves_nothing() {
    let program = cells();
    program.write("cells/train/masks/0.png", "no image");
    let said = program.run(&["plan", "cells", "--out", "cells.ron"]);
    assert_eq!(said.code, Some(2), "{}", said.stderr);
    assert!(said.stderr.contains("masks/0.png"), "{}", said.stderr);
    assert!(!program.path("cells.ron").exists());
    let said = program.run(&["plan", "nowhere", "--out", "cells.ron"]);
    assert_eq!(said.code, Some(2), "{}", said.stderr);
    let said = program.run(&["plan", "cells", "--out", "nowhere/cells.ron"]);
    assert_eq!(said.code, Some(2), "{}", said.stderr);
    let said = program.run(&["plan", "cells", "--overwrite"]);
    assert_eq!(said.code, Some(2), "{}", said.stderr);
}

/// The tables, the JSON and the files of an evaluation on the folder itself, of which the model's
/// file says the task.
fn judged(program: &Program, model: &str) {
    let said = program.succeed(&["evaluate", model, "cells", "--out", "judged"]);
    for line in ["4 images", "classes", "class", "mean without background"] {
        assert!(said.stdout.lines().any(|own| own.starts_with(line)), "{line}: {}", said.stdout);
    }
    assert!(said.stdout.contains("images without"), "{}", said.stdout);
    let told = said.stdout.lines().any(|line| line.starts_with("dice_1"));
    assert!(!told, "the table has it: {}", said.stdout);
    let json = program.succeed(&["evaluate", model, "cells", "--json"]).stdout;
    assert_eq!(json, program.read("judged/evaluation.json"));
    let value: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert!(value["scores"]["dice_1"].is_number(), "{json}");
    let table = &value["tables"][0];
    assert_eq!(table["columns"][2], "iou", "{json}");
    assert_eq!(table["rows"][1][2], value["scores"]["iou_1"], "{json}");
    program.write("file", "");
    let said = program.run(&["evaluate", model, "cells", "--out", "file"]);
    assert_eq!(said.code, Some(2), "{}", said.stderr);
}

/// The commands of the guide `your-own-images.md`, with fewer epochs.
#[test]
fn from_a_folder_of_images_to_their_masks() {
    let program = cells();
    program.succeed(&["check", "cells"]);
    program.succeed(&["plan", "cells", "--out", "cells.ron", "--memory", "2GiB"]);
    let few = ["search.epochs=1", "random.fit.epochs=1", "retrain.fit.epochs=1", "channels=2"];
    let mut run = vec!["run", "cells.ron", "--seeds", "1", "--baseline", "unet(base: 4)"];
    run.extend(["--out", "runs/cells"]);
    run.extend(few.iter().flat_map(|value| ["--set", value]));
    let said = program.succeed(&run);
    assert!(said.stdout.contains("U-Net"), "{}", said.stdout);
    let model = "runs/cells/models/baseline-0.safetensors";
    let said = program.succeed(&["evaluate", model, "cells.ron"]);
    assert!(said.stdout.contains("mean_iou"), "{}", said.stdout);
    judged(&program, model);
    let predict = ["predict", model, "cells/test/images", "--out", "masks", "--overlay"];
    let said = program.succeed(&predict);
    assert!(said.stdout.contains("0.overlay.png"), "{}", said.stdout);
    // The commands of the guides to tiles and to class imbalance.
    let crops = "(data: Images(directory: \"cells\", crops: (height: 32, width: 32)), scale: Small, \
                 task: Segmentation(loss: Focal(gamma: 2.0), weighting: MedianFrequency, \
                 scores: (objects: ())), \
                 topology: UNet, layers: 2, nodes: 1, channels: 2, baseline: unet(base: 4), \
                 search: (epochs: 1, batch: 4), random: (fit: (epochs: 1, batch: 4)), \
                 retrain: (channels: 2, fit: (epochs: 1, batch: 4)), seeds: [0])";
    program.write("crops.ron", crops);
    let said = program.succeed(&["run", "crops.ron"]);
    assert!(said.stderr.contains("of 12 training crops show "), "{}", said.stderr);
    let model = "runs/crops/models/darts-0.safetensors";
    program.succeed(&["evaluate", model, "crops.ron"]);
    // The classes that crops show are a table, and values.
    let said = program.succeed(&["check", "crops.ron"]);
    assert!(said.stdout.contains("12 training crops\nclass "), "{}", said.stdout);
    let json = program.succeed(&["check", "crops.ron", "--json"]).stdout;
    let value: serde_json::Value = serde_json::from_str(json.lines().last().unwrap()).unwrap();
    assert_eq!(value["crops"], 12, "{json}");
    let share = value["classes"][1]["crops"].as_f64().unwrap();
    assert!(share > 0.0 && share <= 1.0, "{json}");
    // The objects that the task asks for are a table and a curve, by the model's file alone.
    let said = program.succeed(&["evaluate", model, "cells", "--out", "objects"]);
    assert!(
        said.stdout.contains("\nobjects\n") && said.stdout.contains("greedy"),
        "{}",
        said.stdout
    );
    assert!(program.read("objects/precision-recall.svg").contains("optimal matching"));
    program.succeed(&["predict", model, "cells/test/images", "--out", "masks", "--mirrored"]);
}
