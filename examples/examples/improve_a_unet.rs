//! A U-Net laid out by hand that is trained, some of whose blocks are then searched.
//!
//! Paper: the wish in the conclusion of HAL-03343944 to search a small part of a network that is
//! well designed already, chosen by entropy and gradient; the search is that of DARTS
//! (arXiv 1806.09055). Weights kept, the start at the network and the score of blocks are ours.
//!
//! Expect: the training of a U-Net; the rank of its blocks after a short search of all; the search
//! of the two most promising ones, which begins at the trained U-Net; what stands in them in the
//! end; and a table of the U-Net trained on and of the new network, trained as long, which kept the
//! weights of all other blocks. Without a folder the images are 64 tiles of cell nuclei, and the
//! numbers say that the program works.
//! Run time: under a minute on 2 cores; with a folder, as long as its images and the epochs take.
//!
//! ```text
//! cargo run --release -p dartloom-examples --example improve_a_unet -- \
//!     [--data FOLDER] [--crop SIDE] [--base CHANNELS] [--epochs N] [--training N] [--out DIR]
//! ```
#![allow(clippy::print_stdout, reason = "a program tells its user what it found")]

use std::collections::BTreeMap;
use std::error::Error;

use dartloom::Tensor;
use dartloom::data::images::recognise;
use dartloom::data::{CropConfig, DataSets, Parts, TargetSpec, nuclei};
use dartloom::decode::Argmax;
use dartloom::net::GraphNetwork;
use dartloom::prelude::*;
use dartloom::presets::{self, Scale};
use dartloom::search::SHARE;
use dartloom::space::Graph;
use dartloom::space::hand_made::{SearchedGraph, UNet};
use dartloom::task::Segmentation;
use dartloom::train::{Outcome, Problem, Schedule, TrainError, evaluate};

/// The candidates beside what stands in a block.
const CANDIDATES: [&str; 3] = ["sep_conv_3x3", "dil_conv_5x5", "skip_connect"];
/// Blocks that are searched in the end.
const KEPT: usize = 2;
/// Images of a batch.
const BATCH: usize = 8;

/// The words of the command line.
struct Asked {
    data: Option<String>,
    crop: Option<usize>,
    base: usize,
    epochs: usize,
    training: usize,
    directory: String,
}

fn main() -> Result<(), Box<dyn Error>> {
    let asked = asked()?;
    let data = data(&asked)?;
    let TargetSpec::Mask { classes, ignore } = data.train.targets() else {
        return Err("expected images with masks".into());
    };
    let task = Segmentation::new(classes, ignore)?.with_dice(1.0)?;
    let build = dartloom::task::build(asked.base, &task, &*data.train);
    let unet = UNet { base: asked.base, depth: None }.graph(build.input, build.outputs)?;
    let work = Work { asked: &asked, data: &data, task: &task, build };

    let trained = work.network(&unet, 0)?;
    work.train("U-Net", &trained)?;
    let weights = trained.variables().snapshot()?;

    // Everything that can be replaced is searched for a moment, and then the best of it.
    let every = work.space(&unet, &["*".to_owned()])?;
    let blocks = work.promising(&every, &weights)?;
    let space = work.space(&unet, &blocks)?;
    let genotype = work.found(&space, &weights)?;
    let found = space.rebuilt(&genotype)?;

    let improved = work.network(&found, 1)?;
    let kept = improved.keep(&unet, &weights)?;
    println!("weights kept in: {}", kept.join(", "));
    work.train("U-Net, trained on", &trained)?;
    work.train("improved", &improved)?;

    let dir = RunDir::open(&asked.directory)?;
    let path = dir.file("improved.safetensors");
    Trained::laid_out(&found, data.train.targets(), &improved)?.save(&path)?;
    let again = Trained::load(&path, &Registry::standard()?)?;
    let image = Loader::new(&*data.test, 1)?.batch(0, 0)?;
    let mask = again.outputs(&image.inputs)?;
    println!("network: {}, which puts out {:?} for an image", path.display(), mask.dims());
    Ok(())
}

/// The parts that all steps have in common.
struct Work<'a> {
    asked: &'a Asked,
    data: &'a DataSets,
    task: &'a Segmentation,
    build: Build,
}

