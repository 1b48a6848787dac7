//! A network for masks that is searched as a whole: the common part of five programs.
//!
//! They search with a preset, print how decided operations and links are after every epoch, decode,
//! and train three networks equally long: the one that was found, a random one of the same space,
//! and a U-Net.

mod asked;
mod equals;
mod found;

use std::error::Error;

use dartloom::data::{CropConfig, DataSets, ImageShape, TargetSpec, images, nuclei};
use dartloom::net::Setting;
use dartloom::prelude::*;
use dartloom::presets::{Method, Scale, Topology};
use dartloom::task::Segmentation;
use dartloom::train::Outcome;

use asked::Asked;
use equals::Equals;

/// Searches with a preset as the words of the command line say, prints what was found and how it
/// compares, and writes weights, genotype and drawing into a directory.
///
/// `FOLDER` has `train` and `test`, each with `images` and `masks`; the preset then keeps the size
/// of its paper. Without a folder it is made small, for tiles of cell nuclei.
///
/// # Errors
/// The error of any part, and words that the program does not know.
pub fn run(method: Method) -> Result<(), Box<dyn Error>> {
    let asked = Asked::read(&method, std::env::args().skip(1))?;
    let data = data(&asked)?;
    let method = sized(method, &asked);
    let space = method.space()?;
    let TargetSpec::Mask { classes, ignore } = data.train.targets() else {
        return Err("expected images with masks".into());
    };
    let task = Segmentation::new(classes, ignore)?.with_dice(1.0)?;
    let links: usize = space.network().choices().map(|choice| choice.links).sum();
    println!(
        "{}: {} cells to search, {} placed, {links} links with a weight",
        method.name,
        space.cells().len(),
        space.network().placements().iter().filter(|placed| placed.cell.is_some()).count(),
    );

    let genotype = search(&method, &space, &data, &task, &asked)?;
    let ImageShape { channels, height, width } = data.train.shape();
    let input = Shape::new(channels, height, width);
    let build = Build::new(method.channels, 1, input).with_outputs(task.outputs());
    let registry = Registry::standard()?;
    let equals = Equals {
        setting: Setting::new(&space, &registry, build),
        task: &task,
        data: &data,
        epochs: asked.training,
        batch: method.search.batch,
        noise: Noise::new(0),
    };
    equals.compare(&genotype, TopK::darts().edges)
}

/// The images of the folder, or the embedded tiles.
fn data(asked: &Asked) -> Result<DataSets, Box<dyn Error>> {
    let Some(folder) = &asked.folder else { return Ok(nuclei().into()) };
    let mut files = images::recognise(folder.as_ref())?;
    files.crops = asked.crop.map(|side| CropConfig::new(side, side));
    Ok(files.open()?.into_sets()?)
}

/// The preset with the epochs that were asked for; without a folder, small.
fn sized(method: Method, asked: &Asked) -> Method {
    let warm_up = method.warm_up_of(asked.epochs);
    let mut method = match asked.folder {
        Some(_) => method,
        None => small(method),
    };
    method.search.epochs = asked.epochs;
    method.search.bilevel.warm_up = warm_up;
    (method.search.crop_padding, method.search.flip) = (0, true);
    method
}

/// The preset with few channels, cells of two nodes at most, and two levels below the first or, in
/// a lattice, three layers.
fn small(method: Method) -> Method {
    let small = method.scaled(Scale::Small);
    let lattice = matches!(small.topology, Topology::AutoDeepLab { .. } | Topology::Dints { .. });
    let layers = if lattice { 3 } else { 4 };
    let mut small = Method { layers, nodes: small.nodes.min(2), ..small };
    small.search.batch = 8;
    small
}

fn search(
    method: &Method,
    space: &Space,
    data: &DataSets,
    task: &Segmentation,
    asked: &Asked,
) -> Result<Genotype, Box<dyn Error>> {
    let registry = Registry::standard()?;
    let noise = Noise::new(0);
    let halves = method.split.parts(&*data.train, noise.child("split").seed())?;
    let parts = method.parts(space, &registry, &halves, task)?;
    let mut search = SupernetSearch::new(method.name, parts, method.search.clone(), noise)?;
    let dir = RunDir::open(&asked.directory)?;
    // Other numbers begin another search.
    let kept = dir.inside(&search.identity()?.digest()?)?;
    let mut observer = observer_fn(|event| {
        found::show(event);
        Ok(Flow::Continue)
    });
    let outcome = drive(&mut search, &mut Session::new(&mut observer).saved_in(&kept))?;
    if outcome != Outcome::Finished {
        return Err("the search was stopped".into());
    }
    let table = search.table(search.end())?;
    dir.write("weights.json", table.to_json()?.as_bytes())?;
    let genotype = search.architecture()?.genotype;
    found::links(method, space, &table)?;
    found::cells(&genotype, space)?;
    let gap = search.gap(&genotype)?;
    println!("loss {:.3} relaxed, {:.3} as decided", gap.relaxed_loss, gap.hard_loss);
    dir.write("genotype.json", genotype.to_json()?.as_bytes())?;
    let drawing = genotype.drawing_in(space)?.to_dot();
    println!("drawing: {}", dir.write("network.dot", drawing.as_bytes())?.display());
    Ok(genotype)
}
