//! A network that was found, in words.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;

use dartloom::decode::{ConfiguredPaths, DecodedPaths, PathDecoder as _};
use dartloom::prelude::*;
use dartloom::presets::Method;
use dartloom::space::{Network, Source, WeightTable};

/// Paths beyond these are counted.
const SHOWN: usize = 6;

/// Losses and indecision after an epoch: 1 is undecided, 0 decided.
pub(super) fn show(event: &Event) {
    let Event::EpochFinished { epoch, metrics, .. } = event else { return };
    let metric = |name: &str| metrics.get(name).copied().unwrap_or(f64::NAN);
    let of_cells: Vec<f64> = metrics
        .iter()
        .filter(|(name, _)| name.starts_with("entropy_") && *name != "entropy_links")
        .map(|(_, entropy)| *entropy)
        .collect();
    let operations = of_cells.iter().sum::<f64>() / of_cells.len().max(1) as f64;
    let links = match metrics.get("entropy_links") {
        Some(entropy) => format!(", of links {entropy:.3}"),
        None => String::new(),
    };
    println!(
        "epoch {epoch}: loss {:.3} train, {:.3} valid, mean IoU {:.3}; entropy of operations \
         {operations:.3}{links}",
        metric("train_loss"),
        metric("valid_loss"),
        metric("valid_mean_iou"),
    );
}

/// The paths or the topology that the method's rule keeps.
pub(super) fn links(
    method: &Method,
    space: &Space,
    table: &WeightTable,
) -> Result<(), Box<dyn Error>> {
    let Some(rule) = &method.decoder.links else {
        println!("links: none has a weight, all stay");
        return Ok(());
    };
    let found = rule.paths(space, table)?;
    match rule {
        ConfiguredPaths::FeasibleTopology(_) => topology(space.network(), &found),
        _ => paths(space.network(), &found),
    }
    for note in &found.notes {
        println!("  note: {note}");
    }
    Ok(())
}

/// Paths as the placed cells that they pass, each with its level.
fn paths(network: &Network, found: &DecodedPaths) {
    println!("{} paths are kept, a cell of level n as its index and @n:", found.paths.len());
    for path in found.paths.iter().take(SHOWN) {
        let cells = path.placements.iter().filter_map(|&index| {
            let placed = &network.placements()[index];
            placed.cell.map(|_| format!("{index}@{}", placed.level))
        });
        println!("  {:7.3}: {}", path.score, cells.collect::<Vec<_>>().join(" > "));
    }
    if found.paths.len() > SHOWN {
        println!("  and {} more", found.paths.len() - SHOWN);
    }
}

/// Links that stay, layer by layer, as the levels that they lead between.
fn topology(network: &Network, found: &DecodedPaths) {
    let score = found.paths.first().map_or(f64::NAN, |path| path.score);
    println!("the topology of the largest log-probability, {score:.3}, by level:");
    let mut layers: BTreeMap<usize, Vec<String>> = BTreeMap::new();
    for link in network.weighed_links() {
        if found.links[link.row].contains(&link.link) {
            let ends = [link.from, Source::Cell(link.to)].map(|end| network.level(end));
            layers.entry(link.layer).or_default().push(format!("{} > {}", ends[0], ends[1]));
        }
    }
    for (layer, links) in layers {
        println!("  layer {layer}: {}", links.join(", "));
    }
}

/// The cells that stand in the network that was found, and its size.
pub(super) fn cells(genotype: &Genotype, space: &Space) -> Result<(), Box<dyn Error>> {
    let network = genotype.network_in(space)?;
    let placed: Vec<usize> = network.placements().iter().filter_map(|placed| placed.cell).collect();
    println!("{} cells stand in the network that was found:", placed.len());
    for cell in placed.into_iter().collect::<BTreeSet<usize>>() {
        let cell = &genotype.cells()[cell];
        let genes =
            cell.genes.iter().map(|gene| format!("{}({} > {})", gene.op, gene.from, gene.to));
        println!("  {}: {}", cell.name, genes.collect::<Vec<_>>().join(" "));
    }
    Ok(())
}
