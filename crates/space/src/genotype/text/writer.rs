//! Genotypes back into the text form.

use std::fmt::Write as _;

use crate::genotype::tuples::nodes_of;
use crate::{CellGenotype, Gene, Genotype, Layout, SpaceError};

/// The text form of a genotype.
pub(super) fn write(genotype: &Genotype) -> Result<String, SpaceError> {
    let refuse = |reason: String| Err(SpaceError::NoTextForm { reason });
    if let Some(cell) = genotype.cells().iter().find(|cell| cell.inputs != 2) {
        return refuse(format!("cell `{}` has {} inputs instead of 2", cell.name, cell.inputs));
    }
    let cells = genotype.cells();
    let two = *genotype.layout() == Layout::TwoCells;
    for (index, cell) in cells.iter().enumerate() {
        let expected = match (two, index) {
            (true, 0) => "normal".to_owned(),
            (true, _) => "reduce".to_owned(),
            (false, _) => format!("cell_{index}"),
        };
        if cell.name != expected && *genotype.layout() != Layout::Space {
            return refuse(format!("cell {index} is called `{}`, not `{expected}`", cell.name));
        }
    }
    if let Some(name) = genotype.name().filter(|name| !is_identifier(name)) {
        return refuse(format!("its name `{name}` is no identifier"));
    }
    let body = match (genotype.layout(), cells) {
        (Layout::TwoCells, [normal, reduce]) => two_cells(normal, reduce)?,
        (Layout::PerCell { reductions }, _) => {
            format!("genes=[{}], {}", gene_lists(cells)?, tail(cells, reductions))
        }
        (Layout::Sequence { sequence, reductions }, _) => {
            let genes = gene_lists(cells)?;
            format!("genes=[{genes}], seq={}, {}", numbers(sequence), tail(cells, reductions))
        }
        _ => return refuse("its cells belong to the network of a space".to_owned()),
    };
    let name = genotype.name();
    Ok(name.map_or_else(String::new, |name| format!("{name} = ")) + &format!("Genotype({body})"))
}

/// Two-number genes where they can say both cells, three-number genes otherwise: the networks of
/// the repositories take one form or the other.
fn two_cells(normal: &CellGenotype, reduce: &CellGenotype) -> Result<String, SpaceError> {
    let short = in_pairs(&normal.genes) && in_pairs(&reduce.genes);
    let mut body = String::new();
    for (keyword, cell) in [("normal", normal), ("reduce", reduce)] {
        let genes = if short { pairs(&cell.genes) } else { triples(cell)? };
        let comma = if body.is_empty() { "" } else { ", " };
        let concat = numbers(&cell.concat);
        // Writing to a string cannot fail.
        let _ = write!(body, "{comma}{keyword}=[{genes}], {keyword}_concat={concat}");
    }
    Ok(body)
}

fn in_pairs(genes: &[Gene]) -> bool {
    genes.iter().enumerate().all(|(index, gene)| gene.to == 2 + index / 2)
}

fn pairs(genes: &[Gene]) -> String {
    join(genes.iter().map(|gene| format!("('{}', {})", gene.op, gene.from)))
}

/// Three-number genes say nothing about the output, which has to be every node with genes.
fn triples(cell: &CellGenotype) -> Result<String, SpaceError> {
    let expected = nodes_of(&cell.genes);
    if cell.concat != expected {
        return Err(SpaceError::NoTextForm {
            reason: format!(
                "cell `{}` puts out nodes {:?}, not all of {expected:?} in this order",
                cell.name, cell.concat
            ),
        });
    }
    Ok(join(cell.genes.iter().map(|gene| format!("('{}', {}, {})", gene.op, gene.to, gene.from))))
}

fn gene_lists(cells: &[CellGenotype]) -> Result<String, SpaceError> {
    let lists = cells.iter().map(|cell| Ok(format!("[{}]", triples(cell)?)));
    Ok(join(lists.collect::<Result<Vec<_>, SpaceError>>()?))
}

fn tail(cells: &[CellGenotype], reductions: &[usize]) -> String {
    let mut concat: Vec<usize> = cells.iter().flat_map(|cell| cell.concat.clone()).collect();
    concat.sort_unstable();
    concat.dedup();
    format!("concat={}, reductions={}", numbers(&concat), numbers(reductions))
}

fn numbers(numbers: &[usize]) -> String {
    match (numbers.first(), numbers.last()) {
        (Some(&first), Some(&last))
            if numbers.len() > 1 && numbers.iter().copied().eq(first..=last) =>
        {
            format!("range({first}, {})", last.saturating_add(1))
        }
        _ => format!("[{}]", join(numbers.iter().map(usize::to_string))),
    }
}

fn join(parts: impl IntoIterator<Item = String>) -> String {
    parts.into_iter().collect::<Vec<_>>().join(", ")
}

fn is_identifier(name: &str) -> bool {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    name.chars().all(word) && name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
}