impl Work<'_> {
    /// The space of some blocks of a network, which are named by patterns.
    fn space(&self, graph: &Graph, blocks: &[String]) -> Result<Space, Box<dyn Error>> {
        let searched = SearchedGraph::new(graph.clone(), blocks)?;
        Ok(Space::inside(searched, &Registry::standard()?.op_set("inside", &CANDIDATES)?)?)
    }

    fn network(&self, graph: &Graph, draw: u64) -> Result<GraphNetwork, Box<dyn Error>> {
        let mut numbers = Noise::new(draw).stream("weights", 0);
        Ok(GraphNetwork::new(graph.clone(), &Place::default(), &mut numbers)?)
    }

    /// Trains a network from the weights that it has, and prints a row.
    fn train(&self, name: &str, network: &GraphNetwork) -> Result<(), Box<dyn Error>> {
        let problem = Problem { task: self.task, train: &*self.data.train, held_out: None };
        let fit = FitConfig {
            epochs: self.asked.training,
            batch: BATCH,
            rate: Schedule::Cosine { from: 0.05, to: 0.0 },
            drop_path: 0.0,
            auxiliary: 0.0,
            crop_padding: 0,
            flip: true,
            cutout: 0,
            ..FitConfig::default()
        };
        let mut fit = Fit::solving(name, network, fit, Noise::new(0), problem)?;
        if drive(&mut fit, &mut Session::silent())? != Outcome::Finished {
            return Err("the training was stopped".into());
        }
        let loader = Loader::new(&*self.data.test, BATCH)?;
        let place = Place::default();
        let scores = evaluate(&loader, self.task, |images| -> Result<_, TrainError> {
            Ok(network.forward(&place.take(images)?, &mut Pass::eval())?.main.detach())
        })?;
        let scores = scores.scores;
        let iou = scores.get("mean_iou").unwrap_or(f64::NAN);
        let parameters = network.cost().parameters;
        println!("{name:18} mean IoU {iou:.4}, {parameters} parameters");
        Ok(())
    }

    /// The blocks that a search is most likely to change, after an epoch of all of them.
    fn promising(
        &self,
        space: &Space,
        weights: &BTreeMap<String, Tensor>,
    ) -> Result<Vec<String>, Box<dyn Error>> {
        let halves = self.halves()?;
        let registry = registry()?;
        let mut search = self.search(space, weights, (&halves, &registry), 1)?;
        drive(&mut search, &mut Session::silent())?;
        let ranks = search.rank_blocks(2)?;
        for rank in &ranks {
            println!(
                "{:12} score {:.2e}: entropy {:.3}, gradient {:.2e}",
                rank.block, rank.score, rank.entropy, rank.gradient
            );
        }
        Ok(ranks.into_iter().take(KEPT).map(|rank| rank.block).collect())
    }

    /// The operation of every block, searched from the trained network on.
    fn found(
        &self,
        space: &Space,
        weights: &BTreeMap<String, Tensor>,
    ) -> Result<Genotype, Box<dyn Error>> {
        let halves = self.halves()?;
        let registry = registry()?;
        let mut search = self.search(space, weights, (&halves, &registry), self.asked.epochs)?;
        drive(&mut search, &mut Session::silent())?;
        let table = search.table(search.end())?;
        let genotype = search.architecture()?.genotype;
        for (cell, weights) in genotype.cells().iter().zip(table.cells()) {
            let ops = cell.genes.iter().map(|gene| gene.op.as_str()).collect::<Vec<_>>().join(" ");
            let shares = table.ops().iter().zip(&weights.edges[0]);
            let shares = shares.map(|(op, share)| format!("{op} {share:.2}"));
            println!("{:12} {ops} ({})", cell.name, shares.collect::<Vec<_>>().join(", "));
        }
        Ok(genotype)
    }

    fn halves(&self) -> Result<Parts<'_>, Box<dyn Error>> {
        Ok(Split::Halves.parts(&*self.data.train, Noise::new(0).child("split").seed())?)
    }

    fn search<'s>(
        &'s self,
        space: &'s Space,
        weights: &BTreeMap<String, Tensor>,
        (data, registry): (&'s Parts<'s>, &'s Registry),
        epochs: usize,
    ) -> Result<SupernetSearch<'s>, Box<dyn Error>> {
        static ARGMAX: Argmax = Argmax::nasbench201();
        let choices = Choices::of(Softmax::default()).starting_hand_made(space, SHARE)?;
        let choices = choices.with_trained(weights.clone());
        let mut config = presets::darts().scaled(Scale::Small).search;
        (config.epochs, config.batch) = (epochs, BATCH);
        (config.crop_padding, config.flip) = (0, true);
        config.bilevel.warm_up = 0;
        let build = self.build;
        let task = self.task;
        let parts = SearchParts { space, registry, choices, decoder: &ARGMAX, build, data, task };
        Ok(SupernetSearch::new("inside", parts, config, Noise::new(0))?)
    }
}

/// The built-in operations, and what stands in a block.
fn registry() -> Result<Registry, Box<dyn Error>> {
    Ok(Registry::standard()?.with_recipes(&[OpSpec::hand_made()])?)
}

/// The images of the folder, or the embedded tiles.
fn data(asked: &Asked) -> Result<DataSets, Box<dyn Error>> {
    let Some(folder) = &asked.data else { return Ok(nuclei().into()) };
    let mut files = recognise(folder.as_ref())?;
    files.crops = asked.crop.map(|side| CropConfig::new(side, side));
    Ok(files.open()?.into_sets()?)
}

fn asked() -> Result<Asked, Box<dyn Error>> {
    let directory = "runs/examples/improve_a_unet".to_owned();
    let mut asked = Asked { data: None, crop: None, base: 4, epochs: 2, training: 3, directory };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or(format!("{word} needs a value"));
        match word.as_str() {
            "--data" => asked.data = Some(value()?),
            "--crop" => asked.crop = Some(value()?.parse()?),
            "--base" => asked.base = value()?.parse()?,
            "--epochs" => asked.epochs = value()?.parse()?,
            "--training" => asked.training = value()?.parse()?,
            "--out" => asked.directory = value()?,
            other => return Err(format!("unknown word {other}").into()),
        }
    }
    Ok(asked)
}
