//! The benchmark's architecture strings.

use super::{CELL, NODES, OPS, edges, genotype};
use crate::{CellGenotype, Gene, Genotype, SpaceError};

/// Reads an architecture string, `|op~0|+|op~0|op~1|+|op~0|op~1|op~2|`: for each own node the
/// operations from all earlier nodes, in order.
///
/// # Errors
/// [`SpaceError::Text`] with the column, what could stand there and what does.
pub fn parse(text: &str) -> Result<Genotype, SpaceError> {
    let mut cursor = Cursor { rest: text, column: 1 };
    let mut genes = Vec::new();
    for to in 1..=NODES {
        if to > 1 {
            cursor.expect("+")?;
        }
        cursor.expect("|")?;
        for from in 0..to {
            let op = cursor.operation()?.to_owned();
            cursor.expect(&format!("~{from}"))?;
            cursor.expect("|")?;
            genes.push(Gene { op, from, to });
        }
    }
    cursor.end()?;
    Ok(genotype(genes))
}

/// Writes the architecture string of a genotype; the order of its genes does not matter.
///
/// # Errors
/// [`SpaceError::NoTextForm`] for a genotype of another space, or one without exactly one gene on
/// every edge.
pub fn print(genotype: &Genotype) -> Result<String, SpaceError> {
    let refuse = |reason: String| Err(SpaceError::NoTextForm { reason });
    let cell = match genotype.cells() {
        [cell] if is_cell(cell) => cell,
        _ => {
            return refuse(format!(
                "expected one cell `{CELL}` of one input with output {NODES} and one gene on each \
                 of its edges"
            ));
        }
    };
    let mut text = String::new();
    for edge in edges() {
        let on_edge = |gene: &&Gene| (gene.from, gene.to) == (edge.from, edge.to);
        let Some(gene) = cell.genes.iter().find(on_edge) else {
            return refuse(format!("edge {}->{} has no gene", edge.from, edge.to));
        };
        let Some((name, _)) = OPS.iter().find(|(_, own)| *own == gene.op) else {
            return refuse(format!("`{}` is no operation of the benchmark", gene.op));
        };
        let begin = match (edge.from, edge.to) {
            (0, 1) => "|",
            (0, _) => "+|",
            _ => "",
        };
        text += &format!("{begin}{name}~{}|", edge.from);
    }
    Ok(text)
}

/// `true` if there are as many genes as edges; with a gene on every edge there is no second one.
fn is_cell(cell: &CellGenotype) -> bool {
    cell.name == CELL
        && cell.inputs == 1
        && cell.concat == [NODES]
        && cell.genes.len() == edges().count()
}

/// The rest of a text, and the place where it begins.
struct Cursor<'a> {
    rest: &'a str,
    column: usize,
}

impl<'a> Cursor<'a> {
    fn skip(&mut self, taken: &str) {
        self.rest = &self.rest[taken.len()..];
        self.column += taken.chars().count();
    }

    fn expect(&mut self, sign: &str) -> Result<(), SpaceError> {
        if !self.rest.starts_with(sign) {
            return Err(self.instead_of(format!("`{sign}`")));
        }
        self.skip(sign);
        Ok(())
    }

    /// Our name of the operation that stands here.
    fn operation(&mut self) -> Result<&'static str, SpaceError> {
        let name: &'a str = self.rest.split(['~', '|', '+']).next().unwrap_or_default();
        let Some((_, own)) = OPS.iter().find(|(known, _)| *known == name) else {
            let known = OPS.map(|(known, _)| known).join(", ");
            return Err(self.instead_of(format!("one of the operations {known}")));
        };
        self.skip(name);
        Ok(own)
    }

    fn end(&self) -> Result<(), SpaceError> {
        if self.rest.is_empty() { Ok(()) } else { Err(self.instead_of("the end".to_owned())) }
    }

    fn instead_of(&self, expected: String) -> SpaceError {
        // Some characters say enough of a text that may be a whole file.
        let found: String = self.rest.chars().take(24).collect();
        let found = if found.is_empty() { "the end".to_owned() } else { format!("{found:?}") };
        SpaceError::Text { line: 1, column: self.column, expected, found }
    }
}
