//! An image that is larger than memory, predicted window by window.
//!
//! Paper: Isensee et al., *nnU-Net*, Nature Methods 18, 2021: overlapping windows, half a window
//! apart, with Gaussian weights. Network and image are ours.
//!
//! Expect: the epochs of a small U-Net on tiles of cell nuclei; a large image that is written row
//! by row; its mask, written as rows are done; and the peak of memory before and after. The peak
//! grows with the image's width and not with its height. Run time: under a minute on 2 cores with
//! the 512 pixels a side of the default. `--size 20000` is 400 million pixels; `--step 1` moves
//! windows by their whole side, four times as fast, with seams. `--model` takes a network of an
//! earlier run and trains none.
//!
//! ```text
//! cargo run --release -p dartloom-examples --example predict_a_large_image -- \
//!     [DIRECTORY] [--size SIDE] [--step SHARE] [--model FILE]
//! ```
#![allow(clippy::print_stdout, reason = "a program tells its user what it found")]

use std::error::Error;
use std::path::Path;

use dartloom::Tensor;
use dartloom::data::images::{Bands, FileRows, NewImage, PixelType, Row};
use dartloom::data::{
    ConfiguredTransform, ImageRows as _, InMemory, PredictedRows, SlidingWindow, nuclei,
};
use dartloom::net::GraphNetwork;
use dartloom::prelude::*;
use dartloom::space::Outputs;
use dartloom::space::hand_made::UNet;
use dartloom::task::Segmentation;
use dartloom::train::{Outcome, Problem, Schedule};

/// Sides of a tile of nuclei.
const TILE: usize = 64;

/// The words of the command line.
struct Asked {
    directory: String,
    size: usize,
    step: f64,
    model: Option<String>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let Asked { directory, size, step, model } = asked()?;
    let dir = RunDir::open(directory)?;
    let data = nuclei().train;
    let path = match model {
        Some(model) => model.into(),
        None => dir.file("unet.safetensors"),
    };
    if !path.exists() && !train(&data, &path)? {
        return Ok(());
    }
    let image = dir.file("large.tif");
    write_image(&data, &image, size)?;
    println!("image: {size} x {size} pixels in {}", image.display());

    let network = Trained::load(&path, &Registry::standard()?)?;
    let constants = network.normalization().ok_or("the network knows no normalisation")?;
    let Shape { height, width, .. } = network.input();
    let window = SlidingWindow::new(height, width)?.with_step(step)?.with_batch(4)?;
    let mut rows = FileRows::open(&image, Bands::AsStored, constants)?;
    let channels = network.kind().channels();
    let shape = rows.shape();
    println!(
        "{} windows of {height} x {width}; they hold {:.1} MiB",
        window.predictions(shape),
        window.bytes(shape, channels) as f64 / f64::from(1 << 20)
    );
    forget_peak();
    let before = peak();
    let mask = dir.file("mask.png");
    let mut nucleus = 0_u64;
    NewImage::new(&mask, size, size, PixelType::Byte)?.write::<Box<dyn Error>>(|sink| {
        let mut predict = |windows: &Tensor| {
            let found = network.predict(windows)?;
            Ok::<_, Box<dyn Error>>(found.probabilities()?.unwrap_or(found.outputs))
        };
        let mut write = |found: PredictedRows<'_>| {
            let plane = found.rows() * found.width;
            let classes: Vec<u8> = (0..plane).map(|at| class(found.values, plane, at)).collect();
            nucleus += classes.iter().map(|&class| u64::from(class == 1)).sum::<u64>();
            for row in classes.chunks_exact(found.width) {
                sink.put(Row::Bytes(row))?;
            }
            Ok::<(), Box<dyn Error>>(())
        };
        window.predict(&mut rows, channels, &mut predict, &mut write)
    })?;
    let share = 100.0 * nucleus as f64 / (size * size) as f64;
    println!("mask: {share:.1} % of the pixels are nuclei, in {}", mask.display());
    if let Some(before) = before
        && let Some(after) = peak()
    {
        let above = (after - before).max(0.0);
        println!("peak of memory: {before:.0} MiB before, {above:.0} MiB more while predicting");
    }
    Ok(())
}

/// A U-Net trained for seconds; `false` if it was stopped.
fn train(data: &InMemory, path: &Path) -> Result<bool, Box<dyn Error>> {
    let task = Segmentation::new(2, None)?.with_dice(1.0)?;
    let unet = UNet { base: 4, depth: Some(2) };
    let graph = unet.graph(Shape::new(1, TILE, TILE), Outputs::Plane { channels: 2 })?;
    let mut numbers = Noise::new(0).stream("weights", 0);
    let network = GraphNetwork::new(graph.clone(), &Place::default(), &mut numbers)?;
    let config = FitConfig {
        epochs: 8,
        batch: 8,
        rate: Schedule::Cosine { from: 0.05, to: 0.0 },
        drop_path: 0.0,
        auxiliary: 0.0,
        crop_padding: 0,
        flip: true,
        cutout: 0,
        transforms: vec![ConfiguredTransform::RightAngles],
        ..FitConfig::default()
    };
    let problem = Problem { task: &task, train: data, held_out: None };
    let mut fit = Fit::solving("train", &network, config, Noise::new(0), problem)?;
    let mut lines = Lines::new(std::io::stdout());
    if drive(&mut fit, &mut Session::new(&mut lines))? != Outcome::Finished {
        return Ok(false);
    }
    drop(fit);
    let trained = Trained::laid_out(&graph, data.targets(), &network)?.with_task(&task);
    trained.with_normalization(data.normalization().clone())?.save(path)?;
    Ok(true)
}

/// Writes tiles of nuclei side by side, row by row.
fn write_image(data: &InMemory, path: &Path, size: usize) -> Result<(), Box<dyn Error>> {
    let tiles: Vec<&[u8]> = data.pixels().chunks_exact(TILE * TILE).collect();
    let image = NewImage::new(path, size, size, PixelType::Byte)?;
    let mut line = vec![0; size];
    image.write::<Box<dyn Error>>(|sink| {
        for row in 0..size {
            for (place, part) in line.chunks_mut(TILE).enumerate() {
                // Neighbours differ, in both directions.
                let tile = tiles[(place * 7 + row / TILE * 13) % tiles.len()];
                part.copy_from_slice(&tile[row % TILE * TILE..][..part.len()]);
            }
            sink.put(Row::Bytes(&line))?;
        }
        Ok(())
    })
}

/// The class of the largest value at a pixel.
fn class(values: &[f32], plane: usize, at: usize) -> u8 {
    let mut best = 0;
    for class in 1..values.len() / plane {
        if values[class * plane + at] > values[best * plane + at] {
            best = class;
        }
    }
    best as u8
}

/// The most memory that this process has had, in MiB, where the system says so.
fn peak() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes / 1024.0)
}

/// Starts the peak anew at what is held now, so that training does not hide what follows.
fn forget_peak() {
    // Where the system does not allow it, the peak is that of everything.
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}

fn asked() -> Result<Asked, Box<dyn Error>> {
    let directory = "runs/examples/predict_a_large_image".to_owned();
    let mut asked = Asked { directory, size: 512, step: 0.5, model: None };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or(format!("{word} needs a value"));
        match word.as_str() {
            "--size" => asked.size = value()?.parse()?,
            "--step" => asked.step = value()?.parse()?,
            "--model" => asked.model = Some(value()?),
            flag if flag.starts_with('-') => return Err(format!("unknown flag {flag}").into()),
            _ => asked.directory = word,
        }
    }
    Ok(asked)
}
