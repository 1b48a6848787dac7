//! The benchmark's architecture strings.

use super::{LAYERS, OPS, genotype, name};
use crate::{CellGenotype, Gene, Genotype, SpaceError};

/// Reads an architecture string: one digit for each of the eight layers, 0 for an identity, 1 for
/// the small block, 2 for the large one.
///
/// # Errors
/// [`SpaceError::Text`] with the column, what could stand there and what does.
pub fn parse(text: &str) -> Result<Genotype, SpaceError> {
    let mut letters = text.chars();
    let mut digits = [0; LAYERS];
    for (layer, digit) in digits.iter_mut().enumerate() {
        let letter = letters.next();
        let known = letter.and_then(|letter| letter.to_digit(OPS.len() as u32));
        *digit = known.ok_or_else(|| refuse(layer, "one of the digits 0, 1, 2", letter))? as usize;
    }
    match letters.next() {
        None => Ok(genotype(digits)),
        more => Err(refuse(LAYERS, "the end", more)),
    }
}

fn refuse(at: usize, expected: &str, found: Option<char>) -> SpaceError {
    let found = found.map_or_else(|| "the end".to_owned(), |letter| format!("{letter:?}"));
    SpaceError::Text { line: 1, column: at + 1, expected: expected.to_owned(), found }
}

/// Writes the architecture string of a genotype.
///
/// # Errors
/// [`SpaceError::NoTextForm`] for a genotype of another space.
pub fn print(genotype: &Genotype) -> Result<String, SpaceError> {
    let cells = genotype.cells();
    let digits: Option<String> = cells.iter().enumerate().map(digit).collect();
    digits.filter(|_| cells.len() == LAYERS).ok_or_else(|| SpaceError::NoTextForm {
        reason: format!(
            "expected {LAYERS} cells `{}` to `{}` of one edge 0->1, each with one of {}",
            name(0),
            name(LAYERS - 1),
            OPS.join(", ")
        ),
    })
}

fn digit((layer, cell): (usize, &CellGenotype)) -> Option<char> {
    let [Gene { op, from: 0, to: 1 }] = &cell.genes[..] else { return None };
    if cell.name != name(layer) || cell.inputs != 1 || cell.concat != [1] {
        return None;
    }
    let position = OPS.iter().position(|own| own == op)?;
    char::from_digit(position as u32, 10)
}
